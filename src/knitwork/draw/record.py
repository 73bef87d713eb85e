"""What pictures, tables and words read of an evaluation record beside its own columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from knitwork.draw.labels import decimals_to_show
from knitwork.signals import Evaluation, Signal
from knitwork.signals.evaluation import PhaseRecord

# Kinds of rules that speak of a level that lasts, and those that speak of a whole series and mark no point.
LASTING = frozenset({"run", "longest_run", "trend"})
OF_THE_WHOLE = frozenset({"few_crossings", "few_runs", "many_runs"})


def lasts(signal: Signal) -> bool:
    """Say whether a signal speaks of a level that lasts, rather than of single points."""
    return signal.kind in LASTING


def is_of_the_whole(signal: Signal) -> bool:
    """Say whether a signal speaks of the whole series: that it is not one steady process."""
    return signal.kind in OF_THE_WHOLE


def tail(evaluation: Evaluation, shown: int) -> Evaluation:
    """Return the evaluation with its last `shown` periods only; limits and signals stay what they were found to be."""
    cut = len(evaluation) - shown
    if cut <= 0:
        return evaluation
    return dataclasses.replace(
        evaluation,
        labels=evaluation.labels[cut:],
        values=evaluation.values[cut:],
        numerators=evaluation.numerators[cut:] if evaluation.numerators else None,
        denominators=evaluation.denominators[cut:] if evaluation.denominators else None,
        centres=evaluation.centres[cut:],
        lowers=evaluation.lowers[cut:],
        uppers=evaluation.uppers[cut:],
        included=evaluation.included[cut:],
        tested=evaluation.tested[cut:],
        hollow=evaluation.hollow[cut:],
        phases=_phases_after(evaluation, cut),
        phase_of=evaluation.phase_of[cut:],
        **{name: getattr(evaluation, name)[cut:] for name in BY_POINT},
        baseline_end=None if evaluation.baseline_end is None else max(evaluation.baseline_end - cut, 0),
        signals=tuple(_moved(signal, cut) for signal in evaluation.signals if signal.end >= cut),
    )


# Columns that an evaluation has only where there is something in them.
BY_POINT = ("targets", "trajectory", "lowers_1", "uppers_1", "lowers_2", "uppers_2", "observed")


def _phases_after(evaluation: Evaluation, cut: int) -> tuple[PhaseRecord, ...]:
    """Return the phases with their places moved; one that lies before the first period shown stays, at no place."""
    return tuple(
        dataclasses.replace(
            phase,
            start=max(phase.start - cut, 0),
            after=max(phase.after - cut, 0),
            baseline_end=None if phase.baseline_end is None else max(phase.baseline_end - cut, 0),
        )
        for phase in evaluation.phases
    )


def _moved(signal: Signal, cut: int) -> Signal:
    return dataclasses.replace(
        signal,
        start=max(signal.start - cut, 0),
        end=signal.end - cut,
        points=tuple(place - cut for place in signal.points if place >= cut),
        step=signal.step and signal.step.moved(-cut),
    )


def leading_signal(evaluation: Evaluation) -> Signal | None:
    """Return the signal to speak of: of those that are recent one of the verdict that the record sums them up with.

    So words, mark and icon agree, and harm is not hidden behind good news; of equals the one that reaches furthest to the
    present counts. Without a recent one it is the last, the gravest of equals. Too few crossings are a finding about the
    whole chart, so they come last.
    """
    order = evaluation.precedence
    recent = evaluation.recent
    return max(
        recent or evaluation.signals,
        key=lambda signal: (
            bool(signal.points),
            -order.index(signal.verdict) if recent else 0,
            signal.end,
            -order.index(signal.verdict),
            lasts(signal),
        ),
        default=None,
    )


def last_known(line: Sequence[float | None]) -> float | None:
    """Return the last value that is there."""
    return next((value for value in reversed(line) if value is not None), None)


def shown_decimals(evaluation: Evaluation) -> int:
    """Return the decimals with which this evaluation's numbers are written, the same in picture, table and words."""
    ends = [last_known(line) for line in (evaluation.lowers, evaluation.centres, evaluation.uppers)]
    return decimals_to_show(evaluation.values, ends)


def value_decimals(evaluation: Evaluation) -> int:
    """Return the decimals for single values: none where all are whole, as counts are, whatever their limits need."""
    whole = all(value is None or value == round(value) for value in evaluation.values)
    return 0 if whole else shown_decimals(evaluation)
