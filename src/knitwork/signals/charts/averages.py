"""Charts that draw an average in place of each point and so see small lasting shifts sooner: EWMA and moving average.

EWMA: each point is `weight` of the value and the rest of the average before it, beginning at the centre; one sigma is
that of single values times √(weight ÷ (2 − weight) × (1 − (1 − weight)^2i)), i the number of values so far.
Moving average: the mean of the last `span` values, of as many as there are at the start; sigma over the root of their
number. Smoothed points resemble each other, so no rule but the limits is asked of them.
Source: Montgomery, sections 9.2 and 9.3.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import (
    ChartKind,
    Worked,
    average,
    middle_of_baseline,
    middle_words,
    screened,
    stable_values,
)
from knitwork.signals.charts.xmr import spread
from knitwork.signals.panel import Flags, Floats
from knitwork.signals.spec import Spec


def weighted(value: Floats, counted: Flags, centre: Floats, spec: Spec) -> tuple[Floats, Floats]:
    """Return each point's weighted average and the share of sigma that is left; a missing point moves nothing."""
    before, so_far = centre.copy(), np.zeros(len(value))
    averages, share = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    for place in range(value.shape[1]):
        here = counted[:, place]
        before = np.where(here, spec.weight * value[:, place] + (1 - spec.weight) * before, before)
        so_far = so_far + here
        averages[here, place] = before[here]
        shrunk = spec.weight / (2 - spec.weight) * (1 - (1 - spec.weight) ** (2 * so_far))
        share[here, place] = np.sqrt(shrunk)[here]
    return averages, share


def moving(value: Floats, counted: Flags, centre: Floats, spec: Spec) -> tuple[Floats, Floats]:  # noqa: ARG001  # same for all kinds
    """Return the mean of the last `span` counted values and the share of sigma that is left."""
    averages, share = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    number = np.cumsum(counted, axis=1)
    for place in range(value.shape[1]):
        here = counted[:, place]
        window = counted[:, : place + 1] & (number[:, : place + 1] > number[:, [place]] - spec.span)
        many = window.sum(axis=1)
        sums = np.where(window, value[:, : place + 1], 0.0).sum(axis=1)
        averages[here, place] = sums[here] / many[here]
        share[here, place] = 1 / np.sqrt(many[here])
    return averages, share


def limits_words_weighted(worked: Worked) -> str:
    """Say where the limits came from."""
    return (
        f"centre ± {worked.spec.width:g} × sigma {worked.sigma} × √(λ ÷ (2 − λ) × (1 − (1 − λ)^2i)), λ "
        f"{worked.spec.weight:g}, {_sigma_words(worked)}"
    )


def _sigma_words(worked: Worked) -> str:
    return (
        "sigma as published"
        if worked.spec.spread is not None
        else f"sigma from the {average(worked)} moving range{screened(worked)}"
    )


def limits_words_moving(worked: Worked) -> str:
    """Say where the limits came from."""
    return (
        f"centre ± {worked.spec.width:g} × sigma {worked.sigma} ÷ √(values averaged, at most {worked.spec.span}), "
        f"{_sigma_words(worked)}"
    )


EWMA = ChartKind(
    name="ewma",
    title="Weighted moving averages (EWMA)",
    reads="values",
    varying=True,
    floor=-np.inf,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread,
    smooth=weighted,
    stable=stable_values,
    centre_words=middle_words,
    limits_words=limits_words_weighted,
)

MA = ChartKind(
    name="ma",
    title="Moving averages (MA)",
    reads="values",
    varying=True,
    floor=-np.inf,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread,
    smooth=moving,
    stable=stable_values,
    centre_words=middle_words,
    limits_words=limits_words_moving,
)
