"""What is wrong with the feeds that a page rests on, in one short line each; nothing where nothing is wrong.

One function says it for every page, so that a page of a measure, a wall and the page of the feed never disagree.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import value_text
from knitwork.home.quality import cadence, drift
from knitwork.home.quality.cadence import DAY_US, HOUR_US, Heartbeat
from knitwork.home.quality.charts import BROUGHT
from knitwork.home.quality.clocks import AHEAD_US, Clock
from knitwork.home.quality.found import FeedQuality, Wrong
from knitwork.web import say
from knitwork.web.kept import kept
from knitwork.web.source import Source

# A live feed makes a new generation every few seconds: what is wrong with it may be so long behind.
BEHIND_S = 60.0
EPOCH = dt.date(1970, 1, 1)

# When feeds spoke last is asked of the disk at most so often.
BEATS_S = 10.0

_latest: dict[str, tuple[float, int, dict[str, list[Wrong]]]] = {}
_beats: dict[str, tuple[float, int, list[Heartbeat]]] = {}


def found(source: Source) -> dict[str, FeedQuality]:
    """Return how good each feed is; worked out once for a generation."""
    return kept(source, "quality", source.answers.quality)


def wrongs(source: Source) -> dict[str, list[Wrong]]:
    """Return what is wrong with each feed; at most a minute behind the records."""
    now, generation = time.monotonic(), source.answers.generation
    made = _latest.get(source.key)
    if made is not None and (made[1] == generation or now - made[0] < BEHIND_S):
        return made[2]
    said = {feed: one.wrong() for feed, one in found(source).items()}
    _latest[source.key] = (now, generation, said)
    return said


def forget() -> None:
    """Drop what was found, for tests that change a system under one generation."""
    _latest.clear()
    _beats.clear()


def beats(source: Source) -> list[Heartbeat]:
    """Return when each feed spoke last and how often it should; at most a few seconds old."""
    now, generation = time.monotonic(), source.answers.generation
    made = _beats.get(source.key)
    if made is None or made[1] != generation or now - made[0] > BEATS_S:
        made = (now, generation, source.answers.heartbeats())
        _beats[source.key] = made
    return made[2]


def quality_notes(source: Source, feeds: Iterable[str] | None = None) -> list[str]:
    """Return one line for each thing that is wrong with these feeds (all of them without a list)."""
    if source.answers is None:
        return []
    known = wrongs(source)
    asked = sorted(known) if feeds is None else [feed for feed in dict.fromkeys(feeds) if feed in known]
    return [line(one) for feed in asked for one in known[feed]]


def alarms(source: Source, now: dt.datetime, feeds: Iterable[str] | None = None) -> list[str]:
    """Return one line for each of these feeds that has been silent for more than twice its cadence."""
    if source.answers is None:
        return []
    at = (now - say.EPOCH) // dt.timedelta(microseconds=1)
    wanted = None if feeds is None else set(feeds)
    late = cadence.overdue(beats(source), at)
    return [alarm(one, at, source.tz) for one in late if wanted is None or one.feed in wanted]


def beside(source: Source, feeds: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Return what a page that rests on these feeds (all of them without a list) says above its charts."""
    asked = None if feeds is None else list(feeds)
    return {"alarms": alarms(source, timezone.now(), asked), "quality": quality_notes(source, asked)}


def told_twice(source: Source, feed: str) -> list[str]:
    """Return one line for each other feed that tells of the same stays as this one."""
    pairs = kept(source, "told twice", source.answers.told_twice)
    text = _(
        "%(other)s tells of the same stays (%(stays)s of %(of)s), and each counts twice: only one should be loaded."
    )
    return [
        text
        % {
            "other": pair.other if pair.one == feed else pair.one,
            "stays": say.count(pair.stays),
            "of": say.count(pair.of),
        }
        for pair in pairs
        if feed in (pair.one, pair.other)
    ]


def alarm(beat: Heartbeat, at_us: int, tz: str) -> str:
    """Say that a feed has been silent for too long."""
    known = {
        "feed": beat.feed,
        "long": say.duration(beat.silent_us(at_us) / 1e6),
        "moment": say.instant(beat.came_us, tz),
        "every": every(beat.cadence_us or 0),
    }
    if beat.is_set:
        return _("Nothing came from %(feed)s for %(long)s, since %(moment)s; it should come every %(every)s.") % known
    return _("Nothing came from %(feed)s for %(long)s, since %(moment)s; it usually comes every %(every)s.") % known


def every(us: int) -> str:
    """Return a cadence in words: 15 min, 4 h, 7 days."""
    if us < HOUR_US:
        return say.duration(us / 1e6)
    if us < 2 * DAY_US:
        hours = round(us / HOUR_US)
        return _("day") if hours == 24 else ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = round(us / DAY_US)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def line(one: Wrong) -> str:
    """Say one thing that is wrong with a feed."""
    if one.change is not None:
        return _("%(feed)s: in %(file)s %(what)s.") % {
            "feed": one.feed, "file": one.change.name, "what": change_words(one.change),
        }  # fmt: skip
    if one.clock is not None:
        return f"{one.feed}: {clock_words(one.clock)}"
    return _chart_line(one)


def _chart_line(one: Wrong) -> str:
    if one.chart is None:
        return ""
    known = {
        "feed": one.feed,
        "what": _(one.chart.title).lower(),
        "since": say.period_name((dt.date.fromisoformat(one.since) - EPOCH).days, "day"),
        "value": value_text(one.value, one.chart.spec.unit, 0),
        "usual": value_text(one.usual, one.chart.spec.unit, 0),
    }
    if one.chart in BROUGHT:
        known["what"] = {"stays": _("stays"), "messages": _("messages"), "rows": _("rows")}[one.chart.counted]
        texts = {
            "day": _(
                "%(feed)s: fewer %(what)s than usual since %(since)s: %(value)s a day of late, usually %(usual)s."
            ),
            "week": _(
                "%(feed)s: fewer %(what)s than usual since %(since)s: %(value)s a week of late, usually %(usual)s."
            ),
            "month": _(
                "%(feed)s: fewer %(what)s than usual since %(since)s: %(value)s a month of late, usually %(usual)s."
            ),
        }
        return texts[one.period] % known
    return _("%(feed)s, %(what)s: %(value)s since about %(since)s, usually %(usual)s.") % known


def change_words(change: drift.Change) -> str:
    """Say how a delivery differs from the one before, without its name."""
    return _(drift.TEXTS[change.text]) % drift.places(change, lambda text: _(text) if text else "")


def clock_words(clock: Clock) -> str:
    """Say how the clock of a sender is off, or how it runs."""
    if clock.ahead_us > AHEAD_US:
        return _("messages come up to %(n)s before their own time: the sender's clock is ahead.") % {
            "n": say.duration(clock.ahead_us / 1e6)
        }
    moved = clock.drift_us or 0
    if clock.is_off:
        return _("the sender's clock moved by %(n)s against ours on the last day.") % {
            "n": say.duration(abs(moved) / 1e6)
        }
    return _("the sender's clock runs as it usually does, %(n)s behind ours.") % {
        "n": say.duration(clock.days[-1].median_us / 1e6)
    }
