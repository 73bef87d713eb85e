"""How many periods lie between two dates, and which of them have no row, read off the labels of a series."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from knitwork.signals.series import COLUMNS, ISO_DATE, ISO_WEEK, Series

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

    >>> with_gaps(Series(labels=("2026-01", "2026-02", "2026-04"), values=(3, 4, 5))).values
    (3.0, 4.0, None, 5.0)
    """
    wanted = _without_gaps(series.labels)
    if wanted is None or len(wanted) == len(series) or not set(series.labels) <= set(wanted):
        return series
    place = {label: at for at, label in enumerate(series.labels)}
    columns: dict[str, Any] = {
        name: tuple(column[place[label]] if label in place else None for label in wanted)
        for name in COLUMNS
        if (column := getattr(series, name)) is not None
    }
    return replace(series, labels=tuple(wanted), **columns)


def _without_gaps(labels: Sequence[str]) -> list[str] | None:
    """Return every label from the first to the last, written as these are; None where they are no months or weeks."""
    form = next((form for form in _FORMS if all(form.fullmatch(label) for label in labels)), None)
    days = [day_of(label) for label in labels] if form else []
    known = [day for day in days if day is not None]
    if form is None or len(known) < len(labels) or len(known) < 3:
        return None
    steps = sorted((after - before).days for before, after in pairwise(known))
    usual = steps[(len(steps) - 1) // 2]
    # A date such as 9999-12-31 is no period of a series, and would make ten thousand gaps.
    if (usual != 7 and not 28 <= usual <= 31) or known[-1].year - known[0].year > MOST_YEARS:
        return None
    at_ends = all((day + dt.timedelta(days=1)).day == 1 for day in known)
    wanted = [known[0]]
    while wanted[-1] < known[-1]:
        wanted.append(wanted[-1] + dt.timedelta(days=7) if usual == 7 else _month_after(wanted[-1], at_end=at_ends))
    return [_FORMS[form](day) for day in wanted]


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


# How a series may write its periods, and how each writes the period of a day.
_FORMS: dict[re.Pattern[str], Callable[[dt.date], str]] = {
    ISO_DATE: dt.date.isoformat,
    re.compile(r"\d{4}-\d{2}"): lambda day: day.isoformat()[:7],
    ISO_WEEK: _week,
}


def _month_after(day: dt.date, *, at_end: bool) -> dt.date:
    """Return the same day of the next month, or its last one; the 29th and later are found at the ends of months only."""
    if at_end:
        after = day + dt.timedelta(days=1)
        return _month_after(after, at_end=False) - dt.timedelta(days=1)
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, min(day.day, 28))
