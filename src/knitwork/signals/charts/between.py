"""Charts of what lies between rare events: cases (g) or time (t). More is better where the event is harm.

g: the centre is the median and the limits lie about the mean m, one sigma being √(m (m + 1)), of the geometric
distribution; Benneyan 2001, Health Care Manag. Sci. 4:305-318; Provost & Murray 2011 for the median.
t: times are taken to the power 1/3.6, which makes exponential times nearly normal, charted as single values, and the
lines taken back; Nelson 1994, J. Qual. Technol. 26(3):237-239; Montgomery, section 7.3.5.
A time of nothing between two events stands for two within one unit of time, and counts as half a unit, or as half the
shortest time where that is less.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knitwork.signals.charts.exact import exponential_lines, geometric_lines
from knitwork.signals.charts.kind import (
    Baseline,
    ChartKind,
    Lines,
    Spread,
    Worked,
    average,
    middle_of_baseline,
    middle_words,
    plain_panel,
    screened,
    symmetric,
)
from knitwork.signals.panel import Flags, Floats, Panel, mean
from knitwork.signals.ranges import mean_range, sigmas_of
from knitwork.signals.spec import Spec

# The power that makes exponential times nearly normal (Nelson 1994).
POWER = 3.6
HALF_A_UNIT = 0.5


def spread_of_cases(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the geometric sigma, about the mean."""
    average_cases = mean(panel.value, baseline.points)
    if spec.spread is not None:
        # sigma² = m (m + 1), so a published sigma names its mean
        published = spec.spread / spec.factor
        average_cases = np.full(len(average_cases), (np.sqrt(1 + 4 * published**2) - 1) / 2)
    with np.errstate(invalid="ignore"):
        return Spread(sigma=np.sqrt(average_cases * (average_cases + 1))[:, None], around=average_cases[:, None])


def lines_of_cases(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas about the mean, or the geometric quantiles as far out."""
    if spec.limit_kind == "sigma" or spread.around is None:
        return symmetric(panel, level, spread, spec, sigmas)
    return geometric_lines(spread.around, sigmas)


def plot_times(panel: Panel, keep: Flags) -> Panel:
    """Return the times; where there is none half a unit, or half the shortest time where that is less."""
    counted = panel.present & ~panel.hollow & keep
    shortest = np.where(counted & (panel.value > 0), panel.value, np.inf).min(axis=1, initial=np.inf)
    half = np.fmin(HALF_A_UNIT, shortest / 2)[:, None]
    return replace(panel, value=np.where(panel.value == 0, half, panel.value))


def centre_of_times(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return the mean of the transformed times, taken back."""
    centre: Floats = mean(panel.value ** (1 / POWER), baseline.points) ** POWER
    return centre


def spread_of_times(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:
    """Return sigma of the transformed times; with quantiles the mean time."""
    if spec.limit_kind == "probability":
        average_time = mean(panel.value, baseline.points)[:, None]
        if spec.spread is not None:
            average_time = np.full_like(average_time, spec.spread / spec.factor)
        return Spread(sigma=average_time, around=average_time)
    ranges = mean_range(panel.value ** (1 / POWER), baseline.points, keep=baseline.keep, estimator=spec.sigma)
    sigma = sigmas_of(ranges, spec) if spec.spread is None else np.full(len(ranges), spec.spread)
    return Spread(sigma=sigma[:, None], mean_range=ranges, around=middle[:, None] ** (1 / POWER))


def lines_of_times(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas about the transformed centre, taken back, or the exponential quantiles."""
    if spec.limit_kind == "probability" and spread.around is not None:
        return exponential_lines(spread.around, sigmas)
    low, high = symmetric(panel, level, spread, spec, sigmas)
    return np.maximum(low, 0.0) ** POWER, high**POWER


def stable_cases(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw cases between events that happen to one in 30."""
    return plain_panel((rng.geometric(1 / 30, shape) - 1).astype(float))


def stable_times(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw exponential times."""
    return plain_panel(rng.exponential(30.0, shape))


def limits_of_cases_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.spread is not None:
        return f"those of a geometric distribution with sigma {worked.sigma}, as published"
    if worked.spec.limit_kind == "probability":
        return f"the geometric quantiles about the mean as far out as {worked.spec.width:g} sigmas"
    return f"mean ± {worked.spec.width:g} × √(mean × (mean + 1)), never below 0"


def centre_of_times_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"mean of the times to the power 1 ÷ 3.6 over {worked.baseline}, taken back"


def limits_of_times_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.limit_kind == "probability":
        return f"the exponential quantiles about the mean as far out as {worked.spec.width:g} sigmas"
    if worked.spec.spread is not None:
        return f"those of the times to the power 1 ÷ 3.6, {worked.spec.width:g} × sigma {worked.sigma}, as published"
    return (
        f"those of the times to the power 1 ÷ 3.6, {worked.spec.width:g} sigmas from the {average(worked)} moving "
        f"range{screened(worked)}, taken back"
    )


G = ChartKind(
    name="g",
    title="Cases between events (g)",
    reads="between",
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread_of_cases,
    lines=lines_of_cases,
    stable=stable_cases,
    centre_words=middle_words,
    limits_words=limits_of_cases_words,
)

T = ChartKind(
    name="t",
    title="Time between events (t)",
    reads="between",
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    plot=plot_times,
    centre=centre_of_times,
    spread=spread_of_times,
    lines=lines_of_times,
    stable=stable_times,
    centre_words=centre_of_times_words,
    limits_words=limits_of_times_words,
)
