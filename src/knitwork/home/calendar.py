"""Local days as numbers, and the days, weeks and months that they lie in."""

from __future__ import annotations

import datetime as dt

EPOCH_DAY = dt.date(1970, 1, 1).toordinal()


def date_of(day: int) -> dt.date:
    """Return the date of a local day counted from 1970-01-01."""
    return dt.date.fromordinal(EPOCH_DAY + day)


def day_number(date: dt.date) -> int:
    return date.toordinal() - EPOCH_DAY


def period_end(start: dt.date, period: str) -> dt.date:
    """Return the first day after the period that begins on `start`.

    >>> period_end(dt.date(2026, 2, 1), "month"), period_end(dt.date(2026, 2, 2), "week")
    (datetime.date(2026, 3, 1), datetime.date(2026, 2, 9))
    """
    if period == "day":
        return start + dt.timedelta(days=1)
    if period == "week":
        return start + dt.timedelta(days=7)
    return (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def period_start(date: dt.date, period: str) -> dt.date:
    """Return the first day of the period in which a date lies."""
    if period == "week":
        return date - dt.timedelta(days=date.weekday())
    return date.replace(day=1) if period == "month" else date
