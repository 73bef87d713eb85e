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
        keys = ("level", "patient", "unit") if kinds is None else ("patient",)
        same = " AND ".join(f"s.{key} = f.{key}" for key in keys)
        wanted = _wanted(asking)
        listed = ", ".join(keys)
        # A stay of no length begins when it ends and would find itself: the second half,
        # few rows, looks for the earliest of all others instead.
        statements.append(f"""
CREATE OR REPLACE TEMP TABLE {name}_of_stay AS
SELECT f.r, s.start_us AS us, s.start_day AS day
FROM (SELECT rowid AS r, {listed}, end_us FROM fact_stay WHERE end_us > start_us AND ({wanted})) f
ASOF JOIN (SELECT {listed}, start_us, min(start_day) AS start_day FROM fact_stay WHERE {_pool(kinds)} GROUP BY ALL) s
  ON {same} AND s.start_us >= f.end_us
UNION ALL
SELECT f.r, min(s.start_us), arg_min(s.start_day, (s.start_us, s.start_day))
FROM (SELECT rowid AS r, {listed}, end_us FROM fact_stay WHERE end_us <= start_us AND ({wanted})) f
JOIN (SELECT rowid AS r, {listed}, start_us, start_day FROM fact_stay WHERE {_pool(kinds)}) s
  ON {same} AND s.start_us >= f.end_us AND s.r <> f.r
GROUP BY f.r""")
        columns.append(f"{name}.us AS {name}_us, {name}.day AS {name}_day")
        joins.append(f"LEFT JOIN {name}_of_stay {name} ON {name}.r = f.rowid")  # at most one row each
    return _replace("fact_stay", statements, columns, joins)


def _prepare_visits(measures: tuple[Measure, ...]) -> list[str]:
    """Search once for each visit, in the row of the microsystem where it ended, and give all its rows the answer.

    A stay of no length at the very end of a visit belongs to it and is none that follows:
    where one was found, the search is done again among the other visits.
    """
    wanted = selectors(measures, "visit")
    if not wanted:
        return []
    statements = [
        "CREATE OR REPLACE TEMP TABLE ended_visit AS SELECT row_number() OVER () AS r, patient, visit, end_us "
        "FROM fact_visit WHERE level = 'micro' AND is_last AND end_us IS NOT NULL"
    ]
    columns, joins = [], []
    for kinds in wanted:
        if kinds is None:
            raise BadDefinition("following(same_unit) is for stays: ask for a kind of unit after a visit")
        name = following_column(kinds)
        statements.append(f"""
CREATE OR REPLACE TEMP TABLE {name}_of_visit AS
WITH pool AS (SELECT patient, visit, start_us, start_day FROM fact_stay WHERE {_pool(kinds)}),
found AS (
    SELECT f.*, s.visit AS of_visit, s.start_us AS us, s.start_day AS day
    FROM ended_visit f ASOF JOIN pool s ON s.patient = f.patient AND s.start_us >= f.end_us
)
SELECT r, us, day FROM found WHERE of_visit <> visit
UNION ALL
SELECT f.r, min(s.start_us), arg_min(s.start_day, (s.start_us, s.start_day))
FROM (SELECT * FROM found WHERE of_visit = visit) f
JOIN pool s ON s.patient = f.patient AND s.start_us >= f.end_us AND s.visit <> f.visit
GROUP BY f.r""")
        columns.append(f"{name}.us AS {name}_us, {name}.day AS {name}_day")
        joins.append(f"LEFT JOIN {name}_of_visit {name} ON {name}.r = f.r")  # at most one row each
    names = ", ".join(f"a.{column}" for column in following_columns(measures, "visit"))
    return [
        *statements,
        "CREATE OR REPLACE TEMP TABLE after_visit AS SELECT f.patient, f.visit, "
        f"{', '.join(columns)} FROM ended_visit f {' '.join(joins)}",
        # at most one row a visit
        f"CREATE OR REPLACE TEMP TABLE prepared AS SELECT f.*, {names} FROM fact_visit f "
        "LEFT JOIN after_visit a ON a.patient = f.patient AND a.visit = f.visit",
        "DROP TABLE fact_visit",
        "ALTER TABLE prepared RENAME TO fact_visit",
        "DROP TABLE ended_visit",
        "DROP TABLE after_visit",
        *(f"DROP TABLE {join.split()[2]}" for join in joins),
    ]


def _replace(fact: str, statements: list[str], columns: list[str], joins: list[str]) -> list[str]:
    if not columns:
        return []
    return [
        *statements,
        f"CREATE OR REPLACE TEMP TABLE prepared AS SELECT f.*, {', '.join(columns)} FROM {fact} f {' '.join(joins)}",
        f"DROP TABLE {fact}",
        f"ALTER TABLE prepared RENAME TO {fact}",
        *(f"DROP TABLE {join.split()[2]}" for join in joins),
    ]
