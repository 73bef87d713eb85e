"""`make oracles`: hold our numbers against every case of a folder, and say where they differ and why."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance.page import page
from conformance.run import report, run
from conformance.tree import CannotRead


def main() -> int:
    """Run the cases and print what differs; the command fails only where there is nothing to run."""
    parser = argparse.ArgumentParser(prog="make oracles", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with manifest.json and a folder for each case")
    parser.add_argument("--page", type=Path, help="write the page of agreement there")
    asked = parser.parse_args()
    try:
        outcomes = run(asked.folder)
    except CannotRead as fault:
        print(fault, file=sys.stderr)
        return 2
    if asked.page is not None:
        asked.page.write_text(page(outcomes), encoding="utf-8")
    print(report(outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
