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
    plain_panel,
    screened,
    three_ranges,
)
from knitwork.signals.panel import Floats, Panel, mean
from knitwork.signals.ranges import mean_range
from knitwork.signals.spec import Spec


def centre(panel: Panel, baseline: Baseline) -> Floats:
    """Return the mean of the baseline."""
    return mean(panel.value, baseline.points)


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return sigma from the mean moving range of the baseline."""
    ranges = mean_range(panel.value, baseline.points, keep=baseline.keep, estimator=spec.sigma)
    return Spread(sigma=(ranges / spec.d2)[:, None], mean_range=ranges)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw independent normal values."""
    return plain_panel(rng.standard_normal(shape))


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"mean of {worked.baseline}"


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    return f"centre ± {three_ranges(worked.spec)} × mean moving range {worked.mean_range}{screened(worked)}"


XMR = ChartKind(
    name="xmr",
    title="Single values and moving ranges (XmR)",
    counts=False,
    ratio=False,
    proportion=False,
    varying=False,
    floor=-np.inf,
    ceiling=np.inf,
    centre=centre,
    spread=spread,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)
