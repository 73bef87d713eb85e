"""Charts of subgroups: the mean (Xbar), the standard deviation (S) or the range (R) of each period's single values.

The centre of Xbar is the mean of all values. The centre of S is c4 sigma, by `montgomery_s` the average standard
deviation itself; that of R is d2 sigma. Limits of S and R come from the sampling distribution of normal values and never
fall below 0. Source: Montgomery, chapter 6.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knitwork.signals.charts.kind import Baseline, ChartKind, Spread, Worked, plain_panel
from knitwork.signals.charts.within import average_s, sigma_words, standard_deviations, subgroup_ranges, within_sigma
from knitwork.signals.constants import c4, d2, d3
from knitwork.signals.panel import Flags, Floats, Panel, total
from knitwork.signals.spec import Spec


def mean_of_all(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return the mean of all values of the baseline: the means weighted by size."""
    size = panel.sizes()
    with np.errstate(invalid="ignore", divide="ignore"):
        average: Floats = total(size * panel.value, baseline.points) / total(size, baseline.points)
    return average


def spread_of_means(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return sigma within over the root of each size."""
    within = within_sigma(panel, baseline, spec)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Spread(sigma=within / np.sqrt(panel.sizes()), base=_one_sigma(within))


def _one_sigma(within: Floats) -> Floats | None:
    """Return sigma of a single value where all subgroups share one."""
    return within[:, 0] if within.shape[1] == 1 else None


def plot_s(panel: Panel, keep: Flags) -> Panel:  # noqa: ARG001  # same for all kinds
    """Return the standard deviations."""
    return replace(panel, value=standard_deviations(panel))


def plot_r(panel: Panel, keep: Flags) -> Panel:  # noqa: ARG001  # same for all kinds
    """Return the ranges."""
    return replace(panel, value=subgroup_ranges(panel))


def by_average(spec: Spec) -> bool:
    """Say whether the centre is the average standard deviation itself, the same for all sizes."""
    return spec.sigma == "montgomery_s" and spec.spread is None


def sigma_as_centre(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:
    """Return sigma within, from which each point's own centre is made; by `montgomery_s` the average itself."""
    return average_s(panel, baseline) if by_average(spec) else within_sigma(panel, baseline, spec)[:, 0]


def level_of_s(panel: Panel, middle: Floats, spec: Spec) -> Floats:
    """Return the mean standard deviation of each size."""
    size = panel.sizes()
    return middle[:, None] * (np.ones_like(size) if by_average(spec) else c4(size))


def spread_of_s(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the standard deviation of a standard deviation for each size."""
    known = c4(panel.sizes())
    scale = middle[:, None] / known if by_average(spec) else middle[:, None]
    return Spread(sigma=scale * np.sqrt(1 - known**2), base=None if by_average(spec) else middle)


def level_of_r(panel: Panel, middle: Floats, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return the mean range of each size."""
    return middle[:, None] * d2(panel.sizes())


def spread_of_r(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the standard deviation of a range for each size."""
    return Spread(sigma=middle[:, None] * d3(panel.sizes()), base=middle)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw subgroups of five normal values."""
    values = rng.standard_normal((*shape, 5))
    panel = plain_panel(values.mean(axis=2))
    return replace(
        panel,
        size=np.full(shape, 5.0),
        sd=values.std(axis=2, ddof=1),
        spread=values.max(axis=2) - values.min(axis=2),
    )


def centre_of_means_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"mean of all values in {worked.baseline}"


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"what sigma lets expect, over {worked.baseline}"


def limits_of_means_words(worked: Worked) -> str:
    """Say where the limits came from."""
    return f"centre ± {worked.spec.width:g} × sigma ÷ √(size of the subgroup), {sigma_words(worked)}"


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    return (
        f"centre ± {worked.spec.width:g} × its standard deviation among subgroups of that size, never below 0, "
        f"{sigma_words(worked)}"
    )


XBAR = ChartKind(
    name="xbar",
    title="Means of subgroups (Xbar)",
    reads="subgroups",
    varying=True,
    floor=-np.inf,
    ceiling=np.inf,
    centre=mean_of_all,
    spread=spread_of_means,
    stable=stable,
    centre_words=centre_of_means_words,
    limits_words=limits_of_means_words,
)

S = ChartKind(
    name="s",
    title="Standard deviations of subgroups (S)",
    reads="subgroups",
    varying=True,
    floor=0.0,
    ceiling=np.inf,
    plot=plot_s,
    centre=sigma_as_centre,
    level=level_of_s,
    spread=spread_of_s,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)

R = ChartKind(
    name="r",
    title="Ranges of subgroups (R)",
    reads="subgroups",
    varying=True,
    floor=0.0,
    ceiling=np.inf,
    plot=plot_r,
    centre=sigma_as_centre,
    level=level_of_r,
    spread=spread_of_r,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)
