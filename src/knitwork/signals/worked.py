"""Did the change work? One answer in a word, from signals after the start, what holds of them, and a comparison.

Words claim in steps (signal, sustained, attributed), and nothing is called better on a signal alone. Limits come from
the time before the start and stand still, for limits that learn from a change hide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from knitwork.model.errors import BadDefinition
from knitwork.signals.diagnosis.points import own_spec
from knitwork.signals.evaluate import evaluate
from knitwork.signals.evaluation import Evaluation, Signal, Verdict, verdict_of
from knitwork.signals.interrupted.controlled import Controlled
from knitwork.signals.interrupted.timing import place_of_start
from knitwork.signals.judge import LOCKED
from knitwork.signals.series import ISO_DATE, BadSeries, Series
from knitwork.signals.spec import Direction, Phase, Spec
from knitwork.signals.suggest import limited

Claim = Literal["too_early", "none_yet", "signal", "sustained", "attributed", "worse"]

# A change is lasting once so many points in a row lie on its side (the shift of eight that a new phase asks for).
HOLD = 8
# Under so many points before it nobody knows what was usual (Perla, Provost and Murray 2011, BMJ Qual Saf 20: 46-51).
LEAST_BEFORE = 12
# Each point beyond a limit is a signal of its own; of other rules the points belong together.
BEYOND = "beyond_limits"

# What weakens an answer: the run began before the change; it had moved in the wanted direction before already; it was
# worse for a while after the start; no sisters were compared; beside its sisters the unit does not stand out.
NOTES = ("began_before", "moving_before", "worse_between", "not_compared", "chance_not_excluded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What may be said of a change, and why. Positions count from 0; points are those that are useful.

    `verdict` is `too_early`, `none_yet`, `signal`, `sustained`, `attributed` or `worse`. `wanted` and `reverse` are the
    signals after the start. `since` is the position the wanted one dates from, `held` counts the last points in a row
    on the wanted side of what was usual, `hold` how many make it lasting. `before_needed` and `after_needed` say how
    many points are still to come. `balancing_worse` names the measures that got worse beside it, `balancing_unknown`
    those of which nobody can say. `notes` are codes of `NOTES`.
    """

    verdict: Claim
    evaluation: Evaluation
    direction: Direction
    start: int
    wanted: tuple[Signal, ...]
    reverse: tuple[Signal, ...]
    since: int | None
    held: int
    hold: int
    n_before: int
    n_after: int
    before_needed: int
    after_needed: int
    balancing_worse: tuple[str, ...]
    balancing_unknown: tuple[str, ...]
    notes: tuple[str, ...]
    compared: Controlled | None

    @property
    def may_say_better(self) -> bool:
        """Say whether the measure may be called better: a signal alone does not allow it."""
        return self.verdict in ("sustained", "attributed")


def freeze_before(series: Series, spec: Spec, *, start: str | int) -> Evaluation:
    """Evaluate with limits from the points before the start alone.

    A phase that starts with the change or after it is left out: its limits would be those of the change. Of a series that
    had phases before, the last of them says what was usual.
    """
    at = place_of_start(series.labels, start)
    spec = replace(spec, phases=tuple(phase for phase in spec.phases if not _from(series, phase, at)))
    record = evaluate(series, spec)
    points = _useful(record, range(_usual_from(record), at))
    if len(points) < 2:
        raise BadSeries(
            f"there are {len(points)} points with a value before {series.labels[at]}, too few for what was usual: "
            "add the periods before, or name a later start"
        )
    return evaluate(series, limited(series, spec, len(points)))


def _from(series: Series, phase: Phase, at: int) -> bool:
    """Say whether a phase starts at that position or later; `evaluate` refuses one that starts outside the series."""
    starts = series.position_of(phase.start)
    return starts is not None and starts >= at


def _usual_from(evaluation: Evaluation) -> int:
    """Return the first position of the last phase, which says what was usual."""
    return evaluation.phases[-1].start if evaluation.phases else 0


def did_it_work(
    evaluation: Evaluation,
    *,
    start: str | int,
    direction: Direction | None = None,
    balancing: Mapping[str, Evaluation] | None = None,
    compared: Controlled | None = None,
    hold: int = HOLD,
    least_before: int = LEAST_BEFORE,
) -> Answer:
    """Answer for one measure; `evaluation` and those of the balancing measures have limits from before the start.

    `direction` is that of the chart where it is not given. `compared` is the comparison with sister units from the same
    start. Raises `BadSeries` or `BadDefinition` where the question makes no sense.
    """
    at = place_of_start(evaluation.labels, start)
    towards = _direction(evaluation, direction)
    _refuse_moving_limits(evaluation, at, "this chart")
    _refuse_other_start(evaluation, at, compared)
    before, after = _around(evaluation, at)
    wanted, reverse = (_signals(evaluation, at, towards, verdict, hold) for verdict in ("better", "worse"))
    held = _held(evaluation, after, towards)
    since = min((max(one.since, at) for one in wanted), default=None)
    few_before, few_after = max(least_before - len(before), 0), max(hold - len(after), 0)
    verdict = _verdict(wanted, reverse, held, hold=hold, few_before=few_before, few_after=few_after)
    if verdict == "sustained" and compared is not None and compared.excludes_chance(towards):
        verdict = "attributed"
    states = {name: _balance(one, evaluation.labels[at], name, hold, least_before) for name, one in
              (balancing or {}).items()}  # fmt: skip
    return Answer(
        verdict=verdict,
        evaluation=evaluation,
        direction=towards,
        start=at,
        wanted=wanted,
        reverse=reverse,
        since=since,
        held=len(held),
        hold=hold,
        n_before=len(before),
        n_after=len(after),
        before_needed=few_before,
        after_needed=few_after,
        balancing_worse=tuple(name for name, state in states.items() if state == "worse"),
        balancing_unknown=tuple(name for name, state in states.items() if state == "unknown"),
        notes=_notes(evaluation, at, towards, verdict, wanted=wanted, reverse=reverse, compared=compared),
        compared=compared,
    )


def _direction(evaluation: Evaluation, direction: Direction | None) -> Direction:
    towards = direction or evaluation.spec.direction
    if towards not in ("up", "down"):
        raise BadDefinition("whether a change worked needs a wanted direction: say up or down")
    return towards


def _refuse_moving_limits(evaluation: Evaluation, start: int, name: str) -> None:
    """Refuse a chart whose limits saw points from the start on."""
    first = _usual_from(evaluation)
    limits, before = own_spec(evaluation, start).limits, len(_useful(evaluation, range(first, start)))
    locked = (limits == "policy" and before >= LOCKED) or (isinstance(limits, int) and limits <= before)
    if first < start and locked:
        return
    raise BadDefinition(
        f"the limits of {name} are set by points after the start, which hides a change: evaluate it with freeze_before"
    )


def _refuse_other_start(evaluation: Evaluation, start: int, compared: Controlled | None) -> None:
    if compared is not None and compared.its.labels[compared.its.start] != evaluation.labels[start]:
        raise BadDefinition(
            f"the comparison starts at {compared.its.labels[compared.its.start]} and the question at "
            f"{evaluation.labels[start]}: compare from the same start"
        )


def _useful(evaluation: Evaluation, places: Sequence[int]) -> list[int]:
    return [at for at in places if evaluation.tested[at] and evaluation.included[at]]


def _around(evaluation: Evaluation, start: int) -> tuple[list[int], list[int]]:
    """Return the useful points of the last phase before the start, and those from it on."""
    before = _useful(evaluation, range(_usual_from(evaluation), start))
    return before, _useful(evaluation, range(start, len(evaluation)))


def _counting(evaluation: Evaluation) -> tuple[Signal, ...]:
    """Return the signals of the last phase, but for those that points make which were left out."""
    first = _usual_from(evaluation)
    return tuple(
        one
        for one in evaluation.signals
        if one.start >= first and (not one.points or any(evaluation.included[at] for at in one.points))
    )


def _signals(evaluation: Evaluation, start: int, towards: Direction, verdict: Verdict, hold: int) -> tuple[Signal, ...]:
    """Return the signals of one verdict that the time after the start made."""
    return tuple(
        one for one in _counting(evaluation) if verdict_of(one.side, towards) == verdict and _is_after(one, start, hold)
    )


def _is_after(signal: Signal, start: int, hold: int) -> bool:
    """Say whether a signal is of the time after the start.

    A run that began a little before counts with `hold` points of its own after; one that had `hold` points before the
    start is older than the change.
    """
    later = sum(at >= start for at in signal.points)
    if later and (signal.start >= start or signal.rule == BEYOND):
        return True
    return later >= hold > len(signal.points) - later


def _held(evaluation: Evaluation, after: Sequence[int], towards: Direction) -> list[int]:
    """Return the last points in a row on the wanted side of the centre; one on it neither counts nor breaks the row."""
    held: list[int] = []
    for at in reversed(after):
        value, centre = evaluation.values[at], evaluation.centres[at]
        if value is None or centre is None or value == centre:
            continue
        if (value > centre) != (towards == "up"):
            break
        held.append(at)
    return held[::-1]


def _verdict(
    wanted: Sequence[Signal],
    reverse: Sequence[Signal],
    held: Sequence[int],
    *,
    hold: int,
    few_before: int,
    few_after: int,
) -> Claim:
    """Say what may be claimed without a comparison. Harm is never hidden behind good news that came before it."""
    if few_before:
        return "too_early"
    last_wanted, last_reverse = (max((one.end for one in some), default=-1) for some in (wanted, reverse))
    if reverse and last_reverse >= last_wanted:
        return "worse"
    if wanted:
        return "sustained" if len(held) >= hold and last_reverse < held[0] else "signal"
    return "too_early" if few_after else "none_yet"


def _balance(
    evaluation: Evaluation, label: str, name: str, hold: int, least_before: int
) -> Literal["worse", "unknown", "no_worse"]:
    """Say how a balancing measure stands since the period `label`; one without a direction cannot get worse.

    Only recent signals count: what was worse for a while and is as before again is not worse.
    """
    at = _same_time(evaluation.labels, label, name)
    _refuse_moving_limits(evaluation, at, name)
    worse = [one for one in _counting(evaluation) if one.verdict == "worse" and one in evaluation.recent]
    if any(_is_after(one, at, hold) for one in worse):
        return "worse"
    before, after = _around(evaluation, at)
    few = len(before) < least_before or len(after) < hold
    return "unknown" if few or evaluation.spec.direction == "neither" else "no_worse"


def _same_time(labels: Sequence[str], label: str, name: str) -> int:
    """Return the position of the same period, or of the first that begins after it where periods differ in length."""
    if label in labels:
        return place_of_start(labels, label)
    dated = ISO_DATE.match(label) and all(ISO_DATE.match(one) for one in labels)
    later = [at for at, one in enumerate(labels) if one >= label] if dated else []
    if not later or not later[0]:
        raise BadSeries(f"{name} has no period before and after {label}: give it the periods around the start")
    return later[0]


def _notes(
    evaluation: Evaluation,
    start: int,
    towards: Direction,
    verdict: Claim,
    *,
    wanted: Sequence[Signal],
    reverse: Sequence[Signal],
    compared: Controlled | None,
) -> tuple[str, ...]:
    """Return the codes of what weakens the answer."""
    earlier = [
        one
        for one in _counting(evaluation)
        if one not in wanted and one.points and one.start < start and verdict_of(one.side, towards) == "better"
    ]
    flags = {
        "began_before": any(one.start < start and one.rule != BEYOND for one in wanted),
        "moving_before": bool(earlier),
        "worse_between": bool(reverse) and verdict != "worse",
        "not_compared": verdict == "sustained" and compared is None,
        "chance_not_excluded": verdict == "sustained" and compared is not None,
    }
    return tuple(code for code, raised in flags.items() if raised)
