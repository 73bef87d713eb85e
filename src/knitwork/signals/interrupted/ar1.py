"""Generalised least squares where each period hangs on the one before: AR(1) by restricted maximum likelihood.

The restricted likelihood (Patterson and Thompson 1971, Biometrika 58: 545-554) takes the autocorrelation less low than
the full one does in short series (Cheang and Reinsel 2000, J Am Stat Assoc 95: 1173-1184). Intervals use Satterthwaite's
degrees of freedom (1946, Biometrics Bulletin 2: 110-114), for the autocorrelation is an estimate itself: with n - k they
hold the truth too seldom. A missing period is a gap over which the correlation fades by one power more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knitwork.signals.interrupted.fit import IDENTITY, Fit
from knitwork.signals.panel import Floats

# Closer to one the series has no level to speak of.
MOST = 0.99
# So many autocorrelations are tried side by side, then so many between the best's neighbours, and so on: five rounds
# place the best to a millionth.
TRIED, ROUNDS = 41, 5
# The step of the numeric derivatives, in logarithms and inverse hyperbolic tangents, both of order one.
STEP = 1e-3
# With fewer degrees of freedom the variance of t is infinite and an interval says nothing.
LEAST_FREEDOM = 2.0


@dataclass(frozen=True, slots=True)
class _Whitened:
    """A regression whose errors were made independent: coefficients, triangular factor, sum of squares, log |V|."""

    coef: Floats
    factor: Floats
    misfit: float
    log_volume: float

    @property
    def loss(self) -> float:
        """Return the part of twice the negative restricted log-likelihood that does not hang on the variance."""
        return self.log_volume + 2 * float(np.log(np.abs(np.diag(self.factor))).sum())


def ar1(x: Floats, y: Floats, place: Floats) -> Fit:
    """Fit with errors whose correlation is rho to the power of the distance."""
    gaps = np.diff(place)
    both = np.column_stack([x, y])
    degrees = len(y) - x.shape[1]
    rho = _best(both, gaps, degrees)
    found = _whiten(both, gaps, rho)
    variance = found.misfit / degrees
    inverse = np.linalg.inv(found.factor)
    uncertainty = _uncertainty(both, gaps, rho, degrees)
    bent = np.arctanh(rho)
    beside = [_whiten(both, gaps, float(np.tanh(bent + step))).factor for step in (STEP, -STEP)]

    def freedom(contrasts: Floats) -> Floats:
        """Return 2 / Var(log variance of the contrast): Satterthwaite's, on the scale where it is most nearly even."""
        slopes = _slopes(contrasts, *beside)
        doubt = np.einsum("ij,jk,ik->i", slopes, uncertainty, slopes)
        degrees_each: Floats = np.clip(np.nan_to_num(2 / doubt, nan=LEAST_FREEDOM), LEAST_FREEDOM, degrees)
        return degrees_each

    return Fit(found.coef, inverse @ inverse.T * variance, IDENTITY, y - x @ found.coef, freedom, rho=rho)


def _whiten(both: Floats, gaps: Floats, rho: float) -> _Whitened:
    """Take from each period what the one before tells of it (Prais and Winsten 1954, the first period kept)."""
    carried = rho**gaps
    left = 1 - carried**2
    white = both.copy()
    white[1:] = (both[1:] - carried[:, None] * both[:-1]) / np.sqrt(left)[:, None]
    q, r = np.linalg.qr(white[:, :-1])
    coef = np.linalg.solve(r, q.T @ white[:, -1])
    residual = white[:, -1] - white[:, :-1] @ coef
    return _Whitened(coef, r, float(residual @ residual), float(np.log(left).sum()))


def _best(both: Floats, gaps: Floats, degrees: int) -> float:
    """Return the autocorrelation of greatest restricted likelihood, the variance put at its best for each."""
    low, high = -MOST, MOST
    for _ in range(ROUNDS):
        tried = np.linspace(low, high, TRIED)
        at = int(np.argmin(_losses(both, gaps, tried, degrees)))
        low, high = tried[max(at - 1, 0)], tried[min(at + 1, TRIED - 1)]
    return float(tried[at])


def _losses(both: Floats, gaps: Floats, tried: Floats, degrees: int) -> Floats:
    """Return twice the negative restricted log-likelihood of many autocorrelations at once, less a constant.

    The last entry of the triangular factor of [x y] is the root of the sum of squares that x leaves of y.
    """
    carried = tried[:, None] ** gaps
    left = 1 - carried**2
    white = np.repeat(both[None], len(tried), axis=0)
    white[:, 1:] = (both[1:] - carried[:, :, None] * both[:-1]) / np.sqrt(left)[:, :, None]
    factor = np.linalg.qr(white, mode="r")
    logs: Floats = np.log(np.abs(np.diagonal(factor, axis1=1, axis2=2)))
    total: Floats = 2 * degrees * logs[:, -1] + np.log(left).sum(axis=1) + 2 * logs[:, :-1].sum(axis=1)
    return total


def _uncertainty(both: Floats, gaps: Floats, rho: float, degrees: int) -> Floats:
    """Return the covariance of (log variance, atanh rho): the inverse of the observed information."""
    at = np.array([np.log(_whiten(both, gaps, rho).misfit / degrees), np.arctanh(rho)])

    def loss(change: Floats) -> float:
        log_variance, bent = at + change
        found = _whiten(both, gaps, float(np.tanh(bent)))
        return float(0.5 * (degrees * log_variance + found.misfit * np.exp(-log_variance) + found.loss))

    steps = np.eye(2) * STEP
    curved: Floats = np.array([
        [loss(a + b) - loss(a - b) - loss(b - a) + loss(-a - b) for b in steps] for a in steps
    ]) / (4 * STEP**2)  # fmt: skip
    if np.linalg.eigvalsh(curved)[0] <= 0:  # at the edge of what is allowed there is no peak to measure
        return np.full((2, 2), np.nan)
    inverse: Floats = np.linalg.inv(curved).astype(np.float64)
    return inverse


def _slopes(contrasts: Floats, above: Floats, below: Floats) -> Floats:
    """Return how the log variance of each contrast moves with (log variance, atanh rho).

    `above` and `below` are the triangular factors a step to either side of rho.
    """

    def log_variance(factor: Floats) -> Floats:
        reach = np.linalg.solve(factor.T, contrasts.T)
        log: Floats = np.log(np.square(reach).sum(axis=0))
        return log

    moved: Floats = (log_variance(above) - log_variance(below)) / (2 * STEP)
    return np.column_stack([np.ones_like(moved), moved])
