"""Counts and shares: a generalised linear model whose spread is measured and not taken from pure chance.

Iteratively reweighted least squares, and the dispersion of Pearson's chi-squared (McCullagh and Nelder 1989,
Generalized Linear Models, 2nd edition, sections 2.5, 4.5.2 and 6.2.3). Neighbours are taken not to hang together; the
record says where they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knitwork.signals.interrupted.fit import LOG, LOGIT, Fit, Link, fixed
from knitwork.signals.panel import Floats
from knitwork.signals.series import BadSeries

# Newton's steps double the figures each time; a fit that needs more than this runs to infinity.
MOST_STEPS = 50
CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class _Family:
    """A family of counts: its link, and the variance of a count by its size and mean."""

    link: Link
    variance: str

    def spread(self, size: Floats, mean: Floats) -> Floats:
        """Return the variance of a count of `size` opportunities, the mean given for one of them."""
        return size * mean * (1 - mean) if self.variance == "binomial" else size * mean


POISSON, BINOMIAL = _Family(LOG, "poisson"), _Family(LOGIT, "binomial")


def quasi_poisson(x: Floats, count: Floats, exposure: Floats, *, floor: float) -> Fit:
    """Fit counts with a log link, the logarithm of the exposure as offset."""
    return _fit(POISSON, x, count, exposure, floor=floor)


def quasi_binomial(x: Floats, count: Floats, size: Floats, *, floor: float) -> Fit:
    """Fit shares of `size` with a logit link."""
    return _fit(BINOMIAL, x, count, size, floor=floor)


def _fit(family: _Family, x: Floats, count: Floats, size: Floats, *, floor: float) -> Fit:
    # Half an event more keeps the first line finite where a period has none.
    line = np.log((count + 0.5) / (size - count + 0.5 if family is BINOMIAL else size))
    coef: Floats = np.full(x.shape[1], np.inf)
    for _ in range(MOST_STEPS):
        with np.errstate(all="ignore"):  # a fit that runs to infinity is found by what is not finite
            weight, working = _weighed(family, line, count, size)
        if not (np.isfinite(weight).all() and np.isfinite(working).all()):
            break
        root = np.sqrt(weight)
        solved = np.linalg.lstsq(x * root[:, None], working * root, rcond=None)[0]
        after: Floats = solved.astype(np.float64)
        done = np.abs(after - coef).max() <= CLOSE * max(1.0, np.abs(after).max())
        coef, line = after, x @ after
        if done:
            return _finished(family, x, count, size, coef, floor=floor)
    raise BadSeries(
        "these counts have no finite fit, because nearly all periods before or after the start have none, or all: "
        "take longer periods, leave out slope_change, or state ar1"
    )


def _weighed(family: _Family, line: Floats, count: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return the weights and the working values of one step."""
    mean, slope = family.link.mean(line), family.link.slope(line)
    weight = (size * slope) ** 2 / family.spread(size, mean)
    return weight, line + (count - size * mean) / (size * slope)


def _finished(family: _Family, x: Floats, count: Floats, size: Floats, coef: Floats, *, floor: float) -> Fit:
    line = x @ coef
    mean, slope = family.link.mean(line), family.link.slope(line)
    spread = family.spread(size, mean)
    residual = (count - size * mean) / np.sqrt(spread)
    degrees = len(count) - len(coef)
    dispersion = max(float(residual @ residual) / degrees, floor)
    information = (x * ((size * slope) ** 2 / spread)[:, None]).T @ x
    cov: Floats = np.linalg.inv(information).astype(np.float64) * dispersion
    return Fit(coef, cov, family.link, residual, fixed(degrees), dispersion=dispersion)
