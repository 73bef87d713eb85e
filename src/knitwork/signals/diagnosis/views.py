"""Other views of a series whose neighbours resemble each other: without what each takes from the one before, or by season.

They are offered beside the chart, never in its place, and no limit of the chart itself is moved. Each view is a series and
a definition of its own, to be evaluated like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from knitwork.signals.diagnosis.neighbours import deviations
from knitwork.signals.diagnosis.points import Points, points_of
from knitwork.signals.diagnosis.record import View
from knitwork.signals.diagnosis.seasons import seasonality, seasons_of
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Floats
from knitwork.signals.series import BadSeries, Series
from knitwork.signals.spec import Phase, Spec

LEAST_PAIRS = 10
# At one a series wanders without a level, and what is left of it are its steps.
MOST_ALIKE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """A series to look at beside a chart, and the definition to judge it by, as single values in the units shown.

    `alike` is the share of its neighbour's distance from the centre that was taken from each point; `effects` is what was
    taken from each season.
    """

    kind: View
    series: Series
    spec: Spec
    alike: float | None = None
    effects: tuple[tuple[int, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the view as plain values."""
        return {
            "kind": self.kind,
            "labels": list(self.series.labels),
            "values": list(self.series.values or ()),
            "spec": self.spec.to_dict(),
            "alike": self.alike,
            "effects": [list(one) for one in self.effects],
        }


def residual_view(evaluation: Evaluation) -> Viewed:
    """Return what each point adds to what the one before let expect: the residuals of an AR(1) within phases.

    The share is fitted by least squares to neighbouring pairs, each phase about its own mean. A point behind a gap, and the
    first of a phase, has none. Source: Montgomery, section 10.4.
    """
    points = points_of(evaluation)
    off = deviations(points)
    pair = np.concatenate([[False], points.useful[1:] & points.useful[:-1] & (points.phase[1:] == points.phase[:-1])])
    before = np.concatenate([[0.0], off[:-1]])
    known = float((before[pair] ** 2).sum())
    if pair.sum() < LEAST_PAIRS or known == 0:
        raise BadSeries(
            f"this chart has {int(pair.sum())} pairs of neighbours that differ, too few to tell how alike they are: "
            f"wait for {LEAST_PAIRS}"
        )
    alike = float(np.clip((before[pair] * off[pair]).sum() / known, -MOST_ALIKE, MOST_ALIKE))
    left = np.where(pair, off - alike * before, np.nan)
    return Viewed(kind="residual", series=_series(evaluation, left), spec=_spec(evaluation), alike=alike)


def seasonal_view(evaluation: Evaluation) -> Viewed:
    """Return the series without its seasons: each point less what its month, or day of the week, lies above the rest."""
    points = points_of(evaluation)
    found, seasons = seasonality(evaluation, points), seasons_of(evaluation.labels)
    if found is None or seasons is None:
        raise BadSeries(
            "this chart has no seasons to take away: it needs two years of months or four weeks of days, dated, "
            "with every season among them"
        )
    effects = np.array([effect for _, effect in found.effects])
    left = np.where(points.seen, points.value - effects[seasons[1]], np.nan)
    return Viewed(
        kind="seasonal", series=_series(evaluation, left), spec=_spec(evaluation, kept=points), effects=found.effects
    )


def _series(evaluation: Evaluation, values: Floats) -> Series:
    listed = tuple(None if np.isnan(value) else float(value) for value in values)
    hollow = bool(evaluation.hollow) and evaluation.hollow[-1]
    return Series(labels=evaluation.labels, values=listed, incomplete_last=hollow)


def _spec(evaluation: Evaluation, *, kept: Points | None = None) -> Spec:
    """Return the definition of a view: single values in the units shown, by the same rules, phases and exclusions."""
    spec = evaluation.spec
    phases = tuple(Phase(start=one.start, limits=one.limits, reason=one.reason) for one in spec.phases)
    # What was wanted of the values is wanted of the values without seasons, and of no residual.
    targets: dict[str, Any] = (
        {} if kept is None else {"target": spec.target, "targets": spec.targets, "trajectory": spec.trajectory}
    )
    return replace(
        Spec(chart="xmr", direction=spec.direction, rules=spec.rules, custom=spec.custom, limits=spec.limits),
        unit=spec.unit,
        phases=phases,
        exclude=spec.exclude,
        precedence=spec.precedence,
        width=spec.width,
        **targets,
    )
