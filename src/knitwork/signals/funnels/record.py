"""The record of one funnel, from which picture, table and sentence are all made.

It holds two answers beside each other and never mixes them: how a unit lies against chance, were all units alike, and
how it lies against the spread that there is between units.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from knitwork.signals.evaluation import Mark
from knitwork.signals.funnels.spec import FunnelSpec
from knitwork.signals.funnels.table import WhyNot

Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Against:
    """One answer for one unit.

    `lowers` and `uppers` have a limit for each level of the definition, in the units shown. `beyond` is the highest
    level that the unit lies outside of. `mark` is the verdict where it lies outside at the level that judges.
    `q` is `p` adjusted for the number of units (Benjamini and Hochberg). `z` is None where it is infinite.
    """

    z: float | None
    p: float
    q: float
    lowers: tuple[float, ...]
    uppers: tuple[float, ...]
    beyond: float | None
    side: Side | None
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit of a funnel, in the units shown (numerator and denominator as they came).

    `why_not` says why a unit is listed and not judged. The interval is the unit's own and knows no centre.
    `z_raw` is the score that the spread was found from, `z_kept` what was left of it after trimming, None if nothing.
    `power` is the chance that a true ratio of `spec.power_ratio` would be flagged against chance; `min_detectable` the
    true value that would be flagged with a chance of `spec.power_wanted`, None where no value would.
    """

    name: str
    numerator: float | None
    denominator: float | None
    value: float | None
    why_not: WhyNot
    interval_lower: float | None
    interval_upper: float | None
    chance: Against | None
    spread: Against | None
    z_raw: float | None
    z_kept: float | None
    trimmed: bool
    power: float | None
    min_detectable: float | None
    highlighted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Units judged against each other, by denominator and then by name: an order that says nothing about them.

    `centre` is in the units shown. `phi` and `tau2` are those of the scale `spec.transform`; `chi2`, `df` and
    `p_value` test over all judged units that they share one value. Units are `overdispersed` where the test says no
    and a spread is left when extreme scores are trimmed: one outlier among units alike is no spread.
    `expected_chance` is how many units would be flagged if all lay at the centre, `expected_spread` if they only
    differed by the spread. `discoveries_*` count the units whose adjusted p is at most `spec.false_discovery`.
    """

    spec: FunnelSpec
    centre: float | None
    units: tuple[Unit, ...]
    n_judged: int
    phi: float | None
    tau2: float | None
    chi2: float | None
    df: int | None
    p_value: float | None
    overdispersed: bool | None
    expected_chance: float | None
    expected_spread: float | None
    discoveries_chance: int
    discoveries_spread: int
    n_underpowered: int
    reasons: tuple[str, ...]
    formula: str
    formula_spread: str

    def __len__(self) -> int:
        return len(self.units)

    def __getitem__(self, name: str) -> Unit:
        """Return the unit of that name; `KeyError` where there is none."""
        return {unit.name: unit for unit in self.units}[name]

    @property
    def has_limits(self) -> bool:
        """Say whether there are limits against chance."""
        return any(unit.chance for unit in self.units)

    @property
    def has_spread(self) -> bool:
        """Say whether there are limits against the spread between units."""
        return any(unit.spread for unit in self.units)

    @property
    def flagged_chance(self) -> tuple[Unit, ...]:
        """Return the units outside the limits against chance."""
        return tuple(unit for unit in self.units if unit.chance and unit.chance.mark)

    @property
    def flagged_spread(self) -> tuple[Unit, ...]:
        """Return the units outside the limits against the spread between units."""
        return tuple(unit for unit in self.units if unit.spread and unit.spread.mark)

    @property
    def answer(self) -> Literal["chance", "spread", "none"]:
        """Say which answer to read first: against the spread where units differ by more than chance."""
        if self.overdispersed and self.has_spread:
            return "spread"
        return "chance" if self.has_limits else "none"

    @property
    def highlighted(self) -> Unit | None:
        """Return the highlighted unit."""
        return next((unit for unit in self.units if unit.highlighted), None)

    def read(self, unit: Unit) -> Against | None:
        """Return the answer to read first for a unit."""
        return {"chance": unit.chance, "spread": unit.spread, "none": None}[self.answer]

    def to_dict(self) -> dict[str, Any]:
        """Return the whole record as plain values."""
        return asdict(self) | {
            "spec": self.spec.to_dict(),
            "units": [_unit(unit) for unit in self.units],
            "reasons": list(self.reasons),
            "answer": self.answer,
        }

    def to_json(self) -> str:
        """Return the record as JSON, missing numbers as null."""
        return json.dumps(self.to_dict(), allow_nan=False)


def _unit(unit: Unit) -> dict[str, Any]:
    plain = asdict(unit)
    for name in ("chance", "spread"):
        if plain[name] is not None:
            plain[name] |= {"lowers": list(plain[name]["lowers"]), "uppers": list(plain[name]["uppers"])}
    return plain
