"""The SQL of units' numbers: from cells to facts, with totals found by adding up the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from knitwork.intake.formats.csv.dates import NO_TIME, decide, local_time
from knitwork.intake.formats.csv.showing import shown
from knitwork.intake.formats.csv.zones import instant, quoted
from knitwork.intake.formats.unit_facts.columns import EMPTY, NUMBER, Layout, coded
from knitwork.intake.profile import Profile
from knitwork.lake.engine import Connection

# A unit is a total when at least this share of its numbers are the sums of all others: rates do not add up.
TOTAL = 0.6
# With fewer others than this, one that equals the rest proves nothing.
OTHERS = 2
CELLS = 3
TOTAL_NAMES = ("total", "grand total", "all", "overall", "sum", "totals")
_SCRATCH = ("unit_cells", "unit_faulty", "unit_rows", "unit_long", "unit_totals")


def clear(con: Connection) -> None:
    """Remove what reading made beside the landed tables."""
    for table in _SCRATCH:
        con.execute(f"DROP TABLE IF EXISTS {table}")


def begin(con: Connection, layout: Layout) -> None:
    """Make the empty tables of cells and of faulty rows."""
    clear(con)
    cells = [
        *(f"d{i} VARCHAR" for i in range(len(layout.divides))),
        *(f"v{i} VARCHAR" for i in range(len(layout.values))),
    ]
    con.execute(
        f'CREATE TEMP TABLE unit_cells("row" BIGINT, unit VARCHAR, name VARCHAR, at_raw VARCHAR, {", ".join(cells)})'
    )
    con.execute('CREATE TEMP TABLE unit_faulty("row" BIGINT, message VARCHAR)')


def take(con: Connection, good: Path, faulty: Path, separator: str, layout: Layout, width: int, done: int) -> None:
    """Add the rows of one clean copy, whose numbers go on from `done`."""
    columns = ", ".join(["'n': 'BIGINT'", *(f"'c{i}': 'VARCHAR'" for i in range(width))])
    places = [layout.unit, layout.name, layout.period, *layout.divides, *(place for place, _ in layout.values)]
    cells = ", ".join("NULL" if place is None else f"nullif(trim(c{place}), '')" for place in places)
    con.execute(
        f"""INSERT INTO unit_cells SELECT n + {done}, {cells} FROM read_csv({quoted(str(good))}, auto_detect=false,
        header=false, delim={quoted(separator)}, quote='"', escape='"', columns={{{columns}}})"""
    )
    con.execute(
        f"""INSERT INTO unit_faulty SELECT "row" + {done}, message FROM read_csv({quoted(str(faulty))},
        auto_detect=false, header=false, delim=',', quote='"', escape='"',
        columns={{'row': 'BIGINT', 'message': 'VARCHAR'}})"""
    )


def read_periods(con: Connection, profile: Profile, *, name: str) -> list[str]:
    """Make `unit_rows`: the cells with the start of their period as an instant. Return what was decided."""
    zone = profile.zone or "UTC"
    missing = ", ".join(quoted(word) for word in NO_TIME)
    said = f"CASE WHEN upper(at_raw) NOT IN ({missing}) THEN at_raw END"
    number = f"try_cast({said} AS DOUBLE)"
    n, unix, book, years, months = con.execute(
        f"""SELECT count({said}), count(*) FILTER ({number} BETWEEN 10957 AND 25568),
        count(*) FILTER ({number} BETWEEN 36526 AND 73050), count(*) FILTER (regexp_full_match({said}, '(19|20)\\d\\d')),
        count(*) FILTER (regexp_full_match({said}, '(19|20)\\d\\d[-/]\\d\\d')) FROM unit_cells"""
    ).fetchall()[0]
    notes: list[str] = []
    if n and 2 * unix > n:
        local, note = _since("1970-01-01", number), "days since 1970-01-01"
    elif n and 2 * book > n:
        local, note = _since("1899-12-30", number), "serial numbers of a workbook"
    elif n and 2 * (years + months) > n:
        local, note = (
            f"try_cast(CASE WHEN length({said}) = 4 THEN {said} || '-01-01' ELSE replace({said}, '/', '-') || '-01' END AS TIMESTAMP)",
            "",
        )
    else:
        readings, notes = decide(
            con, {"start": "at_raw"}, "unit_cells", date_order=profile.date_order, workbook=False, name=name
        )
        local, note = local_time("at_text", readings["start"]), ""
    if note:
        notes.append(f"the periods were read as {note}")
    con.execute(
        f"""CREATE TEMP TABLE unit_rows AS SELECT * REPLACE (trim(unit) AS unit), {instant("at_local", zone)} AS at_us
        FROM (SELECT *, {local} AS at_local FROM (SELECT *, {said} AS at_text FROM unit_cells))"""
    )
    return notes


def _since(day: str, number: str) -> str:
    return f"CASE WHEN {number} BETWEEN 10957 AND 73050 THEN TIMESTAMP '{day}' + to_days(CAST(floor({number}) AS INTEGER)) END"


def judge(con: Connection, layout: Layout) -> None:
    """Make `unit_long` (one row a number), `unit_totals` and `rejected`."""
    empty = ", ".join(quoted(word) for word in EMPTY)
    values = ", ".join(f"v{i}" for i in range(len(layout.values)))
    divides = "concat_ws(chr(31), " + ", ".join(f"coalesce(d{i}, '')" for i in range(len(layout.divides))) + ")"
    con.execute(
        f"""CREATE TEMP TABLE unit_long AS SELECT "row", unit, at_us, part, cell, text,
        try_cast(CASE WHEN regexp_full_match(text, '{NUMBER}') THEN replace(text, ',', '') END AS DOUBLE) AS v
        FROM (UNPIVOT (SELECT "row", unit, at_us, {divides if layout.divides else "''"} AS part, {values} FROM unit_rows)
            ON {values} INTO NAME cell VALUE text) WHERE upper(text) NOT IN ({empty})"""
    )
    names = ", ".join(quoted(word) for word in TOTAL_NAMES)
    con.execute(
        f"""CREATE TEMP TABLE unit_totals AS
        WITH summed AS (SELECT unit, v, sum(v) OVER peers AS all_of, count(*) OVER peers AS n FROM unit_long
            WHERE v IS NOT NULL AND at_us IS NOT NULL WINDOW peers AS (PARTITION BY at_us, part, cell))
        SELECT unit FROM summed WHERE v > 0 AND n > {OTHERS} GROUP BY unit
        HAVING count(*) >= {CELLS} AND avg(CASE WHEN abs(2 * v - all_of) <= 1e-9 * abs(all_of) THEN 1 ELSE 0 END) >= {TOTAL}
        UNION SELECT unit FROM unit_rows WHERE lower(unit) IN ({names}) OR lower(name) IN ({names})"""
    )
    con.execute(
        f"""CREATE TEMP TABLE rejected AS
        WITH odd AS (SELECT "row", min_by(text, cell) AS text FROM unit_long WHERE v IS NULL GROUP BY "row"),
        filled AS (SELECT DISTINCT "row" FROM unit_long),
        ruled AS (SELECT "row", unit, at_raw, odd.text, CASE WHEN unit IS NULL THEN 'unit_empty'
            WHEN at_text IS NULL THEN 'time_empty' WHEN at_us IS NULL THEN 'time_unreadable'
            WHEN odd.text IS NOT NULL THEN 'value_unreadable'
            WHEN unit IN (SELECT unit FROM unit_totals) THEN 'total_row'
            WHEN "row" NOT IN (SELECT "row" FROM filled) THEN 'value_empty' END AS rule
            FROM unit_rows LEFT JOIN odd USING ("row"))
        SELECT "row", CASE rule WHEN 'unit_empty' THEN 'unit' WHEN 'total_row' THEN 'unit' WHEN 'time_empty' THEN 'start'
            WHEN 'time_unreadable' THEN 'start' ELSE 'value' END AS field, rule,
            CASE rule WHEN 'unit_empty' THEN 'the unit is empty'
            WHEN 'time_empty' THEN 'the period is empty'
            WHEN 'time_unreadable' THEN 'the period ' || {shown("at_raw")} || ' is not a date'
            WHEN 'value_unreadable' THEN 'the number ' || {shown("text")} || ' is not a number'
            WHEN 'value_empty' THEN 'the row has no number'
            ELSE 'the unit is the sum of the others: it would be counted twice' END AS message
        FROM ruled WHERE rule IS NOT NULL
        UNION ALL SELECT "row", 'row', 'ragged', message FROM unit_faulty"""
    )


def totals(con: Connection) -> list[str]:
    """Say which units are totals of the others."""
    found = con.execute(
        """SELECT DISTINCT coalesce(name, unit) FROM unit_rows WHERE unit IN (SELECT unit FROM unit_totals) ORDER BY 1"""
    ).fetchall()
    return [f"{str(name)[:80]} is the sum of the other units: it is not taken beside them" for (name,) in found]


def tell(con: Connection, layout: Layout, header: Sequence[str], tail: str) -> dict[str, int]:
    """Leave the landed tables; return how many rows each has."""
    kinds = " ".join(f"WHEN 'v{i}' THEN {quoted(kind)}" for i, (_, kind) in enumerate(layout.values))
    cells = {kind: f"v{i}" for i, (_, kind) in enumerate(layout.values)}
    of = " ".join(f"WHEN '{cells[one]}' THEN '{cells[all_]}'" for one, all_ in layout.of)
    part = "''"
    if layout.divides:
        # Two rows of one unit and period that something divides are two facts: their kinds say which.
        marks = "'[^\\p{L}\\p{N}]+', '_', 'g'"
        words = " || ".join(
            f"'_' || {quoted(coded(header[place]))} || '_' || regexp_replace(lower(coalesce(d{i}, 'none')), {marks})"
            for i, place in enumerate(layout.divides)
        )
        part = f"({words})"
    con.execute(
        f"""CREATE TEMP TABLE landed_unit_fact AS
        WITH good AS (SELECT l.*, {part} AS divided, {f"CASE cell {of} END" if of else "NULL::VARCHAR"} AS den_cell
            FROM unit_long l JOIN unit_rows USING ("row") WHERE "row" NOT IN (SELECT "row" FROM rejected))
        SELECT g.unit, (CASE g.cell {kinds} END) || g.divided AS kind, g.at_us,
            CASE WHEN d.v IS NOT NULL THEN g.v END AS num, d.v AS den, CASE WHEN d.v IS NULL THEN g.v END AS "value",
            {tail.replace('"row"', 'g."row" AS "row"')}
        -- At most one denominator a number: a row has one cell of each name.
        FROM good g LEFT JOIN unit_long d ON d."row" = g."row" AND d.cell = g.den_cell"""
    )
    counted = {"landed_unit_fact": _count(con, "landed_unit_fact")}
    if layout.name is not None:
        con.execute(
            f"""CREATE TEMP TABLE landed_place AS SELECT unit AS place, name, NULL::VARCHAR AS parent,
            'organisation' AS form, NULL::VARCHAR AS kind, {tail} FROM (
            SELECT unit, min_by(name, "row") AS name, min("row") AS "row" FROM unit_rows
            WHERE name IS NOT NULL AND "row" NOT IN (SELECT "row" FROM rejected) GROUP BY unit)"""
        )
        counted["landed_place"] = _count(con, "landed_place")
    return counted


def _count(con: Connection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
