"""How many periods lie between two dates, read off the labels of a series."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from itertools import pairwise


def periods_apart(earlier: str, later: str, labels: Sequence[str]) -> float:
    """Return how many periods `later` lies after `earlier`, by the usual step of `labels`; NaN where they are no dates.

    Months count by the calendar.

    >>> periods_apart("2026-01-01", "2026-04-01", ("2025-12-01", "2026-01-01"))
    3.0
    >>> periods_apart("2026-01-05", "2026-01-19", ("2025-12-29", "2026-01-05"))
    2.0
    """
    days = [day_of(label) for label in (earlier, later, *labels)]
    if any(day is None for day in days):
        return math.nan
    first, last, *known = (day for day in days if day is not None)
    steps = [after - before for before, after in pairwise(known)]
    usual = sorted(step.days for step in steps)[len(steps) // 2] if steps else 30
    if 28 <= usual <= 31:
        return float((last.year - first.year) * 12 + last.month - first.month)
    return (last - first).days / max(usual, 1)


def day_of(label: str) -> dt.date | None:
    """Return the day that a label names, the first of a month; None where it names none."""
    try:
        return dt.date.fromisoformat(label if len(label) > 7 else f"{label}-01")
    except ValueError:
        return None
