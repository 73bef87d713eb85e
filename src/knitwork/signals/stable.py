"""Stable charts: what is drawn in place of a real one to learn how often chance alone makes a signal of it.

A stable twin is asked what the real chart is asked, as far as that bears on false signals: its kind, rules, limits and
estimators. Units, targets, dates and directions do not. Where the real chart's centre or spread are fixed by hand, its
twin's are fixed at their true values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from math import gamma, sqrt

import numpy as np

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.between import POWER
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Panel
from knitwork.signals.phases import part_spec
from knitwork.signals.series import Series
from knitwork.signals.spec import Chart, Phase, Spec

SEED = 20140917

# Centre and spread of what `ChartKind.stable` draws, in the terms of `Spec.centre` and `Spec.spread`. Times are
# exponential with a mean of 30, transformed as the t chart does; the median of cases is that of the geometric law.
_TIME = gamma(1 + 1 / POWER)
TRUTHS: dict[Chart, tuple[float, float]] = {
    "run": (0.0, 1.0),
    "xmr": (0.0, 1.0),
    "mr": (2 / sqrt(np.pi), 1.0),
    "i_prime": (0.0, 1.0),
    "xbar": (0.0, 1.0),
    "s": (1.0, 1.0),
    "r": (1.0, 1.0),
    "p": (0.3, 1.0),
    "p_prime": (0.3, 1.0),
    "np": (0.3, 1.0),
    "c": (25.0, 1.0),
    "c_prime": (25.0, 1.0),
    "u": (0.25, 1.0),
    "u_prime": (0.25, 1.0),
    "g": (20.0, sqrt(29 * 30)),  # one case in 30: 29 between two events on average
    "t": (30 * _TIME**POWER, 30 ** (1 / POWER) * sqrt(gamma(1 + 2 / POWER) - _TIME**2)),
    "ewma": (0.0, 1.0),
    "ma": (0.0, 1.0),
}


@lru_cache(maxsize=4096)
def twin(spec: Spec) -> Spec:
    """Return what a stable chart is asked in place of a real one: all that bears on false signals, and no more.

    >>> twin(Spec(chart="p", direction="down", factor=100, unit="%", target=5)) == Spec(chart="p")
    True
    """
    usual, (centre, spread) = Spec(chart=spec.chart), TRUTHS[spec.chart]
    return Spec(
        chart=spec.chart,
        rules=spec.rules,
        custom=spec.custom if "custom" in spec.rules else (),
        limits=spec.limits,
        sigma=spec.sigma,
        middle=spec.middle,
        limit_kind=spec.limit_kind,
        width=spec.width,
        d2=spec.d2,
        sigma_z_floor=spec.sigma_z_floor,
        weight=spec.weight if spec.chart == "ewma" else usual.weight,
        span=spec.span if spec.chart == "ma" else usual.span,
        centre=None if spec.centre is None else centre,
        spread=None if spec.spread is None else spread,
    )


def draw(rng: np.random.Generator, chart: Chart, *, rows: int, n_points: int) -> Panel:
    """Draw stable series with so many points on the chart; moving ranges take one value more."""
    return CHARTS[chart].stable(rng, (rows, n_points + (chart == "mr")))


def without_last(panel: Panel) -> Panel:
    """Return a panel without its last column."""
    columns = {name: column[:, :-1] for name in Panel.__slots__ if (column := getattr(panel, name)) is not None}
    return replace(panel, **columns)


def phases_of(evaluation: Evaluation) -> Iterator[tuple[int, Spec]]:
    """Return for each phase how many points count in it and its stable twin; without phases, of the whole.

    The last comes last: it is what recent signals are told of.
    """
    spec = evaluation.spec
    if not evaluation.phases:
        yield evaluation.n_useful, twin(spec)
        return
    places = Series(labels=evaluation.labels, values=evaluation.values)
    starts: dict[int | None, Phase] = {places.position_of(phase.start): phase for phase in spec.phases}
    for one in evaluation.phases:
        yield one.n_useful, twin(part_spec(spec, starts.get(one.start), 0, 0))
