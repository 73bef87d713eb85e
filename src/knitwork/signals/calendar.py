"""How many periods lie between two dates, read off the labels of a series."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from knitwork.signals.series import COLUMNS, ISO_DATE, Series

# Longer series of months or weeks than this are a mistyped year.
MOST_YEARS = 100


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


def with_gaps(series: Series) -> Series:
    """Return a series of months or weeks with a period of no value where the dates leave one out.

    A month without a row is a gap: its neighbours are not neighbours of each other. Days are left as they are, for
    many places are closed on some.

    >>> with_gaps(Series(labels=("2026-01-01", "2026-02-01", "2026-04-01"), values=(3, 4, 5))).values
    (3.0, 4.0, None, 5.0)
    """
    days = [day_of(label) if ISO_DATE.fullmatch(label) else None for label in series.labels]
    known = [day for day in days if day is not None]
    if len(known) < len(days) or len(known) < 3:
        return series
    steps = sorted((after - before).days for before, after in pairwise(known))
    usual = steps[(len(steps) - 1) // 2]
    # A date such as 9999-12-31 is no period of a series, and would make ten thousand gaps.
    if (usual != 7 and not 28 <= usual <= 31) or known[-1].year - known[0].year > MOST_YEARS:
        return series
    wanted = [known[0]]
    while wanted[-1] < known[-1]:
        wanted.append(_month_after(wanted[-1]) if 28 <= usual <= 31 else wanted[-1] + dt.timedelta(days=7))
    if not set(known) <= set(wanted) or len(wanted) == len(known):
        return series
    place = {day: at for at, day in enumerate(known)}
    columns: dict[str, Any] = {
        name: tuple(column[place[day]] if day in place else None for day in wanted)
        for name in COLUMNS
        if (column := getattr(series, name)) is not None
    }
    return replace(series, labels=tuple(day.isoformat() for day in wanted), **columns)


def _month_after(day: dt.date) -> dt.date:
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, min(day.day, 28))
