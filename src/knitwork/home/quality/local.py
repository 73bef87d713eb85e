"""Local days of instants, in Python and in SQL."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from knitwork.home.quality.cadence import DAY_US, EPOCH

# Between two changes of a clock there are never so few days.
STEP_US = 14 * DAY_US
# With more changes than this a list of them is slower than asking the database each time.
MOST_CHANGES = 48
LONGEST_US = 30 * 365 * DAY_US


def local_day(us: int, tz: str) -> int:
    """Return the local day of an instant, counted from 1970-01-01."""
    return (_at(us).astimezone(ZoneInfo(tz)).date() - EPOCH.date()).days


def _at(us: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=us)


def offset_us(us: int, zone: ZoneInfo) -> int:
    """Return how far the clock of a zone is ahead of UTC at an instant, in microseconds."""
    return (_at(us).astimezone(zone).utcoffset() or dt.timedelta()) // dt.timedelta(microseconds=1)


def changes(first_us: int, last_us: int, tz: str) -> list[tuple[int, int]]:
    """Return the instants between two at which the clock of a zone changes, each with the offset that holds before it."""
    zone, found = ZoneInfo(tz), []
    at, before = first_us, offset_us(first_us, zone)
    while at < last_us:
        low, high = at, at + STEP_US
        if (now := offset_us(high, zone)) != before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_us(middle, zone) == before else (low, middle)
            found.append((high, before))
            before = now
        at += STEP_US
    return found


def local_day_sql(instant: str, tz: str, span: tuple[int, int]) -> str:
    """Return the SQL of the local day of an instant that lies in a span: a list of clock changes, as that is quicker."""
    first, last = span
    some = changes(first, last, tz) if last - first <= LONGEST_US else None
    if some is None or len(some) > MOST_CHANGES:
        return f"date_diff('day', DATE '1970-01-01', timezone('{tz}', make_timestamptz({instant}))::DATE)"
    after = offset_us(last, ZoneInfo(tz))
    cases = " ".join(f"WHEN {instant} < {at} THEN {offset}" for at, offset in some)
    moved = f"{instant} + (CASE {cases} ELSE {after} END)" if cases else f"{instant} + ({after})"
    # Division rounds towards nothing, and a day before 1970 is below it.
    return f"floor(({moved}) / {DAY_US}.0)::BIGINT"
