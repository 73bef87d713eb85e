"""Judge units against chance and against the spread between them, and keep both answers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from knitwork.signals.evaluation import verdict_of
from knitwork.signals.funnels import limits as lim
from knitwork.signals.funnels.exact import interval
from knitwork.signals.funnels.power import detectable, false_alarms, power
from knitwork.signals.funnels.record import Against, Funnel, Side, Unit
from knitwork.signals.funnels.spec import FunnelSpec
from knitwork.signals.funnels.spread import Spread, homogeneity, spread_of
from knitwork.signals.funnels.table import Row, read_units
from knitwork.signals.funnels.words import Example, centre_formula, chance_formula, spread_formula
from knitwork.signals.panel import Floats

# Fewer expected events than this make Pearson's test rough (Cochran 1954, Biometrics 10, 417 to 451).
FEW_EXPECTED = 5


def funnel(
    units: Iterable[object],
    numerators: Iterable[object],
    denominators: Iterable[object],
    spec: FunnelSpec,
) -> Funnel:
    """Judge `units` as `spec` says; the record does not depend on the order in which they came.

    For the kind `ratio` the numerators are observed and the denominators expected events. Raises `BadSeries` where a
    row cannot be read; the sentence names it.

    >>> wards = funnel(["A", "B", "C"], [9, 8, 40], [100, 90, 110], FunnelSpec(factor=100, unit="%"))
    >>> [(unit.name, unit.chance.mark) for unit in wards.units]
    [('B', ''), ('A', ''), ('C', 'neither')]
    """
    rows = read_units(units, numerators, denominators, spec)
    good = [row for row in rows if not row.why_not]
    x = np.array([row.numerator for row in good], dtype=np.float64)
    n = np.array([row.denominator for row in good], dtype=np.float64)
    theta, reasons = _centre(x, n, spec)
    whys = {"zero_denominator": "zero_denominators", "missing": "missing_units"}
    listed = [reason for why, reason in whys.items() if any(row.why_not == why for row in rows)]
    if theta is None or reasons:
        return _unjudged(rows, x, n, theta, spec, [*reasons, *listed])
    return _Judged(rows, x, n, theta, spec).record(listed)


def _centre(x: Floats, n: Floats, spec: FunnelSpec) -> tuple[float | None, list[str]]:
    """Return the centre as proportion, rate or ratio, and why nothing can be judged by it, if so."""
    if not len(x):
        return None, ["no_units"]
    if spec.centre != "pooled":
        return float(spec.centre or 0.0) / spec.factor, []
    theta = math.fsum(x) / math.fsum(n)
    if len(x) == 1:
        return theta, ["one_unit"]
    if theta == 0:
        return theta, ["no_events"]
    return theta, ["all_events"] if spec.kind == "proportion" and theta >= 1 else []


def _listed(row: Row, value: float | None, own: tuple[float, float] | None, spec: FunnelSpec) -> Unit:
    """Return a unit that is not judged."""
    return Unit(
        name=row.name,
        numerator=row.numerator,
        denominator=row.denominator,
        value=value,
        why_not=row.why_not,
        interval_lower=own[0] if own else None,
        interval_upper=own[1] if own else None,
        chance=None,
        spread=None,
        z_raw=None,
        z_kept=None,
        trimmed=False,
        power=None,
        min_detectable=None,
        highlighted=row.name == spec.highlight,
    )


def _own_interval(x: Floats, n: Floats, spec: FunnelSpec) -> list[tuple[float, float]]:
    low, high = interval(x, n, (1 - spec.interval_level) / 2, binomial=spec.kind == "proportion")
    return list(zip((low * spec.factor).tolist(), (high * spec.factor).tolist(), strict=True))


def _unjudged(
    rows: list[Row], x: Floats, n: Floats, theta: float | None, spec: FunnelSpec, reasons: list[str]
) -> Funnel:
    """Return the list of units with their values and intervals, and why there is no more."""
    values, own = (x / n * spec.factor).tolist(), _own_interval(x, n, spec)
    centre = None if theta is None else theta * spec.factor
    formula = "no centre: no unit has a numerator and a denominator"
    if centre is not None:
        formula = centre_formula(spec, centre, numerator=math.fsum(x), denominator=math.fsum(n), units=len(x))
    return Funnel(
        spec=spec,
        centre=centre,
        units=tuple(
            _listed(row, values[at] if at < len(values) else None, own[at] if at < len(own) else None, spec)
            for at, row in enumerate(rows)
        ),
        n_judged=0,
        phi=None,
        tau2=None,
        chi2=None,
        df=None,
        p_value=None,
        overdispersed=None,
        expected_chance=None,
        expected_spread=None,
        discoveries_chance=0,
        discoveries_spread=0,
        n_underpowered=0,
        reasons=tuple(reasons),
        formula=formula,
        formula_spread="",
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer for all units, as arrays: limits (level by level) as proportion or rate, z, p and adjusted p."""

    lowers: list[Floats]
    uppers: list[Floats]
    z: Floats
    p: Floats
    q: Floats


class _Judged:
    """The judged units as arrays, from which the record is cut.

    A class because limits, scores and power all rest on the same columns.
    """

    def __init__(self, rows: list[Row], x: Floats, n: Floats, theta: float, spec: FunnelSpec) -> None:
        self.rows, self.x, self.n, self.theta, self.spec = rows, x, n, theta, spec
        self.binomial = spec.kind == "proportion"
        self.value = x / n * spec.factor
        limits = [lim.chance_limits(n, theta, level, spec) for level in spec.levels]
        self.chance = self._answer(limits, lim.chance_z(x, n, theta, spec))
        self.found: Spread = spread_of(x, n, theta, spec)
        self.why_no_spread = self._why_no_spread()
        self.spread: _Answer | None = None
        if self.found.phi is not None and self.found.tau2 is not None and not self.why_no_spread:
            found = {"phi": self.found.phi, "tau2": self.found.tau2}
            wider = [
                lim.spread_limits(n, theta, level, spec, inside, **found)
                for level, inside in zip(spec.levels, limits, strict=True)
            ]
            self.spread = self._answer(wider, lim.spread_z(x, n, theta, spec, self.chance.z, **found))
        self.judging = spec.levels.index(spec.judged_at)
        self.low, self.high = self.chance.lowers[self.judging] * n, self.chance.uppers[self.judging] * n

    def _why_no_spread(self) -> str:
        if self.spec.overdispersion == "none":
            return "spread_not_asked"
        if len(self.x) < self.spec.least_units:
            return "few_units"
        return "" if self.found.tau2 is not None else "spread_unknown"

    def _wider(self) -> bool:
        return lim.is_wider(self.found.phi or 0.0, self.found.tau2 or 0.0, self.spec)

    def _answer(self, limits: list[tuple[Floats, Floats]], z: Floats) -> _Answer:
        p = lim.two_sided(z)
        return _Answer([low for low, _ in limits], [high for _, high in limits], z, p, lim.false_discovery(p))

    def record(self, listed: list[str]) -> Funnel:
        """Return the record."""
        spec, n, theta = self.spec, self.n, self.theta
        chi2, df, p_value = homogeneity(self.x, n, theta, binomial=self.binomial, pooled=spec.centre == "pooled")
        chances = power(self.low, self.high, n, theta, spec.power_ratio, binomial=self.binomial)
        alarms = false_alarms(self.low, self.high, n, theta, binomial=self.binomial)
        known = not self.why_no_spread
        worked, worked_spread = self._formulas()
        return Funnel(
            spec=spec,
            centre=theta * spec.factor,
            units=self._units(chances),
            n_judged=len(n),
            phi=self.found.phi if known else None,
            tau2=self.found.tau2 if known else None,
            chi2=chi2,
            df=df,
            p_value=p_value,
            overdispersed=p_value < spec.dispersion_alpha and self._wider() if known else None,
            expected_chance=math.fsum(alarms),
            expected_spread=len(n) * (1 - spec.judged_at) if known else None,
            discoveries_chance=int((self.chance.q <= spec.false_discovery).sum()),
            discoveries_spread=int((self.spread.q <= spec.false_discovery).sum()) if self.spread else 0,
            n_underpowered=int((chances < spec.power_wanted).sum()),
            reasons=tuple(self._reasons(chances, listed)),
            formula=worked,
            formula_spread=worked_spread,
        )

    def _reasons(self, chances: Floats, listed: list[str]) -> list[str]:
        spec = self.spec
        reasons = [self.why_no_spread] if self.why_no_spread else []
        if not reasons and not self._wider():
            reasons.append("no_spread" if spec.spread_floor == "chance" else "no_spread_kept")
        expected = self.n * self.theta
        rare = np.minimum(expected, self.n - expected) if self.binomial else expected
        if (rare < FEW_EXPECTED).any():
            reasons.append("few_expected")
        if (chances < spec.power_wanted).any():
            reasons.append("underpowered")
        return reasons + listed

    def _units(self, chances: Floats) -> tuple[Unit, ...]:
        spec = self.spec
        above = spec.power_ratio > 1
        least = detectable(self.low, self.high, self.n, spec.power_wanted, above=above, binomial=self.binomial)
        own = _own_interval(self.x, self.n, spec)
        judged = [
            Unit(
                name=row.name,
                numerator=row.numerator,
                denominator=row.denominator,
                value=float(self.value[at]),
                why_not="",
                interval_lower=own[at][0],
                interval_upper=own[at][1],
                chance=self._cut(self.chance, at),
                spread=self._cut(self.spread, at) if self.spread else None,
                z_raw=_finite(self.found.raw[at]),
                z_kept=_finite(self.found.kept[at]),
                trimmed=bool(self.found.trimmed[at]),
                power=float(chances[at]),
                min_detectable=_finite(least[at] * spec.factor),
                highlighted=row.name == spec.highlight,
            )
            for at, row in enumerate(self.rows[: len(self.n)])
        ]
        return (*judged, *(_listed(row, None, None, spec) for row in self.rows[len(self.n) :]))

    def _cut(self, answer: _Answer, at: int) -> Against:
        """Cut one unit out of an answer."""
        spec, value = self.spec, float(self.value[at])
        lowers = tuple(float(low[at]) * spec.factor for low in answer.lowers)
        uppers = tuple(float(high[at]) * spec.factor for high in answer.uppers)
        outside = [not low <= value <= high for low, high in zip(lowers, uppers, strict=True)]
        beyond = max((level for level, out in zip(spec.levels, outside, strict=True) if out), default=None)
        side: Side | None = None
        if beyond is not None:
            side = "high" if value > uppers[spec.levels.index(beyond)] else "low"
        return Against(
            z=_finite(answer.z[at]),
            p=float(answer.p[at]),
            q=float(answer.q[at]),
            lowers=lowers,
            uppers=uppers,
            beyond=beyond,
            side=side,
            mark=verdict_of(side, spec.direction) if outside[self.judging] else "",
        )

    def _formulas(self) -> tuple[str, str]:
        """Return both formulas, with the limits of the highlighted unit, or of one in the middle."""
        spec, names, found = self.spec, [row.name for row in self.rows[: len(self.n)]], self.found
        at = names.index(spec.highlight) if spec.highlight in names else len(names) // 2

        def example(answer: _Answer) -> Example:
            low, high = answer.lowers[self.judging][at], answer.uppers[self.judging][at]
            return Example(names[at], float(self.n[at]), float(low) * spec.factor, float(high) * spec.factor)

        centre = centre_formula(
            spec,
            self.theta * spec.factor,
            numerator=math.fsum(self.x),
            denominator=math.fsum(self.n),
            units=len(names),
        )
        chance = f"{centre}; {chance_formula(spec, example(self.chance))}"
        if not self.spread or found.phi is None or found.tau2 is None:
            return chance, ""
        count = int((~np.isnan(found.kept)).sum())
        spread = spread_formula(spec, example(self.spread), phi=found.phi, tau2=found.tau2, count=count)
        return chance, f"{centre}; {spread}"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
