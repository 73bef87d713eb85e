"""What every kind of chart consists of; each module of this folder gives these parts in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from knitwork.signals.panel import Flags, Floats, Panel
from knitwork.signals.spec import Spec


@dataclass(frozen=True, slots=True)
class Baseline:
    """The points that set centre and limits, and the columns that exclusions leave in the line."""

    points: Flags
    keep: Flags


@dataclass(frozen=True, slots=True)
class Spread:
    """One sigma for each point (or one column for all), and the numbers it came from, one for each row."""

    sigma: Floats
    mean_range: Floats | None = None
    sigma_z: Floats | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """The numbers of one chart, in the units shown, from which its formula is written out in words."""

    baseline: str
    spec: Spec
    mean_range: str
    sigma_z: float | None
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True)
class ChartKind:
    """A kind of chart.

    `spread` is None where a chart has no limits. `stable` draws a panel in which nothing happens, for the chance of
    false signals. `varying` says that the limits differ from point to point.
    """

    name: str
    title: str
    counts: bool
    ratio: bool
    proportion: bool
    varying: bool
    floor: float
    ceiling: float
    centre: Callable[[Panel, Baseline], Floats]
    spread: Callable[[Panel, Baseline, Floats, Spec], Spread] | None
    stable: Callable[[np.random.Generator, tuple[int, int]], Panel]
    centre_words: Callable[[Worked], str]
    limits_words: Callable[[Worked], str]


def plain_panel(value: Floats, numerator: Floats | None = None, denominator: Floats | None = None) -> Panel:
    """Return a panel without gaps or incomplete periods."""
    return Panel(
        value,
        numerator,
        denominator,
        present=np.ones(value.shape, dtype=bool),
        hollow=np.zeros(value.shape, dtype=bool),
    )


def screened(worked: Worked) -> str:
    """Say whether large moving ranges were left out."""
    return ", after leaving out once the ranges of 3.267 times their mean or more" * (
        worked.spec.sigma == "mr_screened_once"
    )


def three_ranges(spec: Spec) -> str:
    """Return three sigmas as a multiple of the mean moving range, as it is usually printed."""
    return f"{3 / spec.d2:.3g}"
