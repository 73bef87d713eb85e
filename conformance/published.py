"""Numbers in print: the constants of control charts, and what a book or a handbook gives for a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.case import Case, number
from conformance.compare import Compared
from knitwork.signals.constants import c4, d2, d3

# qcc tabulates d2 and d3 to few digits, and no d2 beyond 25: the note of the case asks for no more of what is made of them.
OF_FEW_DIGITS = {"d2": 1e-3, "d3": 1e-3, "A2": 1e-3, "D3": 1e-3, "D4": 1e-3}
# The columns of a case that each printed number is one of, and which of them: the last, as limits settle.
PRINTED = {"cl": "cl", "centre": "cl", "center": "cl", "xbar": "cl", "ucl": "ucl", "lcl": "lcl"}


def check(case: Case) -> Compared:
    """Compare the constants for each size of a subgroup."""
    compared = Compared(case.rel_tol)
    sizes = [int(number(row["n"]) or 0) for row in case.expected]
    ours = constants(sizes)
    for at, row in enumerate(case.expected):
        compared.row()
        for name, column in ours.items():
            if name in row and number(row[name]) is not None:
                compared.number(name, sizes[at], column[at], row[name], rel_tol=OF_FEW_DIGITS.get(name))
    return compared


def constants(sizes: list[int]) -> dict[str, list[float]]:
    """Return the constants of Montgomery, Appendix VI, from the three that the charts are made of."""
    n = np.array(sizes, dtype=float)
    mean_s, mean_r, sd_r = c4(n), d2(n), d3(n)
    apart = 3 * np.sqrt(1 - mean_s**2) / mean_s
    columns = {
        "c4": mean_s,
        "A3": 3 / (mean_s * np.sqrt(n)),
        "B3": np.maximum(0, 1 - apart),
        "B4": 1 + apart,
        "d2": mean_r,
        "d3": sd_r,
        "A2": 3 / (mean_r * np.sqrt(n)),
        "D3": np.maximum(0, 1 - 3 * sd_r / mean_r),
        "D4": 1 + 3 * sd_r / mean_r,
    }
    return {name: column.tolist() for name, column in columns.items()}


def with_printed(check: Callable[[Case], Compared]) -> Callable[[Case], Compared]:
    """Compare as `check` does, and then the tool's table, which ours has been held against, with what is printed."""

    def both(case: Case) -> Compared:
        compared = check(case)
        printed = case.params.get("published")
        for name, said in printed.items() if isinstance(printed, dict) else ():
            _printed(name, said, case, compared)
        return compared

    return both


def _printed(name: str, said: Any, case: Case, compared: Compared) -> None:
    rows = case.expected
    if name == "limits" and isinstance(said, list) and len(said) == 2:
        for column, one in zip(("lcl", "ucl"), said, strict=True):
            _near(f"printed {column}", "the end", number(rows[-1].get(column)), one, compared)
    elif isinstance(said, list) and name in rows[0] and len(said) == len(rows):
        for at, one in enumerate(said):
            _near(f"printed {name}", at + 1, number(rows[at][name]), one, compared)
    elif isinstance(said, (int, float)) and PRINTED.get(name) in rows[0]:
        _near(f"printed {name}", "the end", number(rows[-1][PRINTED[name]]), said, compared)


def _near(what: str, where: object, ours: float | None, printed: float, compared: Compared) -> None:
    """Compare with a printed number: books round, and some cut off, so one of its last digit is allowed."""
    digits = len(str(printed).partition(".")[2]) if not float(printed).is_integer() else 0
    same = ours is not None and abs(ours - printed) <= 10.0**-digits
    compared.same(what, where, printed if same else ours, printed)
