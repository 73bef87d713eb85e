"""One measure across levels: of all units inside another in one question, and how complete its records are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.home.measured import COUNTS, JOURNEY_LEAD_IN_DAYS, named
from knitwork.measures.definition import Clause, Measure
from knitwork.measures.kernel import DAY_COLUMN, counted_sql
from knitwork.measures.language import tree
from knitwork.measures.language.check import check
from knitwork.measures.language.sql import to_sql
from knitwork.measures.periods import PERIODS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

# What a condition speaks of when it asks how good a record is, and not whom it is about.
QUALITY_NAMES = frozenset({
    "stay.precise", "handoff.precise", "visit.precise", "stay.end_kind", "journey.closed",
    "handoff.transit_s", "visit.gap_s", "visit.elapsed_s",
})  # fmt: skip
QUALITY_MOMENTS = frozenset({"stay.end", "visit.end", "journey.end", "handoff.left"})
# Why a row that is spoken of could not be used, in the order in which it is asked; the first that fits is said.
REASONS = ("unrecorded", "open", "unknown", "inferred", "dates_only", "waiting", "baseline", "other")


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many rows (`fact`: stays, hand-offs, visits, journeys) a measure speaks of, and how many it could use.

    `left_out` counts the others by reason (`REASONS`); `by_start` gives, for each period by its first day since
    1970-01-01, how many were spoken of and how many used. Rows whose moment is not known are in no period.
    """

    fact: str
    spoken_of: int
    used: int
    left_out: Mapping[str, int]
    by_start: Mapping[int, tuple[int, int]]


def series_of_units(
    answers: Answers, measure: str, units: Iterable[tuple[str, str]], period: str
) -> dict[str, list[Row]]:
    """Return the periods of one measure for many units, each given as (level, code), in one question.

    Each list is what `series` gives for that unit alone; units without a number are left out.
    """
    wanted = list(dict.fromkeys(units))
    if not answers.is_derived or not wanted:
        return {}
    definition = named(measure)
    found = answers.rows(
        """
        SELECT level, unit, start_day, numerator, denominator, value, n FROM {cell}
        WHERE measure = $measure AND period = $period AND stratum = '' AND list_contains($units, unit)
        """,
        measure=measure,
        period=period,
        units=sorted({code for _level, code in wanted}),
    )
    cells: dict[tuple[str, str], dict[int, Row]] = {}
    for row in found:
        cells.setdefault((row["level"], row["unit"]), {})[row["start_day"]] = row
    slots = _slots(answers, definition, period)
    return {code: _filled(definition, cells[level, code], slots) for level, code in wanted if (level, code) in cells}


def series_of_all(
    answers: Answers, measures: Sequence[str], units: Iterable[tuple[str, str]], period: str
) -> dict[str, dict[str, list[Row]]]:
    """Return the periods of many measures for many units, each given as (level, code), in one question.

    By unit, then by measure, what `series` gives; what has no number is left out.
    """
    wanted = list(dict.fromkeys(units))
    if not answers.is_derived or not wanted:
        return {}
    found = answers.table(
        """
        SELECT measure, level, unit, start_day, numerator, denominator, value, n FROM {cell}
        WHERE period = $period AND stratum = '' AND list_contains($measures, measure) AND list_contains($units, unit)
        """,
        period=period,
        measures=list(measures),
        units=sorted({code for _level, code in wanted}),
    )
    columns = {name: found.column(name).to_pylist() for name in found.column_names}
    cells: dict[tuple[str, str, str], dict[int, Row]] = {}
    # The columns are read side by side: a table of this size would take as long again to be made into rows.
    for measure, level, unit, day, numerator, denominator, value, n in zip(*columns.values(), strict=True):
        cells.setdefault((measure, level, unit), {})[day] = {
            "numerator": numerator, "denominator": denominator, "value": value, "n": n, "measure": measure,
            "start_day": day,
        }  # fmt: skip
    shown: dict[str, dict[str, list[Row]]] = {}
    for measure in measures:
        definition = named(measure)
        slots = _slots(answers, definition, period)
        for level, code in wanted:
            mine = cells.get((measure, level, code))
            if mine:
                shown.setdefault(code, {})[measure] = _filled(definition, mine, slots)
    return shown


def people_of_units(
    answers: Answers, measure: str, units: Iterable[tuple[str, str]], period: str
) -> dict[str, dict[int, int]]:
    """Return what `people` gives, for many units in one question: by unit and first day of the period."""
    wanted = dict.fromkeys(units)
    definition = named(measure)
    if not answers.is_derived or not wanted:
        return {}
    found = answers.rows(
        f"""
        SELECT level, unit, {PERIODS[period]} AS start_day, count(*) AS people
        FROM (
            SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, {DAY_COLUMN[definition.at]} AS day
            FROM {{fact_{definition.fact}}} WHERE {counted_sql(definition)}
        )
        GROUP BY ALL
        """
    )
    shown: dict[str, dict[int, int]] = {}
    for row in found:
        if (row["level"], row["unit"]) in wanted:
            shown.setdefault(row["unit"], {})[row["start_day"]] = row["people"]
    return shown


def _slots(answers: Answers, definition: Measure, period: str) -> list[Row] | None:
    """Return the periods that a series of this measure has; None where all records are one."""
    if period == "all":
        return None
    lead_in = JOURNEY_LEAD_IN_DAYS if definition.fact == "journey" else 0
    first = (answers.first_day or 0) + lead_in
    slots = answers.periods(period, None, censor_days=definition.censor_days)
    return [slot for slot in slots if slot["start_day"] >= first]


def _filled(definition: Measure, cells: Mapping[int, Row], slots: Sequence[Row] | None) -> list[Row]:
    """Return one row a period, empty where nothing was counted, and nought in counts."""
    if slots is None:
        return [{**row, "label": "all", "complete": True} for row in cells.values()]
    nothing = 0 if definition.statistic in COUNTS else None
    blank: Row = {"numerator": nothing, "denominator": None, "value": None if nothing is None else 0.0, "n": 0}
    return [{**blank, **cells.get(slot["start_day"], {}), **slot} for slot in slots]


def completeness(answers: Answers, measure: str, *, level: str, unit: str, period: str = "month") -> Completeness:
    """Return how many rows of a unit a measure speaks of, how many it could use, and why not the others.

    Reads the stored facts of the unit once. Whom a measure is about is no loss: only records that are missing, not
    precise or too recent are counted as left out.
    """
    definition = named(measure)
    fact = "stay" if definition.fact == "census" else definition.fact
    if not answers.is_derived:
        return Completeness(fact, 0, 0, {}, {})
    day = "start_day" if definition.fact == "census" else DAY_COLUMN[definition.at]
    usual = not definition.over_baseline or _has_cells(answers, measure, level, unit)
    found = answers.rows(
        f"""
        SELECT CASE WHEN day IS NOT NULL AND calendar THEN {PERIODS[period]} END AS start_day, reason, count(*) AS n
        FROM (
            SELECT {day} AS day, f.calendar, {_reason(definition, answers.as_of_day, usual=usual)} AS reason
            FROM {{fact_{fact}}} f LEFT JOIN {{feed_state}} s ON s.feed = f.feed  -- one row a feed
            WHERE {_place(definition, level)} AND {_about(definition)}
        )
        GROUP BY ALL
        """,
        unit=unit,
    )
    left_out: dict[str, int] = {}
    by_start: dict[int, tuple[int, int]] = {}
    for row in found:
        if row["reason"]:
            left_out[row["reason"]] = left_out.get(row["reason"], 0) + row["n"]
        if row["start_day"] is not None:
            spoken, used = by_start.get(row["start_day"], (0, 0))
            by_start[row["start_day"]] = (spoken + row["n"], used + (0 if row["reason"] else row["n"]))
    total = sum(row["n"] for row in found)
    ordered = {reason: left_out[reason] for reason in REASONS if reason in left_out}
    return Completeness(fact, total, total - sum(left_out.values()), ordered, by_start)


def _place(measure: Measure, level: str) -> str:
    """Return the condition on which a row is one of the unit's, as the cells of the measure count it."""
    column = "unit" if level == "micro" else level
    if measure.owner == "link":
        return f"f.level = 'micro' AND (f.from_{column} = $unit OR f.to_{column} = $unit)"
    if measure.fact != "census" and measure.micro_rows:
        return f"f.level = 'micro' AND f.{column} = $unit"
    return f"f.level = '{level}' AND f.unit = $unit"


def _about(measure: Measure) -> str:
    """Return whom the measure is about: its conditions without those that ask how good a record is."""
    if measure.fact == "census":
        return "NOT concurrent"
    parts = ["is_last"] if measure.owner == "visit.last_unit" else []
    parts += [to_sql(one, measure.fact) for one in conditions(measure) if not asks_for_quality(one)]
    return " AND ".join(parts) or "TRUE"


def conditions(measure: Measure) -> list[tree.Expression]:
    """Return the single conditions that must all hold for a row to be counted."""
    clauses = [measure.population, measure.denominator]
    return [part for clause in clauses if clause and _is_condition(clause, measure) for part in _joined(clause.tree)]


def _is_condition(clause: Clause, measure: Measure) -> bool:
    return check(clause.tree, measure.fact) == "yes or no"


def _joined(expression: tree.Expression) -> Iterator[tree.Expression]:
    if isinstance(expression, tree.Both):
        yield from _joined(expression.left)
        yield from _joined(expression.right)
    else:
        yield expression


def asks_for_quality(expression: tree.Expression) -> bool:
    """Say whether a condition asks how good a record is.

    >>> from knitwork.measures.language.parse import parse
    >>> [asks_for_quality(parse(text)) for text in ("stay.end is known", "visit.inpatient")]
    [True, False]
    """
    names = {part.name for part in tree.walk(expression) if isinstance(part, tree.Name)}
    return bool(names & QUALITY_NAMES) or (isinstance(expression, tree.Known) and bool(names & QUALITY_MOMENTS))


def _has_cells(answers: Answers, measure: str, level: str, unit: str) -> bool:
    """Say whether anything was counted; a unit with too few stays in its first year has no usual stay to compare."""
    sql = "SELECT count(*) AS n FROM {cell} WHERE measure = $measure AND level = $level AND unit = $unit"
    return bool(answers.one(sql, measure=measure, level=level, unit=unit)["n"])


def _reason(measure: Measure, as_of_day: int, *, usual: bool) -> str:
    """Return the SQL of why a row could not be used: one of `REASONS`, or NULL where it was.

    `usual` says that there is a baseline to compare with, where the measure needs one.
    """
    if measure.fact == "census":
        return "CASE WHEN end_us IS NULL AND end_kind <> 'open' THEN 'unknown' END"
    asked = {part.name for c in measure.clauses() for part in tree.walk(c.tree) if isinstance(part, tree.Name)}
    tests: list[tuple[str, str]] = []
    if "departures recorded" in measure.needs:
        tests.append(("unrecorded", "s.departures_recorded IS FALSE"))
    tests += _ends(measure, asked)
    if f"{measure.fact}.precise" in asked:
        tests.append(("dates_only", "NOT precise"))
    if measure.watermark_lag:
        tests.append(("waiting", f"{DAY_COLUMN[measure.at]} > {measure.last_counted_day(as_of_day)}"))
    if not usual:
        tests.append(("baseline", "TRUE"))
    tests.append(("other", f"({counted_sql(measure)}) IS NOT TRUE"))
    return f"CASE {' '.join(f'''WHEN {test} THEN '{reason}' ''' for reason, test in tests)} END"


def _ends(measure: Measure, asked: set[str]) -> list[tuple[str, str]]:
    """Return how a row is told whose end, departure or closing is missing."""
    if measure.fact == "handoff":
        missing = (
            "left_us IS NULL" if "handoff.transit_s" not in asked and not measure.has_values else "transit_s IS NULL"
        )
        return [("unknown", missing)]
    if measure.fact == "journey":
        return [("open", "NOT closed")] if "journey.closed" in asked else []
    if measure.fact == "visit":
        tests = [("open", "end_us IS NULL")] if measure.at == "visit.end" else []
        return [*tests, ("unknown", "gap_s IS NULL")] if "visit.gap_s" in asked else tests
    if measure.at != "stay.end" and not asked & {"stay.end", "stay.end_kind"}:
        return []
    tests = [("open", "end_kind = 'open'"), ("unknown", "end_us IS NULL")]
    return [*tests, ("inferred", "end_kind = 'inferred'")] if "stay.end_kind" in asked else tests
