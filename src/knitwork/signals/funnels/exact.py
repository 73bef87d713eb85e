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
# Room for a numerical slope, and how near to the wanted chance a root must come, as a share of it.
NEAR = 1e-4
GOOD = 1e-9
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


def count_at(n: Floats, theta: float, share: float, *, binomial: bool) -> Floats:
    """Return the count, whole or not, of which `at_most` is `share`; below 0 where even 0 is likelier.

    scipy knows the inverse to about eight figures, and not below 0: its answer is polished by one step of Newton, and
    halving finds what it does not.
    """
    from scipy import special

    def chance(x: Floats) -> Floats:
        return at_most(x, n, theta, binomial=binomial)

    guess = special.bdtrik(share, n, theta) if binomial else special.pdtrik(share, n * theta)
    guess = np.where(np.isfinite(guess), guess, 0.0)
    slope = (chance(guess + NEAR) - chance(guess - NEAR)) / (2 * NEAR)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = guess - (chance(guess) - share) / slope
    x = np.where(np.isfinite(x) & (np.abs(x - guess) < NEAR), x, -2.0)
    # No limit lies below 0, so the lower tail need not be followed there.
    none = (chance(np.zeros_like(n)) >= share) if share < 0.5 else np.zeros(len(n), dtype=bool)
    x[none] = -1.0
    lost = ~none & ((x < 0) | (np.abs(chance(x) - share) > GOOD * min(share, 1 - share)))
    if lost.any():
        top = n[lost] + 1 if binomial else n[lost] * theta + REACH * np.sqrt(n[lost] * theta + 1) + REACH
        x[lost] = solve(
            lambda some: at_most(some, n[lost], theta, binomial=binomial), np.full_like(top, -1.0), top, share
        )
    return np.asarray(x)


def exact_limits(n: Floats, theta: float, tail: float, *, binomial: bool) -> tuple[Floats, Floats]:
    """Return the counts that are reached, on either side, with a chance of just `tail`.

    A unit lies outside exactly when its tail is smaller, which is when its own exact interval (Clopper and Pearson
    1934; Garwood 1936) leaves the centre out. Where even no event is likelier than `tail`, the lower limit is 0.
    """
    low = count_at(n, theta, tail, binomial=binomial)
    # A count of at least x is none of at most x - 1.
    high = count_at(n, theta, 1 - tail, binomial=binomial) + 1
    return np.maximum(low, 0.0), np.minimum(high, n) if binomial else high


def interpolated_quantile(n: Floats, theta: float, share: float, *, binomial: bool) -> Floats:
    """Return the quantile of the count, interpolated between whole counts (Spiegelhalter 2005, appendix A.1.1)."""

    def below(x: Floats) -> Floats:
        return at_most(x, n, theta, binomial=binomial)

    r = np.maximum(np.ceil(count_at(n, theta, share, binomial=binomial) - ON_LIMIT), 0.0)
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
