"""Was it the change, or did everybody change? One unit beside its sisters that had no such change.

The method is laid on the difference between the unit and its sisters together, period by period: what moved all of them
alike is gone (Bottomley, Scott and Isham 2019, Epidemiol Methods 8: 20180010). Without a trend this is a difference in
differences. Each sister is then put in the unit's place, and each earlier period in the place of the
start (Abadie, Diamond and Hainmueller 2010, J Am Stat Assoc 105: 493-505).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from knitwork.model.errors import BadDefinition
from knitwork.signals.interrupted.analyse import interrupted
from knitwork.signals.interrupted.placebo import Placebos, placebo_dates, placebo_units, placebos
from knitwork.signals.interrupted.record import Effect, Its
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.series import BadSeries, Numbers, Series
from knitwork.signals.spec import Direction

# With fewer sisters one odd month of one of them is the whole comparison.
LEAST_CONTROLS = 3

Kind = Literal["difference_in_differences", "controlled_its"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controlled:
    """A unit against its sisters. `its` is of the difference: unit less sisters, in the units shown.

    `drift` is the slope of the difference before the start (None where there are too few points): a difference in
    differences takes it for nought. `units` and `dates` are the placebos.
    """

    kind: Kind
    its: Its
    controls: tuple[str, ...]
    drift: Effect | None
    units: Placebos
    dates: Placebos

    @property
    def effect(self) -> Effect:
        """Return by how much the unit changed more than its sisters, on average since the start."""
        return self.its.average.absolute

    def excludes_chance(self, direction: Direction) -> bool:
        """Say whether the unit changed more than its sisters in the wanted direction, and chance does not explain it.

        The interval must lie on the wanted side of nought; among placebo units, and among placebo dates, so clear an
        effect may come in no more than `alpha` of them, or in none where there are too few to tell.
        """
        wanted = {"up": self.effect.low > 0, "down": self.effect.high < 0, "neither": False}[direction]
        alpha = self.its.spec.alpha
        return wanted and not self.units.outdone(alpha) and not self.dates.outdone(alpha)


def controlled(
    unit: Series, controls: Mapping[str, Series], *, start: str | int, spec: ItsSpec | None = None
) -> Controlled:
    """Compare `unit` with its sister units, by name, of the same measure and the same periods.

    Where all have denominators the sisters are pooled as a ratio of sums, otherwise their values are averaged. A
    period counts where the unit and every sister have a value. The order of the sisters does not matter.
    """
    stated = spec or ItsSpec()
    if stated.counts:
        raise BadDefinition(
            f"{stated.method} has no difference to take: state ols, ols_newey_west or ar1 for a comparison with sisters"
        )
    _refuse(unit, controls)
    named = {name: controls[name] for name in sorted(controls)}
    difference = _difference(unit, list(named.values()))
    its = interrupted(difference, start=start, spec=stated)
    placebo_series = {
        name: _difference(one, [other for sister, other in named.items() if sister != name])
        for name, one in named.items()
    }
    found_units = placebo_units(placebo_series, start=its.start, spec=its.spec)
    found_dates = placebo_dates(difference, start=its.start, spec=its.spec)
    return Controlled(
        kind="controlled_its" if its.spec.trend else "difference_in_differences",
        its=its,
        controls=tuple(named),
        drift=its.trend if its.spec.trend else _drift(difference, its),
        units=placebos(its.average.absolute, found_units),
        dates=placebos(its.average.absolute, found_dates),
    )


def _refuse(unit: Series, controls: Mapping[str, Series]) -> None:
    if len(controls) < LEAST_CONTROLS:
        raise BadSeries(
            f"a comparison needs {LEAST_CONTROLS} sister units and there are {len(controls)}: "
            "name more of the same kind that had no such change, or read the unit's own chart"
        )
    for name, one in controls.items():
        if one.labels != unit.labels:
            raise BadSeries(f"the periods of {name} are not those of the unit: give every unit the same periods")
        if (one.values is None) != (unit.values is None) or (one.denominators is None) != (unit.denominators is None):
            raise BadSeries(
                f"{name} has {_make(one)} and the unit has {_make(unit)}: compare the same measure in the same form"
            )


def _make(series: Series) -> str:
    if series.values is not None:
        return "values"
    return "counts" if series.denominators is None else "numerators and denominators"


def _difference(unit: Series, sisters: Sequence[Series]) -> Series:
    """Return unit less sisters, period by period; None where any has no value."""
    own, theirs = _values(unit), [_values(one) for one in sisters]
    together = _pooled(sisters) if unit.denominators is not None else _averaged(theirs)
    values = [
        None if mine is None or other is None or any(column[at] is None for column in theirs) else mine - other
        for at, (mine, other) in enumerate(zip(own, together, strict=True))
    ]
    incomplete = unit.incomplete_last or any(one.incomplete_last for one in sisters)
    return Series(labels=unit.labels, values=tuple(values), incomplete_last=incomplete)


def _values(series: Series) -> Numbers:
    if series.values is not None:
        return series.values
    numerators = series.numerators or ()
    if series.denominators is None:
        return numerators
    return tuple(
        None if top is None or not bottom else top / bottom
        for top, bottom in zip(numerators, series.denominators, strict=True)
    )


def _averaged(columns: Sequence[Numbers]) -> Numbers:
    rows = zip(*columns, strict=True)
    return tuple(None if any(one is None for one in row) else _sum(row) / len(row) for row in rows)


def _pooled(sisters: Sequence[Series]) -> Numbers:
    """Return the ratio of sums: roll-ups never average rates."""
    tops = zip(*(one.numerators or () for one in sisters), strict=True)
    bottoms = zip(*(one.denominators or () for one in sisters), strict=True)
    return tuple(
        _sum(top) / _sum(bottom) if _sum(bottom) > 0 else None for top, bottom in zip(tops, bottoms, strict=True)
    )


def _sum(row: Sequence[float | None]) -> float:
    return sum(one for one in row if one is not None)


def _drift(difference: Series, its: Its) -> Effect | None:
    """Return the slope of the difference before the start, by the same method with a trend."""
    try:
        return interrupted(difference, start=its.start, spec=replace(its.spec, trend=True, slope_change=True)).trend
    except BadDefinition:
        return None
