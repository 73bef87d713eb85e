"""What deliveries brought, invented: a full extract with a doubled piece, and a late one that changed two months."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from knitwork.home.beginning import Beginning
from knitwork.home.lateness import Brought, Month


def delivery(**what):
    plain = dict.fromkeys(
        ("refused", "doubled", "late", "no_end", "no_time", "repeated_hour", "skipped_hour", "dates_only", "units"), 0
    )
    return Brought(**{
        "feed": "adt", "delivery": "d1", "name": "stays-2026.csv", "received_at": "2026-10-14T06:15:00+00:00",
        "taken": 48_211, "new": 48_211, "zone": "Europe/Amsterdam", "is_first": True, "known_to_us": None, "months": (),
    } | plain | what)  # fmt: skip


FIRST = delivery(new=48_091, doubled=120, refused=12, no_end=61, no_time=5, repeated_hour=13, skipped_hour=1)
LATE = delivery(
    delivery="d2", name="stays-late.csv", received_at="2026-10-15T06:15:00+00:00", taken=52, new=40, late=38, units=7,
    is_first=False, known_to_us=1_791_957_600_000_000, months=(Month("2026-03-01", 25, 25), Month("2026-10-01", 15, 13)),
)  # fmt: skip


class FakeFeeds:
    """The answers of `knitwork.home.lateness`; `came` may be changed by a test."""

    came = (LATE, FIRST)
    beginnings: Mapping[str, Beginning] = MappingProxyType({})

    # One stay that a second extract no longer had.
    taken_back = (
        {"feed": "adt", "why": "vanished", "patient": "P-0007", "unit": "CCU", "start_us": 1_790_000_000_000_000,
         "end_us": 1_790_003_600_000_000, "visit": "V-1", "delivery": "d1", "row": 5, "by_delivery": "d2"},
    )  # fmt: skip

    def withdrawn_stays(self, feed=None, limit=None):
        return [dict(row) for row in self.taken_back if feed in (None, row["feed"])]

    def told_twice(self):
        return []

    def withdrawn_counts(self, feed=None):
        return [
            {"feed": row["feed"], "by_delivery": row["by_delivery"], "why": row["why"], "stays": 1,
             "first_us": row["start_us"], "last_us": row["start_us"]}
            for row in self.taken_back if feed in (None, row["feed"])
        ]  # fmt: skip

    def brought(self):
        return list(self.came)
