"""The run chart: values around their median, without limits.

Half of the points lie on either side whatever their distribution, so medians of waits and other skewed values are
charted here. Source: Anhøj & Olesen 2014, PLoS ONE 9(11): e113825.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, ChartKind, Worked, plain_panel
from knitwork.signals.panel import Floats, Panel, median


def centre(panel: Panel, baseline: Baseline) -> Floats:
    """Return the median of the baseline."""
    return median(panel.value, baseline.points)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw independent normal values: the runs rules look only at sides of the median, so any shape would do."""
    return plain_panel(rng.standard_normal(shape))


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"median of {worked.baseline}"


def limits_words(worked: Worked) -> str:  # noqa: ARG001  # same for all kinds
    """Say that there are none."""
    return "none on a run chart"


RUN = ChartKind(
    name="run",
    title="Run chart",
    counts=False,
    ratio=False,
    proportion=False,
    varying=False,
    floor=-np.inf,
    ceiling=np.inf,
    centre=centre,
    spread=None,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)
