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
from knitwork.measures.following import prepare_sql
from knitwork.measures.language.check import check
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

    They replace `fact_stay` and `fact_visit` by the same tables with columns for the
    following stays that measures ask for.
    """
    chosen = tuple(m for m in measures if m.fact != "census")
    statements = [*prepare_sql(chosen), create_sql("atom_count"), create_sql("atom_value")]
    groups: dict[tuple[str, str, str, bool], list[Measure]] = {}
    for measure in chosen:
        if not measure.has_values:
            key = (measure.fact, measure.owner, measure.at, measure.micro_rows)
            groups.setdefault(key, []).append(measure)
    for group in groups.values():
        statements += _count(group)
    for histogram in histograms(chosen):
        statements += _values(histogram)
    return statements


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


def _count(group: Sequence[Measure]) -> list[str]:
    first = group[0]
    columns = []
    for i, m in enumerate(group):
        counted = counted_sql(m)
        bottom = to_sql(m.denominator.tree, m.fact) if m.denominator and _is_number(m, "denominator") else "TRUE"
        columns.append(f"{_total(numerator_sql(m), counted, number=_is_number(m, 'numerator'))} AS num{i}")
        columns.append(f"{_total(bottom, counted, number=bottom != 'TRUE')} AS den{i}")
    anyone = " OR ".join(f"({counted_sql(m)})" for m in group)
    day = DAY_COLUMN[first.at]
    rows = f"fact_{first.fact}"
    climbs = places(first) is not OF_LEVEL
    where = f"level = 'micro' AND ({anyone})" if climbs else f"({anyone})"
    parts = []
    for place in places(first):
        parts.append(
            f"CREATE OR REPLACE TEMP TABLE counted AS SELECT {place.level} AS level, {place.unit} AS unit, "
            f"{day} AS day, {_FEED}, {', '.join(columns)} FROM {rows} WHERE {where} AND {place.where} GROUP BY ALL"
        )
        picked = " UNION ALL ".join(
            f"SELECT '{m.id}', level, unit, {place.stratum}, day, {_FEED}, num{k}, den{k} FROM counted WHERE den{k} > 0"
            for k, m in enumerate(group)
        )
        parts.append(f"INSERT INTO atom_count {picked}")
    return [*parts, "DROP TABLE counted"]


def _values(measure: Measure) -> list[str]:
    value = to_sql(measure.value.tree, measure.fact) if measure.value else "NULL"
    where = counted_sql(measure)
    if places(measure) is not OF_LEVEL:
        where = f"level = 'micro' AND {where}"
    return [
        f"INSERT INTO atom_value SELECT '{measure.id}', {place.level} AS level, {place.unit} AS unit, "
        f"{place.stratum} AS stratum, {DAY_COLUMN[measure.at]} AS day, {_FEED}, CAST({value} AS BIGINT) AS value, "
        f"count(*) AS n FROM fact_{measure.fact} WHERE {where} AND {place.where} GROUP BY ALL"
        for place in places(measure)
    ]
