"""Where `following(...)` looks: one as-of join for each kind of search, kept as columns of the facts.

The kernel runs this first, so that the stored facts can answer questions about single rows
(who is behind a point) with the same expressions later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from knitwork.measures.definition import Measure
from knitwork.measures.language import tree
from knitwork.measures.language.names import Fact, following_column
from knitwork.measures.language.sql import to_sql
from knitwork.model.errors import BadDefinition

Run = Callable[[str], object]


def selectors(measures: Iterable[Measure], fact: Fact) -> dict[frozenset[str] | None, list[Measure]]:
    """Return what measures over `fact` look for, in a fixed order, and which of them look for it."""
    found: dict[frozenset[str] | None, list[Measure]] = {}
    for measure in measures:
        if measure.fact != fact:
            continue
        for clause in measure.clauses():
            for part in tree.walk(clause.tree):
                if isinstance(part, tree.Following) and measure not in found.setdefault(part.kinds, []):
                    found[part.kinds].append(measure)
    return dict(sorted(found.items(), key=lambda item: following_column(item[0])))


def following_columns(measures: Iterable[Measure], fact: Fact) -> dict[str, str]:
    """Return the columns that `prepare_sql` adds to a fact, with their types."""
    columns: dict[str, str] = {}
    for kinds in selectors(measures, fact):
        columns[f"{following_column(kinds)}_us"] = "BIGINT"
        columns[f"{following_column(kinds)}_day"] = "INTEGER"
    return columns


def prepare_sql(measures: Iterable[Measure]) -> list[str]:
    """Return the statements that add the columns of following stays to `fact_stay` and `fact_visit`."""
    chosen = tuple(measures)
    return [*_prepare_stays(chosen), *_prepare_visits(chosen)]


def prepare(run: Run, measures: Iterable[Measure]) -> None:
    """Run `prepare_sql` with `run`, which executes one statement in the bucket's connection."""
    for statement in prepare_sql(measures):
        run(statement)


def _pool(kinds: frozenset[str] | None) -> str:
    """Return which stays can be found. A search by kind also finds those beside a bed stay."""
    if kinds is None:
        return "NOT concurrent"
    if not kinds:
        return "level = 'micro' AND NOT concurrent"
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    return f"level = 'micro' AND CAST(kind AS VARCHAR) IN ({listed})"


def _wanted(measures: list[Measure]) -> str:
    """Return which rows need an answer: the populations of the measures that ask."""
    parts = []
    for measure in measures:
        clause = measure.population
        if clause is None or any(isinstance(part, tree.Following) for part in tree.walk(clause.tree)):
            return "TRUE"
        parts.append(to_sql(clause.tree, measure.fact))
    return " OR ".join(parts)


def _prepare_stays(measures: tuple[Measure, ...]) -> list[str]:
    statements, columns, joins = [], [], []
    for kinds, asking in selectors(measures, "stay").items():
        name = following_column(kinds)
        statements += _next_in_unit(name, _wanted(asking)) if kinds is None else _nearest(name, kinds, _wanted(asking))
        columns.append(f"{name}.us AS {name}_us, {name}.day AS {name}_day")
        joins.append(f"LEFT JOIN {name}_of_stay {name} ON {name}.r = f.rowid")  # at most one row each
    return [*statements, *_view("fact_stay", columns, joins)]


def _next_in_unit(name: str, wanted: str) -> list[str]:
    """Find the next stay in the same unit: in order of start it is the neighbour, unless the two overlap.

    The few that overlap, or have no length and would find themselves, look at all others.
    """
    return [
        f"""
CREATE OR REPLACE TEMP TABLE in_unit AS
SELECT * FROM (
    SELECT rowid AS r, level, patient, unit, start_us, end_us, ({wanted}) AS wanted,
           lead(start_us) OVER w AS us, lead(start_day) OVER w AS day, lag(start_us) OVER w AS before_us
    FROM fact_stay WHERE NOT concurrent
    WINDOW w AS (PARTITION BY level, patient, unit ORDER BY start_us)
) WHERE wanted AND (us IS NOT NULL OR before_us = end_us)""",
        f"""
CREATE OR REPLACE TEMP TABLE {name}_of_stay AS
SELECT r, us, day FROM in_unit WHERE end_us > start_us AND us >= end_us
UNION ALL
SELECT f.r, min(s.start_us), arg_min(s.start_day, (s.start_us, s.start_day))
FROM (SELECT * FROM in_unit WHERE end_us <= start_us OR us < end_us) f
JOIN (SELECT rowid AS r, level, patient, unit, start_us, start_day FROM fact_stay WHERE NOT concurrent) s
  ON s.level = f.level AND s.patient = f.patient AND s.unit = f.unit AND s.start_us >= f.end_us AND s.r <> f.r
GROUP BY f.r""",
        "DROP TABLE in_unit",
    ]


def _nearest(name: str, kinds: frozenset[str], wanted: str) -> list[str]:
    """Find the nearest stay of some kind by an as-of join; stays of no length must not find themselves."""
    pool = f"SELECT rowid AS r, patient, start_us, start_day FROM fact_stay WHERE {_pool(kinds)}"
    rows = f"SELECT rowid AS r, patient, end_us FROM fact_stay WHERE ({wanted})"
    return [
        f"""
CREATE OR REPLACE TEMP TABLE {name}_of_stay AS
SELECT f.r, s.start_us AS us, s.start_day AS day
FROM ({rows} AND end_us > start_us) f
ASOF JOIN (SELECT patient, start_us, min(start_day) AS start_day FROM ({pool}) GROUP BY ALL) s
  ON s.patient = f.patient AND s.start_us >= f.end_us
UNION ALL
SELECT f.r, min(s.start_us), arg_min(s.start_day, (s.start_us, s.start_day))
FROM ({rows} AND end_us <= start_us) f
JOIN ({pool}) s ON s.patient = f.patient AND s.start_us >= f.end_us AND s.r <> f.r
GROUP BY f.r"""
    ]


def _prepare_visits(measures: tuple[Measure, ...]) -> list[str]:
    """Search once for each visit, and give all its rows the answer.

    Where a patient's visits follow one another, the first fitting stay of the next visit
    that has one is the answer: one pass over visits. Patients whose visits overlap or meet
    (`untidy`) are searched stay by stay.
    """
    wanted = selectors(measures, "visit")
    if None in wanted:
        raise BadDefinition("following(same_unit) is for stays: ask for a kind of unit after a visit")
    kinds_of = {following_column(kinds): kinds for kinds in wanted if kinds is not None}
    if not kinds_of:
        return []
    firsts = ", ".join(
        f"min(start_us) FILTER ({_pool(kinds)}) AS {name}_us, "
        f"arg_min(start_day, start_us) FILTER ({_pool(kinds)}) AS {name}_day"
        for name, kinds in kinds_of.items()
    )
    nexts = ", ".join(
        f"first_value({name}_{part} IGNORE NULLS) OVER w AS {name}_{part}"
        for name in kinds_of
        for part in ("us", "day")
    )
    names = ", ".join(f"{name}_{part}" for name in kinds_of for part in ("us", "day"))
    return [
        f"""
CREATE OR REPLACE TEMP TABLE started AS
SELECT patient, visit, min(start_us) AS begins_us, max(start_us) AS last_start_us, {firsts}
FROM fact_stay WHERE level = 'micro' GROUP BY patient, visit""",
        # one row a visit: the microsystem in which it ended
        f"""
CREATE OR REPLACE TEMP TABLE after_all AS
SELECT s.patient, s.visit, s.begins_us, s.last_start_us, e.end_us,
       lead(s.begins_us) OVER (PARTITION BY s.patient ORDER BY s.begins_us) AS next_begins_us, {nexts}
FROM started s
LEFT JOIN (SELECT patient, visit, end_us FROM fact_visit WHERE level = 'micro' AND is_last) e
  ON e.patient = s.patient AND e.visit = s.visit
WINDOW w AS (PARTITION BY s.patient ORDER BY s.begins_us ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)""",
        "CREATE OR REPLACE TEMP TABLE untidy AS SELECT DISTINCT patient FROM after_all "
        "WHERE next_begins_us <= last_start_us OR next_begins_us < end_us",
        "CREATE OR REPLACE TEMP TABLE ended_visit AS SELECT row_number() OVER () AS r, patient, visit, end_us "
        "FROM after_all SEMI JOIN untidy USING (patient) WHERE end_us IS NOT NULL",
        *(_after_untidy(name, kinds) for name, kinds in kinds_of.items()),
        f"""
CREATE OR REPLACE TEMP TABLE after_visit AS
SELECT patient, visit, {names} FROM after_all ANTI JOIN untidy USING (patient) WHERE end_us IS NOT NULL
UNION ALL BY NAME
SELECT f.patient, f.visit, {", ".join(f"{n}.us AS {n}_us, {n}.day AS {n}_day" for n in kinds_of)}
FROM ended_visit f {" ".join(f"LEFT JOIN {n}_of_visit {n} ON {n}.r = f.r" for n in kinds_of)}""",
        *(f"DROP TABLE {name}" for name in ("started", "after_all", "ended_visit")),
        *_view(
            "fact_visit",
            [f"a.{name}" for name in names.split(", ")],
            ["LEFT JOIN after_visit a ON a.patient = f.patient AND a.visit = f.visit"],  # at most one row a visit
        ),
    ]


def _after_untidy(name: str, kinds: frozenset[str]) -> str:
    """Search for one kind after visits that may overlap; a visit's own stays are none that follow."""
    return f"""
CREATE OR REPLACE TEMP TABLE {name}_of_visit AS
WITH pool AS (
    SELECT patient, visit, start_us, start_day FROM fact_stay SEMI JOIN untidy USING (patient) WHERE {_pool(kinds)}
),
found AS (
    SELECT f.*, s.visit AS of_visit, s.start_us AS us, s.start_day AS day
    FROM ended_visit f ASOF JOIN pool s ON s.patient = f.patient AND s.start_us >= f.end_us
)
SELECT r, us, day FROM found WHERE of_visit <> visit
UNION ALL
SELECT f.r, min(s.start_us), arg_min(s.start_day, (s.start_us, s.start_day))
FROM (SELECT * FROM found WHERE of_visit = visit) f
JOIN pool s ON s.patient = f.patient AND s.start_us >= f.end_us AND s.visit <> f.visit
GROUP BY f.r"""


def _view(fact: str, columns: list[str], joins: list[str]) -> list[str]:
    """Put a view with the new columns in the place of a fact: joined when read, and never copied."""
    if not columns:
        return []
    return [
        f"ALTER TABLE {fact} RENAME TO {fact}_bare",
        f"CREATE OR REPLACE TEMP VIEW {fact} AS SELECT f.*, {', '.join(columns)} FROM {fact}_bare f {' '.join(joins)}",
    ]
