"""Cells that a spreadsheet would run as formulas: written behind an apostrophe, and read back without it.

The apostrophe comes off only in tables with exactly the columns of our own, since elsewhere it may belong to the code.
An apostrophe that stands before such a sign already gets another one, so that nothing is taken off that was there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# The columns of stays as we write them, and those of them that hold text.
COLUMNS = ("patient", "unit", "start", "end", "end_kind", "visit", "journey")
GUARDED = ("patient", "unit", "visit")
# With these a cell is taken for a formula, or for the command of another program.
STARTS = "=+-@\t\r"
_RUNS = re.compile(rf"'*[{re.escape(STARTS)}]")
_SIGNS = "['=', '+', '-', '@', chr(9), chr(13)]"


def guarded(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("Ward 7"), guarded("'s Gravenhage")
    ("'=1+1", "''=1+1", 'Ward 7', "'s Gravenhage")
    """
    return f"'{text}" if _RUNS.match(text) else text


def guards(header: Sequence[str]) -> bool:
    """Say whether a table is one of ours, whose apostrophes are guards."""
    return tuple(header) == COLUMNS


def unguarded(cell: str) -> str:
    """Return the SQL of a cell without its guard."""
    # One look at the first sign spares the others the rest.
    first = f"{cell}[1] = ''''"
    return f"CASE WHEN {first} AND list_contains({_SIGNS}, ltrim({cell}, '''')[1]) THEN {cell}[2:] ELSE {cell} END"
