"""Every measure of a unit over time, judged: rows from the answers in, evaluations out, the weightiest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from knitwork.draw import words
from knitwork.draw.periods import Period
from knitwork.model.units import CONTACT_KINDS, SUPPORT_KINDS
from knitwork.signals import Evaluation, Series, evaluate_many
from knitwork.signals.spec import Spec
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.source import Source

# Patients come and go here: who is in at midnight, or when the records end, says little.
WITHOUT_BEDS = CONTACT_KINDS | SUPPORT_KINDS
# With fewer days of records there are no twelve whole months, and so no chart with limits.
DAYS_FOR_MONTHS = 365 + 31
# Fewer events than this in a period, on average, can be judged by no rule.
FEWEST_EVENTS = 2
# With more charts than this in a home each unit is judged when it is asked for: the first page must not wait for all.
MOST_CHARTS = 6_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One measure of one unit over time, whole: what it counted in each period, and what its chart says."""

    measure: str
    rows: tuple[dict[str, Any], ...]
    evaluation: Evaluation


def judged(source: Source, unit: str, period: Period) -> tuple[Judged, ...]:
    """Return every measure of a unit that has values, signals first; worked out once for each generation."""
    every = whole(source, period)
    if every is not None:
        return every.get(unit, ())

    def make() -> tuple[Judged, ...]:
        found = rows_of(source, unit, source.answers.registry.level_of(unit), period)
        return _in_order(source, found, evaluate_rows(source, found, at=(unit, period)))

    return kept(source, "judged", make, unit, period, edition=source.decisions.token)


def whole(source: Source, period: Period) -> dict[str, tuple[Judged, ...]] | None:
    """Return what `judged` gives for every unit, from one question and one evaluation; once for each generation.

    None where that would be too much at once: for periods that are not the usual one, and in very large homes.
    """
    registry = source.answers.registry
    codes = list(dict.fromkeys([*registry.roots(), *(unit.unit for unit in registry.units)]))
    wanted = computable(source)
    if period != usual_period(source) or len(codes) * len(wanted) > MOST_CHARTS:
        return None

    def make() -> dict[str, tuple[Judged, ...]]:
        found = kept(source, "rows of all", lambda: _rows_of_all(source, codes, wanted, period), period)
        places = [(code, m) for code, mine in found.items() for m in mine]
        evaluations = evaluate_many(
            [series_of(source.measures[m], found[code][m]) for code, m in places],
            [decided_spec(source, source.measures[m], found[code][m], at=(code, period)) for code, m in places],
        )
        by_unit: dict[str, dict[str, Evaluation]] = {}
        for (code, m), evaluation in zip(places, evaluations, strict=True):
            by_unit.setdefault(code, {})[m] = evaluation
        return {code: _in_order(source, found[code], by_unit.get(code, {})) for code in codes}

    return kept(source, "judged all", make, period, edition=source.decisions.token)


def _rows_of_all(
    source: Source, codes: list[str], wanted: list[str], period: Period
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the periods of every measure of every unit: what the records say, whatever is decided about its chart."""
    units = [(source.answers.registry.level_of(code), code) for code in codes]
    series = source.answers.series_of_all(wanted, units, period)
    timed = [m for m in wanted if source.measures[m].counts == "time"]
    people = {m: source.answers.people_of_units(m, units, period) for m in timed}
    return {
        code: {
            m: [row | {"people": people[m].get(code, {}).get(row["start_day"], 0)} for row in rows]
            if m in people
            else rows
            for m in wanted
            if (rows := series.get(code, {}).get(m)) and not (nights(source, m) and without_beds(source, code))
        }
        for code in codes
    }


def _in_order(
    source: Source, found: dict[str, list[dict[str, Any]]], evaluations: dict[str, Evaluation]
) -> tuple[Judged, ...]:
    made = [Judged(m, tuple(found[m]), one) for m, one in evaluations.items() if one.n_useful]
    return tuple(sorted(made, key=lambda one: weight(source.measures[one.measure], one.evaluation)))


def computable(source: Source) -> list[str]:
    """Return the measures of the catalogue that the records allow."""
    can = source.answers.computable()
    return [m for m in source.measures if can.get(m, (True, "", ""))[0]]


def nights(source: Source, measure: str) -> bool:
    """Say whether a measure counts midnights, of which a unit without beds has none."""
    return source.measures[measure].counts == "midnights"


def rows_of(
    source: Source, unit: str, level: str, period: str, only: Iterable[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Return the periods of every measure that can be computed and has any. One question to the answers."""
    can = source.answers.computable()
    wanted = [m for m in (only or source.measures) if can.get(m, (True, "", ""))[0] and m in source.measures]
    if without_beds(source, unit):
        wanted = [m for m in wanted if source.measures[m].counts != "midnights"]
    found = source.answers.series(wanted, unit, level, period)
    return {m: with_people(source, m, found[m], (level, unit, period)) for m in wanted if found.get(m)}


def with_people(
    source: Source, measure: str, rows: Iterable[dict[str, Any]], where: tuple[str, str, str]
) -> list[dict[str, Any]]:
    """Return the periods of a measure; of one that adds up time with how many people stand behind each."""
    if source.measures[measure].counts != "time":
        return list(rows)
    people = source.answers.people(measure, *where)
    one = sum(people.values()) if where[2] == "all" else 0
    return [row | {"people": people.get(row["start_day"], one)} for row in rows]


def series_of(definition: Definition, rows: list[dict[str, Any]]) -> Series:
    """Return the periods of one measure as the series that its chart wants."""
    labels = tuple(row["label"] for row in rows)
    open_last = bool(rows) and not rows[-1].get("complete", True)
    chart = definition.spec.chart
    if chart in ("run", "xmr"):
        values = tuple(row["value"] for row in rows)
        return Series(labels=labels, values=values, incomplete_last=open_last)
    numerators = tuple(row["numerator"] for row in rows)
    if chart == "c":
        return Series(labels=labels, numerators=numerators, incomplete_last=open_last)
    denominators = tuple(row["denominator"] for row in rows)
    return Series(labels=labels, numerators=numerators, denominators=denominators, incomplete_last=open_last)


def spec_of(definition: Definition, rows: list[dict[str, Any]]) -> Spec:
    """Return how a series is judged: by no rule where fewer than two are counted in a period, on average.

    Runs are judged against a centre with as many points above as below. Of an event that hardly ever comes nearly
    every point lies below its mean, and one event lies above any limit: both would be taken for a change. The same
    holds where nearly all of a share are counted, and of a median of one patient's stay: it tells of that patient.
    """
    known = [row for row in rows if row.get("value") is not None and row.get("complete", True)]
    events = [_rarer(definition, row) for row in known]
    if not events or sum(events) >= FEWEST_EVENTS * len(events):
        return definition.spec
    return dataclasses.replace(definition.spec, rules=())


def decided_spec(source: Source, definition: Definition, rows: list[dict[str, Any]], *, at: tuple[str, str]) -> Spec:
    """Return how one measure of a unit is judged over a kind of period (`at`), with all that people decided about it."""
    known, (unit, period) = source.decisions, at
    spec = known.judged_by(spec_of(definition, rows))
    decided = known.of(unit, definition.id, period)
    return known.add(spec, decided, [row["label"] for row in rows]) if decided else spec


def _rarer(definition: Definition, row: dict[str, Any]) -> float:
    """Return how many were counted, or of a proportion how many were not where those are fewer."""
    if definition.counts == "time" or row.get("numerator") is None:
        return float(row.get("people") or row.get("denominator") or 0)
    counted = float(row["numerator"])
    whole = row.get("denominator") if definition.spec.chart in ("p", "p_prime") else None
    return counted if whole is None else min(counted, whole - counted)


def evaluate_rows(
    source: Source, found: dict[str, list[dict[str, Any]]], *, at: tuple[str, str] | None = None
) -> dict[str, Evaluation]:
    """Return the evaluation of every measure, all in one call.

    `at` names the unit and the kind of period, by which people decide about charts; without it the measures'
    definitions alone are read.
    """
    series = [series_of(source.measures[m], rows) for m, rows in found.items()]
    if at is None:
        specs = [spec_of(source.measures[m], rows) for m, rows in found.items()]
    else:
        specs = [decided_spec(source, source.measures[m], rows, at=at) for m, rows in found.items()]
    return dict(zip(found, evaluate_many(series, specs), strict=True))


def verdict_of(evaluation: Evaluation) -> str:
    """Return the gravest verdict among the signals that touch the last three points."""
    said = {signal.verdict for signal in evaluation.recent}
    return next((verdict for verdict in ("worse", "better", "neither") if verdict in said), "")


GRAVITY = {"worse": 0, "better": 1, "neither": 2, "": 3}


def weight(definition: Definition, evaluation: Evaluation) -> tuple[int, ...]:
    """Return the place of a measure on a page: signals first, the worse before the better, waits and outcomes first.

    That a series only wanders is worth less than any change; a change that lasts is worth more than one odd point.
    """
    signal = words.leading_signal(evaluation)
    if signal is None or not evaluation.recent:
        return (1, 0, 0, 0, 0)
    return (0, int(not signal.points), GRAVITY[verdict_of(evaluation)], definition.rank, -len(signal.points))


def usual_period(source: Source) -> Period:
    """Return the period that a page shows unless another is asked for: months, or weeks under a year of records."""
    first, last = source.answers.first_day, source.answers.as_of_day
    return "month" if first is None or last - first >= DAYS_FOR_MONTHS else "week"


def without_beds(source: Source, unit: str) -> bool:
    """Say whether patients come to a unit and go again, as to a practice or a laboratory."""
    known = source.answers.registry.get(unit)
    return known is not None and known.kind in WITHOUT_BEDS
