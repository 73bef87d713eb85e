"""The first page: the whole system, its units and where something changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.web import fresh, glance, present, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import Names, inside, taking_part
from knitwork.web.pages.frame import of
from knitwork.web.source import Source


@needs("read")
def system(request: HttpRequest) -> HttpResponse:
    """Show every unit, nested, with its patients now and its signals in words."""
    source = of(request)
    if source.answers is None or not source.answers.registry.units:
        return render(request, "pages/empty.html", {})
    hide = not may(request.user, "patients")
    period = present.usual_period(source)
    found = glance.glance(source, period)
    registry = source.answers.registry
    known = Names(source)
    roots = registry.roots()
    nested = [branch(source, known, found, root, hide=hide, seen=frozenset()) for root in roots]
    placed = {code for top in nested for code in codes_in(top)}
    alone = [unit.unit for unit in registry.units if unit.unit not in placed and not only_joined(source, unit.unit)]
    nested += [branch(source, known, found, code, hide=hide, seen=frozenset()) for code in alone]
    joined = [code for code in (unit.unit for unit in registry.units) if only_joined(source, code)]
    top = roots[0]
    calendar = present.has_calendar(source)
    cards = present.cards(source, top, period=period, hide=hide) if calendar else []
    below = {code: known.name(code) for code in found if code not in roots and code not in joined}
    several = len([code for code in below if registry.level_of(code) == "micro"]) > 1
    named = {code: name for code, name in below.items() if registry.level_of(code) == "micro"}
    numbers = found[top].numbers
    numbers = numbers | {"late": fresh.late_note(source, numbers["feeds"])}
    context = {
        "name": known.name(top) if len(roots) == 1 else source.name,
        "top": known.link(top),
        "lead": glance.lead(found, named) if calendar and several else present.lead(cards, calendar=calendar),
        "tiles": present.tiles(source, top, numbers, hide=hide) if len(roots) == 1 else [],
        "signals": [card for card in cards if card.signalling][:6],
        "chance": present.by_chance([card.evaluation for card in cards]) if cards else "",
        "nested": nested,
        "joined": [known.link(code) | {"units": joined_units(source, code)} for code in joined],
        "units": sum(1 for unit in registry.units if registry.level_of(unit.unit) == "micro"),
        "by_chance": glance.by_chance({code: found[code] for code in named}) if calendar else "",
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "calendar": calendar,
        "guessed": sum(1 for unit in registry.units if known.is_guess(unit.unit)),
        "unknown": sum(1 for unit in registry.units if known.kind(unit.unit)[1] and not known.is_guess(unit.unit)),
    }
    return render(request, "pages/system.html", context)


def only_joined(source: Source, code: str) -> bool:
    """Say whether a group has no unit of its own and no record: units only take part in it."""
    memberships = source.answers.registry.memberships
    groups = {m.group for m in memberships if m.kind == "takes_part"}
    return code in groups and not any(m.group == code and m.kind == "belongs" for m in memberships)


def joined_units(source: Source, code: str) -> str:
    """Say how many units take part in a group as of the records."""
    n = len(taking_part(source, code))
    return ngettext("%(n)s unit takes part", "%(n)s units take part", n) % {"n": n}


def branch(
    source: Source, known: Names, found: dict[str, glance.Glance], code: str, *, hide: bool, seen: frozenset[str]
) -> dict[str, Any]:
    """Return one unit with the units inside it, for the nested list."""
    at = found[code]
    kind, _guessed = known.kind(code)
    below = [child for child in inside(source, code) if child not in seen and child != code]
    return known.link(code) | {
        "kind": kind,
        "guessed": known.is_guess(code),
        "here": here_in_words(source, code, at.numbers, hide=hide),
        "patients": patients(at.numbers.get("patients_all"), hide=hide),
        "signals": glance.in_words(at.changes),
        "signalling": bool(at.changes),
        "verdict": at.changes[0].verdict if at.changes else "",
        "inside": [branch(source, known, found, child, hide=hide, seen=seen | {code}) for child in below],
    }


def here_in_words(source: Source, code: str, numbers: dict[str, Any], *, hide: bool) -> str:
    """Say who is in a unit when the records end: who is in its beds, or who came that day where it has none."""
    late = fresh.late_note(source, numbers["feeds"])
    if late:
        return late
    if numbers.get("here_now") is None and numbers.get("arrived_today") is None:
        return ""
    if numbers.get("here_now") is not None and not present.without_beds(source, code):
        return _("%(n)s here") % {"n": small.shown_count(numbers.get("here_now"), hide=hide)}
    return _("%(n)s came that day") % {"n": small.shown_count(numbers.get("arrived_today"), hide=hide)}


def patients(n: int | None, *, hide: bool) -> str:
    """Return a number of patients in words."""
    shown = small.shown_count(n, hide=hide)
    return ngettext("%(n)s patient", "%(n)s patients", n or 0) % {"n": shown}


def codes_in(top: dict[str, Any]) -> set[str]:
    """Return the codes in a branch."""
    return {top["code"]}.union(*(codes_in(child) for child in top["inside"]))
