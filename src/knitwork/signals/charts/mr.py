"""The chart of moving ranges: how far neighbouring values lie apart, which shows whether the spread itself is stable.

The centre is the mean moving range and the upper limit 3.267 times it (D4 for two values); there is no lower one. The
first point, and one after a gap, has no range. Source: Montgomery, section 6.4.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knitwork.signals.charts.kind import (
    Baseline,
    ChartKind,
    Lines,
    Spread,
    Worked,
    middle_of_baseline,
    middle_words,
    stable_values,
)
from knitwork.signals.panel import Flags, Floats, Panel
from knitwork.signals.ranges import SCREEN
from knitwork.signals.spec import Spec


def plot(panel: Panel, keep: Flags) -> Panel:
    """Return the moving range of each point to its neighbour before; that of an excluded point is drawn and not counted.

    Behind an excluded point the range is the one to the last point that counts.
    """
    ranges = np.full(panel.value.shape, np.nan)
    aside = np.flatnonzero(~keep[1:]) + 1
    ranges[:, aside] = np.abs(panel.value[:, aside] - panel.value[:, aside - 1])
    line = np.flatnonzero(keep)
    ranges[:, line[1:]] = np.abs(np.diff(panel.value[:, line], axis=1))
    return replace(panel, value=ranges, numerator=None, denominator=None)


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return a third of the way from the centre to its upper limit."""
    return Spread(sigma=(middle * (SCREEN - 1) / 3)[:, None], mean_range=middle)


def lines(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:  # noqa: ARG001  # same for all kinds
    """Return no lower line but nought, and the upper one."""
    return np.zeros_like(level), level + sigmas * spread.sigma


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    factor = 1 + (SCREEN - 1) * worked.spec.width / 3
    return f"0 and {factor:.4g} × centre (D4 for two values)"


MR = ChartKind(
    name="mr",
    title="Moving ranges (MR)",
    reads="values",
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    plot=plot,
    centre=middle_of_baseline,
    spread=spread,
    lines=lines,
    stable=stable_values,
    centre_words=middle_words,
    limits_words=limits_words,
)
