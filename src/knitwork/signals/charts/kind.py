"""What every kind of chart consists of; each module of this folder gives these parts in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from knitwork.signals.panel import Flags, Floats, Panel, Reads, mean, median
from knitwork.signals.spec import Spec


@dataclass(frozen=True, slots=True)
class Baseline:
    """The points that set centre and limits, and the columns that exclusions leave in the line."""

    points: Flags
    keep: Flags


@dataclass(frozen=True, slots=True)
class Spread:
    """One sigma for each point (or one column for all), and the numbers it came from, one for each row.

    `around` is what the limits lie about where that is not the centre line, and `base` the sigma of a single value where
    that of the points differs from point to point.
    """

    sigma: Floats
    mean_range: Floats | None = None
    sigma_z: Floats | None = None
    around: Floats | None = None
    base: Floats | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """The numbers of one chart, in the units shown, from which its formula is written out in words."""

    baseline: str
    spec: Spec
    mean_range: str
    sigma: str
    sigma_z: float | None
    numerator: str
    denominator: str


# The lines of a chart, lower and upper, so many sigmas from its centre.
Lines = tuple[Floats, Floats]


def symmetric(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:  # noqa: ARG001  # same for all kinds
    """Return the lines so many sigmas on either side of the centre."""
    around = level if spread.around is None else spread.around
    return around - sigmas * spread.sigma, around + sigmas * spread.sigma


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartKind:
    """A kind of chart.

    `plot` returns the panel of what is drawn, where that is not what came. `centre` gives one number a row, `level` the
    centre line from it where that differs from point to point. `spread` is None where a chart has no limits, `lines`
    puts them about the centre. `smooth` draws an average in place of each point, and says by what its sigma is the
    smaller. `varying` says that limits differ from point to point. `stable` draws a panel in which nothing happens, for
    the chance of false signals.
    """

    name: str
    title: str
    reads: Reads
    varying: bool
    floor: float
    ceiling: float
    plot: Callable[[Panel, Flags], Panel] | None = None
    centre: Callable[[Panel, Baseline, Spec], Floats]
    level: Callable[[Panel, Floats, Spec], Floats] | None = None
    spread: Callable[[Panel, Baseline, Floats, Spec], Spread] | None
    lines: Callable[[Panel, Floats, Spread, Spec, float], Lines] = symmetric
    smooth: Callable[[Floats, Flags, Floats, Spec], tuple[Floats, Floats]] | None = None
    stable: Callable[[np.random.Generator, tuple[int, int]], Panel]
    centre_words: Callable[[Worked], str]
    limits_words: Callable[[Worked], str]


def plain_panel(value: Floats, numerator: Floats | None = None, denominator: Floats | None = None) -> Panel:
    """Return a panel without gaps or incomplete periods."""
    return Panel(
        value,
        numerator,
        denominator,
        present=np.ones(value.shape, dtype=bool),
        hollow=np.zeros(value.shape, dtype=bool),
    )


def stable_values(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw independent normal values."""
    return plain_panel(rng.standard_normal(shape))


def screened(worked: Worked) -> str:
    """Say whether large moving ranges were left out."""
    return ", after leaving out once the ranges of 3.267 times their mean or more" * (
        worked.spec.sigma == "mr_screened_once"
    )


def ranges_words(worked: Worked) -> str:
    """Say where sigma z came from."""
    return "as published" if worked.spec.spread is not None else f"from the moving ranges{screened(worked)}"


def average(worked: Worked) -> str:
    """Name the average that the moving ranges were put to."""
    return "median" if worked.spec.sigma == "median_mr" else "mean"


def ranges_to_width(spec: Spec) -> str:
    """Return the distance of the limits as a multiple of the average moving range, as it is usually printed."""
    return f"{spec.width / (0.954 if spec.sigma == 'median_mr' else spec.d2):.3g}"


def middle_words(worked: Worked) -> str:
    """Say what the centre is: the mean or the median of the baseline."""
    return f"{worked.spec.middle} of {worked.baseline}"


def middle_of_baseline(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:
    """Return the mean or the median of the baseline, as the spec says."""
    return median(panel.value, baseline.points) if spec.middle == "median" else mean(panel.value, baseline.points)
