"""The inside of a wall as HTML: made once for a wall, a generation and a language, and kept.

A page puts it in place when it is opened, and a stream offers it to every screen when it has changed: all show the same.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from knitwork.home.quality import cadence
from knitwork.home.quality.cadence import Heartbeat
from knitwork.web import fresh, judging, present, quality, say
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names, exists
from knitwork.web.source import Source
from knitwork.web.walls.board import board
from knitwork.web.walls.items import Item, read_all
from knitwork.web.walls.models import Wall

# A wall has room for one line about its feeds; the desk has them all.
MOST_WRONG = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which wall somebody looks at: a unit's own, or one that people made (`wall`); by a link or signed in.

    With `page` today it is a unit's page, of which only what is live is renewed; `whole`: small numbers too.
    """

    unit: str
    wall: int | None = None
    period: str = ""
    linked: bool = False
    page: str = "wall"
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of a wall: its HTML packed, a tag that changes with it, and from when on it is stale."""

    packed: bytes
    tag: str
    late_us: int | None
    pages: int

    @property
    def html(self) -> str:
        return gzip.decompress(self.packed).decode()

    def is_stale(self, at_us: int) -> bool:
        return self.late_us is not None and at_us > self.late_us


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what a wall shows within a generation; `live` is whether a strip stands on it."""

    wanted: Wanted
    name: str
    title: str
    period: str
    items: tuple[Item, ...]
    page: int
    language: str
    live: bool = False


def inside_of(source: Source, wanted: Wanted, *, page: int = 1, live: bool = False) -> Inside:
    """Return the inside of a wall in the language of now, `page` in front; made once and kept.

    Raises `Http404` where the unit is not known or the wall was taken down.
    """
    if not exists(source.answers.registry, wanted.unit):
        raise Http404(wanted.unit)
    known = Names(source)
    period, title = wanted.period, ""
    items: tuple[Item, ...] = ()
    if wanted.wall is not None:
        wall = Wall.objects.filter(pk=wanted.wall, unit=wanted.unit, removed=False).first()
        if wall is None:
            raise Http404(wanted.unit)
        period, items, title = wall.period, read_all(wall.items), wall.name
    plan = Plan(
        wanted, known.name(wanted.unit), title, period, items, max(page, 1), translation.get_language() or "en-gb", live
    )  # fmt: skip
    return kept(source, "wall", lambda: _make(source, plan), plan, edition=source.decisions.token)


def _make(source: Source, plan: Plan) -> Inside:
    unit, linked = plan.wanted.unit, plan.wanted.linked
    calendar = kept(source, "has calendar", lambda: present.has_calendar(source))
    period = next((one for one in present.PERIODS if one == plan.period), judging.usual_period(source))
    made = (
        board(source, unit, name=plan.name, period=period, items=plan.items, linked=linked, live=plan.live)
        if calendar
        else None
    )
    if made is not None and not made.sheets and not plan.period and period != "month":
        # A small practice has too few patients for a wall by the week, and enough by the month.
        monthly = board(source, unit, name=plan.name, period="month", items=plan.items, linked=linked, live=plan.live)
        made = monthly if monthly.sheets else made
    last, late = ends(source, unit) if calendar else (None, None)
    pages = len(made.sheets) if made else 1
    own = own_feeds(source, unit)
    context = {
        "board": made,
        "name": plan.name,
        "wall_name": plan.title,
        "long": made.long if made else False,
        "code": unit,
        "linked": linked,
        "page": min(plan.page, max(pages, 1)),
        "query": f"&period={plan.period}" if plan.period and plan.wanted.wall is None else "",
        "totals": [] if calendar else present.totals(source, unit, hide=True)[:12],
        "calendar": calendar,
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "last": say.instant(last, source.tz),
        "last_day": say.day(last, source.tz),
        "late_ms": None if late is None else late // 1000,
        "invented": source.invented,
        "live": plan.live,
        "wrong": quality.quality_notes(source, own or None)[:MOST_WRONG],
        "silent": silences(source, own),
    }
    text = render_to_string("walls/inside.html", context)
    tag = hashlib.sha256(text.encode()).hexdigest()[:16]
    # Level 6 is a third of the time of 9, for a hundredth more bytes; no time of day in it, so equal text packs equal.
    return Inside(gzip.compress(text.encode(), 6, mtime=0), tag, late, pages)


Ends = dict[str, tuple[int, int]]


def feed_ends(source: Source) -> Ends:
    """Return of each feed with real dates where its records end, and the instant from which that is too long ago."""
    every = fresh.cadences(source)
    return {
        state.feed: (state.last_us, state.last_us + 2 * every.get(state.feed, fresh.UNKNOWN_CADENCE_US))
        for state in source.answers.feeds()
        if state.calendar != "shifted" and state.last_us is not None
    }


def own_feeds(source: Source, unit: str) -> list[str]:
    """Return the feeds whose records tell of a unit."""
    feeds = kept(source, "feeds by unit", source.answers.feeds_by_unit)
    return list(feeds.get((source.answers.registry.level_of(unit), unit), []))


def silences(source: Source, feeds: list[str]) -> list[dict[str, Any]]:
    """Return for each of these feeds from which instant on (ms) its silence is an alarm, and the words of it.

    The screen compares the instant with its clock: silence brings no news that could.
    """
    return [
        {"from_ms": (beat.came_us + cadence.TIMES * beat.cadence_us) // 1000, "said": silence(beat, source.tz)}
        for beat in quality.beats(source)
        if beat.cadence_us is not None and (not feeds or beat.feed in feeds)
    ]


def silence(beat: Heartbeat, tz: str) -> str:
    """Say since when a feed is silent."""
    return _("Nothing from %(feed)s since %(moment)s") % {"feed": beat.feed, "moment": say.instant(beat.came_us, tz)}


def ends(source: Source, unit: str) -> tuple[int | None, int | None]:
    """Return where the records of a unit's own feeds end, and the instant from which that is too long ago.

    A unit whose own feed stopped is stale although another feed goes on.
    """
    known = kept(source, "feed ends", lambda: feed_ends(source))
    mine = [known[feed] for feed in own_feeds(source, unit) if feed in known] or list(known.values())
    if not mine:
        return None, None
    return max(last for last, _late in mine), max(late for _last, late in mine)


def title_of(name: str, wall_name: str) -> str:
    """Return what a wall is called in the bar of a browser."""
    return f"{name}, {wall_name}" if wall_name else _("Wall of %(unit)s") % {"unit": name}
