"""A warm process that loads and refreshes in forked children, and kills them at a given moment.

Reads one JSON object a line: `home`, `act` (load, refresh or full), `file`, `kill_after`
(seconds, or null). Answers each with `status` (0 done, 1 refused, -9 killed) and `seconds`.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from knitwork.home import open_home
from knitwork.measures.catalogue import catalogue
from knitwork.model.errors import CannotDo
from tests.home.homes import options, registry


def act(order: dict) -> int:
    home = open_home(order["home"])
    try:
        if order["act"] == "load":
            home.load([Path(order["file"])], options())
        else:
            home.refresh(registry(), full=order["act"] == "full")
    except CannotDo as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


def child(order: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        status = act(order)
    finally:
        os._exit(status)


def watched(pid: int, kill_after: float | None) -> int:
    """Wait for the child, and kill it when its time has come; it is not reaped before, so the id is still its own."""
    began = time.monotonic()
    while True:
        done, status = os.waitpid(pid, os.WNOHANG if kill_after is not None else 0)
        if done:
            return os.waitstatus_to_exitcode(status)
        if kill_after is not None and time.monotonic() - began >= kill_after:
            os.kill(pid, signal.SIGKILL)
            kill_after = None
        time.sleep(0.0005)


def main() -> None:
    catalogue()
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        status = watched(child(order), order["kill_after"])
        sys.stdout.write(json.dumps({"status": status, "seconds": time.monotonic() - began}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
