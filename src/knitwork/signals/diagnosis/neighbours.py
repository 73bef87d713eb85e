"""Tell whether neighbouring points resemble each other: lag-1 autocorrelation within phases, against chance.

Its mean and variance without any resemblance are those of a ratio of quadratic forms of independent normal values, exact
for any pattern of gaps and phases: with r = x'MAMx / x'Mx, M taking each phase's mean away and A half where two points
are neighbours, E r = tr(MA) / d and E r² = (tr(MA)² + 2 tr(MAMA)) / (d (d + 2)), d the rank of M.
Source: Durbin & Watson 1950, Biometrika 37: 409-428. Thresholds: what it does to rules, signals of the docs.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Neighbours
from knitwork.signals.panel import SAME, Floats
from knitwork.signals.step import steepest

# From about 0.3 on stable charts signal two to three times as often under every rule set, at 0.6 nearly always.
LIKE_A_TREND = 0.3
# Of this much that is left beside a step, and is beyond chance, no step is the reason. By simulation 36 points about two
# levels 1.5 to 3 sigmas apart leave so much in 1 to 5%, and 60 points of an AR(1) of 0.6 in 96%.
LEFT = 0.2
# A series shorter than this tells nothing of its neighbours: the interval of chance spans most of what there can be.
LEAST = 8
SIGNIFICANT = 0.05
# The matrices of longer series would take longer than they are worth; 1/n is then exact to three figures.
LONGEST = 240
NORMAL_95 = 1.959963984540054


def neighbours(points: Points) -> Neighbours | None:
    """Return the lag-1 autocorrelation with its chance interval; None where points are few or never vary.

    A level that changed once makes neighbours alike too. So where they are, the best step of each phase is taken away and
    the correlation reckoned again: what is gone then was a change, which the rules are there to find.
    """
    found = _correlation(points)
    if found is None:
        return None
    r1, pairs, mean, deviation = found
    p = _p(r1, mean, deviation)
    significant = p < SIGNIFICANT
    alike = significant and abs(r1) >= LIKE_A_TREND
    step, beside = _beside_step(points) if alike else (None, None)
    if beside is not None:
        left, _, mean_left, deviation_left = beside
        alike = abs(left) >= LEFT and _p(left, mean_left, deviation_left) < SIGNIFICANT
    return Neighbours(
        r1=r1,
        low=mean - NORMAL_95 * deviation,
        high=mean + NORMAL_95 * deviation,
        p=p,
        pairs=pairs,
        significant=significant,
        like_a_trend=alike,
        step=None if alike else step,
        r1_beside_step=None if beside is None else beside[0],
    )


def _correlation(points: Points) -> tuple[float, int, float, float] | None:
    """Return r1, its number of pairs, and what its mean and standard deviation are by chance."""
    off = deviations(points)
    pair = points.useful[1:] & points.useful[:-1] & (points.phase[1:] == points.phase[:-1])
    if points.useful.sum() < LEAST or pair.sum() < LEAST // 2:
        return None
    alone, scale = float((off * off).sum()), float(np.abs(points.value[points.useful]).max())
    if alone <= (SAME * scale) ** 2 * len(off) or alone == 0:
        return None
    known = points.useful.nonzero()[0]
    mean, deviation = _by_chance(tuple(points.phase[known].tolist()), tuple((np.diff(known) == 1).tolist()))
    return float((off[1:] * off[:-1])[pair].sum()) / alone, int(pair.sum()), mean, deviation


def _p(r1: float, mean: float, deviation: float) -> float:
    return math.erfc(abs(r1 - mean) / deviation / math.sqrt(2)) if deviation > 0 else 1.0


def _beside_step(points: Points) -> tuple[int | None, tuple[float, int, float, float] | None]:
    """Return the position of the last phase's best step, and the correlation with each phase cut at its own."""
    cut, last = points.phase * 2, None
    for some in points.phases:
        number = points.phase[some][0]
        step = steepest(np.where(some, points.value, np.nan).tolist())
        if step is not None:
            last = step.at
            cut = cut + ((points.phase == number) & (np.arange(len(cut)) >= step.at))
    return last, _correlation(replace(points, phase=cut)) if last is not None else None


def deviations(points: Points) -> Floats:
    """Return each useful point's distance from the mean of its phase, 0 elsewhere."""
    off = np.zeros(len(points.value))
    for some in points.phases:
        off[some] = points.value[some] - points.value[some].mean()
    return off


@lru_cache(maxsize=512)
def _by_chance(phase: tuple[int, ...], adjacent: tuple[bool, ...]) -> tuple[float, float]:
    """Return mean and standard deviation of r1 for independent normal values in this pattern of phases and gaps."""
    n, number = len(phase), np.array(phase)
    if n > LONGEST:
        return -1 / n, 1 / math.sqrt(n)
    forms = np.zeros((n, n))
    places = np.flatnonzero(np.array(adjacent) & (number[1:] == number[:-1]))
    forms[places, places + 1] = forms[places + 1, places] = 0.5
    same = number[:, None] == number[None, :]
    centring = np.eye(n) - same / same.sum(axis=1)
    within = centring @ forms @ centring
    freedom = n - len(set(phase))
    first = float(np.trace(within))
    mean = first / freedom
    square = (first**2 + 2 * float((within * within).sum())) / (freedom * (freedom + 2))
    return mean, math.sqrt(max(square - mean * mean, 0.0))
