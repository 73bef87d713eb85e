"""The scales on which units are compared: where values go, with what error, and back.

Sources: Spiegelhalter 2005, Statistics in Medicine 24(8), 1185 to 1202, appendix A (normal, arcsine and logarithm;
counts over counts with halves added); the square root as the Care Quality Commission used it for standardised
ratios; the logarithm as in the English Summary Hospital-level Mortality Indicator (SHMI).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from knitwork.signals.funnels.spec import Kind
from knitwork.signals.panel import Floats

Error = Callable[[Floats, float, Kind], Floats]


@dataclass(frozen=True, slots=True)
class Scale:
    """A way to lay values out, its inverse, and the standard error of a unit that lies at the centre."""

    there: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]
    error: Error
    words: str


def _normal_error(n: Floats, theta: float, kind: Kind) -> Floats:
    return np.sqrt(theta * (1 - theta if kind == "proportion" else 1) / n)


def _half_error(n: Floats, theta: float, kind: Kind) -> Floats:  # noqa: ARG001  the same for all centres
    return 1 / (2 * np.sqrt(n))


def _log_error(n: Floats, theta: float, kind: Kind) -> Floats:  # noqa: ARG001  logarithms are for counts only
    return 1 / np.sqrt(theta * n)


def _log_counts_error(n: Floats, theta: float, kind: Kind) -> Floats:  # noqa: ARG001
    return counts_error(theta * n, n)


def counts_error(x: Floats, n: Floats) -> Floats:
    """Return the error of the logarithm of a count over a count, halves added (Spiegelhalter 2005, A.3)."""
    return np.asarray(np.sqrt(x / (x + 0.5) ** 2 + n / (n + 0.5) ** 2))


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def _same(values: Floats) -> Floats:
    return values


def _floored(values: Floats) -> Floats:
    return np.maximum(values, 0.0)


def _arcsine(values: Floats) -> Floats:
    return np.asarray(np.arcsin(np.sqrt(values)))


def _from_arcsine(places: Floats) -> Floats:
    # Beyond its ends the sine turns back, and a limit would with it.
    return np.asarray(np.sin(np.clip(places, 0.0, np.pi / 2)) ** 2)


def _from_sqrt(places: Floats) -> Floats:
    return np.asarray(np.maximum(places, 0.0) ** 2)


def _exp(places: Floats) -> Floats:
    # With next to no events expected a limit is beyond all numbers: 10^130 says as much, and stays one.
    return np.asarray(np.exp(np.minimum(places, 300.0)))


SCALES: dict[str, Scale] = {
    "normal": Scale(_same, _floored, _normal_error, "the normal approximation"),
    "arcsine": Scale(_arcsine, _from_arcsine, _half_error, "arcsines of square roots"),
    "sqrt": Scale(np.sqrt, _from_sqrt, _half_error, "square roots"),
    "log": Scale(_log, _exp, _log_error, "logarithms"),
    "log_counts": Scale(_log, _exp, _log_counts_error, "logarithms of counts over counts"),
    "log_counts_half": Scale(_log, _exp, _half_error, "logarithms, with 1 ÷ (2√n) for the error"),
}


def scores(scale: str, x: Floats, n: Floats, theta: float, kind: Kind) -> tuple[Floats, Floats]:
    """Return each unit's z score before anything is done to it, and the standard error it was divided by.

    Counts over counts take the unit's own error and add halves, so that a count of zero has a score.
    """
    if scale.startswith("log_counts"):
        error = counts_error(x, n)
        return (np.log((x + 0.5) / (n + 0.5)) - np.log(theta)) / error, error
    one = SCALES[scale]
    error = one.error(n, theta, kind)
    return (one.there(x / n) - one.there(np.asarray(theta))) / error, error


def scaled_limits(
    scale: str, n: Floats, theta: float, kind: Kind, *, z: float, tau2: float = 0.0, phi: float = 1.0
) -> tuple[Floats, Floats]:
    """Return lower and upper limits, as proportion or rate, `z` errors from the centre on a scale."""
    one = SCALES[scale]
    centre = one.there(np.asarray(theta))
    reach = z * np.sqrt(one.error(n, theta, kind) ** 2 * phi + tau2)
    lower, upper = one.back(centre - reach), one.back(centre + reach)
    return lower, np.minimum(upper, 1.0) if kind == "proportion" else upper


def scaled_z(
    scale: str, x: Floats, n: Floats, theta: float, kind: Kind, *, tau2: float = 0.0, phi: float = 1.0
) -> Floats:
    """Return how many errors each unit lies from the centre on a scale: beyond z exactly when outside the limit at z."""
    one = SCALES[scale]
    reach = np.sqrt(one.error(n, theta, kind) ** 2 * phi + tau2)
    return np.asarray((one.there(x / n) - one.there(np.asarray(theta))) / reach)
