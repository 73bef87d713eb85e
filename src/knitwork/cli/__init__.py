"""The command line: one function for each command."""

from __future__ import annotations

import os
import sys

from knitwork.model.errors import CannotDo


def main() -> None:
    """Run the command; a sentence and status 1 for what could not be done, 2 for wrong usage.

    Of a fault of ours it says where it is, without what it read.
    """
    from knitwork.cli.commands import app
    from knitwork.home.logs import fault_told, guard_faults

    guard_faults()
    try:
        app()
    except CannotDo as refused:
        from rich.console import Console

        Console(stderr=True, highlight=False, soft_wrap=True).print(str(refused), markup=False)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe went away, as `head` does: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as fault:  # Python would quote what it stumbled over, and logs keep what a command says
        sys.stderr.write(fault_told(fault) + "\n")
        sys.exit(1)
