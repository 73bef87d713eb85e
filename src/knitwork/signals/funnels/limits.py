"""Limits and z scores of units, against chance and against the spread between units."""

from __future__ import annotations

import numpy as np

from knitwork.signals.funnels import exact
from knitwork.signals.funnels.mixture import mixture_limits, mixture_z
from knitwork.signals.funnels.scales import scaled_limits, scaled_z
from knitwork.signals.funnels.spec import FunnelSpec
from knitwork.signals.panel import Floats

Pair = tuple[Floats, Floats]


def normal_quantile(level: float, digits: int | None = None) -> float:
    """Return how many standard deviations on either side hold `level`.

    >>> round(normal_quantile(0.95), 4), normal_quantile(0.998, 6)
    (1.96, 3.090232)
    """
    from scipy import special

    z = -float(special.ndtri((1 - level) / 2))
    return z if digits is None else round(z, digits)


def chance_limits(n: Floats, theta: float, level: float, spec: FunnelSpec) -> Pair:
    """Return lower and upper limits against chance, as proportion, rate or ratio."""
    tail, binomial = (1 - level) / 2, spec.kind == "proportion"
    if spec.limits == "exact":
        low, high = exact.exact_limits(n, theta, tail, binomial=binomial)
    elif spec.limits == "exact_interpolated":
        low, high = exact.interpolated_limits(n, theta, tail, binomial=binomial)
    elif spec.limits == "garwood":
        low, high = exact.garwood_limits(n, theta, tail)
    else:
        z = normal_quantile(level, spec.quantile_digits)
        return scaled_limits(spec.limits, n, theta, spec.kind, z=z)
    return low / n, high / n


def chance_z(x: Floats, n: Floats, theta: float, spec: FunnelSpec) -> Floats:
    """Return z scores against chance: beyond the quantile of a level exactly when outside its limits."""
    from scipy import special

    binomial, mean = spec.kind == "proportion", n * theta
    if spec.limits in ("exact", "exact_interpolated"):
        # An interpolated quantile is passed by the first whole count above it, the exact one by the next.
        further = x if spec.limits == "exact" else x + 1
        below = special.ndtri(exact.at_most(x, n, theta, binomial=binomial))
        above = -special.ndtri(exact.at_least(further, n, theta, binomial=binomial))
        return np.asarray(np.where(x < mean, np.minimum(below, 0.0), np.maximum(above, 0.0)))
    if spec.limits == "garwood":
        low, high = special.gammainc(mean, x), special.gammaincc(mean + 1, x)
        return np.asarray(np.where(x < mean, special.ndtri(low), -special.ndtri(high)))
    return scaled_z(spec.limits, x, n, theta, spec.kind)


def is_wider(phi: float, tau2: float, spec: FunnelSpec) -> bool:
    """Say whether the spread between units is more than chance by the estimator that was chosen."""
    return tau2 > 0 if spec.overdispersion == "additive" else phi > 1


def _added(phi: float, tau2: float, spec: FunnelSpec) -> dict[str, float]:
    return {"tau2": tau2} if spec.overdispersion == "additive" else {"phi": max(phi, 1.0)}


def spread_limits(
    n: Floats, theta: float, level: float, spec: FunnelSpec, chance: Pair, *, phi: float, tau2: float
) -> Pair:
    """Return limits against the spread; never inside those against `chance` unless `spread_floor` is none."""
    if (spec.spread_floor == "chance" or spec.spread_model == "mixture") and not is_wider(phi, tau2, spec):
        return chance
    z = normal_quantile(level, spec.quantile_digits)
    low, high = scaled_limits(str(spec.transform), n, theta, spec.kind, z=z, **_added(phi, tau2, spec))
    if spec.spread_model == "mixture":
        binomial, tail = spec.kind == "proportion", (1 - level) / 2
        low, high = mixture_limits(n, theta, tail, tau2, (low, high), binomial=binomial)
    if spec.spread_floor == "none":
        return low, high
    return np.minimum(low, chance[0]), np.maximum(high, chance[1])


def spread_z(
    x: Floats, n: Floats, theta: float, spec: FunnelSpec, chance: Floats, *, phi: float, tau2: float
) -> Floats:
    """Return z scores against the spread; never further out than those against `chance` unless the floor is none."""
    if (spec.spread_floor == "chance" or spec.spread_model == "mixture") and not is_wider(phi, tau2, spec):
        return chance
    z = scaled_z(str(spec.transform), x, n, theta, spec.kind, **_added(phi, tau2, spec))
    if spec.spread_model == "mixture":
        z = mixture_z(x, n, theta, tau2, z, binomial=spec.kind == "proportion")
    return z if spec.spread_floor == "none" else np.where(np.abs(z) <= np.abs(chance), z, chance)


def two_sided(z: Floats) -> Floats:
    """Return the two-sided p value of z scores."""
    from scipy import special

    return np.asarray(np.minimum(2 * special.ndtr(-np.abs(z)), 1.0))


def false_discovery(p: Floats) -> Floats:
    """Return p values adjusted for how many there are (Benjamini and Hochberg 1995, JRSS B 57, 289 to 300)."""
    count = len(p)
    order = np.argsort(p, kind="stable")[::-1]
    adjusted = np.minimum.accumulate(p[order] * (count / np.arange(count, 0, -1)))
    out = np.empty(count)
    out[order] = np.minimum(adjusted, 1.0)
    return out
