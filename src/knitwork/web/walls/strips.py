"""What is live of a unit, in one short strip: who is here, who came and left today, what waits, and up to when.

Walls show it to whoever passes, so no count of 1 to 10 and no time of a single patient stands there. On a unit's page its
team sees both. Nothing is ever said to be quiet: where no message says that somebody waits, that is what stands there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.words import joined
from knitwork.home import today as ask
from knitwork.home.live_feeds import FeedNow
from knitwork.home.live_visits import Wait
from knitwork.web import fresh, judging, say, small
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names
from knitwork.web.source import Source
from knitwork.web.until import clock, until_of
from knitwork.web.walls.render import Wanted

# So many pairs in which somebody waits are named.
NAMED = {"wall": 2, "today": 6}


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip as HTML, and a tag that changes with it."""

    html: SafeString
    tag: str


def live_feeds(source: Source, unit: str) -> list[FeedNow]:
    """Return the live feeds that tell of a unit; none where no feed of it is live."""
    now = source.now
    if now is None:
        return []
    level = source.answers.registry.level_of(unit)
    own = set(kept(source, "feeds by unit", source.answers.feeds_by_unit).get((level, unit), []))
    own |= now.feeds_of(unit, level)
    return [one for feed, one in sorted(now.feeds().items()) if feed in own]


def strip_of(source: Source, wanted: Wanted, names: Names | None = None) -> Strip | None:
    """Return what is live of a unit in the language of now; None where nothing is.

    `names` are those of the same source, where they are at hand already.
    """
    feeds = live_feeds(source, wanted.unit)
    registered = source.answers.registry.get(wanted.unit)
    until = until_of(source, [one.feed for one in feeds], registered.tz if registered else None) if feeds else None
    if until is None:
        return None
    level, known = source.answers.registry.level_of(wanted.unit), names or Names(source)
    seen = source.now.lately(wanted.unit, level, until_us=until.us, last_day=until.day)
    counted = ask.tally(seen, until_us=until.us, last_day=until.day)
    last_us = max(one.came_us for one in feeds)
    context = {
        "here": here_words(source, wanted, counted.here),
        "moved": moved_words(wanted, sum(counted.arrived[-1]), sum(counted.left[-1])),
        "waits": waits_words(source.now.waits(wanted.unit, level), wanted, known, until.tz),
        "looked_back": source.now.knows_who_waits,
        "until": _("Live until %(time)s") % {"time": seconds(until.us, until.tz)},
        "behind": behind_words(source.now.behind),
        "silent": _("Nothing from %(feeds)s since %(moment)s: what happened since is not known")
        % {"feeds": joined([one.feed for one in feeds], 0, _, ngettext), "moment": say.instant(last_us, until.tz)},
        "late_ms": max(one.late_us for one in feeds) // 1000,
        "is_late": all(one.is_late(fresh.us_of(timezone.now())) for one in feeds),
        "page": wanted.page,
    }
    text = render_to_string("walls/strip.html", context)
    # Made by our own template, which escapes every name in it.
    return Strip(mark_safe(text), hashlib.sha256(text.encode()).hexdigest()[:16])  # noqa: S308


def here_words(source: Source, wanted: Wanted, here: int) -> str:
    """Say how many are here, and of how many beds; nothing for units where nobody stays."""
    if judging.without_beds(source, wanted.unit):
        return ""
    registered = source.answers.registry.get(wanted.unit)
    said = ngettext("%(n)s here", "%(n)s here", here) % {"n": small.shown_count(here, hide=not wanted.whole)}
    if registered and registered.capacity:
        said += " " + _("of %(n)s beds") % {"n": say.count(registered.capacity)}
    return said


def moved_words(wanted: Wanted, arrived: int, left: int) -> str:
    """Say how many came and left today."""
    counts = {
        "n": small.shown_count(arrived, hide=not wanted.whole),
        "m": small.shown_count(left, hide=not wanted.whole),
    }
    return _("today %(n)s arrived and %(m)s left") % counts


def waits_words(waits: Iterable[Wait], wanted: Wanted, known: Names, tz: str) -> str:
    """Say what waits by pair, the longest first; how many and since when only for a unit's own team."""
    pairs: dict[str, list[Wait]] = {}
    for wait in waits:
        pairs.setdefault(pair_words(wait, known, wanted.unit), []).append(wait)
    named = [
        _("%(pair)s %(n)s, longest since %(time)s")
        % {"pair": pair, "n": say.count(len(some)), "time": moment(some[0].since_us, tz)}
        if wanted.whole
        else pair
        for pair, some in list(pairs.items())[: NAMED[wanted.page]]
    ]
    return "; ".join(named) + (_(", and others") if len(pairs) > len(named) else "") if named else ""


def pair_words(wait: Wait, known: Names, unit: str) -> str:
    """Say what a patient waits for, as this unit sees it."""
    other = known.name(wait.to_unit if wait.from_unit == unit else wait.from_unit) if wait.from_unit else ""
    if wait.kind == "discharge":
        return _("for discharge")
    if wait.kind == "admission":
        return _("for admission")
    if wait.kind == "arrival":
        if wait.from_unit == unit:
            return _("on the way to %(unit)s") % {"unit": other} if wait.to_unit else _("on the way")
        return _("on the way from %(unit)s") % {"unit": other} if other else _("on the way here")
    if wait.from_unit == unit:
        return _("to %(unit)s") % {"unit": other} if wait.to_unit else _("for another unit")
    return _("from %(unit)s") % {"unit": other} if other else _("for this unit")


def behind_words(messages: int) -> str:
    """Say that the picture is not whole yet; nothing where it is."""
    if messages <= 100:  # a moment's worth: the next look has them
        return ""
    text = ngettext("%(n)s message is not taken in yet", "%(n)s messages are not taken in yet", messages)
    return text % {"n": say.count(messages)}


def moment(us: int, tz: str) -> str:
    """Return the time of an instant, with its day where that is not today's by the clock of the zone."""
    today = say.local(fresh.us_of(timezone.now()), tz).date()
    at = say.local(us, tz)
    return clock(us, tz) if at.date() == today else date_format(at.replace(tzinfo=None), "j M, H:i")


def seconds(us: int, tz: str) -> str:
    """Return an instant to the second, with its day where that is not today."""
    today = say.local(fresh.us_of(timezone.now()), tz).date()
    at: Any = say.local(us, tz).replace(tzinfo=None)
    return date_format(at, "H:i:s") if at.date() == today else date_format(at, "j F Y, H:i:s")
