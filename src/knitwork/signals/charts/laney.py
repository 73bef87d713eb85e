"""Laney's correction of p, u and c charts for spread between periods beyond that of chance alone.

Each value becomes a z score by its binomial or Poisson sigma; the moving ranges of the z scores give sigma_z, by which
the limits are widened. It is floored at 1: without a floor the limits would narrow below what chance alone allows.
Sources: Laney 2002, Qual. Eng. 14(4):531-537; Mohammed, Worthington & Woodall 2008, Qual. Saf. Health Care 17:137-145.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, Spread
from knitwork.signals.panel import Floats, Panel
from knitwork.signals.ranges import mean_range, sigmas_of
from knitwork.signals.spec import Spec


def widen(panel: Panel, baseline: Baseline, centre: Floats, sigma: Floats, spec: Spec) -> Spread:
    """Multiply `sigma` by sigma_z, never by less than the floor; no spread to measure counts as the floor."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (panel.value - centre[:, None]) / sigma
    ranges = mean_range(z, baseline.points, keep=baseline.keep, estimator=spec.sigma)
    sigma_z = np.fmax(sigmas_of(ranges, spec), spec.sigma_z_floor)
    if spec.spread is not None:
        sigma_z = np.full(len(ranges), spec.spread)
    return Spread(sigma=sigma * sigma_z[:, None], mean_range=ranges, sigma_z=sigma_z)
