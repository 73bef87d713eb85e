"""The rows behind a number: who was counted in one unit and period, and who is in the numerator."""

from __future__ import annotations

from collections.abc import Callable

from knitwork.measures.definition import Measure
from knitwork.measures.kernel import DAY_COLUMN, counted_sql, numerator_sql
from knitwork.measures.language.check import check
from knitwork.measures.language.sql import to_sql

_STRATA = {"": "({from} = $unit OR {to} = $unit)", "sent": "{from} = $unit", "received": "{to} = $unit"}


def _stored(fact: str) -> str:
    return f"{{{fact}}}"


def rows_sql(
    measure: Measure,
    *,
    level: str,
    stratum: str = "",
    last_day: int | None = None,
    table: Callable[[str], str] = _stored,
) -> tuple[str, dict[str, object]]:
    """Return the query for the rows behind a point, and parameters of its own.

    It asks for $unit, $since_day (included) and $until_day (excluded), and reads the stored
    facts under the names that `table` gives them. Columns: patient, visit, unit or from_unit
    and to_unit, start and end (microseconds), value (seconds, or what was added up) and
    in_numerator (unknown where a row is neither in nor out). With `last_day` (see
    `Measure.last_counted_day`) days too recent to be judged are left out. Rows in the
    numerator come first.
    """
    if measure.fact == "census":
        return _census(level, table), {}
    where = [
        counted_sql(measure),
        _place(measure, level, stratum),
        f"{DAY_COLUMN[measure.at]} >= $since_day AND {DAY_COLUMN[measure.at]} < $until_day",
    ]
    if last_day is not None:
        where.append(f"{DAY_COLUMN[measure.at]} <= {last_day}")
    if "departures recorded" in measure.needs:
        where.append(f"feed NOT IN (SELECT feed FROM {table('feed_state')} WHERE NOT departures_recorded)")
    if measure.fact == "handoff":
        columns = "patient, visit, from_unit, to_unit, left_us AS start, arrived_us AS end"
    elif measure.fact == "journey":
        columns = "patient, NULL AS visit, unit, start_us AS start, end_us AS end"
    else:
        columns = "patient, visit, unit, start_us AS start, end_us AS end"
    value, inside = _counts(measure)
    sql = (
        f"SELECT {columns}, {value} AS value, {inside} AS in_numerator FROM {table('fact_' + measure.fact)} "
        f"WHERE {' AND '.join(where)} ORDER BY in_numerator DESC NULLS LAST, start, patient"
    )
    return sql, {}


def _counts(measure: Measure) -> tuple[str, str]:
    value = to_sql(measure.value.tree, measure.fact) if measure.value else "NULL"
    if measure.numerator is None or measure.over_baseline:
        return value, "NULL"
    if check(measure.numerator.tree, measure.fact) == "number":
        return numerator_sql(measure), "NULL"
    return value, f"({numerator_sql(measure)}) IS TRUE"


def _place(measure: Measure, level: str, stratum: str) -> str:
    column = "unit" if level == "micro" else level
    if measure.owner == "link":
        both = _STRATA[stratum].replace("{from}", f"from_{column}").replace("{to}", f"to_{column}")
        return f"level = 'micro' AND {both}"
    if measure.micro_rows:
        return f"level = 'micro' AND {column} = $unit"
    return f"level = '{level}' AND unit = $unit"


def _census(level: str, table: Callable[[str], str]) -> str:
    """Stays that cover a midnight of the period; the value is how many of them."""
    first, last = "greatest(start_day + 1, $since_day)", "least(coalesce(end_day, $until_day - 1), $until_day - 1)"
    return (
        "SELECT patient, visit, unit, start_us AS start, end_us AS end, "
        f"{last} - {first} + 1 AS value, NULL AS in_numerator FROM {table('fact_stay')} "
        f"WHERE level = '{level}' AND unit = $unit AND NOT concurrent "
        f"AND (end_day IS NOT NULL OR end_kind = 'open') AND {last} >= {first} ORDER BY start, patient"
    )
