"""A unit's page, Today: what is not noise, who is here, who came and left, who is on the way, as of when the records end.

For the unit's team patients are named and the reading is written down; for everyone else there are counts alone. A
group names nobody: it shows the units inside it side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.words import joined
from knitwork.home import today as ask
from knitwork.home.today import Seen, Tally
from knitwork.web import doubts, judging, present, quality, say, small
from knitwork.web.accounts.access import needs
from knitwork.web.audit.record import record
from knitwork.web.kept import kept
from knitwork.web.pages import members, people
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.handoffs import untimed
from knitwork.web.pages.unit import Head, feeds_of, head_context, head_of, is_beside, numbers_of
from knitwork.web.source import Source
from knitwork.web.until import Until, as_of_words, clock, day_name, until_of, warnings
from knitwork.web.walls.render import Wanted
from knitwork.web.walls.strips import live_feeds, strip_of

MOST_CARDS = 6
HANDOFF_DAYS = 7
NEIGHBOURS_NAMED = 3


@needs("read")
def today(request: HttpRequest, code: str) -> HttpResponse:
    """Show a unit today. Where patients are named, that they were read is written down before the page is."""
    source = with_answers(request)
    head = head_of(request, source, code)
    registered = source.answers.registry.get(code)
    level = "micro" if head.is_programme else head.place.level
    feeds = feeds_of(source, level, head.members if head.is_programme else [code])
    # One page, one moment: a feed that is live here moves the whole page to its last message.
    feeds = sorted({*feeds, *(one.feed for one in live_feeds(source, code))})
    until = until_of(source, feeds, registered.tz if registered else None) if head.calendar else None
    context = head_context(source, head, here="unit") | signals(source, head) | {"programme": head.is_programme}
    context |= quality.beside(source, feeds)
    if until is None:
        context["tiles"] = present.tiles(source, code, numbers_of(source, head), hide=head.hide)
        return render(request, "pages/today.html", context | {"until": None})
    context |= {
        "until": until,
        "strip": strip_of(source, Wanted(code, page="today", whole=not head.hide)),
        "said_as_of": as_of_words(until),
        "warnings": warnings(source, until, timezone.now()),
        "members": members.rows(source, head, until),
    }
    if head.is_programme:
        context["tiles"] = members.tiles(source, head, until)
        return render(request, "pages/today.html", context)
    named = not head.hide and not head.is_group
    if named:
        seen = lately(source, code, head.place.level, until)
        counted = ask.tally(seen, until_us=until.us, last_day=until.day)
        beside = is_beside(source, code)
        if seen:
            written_down(request, code, until, len(seen))
            context["people"] = people.lists(source, head, until, seen, beside=beside)
    else:
        counted = tally_of(source, head, until)
    context |= {
        "tiles": tiles(source, head, until, counted),
        "here": here_words(source, head, until, counted),
        "days": [day_words(source, head, until, counted, back) for back in (0, 1)],
        "under_way": under_way_words(source, head, until, counted),
        "knows_way": knows_departures(source, head, until),
        "handoffs": handoffs(source, head, until),
        "handoff_days": HANDOFF_DAYS,
    }
    return render(request, "pages/today.html", context)


def tally_of(source: Source, head: Head, until: Until) -> Tally:
    """Return the counts of a unit's last two days; kept while nothing is live, for they name nobody."""
    code, level = head.place.code, head.place.level

    def make() -> Tally:
        return ask.tally(lately(source, code, level, until), until_us=until.us, last_day=until.day)

    return make() if source.now is not None else kept(source, "tally", make, code, level, until.us, until.day)


def lately(source: Source, code: str, level: str, until: Until) -> list[Seen]:
    """Return who is and was in a unit: from the live picture where there is one, else from the records."""
    asked = source.answers if source.now is None else source.now
    found: list[Seen] = asked.lately(code, level, until_us=until.us, last_day=until.day)
    return found


def written_down(request: HttpRequest, code: str, until: Until, rows: int) -> None:
    """Write down that the patients of a unit were read: one event for the page, with how many it may name."""
    with transaction.atomic():
        detail = {"unit": code, "page": "today", "until_us": until.us, "rows": rows}
        record(by=request.user, action="read patients", about=f"today in {code}", detail=detail)  # type: ignore[arg-type]


def signals(source: Source, head: Head) -> dict[str, Any]:
    """Return the cards of what signals now, at most six, and what to say of the rest."""
    now = [one for one in head.judged if one.evaluation.recent]
    cards = [
        present.card_of(source, one, unit=head.place.code, period=head.period, hide=head.hide)
        for one in now[:MOST_CARDS]
    ]
    more = len(now) - len(cards)
    return {
        "signals": cards,
        "more": ngettext("%(n)s more signal.", "%(n)s more signals.", more) % {"n": more} if more else "",
        "of": len(head.judged),
        "signalling": len(now),
        "doubts": doubts.of_unit(source, [one.measure for one in now[:MOST_CARDS]], head.known),
        "chance": present.by_chance([one.evaluation for one in head.judged]) if head.judged else "",
        "is_judged": any(one.evaluation.n_useful >= present.ENOUGH for one in head.judged),
    }


def tiles(source: Source, head: Head, until: Until, counted: Tally) -> list[dict[str, str]]:
    """Return the four plain numbers of the moment."""
    code = head.place.code
    numbers = numbers_of(source, head)
    first, _arrived, patients, journeys = present.tiles(source, code, numbers, hide=head.hide)
    if first["name"] == "here_now" and numbers.get("here_now") is not None:
        # Where its own feeds end earlier than the others, who was in then is known, and who is in later is not.
        first["label"] = _("Patients here on %(moment)s") % {"moment": say.instant(until.us, until.tz)}
        first["value"] = small.shown_count(counted.here, hide=head.hide)
    day = say.day(until.us, until.tz)
    arrived, left = sum(counted.arrived[-1]), sum(counted.left[-1])

    def tile(label: str, value: int) -> dict[str, str]:
        return {"label": label, "value": small.shown_count(value, hide=head.hide), "note": "", "name": ""}

    return [
        first,
        tile(_("Arrived on %(day)s") % {"day": day}, arrived),
        tile(_("Left on %(day)s") % {"day": day}, left) | ({} if knows_ends(source, head) else {"value": "–"}),
        # What runs beside a patient's stay is no step of a journey.
        patients if is_beside(source, code) else journeys,
    ]


def here_words(source: Source, head: Head, until: Until, counted: Tally) -> str:
    """Say how many are here, or why that cannot be said."""
    code = head.place.code
    at = {"moment": say.instant(until.us, until.tz)}
    if not knows_ends(source, head) and not is_beside(source, code):
        return _("The records do not say when patients leave, so nobody can say who is here.")
    beside = is_beside(source, code)
    n = counted.beside if beside else counted.here
    if not n:
        if judging.without_beds(source, code):
            return _("Patients come here and go again: nobody was in when the records end, on %(moment)s.") % at
        return _("The records name nobody in here on %(moment)s.") % at
    text = ngettext("%(n)s patient was here on %(moment)s.", "%(n)s patients were here on %(moment)s.", n)
    return text % (at | {"n": small.shown_count(n, hide=head.hide)})


def knows_ends(source: Source, head: Head) -> bool:
    """Say whether any end of a stay here was ever written down: the one time of an event is no departure."""
    return numbers_of(source, head).get("here_now") is not None


def day_words(source: Source, head: Head, until: Until, counted: Tally, back: int) -> dict[str, str]:
    """Say how many came and left on a day, and where from and to; `back` counts days before the last."""
    at = len(counted.arrived) - 1 - back
    name = day_name(until.day - back)
    came, went = sum(counted.arrived[at]), sum(counted.left[at])
    arrived = ngettext("%(n)s arrived", "%(n)s arrived", came) % {"n": small.shown_count(came, hide=head.hide)}
    left = ngettext("%(n)s left", "%(n)s left", went) % {"n": small.shown_count(went, hide=head.hide)}
    return {
        "name": name if back else _("%(day)s, until %(time)s") % {"day": name, "time": clock(until.us, until.tz)},
        "arrived": parts(head, arrived, came, counted.came_from[at], coming=True),
        "left": parts(head, left, went, counted.went_to[at], coming=False)
        if knows_ends(source, head)
        else _("The records do not say who left."),
    }


def parts(head: Head, said: str, total: int, others: Sequence[tuple[str | None, int]], *, coming: bool) -> str:
    """Say a number of arrivals or departures with its parts, where none of them is small."""
    small_ones = small.is_small(total) or any(small.is_small(n) for _unit, n in others)
    if not others or (head.hide and small_ones):
        return f"{said}."
    if len(others) == 1:
        only = {"said": said, "unit": head.known.name(others[0][0])}
        if others[0][0] is None:
            return (_("%(said)s from home or elsewhere.") if coming else _("%(said)s for home or elsewhere.")) % only
        return (_("%(said)s from %(unit)s.") if coming else _("%(said)s for %(unit)s.")) % only
    near = _("%(n)s from %(unit)s") if coming else _("%(n)s to %(unit)s")
    outside = _("%(n)s from home or elsewhere") if coming else _("%(n)s home or elsewhere")
    named = [
        (near if unit else outside) % {"n": say.count(n), "unit": head.known.name(unit)}
        for unit, n in others[:NEIGHBOURS_NAMED]
    ]
    rest = sum(n for _unit, n in others[NEIGHBOURS_NAMED:])
    if rest:
        named.append((_("%(n)s from other units") if coming else _("%(n)s to other units")) % {"n": say.count(rest)})
    return f"{said}: {joined(named, 0, _, ngettext)}."


def knows_departures(source: Source, head: Head, until: Until) -> bool:
    """Say whether the feeds of a unit write departures down, so that somebody can be on the way."""
    states = [state for state in source.answers.feeds() if state.feed in until.feeds]
    return knows_ends(source, head) and any(state.departures_recorded for state in states)


def under_way_words(source: Source, head: Head, until: Until, counted: Tally) -> str:
    """Say how many left of late and were not seen since, which is all that records tell of a hand-off under way."""
    if judging.without_beds(source, head.place.code):
        return ""
    if not knows_departures(source, head, until):
        return _("Departure not recorded by this feed, so nobody can say who is on the way.")
    since = {"time": clock(until.us - ask.UNDER_WAY_HOURS * ask.HOUR_US, until.tz)}
    if not counted.under_way:
        if not counted.left_lately:
            return _("The records name nobody who left since %(time)s.") % since
        return _("Whoever left since %(time)s was seen in another unit.") % since
    text = ngettext(
        "%(n)s patient left since %(time)s and is not seen in another unit yet: gone home or on the way.",
        "%(n)s patients left since %(time)s and are not seen in another unit yet: gone home or on the way.",
        counted.under_way,
    )
    return text % (since | {"n": small.shown_count(counted.under_way, hide=head.hide)})


def handoffs(source: Source, head: Head, until: Until) -> list[dict[str, Any]]:
    """Return the hand-offs in and out of the last days as rows, the longest wait first."""
    code, level = head.place.code, head.place.level

    def make() -> list[dict[str, Any]]:
        return list(source.answers.handoffs_lately(code, level, last_day=until.day, days=HANDOFF_DAYS))

    rows = []
    for pair in kept(source, "handoffs lately", make, code, level, until.day):
        sender, receiver = pair["from_unit"], pair["to_unit"]
        out = sender == code
        other = head.known.name(receiver if out else sender)
        why = untimed(pair, hide=head.hide)
        where = {"sender": sender, "receiver": receiver}
        rows.append({
            "name": (_("to %(unit)s") if out else _("from %(unit)s")) % {"unit": other},
            "address": f"{reverse('pair', kwargs=where)}?level={level}",
            "count": small.shown_count(pair["count"], hide=head.hide),
            "untimed": why,
            "median": "" if why else say.duration(pair["median_s"]),
            "longest": "" if why else say.duration(pair["longest_s"]),
        })  # fmt: skip
    return rows
