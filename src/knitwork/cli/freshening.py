"""Refreshing the records beside a listener, each time in a process of its own.

A refresh works for seconds or minutes. In the listener's process it would keep taking the interpreter from the thread that
stores and answers, so that senders wait; and whoever stops the listener would wait for the refresh. A refresh that is
broken off has changed nothing.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from knitwork.cli import acts
from knitwork.home import Home, open_home
from knitwork.model.errors import CannotDo

LOG = logging.getLogger("knitwork.listen")
# Who sends and who looks comes first; the records may be a little later.
NICE = 10
COULD_NOT = 1


def keep_fresh(home: Home, every: float, stop: threading.Event) -> None:
    """Refresh the records every so many seconds while messages come; what is in the way now is tried again later."""
    told = ""
    while not stop.wait(every):
        try:
            if home.has_news and (said := refreshed(home, stop)):
                LOG.info("%s", said)
            told = ""
        except CannotDo as problem:
            if str(problem) != told:
                LOG.warning("the records are not refreshed now: %s", problem)
            told = str(problem)
        except Exception as problem:  # the listener lives, whatever happens to a refresh
            LOG.error("the records are not refreshed now: %s in the refresh", type(problem).__name__)


def refreshed(home: Home, stop: threading.Event) -> str:
    """Refresh a home and return what was made, in words; breaks off when `stop` is set.

    Raises CannotDo with the sentence why it could not be done.
    """
    # Not with -c: DuckDB would take that for somebody at a prompt, and draw how far it is.
    command = [sys.executable, "-P", "-m", __name__, str(home.path.resolve())]
    # In a group of its own: a Ctrl-C at the terminal is for the listener, which ends the refresh itself.
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module, and no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", process_group=0
    ) as process:
        while True:
            try:
                out, err = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    process.terminate()
    if process.returncode == COULD_NOT:
        raise CannotDo(err.strip())
    if process.returncode and not stop.is_set():
        # The last line alone: where it broke is of no use here, and no value of a record may come into a log.
        LOG.error("the records are not refreshed now: %s", err.strip().rpartition("\n")[2] or process.returncode)
    return "" if process.returncode else out.strip()


def main() -> None:
    """Bring the records of a home up to date, if anything came; say what was made, or why it could not be."""
    os.nice(NICE)
    try:
        home = open_home(Path(sys.argv[1]))
        if home.land_messages() or home.is_behind:
            report = acts.bring_up(home, quiet=True)
            sys.stdout.write(f"generation {report.generation}: {report.rebuilt} buckets in {report.seconds:.1f} s\n")
    except CannotDo as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(COULD_NOT)
    except Exception as problem:
        sys.stderr.write(f"{type(problem).__name__} in the refresh\n")
        sys.exit(COULD_NOT + 1)


if __name__ == "__main__":
    main()
