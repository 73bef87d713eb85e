"""The measures of one bucket, fused: about one query for each kind of row, owner and moment.

`kernel_sql` turns the facts of a bucket into atoms: daily counts (`atom_count`) and exact
histograms of seconds (`atom_value`). It knows nothing of other buckets nor of how far the
records reach; what is too recent to be judged is left out at the merge, by day.

A hand-off belongs to two units. Its atoms are disjoint, so that they can be added up: `out`
(sent to another unit of the level), `in` (received from another) and `within` (both ends in
one unit, above level micro). The merge makes of them '' (all), `sent` and `received`.
Measures with the same values share one histogram, under the name of the first of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knitwork.measures.definition import Measure
from knitwork.measures.following import prepare_sql, selectors
from knitwork.measures.language.check import check
from knitwork.measures.language.names import Fact
from knitwork.measures.language.sql import to_sql
from knitwork.measures.relations import create_sql

DAY_COLUMN = {
    "stay.start": "start_day",
    "stay.end": "end_day",
    "handoff.arrived": "arrived_day",
    "handoff.left": "left_day",
    "visit.end": "end_day",
    "journey.end": "end_day",
}
_FEED = "feed, calendar"
LEVEL = "ENUM ('micro', 'meso', 'macro')"
STRATUM = "ENUM ('', 'out', 'in', 'within')"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows are counted: a level, the column of the unit there, a stratum, and which rows."""

    level: str
    unit: str
    stratum: str
    where: str = "TRUE"


# Measures by level take their rows as they are; the others climb from the microsystem.
OF_LEVEL = (Place("level", "unit", "''"),)
CLIMBING = tuple(
    Place(f"'{level}'", column, "''", f"{column} IS NOT NULL")
    for level, column in (("micro", "unit"), ("meso", "meso"), ("macro", "macro"))
)
OF_LINK = (
    Place("'micro'", "from_unit", "'out'"),
    Place("'micro'", "to_unit", "'in'"),
    *(
        Place(
            f"'{level}'", f"{end}_{level}", f"'{stratum}'",
            f"from_{level} {sign} to_{level} AND {end}_{level} IS NOT NULL",
        )
        for level in ("meso", "macro")
        for stratum, end, sign in (
            ("out", "from", "IS DISTINCT FROM"), ("in", "to", "IS DISTINCT FROM"), ("within", "from", "="),
        )
    ),
)  # fmt: skip


def kernel_sql(measures: Iterable[Measure]) -> list[str]:
    """Return the statements that make `atom_count` and `atom_value` of a bucket's facts.

    They put views in the place of `fact_stay` and `fact_visit`: the same rows, with columns
    for the following stays that measures ask for.
    """
    chosen = tuple(m for m in measures if m.fact != "census")
    groups: dict[tuple[str, str, str, bool], list[Measure]] = {}
    for measure in chosen:
        if not measure.has_values:
            key = (measure.fact, measure.owner, measure.at, measure.micro_rows)
            groups.setdefault(key, []).append(measure)
    names = _enum([m.id for m in chosen])
    viewed = frozenset(m.fact for m in chosen if selectors([m], m.fact))
    statements, counts = prepare_sql(chosen), []
    for group in groups.values():
        for place in places(group[0]):
            table = f"counted_{len(statements)}"
            statements.append(_count(group, place, table, viewed))
            counts += _counted_atoms(group, place, table, names)
    values = [_values(m, place, names, viewed) for m in histograms(chosen) for place in places(m)]
    return [
        *statements,
        _table("atom_count", counts),
        _table("atom_value", values),
        *(f"DROP TABLE {s.split()[5]}" for s in statements if s.startswith("CREATE OR REPLACE TEMP TABLE counted_")),
    ]


def _table(name: str, parts: Sequence[str]) -> str:
    return f"CREATE OR REPLACE TEMP TABLE {name} AS {' UNION ALL '.join(parts)}" if parts else create_sql(name)


def _enum(names: Sequence[str]) -> str:
    """Return the type of a column that holds few different texts: as numbers they are stored and sorted."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"ENUM ({listed})"


def places(measure: Measure) -> tuple[Place, ...]:
    """Return where the rows of a measure are counted."""
    if measure.owner == "link":
        return OF_LINK
    return CLIMBING if measure.micro_rows else OF_LEVEL


def histograms(measures: Iterable[Measure]) -> list[Measure]:
    """Return the measures that keep a histogram, one for each different histogram."""
    return list({_histogram_key(m): m for m in reversed(tuple(measures)) if m.has_values}.values())[::-1]


def histogram_of(measure: Measure, measures: Iterable[Measure]) -> str:
    """Return under whose name the values of `measure` are kept."""
    return next(m.id for m in histograms(measures) if _histogram_key(m) == _histogram_key(measure))


def _histogram_key(measure: Measure) -> tuple[object, ...]:
    value = measure.value.text if measure.value else ""
    return (measure.fact, measure.owner, measure.at, measure.micro_rows, counted_sql(measure), value)


def counted_sql(measure: Measure) -> str:
    """Return the condition on which a row is in the denominator."""
    parts = [f"{DAY_COLUMN[measure.at]} IS NOT NULL"]
    if measure.owner == "visit.last_unit":
        parts.append("is_last")
    if measure.population:
        parts.append(to_sql(measure.population.tree, measure.fact))
    if measure.exclude:
        parts.append(f"({to_sql(measure.exclude.tree, measure.fact)}) IS NOT TRUE")
    if measure.denominator:
        sql = to_sql(measure.denominator.tree, measure.fact)
        parts.append(f"{sql} IS NOT NULL" if _is_number(measure, "denominator") else sql)
    if measure.numerator and not measure.over_baseline and _is_number(measure, "numerator"):
        parts.append(f"{to_sql(measure.numerator.tree, measure.fact)} IS NOT NULL")
    if measure.value:
        parts.append(f"{to_sql(measure.value.tree, measure.fact)} IS NOT NULL")
    return " AND ".join(parts)


def numerator_sql(measure: Measure) -> str:
    """Return what a counted row adds to the numerator: a condition, or a whole number."""
    if measure.numerator is None or measure.over_baseline:
        return "TRUE"
    return to_sql(measure.numerator.tree, measure.fact)


def _is_number(measure: Measure, part: str) -> bool:
    clause = getattr(measure, part)
    return clause is not None and check(clause.tree, measure.fact) == "number"


def _total(sql: str, counted: str, *, number: bool) -> str:
    if number:
        return f"coalesce(sum(CAST({sql} AS BIGINT)) FILTER ({counted}), 0)::BIGINT"
    condition = counted if sql == "TRUE" else f"{counted} AND {sql}"
    return f"count(*) FILTER ({condition})"


def _count(group: Sequence[Measure], place: Place, table: str, viewed: frozenset[Fact]) -> str:
    """Count numerators and denominators of all measures of a group in one pass."""
    columns = []
    for i, m in enumerate(group):
        counted = counted_sql(m)
        bottom = to_sql(m.denominator.tree, m.fact) if m.denominator and _is_number(m, "denominator") else "TRUE"
        columns.append(f"{_total(numerator_sql(m), counted, number=_is_number(m, 'numerator'))} AS num{i}")
        columns.append(f"{_total(bottom, counted, number=bottom != 'TRUE')} AS den{i}")
    anyone = " OR ".join(f"({counted_sql(m)})" for m in group)
    return (
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {place.level} AS level, {place.unit} AS unit, "
        f"{DAY_COLUMN[group[0].at]} AS day, {_FEED}, {', '.join(columns)} FROM {_rows(group, viewed)} "
        f"WHERE {_climbing(group[0])} AND ({anyone}) AND {place.where} GROUP BY ALL"
    )


def _counted_atoms(group: Sequence[Measure], place: Place, table: str, names: str) -> list[str]:
    return [
        f"SELECT '{m.id}'::{names} AS measure, level::{LEVEL} AS level, unit, {place.stratum}::{STRATUM} AS stratum, "
        f"day, {_FEED}, num{i} AS num, den{i} AS den FROM {table} WHERE den{i} > 0"
        for i, m in enumerate(group)
    ]


def _values(measure: Measure, place: Place, names: str, viewed: frozenset[Fact]) -> str:
    """Write each value down: in one bucket two are hardly ever alike on one day, so nothing is gained by counting."""
    value = to_sql(measure.value.tree, measure.fact) if measure.value else "NULL"
    return (
        f"SELECT '{measure.id}'::{names} AS measure, {place.level}::{LEVEL} AS level, {place.unit} AS unit, "
        f"{place.stratum}::{STRATUM} AS stratum, {DAY_COLUMN[measure.at]} AS day, {_FEED}, "
        f"CAST({value} AS BIGINT) AS value, 1::BIGINT AS n FROM {_rows([measure], viewed)} "
        f"WHERE {_climbing(measure)} AND {counted_sql(measure)} AND {place.where}"
    )


def _climbing(measure: Measure) -> str:
    return "TRUE" if places(measure) is OF_LEVEL else "level = 'micro'"


def _rows(group: Sequence[Measure], viewed: frozenset[Fact]) -> str:
    """Return the rows to read: the bare ones where nobody asks for the columns of following stays."""
    fact = group[0].fact
    asked = any(selectors([m], fact) for m in group)
    return f"fact_{fact}_bare" if fact in viewed and not asked else f"fact_{fact}"
