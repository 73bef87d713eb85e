"""How surprising a chart's recent signals are: a p-like score for each chart, for lists over many of them.

The rules of a chart fall into families: points beyond limits, runs on one side, crossings or runs counted over the whole
chart, and each other rule by itself. Each family that has a recent signal has a chance of its own that a stable chart
shows one as strong; the score is the least of them times the number of families asked (Bonferroni), and 1 without a recent
signal. So on stable charts a score of at most s comes up in at most a share s of them.

Points: exact where the chart knows its distribution and allows for a centre that is itself estimated, by asking how the
point and its baseline share their sum (hypergeometric for proportions, binomial for rates and counts, negative
hypergeometric for cases between events); else the tail of Student's t, whose degrees of freedom are those of a sigma from
moving ranges. Each is taken twice, for two sides, and times the three points that are recent.
Runs: by their length, exact for independent points on either side of a centre that misses the truth by a normal error,
which the points behind a locked baseline share; and by their level, as above, times all stretches that end there.
Crossings: exact for the same points.
What is fixed by hand, as in published limits, is known: a point is held against its own law (binomial, Poisson, geometric
or normal) about a fixed centre, and a run or crossing against coins.
Everything else: the chance, drawn, that the rule fires recently on a stable chart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import erf, sqrt

import numpy as np

from knitwork.signals.chance import FEWER_DRAWS, chance_of_signal
from knitwork.signals.diagnosis.points import own_spec
from knitwork.signals.evaluation import Evaluation, Signal
from knitwork.signals.judge import rules_for
from knitwork.signals.panel import SAME
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import Chart
from knitwork.signals.stable import phases_of
from knitwork.signals.tails import TAILS, Far, farthest_point, level_of

FAMILIES = {
    "beyond": "points",
    "run": "runs",
    "longest_run": "runs",
    "few_crossings": "crossings",
    "few_runs": "crossings",
}
# Charts whose points lie on either side of the centre with even chances, independently.
EVEN: frozenset[Chart] = frozenset(
    {"run", "xmr", "i_prime", "xbar", "p", "p_prime", "np", "c", "c_prime", "u", "u_prime", "g", "t"}
)
# How much less exactly a median places the centre than a mean.
MEDIAN_ERROR = sqrt(np.pi / 2)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of one chart, and the recent signal that earned it; none, and 1, where there is no recent signal."""

    score: float
    signal: Signal | None


SILENT = Scored(1.0, None)


def scores(evaluations: Iterable[Evaluation]) -> list[Scored]:
    """Return the score of each chart, in their order. Chances that have to be drawn are, once in the life of a program."""
    found: list[Scored] = []
    weighed: defaultdict[int, list[tuple[float, Signal]]] = defaultdict(list)
    tailed: defaultdict[str, list[tuple[int, Far]]] = defaultdict(list)
    families: dict[int, int] = {}
    for place, one in enumerate(evaluations):
        found.append(SILENT)
        recent = one.recent if one.signals else ()
        if not recent:
            continue
        families[place] = len({_family(rule) for rule in rules_for(one.spec)})
        for family, some in _by_family(recent).items():
            far = farthest_point(one, some) if family == "points" else None
            if far is None:
                chance, signal = _of_the_rest(one, family, some)
                far = level_of(one, signal) if family == "runs" else None
                # Of the length of a run and its level the more surprising counts, at twice its chance.
                weighed[place].append((chance if far is None else 2 * chance, signal))
                far = far and replace(far, times=2 * far.times)
            if far is not None:
                tailed[far.tail].append((place, far))
    for tail, those in tailed.items():
        chances = TAILS[tail]([far.numbers for _, far in those])
        for (place, far), chance in zip(those, chances.tolist(), strict=True):
            weighed[place].append((chance * far.times, far.signal))
    for place, several in weighed.items():
        chance, signal = min(several, key=lambda one: (one[0], -one[1].end))
        found[place] = Scored(min(1.0, chance * families[place]), signal)
    return found


def _family(rule: Rule) -> str:
    return FAMILIES.get(rule.kind, rule.name)


def _by_family(signals: Sequence[Signal]) -> dict[str, list[Signal]]:
    named: defaultdict[str, list[Signal]] = defaultdict(list)
    for signal in signals:
        named[FAMILIES.get(signal.kind, signal.rule)].append(signal)
    return named


def _of_the_rest(one: Evaluation, family: str, signals: Sequence[Signal]) -> tuple[float, Signal]:
    """Return the chance of one family's recent signals, and the strongest of them."""
    even = one.spec.chart in EVEN and (one.spec.chart != "g" or one.spec.middle == "median")
    if family == "runs" and even:
        longest = max(signals, key=lambda signal: _length(one, signal))
        return chance_of_run(_length(one, longest), _centre_error(one, longest)), longest
    if family == "crossings" and even and one.crossings is not None:
        inside = one.n_off_centre if one.baseline_kind != "locked" else min(one.baseline_n, one.n_off_centre)
        chance = chance_of_crossings(one.crossings, one.n_off_centre, inside, _error(one))
        return chance, signals[0]
    return _drawn(one, family), signals[-1]


def _length(one: Evaluation, signal: Signal) -> int:
    """Count the points of a run that lie off the centre line."""
    high = signal.side == "high"
    return sum(
        1
        for place in range(signal.start, signal.end + 1)
        if one.tested[place] and one.included[place] and _is_above(one, place) == high and not _is_level(one, place)
    )


def _is_above(one: Evaluation, place: int) -> bool:
    value, centre = one.values[place], one.centres[place]
    return value is not None and centre is not None and value > centre


def _is_level(one: Evaluation, place: int) -> bool:
    value, centre = one.values[place], one.centres[place]
    if value is None or centre is None:
        return True
    return abs(value - centre) <= SAME * max(abs(value), abs(centre))


def _error(one: Evaluation) -> float:
    """Return the standard error of a locked centre, in sigmas of a point; a fixed one has none."""
    if one.baseline_kind != "locked" or not one.baseline_n or own_spec(one, len(one) - 1).centre is not None:
        return 0.0
    return (MEDIAN_ERROR if one.spec.middle == "median" else 1.0) / sqrt(one.baseline_n)


def _centre_error(one: Evaluation, signal: Signal) -> float:
    """Return the error that the points of a run share: none where all of them made the centre themselves."""
    inside = one.baseline_end is not None and signal.end <= one.baseline_end
    return 0.0 if inside else _error(one)


@lru_cache(maxsize=4096)
def chance_of_run(length: int, error: float) -> float:
    """Return the chance that a run of so many points or more touches the last three, on either side.

    `error` is the standard error of the centre in sigmas; the run ends at the last point, or one or two before it.

    >>> chance_of_run(9, 0.0) == 2 * 2.0**-8
    True
    """
    above = _above(error)
    each = [share**length * (1 + 2 * (1 - share)) for share in (above, 1 - above)]
    return min(1.0, float(_WEIGHTS @ sum(each)))


@lru_cache(maxsize=4096)
def chance_of_crossings(crossings: int, useful: int, inside: int, error: float) -> float:
    """Return the chance of so few crossings among so many points, `inside` of which made the centre themselves.

    >>> round(chance_of_crossings(2, 10, 10, 0.0), 4)  # 0, 1 or 2 heads in 9 tosses
    0.0898
    """
    above = _above(error)
    even = np.full_like(above, 0.5)
    # The chance of each number of crossings so far, with the last point above or below, for each error of the centre.
    high, low = np.zeros((2, crossings + 1, len(above)))
    high[0], low[0] = (even, even) if inside else (above, 1 - above)
    for place in range(1, useful):
        up = even if place < inside else above
        crossed_up, crossed_down = np.zeros_like(high), np.zeros_like(low)
        crossed_up[1:], crossed_down[1:] = low[:-1], high[:-1]
        high, low = up * (high + crossed_up), (1 - up) * (low + crossed_down)
    return min(1.0, float(_WEIGHTS @ (high + low).sum(axis=0)))


def _above(error: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the chance of a point above a centre that misses by each of the nodes."""
    return np.array([0.5 * (1 + erf(node * error / sqrt(2))) for node in _NODES.tolist()])


def _drawn(one: Evaluation, family: str) -> float:
    """Return the chance that the rules of one family fire recently on a stable chart like this one."""
    n_points, spec = list(phases_of(one))[-1]
    those = tuple(rule for rule in rules_for(spec) if _family(rule) == family)
    alone = replace(spec, rules=("custom",), custom=those)
    # One more in both: a chance that was never drawn is not nought.
    recent = chance_of_signal(n_points, spec=alone, draws=FEWER_DRAWS).recent
    return (recent * FEWER_DRAWS + 1) / (FEWER_DRAWS + 1)
