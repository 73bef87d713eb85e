"""Where a unit stands: its name, what it is inside, what is inside it, and which period is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.draw.periods import Period
from knitwork.model.units import Membership, Registry
from knitwork.web import judging, present, say
from knitwork.web.source import Source
from knitwork.web.units.models import Unit


@dataclass(frozen=True)
class Place:
    """A unit as the head of its pages shows it."""

    code: str
    name: str
    kind: str
    kind_guessed: bool
    is_guess: bool
    level: str
    above: list[dict[str, str]]
    takes_part: list[dict[str, str]]


def names(registry: Registry) -> dict[str, Unit]:
    """Return what people have called units since the last refresh. One query."""
    return {unit.code: unit for unit in Unit.objects.all()} if registry else {}


class Names:
    """The names of units: as people wrote them last, else as the records have them."""

    def __init__(self, source: Source) -> None:
        self.registry = source.answers.registry
        self.written = names(self.registry)

    def name(self, code: str | None) -> str:
        if not code:
            return "–"
        if code in self.written:
            return self.written[code].name
        known = self.registry.get(code)
        return known.name if known else code

    def kind(self, code: str) -> tuple[str, bool]:
        """Return a unit's kind in words, and whether it is only a guess."""
        known = self.written.get(code) or self.registry.get(code)
        if known is None:
            return say.kind_name("macrosystem"), False
        unknown = known.kind == "other" and known.kind_guessed
        return _("kind not known") if unknown else say.kind_name(known.kind), known.kind_guessed

    def is_guess(self, code: str) -> bool:
        """Say whether a kind was guessed from a name; where no word of the name told it, nothing was."""
        known = self.written.get(code) or self.registry.get(code)
        return known is not None and known.kind_guessed and known.kind != "other"

    def link(self, code: str) -> dict[str, str]:
        return {"name": self.name(code), "address": reverse("unit", kwargs={"code": code}), "code": code}


def exists(registry: Registry, code: str) -> bool:
    """Say whether pages about this unit exist: it is known, or the whole system."""
    return registry.get(code) is not None or code in registry.roots()


def holds_at(membership: Membership, at_us: int | None) -> bool:
    """Say whether a membership holds at an instant; an open one holds where no instant is known."""
    if at_us is None:
        return membership.until_us is None
    begun = membership.since_us is None or membership.since_us <= at_us
    return begun and (membership.until_us is None or membership.until_us > at_us)


def inside(source: Source, code: str) -> list[str]:
    """Return the units that belong to a group as of the records; all of them where nothing nests."""
    registry, as_of = source.answers.registry, source.answers.as_of_us
    if registry.get(code) is None:
        return [unit.unit for unit in registry.units if not registry.parents(unit.unit)]
    found = [m for m in registry.memberships if m.group == code and m.kind == "belongs" and holds_at(m, as_of)]
    return sorted({m.unit for m in found})


def taking_part(source: Source, code: str) -> list[str]:
    """Return the units that take part in a group as of the records."""
    registry, as_of = source.answers.registry, source.answers.as_of_us
    found = [m for m in registry.memberships if m.group == code and m.kind == "takes_part" and holds_at(m, as_of)]
    return sorted({m.unit for m in found})


def parent(source: Source, code: str) -> str | None:
    """Return the group that a unit belongs to as of the records."""
    held = [m.group for m in source.answers.registry.parents(code) if holds_at(m, source.answers.as_of_us)]
    return held[-1] if held else None


def place(source: Source, code: str) -> Place:
    """Return where a unit stands, or answer that there is no such page."""
    registry = source.answers.registry
    if not exists(registry, code):
        raise Http404(code)
    known = Names(source)
    kind, guessed = known.kind(code)
    above: list[str] = []
    at = parent(source, code)
    while at and at not in above:
        above.insert(0, at)
        at = parent(source, at)
    roots = registry.roots()
    if not above and code not in roots and registry.get(roots[0]) is None:
        above = roots[:1]
    part = [m.group for m in registry.memberships if m.unit == code and m.kind == "takes_part"]
    return Place(
        code=code,
        name=known.name(code),
        kind=kind,
        kind_guessed=guessed,
        is_guess=known.is_guess(code),
        level=registry.level_of(code),
        above=[known.link(group) for group in above],
        takes_part=[known.link(group) for group in dict.fromkeys(part)],
    )


def period_of(request: HttpRequest, source: Source) -> Period:
    """Return the period asked for; the usual one of these records where none or an unknown one is."""
    asked = request.GET.get("period")
    return next((period for period in present.PERIODS if period == asked), judging.usual_period(source))


def periods(request: HttpRequest, source: Source) -> list[dict[str, Any]]:
    """Return the choices of period, for the links above the charts."""
    chosen = period_of(request, source)
    words = {"day": _("by day"), "week": _("by week"), "month": _("by month")}
    return [{"name": words[p], "query": f"?period={p}", "chosen": p == chosen} for p in present.PERIODS]
