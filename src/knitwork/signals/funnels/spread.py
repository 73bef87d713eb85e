"""How much more units differ than chance makes: phi, tau squared and the test of one common value.

phi is the mean square of the z scores; tau squared the variance between units that would explain it (DerSimonian and
Laird 1986, as Spiegelhalter 2005, section 5, uses it). A few true outliers would blow both up, so the extreme scores
are drawn in (winsorised) or left out (truncated) first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knitwork.signals.funnels.scales import scores
from knitwork.signals.funnels.spec import Extremes, FunnelSpec
from knitwork.signals.panel import Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread between units: scores as they came, as they were used, and what was found.

    `kept` is NaN where a score was left out. `phi` and `tau2` are None where they cannot be told.
    """

    raw: Floats
    kept: Floats
    trimmed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    phi: float | None
    tau2: float | None


def spread_of(x: Floats, n: Floats, theta: float, spec: FunnelSpec) -> Spread:
    """Return the spread between units around `theta`."""
    raw, error = scores(str(spec.transform), x, n, theta, spec.kind)
    kept, trimmed = trim(raw, spec.extremes, spec.trim)
    used = ~np.isnan(kept)
    if spec.overdispersion == "none" or not used.any() or not np.isfinite(kept[used]).all():
        return Spread(raw, kept, trimmed, None, None)
    phi = float(np.mean(kept[used] ** 2))
    return Spread(raw, kept, trimmed, phi, tau_squared(phi, error[used]))


def trim(
    raw: Floats, extremes: Extremes, share: float
) -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Return the scores with both ends drawn in or left out (NaN), and which units that touched."""
    if extremes == "keep":
        return raw, np.zeros(len(raw), dtype=bool)
    if extremes == "winsorise":
        low, high = _quantile(raw, share), _quantile(raw, 1 - share)
        return np.clip(raw, low, high), ~((raw > low) & (raw < high))
    from scipy.stats import rankdata

    # As the SHMI does with PROC RANK of SAS: the lowest and the highest of 1 / share groups are left out.
    groups = 1 / share
    group = np.floor(rankdata(raw) * groups / (len(raw) + 1) + 1e-9)
    trimmed = (group < 1) | (group >= groups - 1)
    return np.where(trimmed, np.nan, raw), trimmed


def _quantile(values: Floats, share: float) -> float:
    """Return a quantile between neighbouring order statistics (type 7 of Hyndman and Fan 1996); they may be infinite."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    rest = place - below
    if rest == 0 or not np.isfinite(ordered[below]):
        return float(ordered[below])
    return float(ordered[below] + rest * (ordered[below + 1] - ordered[below]))


def tau_squared(phi: float, error: Floats) -> float | None:
    """Return the variance between units by the method of moments; 0 where chance explains all, None for one unit."""
    count, weight = len(error), 1 / error**2
    if count < 2:
        return None
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max(0.0, (count * phi - (count - 1)) / room)


def homogeneity(x: Floats, n: Floats, theta: float, *, binomial: bool, pooled: bool) -> tuple[float, int, float]:
    """Test that all units share one value: Pearson's chi squared over all units, its degrees of freedom, and p.

    A pooled centre costs one degree of freedom. The test is rough where few events are expected.
    """
    from scipy import special

    variance = n * theta * (1 - theta if binomial else 1)
    chi2 = float(np.sum((x - n * theta) ** 2 / variance))
    df = len(x) - int(pooled)
    return chi2, df, float(special.chdtrc(df, chi2)) if df else 1.0
