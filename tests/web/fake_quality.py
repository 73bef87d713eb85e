"""How good an invented feed is: clean by itself; a test plants what is wrong."""

from __future__ import annotations

import datetime as dt
import random

from knitwork.home.quality.cadence import Heartbeat
from knitwork.home.quality.days import COUNTED, FeedDays
from knitwork.home.quality.deliveries import Came
from knitwork.home.quality.found import FeedQuality
from knitwork.home.quality.rules import RULES

LAST = (dt.date(2026, 10, 14) - dt.date(1970, 1, 1)).days
FIRST = LAST - 730
CAME_US = 1_791_958_500_000_000  # 14 October 2026, 06:15 UTC


def days(*, half_from=None, breaking=0):
    """Return two years of a steady feed: 60 stays a day, of which from a day on only half begin."""
    chance = random.Random(4)
    counts = {}
    for day in range(FIRST, LAST + 1):
        n = round(chance.gauss(30 if half_from is not None and day >= half_from else 60, 7))
        one = dict.fromkeys([*COUNTED, *(rule.id for rule in RULES), "impossible"], 0)
        counts[day] = one | {"stays": n, "ended": n, "in_a_visit": n}
    counts[LAST - 3] |= {"two_beds": breaking, "impossible": breaking}
    return FeedDays("adt", counts, 3)


def came():
    return [
        Came("adt", f"d{n}", LAST - 40 + n, CAME_US - (40 - n) * 86_400_000_000, 60, 60, 0, 0, 6.0) for n in range(41)
    ]


def feed_quality(**what):
    plain = {
        "feed": "adt", "days": days(), "told": {}, "came": came(), "clock": None, "changes": [], "first": FIRST,
        "last": LAST, "heard": LAST, "every": "day",
    }  # fmt: skip
    return FeedQuality(**(plain | what))


class FakeQuality:
    """The answers of `knitwork.home.quality`; `told_of` and `beat` may be changed by a test."""

    told_of = feed_quality()
    beat = Heartbeat("adt", CAME_US, None)

    def quality(self):
        return {"adt": feed_quality(first=None, last=None, every=None) if self.shifted else self.told_of}

    def heartbeats(self):
        return [self.beat]

    def breaking(self, feed, rule, limit=50):
        return [
            {"delivery": "d1", "row": 4711, "patient": "P-0042", "unit": "CCU", "start_us": CAME_US - 86_400_000_000,
             "end_us": None, "end_kind": "open"}
        ]  # fmt: skip
