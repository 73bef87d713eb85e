"""Where a unit stands: its name, what it is inside, what is inside it, and which period is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from knitwork.draw.periods import Period
from knitwork.model.units import Registry
from knitwork.web import present, say
from knitwork.web.source import Source
from knitwork.web.units.models import Unit


@dataclass(frozen=True)
class Place:
    """A unit as the head of its pages shows it."""

    code: str
    name: str
    kind: str
    kind_guessed: bool
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
        return say.kind_name(known.kind), known.kind_guessed

    def link(self, code: str) -> dict[str, str]:
        return {"name": self.name(code), "address": reverse("unit", kwargs={"code": code}), "code": code}


def exists(registry: Registry, code: str) -> bool:
    """Say whether pages about this unit exist: it is known, or the whole system."""
    return registry.get(code) is not None or code in registry.roots()


def inside(registry: Registry, code: str) -> list[str]:
    """Return the units that belong to a group; all of them where nothing nests."""
    children = registry.children(code)
    if not children and registry.get(code) is None:
        return [unit.unit for unit in registry.units]
    return children


def place(source: Source, code: str) -> Place:
    """Return where a unit stands, or answer that there is no such page."""
    registry = source.answers.registry
    if not exists(registry, code):
        raise Http404(code)
    known = Names(source)
    kind, guessed = known.kind(code)
    above: list[str] = []
    at = code
    while parents := [m.group for m in registry.parents(at) if m.until_us is None] or [
        m.group for m in registry.parents(at)
    ]:
        at = parents[-1]
        if at in above:
            break
        above.insert(0, at)
    roots = registry.roots()
    if not above and code not in roots and registry.get(roots[0]) is None:
        above = roots[:1]
    part = [m.group for m in registry.memberships if m.unit == code and m.kind == "takes_part"]
    return Place(
        code=code,
        name=known.name(code),
        kind=kind,
        kind_guessed=guessed,
        level=registry.level_of(code),
        above=[known.link(group) for group in above],
        takes_part=[known.link(group) for group in dict.fromkeys(part)],
    )


def period_of(request: HttpRequest) -> Period:
    """Return the period asked for; months where none or an unknown one is."""
    asked = request.GET.get("period")
    return next((period for period in present.PERIODS if period == asked), "month")


def periods(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the choices of period, for the links above the charts."""
    chosen = period_of(request)
    words = {"day": _("by day"), "week": _("by week"), "month": _("by month")}
    return [{"name": words[p], "query": f"?period={p}", "chosen": p == chosen} for p in present.PERIODS]
