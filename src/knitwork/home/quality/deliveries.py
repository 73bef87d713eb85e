"""What each delivery of a feed was like: rows, refusals, doubles, its age and its clock, by the local day it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.home.quality.cadence import HOUR_US, microseconds
from knitwork.home.quality.local import local_day

if TYPE_CHECKING:
    from knitwork.home.answers import Answers
    from knitwork.home.lateness import Brought


@dataclass(frozen=True, slots=True)
class Came:
    """One delivery. Counts are of rows; `behind` are hours from its last moment to its arrival, `clock` minutes.

    `day` is the local day on which it came. The first delivery of a feed brings history: it has no `behind`.
    """

    feed: str
    delivery: str
    day: int
    came_us: int
    rows: int
    taken: int
    refused: int
    doubled: int
    behind: float | None
    clock: float | None = None


def came(answers: Answers, brought: Sequence[Brought]) -> dict[str, list[Came]]:
    """Return the deliveries of every feed in the order in which they came."""
    tz = answers.place.settings.tz or "UTC"
    doubled = {(one.feed, one.delivery): one.doubled for one in brought}
    found: dict[str, list[Came]] = {}
    entries = sorted(answers.manifest.landed.values(), key=lambda one: (str(one["received_at"]), str(one["delivery"])))
    for one in entries:
        feed, at = str(one["feed"]), microseconds(str(one["received_at"]))
        last, first = one["last_us"], feed not in found
        shifted = one["calendar"] == "shifted"
        found.setdefault(feed, []).append(
            Came(
                feed, str(one["delivery"]), local_day(at, tz), at, int(one["rows"]), int(one["taken"]),
                int(one["rejected"]), doubled.get((feed, str(one["delivery"])), 0),
                None if last is None or first or shifted else (at - int(last)) / HOUR_US,
            )
        )  # fmt: skip
    return found
