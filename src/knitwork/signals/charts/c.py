"""The chart of counts where the opportunity is the same in every period.

The centre is the mean count and one sigma its square root. Limits never fall below 0. Source: Montgomery, section 7.3.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, ChartKind, Spread, Worked, plain_panel
from knitwork.signals.panel import Floats, Panel, mean
from knitwork.signals.spec import Spec


def centre(panel: Panel, baseline: Baseline) -> Floats:
    """Return the mean of the baseline."""
    return mean(panel.value, baseline.points)


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the Poisson sigma."""
    with np.errstate(invalid="ignore"):
        return Spread(sigma=np.sqrt(middle)[:, None])


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw Poisson counts of 25."""
    return plain_panel(rng.poisson(25, shape).astype(float))


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"mean of {worked.baseline}"


def limits_words(worked: Worked) -> str:  # noqa: ARG001  # same for all kinds
    """Say where the limits came from."""
    return "centre ± 3 × √centre, never below 0"


C = ChartKind(
    name="c",
    title="Counts (c)",
    counts=True,
    ratio=False,
    proportion=False,
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    centre=centre,
    spread=spread,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)
