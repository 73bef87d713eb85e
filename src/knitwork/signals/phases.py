"""Phases of a series: where it is cut, what each part is asked, and how the judged parts become one record again.

Each phase is judged by itself, so no rule runs across a boundary and no phase moves the limits of another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from knitwork.signals.evaluation import Evaluation, PhaseRecord, Signal
from knitwork.signals.series import BadSeries, Numbers, Series
from knitwork.signals.spec import SPREADABLE, Phase, Spec

# A part of a series: its phase (None for the part before the first), its first position, and the one after its last.
Part = tuple[Phase | None, int, int]

_NUMBERS = (
    "centre", "baseline_kind", "limits_kind", "baseline_n", "n_useful", "n_off_centre", "longest_run",
    "longest_run_limit", "crossings", "crossings_limit", "mean_range", "sigma", "sigma_z", "lag1", "reasons", "formula",
)  # fmt: skip
_COLUMNS = (
    "values", "centres", "lowers", "uppers", "included", "tested", "hollow", "lowers_1", "uppers_1", "lowers_2",
    "uppers_2", "observed",
)  # fmt: skip


def placed(series: Series, spec: Spec) -> Spec:
    """Return the definition with the labels that it leaves out turned into positions of this series."""
    if not any(isinstance(place, str) for place in spec.exclude):
        return spec
    places = []
    for place in spec.exclude:
        at = series.labels.index(place) if place in series.labels else place
        if isinstance(at, str):
            raise BadSeries(f"the definition leaves out {at} and the series has no such period: {_reach(series)}")
        places.append(at)
    return replace(spec, exclude=tuple(places))


def parts(series: Series, spec: Spec) -> list[Part]:
    """Cut a series where its phases start; a phase before the first period of all is the first part.

    Raises `BadSeries` where a phase starts outside the series, or its baseline is longer than it.
    """
    starts: dict[int, Phase] = {}
    for phase in spec.phases:
        at = series.position_of(phase.start)
        if at is None:
            raise BadSeries(f"a phase starts at {phase.start}, outside the series: {_reach(series)}")
        if at in starts:
            raise BadSeries(
                f"the phases from {starts[at].start} and from {phase.start} start at the same period "
                f"({series.labels[at]}): leave one of them out"
            )
        starts[at] = phase
    edges = sorted({0, *starts, len(series)})
    return [(starts.get(first), first, after) for first, after in pairwise(edges)]


def part_spec(spec: Spec, phase: Phase | None, first: int, after: int) -> Spec:
    """Return what one part is asked: the definition without phases, with what the phase says for itself."""
    left_out = tuple(place - first for place in spec.exclude if isinstance(place, int) and first <= place < after)
    # What is wanted at each point is read from the whole series when the parts are joined.
    own = replace(spec, phases=(), exclude=left_out, targets=(), trajectory=())
    if phase is None:
        return own
    limits = spec.limits if phase.limits is None else phase.limits
    # What a chart has no use for is no part of its definition: the limits of a count follow from its centre.
    spread = phase.spread if spec.chart in SPREADABLE else None
    return replace(own, limits=limits, centre=phase.centre, spread=spread)


def join(series: Series, spec: Spec, cut: Sequence[Part], judged: Sequence[Evaluation]) -> Evaluation:
    """Put the records of the parts of a series behind each other; the last part speaks for the whole."""
    # A phase that began in a period that is not over has nothing to say yet: the one before still speaks.
    last = next((one for one in reversed(judged) if one.n_useful), judged[-1])
    targets, trajectory = wanted(series, spec)
    phases = tuple(_record(part, one, series) for part, one in zip(cut, judged, strict=True))
    signals = tuple(
        _moved(signal, first) for (_, first, _), one in zip(cut, judged, strict=True) for signal in one.signals
    )
    columns: dict[str, Any] = {name: _joined(name, judged) for name in _COLUMNS}
    return replace(
        last,
        **columns,
        spec=spec,
        labels=series.labels,
        numerators=series.numerators,
        denominators=series.denominators,
        baseline_end=phases[judged.index(last)].baseline_end,
        signals=signals,
        phases=phases,
        phase_of=tuple(number for number, (_, first, after) in enumerate(cut) for _ in range(first, after)),
        targets=targets,
        trajectory=trajectory,
        reasons=tuple(dict.fromkeys(code for one in reversed(judged) for code in _lasting(one, last))),
    )


# What is so of any phase is so of the chart; what is said of limits is said of the last phase's.
_OF_ANY = frozenset({"missing_points", "zero_denominators", "excluded_points", "incomplete_last"})


def _lasting(one: Evaluation, last: Evaluation) -> tuple[str, ...]:
    return one.reasons if one is last else tuple(code for code in one.reasons if code in _OF_ANY)


def _joined(name: str, judged: Sequence[Evaluation]) -> tuple[object, ...]:
    """Return a column of all parts; a part that has none is filled with nothing, and no column stays no column."""
    if not any(getattr(one, name) for one in judged):
        return ()
    return tuple(value for one in judged for value in (getattr(one, name) or (None,) * len(one)))


def _record(part: Part, one: Evaluation, series: Series) -> PhaseRecord:
    phase, first, after = part
    return PhaseRecord(
        start=first,
        after=after,
        label=series.labels[first] if first < len(series) else "",
        reason=phase.reason if phase else "",
        baseline_end=None if one.baseline_end is None else one.baseline_end + first,
        **{name: getattr(one, name) for name in _NUMBERS},
    )


def _moved(signal: Signal, by: int) -> Signal:
    return replace(
        signal,
        start=signal.start + by,
        end=signal.end + by,
        points=tuple(place + by for place in signal.points),
        step=signal.step and signal.step.moved(by),
    )


def wanted(series: Series, spec: Spec) -> tuple[Numbers, Numbers]:
    """Return the target and the trajectory at each point, empty where there is none.

    A dated target is in force from its period on; before the first the target without a date is. A trajectory joins its
    points by straight lines, by position, and says nothing outside them; points ahead of the data count by how many
    periods of the last step they lie ahead.
    """
    targets: Numbers = ()
    if spec.targets:
        known = sorted((_ahead(series, label), value) for label, value in spec.targets)
        targets = tuple(
            next((value for at, value in reversed(known) if at <= place), spec.target) for place in range(len(series))
        )
    if not spec.trajectory:
        return targets, ()
    line = sorted((_ahead(series, label), value) for label, value in spec.trajectory)
    return targets, tuple(_between(line, place) for place in range(len(series)))


def _between(line: Sequence[tuple[float, float]], place: int) -> float | None:
    before = [point for point in line if point[0] <= place]
    after = [point for point in line if point[0] >= place]
    if not before or not after:
        return None
    (low, start), (high, end) = before[-1], after[0]
    return start if high == low else start + (end - start) * (place - low) / (high - low)


def _ahead(series: Series, label: str) -> float:
    """Return the position of a label; of a date outside the series how many periods it lies before or behind it."""
    if not len(series):
        return math.inf
    at = series.position_of(label)
    if at is not None and (at > 0 or label >= series.labels[0] or label == series.labels[0]):
        return float(at)
    from knitwork.signals.calendar import periods_apart

    if at == 0:
        return -periods_apart(label, series.labels[0], series.labels)
    apart = periods_apart(series.labels[-1], label, series.labels)
    if math.isnan(apart):
        raise BadSeries(f"a target is dated {label} and the series has no such period: {_reach(series)}")
    return len(series) - 1 + apart


def _reach(series: Series) -> str:
    if not len(series):
        return "it has no periods yet"
    return f"it runs from {series.labels[0]} to {series.labels[-1]}; choose a period of it"
