"""One person's stays as the pages of today show them, at every level: what the kernel does, for a person at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from knitwork.home.settings import Settings
from knitwork.home.today import Seen
from knitwork.journeys.told import NEVER
from knitwork.measures.reference import stays as reference
from knitwork.measures.reference.derive import derive_patient
from knitwork.measures.reference.facts import Derived, Facts
from knitwork.model.units import Registry

# A unit at its level.
Place = tuple[str, str]
Row = dict[str, Any]
# Of two accounts of one stay the more certain holds, as in the kernel's fold.
_CERTAIN = {"recorded": 3, "inferred": 2, "open": 1}


class Walker:
    """Derives one person after the other, under one registry and the settings of a home."""

    def __init__(self, registry: Registry, settings: Settings, shifted: frozenset[str]) -> None:
        self.registry = registry
        self._rules = reference.Settings(
            int(settings.visit_gap_hours), int(settings.journey_gap_days), settings.tz or "UTC", shifted
        )
        self._facts = Facts(registry, self._rules)

    def rows(self, stays: Iterable[Row]) -> dict[Place, tuple[Seen, ...]]:
        """Return the rows of one person by unit. A unit that was never seen is of the kind that its code tells."""
        told = once(stays)
        if not told:
            return {}
        self._know(row["unit"] for row in told)
        self._facts.out = Derived()
        derive_patient(
            sorted((reference.read_stay(row, self.registry, self._rules) for row in told), key=lambda s: s.order),
            self._facts,
        )
        found: dict[Place, list[Seen]] = {}
        for row in self._facts.out.fact_stay:
            if row["calendar"]:
                found.setdefault((str(row["level"]), str(row["unit"])), []).append(seen_of(row))
        return {place: tuple(sorted(some, key=lambda row: row.start_us)) for place, some in found.items()}

    def above(self, unit: str, level: str, at_us: int) -> str | None:
        """Return the unit of a level to which another belongs at a moment; None where there is none."""
        self._know([unit])
        return self._facts.ancestor(unit, level, at_us)

    def _know(self, units: Iterable[str]) -> None:
        known = self.registry.with_found(units)
        if known is not self.registry:
            self.registry, self._facts = known, Facts(known, self._rules)


def once(stays: Iterable[Row]) -> list[Row]:
    """Return each stay once: of several accounts of one unit and start the most certain, then as the kernel's fold has it."""
    best: dict[tuple[str, int], Row] = {}
    for row in stays:
        key = (row["unit"], row["start_us"])
        if key not in best or _weight(row) > _weight(best[key]):
            best[key] = row
    return list(best.values())


def _weight(row: Row) -> tuple[int | str, ...]:
    # When a stay of the records was said is not kept there: what is told now comes after it.
    return (
        _CERTAIN.get(row["end_kind"], 0), row.get("said_us") or NEVER, row["delivery"], row["end_us"] or NEVER,
        row.get("row") or 0, row["feed"], row["visit"] or "",
    )  # fmt: skip


def seen_of(row: Row) -> Seen:
    """Return a row of `fact_stay` as today's page tells it; where the person is seen next is not known here."""
    return Seen(
        patient=row["patient"],
        start_us=row["start_us"],
        end_us=row["end_us"],
        is_open=row["end_kind"] == "open",
        concurrent=row["concurrent"],
        start_day=row["start_day"],
        start_hour=row["start_hour"],
        end_day=row["end_day"],
        end_hour=row["end_hour"],
        before=row["prev_unit"],
        after=row["next_unit"],
        is_last=row["last"],
        elsewhere_us=None,
        precise=row["precise"],
    )
