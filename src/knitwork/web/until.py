"""Up to when the records of one unit go, and what must be said first because they go no further.

A page about today must never look calm because nothing came: a feed that ended earlier than the others, or long ago,
is named before any number that rests on it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.words import joined
from knitwork.home.spine import DAY_US
from knitwork.web import fresh, say
from knitwork.web.source import Source

# Feeds that end within so many hours of each other end together: at night minutes pass without an event.
TOGETHER_US = 6 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Until:
    """The moment at which the records of a unit end, on which local day, from which feeds; those that ended earlier."""

    us: int
    day: int
    feeds: tuple[str, ...]
    earlier: tuple[tuple[str, int], ...]
    before_the_rest: bool
    tz: str


def until_of(source: Source, feeds: list[str], tz: str | None) -> Until | None:
    """Return up to when these feeds go together; None where none of them has real dates."""
    as_of = source.answers.as_of_us
    said = {} if source.now is None else {one.feed: one.said_us for one in source.now.feeds().values() if one.said_us}
    as_of = max([*([] if as_of is None else [as_of]), *said.values()], default=None)
    lasts = {
        state.feed: max(min(state.last_us, as_of), said.get(state.feed, 0))
        for state in source.answers.feeds()
        if state.feed in feeds and state.calendar != "shifted" and state.last_us is not None
    }
    # A live feed may speak of a unit before any of its records are in the lake.
    lasts |= {feed: us for feed, us in said.items() if feed in feeds and feed not in lasts}
    if not lasts or as_of is None:
        return None
    us, zone = max(lasts.values()), tz or source.tz
    return Until(
        us=us,
        day=(say.local(us, zone).date() - dt.date(1970, 1, 1)).days,
        feeds=tuple(sorted(lasts)),
        earlier=tuple((feed, last) for feed, last in sorted(lasts.items()) if us - last > TOGETHER_US),
        before_the_rest=as_of - us > TOGETHER_US,
        tz=zone,
    )


def warnings(source: Source, until: Until, now: dt.datetime) -> list[str]:
    """Say what must be known before any number of the moment is read; nothing where the records are fresh and whole."""
    said = []
    at = fresh.us_of(now)
    late = fresh.late_feeds(source, max(at, until.us))
    if all(feed in late for feed in until.feeds):
        days = max((at - until.us) // DAY_US, 0)
        text = ngettext(
            "These records end %(n)s day ago: this page tells of that day and not of today.",
            "These records end %(n)s days ago: this page tells of that day and not of today.",
            days,
        )
        said.append(text % {"n": say.count(days)})
    if until.before_the_rest:
        text = _(
            "The records of %(feeds)s end on %(moment)s, earlier than the other feeds: what came after is not known."
        )
        said.append(text % {"feeds": joined(until.feeds, 0, _, ngettext), "moment": say.instant(until.us, until.tz)})
    said += [
        _("The records of %(feed)s end earlier, on %(moment)s: what came after is missing below.")
        % {"feed": feed, "moment": say.instant(last, until.tz)}
        for feed, last in until.earlier
    ]
    return said


def as_of_words(until: Until) -> str:
    """Say up to when and from where: As of Saturday 31 October 2026, 23:37, from general-adt."""
    known = {"moment": say.long_day(until.us, until.tz), "feeds": joined(until.feeds, 0, _, ngettext)}
    return _("As of %(moment)s, from %(feeds)s.") % known


def day_name(day: int) -> str:
    """Return a local day by its name: Saturday 31 October."""
    return date_format(dt.date(1970, 1, 1) + dt.timedelta(days=day), "l j F")


def short_instant(us: int, tz: str) -> str:
    """Return an instant for a narrow column: 26 Oct, 17:56."""
    return date_format(say.local(us, tz).replace(tzinfo=None), "j M, H:i")


def clock(us: int, tz: str) -> str:
    """Return the time of an instant on the clock of a zone: 23:37."""
    return date_format(say.local(us, tz).replace(tzinfo=None), "H:i")
