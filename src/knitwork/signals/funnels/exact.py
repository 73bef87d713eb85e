"""Chances of counts, binomial and Poisson, and the limits and intervals that follow from them.

A count is taken as a point on a line: between whole counts the incomplete beta and gamma functions join the chances,
so that limits are smooth in the denominator and still fall between the same whole counts as the exact test.
All functions work on arrays: `n` are denominators, `theta` the true proportion, rate or ratio.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from knitwork.signals.panel import Floats

# Halvings of a bracket: beyond the precision of a number of 64 bits for any count.
HALVINGS = 64
# Counts beyond the mean that hold all but 1e-12 of a Poisson distribution: 40 standard deviations and 40 events.
REACH = 40.0
# A count this near to a limit is on it.
ON_LIMIT = 1e-9


def at_most(x: Floats, n: Floats, theta: Floats | float, *, binomial: bool) -> Floats:
    """Return the chance of a count of at most `x`; 0 for -1 and below."""
    from scipy import special

    x = np.maximum(x, -1.0)
    if binomial:
        inside = special.betaincc(np.minimum(x, n - ON_LIMIT) + 1, np.maximum(n - x, ON_LIMIT), theta)
        return np.asarray(np.where(x >= n, 1.0, np.where(x <= -1, 0.0, inside)))
    return np.asarray(np.where(x <= -1, 0.0, special.gammaincc(x + 1, n * theta)))


def at_least(x: Floats, n: Floats, theta: Floats | float, *, binomial: bool) -> Floats:
    """Return the chance of a count of at least `x`; 1 for 0 and below."""
    from scipy import special

    some = np.maximum(x, ON_LIMIT)
    if binomial:
        inside = special.betainc(some, np.maximum(n - some + 1, ON_LIMIT), theta)
        return np.asarray(np.where(x <= 0, 1.0, np.where(x >= n + 1, 0.0, inside)))
    return np.asarray(np.where(x <= 0, 1.0, special.gammainc(some, n * theta)))


def solve(chance: Callable[[Floats], Floats], low: Floats, high: Floats, wanted: float) -> Floats:
    """Return where `chance`, which never falls from `low` to `high`, comes to `wanted`."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = chance(middle) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def _highest(n: Floats, theta: float, *, binomial: bool) -> Floats:
    mean = n * theta
    return n + 1 if binomial else mean + REACH * np.sqrt(mean + 1) + REACH


def exact_limits(n: Floats, theta: float, tail: float, *, binomial: bool) -> tuple[Floats, Floats]:
    """Return the counts that are reached, on either side, with a chance of just `tail`.

    A unit lies outside exactly when its tail is smaller, which is when its own exact interval (Clopper and Pearson
    1934; Garwood 1936) leaves the centre out. Where even no event is likelier than `tail`, the lower limit is 0.
    """
    top = _highest(n, theta, binomial=binomial)
    low = solve(lambda x: at_most(x, n, theta, binomial=binomial), np.full_like(n, -1.0), top, tail)
    high = solve(lambda x: -at_least(x, n, theta, binomial=binomial), np.zeros_like(n), top, -tail)
    return np.maximum(low, 0.0), np.minimum(high, n) if binomial else high


def interpolated_quantile(n: Floats, theta: float, share: float, *, binomial: bool) -> Floats:
    """Return the quantile of the count, interpolated between whole counts (Spiegelhalter 2005, appendix A.1.1)."""

    def below(x: Floats) -> Floats:
        return at_most(x, n, theta, binomial=binomial)

    top = _highest(n, theta, binomial=binomial)
    r = np.maximum(np.ceil(solve(below, np.full_like(n, -1.0), top, share) - ON_LIMIT), 0.0)
    r = np.where(below(r) < share, r + 1, r)
    upto, before = below(r), below(r - 1)
    return np.asarray(np.maximum(r - (upto - share) / (upto - before), 0.0))


def interpolated_limits(n: Floats, theta: float, tail: float, *, binomial: bool) -> tuple[Floats, Floats]:
    """Return the interpolated quantiles at `tail` and 1 - `tail`.

    Its upper limit lies below the count that chance reaches with less than `tail`, so it flags a little too often
    where few events are expected.
    """
    low = interpolated_quantile(n, theta, tail, binomial=binomial)
    high = interpolated_quantile(n, theta, 1 - tail, binomial=binomial)
    return low, np.minimum(high, n) if binomial else high


def garwood_limits(n: Floats, theta: float, tail: float) -> tuple[Floats, Floats]:
    """Return the exact Poisson interval (Garwood 1936) around a count equal to its mean, as SHMI funnels draw it."""
    from scipy import special

    mean = n * theta
    return np.asarray(special.gammaincinv(mean, tail)), np.asarray(special.gammainccinv(mean + 1, tail))


def interval(x: Floats, n: Floats, tail: float, *, binomial: bool) -> tuple[Floats, Floats]:
    """Return each unit's own exact interval, as proportion or rate (Clopper and Pearson 1934; Garwood 1936)."""
    from scipy import special

    some = np.maximum(x, ON_LIMIT)
    if binomial:
        low = special.betaincinv(some, n - x + 1, tail)
        high = np.where(x >= n, 1.0, special.betainccinv(x + 1, np.maximum(n - x, ON_LIMIT), tail))
    else:
        low, high = special.gammaincinv(some, tail) / n, special.gammainccinv(x + 1, tail) / n
    return np.asarray(np.where(x <= 0, 0.0, low)), np.asarray(high)


def first_above(limit: Floats) -> Floats:
    """Return the least whole count above a limit: a count on the limit is inside."""
    return np.asarray(np.floor(limit + ON_LIMIT) + 1)


def last_below(limit: Floats) -> Floats:
    """Return the greatest whole count below a limit; -1 where there is none."""
    return np.asarray(np.ceil(limit - ON_LIMIT) - 1)
