"""What the message store says of its feeds: counts, spans, and how the senders' clocks run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
DAY_US = 86_400_000_000
# From one feed to the next by the index: what is asked every second does not read every message.
FEEDS = """
WITH RECURSIVE found (feed) AS (
    SELECT min(feed) FROM messages
    UNION ALL SELECT (SELECT min(feed) FROM messages WHERE feed > found.feed) FROM found WHERE found.feed IS NOT NULL
)
SELECT feed FROM found WHERE feed IS NOT NULL
"""
# Each part is answered from an index: the payloads, most of the file, are not read. When a feed spoke last is told by
# what it sent: a copy that a person corrected says nothing of the sender, and a silent one must not seem to speak.
_SPANS = """
SELECT feed, count(*), min(came_us),
       coalesce((SELECT came_us FROM messages l WHERE l.feed = m.feed AND l.replaces IS NULL
                 ORDER BY came_us DESC LIMIT 1), max(came_us)),
       min(said_us), max(said_us),
       (SELECT coalesce(sum(duplicates), 0) FROM messages d WHERE d.feed = m.feed AND d.duplicates > 0),
       (SELECT count(*) FROM messages r WHERE r.feed = m.feed AND r.reused = 1)
FROM messages m GROUP BY feed ORDER BY feed
"""


@dataclass(frozen=True, slots=True)
class Span:
    """What a feed sent, by our clock (`came`) and by the senders' (`said`), in microseconds UTC.

    `duplicates` counts contents that came again, `reused` messages with a number that another content had before.
    """

    messages: int
    first_came_us: int
    last_came_us: int
    first_said_us: int | None
    last_said_us: int | None
    duplicates: int
    reused: int


@dataclass(frozen=True, slots=True)
class Skew:
    """How long after their sender's time the messages of a feed came on one day, in microseconds.

    Below nothing: the sender's clock is ahead of ours. Messages without a time count nowhere.
    """

    feed: str
    day: dt.date
    messages: int
    p05_us: int
    median_us: int
    p95_us: int


def counts(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    """Nest rows of feed, state and count."""
    found: dict[str, dict[str, int]] = {}
    for feed, state, count in rows:
        found.setdefault(feed, {})[state] = count
    return found


def spans(ask: Ask) -> dict[str, Span]:
    """Return the span of every feed."""
    rows = ask(_SPANS, ())
    return {feed: Span(*rest) for feed, *rest in rows}


def skews(ask: Ask, feed: str | None) -> list[Skew]:
    """Return the quantiles of every feed and day on which messages with a time came."""
    rows = ask(
        f"SELECT feed, came_us / {DAY_US} AS day, came_us - said_us AS late FROM messages "
        "WHERE said_us IS NOT NULL AND (?1 IS NULL OR feed = ?1) ORDER BY feed, day, late",
        (feed,),
    )
    found = []
    for (name, day), group in groupby(rows, key=lambda r: (r[0], r[1])):
        late = [r[2] for r in group]
        at = [late[min(len(late) - 1, int(q * len(late)))] for q in (0.05, 0.5, 0.95)]
        found.append(Skew(name, dt.date(1970, 1, 1) + dt.timedelta(days=day), len(late), *at))
    return found
