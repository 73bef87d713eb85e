"""What was measured: cells, series for charts, what can be computed, and the rows behind a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from knitwork.home.calendar import date_of, day_number, period_end
from knitwork.measures.catalogue import catalogue
from knitwork.measures.computable import Inputs, judge
from knitwork.measures.definition import Measure
from knitwork.measures.kernel import DAY_COLUMN, counted_sql
from knitwork.measures.periods import PERIODS
from knitwork.model.errors import CannotDo

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

# A journey that began before the records is cut short in them; until this many days into the
# records, most journeys that end are such.
JOURNEY_LEAD_IN_DAYS = 60
# Measures whose empty period is a true zero and not an unknown.
COUNTS = ("count",)


def named(measure: str) -> Measure:
    """Return a measure of the catalogue, or say that there is none."""
    found = next((m for m in catalogue() if m.id == measure), None)
    if found is None:
        raise CannotDo(f"there is no measure {measure}: knitwork measures lists them")
    return found


def cells(
    answers: Answers,
    measure: str,
    *,
    level: str = "micro",
    period: str = "month",
    unit: str | None = None,
    by: str | None = None,
) -> list[Row]:
    """Return one measure's cells for the units of a level: one row a unit, period and stratum.

    Ratios are ratios of sums and medians are of the values themselves, at every level.
    """
    definition = named(measure)
    if not answers.is_derived:
        return []
    found = answers.rows(
        """
        SELECT measure, version, level, unit, period, start_day, stratum, numerator, denominator, value, n
        FROM {cell}
        WHERE measure = $measure AND level = $level AND period = $period
          AND ($unit IS NULL OR unit = $unit) AND (stratum <> '') = $strata
        ORDER BY unit, start_day, stratum
        """,
        measure=definition.id,
        level=level,
        period=period,
        unit=unit,
        strata=by is not None,
    )
    return [{**r, "period": "all" if period == "all" else date_of(r["start_day"]).isoformat()} for r in found]


def series(
    answers: Answers, measures: Sequence[str], unit: str, level: str, period: str, *, limit: int | None = None
) -> dict[str, list[Row]]:
    """Return each measure's periods up to the watermark, gaps included, for charts.

    A period in which nothing was counted is empty, except in counts, where it is zero.
    """
    if not answers.is_derived:
        return {}
    found = answers.rows(
        """
        SELECT measure, start_day, numerator, denominator, value, n FROM {cell}
        WHERE level = $level AND unit = $unit AND period = $period AND stratum = '' AND list_contains($measures, measure)
        """,
        level=level,
        unit=unit,
        period=period,
        measures=list(measures),
    )
    by_measure: dict[str, dict[int, Row]] = {}
    for row in found:
        by_measure.setdefault(row["measure"], {})[row["start_day"]] = row
    if period == "all":
        return {
            m: [{**row, "label": "all", "complete": True} for row in by_measure[m].values()]
            for m in measures
            if m in by_measure
        }
    shown: dict[str, list[Row]] = {}
    for measure in measures:
        cell_of = by_measure.get(measure)
        if not cell_of:
            continue
        definition = named(measure)
        counts = definition.statistic in COUNTS
        rows = []
        lead_in = JOURNEY_LEAD_IN_DAYS if definition.fact == "journey" else 0
        for slot in answers.periods(period, limit, censor_days=definition.censor_days):
            if slot["start_day"] < (answers.first_day or 0) + lead_in:
                continue
            row = cell_of.get(slot["start_day"], {})
            blank: Row = {
                "numerator": 0 if counts else None,
                "denominator": None,
                "value": 0.0 if counts else None,
                "n": 0,
            }
            rows.append({**blank, **row, **slot})
        shown[measure] = rows
    return shown


def computable(answers: Answers) -> dict[str, tuple[bool, str, str]]:
    """Say of each measure whether this data allows it, and if not why, and what would."""
    if not answers.is_derived:
        return {m.id: (False, "nothing has been derived yet", "") for m in catalogue()}
    return judge(catalogue(), inputs(answers))


def inputs(answers: Answers) -> Inputs:
    """Find out what the data holds: one pass over a few narrow columns."""
    stay = answers.one(
        """
        SELECT bool_or(end_kind = 'recorded') AS ends, bool_or(precise) AS times, list(DISTINCT kind::VARCHAR) AS kinds,
               count(DISTINCT unit) AS units, bool_or(calendar) AS calendar
        FROM {fact_stay} WHERE level = 'micro'
        """
    )
    # Where nobody was handed on nothing is missing either: the waits are computable, and there are none.
    departures = answers.one(
        """
        SELECT bool_or(departures_recorded AND timed > 0)
               OR (bool_or(departures_recorded) AND NOT EXISTS (SELECT 1 FROM {fact_handoff})) AS known
        FROM {feed_state}
        """
    )
    return Inputs(
        ends=bool(stay["ends"]),
        times_of_day=bool(stay["times"]),
        kinds=frozenset(stay["kinds"] or ()),
        units=int(stay["units"]),
        calendar=bool(stay["calendar"]),
        departures_recorded=bool(departures["known"]),
        capacity=any(u.capacity is not None for u in answers.registry.units),
    )


def people(answers: Answers, measure: str, *, level: str, unit: str, period: str) -> dict[int, int]:
    """Return how many rows stand behind each period (by its first day) of a measure that adds up time, not people.

    Its numerator and denominator cannot say whether it rests on few patients. Reads the stored facts of the unit.
    """
    definition = named(measure)
    if not answers.is_derived:
        return {}
    found = answers.rows(
        f"""
        SELECT {PERIODS[period]} AS start_day, count(*) AS people
        FROM (
            SELECT {DAY_COLUMN[definition.at]} AS day FROM {{fact_{definition.fact}}}
            WHERE level = $level AND unit::VARCHAR = $unit AND {counted_sql(definition)}
        )
        GROUP BY ALL
        """,
        level=level,
        unit=unit,
    )
    return {row["start_day"]: row["people"] for row in found}


def behind(
    answers: Answers,
    measure: str,
    *,
    level: str,
    unit: str,
    period: str,
    start_day: int,
    limit: int = 200,
) -> list[Row]:
    """Return the patients behind one point: each counted row, and whether it is in the numerator."""
    from knitwork.measures.rows import rows_sql

    definition = named(measure)
    if not answers.is_derived:
        return []
    since, until = -(2**30), 2**30
    if period != "all":
        since, until = start_day, day_number(period_end(date_of(start_day), period))
    if definition.fact == "census":
        # Nights that the records do not reach are in no cell, also for those who are still there.
        until = min(until, answers.as_of_day + 1)
    sql = rows_sql(definition, level=level, last_day=definition.last_counted_day(answers.as_of_day))
    if definition.over_baseline:
        return _longest(
            answers, definition, sql, level=level, unit=unit, period=period, days=(since, until), limit=limit
        )
    return answers.rows(f"{sql} LIMIT {int(limit)}", unit=unit, since_day=since, until_day=until)


def _longest(
    answers: Answers,
    measure: Measure,
    sql: str,
    *,
    level: str,
    unit: str,
    period: str,
    days: tuple[int, int],
    limit: int,
) -> list[Row]:
    """Return the rows of a measure that counts values over a fixed one, the longest first.

    The value they are laid against is kept in no row; as many as the cell counted are the longest ones.
    """
    cell = answers.rows(
        """
        SELECT numerator FROM {cell} WHERE measure = $measure AND level = $level AND unit = $unit AND period = $period
        AND stratum = '' AND ($period = 'all' OR start_day = $start_day)
        """,
        measure=measure.id,
        level=level,
        unit=unit,
        period=period,
        start_day=days[0],
    )
    counted = cell[0]["numerator"] if cell else 0
    ordered = f"SELECT * FROM ({sql}) ORDER BY value DESC, start, patient LIMIT {int(limit)}"
    rows = answers.rows(ordered, unit=unit, since_day=days[0], until_day=days[1])
    return [row | {"in_numerator": place < counted} for place, row in enumerate(rows)]
