"""What a change did to a measure of a unit: its chart with limits from before, the interrupted series, sisters, balance.

Every part is worked out by the engine from one series; where a part cannot be said, its sentence says why.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from knitwork.draw.periods import Period
from knitwork.model.errors import CannotDo
from knitwork.signals import Evaluation, Series
from knitwork.signals.interrupted import Controlled, Its, ItsSpec, controlled, interrupted
from knitwork.signals.spec import Direction, Spec
from knitwork.signals.worked import Answer, did_it_work, freeze_before
from knitwork.web import judging
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.source import Source

# A comparison with fewer sisters than this is a comparison with one odd month of one of them (`signals.interrupted`).
LEAST_SISTERS = 3
# More sisters say little more, and each is put in the unit's place in turn.
MOST_SISTERS = 12
# A period counts where the unit and every sister have a value, so a sister with many gaps would empty the comparison.
LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a change: where, of which measure, from which day on, towards what, how, and what must not suffer."""

    unit: str
    measure: str
    period: Period
    start: dt.date
    direction: Direction
    method: ItsSpec
    balancing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The answer in its parts. `rows` are the periods, `left_out` is the label of the one in which the change began.

    `answer` is None where `refused` says why; so are `its` and `compared` with their own sentences.
    """

    rows: tuple[dict[str, Any], ...]
    left_out: str
    label: str
    evaluation: Evaluation | None
    answer: Answer | None
    refused: str
    its: Its | None
    its_refused: str
    compared: Controlled | None
    sisters: tuple[str, ...]
    compared_refused: str
    balancing: dict[str, Evaluation]
    unbalanced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A start laid on the periods: the first that is wholly after it, and the one in which it falls, if it is not its first day."""

    label: str
    left_out: str


def split(labels: Sequence[str], start: dt.date) -> Split | None:
    """Return where a start falls among periods; None where no period begins on it or after it.

    >>> split(["2026-01-01", "2026-02-01", "2026-03-01"], dt.date(2026, 2, 10))
    Split(label='2026-03-01', left_out='2026-02-01')
    >>> split(["2026-01-01", "2026-02-01"], dt.date(2026, 2, 1))
    Split(label='2026-02-01', left_out='')
    """
    day = start.isoformat()
    first = next((label for label in labels if label >= day), None)
    if first is None:
        return None
    before = [label for label in labels if label < day]
    return Split(first, before[-1] if before and first != day else "")


def measured(source: Source, asked: Question) -> Measured:
    """Answer a question; worked out once for a generation and for what is decided about charts."""
    return kept(source, "change measured", lambda: _measured(source, asked), asked, edition=source.decisions.token)


def _measured(source: Source, asked: Question) -> Measured:
    rows = rows_of(source, asked.unit, asked.period, [asked.measure]).get(asked.measure, [])
    at = split([row["label"] for row in rows], asked.start)
    nothing = Measured(
        rows=tuple(rows), left_out="", label="", evaluation=None, answer=None, refused="", its=None, its_refused="",
        compared=None, sisters=(), compared_refused="", balancing={}, unbalanced=(),
    )  # fmt: skip
    if at is None:
        return nothing
    definition = source.measures[asked.measure]
    spec = _spec(source, asked.unit, definition, rows, asked)
    # What people took out of the chart is taken out of the lines too; the chart itself draws it and does not count it.
    gone = {at.left_out, *(one for one in spec.exclude if isinstance(one, str))}
    series = _series(definition, rows, gone)
    method = dataclasses.replace(asked.method, factor=definition.spec.factor, unit=definition.spec.unit)
    its, its_refused = _its(series, at, method)
    compared, sisters, compared_refused = _compared(source, asked, series, rows, at, method)
    balancing, unbalanced = _balancing(source, asked, at)
    evaluation, answer, refused = _answer(
        _series(definition, rows, {at.left_out}),
        spec,
        at,
        asked.direction,
        compared=compared,
        balancing=balancing,
        definitions=source.measures,
    )
    return dataclasses.replace(
        nothing, left_out=at.left_out, label=at.label, evaluation=evaluation, answer=answer, refused=refused, its=its,
        its_refused=its_refused, compared=compared, sisters=sisters, compared_refused=compared_refused,
        balancing=balancing, unbalanced=unbalanced,
    )  # fmt: skip


def rows_of(
    source: Source, unit: str, period: Period, only: Iterable[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Return the periods of measures of a unit."""
    return judging.rows_of(source, unit, source.answers.registry.level_of(unit), period, only)


def _series(definition: Definition, rows: Sequence[dict[str, Any]], gone: Container[str]) -> Series:
    """Return the periods as a series, without the values of those that are left out: they are neither before nor after."""
    empty = {"value": None, "numerator": None, "denominator": None}
    return judging.series_of(definition, [row | empty if row["label"] in gone else row for row in rows])


def _spec(source: Source, unit: str, definition: Definition, rows: list[dict[str, Any]], asked: Question) -> Spec:
    """Return how the chart is judged: as everywhere, but without phases, for its limits come from before the start."""
    spec = judging.decided_spec(source, definition, rows, at=(unit, asked.period))
    towards = asked.direction if definition.id == asked.measure else spec.direction
    return dataclasses.replace(spec, phases=(), direction=towards)


def _answer(
    series: Series,
    spec: Spec,
    at: Split,
    direction: Direction,
    *,
    compared: Controlled | None,
    balancing: dict[str, Evaluation],
    definitions: dict[str, Definition],
) -> tuple[Evaluation | None, Answer | None, str]:
    """Return the chart and the answer, or why there is none."""
    try:
        evaluation = freeze_before(series, spec, start=at.label)
        answer = did_it_work(
            evaluation,
            start=at.label,
            direction=direction,
            balancing={definitions[m].short: one for m, one in balancing.items()},
            compared=compared,
        )
    except CannotDo as refused:
        return None, None, str(refused)
    return evaluation, answer, ""


def _its(series: Series, at: Split, method: ItsSpec) -> tuple[Its | None, str]:
    try:
        return interrupted(series, start=at.label, spec=method), ""
    except CannotDo as refused:
        return None, str(refused)


# Sisters


def sisters_of(source: Source, unit: str) -> list[str]:
    """Return the other units of the same kind and level; none where nobody knows the kind."""
    registry = source.answers.registry
    own = registry.get(unit)
    if own is None or own.kind == "other":
        return []
    level = registry.level_of(unit)
    return [
        u.unit for u in registry.units if u.kind == own.kind and u.unit != unit and registry.level_of(u.unit) == level
    ]


def _compared(
    source: Source,
    asked: Question,
    series: Series,
    rows: Sequence[dict[str, Any]],
    at: Split,
    method: ItsSpec,
) -> tuple[Controlled | None, tuple[str, ...], str]:
    """Compare with the sister units that have the measure in nearly every period; with which, or why not."""
    codes = sisters_of(source, asked.unit)
    registry = source.answers.registry
    found = source.answers.series_of_units(
        asked.measure, [(registry.level_of(code), code) for code in codes], asked.period
    )
    definition = source.measures[asked.measure]
    labels = [row["label"] for row in rows]
    with_value = [row["label"] for row in rows if row.get("value") is not None and row["label"] != at.left_out]
    controls: dict[str, Series] = {}
    for code in codes:
        by_label = {row["label"]: row for row in found.get(code, [])}
        have = sum(1 for label in with_value if by_label.get(label, {}).get("value") is not None)
        if with_value and have >= LEAST_SHARE * len(with_value) and len(controls) < MOST_SISTERS:
            controls[code] = _series(definition, _aligned(by_label, rows, labels), {at.left_out})
    if len(controls) < LEAST_SISTERS:
        return None, tuple(controls), ""
    try:
        # A comparison of counts is one of their ratios: the method for it is that of values.
        plain = dataclasses.replace(method, method="policy") if method.counts else method
        return controlled(series, controls, start=at.label, spec=plain), tuple(controls), ""
    except CannotDo as refused:
        return None, tuple(controls), str(refused)


def _aligned(
    by_label: dict[str, dict[str, Any]], rows: Sequence[dict[str, Any]], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the periods of a sister as those of the unit, with gaps where it has none."""
    empty = {"value": None, "numerator": None, "denominator": None}
    return [
        empty | by_label.get(label, {}) | {"label": label, "complete": row.get("complete", True)}
        for label, row in zip(labels, rows, strict=True)
    ]


# What must not suffer


def _balancing(source: Source, asked: Question, at: Split) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """Return the balancing measures with limits from before the start, and those of which nothing can be said."""
    wanted = [m for m in asked.balancing if m in source.measures and m != asked.measure]
    found = rows_of(source, asked.unit, asked.period, wanted) if wanted else {}
    judged: dict[str, Evaluation] = {}
    for measure, rows in found.items():
        definition = source.measures[measure]
        if at.label not in {row["label"] for row in rows}:
            continue
        spec = _spec(source, asked.unit, definition, rows, asked)
        # Too few to be judged by any rule: no signal then says nothing.
        if not spec.rules:
            continue
        try:
            judged[measure] = freeze_before(_series(definition, rows, {at.left_out}), spec, start=at.label)
        except CannotDo:
            continue
    return judged, tuple(m for m in wanted if m not in judged)
