"""Suggest where a series begins a new phase, with the evidence. Nothing here is ever applied by itself: a person accepts.

A phase is suggested where a run of `shift` points on one side of the centre begins behind the points that set it, enough
points follow to set new limits, and held against these new limits no run of the same length goes back to where the
process came from, nor could become one with more points. So a passing disturbance moves no limit.
A shift that begins among the points that the house rule locks is in the centre already. It is looked for with the points
before it as the baseline, twelve or more, and has to be a clear step as well.
Source: the stable shift algorithm as the documentation of autospc describes it (articles/stable-shift-algorithm). For
medians of run charts: the documentation of runcharter, after Perla, Provost and Murray 2011, BMJ Qual Saf 20: 46-51.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, Literal

import numpy as np

from knitwork.model.errors import BadDefinition
from knitwork.signals.diagnosis.points import own_spec
from knitwork.signals.evaluate import evaluate
from knitwork.signals.evaluation import Evaluation, Verdict, verdict_of
from knitwork.signals.judge import LOCKED, TRIAL
from knitwork.signals.panel import sides
from knitwork.signals.phases import placed
from knitwork.signals.series import Series
from knitwork.signals.spec import Phase, Spec
from knitwork.signals.step import CLEAR, likelihood_ratio, steepest

# A run of eight on one side comes about by chance once in 128 such runs (DESIGN 4; signals 7.4).
SHIFT = 8
# So many points set limits by the house rule; a phase with fewer would have none.
ENOUGH = TRIAL
# Averages of values, or differences of them, hold a step of these for several points.
SMOOTHED = frozenset({"ewma", "ma", "mr"})
# autospc leaves up to three extreme points out when it forms limits.
EXTREMES = 3

Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A phase that a person may accept, and why. Positions count from 0; centres are in the units shown.

    `run` is how many points in a row lie on the new side from the start on, `points` how many useful points there are
    from the start to the present. `before` and `after` are the centre that was and the one that would be. A phase after
    a change for the worse `needs_second`: limits that make room for harm hide it. `exclude` are extreme points that would
    be left out of the new limits. `spec` is the definition with the phase in it, as it would be if it were accepted.
    """

    start: int
    label: str
    side: Side
    verdict: Verdict
    needs_second: bool
    run: int
    points: int
    shift: int
    enough: int
    before: float
    after: float
    exclude: tuple[int, ...]
    phase: Phase
    spec: Spec

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestion as plain values."""
        return asdict(self) | {"exclude": list(self.exclude), "spec": self.spec.to_dict()}


@dataclass(frozen=True, slots=True)
class Median:
    """A median of a run chart: the points it was taken from, and the last position it is held against."""

    value: float
    start: int
    end: int
    until: int


def suggest_phase(series: Series, spec: Spec, *, shift: int = SHIFT, enough: int = ENOUGH) -> Suggestion | None:
    """Return the first new phase that the last one calls for and that holds to the present; None where there is none.

    Where all points set the limits, the first ones are taken as the house rule has it: a centre that holds the shift
    hides it. Under the house rule a clear step from the thirteenth point on is found too, and comes first. Raises
    `BadSeries` as `evaluate` does.
    """
    _check(shift, enough)
    spec = _looking(placed(series, spec))
    early = _early_shift(series, spec, shift=shift, enough=enough)
    if early is not None:
        return early
    found = _stable_shifts(series, spec, shift=shift, enough=enough, extremes=0, to_the_present=True, begin=0)
    return next((one for one, _ in found), None)


def every_suggestion(
    series: Series, spec: Spec, *, shift: int = SHIFT, enough: int = ENOUGH, extremes: int = 0
) -> tuple[Suggestion, ...]:
    """Return the phases that would come about if each suggestion were accepted when it was first made, in order.

    Each is held against its own first `enough` points only, so a later return to the old level is a phase of its own.
    `extremes` says how many points beyond the limits may be left out of those of each phase.
    """
    _check(shift, enough)
    spec = _looking(placed(series, spec))
    accepted: list[Suggestion] = []
    begin = 0
    while True:
        found = _stable_shifts(
            series, spec, shift=shift, enough=enough, extremes=extremes, to_the_present=False, begin=begin
        )
        one, end = next(found, (None, 0))
        if one is None:
            return tuple(accepted)
        accepted.append(one)
        spec, begin = one.spec, end + 1


def limited(series: Series, spec: Spec, points: int) -> Spec:
    """Return the definition with the first so many points of its last phase setting the limits of that phase."""
    if not spec.phases:
        return replace(spec, limits=points)
    last = max(spec.phases, key=lambda phase: series.position_of(phase.start) or 0)
    return replace(spec, phases=tuple(replace(one, limits=points) if one is last else one for one in spec.phases))


def accept(series: Series, spec: Spec, suggestion: Suggestion, *, reason: str) -> Spec:
    """Return the definition with the suggested phase in it, for the reason that a person gives."""
    if not reason.strip():
        raise BadDefinition("a new phase needs a reason: say what changed, and when")
    own = replace(suggestion.phase, reason=reason.strip())
    left_out = tuple(dict.fromkeys((*placed(series, spec).exclude, *suggestion.exclude)))
    return replace(spec, phases=(*spec.phases, own), exclude=left_out)


def without_extremes(series: Series, spec: Spec, *, most: int = EXTREMES) -> Spec:
    """Leave up to `most` points beyond the limits of the first phase out of these.

    The points that are left set the limits: those that would have been used, and no others in their place.
    """
    spec = placed(series, spec)
    left_out, used, _ = _extremes(series, replace(spec, phases=()), most)
    if not left_out:
        return spec
    first = Phase(start=series.labels[0], limits=used, centre=spec.centre, spread=spec.spread)
    return replace(spec, exclude=(*spec.exclude, *left_out), phases=(first, *spec.phases))


def rebase_medians(
    series: Series, *, baseline: int = 13, shift: int = 9, side: Side | Literal["both"] = "both"
) -> tuple[Median, ...]:
    """Return the medians of a run chart that is based anew at each run of `shift` points beyond the last median.

    The first median is that of the first `baseline` points, each later one that of the run itself. Points on the median
    are passed over. Nothing asks whether a shift is stable; `every_suggestion` does.
    """
    record = evaluate(series, Spec(chart="run", limits=baseline))
    known = [(at, value) for at, value in enumerate(record.values) if value is not None and record.tested[at]]
    if len(known) < baseline:
        return ()
    medians: list[Median] = []
    used, begin = known[:baseline], baseline
    while True:
        middle = median(value for _, value in used)
        run = _run_beyond(known[begin:], middle, shift, side)
        until = run[0][0] if run else known[-1][0]
        medians.append(Median(middle, used[0][0], used[-1][0], until))
        if not run:
            return tuple(medians)
        used, begin = run, known.index(run[-1]) + 1


def _run_beyond(
    points: Sequence[tuple[int, float]], middle: float, shift: int, side: Side | Literal["both"]
) -> list[tuple[int, float]]:
    """Return the first `shift` points in a row beyond the median on the side asked for."""
    run: list[tuple[int, float]] = []
    for point in points:
        if point[1] == middle:
            continue
        if run and (run[-1][1] > middle) != (point[1] > middle):
            run = []
        if side in ("both", "high" if point[1] > middle else "low"):
            run.append(point)
        if len(run) == shift:
            return run
    return []


def _check(shift: int, enough: int) -> None:
    if type(shift) is not int or shift < 2:
        raise BadDefinition(f"shift is {shift!r}: give how many points in a row make one, such as 8")
    if type(enough) is not int or enough < 2:
        raise BadDefinition(f"enough is {enough!r}: give how many points a new phase needs, such as 12")


def _looking(spec: Spec) -> Spec:
    """Let the first points set the limits where all do, the last phase's too."""
    phases = tuple(replace(one, limits="policy") if one.limits == "all" else one for one in spec.phases)
    return replace(spec, phases=phases, limits="policy" if spec.limits == "all" else spec.limits)


def _stable_shifts(
    series: Series, spec: Spec, *, shift: int, enough: int, extremes: int, to_the_present: bool, begin: int
) -> Iterator[tuple[Suggestion, int]]:
    """Find shifts behind the baseline of the last phase; with each comes the last position of its new baseline."""
    record = evaluate(series, spec)
    baseline_end = record.baseline_end
    if baseline_end is None or record.centre is None:
        return
    begin = max(begin, baseline_end + 1)
    side = _sides(record)
    useful = _useful(record)
    for start, run in _runs(side, useful, shift, begin):
        after = [at for at in useful if at >= start]
        if len(after) < enough:
            return
        phase, left_out, candidate = _candidate(series, spec, start, extremes)
        baseline = max(enough, candidate.baseline_n + len(left_out))
        until = len(after) if to_the_present else enough
        if candidate.centre is None or _goes_back(
            candidate, start, after, until, enough, up=side[start] > 0, shift=shift
        ):
            continue
        one = _suggestion(record, candidate, phase, left_out, start, run, len(after), shift, enough)
        yield one, after[min(baseline, len(after)) - 1]


def _early_shift(series: Series, spec: Spec, *, shift: int, enough: int) -> Suggestion | None:
    """Find a clear step among the points that the house rule locks for the last phase, which holds to the present."""
    record = evaluate(series, spec)
    if not len(series) or spec.chart in SMOOTHED or record.baseline_kind != "locked":
        return None
    own = own_spec(record, len(series) - 1)
    useful = _useful(record)
    start = _clear_step(record, useful)
    if start is None or own.limits != "policy" or own.centre is not None:
        return None
    before, after = useful.index(start), [at for at in useful if at >= start]
    if not TRIAL <= before < LOCKED or len(after) < enough:
        return None
    earlier = evaluate(series, limited(series, spec, before))
    side = _sides(earlier)
    run = dict(_runs(side, useful, shift, start)).get(start)
    phase, left_out, candidate = _candidate(series, spec, start, 0)
    if run is None or candidate.centre is None:
        return None
    if _goes_back(candidate, start, after, len(after), enough, up=side[start] > 0, shift=shift):
        return None
    return _suggestion(replace(earlier, spec=spec), candidate, phase, left_out, start, run, len(after), shift, enough)


def _useful(record: Evaluation) -> list[int]:
    """Return the points of the last phase that count."""
    first = record.phases[-1].start if record.phases else 0
    return [at for at in range(first, len(record)) if record.tested[at] and record.included[at]]


def _clear_step(record: Evaluation, useful: Sequence[int]) -> int | None:
    """Return the point where a new level begins that chance hardly makes."""
    values = [value for at in useful if (value := record.values[at]) is not None]
    step = steepest(values)
    return None if step is None or likelihood_ratio(values, step) < CLEAR else useful[step.at]


def _suggestion(
    record: Evaluation,
    candidate: Evaluation,
    phase: Phase,
    left_out: tuple[int, ...],
    start: int,
    run: int,
    points: int,
    shift: int,
    enough: int,
) -> Suggestion:
    value, before, after = record.values[start], record.centres[start], candidate.centres[0]
    side: Side = "high" if value is not None and before is not None and value > before else "low"
    verdict = verdict_of(side, record.spec.direction)
    spec = record.spec
    return Suggestion(
        start=start,
        label=record.labels[start],
        side=side,
        verdict=verdict,
        needs_second=verdict == "worse",
        run=run,
        points=points,
        shift=shift,
        enough=enough,
        before=before if before is not None else float("nan"),
        after=after if after is not None else float("nan"),
        exclude=left_out,
        phase=phase,
        spec=replace(spec, phases=(*spec.phases, phase), exclude=(*spec.exclude, *left_out)),
    )


def _candidate(series: Series, spec: Spec, start: int, extremes: int) -> tuple[Phase, tuple[int, ...], Evaluation]:
    """Judge the points from `start` on as a phase of their own."""
    label = series.labels[start]
    own = tuple(at - start for at in spec.exclude if isinstance(at, int) and at >= start)
    # Only its centre and limits are asked for: finding signals by every rule would take a third of the time.
    alone = replace(
        spec, phases=(), exclude=own, centre=None, spread=None, targets=(), trajectory=(), rules=(), custom=()
    )
    part = series.cut(start, len(series))
    left_out, used, record = _extremes(part, alone, extremes)
    phase = Phase(start=label, limits=used if left_out else None)
    return phase, tuple(at + start for at in left_out), record


def _extremes(series: Series, spec: Spec, most: int) -> tuple[tuple[int, ...], int, Evaluation]:
    """Return up to `most` points of the baseline that lie furthest beyond its limits, how many are left in it, and how it looks then.

    Limits are formed anew after each point that is left out.
    """
    left_out: list[int] = []
    record = evaluate(series, spec)
    within, used = (-1 if record.baseline_end is None else record.baseline_end), record.baseline_n
    while len(left_out) < most and used > 2:
        at = _furthest_out(record, within)
        if at is None:
            break
        left_out.append(at)
        used -= 1
        record = evaluate(series, replace(spec, exclude=(*spec.exclude, *left_out), limits=used))
    return tuple(sorted(left_out)), used, record


def _furthest_out(record: Evaluation, within: int) -> int | None:
    """Return the point up to `within` that lies furthest from the centre, of those that count and are beyond a limit."""
    out: dict[int, float] = {}
    for at in range(within + 1):
        value, centre, lower, upper = record.values[at], record.centres[at], record.lowers[at], record.uppers[at]
        if value is None or centre is None or lower is None or upper is None or not record.included[at]:
            continue
        if not lower <= value <= upper:
            out[at] = abs(value - centre)
    return max(out, key=lambda at: (out[at], -at), default=None)


def _sides(record: Evaluation) -> list[int]:
    """Say of each point whether it lies above (1), below (-1) or on the centre line (0)."""
    value, centre = (np.array(column, dtype=np.float64) for column in (record.values, record.centres))
    listed: list[int] = sides(value, centre).tolist()
    return listed


def _runs(side: Sequence[int], useful: Sequence[int], shift: int, begin: int) -> Iterator[tuple[int, int]]:
    """Return each point that begins a run of `shift` or more, with its length; a part of a run with its end is one too."""
    line = [at for at in useful if side[at] != 0]
    length, lengths = 0, {}
    for place in range(len(line) - 1, -1, -1):
        same = place + 1 < len(line) and side[line[place]] == side[line[place + 1]]
        length = length + 1 if same else 1
        lengths[line[place]] = length
    for at in line:
        if at >= begin and lengths[at] >= shift:
            yield at, lengths[at]


def _goes_back(
    candidate: Evaluation, start: int, points: Sequence[int], until: int, enough: int, *, up: bool, shift: int
) -> bool:
    """Say whether a run that begins in the first `until` points goes back against the shift.

    One that begins in the first `enough` and is not over counts too: it could become one, and the suggestion would have to
    be taken back. Points that were left out of the limits do not count in runs, here as everywhere.
    """
    side = _sides(candidate)
    against = -1 if up else 1
    run, began = 0, 0
    for place, at in enumerate(points):
        if side[at - start] == 0 or not candidate.included[at - start]:
            continue
        if side[at - start] != against:
            run = 0
            continue
        began = place if run == 0 else began
        run += 1
        if run >= shift and began < until:
            return True
    return run > 0 and began < enough
