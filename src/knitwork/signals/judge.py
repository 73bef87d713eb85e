"""Centre lines, limits, runs and findings of a whole panel at once, in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import Baseline, Spread
from knitwork.signals.charts.run import RUN
from knitwork.signals.evaluation import BaselineKind
from knitwork.signals.panel import SAME, Flags, Floats, Panel, Whole, mean, sides, total
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.rules.anhoej import count
from knitwork.signals.rules.kind import Finding, Judged
from knitwork.signals.spec import Spec

# How far the limits lie from the centre (Shewhart 1931).
SIGMAS = 3

# The house rule (DESIGN 4): no limits under 12 points, trial limits under 20, from then on the first 20, locked.
TRIAL, LOCKED = 12, 20

BASELINE_KINDS: tuple[BaselineKind, ...] = ("few", "trial", "locked", "all")
FEW_KIND, TRIAL_KIND, LOCKED_KIND, ALL_KIND = range(4)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged panel in raw units, before the factor of display: one row a series.

    `usable` are the points that count; the tested points are these and the excluded ones, which are only laid against
    the limits.
    """

    usable: Flags
    baseline: Flags
    baseline_kind: Whole
    few: Flags
    constant: Flags
    limited: Flags
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    mean_range: Floats
    sigma_z: Floats
    lag1: Floats
    judged: Judged

    def findings(self, spec: Spec) -> Iterator[tuple[int, Finding]]:
        """Return what each rule of `spec` found, rule set by rule set."""
        for name in spec.rules:
            yield from RULE_SETS[name].find(self.judged)


def judge(panel: Panel, spec: Spec) -> Judgement:
    """Set centre and limits from the baseline, and lay all tested points against them."""
    kind = CHARTS[spec.chart]
    keep = np.ones(panel.value.shape[1], dtype=bool)
    keep[[place for place in spec.exclude if place < len(keep)]] = False
    tested = panel.present & ~panel.hollow & ~np.isnan(panel.value)
    usable = tested & keep
    points, baseline_kind = _baseline(usable, spec)
    baseline, few = Baseline(points, keep), baseline_kind == FEW_KIND
    constant = _constant(panel.value, points)

    centre = np.where(few, RUN.centre(panel, baseline), kind.centre(panel, baseline))
    if spec.centre is not None:
        centre = np.where(points.any(axis=1), spec.centre / spec.factor, np.nan)
    nothing = np.full(len(centre), np.nan)
    spread = kind.spread(panel, baseline, centre, spec) if kind.spread else Spread(sigma=nothing[:, None])
    with np.errstate(invalid="ignore"):
        drawable = (spread.sigma > 0) & np.isfinite(spread.sigma)  # a zero denominator has no limits
    limited = ~few & ~constant & drawable.any(axis=1)
    sigma = np.where(limited[:, None] & drawable, spread.sigma, np.nan)
    least = kind.floor if spec.floor is None else max(kind.floor, spec.floor / spec.factor)
    lower = np.fmax(centre[:, None] - SIGMAS * sigma, least)
    upper = np.fmin(centre[:, None] + SIGMAS * sigma, kind.ceiling)
    lower, upper = np.where(np.isnan(sigma), np.nan, lower), np.where(np.isnan(sigma), np.nan, upper)

    value = np.where(tested, panel.value, np.nan)
    side = np.where(usable, sides(value, centre[:, None]), 0).astype(np.int8)
    beyond = np.maximum(sides(value, upper), 0) + np.minimum(sides(value, lower), 0)
    return Judgement(
        usable=usable,
        baseline=points,
        baseline_kind=baseline_kind,
        few=few,
        constant=constant,
        limited=limited,
        centre=centre,
        lower=lower,
        upper=upper,
        sigma=nothing if kind.varying else sigma[:, 0],
        mean_range=nothing if spread.mean_range is None else np.where(limited, spread.mean_range, np.nan),
        sigma_z=nothing if spread.sigma_z is None else np.where(limited, spread.sigma_z, np.nan),
        lag1=_lag1(panel.value, usable),
        judged=Judged(tested, side, beyond.astype(np.int8), count(side)),
    )


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
