"""The units of a funnel as they came, checked, in an order that does not depend on how they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from knitwork.signals.funnels.spec import FunnelSpec
from knitwork.signals.series import BadSeries, Series

WhyNot = Literal["", "zero_denominator", "missing"]


@dataclass(frozen=True, slots=True)
class Row:
    """One unit: `why_not` says why it is listed and not judged."""

    name: str
    numerator: float | None
    denominator: float | None
    why_not: WhyNot


def read_units(
    units: Iterable[object],
    numerators: Iterable[object],
    denominators: Iterable[object],
    spec: FunnelSpec,
) -> list[Row]:
    """Return the units by denominator and then by name, those that cannot be judged last.

    Raises `BadSeries` with the row (counted from 1) and a way out.
    """
    if isinstance(units, str):
        raise BadSeries("the units are a piece of text: give a list of names")
    names = _names(list(units))
    above, below = (column if isinstance(column, str) else list(column) for column in (numerators, denominators))
    for word, column in (("numerators", above), ("denominators", below)):
        if not isinstance(column, str) and len(column) != len(names):
            raise BadSeries(
                f"there are {len(names)} units and {len(column)} {word}: give one for each unit, "
                "and None where there is none"
            )
    numbers = Series(numerators=above, denominators=below)  # type: ignore[arg-type]  # checks every number
    rows = [
        _row(row, name, x, n, spec)
        for row, (name, x, n) in enumerate(
            zip(names, numbers.numerators or (), numbers.denominators or (), strict=True), start=1
        )
    ]
    if spec.highlight is not None and spec.highlight not in names:
        raise BadSeries(f"the highlighted unit {spec.highlight!r} is not among the units: choose one of them, or none")
    return sorted(rows, key=lambda row: (row.why_not != "", row.denominator or 0.0, row.name))


def _names(units: list[object]) -> list[str]:
    seen: dict[str, int] = {}
    for row, unit in enumerate(units, start=1):
        name = "" if unit is None else str(unit).strip()
        if not name:
            raise BadSeries(f"row {row} has no name: name the unit, or leave the row out")
        if name in seen:
            raise BadSeries(
                f"row {row} names {name} again, as row {seen[name]} does: "
                "add the two rows together, or give them different names"
            )
        seen[name] = row
    return list(seen)


def _row(row: int, name: str, x: float | None, n: float | None, spec: FunnelSpec) -> Row:
    """Check one unit; its sentence names row and unit."""
    where = f"row {row} ({name})"
    if x is not None and x < 0:
        raise BadSeries(f"{where} has a numerator below 0: a count cannot be; check the row")
    if n is not None and n < 0:
        raise BadSeries(f"{where} has a denominator below 0: check the row")
    if x is None or n is None:
        return Row(name, x, n, "missing")
    if n == 0:
        return Row(name, x, n, "zero_denominator")
    if spec.kind == "proportion" and x > n:
        raise BadSeries(
            f"{where} has a numerator above its denominator: check the row, or choose the kind rate if this is one"
        )
    return Row(name, x, n, "")
