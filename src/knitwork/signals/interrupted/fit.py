"""What every method returns: coefficients with their covariance, and what lies between a line and a mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from knitwork.signals.panel import Floats

Ratio = Literal["difference", "rate_ratio", "odds_ratio"]


class Link(NamedTuple):
    """How a line of the regression becomes a mean: the mean of a line, and its slope there."""

    mean: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    scale: Ratio


def _logistic(line: Floats) -> Floats:
    from scipy.special import expit

    share: Floats = expit(line)
    return share


IDENTITY = Link(lambda line: line, np.ones_like, "difference")
LOG = Link(np.exp, np.exp, "rate_ratio")
LOGIT = Link(_logistic, lambda line: _logistic(line) * (1 - _logistic(line)), "odds_ratio")


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression. `residual` has one entry a used period, in units of the spread where that differs.

    `freedom` takes contrasts (one a row) and returns their degrees of freedom. `rho` is the autocorrelation that the
    method itself allows for, `dispersion` the spread of counts in that of pure chance; None where a method has none.
    """

    coef: Floats
    cov: Floats
    link: Link
    residual: Floats
    freedom: Callable[[Floats], Floats]
    rho: float | None = None
    dispersion: float | None = None


def fixed(degrees: int) -> Callable[[Floats], Floats]:
    """Return the same degrees of freedom for every contrast."""
    return lambda contrasts: np.full(len(contrasts), float(degrees))


def lag1(residual: Floats, place: Floats) -> float:
    """Return the lag-1 autocorrelation of residuals; a missing period joins nothing.

    >>> round(lag1(np.array([1.0, -1.0, 1.0, -1.0]), np.arange(4.0)), 2)
    -0.75
    """
    off = residual - residual.mean()
    together = (off[1:] * off[:-1])[np.diff(place) == 1].sum()
    return float(together / (off @ off))
