"""The law that a chart's points follow, as it stands at the last one, and after a shift: normal, binomial, Poisson and so on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from knitwork.signals.diagnosis.dispersion import counts_of
from knitwork.signals.diagnosis.points import Points
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Floats
from knitwork.signals.ranges import mean_range
from knitwork.signals.spec import D2

# Charts of the spread, whose points a shift of the level leaves where they are.
OF_SPREAD = frozenset({"mr", "s", "r"})
# Charts whose level cannot lie below nought.
COUNTED = frozenset({"p", "p_prime", "np", "c", "c_prime", "u", "u_prime", "g", "t"})
TINY = 1e-300
# A point this much nearer than a line, by the width of the limits, lies on it.
NEAR = 1e-9


# The chance of less than x, or of x or less, at each of these levels.
Below = Callable[[float, Floats, bool], Floats]


@dataclass(frozen=True, slots=True)
class Law:
    """How points fall about the centre, and after a shift.

    `lines` are the lower and upper lines so many sigmas out, `least` and `largest` the levels that there can be.
    """

    centre: float
    lines: dict[float, tuple[float, float]]
    below: Below
    least: float
    largest: float

    @property
    def sigma(self) -> float:
        """Return a third of the way to the limit that lies further off."""
        lower, upper = self.lines[3.0]
        return max(upper - self.centre, self.centre - lower) / 3

    def most(self, side: Literal[1, -1]) -> float:
        """Return the largest shift that there can be."""
        return self.largest - self.centre if side > 0 else self.centre - self.least

    def line(self, sigmas: float, side: Literal[1, -1]) -> float:
        """Return a line, one that the chart does not hold by its share of the way to the limit."""
        known = self.lines.get(sigmas)
        if known is None:
            limit = self.lines[3.0][side > 0]
            return self.centre + sigmas / 3 * (limit - self.centre)
        return known[side > 0]

    def bands(self, shifts: Floats, side: Literal[1, -1], lines: tuple[float, ...]) -> Floats:
        """Return the chances of the bands of a chain for each shift: the other side, the centre, and the shift's side."""
        centre, moved = self.centre, self.centre + side * shifts
        near = NEAR * max(self.sigma, abs(centre) * 1e-3)

        def beyond(line: float) -> Floats:
            """Return the chance of a point further out than a line; one on the line is not."""
            return 1 - self.below(line + near, moved, True) if side > 0 else self.below(line - near, moved, False)

        out = [beyond(centre), *(beyond(self.line(sigmas, side)) for sigmas in lines)]
        on = self.below(centre + near, moved, True) - self.below(centre - near, moved, False)
        inner = [nearer - further for nearer, further in pairwise(out)]
        chances: Floats = np.maximum(np.column_stack([1 - out[0] - on, on, *inner, out[-1]]), 0.0)
        return chances


def law_of(evaluation: Evaluation, points: Points, at: int) -> Law | None:
    """Return the law of a chart with its own limits at one point; None where it draws the spread, or has no sigma."""
    chart, factor, centre = evaluation.spec.chart, evaluation.spec.factor, evaluation.centres[at]
    if chart in OF_SPREAD or centre is None:
        return None
    lines = _lines(evaluation, points, at, centre)
    if lines is None:
        return None
    if chart in ("p", "np", "c", "u") and evaluation.has_limits:
        size = float(counts_of(evaluation, points)[1][at])
        return _of_counts(chart, centre, lines, size=size, factor=factor)
    if chart in ("g", "t") and evaluation.has_limits:
        mean = _mean_of_baseline(evaluation, points) / centre
        below: Below = _geometric(factor, mean) if chart == "g" else _exponential(mean)
        return Law(centre, lines, below, 0.0, math.inf)
    sigma = (lines[3.0][1] - centre) / 3
    bounded = chart in COUNTED
    largest = factor if chart in ("p", "p_prime") else math.inf
    return Law(centre, lines, _normal(sigma), 0.0 if bounded else -math.inf, largest)


def _lines(evaluation: Evaluation, points: Points, at: int, centre: float) -> dict[float, tuple[float, float]] | None:
    """Return the chart's own lines; of a chart without limits those of its moving ranges."""
    columns = {
        1.0: (evaluation.lowers_1, evaluation.uppers_1),
        2.0: (evaluation.lowers_2, evaluation.uppers_2),
        3.0: (evaluation.lowers, evaluation.uppers),
    }
    lines: dict[float, tuple[float, float]] = {}
    for sigmas, (low, high) in columns.items():
        lower, upper = (low[at], high[at]) if low and high else (None, None)
        if lower is not None and upper is not None:
            lines[sigmas] = lower, upper
    if 3.0 in lines:
        return lines if lines[3.0][1] > centre else None
    value, useful = points.value[None, :], points.useful[None, :]
    ranges = mean_range(value, useful, keep=np.ones(len(points.value), dtype=bool), estimator="mr_screened_once")
    reach = 3 * float(ranges[0]) / D2
    return {3.0: (centre - reach, centre + reach)} if reach > 0 else None


def _of_counts(
    chart: str, centre: float, lines: dict[float, tuple[float, float]], *, size: float, factor: float
) -> Law:
    """Return the law of binomial or Poisson counts of this size, as the chart shows them."""
    from scipy.special import bdtr, pdtr

    each = factor if chart in ("np", "c") else factor / size
    proportion = chart in ("p", "np")

    def below(x: float, levels: Floats, upto: bool) -> Floats:
        number = math.floor(x / each) if upto else math.ceil(x / each) - 1
        expected = np.maximum(levels / each, 0.0)
        if number < 0:
            return np.zeros(len(levels))
        if not proportion:
            return np.asarray(pdtr(number, expected))
        if number >= size:
            return np.ones(len(levels))
        return np.asarray(bdtr(number, round(size), np.minimum(expected / size, 1.0)))

    return Law(centre, lines, below, 0.0, each * size if proportion else math.inf)


def _normal(sigma: float) -> Below:
    from scipy.special import ndtr

    return lambda x, levels, _upto: np.asarray(ndtr((x - levels) / sigma))


def _exponential(mean: float) -> Below:
    """Return the law of times whose mean is `mean` of the centre."""
    return lambda x, levels, _upto: 1 - np.exp(-max(x, 0.0) / np.maximum(levels * mean, TINY))


def _geometric(factor: float, mean: float) -> Below:
    """Return the law of cases between events, counted from 0, whose mean is `mean` of the centre."""

    def below(x: float, levels: Floats, upto: bool) -> Floats:
        number = math.floor(x / factor) if upto else math.ceil(x / factor) - 1
        if number < 0:
            return np.zeros(len(levels))
        cases = np.maximum(levels * mean / factor, 0.0)
        failed: Floats = 1 - (cases / (1 + cases)) ** (number + 1)
        return failed

    return below


def _mean_of_baseline(evaluation: Evaluation, points: Points) -> float:
    used = points.useful & (points.phase == points.phase.max(initial=0))
    if evaluation.baseline_end is not None:
        used = used & (np.arange(len(used)) <= evaluation.baseline_end)
    return float(points.value[used].mean())
