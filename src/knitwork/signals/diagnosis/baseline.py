"""Tell whether the points that set the centre hold a change of level themselves: then it lies between two levels."""

from __future__ import annotations

import numpy as np

from knitwork.signals.diagnosis.points import Points, last_tested, own_spec
from knitwork.signals.diagnosis.record import BaselineStep, Neighbours
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.step import CLEAR, LEAST, likelihood_ratio, steepest

# Beside neighbours that one step explains, 1 in 20 by chance is clear enough (the source of CLEAR has both).
CLEAR_BESIDE_NEIGHBOURS = 8.68


def baseline_step(evaluation: Evaluation, points: Points, alike: Neighbours | None) -> BaselineStep | None:
    """Return the clear change of level that the centre of the last phase was set across; None where there is none.

    A drift has no such step, a fixed centre holds none, and moving ranges have another level than the values.
    """
    at, end = last_tested(evaluation), evaluation.baseline_end
    if at is None or end is None or evaluation.spec.chart == "mr" or own_spec(evaluation, at).centre is not None:
        return None
    if alike is not None and alike.like_a_trend and (alike.r1_beside_step or 0.0) > 0:
        return None
    last = points.phases[-1]
    values = np.where(last, points.value, np.nan).tolist()
    step = steepest(values)
    if step is None or last[step.at : end + 1].sum() < LEAST:
        return None
    explains = alike is not None and alike.step == step.at
    if likelihood_ratio(values, step) < (CLEAR_BESIDE_NEIGHBOURS if explains else CLEAR):
        return None
    return BaselineStep(step=step.at, before=step.before, after=step.after, points=int(last[step.at :].sum()))
