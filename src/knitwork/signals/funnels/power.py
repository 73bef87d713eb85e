"""What a funnel could not have found: the chance of a flag, and the least that would be found."""

from __future__ import annotations

import numpy as np

from knitwork.signals.funnels.exact import at_least, at_most, first_above, last_below
from knitwork.signals.panel import Floats


def true_value(theta: float, ratio: float, *, binomial: bool) -> float:
    """Return the value of a unit whose rate is `ratio` times the centre, or whose odds are.

    >>> true_value(0.2, 2.0, binomial=False), round(true_value(0.2, 2.0, binomial=True), 4)
    (0.4, 0.3333)
    """
    return ratio * theta / (1 - theta + ratio * theta) if binomial else ratio * theta


def power(low: Floats, high: Floats, n: Floats, theta: float, ratio: float, *, binomial: bool) -> Floats:
    """Return the chance that a unit with a true ratio (or odds ratio) is flagged on its own side of the limits.

    `low` and `high` are limits as counts.
    """
    true = true_value(theta, ratio, binomial=binomial)
    if ratio > 1:
        return at_least(first_above(high), n, true, binomial=binomial)
    return at_most(last_below(low), n, true, binomial=binomial)


def false_alarms(low: Floats, high: Floats, n: Floats, theta: float, *, binomial: bool) -> Floats:
    """Return the chance that a unit at the centre is flagged all the same."""
    over = at_least(first_above(high), n, theta, binomial=binomial)
    return over + at_most(last_below(low), n, theta, binomial=binomial)


def detectable(low: Floats, high: Floats, n: Floats, wanted: float, *, above: bool, binomial: bool) -> Floats:
    """Return the true value nearest the centre that is flagged with a chance of `wanted`; NaN where none is."""
    from scipy import special

    if above:
        count = first_above(high)
        if binomial:
            found = special.betaincinv(np.minimum(count, n), np.maximum(n - count, 0.0) + 1, wanted)
            return np.asarray(np.where(count > n, np.nan, found))
        return np.asarray(special.gammaincinv(count, wanted) / n)
    count = last_below(low)
    least = np.maximum(count, 0.0)
    if binomial:
        found = special.betainccinv(least + 1, np.maximum(n - least, 1e-9), wanted)
    else:
        found = special.gammainccinv(least + 1, wanted) / n
    return np.asarray(np.where(count < 0, np.nan, found))
