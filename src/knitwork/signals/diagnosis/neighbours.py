"""Tell whether neighbouring points resemble each other: lag-1 autocorrelation within phases, against chance.

Its mean and variance without any resemblance are those of a ratio of quadratic forms of independent normal values, exact
for any pattern of gaps and phases: with r = x'MAMx / x'Mx, M taking each phase's mean away and A half where two points
are neighbours, E r = tr(MA) / d and E r² = (tr(MA)² + 2 tr(MAMA)) / (d (d + 2)), d the rank of M.
Source: Durbin & Watson 1950, Biometrika 37: 409-428. Thresholds: what it does to rules, signals of the docs.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Neighbours
from knitwork.signals.panel import SAME, Floats

# From about 0.3 on stable charts signal two to three times as often under every rule set, at 0.6 nearly always.
LIKE_A_TREND = 0.3
# A series shorter than this tells nothing of its neighbours: the interval of chance spans most of what there can be.
LEAST = 8
SIGNIFICANT = 0.05
# The matrices of longer series would take longer than they are worth; 1/n is then exact to three figures.
LONGEST = 240
NORMAL_95 = 1.959963984540054


def neighbours(points: Points) -> Neighbours | None:
    """Return the lag-1 autocorrelation with its chance interval; None where points are few or never vary."""
    off = deviations(points)
    pair = points.useful[1:] & points.useful[:-1] & (points.phase[1:] == points.phase[:-1])
    if points.useful.sum() < LEAST or pair.sum() < LEAST // 2:
        return None
    alone, scale = float((off * off).sum()), float(np.abs(points.value[points.useful]).max())
    if alone <= (SAME * scale) ** 2 * len(off) or alone == 0:
        return None
    r1 = float((off[1:] * off[:-1])[pair].sum()) / alone
    known = points.useful.nonzero()[0]
    mean, deviation = _by_chance(tuple(points.phase[known].tolist()), tuple((np.diff(known) == 1).tolist()))
    p = math.erfc(abs(r1 - mean) / deviation / math.sqrt(2)) if deviation > 0 else 1.0
    significant = p < SIGNIFICANT
    return Neighbours(
        r1=r1,
        low=mean - NORMAL_95 * deviation,
        high=mean + NORMAL_95 * deviation,
        p=p,
        pairs=int(pair.sum()),
        significant=significant,
        like_a_trend=significant and abs(r1) >= LIKE_A_TREND,
    )


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
