"""A warm process that listens in forked children, and lets them be killed: at random by who orders, or at the n-th boundary.

Reads one JSON object a line. `listen`: `home`, `port`, `at` (the boundary at which to die, or 0); answers with `pid`.
`dead`: `pid`; answers with `dead`: whether that child has ended.
`reap`: `pid`; answers with `status` once that child has ended.

A boundary is a moment before or after something becomes lasting: a batch of messages, a file, the manifest.
"""

import asyncio
import itertools
import json
import os
import signal
import sys
import threading
from pathlib import Path

from knitwork.home import open_home
from knitwork.home.listening import listeners
from knitwork.intake.messages import Messages
from knitwork.lake import manifest as manifests
from knitwork.measures.catalogue import catalogue
from knitwork.model.errors import CannotDo
from tests.home.homes import registry


def die_at(number: int) -> None:
    """Kill this process at the n-th boundary that it meets."""
    met = itertools.count(1)

    def boundary() -> None:
        if next(met) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(act):
        def acting(*given, **named):
            boundary()
            done = act(*given, **named)
            boundary()
            return done

        return acting

    Messages.store = around(Messages.store)
    Path.rename = around(Path.rename)
    Path.replace = around(Path.replace)
    os.fsync = around(os.fsync)
    manifests.sync_folder = around(manifests.sync_folder)


def keep_fresh(home, stop) -> None:
    while not stop.is_set():
        try:
            if home.land_messages() or home.is_behind:
                home.refresh(registry())
        except CannotDo as refused:
            sys.stderr.write(f"{refused}\n")
        stop.wait(0.02)


def listen(order: dict) -> None:
    if order["at"]:
        die_at(order["at"])
    home = open_home(order["home"])
    (listener,) = listeners(home.place, {"adt": order["port"]}).values()
    stop = threading.Event()
    threading.Thread(target=keep_fresh, args=(home, stop), daemon=True).start()
    asyncio.run(listener.run("127.0.0.1", order["port"]))


def child(order: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        listen(order)
    finally:
        os._exit(70)


def main() -> None:
    catalogue()
    for line in sys.stdin:
        order = json.loads(line)
        if order["act"] == "listen":
            told = {"pid": child(order)}
        elif order["act"] == "dead":
            told = {"dead": os.waitid(os.P_PID, order["pid"], os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None}
        else:
            told = {"status": os.waitstatus_to_exitcode(os.waitpid(order["pid"], 0)[1])}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
