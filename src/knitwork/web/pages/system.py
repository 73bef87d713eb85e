"""The first page: the whole system, what changed in it, and its units as a map one can walk."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.periods import Period, full_name
from knitwork.signals.newness import last_tested
from knitwork.web import fresh, glance, judging, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages import waits
from knitwork.web.pages.around import Names, inside, taking_part
from knitwork.web.pages.atlas import atlas
from knitwork.web.pages.frame import of
from knitwork.web.source import Source

# So many changes stand on the page before one asks for the rest.
SHOWN_CHANGES = 6


@needs("read")
def system(request: HttpRequest) -> HttpResponse:
    """Show what changed in the whole system, and every unit with its patients now: as a map, or as a list."""
    source = of(request)
    if source.answers is None or not source.answers.registry.units:
        return render(request, "pages/empty.html", {})
    hide = not may(request.user, "patients")
    period = judging.usual_period(source)
    found = glance.glance(source, period)
    registry = source.answers.registry
    known = Names(source)
    roots = registry.roots()
    nested = trees(source, known, found, hide=hide)
    joined = [code for code in (unit.unit for unit in registry.units) if only_joined(source, code)]
    top = roots[0]
    calendar = present.has_calendar(source)
    judged = judging.judged(source, top, period) if calendar else ()
    told = [present.told(source, one, period=period, hide=hide) for one in judged]
    named = names_of_units(known, [code for code in found if code not in roots and code not in joined])
    last = last_period(found, named, period)
    numbers = found[top].numbers
    numbers = numbers | {"late": fresh.late_note(source, numbers["feeds"])}
    several = calendar and len(named) > 1
    pairs = waits.lines(source, known, period, hide=hide) if several else []
    context: dict[str, Any] = {
        "name": known.name(top) if len(roots) == 1 else source.name,
        "top": known.link(top),
        "lead": opening(found, named, last, pairs, hide=hide) if several else present.lead(told, calendar=calendar),
        "tiles": present.tiles(source, top, numbers, hide=hide) if len(roots) == 1 else [],
        "news": news(found, named, last, pairs, hide=hide) if several else None,
        "signals": [
            present.card_of(source, one, unit=top, period=period, hide=hide)
            for one in [one for one in judged if one.evaluation.recent][:SHOWN_CHANGES]
        ],
        "chance": present.by_chance([one.evaluation for one in judged]) if judged else "",
        "units": len(named),
        "by_chance": glance.by_chance({code: found[code] for code in named}) if calendar else "",
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        **quality.beside(source),
        "calendar": calendar,
        "guessed": sum(1 for unit in registry.units if known.is_guess(unit.unit)),
        "unknown": sum(1 for unit in registry.units if known.kind(unit.unit)[1] and not known.is_guess(unit.unit)),
        "joined": [programme(source, known, code, request) for code in joined],
        "as_list": request.GET.get("view") == "list",
        "nested": nested,
        "flat": len(named) > 1 and not any(m.kind == "belongs" for m in registry.memberships),
    }
    chosen = next((one for one in context["joined"] if one["chosen"]), None)
    context["chosen"] = chosen
    context["map"] = atlas(nested, outlined=frozenset(chosen["codes"]) if chosen else frozenset())
    return render(request, "pages/system.html", context)


def names_of_units(known: Names, codes: list[str]) -> dict[str, str]:
    """Return the names of the microsystems among these units."""
    return {code: known.name(code) for code in codes if known.registry.level_of(code) == "micro"}


def last_period(found: dict[str, glance.Glance], codes: dict[str, str], period: Period) -> str:
    """Return the name of the last complete period that any chart has; empty where none has one."""
    longest = [found[code].longest for code in codes]
    labels = [e.labels[at] for e in longest if e is not None and (at := last_tested(e)) is not None]
    return full_name(max(labels), period, _) if labels else ""


def opening(
    found: dict[str, glance.Glance], names: dict[str, str], last: str, pairs: list[waits.Line], *, hide: bool
) -> SafeString:
    """Return the sentences the page opens with; the hand-off they name leads to its page."""
    said = escape(glance.lead(found, names, hide=hide, last=last, handoffs=[line.sentence for line in pairs]))
    link = f'<a href="{escape(pairs[0].address)}">' if pairs else ""
    return mark_safe(said.replace(present.OPENING, link).replace(present.CLOSING, "</a>"))  # noqa: S308 - escaped


def news(
    found: dict[str, glance.Glance], names: dict[str, str], last: str, pairs: list[waits.Line], *, hide: bool
) -> dict[str, Any]:
    """Return what is new in the last complete period and what lasts longer, each change in words and with its page."""
    new, longer = glance.changes_of(found, names)
    told = {
        part: [told_change(change, names[change.unit], hide=hide) for change in some]
        for part, some in (("new", new), ("longer", longer))
    }
    return {
        "last": last,
        "new_pairs": [line for line in pairs if line.new],
        "longer_pairs": [line for line in pairs if not line.new],
        "new": told["new"][:SHOWN_CHANGES],
        "new_rest": told["new"][SHOWN_CHANGES:],
        "longer": told["longer"][:SHOWN_CHANGES],
        "longer_rest": told["longer"][SHOWN_CHANGES:],
        "chance": glance.new_by_chance({code: found[code] for code in names}, last),
    }


def told_change(change: glance.Change, name: str, *, hide: bool) -> dict[str, str]:
    """Return one change as a line: its mark, where it leads, and its words."""
    return {
        "verdict": change.verdict,
        "address": reverse("measure", kwargs={"code": change.unit, "measure": change.definition.id})
        + f"?period={change.period}",
        "head": glance.head(change, name),
        "what": glance.what(change, hide=hide),
    }


def trees(source: Source, known: Names, found: dict[str, glance.Glance], *, hide: bool) -> list[dict[str, Any]]:
    """Return every unit nested under the tops; units that nothing holds stand beside them."""
    nested = [branch(source, known, found, root, hide=hide, seen=frozenset()) for root in known.registry.roots()]
    placed = {code for top in nested for code in codes_in(top)}
    alone = [u.unit for u in known.registry.units if u.unit not in placed and not only_joined(source, u.unit)]
    return nested + [branch(source, known, found, code, hide=hide, seen=frozenset()) for code in alone]


def only_joined(source: Source, code: str) -> bool:
    """Say whether a group has no unit of its own and no record: units only take part in it."""
    memberships = source.answers.registry.memberships
    groups = {m.group for m in memberships if m.kind == "takes_part"}
    return code in groups and not any(m.group == code and m.kind == "belongs" for m in memberships)


def programme(source: Source, known: Names, code: str, request: HttpRequest) -> dict[str, Any]:
    """Return a group that runs across the others: its name, who takes part, and whether it is outlined on the map."""
    codes = taking_part(source, code)
    text = ngettext("%(n)s unit takes part", "%(n)s units take part", len(codes)) % {"n": len(codes)}
    return known.link(code) | {"units": text, "codes": codes, "chosen": request.GET.get("across") == code}


def branch(
    source: Source, known: Names, found: dict[str, glance.Glance], code: str, *, hide: bool, seen: frozenset[str]
) -> dict[str, Any]:
    """Return one unit with the units inside it."""
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
        "changed": changed_in_short(at.changes),
        "inside": [branch(source, known, found, child, hide=hide, seen=seen | {code}) for child in below],
    }


def changed_in_short(changes: tuple[glance.Change, ...]) -> str:
    """Return what signals in a unit in as few words as stand in a cell of the map."""
    if not changes:
        return ""
    more = len(changes) - 1
    return changes[0].definition.short + (_(" +%(n)s") % {"n": more} if more else "")


def here_in_words(source: Source, code: str, numbers: dict[str, Any], *, hide: bool) -> str:
    """Say who is in a unit when the records end: who is in its beds, or who came that day where it has none."""
    late = fresh.late_note(source, numbers["feeds"])
    if late:
        return late
    if numbers.get("here_now") is None and numbers.get("arrived_today") is None:
        return ""
    if numbers.get("here_now") is not None and not judging.without_beds(source, code):
        return _("%(n)s here") % {"n": small.shown_count(numbers.get("here_now"), hide=hide)}
    return _("%(n)s came that day") % {"n": small.shown_count(numbers.get("arrived_today"), hide=hide)}


def patients(n: int | None, *, hide: bool) -> str:
    """Return a number of patients in words."""
    shown = small.shown_count(n, hide=hide)
    return ngettext("%(n)s patient", "%(n)s patients", n or 0) % {"n": shown}


def codes_in(top: dict[str, Any]) -> set[str]:
    """Return the codes in a branch."""
    return {top["code"]}.union(*(codes_in(child) for child in top["inside"]))
