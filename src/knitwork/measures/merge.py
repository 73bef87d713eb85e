"""Merge the atoms of all buckets into cells: one number for a measure, unit, period and stratum.

Ratios are sums over sums, medians are taken of all values, censuses are running sums of
arrivals and departures: nothing is a mean of means. `merge_sql` returns statements; whoever
runs them has tables or views for the names in `Sources`.

Merging only what changed gives what merging everything gives: `Sources.touched` names the
atoms that changed, and the statements leave in `cell_gone` which old cells to drop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from knitwork.measures.definition import BASELINE_DAYS, BASELINE_LEAST, BASELINE_PERCENTILE, QUANTILES, Measure
from knitwork.measures.kernel import histogram_of
from knitwork.measures.language.sql import to_sql
from knitwork.measures.periods import PERIODS, enum, first_day
from knitwork.measures.relations import CELL
from knitwork.model.units import LEVELS

# Strata as cells show them, from the disjoint strata of atoms.
STRATA = (
    ("", ""), ("out", ""), ("in", ""), ("within", ""), ("out", "sent"), ("within", "sent"), ("in", "received"),
    ("within", "received"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sources:
    """Names of the relations that are merged, as they can stand after FROM.

    `feed_state(feed, departures_recorded, calendar)` and `capacity(level, unit, capacity)`
    must exist. `touched(measure, level, unit, stratum, day)` holds the keys of changed atoms,
    those of the census under the measure `census`.
    """

    counts: str = "atom_count"
    values: str = "atom_value"
    census: str = "fact_census"
    feed_state: str = "feed_state"
    capacity: str = "capacity"
    touched: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the records reach, in local days since 1970-01-01: the last day and the first with a stay.

    The previous values are needed only when merging what was touched: days that have become
    old enough to be judged are then merged too, and a new first day renews every baseline.
    """

    watermark_day: int
    first_day: int
    previous_watermark_day: int | None = None
    previous_first_day: int | None = None


def merge_sql(measures: Iterable[Measure], reach: Reach, sources: Sources | None = None) -> list[str]:
    """Return the statements that make the table `cell`, and `cell_gone` when only touched keys are merged."""
    chosen, names = tuple(measures), sources or Sources()
    merge = _Merge(chosen, reach, names)
    return [
        *merge.rules(),
        *merge.touched(),
        merge.cell(),
        *merge.counts(),
        *merge.values(),
        *merge.census(),
    ]


def replace_sql(old: str) -> str:
    """Return the query that gives all cells after a merge of touched keys: `old` without those gone, and the new."""
    keys = "g.measure = o.measure AND g.level = o.level AND g.unit = o.unit AND g.period = o.period"
    start = "(g.start_day = o.start_day OR g.start_day IS NULL)"
    return f"SELECT o.* FROM {old} o ANTI JOIN cell_gone g ON {keys} AND {start} UNION ALL SELECT * FROM cell"


@dataclass(frozen=True, slots=True)
class _Merge:
    measures: tuple[Measure, ...]
    reach: Reach
    names: Sources

    def atom(self, measure: Measure) -> str:
        """Return the name under which a measure's atoms are kept."""
        if measure.fact == "census":
            return "census"
        return histogram_of(measure, self.measures) if measure.has_values else measure.id

    def rules(self) -> list[str]:
        """Make the small tables that steer the rest."""
        rows = ", ".join(
            f"('{m.id}', '{self.atom(m)}', '{m.identity}', '{m.statistic}', {m.factor!r}::DOUBLE, "
            f"{m.last_counted_day(self.reach.watermark_day)}, {'departures recorded' in m.needs}, "
            f"{'calendar' in m.needs}, {_whole_unit(m)})"
            for m in self.measures
        )
        strata = ", ".join(f"('{atom}', '{cell}')" for atom, cell in STRATA)
        return [
            "CREATE OR REPLACE TEMP TABLE rule AS SELECT * FROM (VALUES " + rows + ") AS r(measure, atom, version, "
            "statistic, factor, last_day, needs_departures, needs_calendar, whole_unit)",
            f"CREATE OR REPLACE TEMP TABLE stratum_of AS SELECT * FROM (VALUES {strata}) AS s(atom, cell)",
            f"CREATE OR REPLACE TEMP TABLE shifted AS SELECT feed FROM {self.names.feed_state} WHERE NOT calendar",
            "CREATE OR REPLACE TEMP TABLE no_departures AS "
            f"SELECT feed FROM {self.names.feed_state} WHERE NOT departures_recorded",
        ]

    def cell(self) -> str:
        """Make the empty table of cells; what has few values is kept as numbers, in alphabetical order."""
        few: dict[str, Iterable[str]] = {
            "measure": [m.id for m in self.measures],
            "version": [m.identity for m in self.measures],
            "level": LEVELS,
            "period": PERIODS,
            "stratum": [cell for _, cell in STRATA],
        }
        columns = ", ".join(f"{name} {enum(few[name]) if name in few else type}" for name, type in CELL.items())
        return f"CREATE OR REPLACE TEMP TABLE cell ({columns})"

    def touched(self) -> list[str]:
        """Find the cells to make anew: the periods of touched days, or everything of a unit."""
        if self.names.touched is None:
            return []
        return [
            "CREATE OR REPLACE TEMP TABLE stirred AS SELECT DISTINCT measure::VARCHAR AS measure, "
            f"level::VARCHAR AS level, unit::VARCHAR AS unit, day FROM {self.names.touched}",
            *self.ripened(),
            "CREATE OR REPLACE TEMP TABLE cell_gone AS "
            + " UNION ".join(
                f"SELECT r.measure, s.level, s.unit, '{period}' AS period, "
                f"CASE WHEN r.whole_unit OR '{period}' = 'all' THEN NULL ELSE {start} END::INTEGER AS start_day "
                "FROM stirred s JOIN rule r ON r.atom = s.measure"  # once for each measure of the atom: wanted
                for period, start in PERIODS.items()
            ),
        ]

    def ripened(self) -> list[str]:
        """Touch what has become old enough to judge, units whose census goes on, and renewed baselines."""
        before, statements = self.reach.previous_watermark_day, []
        if before is None:
            return []
        if before != self.reach.watermark_day:
            low, high = sorted((before, self.reach.watermark_day))
            lags = sorted({m.watermark_lag for m in self.measures})
            for lag in lags:
                ids = ", ".join(sorted({f"'{self.atom(m)}'" for m in self.measures if m.watermark_lag == lag}))
                statements += [
                    "INSERT INTO stirred SELECT DISTINCT measure::VARCHAR, level::VARCHAR, unit::VARCHAR, day "
                    f"FROM {relation} WHERE day > {low - lag} AND day <= {high - lag} AND measure IN ({ids})"
                    for relation in (self.names.counts, self.names.values)
                ]
            statements += self.stir_units(self.names.census, "'census'", "TRUE")
            filled = ", ".join(f"'{m.id}'" for m in self.measures if m.statistic == "count") or "''"
            statements += self.stir_units(self.names.counts, "measure", f"measure IN ({filled})")
        if self.reach.previous_first_day not in (None, self.reach.first_day):
            based = ", ".join(f"'{self.atom(m)}'" for m in self.measures if m.over_baseline) or "''"
            statements += self.stir_units(self.names.values, "measure", f"measure IN ({based})")
        return statements

    def stir_units(self, relation: str, measure: str, where: str) -> list[str]:
        return [
            f"INSERT INTO stirred SELECT {measure}::VARCHAR, level::VARCHAR, unit::VARCHAR, min(day) FROM {relation} "
            f"WHERE {where} GROUP BY ALL"
        ]

    def only(self, measure: str, period: str | None) -> str:
        """Return the join that keeps what is to be made anew of the rows `a`, for one period."""
        if self.names.touched is None:
            return ""
        keys = f"g.measure = {measure} AND g.level = a.level::VARCHAR AND g.unit = a.unit::VARCHAR"
        if period is None:
            return f"SEMI JOIN cell_gone g ON {keys}"
        if period == "all":
            return f"SEMI JOIN cell_gone g ON {keys} AND g.period = 'all'"
        start = first_day(period, "a")
        return (
            f"SEMI JOIN cell_gone g ON {keys} AND g.period = '{period}' "
            f"AND (g.start_day = {start} OR g.start_day IS NULL)"
        )

    # Counts and ratios

    def counts(self) -> list[str]:
        ids = [m.id for m in self.measures if m.fact != "census" and not m.has_values]
        if not ids:
            return []
        statements = [
            f"""
CREATE OR REPLACE TEMP TABLE count_day AS
SELECT a.measure::{enum(ids)} AS measure, a.level::{enum(LEVELS)} AS level, a.unit::VARCHAR AS unit,
       s.cell::{enum(cell for _, cell in STRATA)} AS stratum, a.day,
       a.calendar AND a.feed NOT IN (SELECT feed FROM shifted) AS real,
       sum(a.num)::BIGINT AS num, sum(a.den)::BIGINT AS den
FROM {self.names.counts} a
JOIN rule r ON r.measure = a.measure           -- one row a measure
JOIN stratum_of s ON s.atom = a.stratum        -- a hand-off is shown in all and in one part or both
{self.only("r.measure", None)}
WHERE a.day <= r.last_day
  AND NOT (r.needs_departures AND a.feed IN (SELECT feed FROM no_departures))
  AND (NOT r.needs_calendar OR (a.calendar AND a.feed NOT IN (SELECT feed FROM shifted)))
GROUP BY ALL"""
        ]
        for period in PERIODS:
            first, only = first_day(period, "a"), self.only("a.measure", period)
            where = "" if period == "all" else "WHERE a.real"
            summed = f"""
    SELECT a.measure, a.level, a.unit, a.stratum, {first} AS start_day, sum(num)::BIGINT AS num, sum(den)::BIGINT AS den
    FROM count_day a {only} {where}
    GROUP BY a.measure, a.level, a.unit, a.stratum{"" if period == "all" else ", " + first}"""
            if period == "day":  # already one row a day
                summed = f"SELECT a.*, a.day AS start_day FROM count_day a {only} {where}"
            statements.append(f"""
INSERT INTO cell
SELECT c.measure, r.version, c.level, c.unit, '{period}', c.start_day, c.stratum,
       c.num, CASE WHEN r.statistic <> 'count' THEN c.den END,
       CASE WHEN r.statistic = 'count' THEN c.num ELSE c.num / c.den END * r.factor,
       CASE WHEN r.statistic = 'count' THEN c.num ELSE c.den END
FROM ({summed}) c JOIN rule r ON r.measure = c.measure  -- one row a measure""")
        return [*statements, *self.zeros()]

    def zeros(self) -> list[str]:
        """Nobody arriving is a number too: fill counts from a unit's first to the last day of the records."""
        if not any(m.statistic == "count" for m in self.measures):
            return []
        steps = {
            "day": "unnest(range(first_day, last_day + 1))",
            "week": "unnest(range(first_day - (first_day % 7 + 10) % 7, last_day + 1, 7))",
            "month": "date_diff('day', DATE '1970-01-01', unnest(generate_series("
            "date_trunc('month', DATE '1970-01-01' + first_day::INTEGER)::DATE, DATE '1970-01-01' + last_day::INTEGER, "
            "INTERVAL 1 MONTH))::DATE)",
        }
        return [
            f"""
INSERT INTO cell
SELECT f.measure, f.version, f.level, f.unit, '{period}', f.start_day, f.stratum, 0, NULL, 0, 0
FROM (
    SELECT measure, version, level, unit, stratum, {step}::INTEGER AS start_day FROM (
        SELECT c.measure, c.level, c.unit, c.stratum, any_value(r.version) AS version,
               min(c.day)::BIGINT AS first_day, any_value(r.last_day)::BIGINT AS last_day
        FROM count_day c JOIN rule r ON r.measure = c.measure AND r.statistic = 'count' WHERE c.real GROUP BY ALL)
) f
ANTI JOIN cell c ON c.measure = f.measure AND c.level = f.level AND c.unit = f.unit AND c.stratum = f.stratum
    AND c.period = '{period}' AND c.start_day = f.start_day"""
            for period, step in steps.items()
        ]

    # Values: medians, other quantiles, and shares over a baseline

    def values(self) -> list[str]:
        """Take each histogram of each level in turn: one read of the atoms, then all measures and periods."""
        statements: list[str] = []
        kept: dict[str, list[Measure]] = {}
        for m in self.measures:
            if m.has_values:
                kept.setdefault(self.atom(m), []).append(m)
        for atom, sharers in kept.items():
            for level in LEVELS:
                statements.append(self.one_by_one(atom, sharers, level))
                for group in _alike([m for m in sharers if m.statistic in QUANTILES]):
                    statements += [self.quantiles(group, level, period) for period in PERIODS]
                for m in sharers:
                    statements += self.over_baseline(m, level) if m.over_baseline else []
        return [*statements, "DROP TABLE one_by_one"] if statements else []

    def one_by_one(self, atom: str, sharers: list[Measure], level: str) -> str:
        """Write out a histogram: a value that occurred n times becomes n rows.

        DuckDB's exact quantile of rows is several times as fast as a running sum of weights,
        and there are never more rows than stays.
        """
        only = ""
        if self.names.touched is not None:
            ids = ", ".join(f"'{m.id}'" for m in sharers)
            only = f"AND a.unit::VARCHAR IN (SELECT unit FROM cell_gone WHERE measure IN ({ids}) AND level = '{level}')"
        return f"""
CREATE OR REPLACE TEMP TABLE one_by_one AS
WITH weighted AS (
    SELECT a.unit::VARCHAR AS unit, a.stratum::{enum(atom for atom, _ in STRATA)} AS stratum, a.day,
           a.calendar AND a.feed NOT IN (SELECT feed FROM shifted) AS real,
           a.feed NOT IN (SELECT feed FROM no_departures) AS departs, a.value, a.n
    FROM {self.names.values} a WHERE a.measure = '{atom}' AND a.level = '{level}' {only}
)
SELECT * EXCLUDE (n) FROM weighted WHERE n = 1
UNION ALL SELECT * EXCLUDE (n, k) FROM (SELECT *, unnest(range(n)) AS k FROM weighted WHERE n > 1)"""

    def counts_for(self, measure: Measure, *, period: str = "all") -> str:
        """Return the condition on which a value counts for a measure in a period."""
        parts = [f"v.day <= {measure.last_counted_day(self.reach.watermark_day)}"]
        if "departures recorded" in measure.needs:
            parts.append("v.departs")
        if "calendar" in measure.needs or period != "all":
            parts.append("v.real")
        return " AND ".join(parts)

    def only_values(self, measure: Measure, level: str, period: str) -> str:
        return self.only(f"'{measure.id}'", period).replace("a.level::VARCHAR", f"'{level}'").replace("a.", "v.")

    def quantiles(self, group: list[Measure], level: str, period: str) -> str:
        """Return the cells of measures that take different quantiles of the same values."""
        shares = ", ".join(str(QUANTILES[m.statistic]) for m in group)
        strata = "JOIN stratum_of s ON s.atom = v.stratum" if group[0].owner == "link" else ""
        stratum = "s.cell" if strata else "v.stratum"
        first = first_day(period, "v")
        cells = " UNION ALL ".join(
            f"SELECT '{m.id}', '{m.identity}', '{level}', unit, '{period}', start_day, stratum::VARCHAR, NULL, n, "
            f"q[{i + 1}] / {m.seconds_in_unit}, n FROM quantiles"
            for i, m in enumerate(group)
        )
        return f"""
INSERT INTO cell
WITH quantiles AS (
    SELECT v.unit, {first} AS start_day, {stratum} AS stratum, count(*) AS n, quantile_cont(v.value, [{shares}]) AS q
    FROM one_by_one v {strata} {self.only_values(group[0], level, period)}
    WHERE {self.counts_for(group[0], period=period)}
    GROUP BY v.unit, {stratum}{"" if period == "all" else ", " + first}
)
{cells}"""

    def over_baseline(self, m: Measure, level: str) -> list[str]:
        """Compare values with the 95th percentile of the unit's own first year, where that had enough."""
        sign = getattr(m.numerator.tree, "sign", ">") if m.numerator else ">"
        statements = [
            f"""
CREATE OR REPLACE TEMP TABLE baseline AS
SELECT v.unit, quantile_cont(v.value, {BASELINE_PERCENTILE}) AS p95
FROM one_by_one v WHERE {self.counts_for(m)} AND v.day < {self.reach.first_day + BASELINE_DAYS}
GROUP BY v.unit HAVING count(*) >= {BASELINE_LEAST}"""
        ]
        for period in PERIODS:
            first = first_day(period, "v")
            statements.append(f"""
INSERT INTO cell
SELECT '{m.id}', '{m.identity}', '{level}', v.unit, '{period}', {first} AS start_day, v.stratum::VARCHAR,
       count(*) FILTER (v.value {sign} b.p95) AS num, count(*) AS den, num / den * {m.factor!r}, den
FROM one_by_one v JOIN baseline b ON b.unit = v.unit  -- one row a unit
{self.only_values(m, level, period)}
WHERE {self.counts_for(m, period=period)}
GROUP BY v.unit, v.stratum{"" if period == "all" else ", " + first}""")
        return statements

    # Censuses

    def census(self) -> list[str]:
        measures = [m for m in self.measures if m.fact == "census"]
        if not measures:
            return []
        statements = [
            f"""
CREATE OR REPLACE TEMP TABLE census_day AS
WITH change AS (
    SELECT a.level::VARCHAR AS level, a.unit::VARCHAR AS unit, a.day, sum(a.delta)::BIGINT AS delta
    FROM {self.names.census} a {self.only(f"'{measures[0].id}'", None)}
    WHERE a.day <= {self.reach.watermark_day} AND a.calendar AND a.feed NOT IN (SELECT feed FROM shifted)
    GROUP BY ALL
),
every AS (
    SELECT level, unit, unnest(range(min(day)::BIGINT, {self.reach.watermark_day + 1}::BIGINT))::INTEGER AS day
    FROM change GROUP BY level, unit
)
SELECT e.level, e.unit, e.day,
       sum(coalesce(c.delta, 0)) OVER (PARTITION BY e.level, e.unit ORDER BY e.day)::BIGINT AS midnights
FROM every e LEFT JOIN change c ON c.level = e.level AND c.unit = e.unit AND c.day = e.day"""
        ]
        for m in measures:
            top = to_sql(m.numerator.tree, "census") if m.numerator else "midnights"
            bottom = to_sql(m.denominator.tree, "census") if m.denominator else "days"
            for period in PERIODS:
                first = first_day(period, "d")
                statements.append(f"""
INSERT INTO cell
WITH counted AS (
    SELECT d.level, d.unit, {first} AS start_day, sum(d.midnights) AS midnights, count(*) AS days,
           any_value(k.capacity) AS capacity
    FROM census_day d LEFT JOIN {self.names.capacity} k ON k.level = d.level AND k.unit = d.unit  -- one row a unit
    GROUP BY d.level, d.unit{"" if period == "all" else ", " + first}
),
divided AS (SELECT *, CAST({top} AS BIGINT) AS num, CAST({bottom} AS BIGINT) AS den FROM counted)
SELECT '{m.id}', '{m.identity}', level, unit, '{period}', start_day, '', num, den, num / den * {m.factor!r}, days
FROM divided WHERE den > 0""")
        return statements


def _alike(measures: list[Measure]) -> list[list[Measure]]:
    """Put those together that take the same values by the same rules."""
    groups: dict[tuple[object, ...], list[Measure]] = {}
    for m in measures:
        groups.setdefault((m.censor_days, frozenset(m.needs)), []).append(m)
    return list(groups.values())


def _whole_unit(measure: Measure) -> bool:
    """Say whether one changed day changes cells of other periods of the unit."""
    return measure.over_baseline or measure.fact == "census" or measure.statistic == "count"
