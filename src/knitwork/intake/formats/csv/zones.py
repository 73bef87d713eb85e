"""From the time on the wall to an instant, over the two nights a year when that is not one thing.

DuckDB moves a time that never existed (spring) forward, which is what we want, and takes the
second of two (autumn). The first is found by going back and asking whether the wall shows the
same time there. Asking is dear, so only days on which clocks of the zone ever change are asked.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

# How far clocks are set back: an hour; half an hour on Lord Howe; two at Troll, and in wartime summers.
_SETBACKS_MINUTES = (30, 60, 120)
# Since then the days of change repeat from year to year; earlier times are always asked.
_LEAP_DAY = 31 + 28
_REGULAR_SINCE, _REGULAR_UNTIL = 1996, 2210


def instant(local: str, zone: str) -> str:
    """Return the SQL of the microsecond at which clocks in `zone` showed `local`; the second one in autumn.

    NULL for a time so near the end of all times that its instant lies beyond.
    """
    return f"epoch_us({local})" if zone == "UTC" else f"epoch_us(TRY(timezone({quoted(zone)}, {local})))"


def quick_instant(column: str, zone: str) -> str:
    """Return the SQL of the same instant for a column: on days whose offset is known beforehand by arithmetic alone.

    That takes a fifth of the time. It is longer to plan, so it is for what runs over many rows.
    """
    slow = instant(column, zone)
    if zone == "UTC":
        return slow
    since, spans = _steady(zone)
    regular = f"{column} >= TIMESTAMP '{since}-01-01' AND {column} < TIMESTAMP '{_REGULAR_UNTIL}-01-01'"
    day = f"month({column}) * 100 + day({column})"
    cases = " ".join(
        f"WHEN {day} BETWEEN {first} AND {last} AND {regular} THEN epoch_us({column}) - {seconds * 1_000_000}"
        for first, last, seconds in spans
    )
    return f"CASE {cases} ELSE {slow} END" if cases else slow


def suspect(local: str, zone: str) -> str:
    """Return the SQL that says whether clocks of `zone` may have changed around `local`."""
    days = _days_of_change(zone)
    if zone == "UTC":
        return "false"
    regular = f"{local} >= TIMESTAMP '{_REGULAR_SINCE}-01-01' AND {local} < TIMESTAMP '{_REGULAR_UNTIL}-01-01'"
    listed = ", ".join(str(day) for day in sorted(days)) or "0"
    return f"(NOT ({regular}) OR (month({local}) * 100 + day({local})) IN ({listed}))"


def gap(local: str, us: str, zone: str) -> str:
    """Return the SQL that says whether the clocks of `zone` never showed `local`."""
    return "false" if zone == "UTC" else f"({_wall(us, zone)} <> {local})"


def first_fold(local: str, us: str, zone: str) -> str:
    """Return the SQL of the first microsecond at which clocks showed `local`, NULL where there is only one."""
    if zone == "UTC":
        return "NULL::BIGINT"
    steps = [minutes * 60_000_000 for minutes in _SETBACKS_MINUTES]
    cases = " ".join(f"WHEN {_wall(f'({us} - {step})', zone)} = {local} THEN {us} - {step}" for step in steps)
    return f"CASE {cases} END"


def _wall(us: str, zone: str) -> str:
    return f"TRY(timezone({quoted(zone)}, make_timestamptz({us})))"


@lru_cache(maxsize=64)
def _days_of_change(zone: str) -> frozenset[int]:
    """Return the days (month * 100 + day) on which clocks change in any year, with a day on either side."""
    place = ZoneInfo(zone)
    day, step = dt.datetime(_REGULAR_SINCE, 1, 1, tzinfo=dt.UTC), dt.timedelta(days=1)
    week, end = dt.timedelta(days=7), dt.datetime(_REGULAR_UNTIL, 1, 8, tzinfo=dt.UTC)
    days: set[int] = set()

    def offset(moment: dt.datetime) -> dt.timedelta | None:
        return moment.astimezone(place).utcoffset()

    while day < end:
        if offset(day) != offset(day + week):
            for some in range(8):
                if offset(day + some * step) != offset(day + (some + 1) * step):
                    around = [day + (some + extra) * step for extra in (-1, 0, 1, 2)]
                    days.update(moment.month * 100 + moment.day for moment in around)
        day += week
    return frozenset(days)


@lru_cache(maxsize=64)
def _steady(zone: str) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """Return spans of the year (first and last day as month * 100 + day, seconds ahead of UTC) and since when they hold.

    They leave out the days on which clocks change; on the others the offset has been the same every year since then.
    """
    place, change = ZoneInfo(zone), _days_of_change(zone)
    year = [dt.date(2000, 1, 1) + dt.timedelta(days=number) for number in range(366)]
    spans: list[list[dt.date]] = [[]]
    for day in year:
        if day.month * 100 + day.day in change:
            spans.append([])
        else:
            spans[-1].append(day)
    # A span of 29 February alone is not there every year.
    kept = [span for span in spans if len(span) > 1]

    def offsets(number: int) -> list[int]:
        days = [span[span[0] == year[_LEAP_DAY]] for span in kept]
        noons = [dt.datetime(number, day.month, day.day, 12, tzinfo=place) for day in days]
        return [int((noon.utcoffset() or dt.timedelta()).total_seconds()) for noon in noons]

    since, latest = _REGULAR_UNTIL - 1, offsets(_REGULAR_UNTIL - 1)
    while since > _REGULAR_SINCE and offsets(since - 1) == latest:
        since -= 1
    return since, tuple(
        (span[0].month * 100 + span[0].day, span[-1].month * 100 + span[-1].day, seconds)
        for span, seconds in zip(kept, latest, strict=True)
    )


def quoted(value: str) -> str:
    """Return a value as a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
