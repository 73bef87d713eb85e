"""Least squares, with the plain covariance or with that of Newey and West."""

from __future__ import annotations

import numpy as np

from knitwork.signals.interrupted.fit import IDENTITY, Fit, fixed
from knitwork.signals.panel import Floats


def ols(x: Floats, y: Floats) -> Fit:
    """Fit by ordinary least squares: right where neighbours do not hang together."""
    coef, bread, residual = _least_squares(x, y)
    degrees = len(y) - len(coef)
    return Fit(coef, bread * (residual @ residual) / degrees, IDENTITY, residual, fixed(degrees))


def newey_west(x: Floats, y: Floats, place: Floats, *, lags: int) -> Fit:
    """Fit by least squares with the covariance of Newey and West (1987, Econometrica 55: 703-708).

    Pairs of periods count by how far apart they are, weighted down to nothing beyond `lags`; a missing period keeps
    its distance. The covariance is raised by n / (n - k), without which it is too small in short series.
    """
    coef, bread, residual = _least_squares(x, y)
    apart = np.abs(place[:, None] - place[None, :])
    weight = np.clip(1 - apart / (lags + 1), 0, None)
    scores = x * residual[:, None]
    n, k = x.shape
    cov = bread @ (scores.T @ weight @ scores) @ bread * n / (n - k)
    return Fit(coef, cov, IDENTITY, residual, fixed(n - k))


def _least_squares(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return coefficients, the inverse of x'x, and the residuals."""
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coef = inverse @ (q.T @ y)
    return coef, inverse @ inverse.T, y - x @ coef
