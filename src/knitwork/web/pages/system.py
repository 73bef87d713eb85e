"""The first page: the whole system, its units and where something changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from knitwork.web import present, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import Names, inside
from knitwork.web.pages.frame import of
from knitwork.web.source import Source


@needs("read")
def system(request: HttpRequest) -> HttpResponse:
    """Show every unit, nested, with its patients now and its signals in words."""
    source = of(request)
    if source.answers is None or not source.answers.registry.units:
        return render(request, "pages/empty.html", {})
    hide = not may(request.user, "patients")
    at_a_glance = present.glance(source, "month")
    registry = source.answers.registry
    known = Names(source)
    roots = registry.roots()
    nested = [branch(source, known, at_a_glance, root, hide=hide, seen=frozenset()) for root in roots]
    placed = {code for top in nested for code in codes_in(top)}
    alone = [unit.unit for unit in registry.units if unit.unit not in placed]
    nested += [branch(source, known, at_a_glance, code, hide=hide, seen=frozenset()) for code in alone]
    top = roots[0]
    calendar = present.has_calendar(source)
    cards = present.cards(source, top, period="month", hide=hide) if calendar else []
    signalling = [code for code, (_numbers, n) in at_a_glance.items() if n and code not in roots]
    context = {
        "name": known.name(top) if len(roots) == 1 else source.name,
        "top": known.link(top),
        "lead": present.lead(cards, calendar=calendar),
        "tiles": present.tiles(source, top, at_a_glance[top][0], hide=hide) if len(roots) == 1 else [],
        "signals": [card for card in cards if card.signalling][:6],
        "chance": present.by_chance([card.evaluation for card in cards]) if cards else "",
        "nested": nested,
        "units": sum(1 for unit in registry.units if registry.level_of(unit.unit) == "micro"),
        "units_signalling": len(signalling),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "calendar": calendar,
        "guessed": sum(1 for unit in registry.units if known.kind(unit.unit)[1]),
    }
    return render(request, "pages/system.html", context)


def branch(
    source: Source, known: Names, at_a_glance: dict[str, Any], code: str, *, hide: bool, seen: frozenset[str]
) -> dict[str, Any]:
    """Return one unit with the units inside it, for the nested list."""
    numbers, signals = at_a_glance.get(code, ({}, 0))
    kind, guessed = known.kind(code)
    below = [child for child in inside(source, code) if child not in seen and child != code]
    return known.link(code) | {
        "kind": kind,
        "guessed": guessed,
        "here": small.shown_count(numbers.get("here_now"), hide=hide),
        "patients": patients(numbers.get("patients_all"), hide=hide),
        "signals": say.signals(signals),
        "signalling": bool(signals),
        "inside": [branch(source, known, at_a_glance, child, hide=hide, seen=seen | {code}) for child in below],
    }


def patients(n: int | None, *, hide: bool) -> str:
    """Return a number of patients in words."""
    shown = small.shown_count(n, hide=hide)
    return ngettext("%(n)s patient", "%(n)s patients", n or 0) % {"n": shown}


def codes_in(top: dict[str, Any]) -> set[str]:
    """Return the codes in a branch."""
    return {top["code"]}.union(*(codes_in(child) for child in top["inside"]))
