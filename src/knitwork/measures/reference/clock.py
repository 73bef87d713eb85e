"""Local days and hours of an instant, in plain Python."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


def local(us: int, zone: str) -> dt.datetime:
    """Return the wall clock of `zone` at `us` microseconds."""
    return (EPOCH + dt.timedelta(microseconds=us)).astimezone(ZoneInfo(zone))


def day_of(us: int | None, zone: str) -> int | None:
    """Return the local day, counted from 1970-01-01."""
    return None if us is None else (local(us, zone).date() - dt.date(1970, 1, 1)).days


def hour_of(us: int | None, zone: str) -> int | None:
    """Return the local hour, 0 to 23."""
    return None if us is None else local(us, zone).hour


def midnight_from(us: int, zone: str) -> int:
    """Return the day that begins at the first local midnight at or after `us`.

    >>> midnight_from(0, "UTC"), midnight_from(1, "UTC")
    (0, 1)
    """
    at = local(us, zone)
    return (at.date() - dt.date(1970, 1, 1)).days + (at.time() != dt.time())
