"""Work out the formula of a chart with its numbers, step by step, from the points of the record alone.

Each step names its estimator, writes out how it is reckoned, and gives what comes of it. The last two steps are the limits
at the last tested point, which equal those of the record: whoever reckons along ends where the chart is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.between import POWER
from knitwork.signals.diagnosis.points import Points, last_tested, own_spec
from knitwork.signals.diagnosis.record import Step
from knitwork.signals.diagnosis.steps import FORMULAS, Bench, middle
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.words import number


def worked(evaluation: Evaluation, points: Points) -> tuple[Step, ...]:
    """Return the steps of the formula of the last phase; none where there is no point yet."""
    at = last_tested(evaluation)
    if at is None or evaluation.baseline_end is None:
        return ()
    phase = points.phase == points.phase[at]
    baseline = points.useful & phase & (np.arange(len(phase)) <= evaluation.baseline_end)
    if not baseline.any():
        return ()
    bench = Bench(evaluation, own_spec(evaluation, at), points, phase, baseline, at)
    if evaluation.chart == "run":
        return (middle(bench),)
    steps = FORMULAS[evaluation.chart](bench)
    return (*steps, *_limits(bench, steps)) if evaluation.has_limits else steps[:1]


def _limits(bench: Bench, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the last two steps: the lower and upper limit at the last tested point."""
    record, spec, at = bench.record, bench.spec, bench.at
    lower, upper = record.lowers[at], record.uppers[at]
    if spec.limit_kind == "probability":
        return (
            Step(key="lower_exact", reckoned=f"Φ(−{spec.width:g})", result=lower),
            Step(key="upper_exact", reckoned=f"Φ({spec.width:g})", result=upper),
        )
    least, most = _bounds(bench)
    if spec.chart == "mr":
        return (Step(key="lower", reckoned="", result=least), replace(steps[-1], key="upper"))
    key = {"g": "mean_of_cases", "t": "mean_transformed"}.get(spec.chart, "centre")
    around = next(one.result for one in reversed(steps) if one.key.startswith(key)) or 0.0
    reach = spec.width * (steps[-1].result or 0.0)
    ends = []
    for name, sign in (("lower", "−"), ("upper", "+")):
        end = around - reach if name == "lower" else around + reach
        how = f"{number(around)} {sign} {spec.width:g} × {number(steps[-1].result)}"
        if spec.chart == "t":
            end, how = max(end, 0.0) ** POWER * spec.factor, f"({how})^{POWER:g}"
        kept = max(end, least) if name == "lower" else min(end, most)
        ends.append(Step(key=name if kept == end else f"{name}_kept", reckoned=how, result=kept))
    return tuple(ends)


def _bounds(bench: Bench) -> tuple[float, float]:
    """Return the least and the most there can be: none and all of a proportion, or the floor that was given."""
    spec, kind = bench.spec, CHARTS[bench.spec.chart]
    least = max(kind.floor * spec.factor, -np.inf if spec.floor is None else spec.floor)
    return least, bench.size * spec.factor if spec.chart == "np" else kind.ceiling * spec.factor
