"""How fresh each live feed is: when its last message came, of when it speaks, and from when on its silence is too long.

A feed is late after twice the silence that is usual in it. Usual is what 99 in 100 gaps between its latest messages stay
within, and never less than a minute: at night minutes pass without an event.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

from knitwork.intake.messages import Stored

SECOND_US = 1_000_000
LEAST_US = 60 * SECOND_US
# Of fewer gaps than this nobody can tell what is usual: a quarter of an hour then.
GAPS_FOR_A_CADENCE, UNKNOWN_US = 20, 15 * 60 * SECOND_US
# A sender's clock may run ahead by so much before its times stop counting as "now".
AHEAD_US = 5 * 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class FeedNow:
    """A live feed: its last message came at `came_us` and speaks of `said_us`; without another it is late at `late_us`."""

    feed: str
    came_us: int
    said_us: int | None
    late_us: int

    def is_late(self, at_us: int) -> bool:
        return at_us > self.late_us


@dataclass
class Hearing:
    """Hears of messages one by one, in the order of their coming."""

    MOST = 1_000  # messages of a feed by which its usual silence is told

    feeds: dict[str, FeedNow] = field(default_factory=dict)
    _came: dict[str, deque[int]] = field(default_factory=dict)

    def hear(self, one: Stored) -> None:
        """Take note of a message; one that was noted before changes nothing."""
        came = self._came.setdefault(one.feed, deque(maxlen=self.MOST))
        known = self.feeds.get(one.feed)
        if known is not None and (one.came_us < known.came_us or one.replaces is not None):
            return  # a message that waited for a person and was corrected or read anew says nothing of the feed
        if known is None or one.came_us > known.came_us:
            came.append(one.came_us)
        said = known.said_us if known else None
        if one.state == "new" and one.said_us is not None:
            said = max(said or 0, min(one.said_us, one.came_us + AHEAD_US))
        self.feeds[one.feed] = FeedNow(one.feed, one.came_us, said, one.came_us + 2 * _usual(came))


def _usual(came: deque[int]) -> int:
    """Return the silence that 99 in 100 gaps stay within."""
    if len(came) <= GAPS_FOR_A_CADENCE:
        return UNKNOWN_US
    gaps = sorted(after - before for before, after in pairwise(came))
    return max(gaps[int(len(gaps) * 0.99)] if len(gaps) > 100 else gaps[-1], LEAST_US)
