"""Centre lines, limits, runs and findings of a whole panel at once, in arrays. One panel is one phase of each series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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

# Charts whose limits follow from the centre alone.
FOLLOWS_CENTRE = frozenset({"p", "np", "c", "u"})

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
    which are only laid against the limits. `level` is the centre line, one column where all points share it. `stretched`
    rows had a baseline that never varied, and take their spread from all points.
    """

    value: Floats
    usable: Flags
    baseline: Flags
    baseline_kind: Whole
    few: Flags
    constant: Flags
    stretched: Flags
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
    constant = _constant(panel.value, points) & (not _is_fixed(spec))
    # A baseline that never varied cannot say how far values vary: once one does, the spread is that of all points so far.
    stretched = constant & ~few & ~_constant(panel.value, usable)

    centre = np.where(few, median(panel.value, points), kind.centre(panel, baseline, spec))
    if spec.centre is not None:
        centre = np.where(points.any(axis=1), spec.centre / spec.factor, np.nan)
    spread = _spread(kind, panel, baseline, centre, spec)
    if stretched.any():
        wider = Baseline(np.where(stretched[:, None], usable, points), keep)
        middle = np.where(stretched, kind.centre(panel, wider, spec), centre)
        # Screening would leave out the very ranges that tell.
        unscreened = replace(spec, sigma="mr") if spec.sigma == "mr_screened_once" else spec
        found = _spread(kind, panel, wider, middle, unscreened)
        spread = _chosen(stretched, found, spread)
        constant = constant & ~stretched
    value = panel.value
    if kind.smooth is not None:
        smoothed, share = kind.smooth(value, usable, centre, spec)
        value = np.where(few[:, None], value, smoothed)
        spread = Spread(sigma=spread.sigma * share, mean_range=spread.mean_range, base=spread.sigma[:, 0])
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
        stretched=stretched & limited,
        limited=limited,
        centre=centre,
        level=level,
        lower=lower,
        upper=upper,
        sigma=_one_sigma(kind, spread, limited),
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


def _chosen(rows: Flags, one: Spread, other: Spread) -> Spread:
    """Return a spread whose `rows` are those of one, and the others of the other."""

    def parts(name: str) -> Floats | None:
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours is None or theirs is None:
            return None
        chosen: Floats = np.where(rows[:, None] if ours.ndim == 2 else rows, ours, theirs)
        return chosen

    sigma = parts("sigma")
    return Spread(other.sigma if sigma is None else sigma, *map(parts, ("mean_range", "sigma_z", "around", "base")))


def _is_fixed(spec: Spec) -> bool:
    """Say whether centre and limits are fixed by hand, as published ones are: then no number of points is too few."""
    if spec.centre is None:
        return False
    return spec.spread is not None or spec.chart in FOLLOWS_CENTRE


def _one_sigma(kind: ChartKind, spread: Spread, limited: Flags) -> Floats:
    """Return one sigma a row: of the points where they share it, else of a single value where there is such a one."""
    if spread.base is not None:
        return np.where(limited, spread.base, np.nan)
    if kind.varying:
        return np.full(len(limited), np.nan)
    return np.where(limited, spread.sigma[:, 0], np.nan)


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
    if _is_fixed(spec):
        baseline_kind = np.full(len(there), LOCKED_KIND)
    elif spec.limits == "policy":
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
