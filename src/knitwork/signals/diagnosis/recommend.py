"""Recommend another chart where the points call for one: the table of which chart for which measure, read backwards."""

from __future__ import annotations

import numpy as np

from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Completeness, Dispersion, Recommendation
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import SAME

PRIMES = {"p": "p_prime", "np": "p_prime", "u": "u_prime", "c": "c_prime"}
# Neighbours must differ by a fifth more than chance makes: a shift makes counts differ too, and moves sigma z little.
CLEARLY = 1.2
# Denominators further than 25% from their mean make limits of one width wrong (Montgomery, section 7.2.2).
APART = 0.25
# The skewness of an exponential is 2; at half of it limits of a normal law signal several times too often.
SKEWED, SKEWED_FOR = 1.0, 3.0
# Events at the same time, beyond which time between events tells too little.
AT_ONCE = 0.1


def recommend(
    evaluation: Evaluation, points: Points, dispersion: Dispersion | None, completeness: Completeness
) -> Recommendation | None:
    """Return another chart and why, where the one in use suits badly; the weightiest reason first."""
    chart, useful = evaluation.spec.chart, int(points.useful.sum())
    if useful < 2 or "constant" in evaluation.reasons:
        return None
    if completeness.tiny > useful / 2:
        # More than half of the points let expect too little: one small month is no reason.
        return _rare(chart, completeness.least_expected)
    if chart in PRIMES and dispersion is not None and dispersion.verdict == "over":
        sigma_z = dispersion.sigma_z
        if sigma_z is not None and sigma_z >= CLEARLY:
            return Recommendation(chart=PRIMES[chart], why="spread_beyond_chance", number=sigma_z)
    if chart == "xmr":
        return _of_single_values(points)
    if chart == "t":
        # A time of nothing is drawn as half a unit, and less than one unit is as good as nothing.
        at_once = float((points.value[points.useful] <= evaluation.spec.factor / 2).mean())
        if at_once > AT_ONCE:
            return Recommendation(chart="g", why="no_time_between", number=at_once)
    return None


def _rare(chart: str, least: float | None) -> Recommendation:
    if chart in ("p", "p_prime", "np"):
        return Recommendation(chart="g", why="rare_proportion", number=least)
    return Recommendation(chart="t", why="rare_counts" if chart in ("c", "c_prime") else "rare_events", number=least)


def _of_single_values(points: Points) -> Recommendation | None:
    if points.denominator is not None:
        sizes = points.denominator[points.useful]
        apart = float(np.abs(sizes / sizes.mean() - 1).max())
        if apart > APART:
            return Recommendation(chart="i_prime", why="denominators_differ", number=apart)
    skew = _skewness(points)
    if skew is not None and (points.value[points.useful] >= 0).all():
        return Recommendation(chart="run", why="skewed", number=skew)
    return None


def _skewness(points: Points) -> float | None:
    """Return the skewness within phases where it is far and beyond chance to the right; else None."""
    off = np.concatenate([points.value[some] - points.value[some].mean() for some in points.phases])
    n, spread = len(off), float(np.sqrt((off**2).mean()))
    if n < 12 or spread <= SAME * float(np.abs(points.value[points.useful]).max()):
        return None
    skew = float(((off / spread) ** 3).mean())
    # The standard error of the skewness of n normal values.
    error = (6 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3))) ** 0.5
    return skew if skew > max(SKEWED, SKEWED_FOR * error) else None
