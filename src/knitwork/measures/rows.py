"""The rows behind a number: who was counted in one unit and period, and who is in the numerator."""

from __future__ import annotations

from collections.abc import Callable

from knitwork.measures.definition import Measure
from knitwork.measures.kernel import DAY_COLUMN, counted_sql, numerator_sql
from knitwork.measures.language.check import check
from knitwork.measures.language.sql import to_sql

_STRATA = {"": "({from} = $unit OR {to} = $unit)", "sent": "{from} = $unit", "received": "{to} = $unit"}

_WHO = ("patient::VARCHAR AS patient", "visit::VARCHAR AS visit")
_WHERE_AND_WHEN = ("unit::VARCHAR AS unit", "start_us AS start", "end_us AS end")
_SHOWN: dict[str, tuple[str, ...]] = {
    "stay": (*_WHO, *_WHERE_AND_WHEN),
    "visit": (*_WHO, *_WHERE_AND_WHEN),
    "journey": ("patient::VARCHAR AS patient", "journey::VARCHAR AS visit", *_WHERE_AND_WHEN),
    "handoff": (
        *_WHO, "from_unit::VARCHAR AS from_unit", "to_unit::VARCHAR AS to_unit",
        "left_us AS start", "arrived_us AS end",
    ),
}  # fmt: skip


def _stored(fact: str) -> str:
    return f"{{{fact}}}"


def rows_sql(
    measure: Measure,
    *,
    level: str,
    stratum: str = "",
    last_day: int | None = None,
    table: Callable[[str], str] = _stored,
) -> str:
    """Return the query for the rows behind a point.

    It asks for $unit, $since_day (included) and $until_day (excluded), and reads the stored
    facts under the names that `table` gives them. Columns: patient, visit, unit or from_unit
    and to_unit, start and end (microseconds), value (seconds, or what was added up) and
    in_numerator (unknown where a row is neither in nor out). With `last_day` (see
    `Measure.last_counted_day`) days too recent to be judged are left out. Rows in the
    numerator come first.
    """
    if measure.fact == "census":
        return _census(level, table)
    where = [
        counted_sql(measure),
        _place(measure, level, stratum),
        f"{DAY_COLUMN[measure.at]} >= $since_day AND {DAY_COLUMN[measure.at]} < $until_day",
    ]
    if last_day is not None:
        where.append(f"{DAY_COLUMN[measure.at]} <= {last_day}")
    if "departures recorded" in measure.needs:
        where.append(f"feed NOT IN (SELECT feed FROM {table('feed_state')} WHERE NOT departures_recorded)")
    columns = ", ".join(_SHOWN[measure.fact])
    value, inside = _counts(measure)
    return (
        f"SELECT {columns}, {value} AS value, {inside} AS in_numerator FROM {table('fact_' + measure.fact)} "
        f"WHERE {' AND '.join(where)} ORDER BY in_numerator DESC NULLS LAST, start, patient"
    )


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
    """Return the query for stays that cover a midnight of the period; the value is how many of them.

    A stay [start, end) covers a midnight on which it starts and not one on which it ends.
    Rows keep no local minutes: in a zone that is half an hour off, a stay that starts exactly
    at midnight is listed from the next midnight on. The cells are exact everywhere.
    """
    first = f"greatest({_midnight_from('start')}, $since_day)"
    until = f"CASE WHEN end_us IS NULL THEN $until_day ELSE {_midnight_from('end')} END"
    last = f"least({until}, $until_day)"
    return (
        f"SELECT {', '.join(_SHOWN['stay'])}, {last} - {first} AS value, NULL AS in_numerator "
        f"FROM {table('fact_stay')} "
        f"WHERE level = '{level}' AND unit = $unit AND NOT concurrent "
        f"AND (end_us IS NOT NULL OR end_kind = 'open') AND {last} > {first} ORDER BY start, patient"
    )


def _midnight_from(moment: str) -> str:
    at_midnight = f"{moment}_hour = 0 AND {moment}_us % 3600000000 = 0"
    return f"({moment}_day + CASE WHEN {at_midnight} THEN 0 ELSE 1 END)"
