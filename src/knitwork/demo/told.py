"""Stays of patients with a story, told in local time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from knitwork.demo.period import DAY_S, EPOCH, Period
from knitwork.demo.stays import Stays, rows
from knitwork.demo.units import INDEX

# Stories are told for the period that ends on this day; another period moves them by whole weeks.
TOLD_UNTIL = dt.date(2026, 10, 31)
# unit, from, to (local time)
Told = tuple[str, str, str]


def stays(period: Period, *, number: int, visit: int, told: Sequence[Told]) -> Stays:
    """Return the stays of one visit of a patient, at the same distance from the end of any period."""
    shift = shift_s(period)
    made = rows([(number, INDEX[unit], on_wall(a) + shift, on_wall(b) + shift, visit) for unit, a, b in told])
    clock = period.clock
    return Stays(made.patient, made.unit, clock.utc(made.start), clock.utc(made.end), made.visit, made.overlaps)


def shift_s(period: Period) -> int:
    """Return by how many seconds a story moves for a period: whole weeks."""
    return (period.until - TOLD_UNTIL).days // 7 * 7 * DAY_S


def on_wall(text: str) -> int:
    """Return a local time in seconds since a local 1970-01-01."""
    day, time = text.split(" ")
    hour, minute = time.split(":")
    return (dt.date.fromisoformat(day) - EPOCH).days * DAY_S + int(hour) * 3600 + int(minute) * 60
