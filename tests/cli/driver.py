"""A warm process that runs the command line in forked children, each with its own folder and output.

Reads one JSON object a line (`arguments`, `cwd`, `out`, `err`); answers each with the exit status.
"""

import json
import os
import sys
import traceback

import knitwork.cli.commands
import knitwork.home
from knitwork.cli import main
from knitwork.measures.catalogue import catalogue


def child(order: dict) -> int:
    os.chdir(order["cwd"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["knitwork", *order["arguments"]]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def run(order: dict) -> int:
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 70
    try:
        status = child(order)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    assert knitwork.home
    assert knitwork.cli.commands
    catalogue()
    for line in sys.stdin:
        answer = run(json.loads(line))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
