"""The run chart: values around their median, without limits.

Half of the points lie on either side whatever their distribution, so medians of waits and other skewed values are
charted here. Source: Anhøj & Olesen 2014, PLoS ONE 9(11): e113825.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import ChartKind, Worked, middle_of_baseline, middle_words, stable_values


def limits_words(worked: Worked) -> str:  # noqa: ARG001  # same for all kinds
    """Say that there are none."""
    return "none on a run chart"


RUN = ChartKind(
    name="run",
    title="Run chart",
    reads="values",
    varying=False,
    floor=-np.inf,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=None,
    stable=stable_values,
    centre_words=middle_words,
    limits_words=limits_words,
)
