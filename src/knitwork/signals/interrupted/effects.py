"""From coefficients to effects in the units shown: differences, ratios and means, each with its interval."""

from __future__ import annotations

import math

import numpy as np

from knitwork.signals.interrupted.design import Design
from knitwork.signals.interrupted.fit import Fit
from knitwork.signals.interrupted.record import Effect, Moment
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.panel import Floats


def _t(freedom: Floats, alpha: float) -> Floats:
    from scipy.stats import t

    reach: Floats = t.ppf(1 - alpha / 2, freedom)
    return reach


def _error(contrasts: Floats, fit: Fit) -> Floats:
    error: Floats = np.sqrt(np.einsum("ij,jk,ik->i", contrasts, fit.cov, contrasts))
    return error


def band(contrasts: Floats, line: Floats, fit: Fit, spec: ItsSpec) -> tuple[Floats, Floats]:
    """Return the interval of a mean for each row, reckoned on the line and then carried over."""
    reach = _t(fit.freedom(contrasts), spec.alpha) * _error(contrasts, fit)
    return fit.link.mean(line - reach) * spec.factor, fit.link.mean(line + reach) * spec.factor


def coefficients(fit: Fit, spec: ItsSpec) -> list[Effect]:
    """Return each term with its interval: a difference in the units shown, or a ratio."""
    own = np.eye(len(fit.coef))
    effects = _effects(fit.coef, _error(own, fit), fit.freedom(own), spec.alpha)
    if fit.link.scale == "difference":
        return [_scaled(one, spec.factor) for one in effects]
    return [Effect(math.exp(one.value), math.exp(one.low), math.exp(one.high), one.p) for one in effects]


def _effects(value: Floats, error: Floats, freedom: Floats, alpha: float) -> list[Effect]:
    from scipy.stats import t

    reach = _t(freedom, alpha) * error
    chance = 2 * t.sf(np.abs(value) / error, freedom)
    columns = zip(value.tolist(), (value - reach).tolist(), (value + reach).tolist(), chance.tolist(), strict=True)
    return [Effect(estimate, low, high, p) for estimate, low, high, p in columns]


def _scaled(one: Effect, factor: float) -> Effect:
    return Effect(one.value * factor, one.low * factor, one.high * factor, one.p)


def moments(weights: Floats, design: Design, fit: Fit, spec: ItsSpec) -> tuple[Moment, ...]:
    """Return the effect for each row of weights over the periods, by the delta method.

    Relative effects follow Zhang, Wagner and others 2009 (J Clin Epidemiol 62: 143-148) on straight lines; of rates
    and shares the logarithm is taken, as it is nearer to normal.
    """
    line, without = design.changed @ fit.coef, design.unchanged @ fit.coef
    after, plain = weights @ fit.link.mean(line), weights @ fit.link.mean(without)
    moved = weights @ (fit.link.slope(line)[:, None] * design.changed)
    stayed = weights @ (fit.link.slope(without)[:, None] * design.unchanged)
    absolute = _effects(after - plain, _error(moved - stayed, fit), fit.freedom(moved - stayed), spec.alpha)
    relative = _relative(after, plain, moved, stayed, fit=fit, spec=spec)
    return tuple(
        Moment(after_one * spec.factor, plain_one * spec.factor, _scaled(one, spec.factor), other)
        for after_one, plain_one, one, other in zip(after.tolist(), plain.tolist(), absolute, relative, strict=True)
    )


def _relative(
    after: Floats, plain: Floats, moved: Floats, stayed: Floats, *, fit: Fit, spec: ItsSpec
) -> list[Effect | None]:
    least = plain - _t(fit.freedom(stayed), spec.alpha) * _error(stayed, fit)
    straight = fit.link.scale == "difference"
    known = least > 0 if straight else plain > 0
    base = np.where(known, plain, 1.0)
    ratio = np.where(known, after / base, 1.0)
    contrasts = (moved - ratio[:, None] * stayed) / base[:, None]
    if straight:
        effects = _effects(ratio - 1, _error(contrasts, fit), fit.freedom(contrasts), spec.alpha)
    else:
        logs = _effects(np.log(ratio), _error(contrasts, fit) / ratio, fit.freedom(contrasts), spec.alpha)
        effects = [Effect(math.expm1(log.value), math.expm1(log.low), math.expm1(log.high), log.p) for log in logs]
    return [one if there else None for one, there in zip(effects, known.tolist(), strict=True)]
