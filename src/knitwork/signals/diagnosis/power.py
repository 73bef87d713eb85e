"""Reckon what a chart can find: the smallest shift that its limits and rules would probably show, within so many points.

Limits stand where they are, points after the shift are independent, and the run before it counts for nothing: it might as
well have lain on the other side. Rules are the limits, runs on one side and so many of so many beyond a line; what they
need to know of the past is a state of a chain, whose chance of having fired is exact. Source: Champ & Woodall 1987,
Technometrics 29: 393-399. Trends and rules of the whole series add little to what a sudden shift shows, and are left out.
Averages (EWMA, MA) are drawn: the smallest shift that would lift each of these walks over its limit has the answer as its
80% quantile.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np

from knitwork.signals.charts import CHARTS
from knitwork.signals.diagnosis.chain import Chain, chain_of, chance_within, known_to_chain
from knitwork.signals.diagnosis.laws import Law, law_of
from knitwork.signals.diagnosis.points import Points, last_tested
from knitwork.signals.diagnosis.record import Detectable, Power
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.judge import rules_for
from knitwork.signals.panel import Floats
from knitwork.signals.rules.critical import longest_run_limit
from knitwork.signals.rules.rule import NEED_LIMITS, Rule

WITHIN = (6, 12)
PROBABLY = 0.8
# A shift that is not found at so many sigmas is not found at all.
FURTHEST = 8.0
# Shifts tried at a time, and how often the grid is drawn finer. The last step is taken as straight, which places the
# answer within a hundredth of a sigma.
GRID, REFINED = 7, 3
# 8,000 walks place the smallest shift within a hundredth of a sigma; after 60 points they have forgotten their start.
DRAWS, SEED, BEFORE = 8_000, 19990921, 60


def power(evaluation: Evaluation, points: Points, *, within: tuple[int, ...] = WITHIN) -> Power | None:
    """Return what a chart can find; None where it has no rules, no centre, or draws the spread and not the level."""
    at = last_tested(evaluation)
    if at is None or evaluation.n_useful < 2 or "constant" in evaluation.reasons:
        return None
    rules = [one for one in rules_for(evaluation.spec) if evaluation.has_limits or one.kind not in NEED_LIMITS]
    used = tuple(rule for rule in rules if known_to_chain(rule))
    left_out = tuple(rule.name for rule in rules if not known_to_chain(rule))
    centre = evaluation.centres[at]
    if not used or centre is None:
        return None
    if CHARTS[evaluation.spec.chart].smooth is not None and evaluation.has_limits:
        found = _of_averages(evaluation, at, within)
    else:
        found = _of_points(evaluation, points, at, used, within)
    return None if found is None else Power(centre=centre, detectable=found, left_out=left_out)


def _of_points(
    evaluation: Evaluation, points: Points, at: int, rules: tuple[Rule, ...], within: tuple[int, ...]
) -> tuple[Detectable, ...] | None:
    law = law_of(evaluation, points, at)
    if law is None:
        return None
    found = []
    for count in within:
        longest = longest_run_limit(evaluation.n_off_centre + count)
        up, down = _both_ways(law, rules, longest, count)
        found.append(Detectable(within=count, up=up, down=down))
    return tuple(found)


def _both_ways(law: Law, rules: tuple[Rule, ...], longest: int, count: int) -> tuple[float | None, float | None]:
    """Return the smallest rise and fall that are found; of normal values they are the same for all charts, in sigmas."""
    if law.kind != "normal" or law.least > -math.inf:
        return _smallest_both_ways(law, rules, longest, count)
    up, down = _smallest_both_ways(law.in_sigmas(), rules, longest, count)
    return None if up is None else up * law.sigma, None if down is None else down * law.sigma


# A page that is looked at again, or a chart evaluated anew with the same limits, need not be reckoned anew.
@lru_cache(maxsize=4096)
def _smallest_both_ways(
    law: Law, rules: tuple[Rule, ...], longest: int, count: int
) -> tuple[float | None, float | None]:
    chain = chain_of(rules, longest, count)
    return _smallest(law, chain, count, 1), _smallest(law, chain, count, -1)


def _smallest(law: Law, chain: Chain, count: int, side: Literal[1, -1]) -> float | None:
    """Search for the smallest shift that is found, on a grid and on a finer one; chances grow with the shift."""
    low, high = 0.0, min(law.most(side), FURTHEST * law.sigma)
    if high <= 0:
        return None
    for _ in range(REFINED):
        shifts = np.linspace(low, high, GRID)
        chances = chance_within(chain, law.bands(shifts, side, chain.lines), count)
        enough = np.flatnonzero(chances >= PROBABLY)
        if not len(enough):
            return None
        at = max(int(enough[0]), 1)
        low, high = float(shifts[at - 1]), float(shifts[at])
    before, after = chances[at - 1], chances[at]
    share = (PROBABLY - before) / (after - before) if after > before else 1.0
    return low + (high - low) * float(min(max(share, 0.0), 1.0))


def _of_averages(evaluation: Evaluation, at: int, within: tuple[int, ...]) -> tuple[Detectable, ...] | None:
    spec = evaluation.spec
    upper, centre = evaluation.uppers[at], evaluation.centres[at]
    if upper is None or centre is None:
        return None
    settled = math.sqrt(spec.weight / (2 - spec.weight)) if spec.chart == "ewma" else 1 / math.sqrt(spec.span)
    smoothing = spec.weight if spec.chart == "ewma" else spec.span
    sigma = (upper - centre) / spec.width / _settled_so_far(evaluation, at, settled)
    least = _smallest_of_averages(spec.chart, smoothing, spec.width, within)
    return tuple(
        Detectable(within=count, up=one * sigma, down=one * sigma) for count, one in zip(within, least, strict=True)
    )


def _settled_so_far(evaluation: Evaluation, at: int, settled: float) -> float:
    """Return by what the sigma of an average is smaller than that of single values, at this point."""
    spec, number = evaluation.spec, sum(evaluation.tested[: at + 1])
    if spec.chart == "ewma":
        return settled * math.sqrt(1 - (1 - spec.weight) ** (2 * number))
    return 1 / math.sqrt(min(number, spec.span))


@lru_cache(maxsize=64)
def _smallest_of_averages(chart: str, smoothing: float, width: float, within: tuple[int, ...]) -> tuple[float, ...]:
    """Return the smallest shifts of averages in sigmas of single values, from settled averages."""
    rng = np.random.default_rng(SEED)
    noise = rng.standard_normal((DRAWS, BEFORE + max(within)))
    walk, share = _average(noise, chart, smoothing)
    after, share = walk[:, BEFORE:], share[: max(within)]
    settled = math.sqrt(smoothing / (2 - smoothing)) if chart == "ewma" else 1 / math.sqrt(smoothing)
    needed = np.maximum((width * settled - after) / share, 0.0)
    return tuple(float(np.quantile(needed[:, :count].min(axis=1), PROBABLY)) for count in within)


def _average(noise: Floats, chart: str, smoothing: float) -> tuple[Floats, Floats]:
    """Return the averages of noise, and what share of a shift each point after it shows."""
    count = np.arange(1, noise.shape[1] + 1)
    if chart == "ewma":
        walk = np.zeros_like(noise)
        last = np.zeros(len(noise))
        for at in range(noise.shape[1]):
            last = smoothing * noise[:, at] + (1 - smoothing) * last
            walk[:, at] = last
        return walk, 1 - (1 - smoothing) ** count
    span = int(smoothing)
    sums = np.cumsum(np.pad(noise, ((0, 0), (1, 0))), axis=1)
    walk = np.zeros_like(noise)
    walk[:, span - 1 :] = (sums[:, span:] - sums[:, :-span]) / span
    return walk, np.minimum(count, span) / span
