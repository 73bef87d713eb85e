"""Limits that are quantiles of a chart's own distribution, as far out as so many sigmas of a normal one.

Three sigmas leave 0.135% beyond either limit. The lower limit is the least count that is more likely than that to be
reached or undercut, the upper one the greatest such; a count on a limit is inside.
"""

from __future__ import annotations

from math import erf, sqrt

import numpy as np

from knitwork.signals.charts.kind import Lines
from knitwork.signals.panel import Floats


def tail(sigmas: float) -> float:
    """Return the share of a normal distribution that lies more than so many sigmas above its mean.

    >>> round(tail(3), 5)
    0.00135
    """
    return 0.5 * (1 - erf(sigmas / sqrt(2)))


def poisson_lines(mean: Floats, sigmas: float) -> Lines:
    """Return the Poisson quantiles of each mean."""
    from scipy.stats import poisson

    low, high = poisson.ppf(tail(sigmas), mean), poisson.isf(tail(sigmas), mean)
    return np.maximum(low, 0.0), high


def binomial_lines(share: Floats, of: Floats, sigmas: float) -> Lines:
    """Return the binomial quantiles of each share of so many, as counts."""
    from scipy.stats import binom

    whole = np.where(of > 0, np.floor(of), np.nan)
    low, high = binom.ppf(tail(sigmas), whole, share), binom.isf(tail(sigmas), whole, share)
    return np.maximum(low, 0.0), high


def geometric_lines(mean: Floats, sigmas: float) -> Lines:
    """Return the quantiles of how many cases pass before the next event, when `mean` pass on average.

    The chance of more than k is (mean / (mean + 1)) to the power k + 1.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.log(mean / (mean + 1))
        low = np.maximum(np.ceil(np.log1p(-tail(sigmas)) / step - 1), 0.0)
        high = np.maximum(np.ceil(np.log(tail(sigmas)) / step - 1), 0.0)
    return low, high


def exponential_lines(mean: Floats, sigmas: float) -> Lines:
    """Return the quantiles of a wait for the next event, when it takes `mean` on average."""
    return -mean * np.log1p(-tail(sigmas)), -mean * np.log(tail(sigmas))
