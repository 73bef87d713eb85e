"""Counts of units whose true values differ: binomial counts of beta-spread proportions, Poisson of gamma-spread rates.

Both have the centre as their mean and tau squared as the variance between units (Spiegelhalter 2005, equation 11, draws
the normal approximation of them; Clayton and Kaldor 1987, Biometrics 43, 671 to 681, the gamma).
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.panel import Floats

# Chances of a beta-binomial count are added up one by one, which for greater denominators takes too long.
GREATEST = 200_000


def chances(n: float, theta: float, tau2: float, *, binomial: bool) -> Floats | None:
    """Return the chance of at most 0, 1, 2 and so on events; nothing where no such distribution can be added up.

    That is where tau squared is more than proportions can spread, or a denominator is no whole number or too great.
    """
    from scipy import special

    if not binomial:
        shape = theta**2 / tau2
        share = shape / (shape + n * theta)
        deviation = np.sqrt(n * theta + n**2 * tau2)
        most = int(n * theta + 60 * deviation + 60)
        if most > GREATEST:
            return None
        return np.asarray(special.betainc(shape, np.arange(most + 1) + 1.0, share))
    total = theta * (1 - theta) / tau2 - 1
    if total <= 0 or n != round(n) or n > GREATEST:
        return None
    a, b, count = theta * total, (1 - theta) * total, np.arange(n + 1)
    logs = (
        special.gammaln(count + a) - special.gammaln(count + 1) + special.gammaln(n - count + b)
        - special.gammaln(n - count + 1)
    )  # fmt: skip
    each = np.exp(logs - logs.max())
    return np.asarray(np.cumsum(each) / each.sum())


def quantile(upto: Floats, share: float) -> float:
    """Return a quantile interpolated between whole counts (Spiegelhalter 2005, appendix A.1.1), never below 0.

    >>> quantile(np.array([0.25, 0.5, 0.75, 1.0]), 0.6)
    1.4
    """
    at = min(int(np.searchsorted(upto, share)), len(upto) - 1)
    before = upto[at - 1] if at else 0.0
    return max(0.0, float(at - (upto[at] - share) / (upto[at] - before)))


def mixture_limits(
    n: Floats, theta: float, tail: float, tau2: float, rough: tuple[Floats, Floats], *, binomial: bool
) -> tuple[Floats, Floats]:
    """Return lower and upper limits as proportion or rate; those of `rough` where a distribution cannot be added up."""
    low, high = np.array(rough[0]), np.array(rough[1])
    for at, below in enumerate(n.tolist()):
        upto = chances(below, theta, tau2, binomial=binomial)
        if upto is not None:
            low[at], high[at] = quantile(upto, tail) / below, quantile(upto, 1 - tail) / below
    return low, high


def mixture_z(x: Floats, n: Floats, theta: float, tau2: float, rough: Floats, *, binomial: bool) -> Floats:
    """Return z scores: beyond the quantile of a level exactly when a count is outside its limits."""
    from scipy import special

    z = np.array(rough)
    for at, (count, below) in enumerate(zip(x.tolist(), n.tolist(), strict=True)):
        upto = chances(below, theta, tau2, binomial=binomial)
        if upto is not None:
            share = upto[min(int(count), len(upto) - 1)]
            z[at] = (
                min(special.ndtri(share), 0.0) if count < below * theta else max(-special.ndtri(1 - share), 0.0)
            )  # fmt: skip
    return z
