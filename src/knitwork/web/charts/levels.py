"""Whether the level of a chart would become worse where a phase starts: then new limits need a second person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from knitwork.signals import Evaluation, evaluate
from knitwork.signals.spec import Phase
from knitwork.web import judging
from knitwork.web.charts.decided import fitting
from knitwork.web.definitions import Definition
from knitwork.web.source import Source

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """The level before a day and from it on, in the units shown; None where there is none. `worse` is None where unknown."""

    before: float | None
    after: float | None
    worse: bool | None


def change_at(source: Source, definition: Definition, rows: Rows, *, at: tuple[str, str], start: dt.date) -> Change:
    """Return what a phase from `start` on would do to the level, on the chart of a unit and a kind of period (`at`)."""
    labels = [row["label"] for row in rows]
    new = Phase(start=start.isoformat())
    placed = fitting([new], labels)
    if not placed:
        return Change(None, None, _worse(definition, None, None))
    spec = judging.decided_spec(source, definition, rows, at=at)
    phases = fitting([one for one in spec.phases if one.start != placed[0].start] + [new], labels)
    found = evaluate(judging.series_of(definition, rows), replace(spec, phases=phases)).phases
    number = next(place for place, part in enumerate(found) if part.label == placed[0].start)
    after = found[number].centre if found[number].n_useful else None
    before = found[number - 1].centre if number and found[number - 1].n_useful else None
    return Change(before, after, _worse(definition, before, after))


def _worse(definition: Definition, before: float | None, after: float | None) -> bool | None:
    if definition.direction not in ("up", "down"):
        return False
    if before is None or after is None:
        return None
    return after > before if definition.direction == "down" else after < before


def worse_of(
    source: Source, unit: str, definition: Definition, *, start: dt.date, periods: Iterable[str]
) -> bool | None:
    """Say whether the level became worse by any of these kinds of period; None where one cannot tell and none says so."""
    level = source.answers.registry.level_of(unit)
    said = []
    for period in dict.fromkeys(periods):
        rows = judging.rows_of(source, unit, level, period, [definition.id]).get(definition.id, [])
        said.append(change_at(source, definition, rows, at=(unit, period), start=start).worse)
    if any(said):
        return True
    return None if None in said else False


def hides_harm(source: Source, unit: str, definition: Definition, *, start: dt.date, periods: Iterable[str]) -> bool:
    """Say whether a recent signal of harm would vanish without the phase from `start` on, by any of these periods."""
    level = source.answers.registry.level_of(unit)
    for period in dict.fromkeys(periods):
        rows = judging.rows_of(source, unit, level, period, [definition.id]).get(definition.id, [])
        spec = judging.decided_spec(source, definition, rows, at=(unit, period))
        placed = {one.start for one in fitting([Phase(start=start.isoformat())], [row["label"] for row in rows])}
        # A published part stays as it is until somebody publishes the next version.
        rest = tuple(one for one in spec.phases if one.start not in placed or one.centre is not None)
        series = judging.series_of(definition, rows)
        if _got_worse(evaluate(series, spec)) and not _got_worse(evaluate(series, replace(spec, phases=rest))):
            return True
    return False


def _got_worse(evaluation: Evaluation) -> bool:
    return any(signal.verdict == "worse" for signal in evaluation.recent)
