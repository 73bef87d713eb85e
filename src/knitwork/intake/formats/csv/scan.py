"""From the tables of a delivery to its rows as text, and on to typed rows, whatever they are rows of.

The fast way assumes what a sample showed, reads the file, and looks whether that held for
every row. Only when it did not is the file read again: to decide how the dates of a whole
column are written, or to number the rows of a file that has faulty ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake import landing
from knitwork.intake.formats.csv.careful import clean
from knitwork.intake.formats.csv.dates import ISO, Reading, decide, looks_iso
from knitwork.intake.formats.csv.opening import Opened, Table
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.profile import Profile
from knitwork.lake.engine import BadInput, Connection


@dataclass(frozen=True, slots=True)
class Shape:
    """What rows are made of: the name of each raw column with the role it serves, and which roles are times.

    `typed` returns the SELECT that types the rows of a scan; it has a column `rule`, and a time
    that cannot be read breaks the rule `<role>_unreadable`. The raw column of a time is `<role>_raw`.
    """

    raw: Mapping[str, str]
    times: tuple[str, ...]
    typed: Callable[[str, Mapping[str, Reading], str], str]

    def times_of(self, source: Opened) -> tuple[str, ...]:
        return tuple(role for role in self.times if any(role in table.roles for table in source.tables))


def fill_landing(
    con: Connection, source: Opened, shape: Shape, profile: Profile, *, zone: str, name: str
) -> tuple[dict[str, Reading], list[str]]:
    """Fill the tables `landing` and `faulty`, deciding on the way how the times are written."""
    con.execute('CREATE TEMP TABLE faulty("row" BIGINT, message VARCHAR)')
    times = shape.times_of(source)
    readings: dict[str, Reading] = dict.fromkeys(times, ISO)
    scans = tuple(_scan(table, shape) for table in source.tables)
    if all(looks_iso(_sample(table, role)) for table in source.tables for role in times):
        scans = _fill(con, source, shape, scans, readings, zone)
        unreadable = ", ".join(f"'{role}_unreadable'" for role in times) or "''"
        if not con.execute(f"SELECT count(*) FROM landing WHERE rule IN ({unreadable})").fetchall()[0][0]:
            return readings, []
    else:
        scans = _checked(con, source, shape, scans)
    joined = " UNION ALL ".join(scans)
    decided, notes = decide(
        con,
        {role: f"{role}_raw" for role in times},
        f"({joined})",
        date_order=profile.date_order,
        workbook=any(table.workbook for table in source.tables),
        name=name,
    )
    if (
        decided != readings
        or not con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'landing'").fetchall()[0][0]
    ):
        _fill(con, source, shape, scans, decided, zone)
    return decided, notes


def clear(con: Connection) -> None:
    """Remove what landing made in `con`."""
    landing.clear(con)
    for table in ("landing", "log", "pairs", "faulty", "reject_errors", "reject_scans"):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def _fill(
    con: Connection,
    source: Opened,
    shape: Shape,
    scans: tuple[str, ...],
    readings: Mapping[str, Reading],
    zone: str,
) -> tuple[str, ...]:
    """Make `landing` from the scans; when a faulty row turns up, once more from clean copies. Return what was read."""
    try:
        _type_rows(con, shape, scans, readings, zone)
        if not _faults(con):
            return scans
    except BadInput:
        pass  # a line that confuses the fast reader altogether: the careful one says which
    scans = _cleaned(con, source, shape)
    _type_rows(con, shape, scans, readings, zone)
    return scans


def _type_rows(
    con: Connection, shape: Shape, scans: tuple[str, ...], readings: Mapping[str, Reading], zone: str
) -> None:
    con.execute("DROP TABLE IF EXISTS landing")
    done = 0
    for number, scan in enumerate(scans):
        # The times of the first table decide for all: a delivery holds stays or events, not both.
        select = shape.typed(f"({scan})", readings, zone)
        if number == 0:
            con.execute(f"CREATE TEMP TABLE landing AS {select}")
        else:
            con.execute(f'INSERT INTO landing SELECT * REPLACE ("row" + {done} AS "row") FROM ({select})')
        done = con.execute('SELECT coalesce(max("row"), 0) FROM landing').fetchall()[0][0]


def _checked(con: Connection, source: Opened, shape: Shape, scans: tuple[str, ...]) -> tuple[str, ...]:
    """Find faulty rows before anything is decided from the file."""
    try:
        for scan in scans:
            con.execute(f"SELECT count(patient) FROM ({scan})")
        return _cleaned(con, source, shape) if _faults(con) else scans
    except BadInput:
        return _cleaned(con, source, shape)


def _faults(con: Connection) -> bool:
    return bool(
        con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()[0][0]
        and con.execute("SELECT count(*) FROM reject_errors").fetchall()[0][0]
    )


def _cleaned(con: Connection, source: Opened, shape: Shape) -> tuple[str, ...]:
    scans: list[str] = []
    con.execute("DELETE FROM faulty")
    done = 0
    for table in source.tables:
        copy = clean(table.path, table.dialect, work=source.work)
        con.execute(
            f"""INSERT INTO faulty SELECT "row" + {done}, message FROM read_csv({quoted(str(copy.faulty))},
            auto_detect=false, header=false, delim=',', quote='"', escape='"',
            columns={{'row': 'BIGINT', 'message': 'VARCHAR'}})"""
        )
        scans.append(_scan(table, shape, numbered=copy.good))
        done += copy.rows
    return tuple(scans)


def _scan(table: Table, shape: Shape, *, numbered: Path | None = None) -> str:
    """Return the SELECT of the raw rows; a clean copy brings its row numbers along."""
    width = len(table.dialect.header)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    path, skip, separator, row = table.path, table.dialect.data_line, table.dialect.separator, "row_number() OVER ()"
    faults = ", store_rejects=true, rejects_limit=1"
    if numbered:
        path, skip, row, faults = numbered, 0, '"n"', ""
        columns = "'n': 'BIGINT', " + columns
    places = dict(table.places)
    chosen = ", ".join(
        f"{_cell(places, role, workbook=table.workbook)} AS {raw}" if role in places else f"NULL::VARCHAR AS {raw}"
        for raw, role in shape.raw.items()
    )
    return f"""SELECT {row} AS "row", {chosen} FROM read_csv({quoted(str(path))}, auto_detect=false, header=false,
        skip={skip}, delim={quoted(separator)}, quote='"', escape='"', columns={{{columns}}}{faults})"""


def _cell(places: Mapping[str, int], role: str, *, workbook: bool) -> str:
    """Return the SQL of a cell; the start's with the time of day from its own column, where there is one."""
    cell = _trimmed(f"c{places[role]}")
    if role != "start" or "clock" not in places:
        return cell
    clock = _trimmed(f"c{places['clock']}")
    # What is longer than a time of day is the whole moment, which many write beside the day.
    joined = f"CASE WHEN length({clock}) <= 11 THEN {cell} || ' ' || {clock} ELSE {clock} END"
    if workbook:  # two serial numbers: the day, and the part of it that has passed
        day, part = f"try_cast({cell} AS DOUBLE)", f"try_cast({clock} AS DOUBLE)"
        joined = f"CASE WHEN {day} IS NOT NULL AND {part} BETWEEN 0 AND 1 THEN CAST({day} + {part} AS VARCHAR) ELSE {joined} END"
    return f"CASE WHEN {cell} IS NULL OR {clock} IS NULL THEN {cell} ELSE {joined} END"


def _trimmed(cell: str) -> str:
    """Cut spaces, tabs, line ends and no-break spaces off, and take an empty cell as NULL."""
    # Cutting a list of characters costs five times a plain trim: only for cells that need it.
    odd = " OR ".join(f"contains({cell}, chr({code}))" for code in (9, 10, 13, 160))
    blank = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
    return f"nullif(CASE WHEN {odd} THEN trim({cell}, {blank}) ELSE trim({cell}) END, '')"


def _sample(table: Table, role: str) -> list[str]:
    place = table.places.get(role)
    return (
        [] if place is None else [row[place] for row in table.dialect.sample if len(row) == len(table.dialect.header)]
    )
