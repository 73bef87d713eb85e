"""The sister units of a unit, and the numbers of one measure for each of them in one span of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from knitwork.web import present, small
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.pages.around import inside, parent
from knitwork.web.source import Source

Among = Literal["kind", "level", "system"]
Span = Literal["month", "year", "all"]

YEAR = 12  # whole months
# Charts whose numerators are cases of their denominators, and those that count events for an exposure.
PROPORTIONS, RATES = ("p", "p_prime"), ("u", "u_prime")


@dataclass(frozen=True, slots=True)
class Sister:
    """What one unit counted in a span. `hidden` says that readers who see no small numbers are not shown it."""

    code: str
    numerator: float
    denominator: float
    hidden: bool


@dataclass(frozen=True, slots=True)
class Spanned:
    """The units that had something to count, and the first days of the months that were added up; none of all records."""

    sisters: tuple[Sister, ...]
    months: tuple[int, ...]


def kind_of(definition: Definition) -> str:
    """Return what a measure's numbers are to a funnel; nothing where they are no counts of people."""
    if definition.counts != "people":
        return ""
    return "proportion" if definition.spec.chart in PROPORTIONS else "rate" if definition.spec.chart in RATES else ""


def choices_of(source: Source, code: str) -> dict[Among, tuple[str, ...]]:
    """Return whom a unit can be held against: its kind and its level below the same parent, its kind everywhere.

    A choice that is the same as an earlier one, or leaves the unit alone, is left out; the whole system has none.
    """

    def make() -> dict[Among, tuple[str, ...]]:
        found: dict[Among, tuple[str, ...]] = {}
        for among, codes in _every_choice(source, code):
            if len(codes) > 1 and codes not in found.values():
                found[among] = codes
        return found

    return kept(source, "whom beside", make, code)


def _every_choice(source: Source, code: str) -> Iterator[tuple[Among, tuple[str, ...]]]:
    registry = source.answers.registry
    own = registry.get(code)
    if own is None:
        return
    above, level = parent(source, code), registry.level_of(code)
    below = inside(source, above) if above else [u.unit for u in registry.units if parent(source, u.unit) is None]
    alike = sorted(one for one in below if registry.level_of(one) == level)
    yield "kind", tuple(one for one in alike if registry.get(one).kind == own.kind)
    yield "level", tuple(alike)
    everywhere = [u.unit for u in registry.units if u.kind == own.kind and registry.level_of(u.unit) == level]
    yield "system", tuple(sorted(everywhere))


def spans_of(source: Source) -> tuple[Span, ...]:
    """Return the spans that can be asked for; where dates were shifted only all records are one."""
    return ("month", "year", "all") if present.has_calendar(source) else ("all",)


def numbers_of(source: Source, definition: Definition, codes: tuple[str, ...], span: Span) -> Spanned:
    """Return what each unit counted in a span: numerators and denominators added up, never percentages.

    One question for all units, asked once for a generation.
    """

    def make() -> Spanned:
        registry = source.answers.registry
        units = [(registry.level_of(code), code) for code in codes]
        found = source.answers.series_of_units(definition.id, units, "all" if span == "all" else "month")
        months = () if span == "all" else _months(found, YEAR if span == "year" else 1)
        read = [
            _whole(definition, code, rows) if span == "all" else _added(definition, code, rows, months)
            for code, rows in found.items()
        ]
        return Spanned(_none_alone([one for one in read if one is not None]), months)

    return kept(source, "sisters", make, definition.id, span, codes)


def _months(found: dict[str, list[dict[str, Any]]], count: int) -> tuple[int, ...]:
    """Return the first days of the last whole months. All units of a measure have the same months."""
    whole = {row["start_day"] for rows in found.values() for row in rows if row.get("complete", True)}
    return tuple(sorted(whole)[-count:])


def _whole(definition: Definition, code: str, rows: list[dict[str, Any]]) -> Sister | None:
    row = rows[-1]
    if not row.get("denominator"):
        return None
    return Sister(code, row.get("numerator") or 0, row["denominator"], small.row_is_small(definition.counts, row))


def _added(definition: Definition, code: str, rows: list[dict[str, Any]], months: tuple[int, ...]) -> Sister | None:
    """Return a unit's months as one number; hidden where it is small, or would give the one hidden month away."""
    wanted = set(months)
    places = [at for at, row in enumerate(rows) if row["start_day"] in wanted]
    above = sum(rows[at].get("numerator") or 0 for at in places)
    below = sum(rows[at].get("denominator") or 0 for at in places)
    if not below:
        return None
    hidden = small.hidden_rows(definition.counts, rows, "month")
    alone = sum(at in hidden for at in places) == 1
    is_small = small.row_is_small(definition.counts, {"numerator": above, "denominator": below})
    return Sister(code, above, below, is_small or alone)


def _none_alone(sisters: list[Sister]) -> tuple[Sister, ...]:
    """Hide one more where only one is hidden: the total of the group, less those shown, would be its number."""
    hidden = [one for one in sisters if one.hidden]
    shown = [one for one in sisters if not one.hidden]
    if len(hidden) != 1 or not shown:
        return tuple(sisters)
    least = min(shown, key=lambda one: (one.numerator, one.denominator, one.code))
    return tuple(Sister(o.code, o.numerator, o.denominator, True) if o == least else o for o in sisters)
