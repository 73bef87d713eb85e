"""From the tables of a delivery to its rows as text, and on to typed rows, whatever they are rows of.

The fast way assumes what a sample showed, reads the file, and looks whether that held for
every row. Only when it did not is the file read again: to decide how the dates of a whole
column are written, or to number the rows of a file that has faulty ones.

Rows are read by all cores into `typed`, which keeps the order of the file: a row's number is
its place there. Numbering the rows while they are read would leave it to one core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake import landing
from knitwork.intake.formats.csv.careful import clean
from knitwork.intake.formats.csv.dates import ISO, Reading, decide, looks_iso
from knitwork.intake.formats.csv.formulas import GUARDED, guards, unguarded
from knitwork.intake.formats.csv.opening import Opened, Table
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.profile import Profile
from knitwork.lake.engine import BadInput, Connection


@dataclass(frozen=True, slots=True)
class Shape:
    """What rows are made of: the name of each raw column with the role it serves, and which roles are times.

    `typed` returns the SELECT that types the rows of a scan; it has a column `rule`, and a time
    that cannot be read breaks the rule `<role>_unreadable`. The raw column of a time is `<role>_raw`. `told` returns the
    SELECT of what was typed with a column `message` for the rows that break a rule.
    """

    raw: Mapping[str, str]
    times: tuple[str, ...]
    typed: Callable[[str, Mapping[str, Reading], str], str]
    told: Callable[[str], str] = "SELECT * FROM {}".format

    def times_of(self, source: Opened) -> tuple[str, ...]:
        return tuple(role for role in self.times if any(role in table.roles for table in source.tables))


def fill_landing(
    con: Connection, source: Opened, shape: Shape, profile: Profile, *, zone: str, name: str
) -> tuple[dict[str, Reading], list[str]]:
    """Leave `landing` (a view of `typed`) and the table `faulty`, deciding on the way how the times are written."""
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
        or not con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'typed'").fetchall()[0][0]
    ):
        _fill(con, source, shape, scans, decided, zone)
    return decided, notes


def clear(con: Connection) -> None:
    """Remove what landing made in `con`."""
    landing.clear(con)
    landing.drop(con, "landing", "log", "typed", "pairs", "faulty")


def make_log(con: Connection, stays: str, shape: Shape) -> None:
    """Let `landing` be the rows of the SELECT `stays`; what it was made of is `log` from then on."""
    con.execute(f"CREATE TEMP TABLE pairs AS {stays}")
    con.execute("DROP VIEW landing")
    con.execute(f"CREATE TEMP VIEW log AS {_numbered(con, shape)}; CREATE TEMP VIEW landing AS FROM pairs")


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
    except BadInput:  # a line that the fast reader cannot take: the careful one says which
        scans = _cleaned(con, source, shape)
        _type_rows(con, shape, scans, readings, zone)
    return scans


def _type_rows(
    con: Connection, shape: Shape, scans: tuple[str, ...], readings: Mapping[str, Reading], zone: str
) -> None:
    con.execute("DROP VIEW IF EXISTS landing; DROP TABLE IF EXISTS typed")
    with _in_order(con):
        for number, scan in enumerate(scans):
            # The times of the first table decide for all: a delivery holds stays or events, not both.
            select = shape.typed(f"({scan})", readings, zone)
            con.execute(f"{'INSERT INTO typed' if number else 'CREATE TEMP TABLE typed AS'} {select}")
    con.execute(f"CREATE TEMP VIEW landing AS {_numbered(con, shape)}")


def _numbered(con: Connection, shape: Shape) -> str:
    """Return the SELECT of the typed rows with their numbers: their own from a clean copy, else their place."""
    given = con.execute('SELECT max("row") FROM typed').fetchall()[0][0]
    return shape.told("typed" if given else '(SELECT * REPLACE (rowid + 1 AS "row") FROM typed)')


@contextmanager
def _in_order(con: Connection) -> Iterator[None]:
    """Let tables keep the order of what they are made of for the length of the block."""
    before = con.execute("SELECT current_setting('preserve_insertion_order')").fetchall()[0][0]
    con.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        con.execute(f"SET preserve_insertion_order = {before}")


def _checked(con: Connection, source: Opened, shape: Shape, scans: tuple[str, ...]) -> tuple[str, ...]:
    """Find faulty rows before anything is decided from the file."""
    try:
        for scan in scans:
            con.execute(f"SELECT count(patient) FROM ({scan})")
    except BadInput:
        return _cleaned(con, source, shape)
    return scans


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
        scans.append(_scan(table, shape, numbered=copy.good, after=done))
        done += copy.rows
    return tuple(scans)


def _scan(table: Table, shape: Shape, *, numbered: Path | None = None, after: int = 0) -> str:
    """Return the SELECT of the raw rows; a clean copy brings its row numbers along, which count on from `after`."""
    width = len(table.dialect.header)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    path, skip, separator, row = table.path, table.dialect.data_line, table.dialect.separator, "NULL::BIGINT"
    if numbered:
        path, skip, row = numbered, 0, f'"n" + {after}'
        columns = "'n': 'BIGINT', " + columns
    places = dict(table.places)
    chosen = ", ".join(
        f"{_cell(places, role, table)} AS {raw}" if role in places else f"NULL::VARCHAR AS {raw}"
        for raw, role in shape.raw.items()
    )
    return f"""SELECT {row} AS "row", {chosen} FROM read_csv({quoted(str(path))}, auto_detect=false, header=false,
        skip={skip}, delim={quoted(separator)}, quote='"', escape='"', columns={{{columns}}})"""


def _cell(places: Mapping[str, int], role: str, table: Table) -> str:
    """Return the SQL of a cell; the start's with the time of day from its own column, where there is one."""
    cell = _trimmed(f"c{places[role]}")
    if role in GUARDED and guards(table.dialect.header):
        return unguarded(cell)
    if role != "start" or "clock" not in places:
        return cell
    clock = _trimmed(f"c{places['clock']}")
    # What is longer than a time of day is the whole moment, which many write beside the day.
    joined = f"CASE WHEN length({clock}) <= 11 THEN {cell} || ' ' || {clock} ELSE {clock} END"
    if table.workbook:  # two serial numbers: the day, and the part of it that has passed
        day, part = f"try_cast({cell} AS DOUBLE)", f"try_cast({clock} AS DOUBLE)"
        joined = f"CASE WHEN {day} IS NOT NULL AND {part} BETWEEN 0 AND 1 THEN CAST({day} + {part} AS VARCHAR) ELSE {joined} END"
    return f"CASE WHEN {cell} IS NULL OR {clock} IS NULL THEN {cell} ELSE {joined} END"


def _trimmed(cell: str) -> str:
    """Cut spaces, tabs, line ends and no-break spaces off, and take an empty cell as NULL."""
    # Looking at both ends costs a third of cutting: most cells begin and end with a sign of ASCII that is no blank.
    inside = " AND ".join(f"{end} BETWEEN '!' AND '~'" for end in (cell, f"{cell}[-1]"))
    blank = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
    return f"CASE WHEN {inside} THEN {cell} ELSE nullif(trim({cell}, {blank}), '') END"


def _sample(table: Table, role: str) -> list[str]:
    place = table.places.get(role)
    return (
        [] if place is None else [row[place] for row in table.dialect.sample if len(row) == len(table.dialect.header)]
    )
