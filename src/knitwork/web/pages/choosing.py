"""What a page of hand-offs was asked for: level, time, view, and which units; and the links that ask for something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from knitwork.model.units import LEVELS
from knitwork.web import present
from knitwork.web.pages.around import Names, exists, inside, taking_part
from knitwork.web.source import Source

VIEWS = ("list", "matrix", "map")
TIMES = ("recent", "all")
SHADES = ("number", "wait")
RECENT_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, unknown words taken for the usual ones.

    `units` are the microsystems that hand-offs are shown among; None for all. `unit` is the one whose neighbours are shown.
    """

    view: str
    level: str
    time: str
    shade: str
    group: str
    unit: str
    units: frozenset[str] | None

    @property
    def months(self) -> int | None:
        return RECENT_MONTHS if self.time == "recent" else None

    def keeps(self, sender: str, receiver: str) -> bool:
        """Say whether a pair is among what is asked for."""
        if self.unit and self.unit not in (sender, receiver):
            return False
        return self.units is None or (sender in self.units and receiver in self.units)


def asked(request: HttpRequest, source: Source) -> Asked:
    """Read the address. A group is of single units; a unit sets the level that it is of."""
    registry = source.answers.registry
    group, unit = request.GET.get("group", ""), request.GET.get("unit", "")
    units = units_of(source, group) if registry.get(group) is not None else frozenset()
    group = group if units else ""
    unit = unit if unit and exists(registry, unit) else ""
    level = _one_of(request, "level", LEVELS, "micro")
    if group:
        level = "micro"
    elif unit:
        level = registry.level_of(unit)
    usual = "recent" if present.has_calendar(source) else "all"
    return Asked(
        view=_one_of(request, "view", VIEWS, "list"),
        level=level,
        time=_one_of(request, "time", TIMES, usual) if usual == "recent" else "all",
        shade=_one_of(request, "shade", SHADES, "number"),
        group=group,
        unit=unit,
        units=units or None,
    )


def _one_of(request: HttpRequest, name: str, known: tuple[str, ...], usual: str) -> str:
    given = request.GET.get(name, usual)
    return given if given in known else usual


def units_of(source: Source, group: str) -> frozenset[str]:
    """Return the microsystems that belong to a group, however deep, and those that take part in it."""
    found: set[str] = set()
    waiting, seen = [group], set()
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        below = [*inside(source, code), *taking_part(source, code)]
        if not below and code != group:
            found.add(code)
        waiting += below
    return frozenset(found)


def groups(source: Source, known: Names) -> list[tuple[str, str]]:
    """Return the groups that units can be chosen by, by name: those of which some units are inside and some are not."""
    registry = source.answers.registry
    whole = set(registry.roots())
    codes = {m.group for m in registry.memberships} - whole
    named = [(known.name(code), code) for code in codes if len(units_of(source, code)) > 1]
    return [(code, name) for name, code in sorted(named)]


def address(request: HttpRequest, **changes: str) -> str:
    """Return the query of this address with some of it changed; an empty word leaves it out."""
    query: QueryDict = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def choices(request: HttpRequest, name: str, words: dict[str, str], chosen: str, **also: str) -> list[dict[str, Any]]:
    """Return links that change one word of the address; `also` changes others with it."""
    return [
        {"name": said, "query": address(request, **{name: word}, **also), "chosen": word == chosen}
        for word, said in words.items()
    ]


def level_choices(request: HttpRequest, source: Source, chosen: str) -> list[dict[str, Any]]:
    """Return the levels at which this system has more than one unit to pass between; none where there is but one."""
    registry = source.answers.registry
    there = {"micro": True, "meso": registry.has_meso(), "macro": len(registry.roots()) > 1}
    said = {"micro": _("between units"), "meso": _("between mesosystems"), "macro": _("between systems")}
    offered: dict[str, str] = {level: said[level] for level in LEVELS if there[level]}
    return choices(request, "level", offered, chosen, group="", unit="") if len(offered) > 1 else []
