"""Read an evaluation as numbers: its points by phase, in raw units, and the series that it was made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.charts import CHARTS
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Flags, Floats
from knitwork.signals.phases import part_spec
from knitwork.signals.series import Numbers, Series
from knitwork.signals.spec import Spec

# Charts that draw an average, or a difference, of values that are looked at themselves here.
UNDERNEATH = frozenset({"ewma", "ma", "mr"})


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one chart as arrays. `value` is each period's own, in the units shown, where an average is drawn too.

    `seen` are the points of complete periods that have a value, `useful` those of them that count, `phase` the number of
    the phase of each.
    """

    value: Floats
    numerator: Floats | None
    denominator: Floats | None
    useful: Flags
    seen: Flags
    phase: NDArray[np.int64]

    @property
    def phases(self) -> list[Flags]:
        """Return the useful points of each phase that has any."""
        every = (self.useful & (self.phase == number) for number in range(int(self.phase.max(initial=0)) + 1))
        return [one for one in every if one.any()]


def points_of(evaluation: Evaluation) -> Points:
    """Return the points of a chart."""
    averaged = evaluation.spec.chart in UNDERNEATH and evaluation.observed
    value = _floats(evaluation.observed if averaged else evaluation.values)
    # The first point has no moving range and is not tested; its value is as good as any.
    seen = ~np.isnan(value) & ~np.array(evaluation.hollow, dtype=bool)
    useful = seen & np.array(evaluation.included, dtype=bool)
    phase = np.array(evaluation.phase_of or (0,) * len(evaluation), dtype=np.int64)
    return Points(
        value,
        None if evaluation.numerators is None else _floats(evaluation.numerators),
        None if evaluation.denominators is None else _floats(evaluation.denominators),
        useful,
        seen,
        phase,
    )


def series_of(evaluation: Evaluation) -> Series | None:
    """Return the series that a chart was made of; None for charts of subgroups, whose sizes the record does not hold."""
    if CHARTS[evaluation.spec.chart].reads == "subgroups":
        return None
    hollow = bool(evaluation.hollow) and evaluation.hollow[-1]
    if evaluation.numerators is not None:
        return Series(
            labels=evaluation.labels,
            numerators=evaluation.numerators,
            denominators=evaluation.denominators,
            incomplete_last=hollow,
        )
    factor = evaluation.spec.factor
    shown = evaluation.observed or evaluation.values
    values: Numbers = tuple(None if value is None else value / factor for value in shown)
    return Series(labels=evaluation.labels, values=values, incomplete_last=hollow)


def last_tested(evaluation: Evaluation) -> int | None:
    """Return the position of the last tested point that has a centre."""
    known = (
        at for at in reversed(range(len(evaluation))) if evaluation.tested[at] and evaluation.centres[at] is not None
    )
    return next(known, None)


def own_spec(evaluation: Evaluation, at: int) -> Spec:
    """Return what the phase of a point was asked: the definition with what its phase says for itself."""
    spec = evaluation.spec
    if not evaluation.phases:
        return spec
    record = evaluation.phases[evaluation.phase_of[at]]
    labelled = Series(labels=evaluation.labels, values=(None,) * len(evaluation))
    own = next((one for one in spec.phases if labelled.position_of(one.start) == record.start), None)
    return part_spec(spec, own, record.start, record.after)


def _floats(column: Numbers) -> Floats:
    return np.array(column, dtype=np.float64)
