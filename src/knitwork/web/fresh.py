"""How old the records are, in words, and which feeds are late.

A page must never look calm because nothing came: where records end long before now it says so.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.words import joined
from knitwork.home.quality.cadence import Heartbeat, overdue
from knitwork.web import say
from knitwork.web.quality import beats
from knitwork.web.source import Source

DAY_US = 86_400_000_000
# A feed is late after twice the usual time between its deliveries; where that is not known, after two days.
UNKNOWN_CADENCE_US = DAY_US


def us_of(moment: dt.datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - say.EPOCH) // dt.timedelta(microseconds=1)


def cadences(known: Source) -> dict[str, int]:
    """Return how often each feed should speak, as its profile says or as it usually does; a day where nobody can tell."""
    return {beat.feed: beat.cadence_us or UNKNOWN_CADENCE_US for beat in beats(known)}


def is_late(last_us: int | None, *, cadence: float, at_us: int) -> bool:
    """Say whether records that end at `last_us` are stale at a moment."""
    return last_us is not None and at_us - last_us > 2 * cadence


def late_feeds(known: Source, at_us: int) -> dict[str, int]:
    """Return the feeds with real dates whose records are stale at a moment, and where they end."""
    every = cadences(known)
    return {
        state.feed: state.last_us
        for state in known.answers.feeds()
        if state.calendar != "shifted"
        and is_late(state.last_us, cadence=every.get(state.feed, UNKNOWN_CADENCE_US), at_us=at_us)
    }


def freshness(known: Source, now: dt.datetime) -> str:
    """Say up to when the records go, how long ago that was where it is too long, and which feeds stopped earlier.

    Of live feeds it says when the last message came, and which have been silent for too long.
    """
    if known.answers is None:
        return _("No records yet")
    states = known.answers.feeds()
    if states and all(state.calendar == "shifted" for state in states):
        return _("Dates were shifted for privacy")
    as_of = known.answers.as_of_us
    until = say.instant(as_of, known.tz)
    at = us_of(now)
    late = late_feeds(known, max(at, as_of or at))
    heard = live_words([beat for beat in beats(known) if beat.live], at, known.tz)
    # A live feed of which nothing could be read yet has no records that could end.
    real = [state for state in states if state.calendar != "shifted" and state.last_us is not None]
    if late and len(late) == len(real):
        days = (at - (as_of or at)) // DAY_US
        text = ngettext("Records end on %(until)s, %(n)s day ago", "Records end on %(until)s, %(n)s days ago", days)
        return "; ".join([text % {"until": until, "n": say.count(days)}, *heard])
    text = ngettext(
        "Records up to %(until)s, from %(n)s feed", "Records up to %(until)s, from %(n)s feeds", len(states)
    )
    said = text % {"until": until, "n": len(states)}
    ended = [_("%(feed)s ends on %(day)s") % {"feed": f, "day": say.day(last, known.tz)} for f, last in late.items()]
    return "; ".join([said, *ended, *heard])


def live_words(live: list[Heartbeat], at_us: int, tz: str) -> list[str]:
    """Say of live feeds which are silent for too long, and when the last message of the others came."""
    silent = overdue(live, at_us)
    said = [_("nothing from %(feed)s since %(moment)s") % {"feed": b.feed, "moment": _of_today(b.came_us, at_us, tz)}
            for b in silent]  # fmt: skip
    heard = [beat.came_us for beat in live if beat not in silent]
    if heard:
        said.append(_("last live message %(moment)s") % {"moment": _of_today(max(heard), at_us, tz)})
    return said


def _of_today(us: int, at_us: int, tz: str) -> str:
    """Return an instant, without its day where that is today."""
    there, here = say.local(us, tz), say.local(at_us, tz)
    return time_format(there.time(), "H:i") if there.date() == here.date() else say.instant(us, tz)


def late_note(known: Source, feeds: list[str]) -> str:
    """Say when a unit's own records end where all its feeds stopped before the others; empty where they did not.

    Who is in such a unit when the other records end is not known, and none of its numbers is nought for that.
    """
    as_of = known.answers.as_of_us
    if as_of is None or not feeds:
        return ""
    late = late_feeds(known, as_of)
    if any(feed not in late for feed in feeds):
        return ""
    return _("its records end on %(day)s") % {"day": say.day(max(late[feed] for feed in feeds), known.tz)}


def view_of(state: Any, known: Source, now: dt.datetime) -> str:
    """Say of one feed that it is late, for the page of feeds; empty where it is not."""
    late = late_feeds(known, max(us_of(now), known.answers.as_of_us or 0))
    if state.feed not in late:
        return ""
    days = (us_of(now) - late[state.feed]) // DAY_US
    text = ngettext(
        "Its records end %(n)s day ago: what came after is not known.",
        "Its records end %(n)s days ago: what came after is not known.",
        days,
    )
    return text % {"n": say.count(days)} if days > 0 else _("It ends before the other feeds.")


def of_feeds(known: Source, feeds: list[str], now: dt.datetime) -> list[str]:
    """Say of a page that rests on these feeds alone up to when each of them goes, and which of them are late."""
    states = [state for state in known.answers.feeds() if state.feed in feeds]
    named = [
        _("%(feed)s (with shifted dates)") % {"feed": state.feed}
        if state.calendar == "shifted" or state.last_us is None
        else _("%(feed)s (up to %(until)s)") % {"feed": state.feed, "until": say.instant(state.last_us, known.tz)}
        for state in states
    ]
    if not named:
        return []
    late = late_feeds(known, max(us_of(now), known.answers.as_of_us or 0))
    said = _("These records come from %(feeds)s.") % {"feeds": joined(named, 0, _, ngettext)}
    ended = [
        _("%(feed)s is late: what happened since is not known here.") % {"feed": state.feed}
        for state in states
        if state.feed in late
    ]
    return [said, *ended]
