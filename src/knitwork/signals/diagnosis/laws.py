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

Kind = Literal["normal", "binomial", "poisson", "geometric", "exponential"]
Side = Literal[1, -1]
# Sigmas, the lower line so far out, the upper one.
Lines = tuple[tuple[float, float, float], ...]

# Charts of the spread, whose points a shift of the level leaves where they are.
OF_SPREAD = frozenset({"mr", "s", "r"})
# Charts whose level cannot lie below nought.
NOT_BELOW_NOUGHT = frozenset({"p", "p_prime", "np", "c", "c_prime", "u", "u_prime", "g", "t"})
# A point this much nearer than a line, by the width of the limits, lies on it.
NEAR = 1e-9
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Law:
    """How points fall about the centre, and after a shift.

    `each` is what one event adds to a value of counts, the sigma of normal values, and of what lies between events the
    mean as a share of the centre. `size` is the denominator of a binomial. `least` and `largest` are the levels there can
    be.
    """

    kind: Kind
    centre: float
    lines: Lines
    each: float
    size: float = 0.0
    least: float = -math.inf
    largest: float = math.inf

    @property
    def sigma(self) -> float:
        """Return a third of the way to the limit that lies further off."""
        _, lower, upper = next(one for one in self.lines if one[0] == 3.0)
        return max(upper - self.centre, self.centre - lower) / 3

    def in_sigmas(self) -> Law:
        """Return the same normal law about 0, with a sigma of 1."""
        sigma, centre = self.sigma, self.centre
        lines = tuple(
            (sigmas, round((lower - centre) / sigma, 6), round((upper - centre) / sigma, 6))
            for sigmas, lower, upper in self.lines
        )
        return Law("normal", 0.0, lines, round(self.each / sigma, 6))

    def most(self, side: Side) -> float:
        """Return the largest shift that there can be."""
        return self.largest - self.centre if side > 0 else self.centre - self.least

    def line(self, sigmas: float, side: Side) -> float:
        """Return a line, one that the chart does not hold by its share of the way to the limit."""
        known = {one[0]: one[2 if side > 0 else 1] for one in self.lines}
        if sigmas in known:
            return known[sigmas]
        return self.centre + sigmas / 3 * (known[3.0] - self.centre)

    def bands(self, shifts: Floats, side: Side, lines: tuple[float, ...]) -> Floats:
        """Return the chances of the bands of a chain for each shift: the other side, the centre, and the shift's side."""
        centre, moved, below = self.centre, self.centre + side * shifts, BELOW[self.kind]
        near = NEAR * max(self.sigma, abs(centre) * 1e-3)

        def beyond(line: float) -> Floats:
            """Return the chance of a point further out than a line; one on the line is not."""
            return 1 - below(self, line + near, moved, True) if side > 0 else below(self, line - near, moved, False)

        out = [beyond(centre), *(beyond(self.line(sigmas, side)) for sigmas in lines)]
        on = below(self, centre + near, moved, True) - below(self, centre - near, moved, False)
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
        each = factor if chart in ("np", "c") else factor / size
        if chart in ("c", "u"):
            return Law("poisson", centre, lines, each, least=0.0)
        return Law("binomial", centre, lines, each, size=size, least=0.0, largest=each * size)
    if chart in ("g", "t") and evaluation.has_limits:
        mean = _mean_of_baseline(evaluation, points) / centre
        if chart == "t":
            return Law("exponential", centre, lines, mean, least=0.0)
        return Law("geometric", centre, lines, mean, size=factor, least=0.0)
    sigma = (next(one[2] for one in lines if one[0] == 3.0) - centre) / 3
    least = 0.0 if chart in NOT_BELOW_NOUGHT else -math.inf
    largest = factor if chart in ("p", "p_prime") else math.inf
    return Law("normal", centre, lines, sigma, least=least, largest=largest)


def _lines(evaluation: Evaluation, points: Points, at: int, centre: float) -> Lines | None:
    """Return the chart's own lines; of a chart without limits those of its moving ranges."""
    columns = {
        1.0: (evaluation.lowers_1, evaluation.uppers_1),
        2.0: (evaluation.lowers_2, evaluation.uppers_2),
        3.0: (evaluation.lowers, evaluation.uppers),
    }
    lines = []
    for sigmas, (low, high) in columns.items():
        lower, upper = (low[at], high[at]) if low and high else (None, None)
        if lower is not None and upper is not None:
            lines.append((sigmas, lower, upper))
    if lines and lines[-1][0] == 3.0:
        return tuple(lines) if lines[-1][2] > centre else None
    value, useful = points.value[None, :], points.useful[None, :]
    ranges = mean_range(value, useful, keep=np.ones(len(points.value), dtype=bool), estimator="mr_screened_once")
    reach = 3 * float(ranges[0]) / D2
    return ((3.0, centre - reach, centre + reach),) if reach > 0 else None


def _mean_of_baseline(evaluation: Evaluation, points: Points) -> float:
    used = points.useful & (points.phase == points.phase.max(initial=0))
    if evaluation.baseline_end is not None:
        used = used & (np.arange(len(used)) <= evaluation.baseline_end)
    return float(points.value[used].mean())


def _whole(x: float, upto: bool) -> int:
    """Return the largest whole number below x, or not above it."""
    return math.floor(x) if upto else math.ceil(x) - 1


def _normal(law: Law, x: float, levels: Floats, upto: bool) -> Floats:  # noqa: ARG001  # same for all laws
    from scipy.special import ndtr

    return np.asarray(ndtr((x - levels) / law.each))


def _binomial(law: Law, x: float, levels: Floats, upto: bool) -> Floats:
    from scipy.special import bdtr

    number = _whole(x / law.each, upto)
    if number < 0 or number >= law.size:
        return np.full(len(levels), float(number >= 0))
    chance = np.clip(levels / law.each / law.size, 0.0, 1.0)
    return np.asarray(bdtr(number, round(law.size), chance))


def _poisson(law: Law, x: float, levels: Floats, upto: bool) -> Floats:
    from scipy.special import pdtr

    number = _whole(x / law.each, upto)
    return np.zeros(len(levels)) if number < 0 else np.asarray(pdtr(number, np.maximum(levels / law.each, 0.0)))


def _geometric(law: Law, x: float, levels: Floats, upto: bool) -> Floats:
    """Return the chance of so few cases between events, counted from 0; `size` is the factor of display."""
    number = _whole(x / law.size, upto)
    if number < 0:
        return np.zeros(len(levels))
    cases = np.maximum(levels * law.each / law.size, 0.0)
    chance: Floats = 1 - (cases / (1 + cases)) ** (number + 1)
    return chance


def _exponential(law: Law, x: float, levels: Floats, upto: bool) -> Floats:  # noqa: ARG001  # same for all laws
    chance: Floats = 1 - np.exp(-max(x, 0.0) / np.maximum(levels * law.each, TINY))
    return chance


# The chance of less than x, or of x or less, at each of these levels.
BELOW: dict[Kind, Callable[[Law, float, Floats, bool], Floats]] = {
    "normal": _normal,
    "binomial": _binomial,
    "poisson": _poisson,
    "geometric": _geometric,
    "exponential": _exponential,
}
