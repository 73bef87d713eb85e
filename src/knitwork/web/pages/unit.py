"""A unit's page, the same for every kind and level."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from knitwork.web import doubts, fresh, glance, present, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import Names, Place, inside, period_of, periods, place, taking_part
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.handoffs import neighbourhood, pair_rows
from knitwork.web.source import Source

MONTHS_OF_WAITS = 3


@needs("read")
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """Show a unit: lead, four numbers, signals, hand-offs, waits, the rest."""
    source = with_answers(request)
    at = place(source, code)
    hide = not may(request.user, "patients")
    period = period_of(request, source)
    calendar = present.has_calendar(source)
    cards = present.cards(source, code, period=period, hide=hide) if calendar else []
    numbers = source.answers.unit_numbers(code, at.level)
    feeds = glance.glance(source, present.usual_period(source))[code].numbers["feeds"]
    numbers = numbers | {"late": fresh.late_note(source, feeds)}
    known = Names(source)
    months = MONTHS_OF_WAITS if calendar else None
    pairs = source.answers.pairs(at.level, unit=code, months=months)
    if not pairs and months:
        # Nobody passed of late: what the records know from before still tells who the neighbours are.
        months, pairs = None, source.answers.pairs(at.level, unit=code, months=None)
    part = taking_part(source, code)
    if part and not inside(source, code):
        # A programme has no patients of its own: its hand-offs are those among the units that take part.
        months = MONTHS_OF_WAITS if calendar else None
        among = source.answers.pairs_among(part, months=months)
        rows = pair_rows(among, known, level="micro", hide=hide, seen_from=None)
    else:
        rows = pair_rows(pairs, known, level=at.level, hide=hide, seen_from=code)
    totals = [] if calendar else present.totals(source, code, hide=hide)
    shown = {card.measure for card in cards} | {row["definition"].id for row in totals}
    context = {
        "place": at,
        "lead": lead(source, at, cards, calendar=calendar),
        "tiles": present.tiles(source, code, numbers, hide=hide),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "calendar": calendar,
        "signals": [card for card in cards if card.signalling],
        "quiet": [card for card in cards if not card.signalling],
        "chance": present.by_chance([card.evaluation for card in cards]) if cards else "",
        "measures": len(cards),
        "judged": any(card.evaluation.n_useful >= present.ENOUGH for card in cards),
        "totals": totals,
        "strip": present.strip(totals),
        "doubts": doubts.of_unit(source, [m for m in source.measures if m in shown], known),
        "flow": neighbourhood(pairs, code, known, hide=hide, level=at.level),
        "pairs": rows[:12],
        "timed": any(row["lost_s"] for row in rows),
        "months": months,
        "inside": unit_links(known, [child for child in inside(source, code) if child != code]),
        "taking_part": unit_links(known, part),
        "missing": missing(source, at, shown),
        "period": period,
        "periods": periods(request, source),
    }
    return render(request, "pages/unit.html", context)


def lead(source: Source, at: Place, cards: list[present.Card], *, calendar: bool) -> str:
    """Return the sentences a unit's page opens with; where waits cannot be told they are missed, so that is said too."""
    if not cards and calendar and taking_part(source, at.code):
        return _("Units of several groups take part in this one; each is measured on its own page.")
    said = present.lead(cards, calendar=calendar)
    states = source.answers.feeds()
    if calendar and states and not any(state.departures_recorded for state in states):
        said += " " + _("Waits between units cannot be told: departure not recorded by this feed.")
    return said


def unit_links(known: Names, codes: list[str]) -> list[dict[str, Any]]:
    """Return units as links with their kinds."""
    return [known.link(code) | {"kind": known.kind(code)[0]} for code in codes]


def missing(source: Source, at: Place, shown: set[str]) -> list[dict[str, str]]:
    """Return the measures that have nothing to show here, each with its reason."""
    can = source.answers.computable()
    without_beds = present.without_beds(source, at.code)
    found = []
    for measure, definition in source.measures.items():
        if measure in shown:
            continue
        able, why_not, unlock = can.get(measure, (True, "", ""))
        if able and without_beds and definition.counts == "midnights":
            why_not = _("Patients do not stay here overnight.")
        elif able:
            why_not = _("Nothing to count here yet.")
        found.append({"title": definition.title, "why_not": why_not, "unlock": "" if able else unlock})
    return found
