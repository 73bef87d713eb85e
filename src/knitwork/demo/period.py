"""The months that are told, and the local clock of the place.

Everything is drawn in local time, because people live by it, and kept in UTC seconds, because
a night with 25 hours must have them all.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

ZONE = "America/New_York"
DAY_S = 86_400
# A week of records before the first whole month.
DAYS_BEFORE = 7
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """`months` whole months (or month-long spans) that end with the day `until`."""

    until: dt.date
    months: int

    def month_starts(self, month: int) -> dt.date:
        """Return the first day of the `month`-th month, counted from 1.

        >>> Period(dt.date(2026, 10, 31), 24).month_starts(15)
        datetime.date(2026, 1, 1)
        """
        after = self.until + dt.timedelta(days=1)
        whole = after.year * 12 + after.month - 1 - self.months + month - 1
        # A span that ends on the 30th starts on the 31st only where there is one.
        return dt.date(whole // 12, whole % 12 + 1, min(after.day, 28))

    @property
    def first_day(self) -> int:
        """Return the first local day, counted from 1970-01-01."""
        return (self.month_starts(1) - EPOCH).days

    @property
    def end_day(self) -> int:
        """Return the first local day after the period."""
        return (self.until - EPOCH).days + 1

    @property
    def days(self) -> Ints:
        return np.arange(self.first_day, self.end_day, dtype=np.int64)

    @cached_property
    def clock(self) -> LocalClock:
        return LocalClock.around(self.first_day, self.end_day)

    @cached_property
    def start_s(self) -> int:
        return self.instant(self.month_starts(1))

    @cached_property
    def records_s(self) -> int:
        """Return when the records begin: some days before the period, so that no month is told from its middle."""
        return self.instant(self.month_starts(1) - dt.timedelta(days=DAYS_BEFORE))

    @cached_property
    def end_s(self) -> int:
        return self.instant(self.until + dt.timedelta(days=1))

    def instant(self, day: dt.date) -> int:
        """Return the UTC second at which a local day begins."""
        return int(dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).timestamp())


@dataclass(frozen=True)
class LocalClock:
    """When the clock was changed: offsets[i] holds from changes[i - 1] until changes[i] (UTC seconds)."""

    changes: Ints
    offsets: Ints

    @staticmethod
    def around(first_day: int, end_day: int) -> LocalClock:
        """Find the clock changes from a year before `first_day` to a year after `end_day`."""
        zone = ZoneInfo(ZONE)
        lo, hi = (first_day - 366) * DAY_S, (end_day + 366) * DAY_S
        hours = range(lo, hi, 3600)
        seen = [int(dt.datetime.fromtimestamp(s, zone).utcoffset().total_seconds()) for s in hours]  # type: ignore[union-attr]
        at = [i for i in range(1, len(seen)) if seen[i] != seen[i - 1]]
        return LocalClock(
            np.array([hours[i] for i in at], dtype=np.int64),
            np.array([seen[0], *(seen[i] for i in at)], dtype=np.int64),
        )

    def local(self, utc_s: Ints) -> Ints:
        """Return what the clock on the wall shows, as seconds since a local 1970-01-01."""
        return utc_s + self.offset(utc_s)

    def offset(self, utc_s: Ints) -> Ints:
        """Return the offset from UTC in seconds."""
        return self.offsets[np.searchsorted(self.changes, utc_s, side="right")]

    def utc(self, local_s: Ints) -> Ints:
        """Return the instant of a time on the wall: the first of two in autumn, moved on by the gap in spring."""
        # A change is met on the wall at its old offset in both seasons.
        on_wall = self.changes + self.offsets[:-1]
        return local_s - self.offsets[np.searchsorted(on_wall, local_s, side="right")]

    def autumn_nights(self, start_s: int, end_s: int) -> Ints:
        """Return the instants within the period at which the clock was put back."""
        back = self.changes[np.diff(self.offsets) < 0]
        return back[(back > start_s) & (back < end_s)]
