"""The chart of single values and moving ranges (XmR, also called I chart).

Limits are the mean plus and minus three sigmas, sigma being the mean moving range over d2 = 1.128; that is 2.66 mean
moving ranges on either side. Sources: Wheeler & Chambers 1992; Montgomery, section 6.4; Nelson 1982 for the screening.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import (
    Baseline,
    ChartKind,
    Spread,
    Worked,
    average,
    middle_of_baseline,
    middle_words,
    ranges_to_width,
    screened,
    stable_values,
)
from knitwork.signals.panel import Floats, Panel
from knitwork.signals.ranges import mean_range, sigmas_of
from knitwork.signals.spec import Spec


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return sigma from the moving ranges of the baseline, or as published limits fix it."""
    ranges = mean_range(panel.value, baseline.points, keep=baseline.keep, estimator=spec.sigma)
    sigma = sigmas_of(ranges, spec) if spec.spread is None else np.full(len(ranges), spec.spread / spec.factor)
    return Spread(sigma=sigma[:, None], mean_range=ranges)


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.spread is not None:
        return f"centre ± {worked.spec.width:g} × sigma {worked.sigma}, as published"
    return f"centre ± {ranges_to_width(worked.spec)} × {average(worked)} moving range {worked.mean_range}{screened(worked)}"


XMR = ChartKind(
    name="xmr",
    title="Single values and moving ranges (XmR)",
    reads="values",
    varying=False,
    floor=-np.inf,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread,
    stable=stable_values,
    centre_words=middle_words,
    limits_words=limits_words,
)
