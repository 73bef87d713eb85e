"""How often a feed should speak, and whether it has been silent for too long.

The cadence is what the feed's profile says, else the usual time between its deliveries. After twice that time without
a word the alarm stands, for files and for live messages alike.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from knitwork.intake.message_counts import Span
from knitwork.intake.messages import Messages
from knitwork.intake.profile import read_profile
from knitwork.model.errors import CannotDo

if TYPE_CHECKING:
    from knitwork.home.answers import Answers

MINUTE_US = 60_000_000
HOUR_US, DAY_US = 60 * MINUTE_US, 24 * 60 * MINUTE_US
UNITS_US = {"min": MINUTE_US, "h": HOUR_US, "d": DAY_US}
# So many deliveries, hours apart, tell how often a feed comes.
ENOUGH_DELIVERIES = 3
# What comes within so long of the delivery before is one delivery in pieces, or history that is loaded by hand.
TOGETHER_US = HOUR_US
# The alarm stands after this many times the cadence (trust.md 6.2, promise 8).
TIMES = 2
# A live feed whose cadence nobody has set should speak once in so long; twice that is a night without a patient.
LIVE_US = 4 * HOUR_US
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a feed spoke last (`came_us`, UTC microseconds) and how often it should; no cadence where nobody can tell.

    `is_set` says that a person set the cadence. `live` feeds send messages, the others files.
    """

    feed: str
    came_us: int
    cadence_us: int | None
    is_set: bool = False
    live: bool = False

    def silent_us(self, at_us: int) -> int:
        """Return how long the feed has been silent at a moment; 0 where its clock is ahead of ours."""
        return max(0, at_us - self.came_us)

    def overdue(self, at_us: int) -> bool:
        """Say whether the feed has been silent for more than twice its cadence."""
        return self.cadence_us is not None and self.silent_us(at_us) > TIMES * self.cadence_us


def length_us(cadence: str) -> int:
    """Return a cadence as a profile writes it in microseconds.

    >>> length_us("15 min") // MINUTE_US, length_us("4h") // HOUR_US, length_us("1 d") // DAY_US
    (15, 4, 1)
    """
    number, unit = re.fullmatch(r"(\d+) ?(min|h|d)", cadence).groups()  # type: ignore[union-attr]  # checked at reading
    return int(number) * UNITS_US[unit]


def usual_us(received: list[str]) -> int | None:
    """Return the usual time between deliveries, from the ISO times at which they came; None where too few came to tell.

    >>> usual_us(["2026-10-01T06:00:00+00:00", "2026-10-08T06:00:00+00:00", "2026-10-15T06:00:00+00:00"]) / DAY_US
    7.0
    """
    return usual_of(sorted({microseconds(text) for text in received}))


def usual_of(moments: list[int]) -> int | None:
    """Return the usual time between moments in order (microseconds); None where too few are apart to tell."""
    apart = [
        at for before, at in pairwise([min(moments, default=0) - TOGETHER_US, *moments]) if at - before >= TOGETHER_US
    ]
    if len(apart) < ENOUGH_DELIVERIES:
        return None
    return int(median(after - before for before, after in pairwise(apart)))


def microseconds(text: str) -> int:
    """Return an ISO time as microseconds since 1970; a time without a zone is UTC."""
    at = dt.datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=dt.UTC)) - EPOCH) // dt.timedelta(microseconds=1)


def set_cadence(folder: Path, feed: str) -> int | None:
    """Return the cadence that the profile of a feed in a home folder sets. Reads the profile when it has changed."""
    path = folder / "feeds" / f"{feed}.yaml"
    try:
        found = path.stat()
    except OSError:
        return None
    return _set_in(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=512)
def _set_in(path: Path, mtime_ns: int, size: int) -> int | None:  # noqa: ARG001 - the time and size make it anew
    try:
        cadence = read_profile(path).cadence
    except CannotDo:
        return None  # the next load says what is wrong with it; until then the usual cadence holds
    return length_us(cadence) if cadence else None


def heartbeats(answers: Answers) -> list[Heartbeat]:
    """Return when each feed spoke last and how often it should, by name."""
    received: dict[str, list[str]] = {}
    for one in answers.manifest.landed.values():
        received.setdefault(str(one["feed"]), []).append(str(one["received_at"]))
    heard = {feed: span.last_came_us for feed, span in live_spans(answers).items()}
    found = []
    for feed in sorted(received.keys() | heard.keys()):
        moments, given = received.get(feed, []), set_cadence(answers.place.path, feed)
        came = max([*(microseconds(text) for text in moments), *([heard[feed]] if feed in heard else [])])
        # How often messages come changes with the hour of the day: for a live feed a person says what is too long.
        usual = LIVE_US if feed in heard else usual_us(moments)
        found.append(Heartbeat(feed, came, usual if given is None else given, given is not None, feed in heard))
    return found


def live_spans(answers: Answers) -> dict[str, Span]:
    """Return what each live feed sent and when; none where nothing ever listened."""
    store = Messages(answers.place.path / "inbox")
    return store.spans() if store.file.exists() else {}


def overdue(beats: Iterable[Heartbeat], at_us: int) -> list[Heartbeat]:
    """Return the feeds that have been silent for more than twice their cadence, the longest silent first."""
    late = [one for one in beats if one.overdue(at_us)]
    return sorted(late, key=lambda one: (-one.silent_us(at_us), one.feed))
