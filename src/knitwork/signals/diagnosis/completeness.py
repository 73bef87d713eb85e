"""Count what a chart lacks: periods without a row or a value, denominators of zero, and ones too small to tell anything."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np

from knitwork.signals.calendar import day_of, periods_apart
from knitwork.signals.charts import CHARTS
from knitwork.signals.diagnosis.dispersion import BINOMIAL, POISSON, counts_of
from knitwork.signals.diagnosis.points import Points
from knitwork.signals.diagnosis.record import Completeness
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import Floats

# Under so many expected events, and expected without one, a proportion is not near normal (Montgomery, section 7.2).
LEAST_OF_PROPORTION = 5.0
# Under so many events a period, time or cases between events tell more (signals 7.2; Benneyan 2001).
LEAST_OF_RATE = 2.0


def completeness(evaluation: Evaluation, points: Points) -> Completeness:
    """Count what is there and what is not."""
    hollow = np.array(evaluation.hollow, dtype=bool)
    zero = np.zeros(len(evaluation), dtype=bool) if points.denominator is None else points.denominator == 0
    missing = np.isnan(points.value) & ~hollow & ~zero
    least = expected_of(evaluation, points)
    under = None if least is None else LEAST_OF_PROPORTION if evaluation.spec.chart in BINOMIAL else LEAST_OF_RATE
    known = None if least is None else least[points.useful]
    return Completeness(
        periods=len(evaluation),
        useful=int(points.useful.sum()),
        missing=int(missing.sum()),
        skipped=_skipped(evaluation),
        zero_denominators=int((zero & ~hollow).sum()),
        excluded=evaluation.included.count(False),
        incomplete_last=bool(hollow.any()),
        tiny=0 if known is None or under is None else int((known < under).sum()),
        tiny_under=under,
        least_expected=float(known.min()) if known is not None and len(known) else None,
    )


def expected_of(evaluation: Evaluation, points: Points) -> Floats | None:
    """Return how many events each point lets expect, of a proportion the fewer of those with and without; else None."""
    chart = evaluation.spec.chart
    if chart not in BINOMIAL | POISSON or not points.useful.any():
        return None
    counts, sizes = counts_of(evaluation, points)
    expected = np.full(len(counts), np.nan)
    for some in points.phases:
        within = points.phase == points.phase[some][0]
        rate = counts[some].sum() / sizes[some].sum() if sizes[some].sum() > 0 else 0.0
        expected[within] = sizes[within] * (min(rate, 1 - rate) if chart in BINOMIAL else rate)
    return expected


def _skipped(evaluation: Evaluation) -> int:
    """Return how many days, weeks or months have no row; 0 where labels are neither, or events and not periods.

    A day of the week that never has a row, such as the Sunday of a clinic, is not missing.
    """
    days = [day_of(label) for label in evaluation.labels]
    known = [day for day in days if day is not None]
    if CHARTS[evaluation.spec.chart].reads == "between" or len(known) < 3 or len(known) < len(days):
        return 0
    steps = [(after - before).days for before, after in pairwise(known)]
    usual = sorted(steps)[len(steps) // 2]
    if usual == 1:
        open_on = {day.weekday() for day in known}
        whole = (known[0] + dt.timedelta(days=at) for at in range((known[-1] - known[0]).days + 1))
        return sum(day.weekday() in open_on for day in whole) - len(known)
    if 28 <= usual <= 31 or (usual == 7 and all(step % 7 == 0 for step in steps)):
        apart = periods_apart(evaluation.labels[0], evaluation.labels[-1], evaluation.labels)
        return max(0, round(apart) + 1 - len(known))
    return 0
