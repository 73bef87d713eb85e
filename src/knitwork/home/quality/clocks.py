"""How the clocks of live feeds run against ours: minutes from what a message says of its time to when it came.

A sender's clock that runs ahead makes messages come before they were sent, and one that is behind makes all of them
look late. A constant delay is the way of the feed; a drift is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from knitwork.home.quality import charts
from knitwork.intake.message_counts import Skew
from knitwork.intake.messages import Messages

if TYPE_CHECKING:
    from knitwork.home.answers import Answers

MINUTE_US = 60_000_000
# A drift of the daily median beyond this against the days before is flagged, and any day on which one message in twenty
# says that it was sent so long after it came.
DRIFT_US, AHEAD_US = 2 * MINUTE_US, 5 * MINUTE_US
# So many days before the last tell what is usual.
USUAL_DAYS = 20


@dataclass(frozen=True, slots=True)
class Clock:
    """The days of one live feed, the oldest first, with the medians and the tails of their delays."""

    feed: str
    days: tuple[Skew, ...]

    @property
    def drift_us(self) -> int | None:
        """Return how far the last day's median lies from that of the days before; None where there are none."""
        before = [day.median_us for day in self.days[-USUAL_DAYS - 1 : -1]]
        return None if not before else int(self.days[-1].median_us - median(before))

    @property
    def ahead_us(self) -> int:
        """Return how long before their own time the earliest one in twenty of the last day's messages came; 0 if none."""
        return max(0, -self.days[-1].p05_us)

    @property
    def is_off(self) -> bool:
        """Say whether the clock drifted, or runs ahead of ours."""
        return abs(self.drift_us or 0) > DRIFT_US or self.ahead_us > AHEAD_US


def clocks(answers: Answers) -> dict[str, Clock]:
    """Return the clock of every live feed whose messages say when they were sent. Reads the message store."""
    store = Messages(answers.place.path / "inbox")
    return of_skews(store.skews()) if store.file.exists() else {}


def of_skews(skews: Sequence[Skew]) -> dict[str, Clock]:
    """Return the clock of every feed of these days."""
    by_feed: dict[str, list[Skew]] = {}
    for one in sorted(skews, key=lambda one: (one.feed, one.day)):
        by_feed.setdefault(one.feed, []).append(one)
    return {feed: Clock(feed, tuple(mine)) for feed, mine in by_feed.items()}


def points(clock: Clock, period: charts.Period) -> list[charts.Point]:
    """Return the median delay in minutes of each period: the median of its days'."""
    values: dict[int, list[float]] = {}
    for one in clock.days:
        day = (one.day - dt.date(1970, 1, 1)).days
        values.setdefault(charts.start_of(day, period), []).append(one.median_us / MINUTE_US)
    first, last = min(values), (clock.days[-1].day - dt.date(1970, 1, 1)).days
    return [
        charts.Point(start, None, None, median(values[start]) if start in values else None, complete)
        for start, complete in charts.spans(first, last, period)
    ]


def counted(clock: Clock, period: charts.Period, *, last: int) -> list[charts.Point]:
    """Return how many messages came in each period, up to a day; a day without any counts nothing."""
    sums: dict[int, int] = {}
    days = {(one.day - dt.date(1970, 1, 1)).days: one.messages for one in clock.days}
    for day, messages in days.items():
        start = charts.start_of(day, period)
        sums[start] = sums.get(start, 0) + messages
    return [
        charts.Point(start, float(sums.get(start, 0)), None, float(sums.get(start, 0)), complete)
        for start, complete in charts.spans(min(days), max(last, *days), period)
    ]
