"""The day on which the records begin: when a feed is under way, not when its first stray stay starts.

One mistyped year, or a few patients who had been there long when the extract begins, would else fill every chart
with empty months and lock its baseline on them. The stays before the day stay: only time is not told from them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

BLOCK, WEEK = 28, 7
# Four weeks that bring less than this part of the feed's usual four weeks are stray: its last long-stay patients, typing errors.
SHARE = 50
# Where a usual four weeks bring few, one stay alone is stray all the same.
LEAST = 2
# A feed that holds a smaller part of all stays does not decide when the records of all begin.
FEED_SHARE = 100

# Started stays by feed and local day; `stays` is where fact_stay is read from. A stay stands once at this level.
STARTS = """
SELECT feed::VARCHAR AS feed, start_day, count(*)::BIGINT AS n FROM {stays} WHERE level = 'micro' AND calendar
GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """When one feed is under way (a local day counted from 1970-01-01), and how many of its stays start earlier."""

    day: int
    earlier: int
    stays: int


def beginnings(starts: Iterable[tuple[str, int, int]]) -> dict[str, Beginning]:
    """Return for each feed when it begins, from (feed, local day, stays that start on it)."""
    by_feed: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for feed, day, n in starts:
        by_feed[feed][day] = n
    return {feed: beginning(found) for feed, found in sorted(by_feed.items())}


def beginning(starts: Mapping[int, int]) -> Beginning:
    """Return when a feed begins: the first day from which on the next days bring a fair part of the usual number.

    >>> beginning({0: 1, 400: 1, **{day: 20 for day in range(900, 1600)}})
    Beginning(day=900, earlier=2, stays=14002)
    """
    days = sorted(starts)
    before = [0, *accumulate(starts[day] for day in days)]

    def coming(at: int, length: int) -> int:
        return before[bisect_left(days, days[at] + length)] - before[at]

    usual = usual_block(starts)
    wanted = max(min(LEAST, usual), usual / SHARE)
    found = next(
        at
        for at in range(len(days))
        if coming(at, BLOCK) >= wanted and coming(at, WEEK) >= usual / SHARE * WEEK / BLOCK
    )
    return Beginning(days[found], before[found], before[-1])


def usual_block(starts: Mapping[int, int]) -> int:
    """Return how many stays started in the four weeks in which the middle stay did, of blocks ordered by their number.

    Weighed by stays and not by blocks: years with next to nothing do not make next to nothing usual.
    """
    first = min(starts)
    blocks: defaultdict[int, int] = defaultdict(int)
    for day, n in starts.items():
        blocks[(day - first) // BLOCK] += n
    counts = sorted(blocks.values())
    reached = list(accumulate(counts))
    return counts[bisect_left(reached, reached[-1] / 2)]


def first_day(feeds: Mapping[str, Beginning]) -> int | None:
    """Return the day on which the records of all feeds begin: the earliest of those that hold a fair part of them."""
    total = sum(feed.stays for feed in feeds.values())
    return min((feed.day for feed in feeds.values() if feed.stays * FEED_SHARE >= total), default=None)
