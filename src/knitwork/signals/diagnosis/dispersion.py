"""Tell whether counts differ from point to point by more, or by less, than chance alone makes them.

The test is Pearson's chi-square of the counts of each phase against their common share or rate; large denominators make
it find what no eye sees, and limits by chance alone absurdly tight.
Sources: Fisher 1925, Statistical methods for research workers, section 20 (index of dispersion); Spiegelhalter 2005,
Stat. Med. 24: 1185-1202; Laney 2002, Qual. Eng. 14: 531-537.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Dispersion, Grows
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Floats
from knitwork.signals.ranges import mean_range
from knitwork.signals.spec import D2

BINOMIAL = frozenset({"p", "p_prime", "np"})
POISSON = frozenset({"u", "u_prime", "c", "c_prime"})
LEAST = 8
# 2.5% on either side.
SIGNIFICANT = 0.025


def dispersion(evaluation: Evaluation, points: Points) -> Dispersion | None:
    """Test a chart of counts; None for others, and where too few points or no events are there."""
    chart = evaluation.spec.chart
    if chart not in BINOMIAL | POISSON or points.useful.sum() < LEAST:
        return None
    kind: Literal["binomial", "poisson"] = "binomial" if chart in BINOMIAL else "poisson"
    counts, sizes = counts_of(evaluation, points)
    chi_square, freedom = 0.0, 0
    z = np.full(len(counts), np.nan)
    for some in points.phases:
        rate = counts[some].sum() / sizes[some].sum()
        variance = sizes[some] * rate * (1 - rate if kind == "binomial" else 1.0)
        if some.sum() < 2 or not (variance > 0).all():
            continue
        z[some] = (counts[some] - sizes[some] * rate) / np.sqrt(variance)
        chi_square += float((z[some] ** 2).sum())
        freedom += int(some.sum()) - 1
    if not freedom:
        return None
    from scipy.special import chdtr, chdtrc

    p_over, p_under = float(chdtrc(freedom, chi_square)), float(chdtr(freedom, chi_square))
    verdict: Grows = "over" if p_over < SIGNIFICANT else "under" if p_under < SIGNIFICANT else "as_expected"
    return Dispersion(
        kind=kind,
        index=chi_square / freedom,
        chi_square=chi_square,
        freedom=freedom,
        p_over=p_over,
        p_under=p_under,
        sigma_z=_sigma_z(z, points),
        verdict=verdict,
    )


def counts_of(evaluation: Evaluation, points: Points) -> tuple[Floats, Floats]:
    """Return counts and denominators; a chart of counts has a denominator of one."""
    if points.numerator is not None and points.denominator is not None:
        return points.numerator, points.denominator
    counts = points.value / evaluation.spec.factor if points.numerator is None else points.numerator
    return counts, np.ones(len(counts))


def _sigma_z(z: Floats, points: Points) -> float | None:
    """Return Laney's sigma z of the last phase that has one, with no floor, over all its useful points."""
    last = [some & ~np.isnan(z) for some in points.phases][-1]
    keep = points.useful | ~points.seen
    ranges = mean_range(z[None, :], last[None, :], keep=keep, estimator="mr_screened_once")
    return None if np.isnan(ranges[0]) else float(ranges[0] / D2)
