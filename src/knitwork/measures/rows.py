"""The rows behind one point of a measure: the same conditions as the kernel's, over the stored facts."""

from __future__ import annotations

from knitwork.measures.definition import Measure
from knitwork.measures.kernel import DAY_COLUMN, OF_LEVEL, counted_sql, numerator_sql, places
from knitwork.measures.language.check import check
from knitwork.measures.language.sql import to_sql

# What identifies a row to people, by kind of fact.
_SHOWN = {
    "stay": "f.unit::VARCHAR AS unit, f.start_us, f.end_us",
    "handoff": "f.from_unit::VARCHAR AS \"from\", f.to_unit::VARCHAR AS \"to\", f.left_us AS start_us, f.arrived_us AS end_us",
    "visit": "f.unit::VARCHAR AS unit, f.start_us, f.end_us",
    "journey": "f.unit::VARCHAR AS unit, f.start_us, f.end_us",
}


def rows_sql(measure: Measure, *, level: str) -> str:
    """Return SQL for the rows counted for `$unit` on the days from `$since_day` up to `$until_day`, excluded.

    `{fact_stay}` and the like stand for the stored facts. Columns: patient, visit, where, start_us,
    end_us, value (in the measure's unit of values, or what the row adds) and in_numerator.
    """
    if measure.fact == "census":
        return _present(level)
    day = DAY_COLUMN[measure.at]
    number = measure.numerator is not None and not measure.over_baseline and check(measure.numerator.tree, measure.fact) == "number"
    top = numerator_sql(measure)
    value = to_sql(measure.value.tree, measure.fact) if measure.value else f"CAST({top} AS DOUBLE)" if number else "NULL"
    inside = "NULL" if measure.over_baseline or measure.has_values or number else f"coalesce({top}, false)"
    visit = "f.visit::VARCHAR" if measure.fact != "journey" else "f.journey::VARCHAR"
    return f"""
        SELECT f.patient::VARCHAR AS patient, {visit} AS visit, {_SHOWN[measure.fact]},
               {value} AS value, {inside} AS in_numerator
        FROM {{fact_{measure.fact}}} f
        WHERE {_of_unit(measure, level)} AND {day} >= $since_day AND {day} < $until_day AND ({counted_sql(measure)})
        ORDER BY in_numerator DESC NULLS LAST, value DESC NULLS LAST, f.start_us, patient
    """.replace("f.start_us, patient", "4, patient")


def _of_unit(measure: Measure, level: str) -> str:
    if measure.owner == "link":
        suffix = "unit" if level == "micro" else level
        return f"f.level = 'micro' AND (f.from_{suffix}::VARCHAR = $unit OR f.to_{suffix}::VARCHAR = $unit)"
    if places(measure) is OF_LEVEL:
        return f"f.level = '{level}' AND f.unit::VARCHAR = $unit"
    column = "unit" if level == "micro" else level
    return f"f.level = 'micro' AND f.{column}::VARCHAR = $unit"


def _present(level: str) -> str:
    """Return SQL for the stays that covered a midnight of the period."""
    return f"""
        SELECT f.patient::VARCHAR AS patient, f.visit::VARCHAR AS visit, f.unit::VARCHAR AS unit, f.start_us, f.end_us,
               NULL AS value, true AS in_numerator
        FROM {{fact_stay}} f
        WHERE f.level = '{level}' AND f.unit::VARCHAR = $unit AND NOT f.concurrent AND f.end_kind <> 'unknown'
          AND f.start_day < $until_day AND coalesce(f.end_day, $until_day) >= $since_day
          AND coalesce(f.end_day, $until_day) > f.start_day
        ORDER BY f.start_us, patient
    """
