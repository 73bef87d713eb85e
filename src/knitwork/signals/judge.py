"""Centre lines, limits, runs and findings of a whole panel at once, in arrays. One panel is one phase of each series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import Baseline, ChartKind, Lines, Spread
from knitwork.signals.evaluation import BaselineKind
from knitwork.signals.panel import SAME, Flags, Floats, Panel, Whole, mean, median, sides, total
from knitwork.signals.rules import rules_of
from knitwork.signals.rules.find import Finding, Fired, find, in_order
from knitwork.signals.rules.look import Look, count_runs
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import Spec

# The house rule (DESIGN 4): no limits under 12 points, trial limits under 20, from then on the first 20, locked.
TRIAL, LOCKED = 12, 20

# Charts whose sigma is nothing but how far neighbouring points lie apart.
BY_RANGES = frozenset({"xmr", "mr", "i_prime", "t", "ewma", "ma"})

BASELINE_KINDS: tuple[BaselineKind, ...] = ("few", "trial", "locked", "all")
FEW_KIND, TRIAL_KIND, LOCKED_KIND, ALL_KIND = range(4)


@dataclass(frozen=True, slots=True)
class Fences:
    """The lines so many sigmas from the centre, kept within what the chart allows."""

    kind: ChartKind
    panel: Panel
    spec: Spec
    level: Floats
    spread: Spread
    drawable: Flags

    def at(self, sigmas: float) -> Lines:
        """Return lower and upper line; three sigmas are the limits as the spec has them."""
        spec, kind = self.spec, self.kind
        if kind.spread is None or not self.drawable.any():
            nothing = np.full(self.drawable.shape, np.nan)
            return nothing, nothing
        with np.errstate(invalid="ignore", over="ignore"):
            low, high = kind.lines(self.panel, self.level, self.spread, spec, sigmas * spec.width / 3)
        least = kind.floor if spec.floor is None else max(kind.floor, spec.floor / spec.factor)
        lower, upper = np.fmax(low, least), np.fmin(high, kind.ceiling)
        return np.where(self.drawable, lower, np.nan), np.where(self.drawable, upper, np.nan)

    def beyond(self, value: Floats, sigmas: float) -> tuple[Flags, Flags]:
        """Say which values lie above and which below those lines; a value on a line is inside."""
        lower, upper = self.at(sigmas)
        return sides(value, upper) > 0, sides(value, lower) < 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged panel in raw units, before the factor of display: one row a series.

    `value` is what is drawn. `usable` are the points that count; the tested points are these and the excluded ones,
    which are only laid against the limits. `level` is the centre line, one column where all points share it.
    """

    value: Floats
    usable: Flags
    baseline: Flags
    baseline_kind: Whole
    few: Flags
    constant: Flags
    limited: Flags
    centre: Floats
    level: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    mean_range: Floats
    sigma_z: Floats
    lag1: Floats
    look: Look
    fences: Fences
    found: list[Fired]

    def findings(self) -> Iterator[tuple[int, Finding]]:
        """Return what each rule found, with its row, rule by rule."""
        return in_order(self.found)

    def signalling(self, *, from_column: int = 0) -> Flags:
        """Say which rows have a finding that reaches to `from_column` or beyond."""
        flags = np.zeros(len(self.value), dtype=bool)
        for fired in self.found:
            flags[fired.rows[fired.ends >= from_column]] = True
        return flags


def judge(panel: Panel, spec: Spec) -> Judgement:
    """Set centre and limits from the baseline, and lay all tested points against them."""
    kind = CHARTS[spec.chart]
    keep = np.ones(panel.value.shape[1], dtype=bool)
    keep[[place for place in spec.exclude if isinstance(place, int) and place < len(keep)]] = False
    if kind.plot is not None:
        panel = kind.plot(panel, keep)
    tested = panel.present & ~panel.hollow & ~np.isnan(panel.value)
    usable = tested & keep
    points, baseline_kind = _baseline(usable, spec)
    baseline, few = Baseline(points, keep), baseline_kind == FEW_KIND
    constant = _constant(panel.value, points)

    centre = np.where(few, median(panel.value, points), kind.centre(panel, baseline, spec))
    if spec.centre is not None:
        centre = np.where(points.any(axis=1), spec.centre / spec.factor, np.nan)
    spread = _spread(kind, panel, baseline, centre, spec)
    value = panel.value
    if kind.smooth is not None:
        smoothed, share = kind.smooth(value, usable, centre, spec)
        value = np.where(few[:, None], value, smoothed)
        spread = Spread(sigma=spread.sigma * share, mean_range=spread.mean_range)
    with np.errstate(invalid="ignore"):
        drawable = (spread.sigma > 0) & np.isfinite(spread.sigma)  # a zero denominator has no limits
    # A series that never varies has no ranges to take limits from; a distribution gives some all the same.
    limited = ~few & ~(constant & (spec.chart in BY_RANGES)) & drawable.any(axis=1)
    level = _level(kind, panel, centre, few, spec)
    fences = Fences(kind, panel, spec, level, spread, limited[:, None] & drawable)
    lower, upper = fences.at(3.0)

    shown = np.where(tested, value, np.nan)
    side = np.where(usable, sides(shown, level), 0).astype(np.int8)
    look = Look(shown, tested, usable, side, limited, lambda sigmas: fences.beyond(shown, sigmas), count_runs(side))
    nothing = np.full(len(centre), np.nan)
    return Judgement(
        value=value,
        usable=usable,
        baseline=points,
        baseline_kind=baseline_kind,
        few=few,
        constant=constant & ~limited,
        limited=limited,
        centre=centre,
        level=level,
        lower=lower,
        upper=upper,
        sigma=nothing if kind.varying else np.where(limited, spread.sigma[:, 0], np.nan),
        mean_range=nothing if spread.mean_range is None else np.where(limited, spread.mean_range, np.nan),
        sigma_z=nothing if spread.sigma_z is None else np.where(limited, spread.sigma_z, np.nan),
        lag1=_lag1(panel.value, usable),
        look=look,
        fences=fences,
        found=find(look, rules_for(spec)),
    )


def rules_for(spec: Spec) -> tuple[Rule, ...]:
    """Return the rules that a chart is asked; of averages only the limits, for smoothed points resemble each other."""
    rules = rules_of(spec.rules, spec.custom)
    if CHARTS[spec.chart].smooth is not None:
        return tuple(rule for rule in rules if rule.kind == "beyond")
    return rules


def _spread(kind: ChartKind, panel: Panel, baseline: Baseline, centre: Floats, spec: Spec) -> Spread:
    if kind.spread is None:
        return Spread(sigma=np.full((len(centre), 1), np.nan))
    return kind.spread(panel, baseline, centre, spec)


def _level(kind: ChartKind, panel: Panel, centre: Floats, few: Flags, spec: Spec) -> Floats:
    """Return the centre line; where it differs from point to point, but for the median of a run chart."""
    flat = centre[:, None]
    if kind.level is None:
        return flat
    return np.where(few[:, None], flat, kind.level(panel, centre, spec))


def _baseline(usable: Flags, spec: Spec) -> tuple[Flags, Whole]:
    """Return the points that set the limits, and the kind of baseline they make."""
    number = np.cumsum(usable, axis=1)
    there = number[:, -1]
    if spec.limits == "all":
        return usable, np.full(len(there), ALL_KIND)
    wanted = LOCKED if spec.limits == "policy" else spec.limits
    baseline_kind = np.where(there >= wanted, LOCKED_KIND, TRIAL_KIND)
    if spec.limits == "policy":
        baseline_kind = np.where(there < TRIAL, FEW_KIND, baseline_kind)
    return usable & (number <= wanted), baseline_kind


def _constant(value: Floats, points: Flags) -> Flags:
    """Say which rows have a baseline of two or more values that are all the same: their limits are undefined."""
    low = np.where(points, value, np.inf).min(axis=1)
    high = np.where(points, value, -np.inf).max(axis=1)
    same: NDArray[np.bool_] = (points.sum(axis=1) > 1) & (high - low <= SAME * np.maximum(np.abs(low), np.abs(high)))
    return same


def _lag1(value: Floats, usable: Flags) -> Floats:
    """Return the lag-1 autocorrelation of each row; a missing period joins nothing. NaN where nothing varies."""
    off = np.where(usable, value - mean(value, usable)[:, None], 0.0)
    everywhere = np.ones_like(usable)
    together = total(off[:, 1:] * off[:, :-1], everywhere[:, 1:]) if off.shape[1] > 1 else np.zeros(len(off))
    alone = total(off * off, everywhere)
    varies = ~_constant(value, usable) & (usable.sum(axis=1) > 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: Floats = np.where(varies, together / alone, np.nan)
    return correlation
