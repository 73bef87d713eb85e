"""From a delivery to typed rows: every table of it is read once, by SQL.

The fast way assumes what a sample showed, reads the file, and looks whether that held for
every row. Only when it did not is the file read again: to decide how the dates of a whole
column are written, or to number the rows of a file that has faulty ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.intake.formats.csv import events, rules
from knitwork.intake.formats.csv.careful import clean
from knitwork.intake.formats.csv.columns import COLUMNS
from knitwork.intake.formats.csv.dates import ISO, Reading, decide, looks_iso
from knitwork.intake.formats.csv.opening import Opened, Table, opened
from knitwork.intake.formats.csv.profile import Profile
from knitwork.intake.formats.csv.tally import REJECTED, Tally, landed_view, take_tally
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.quality import Counts, sentences, shifted
from knitwork.lake.engine import BadInput, Connection
from knitwork.model.errors import CannotDo

_RAW = ("patient", "unit", "visit", "start_raw", "end_raw", "lifecycle", "instance")


@dataclass(frozen=True, slots=True)
class LandReport:
    """What became of one delivery: rows seen, landed and rejected, its span, and sentences for people.

    `profile` is the profile that was used, completed by what was decided on the way; `rows` counts
    the rows of the file, of which an event log needs two for a stay.
    """

    rows: int
    landed: int
    rejected: int
    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...]
    profile: Profile
    counts: Counts


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: what `profile` leaves open is guessed from its header."""
    base = profile or Profile()
    with opened(file, name=name, profile=base, work=work) as delivery:
        return completed(base, delivery)


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave `landed` (a view) and `rejected` (a table) in `con`, made from one delivery.

    `landed`: patient, unit, start_us, end_us, end_kind, precision, visit, zone, zone_assumed, flags, feed,
    delivery, "row", extracted_us. `rejected`: "row", field, rule, message. Raises CannotDo when nothing of the
    file can be used.
    """
    try:
        return _landed(
            con, file, profile, feed=feed, delivery=delivery, extracted_us=extracted_us, received_us=received_us,
            name=name or file.name, work=work,
        )  # fmt: skip
    except CannotDo:
        clear(con)
        raise


def _landed(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None,
    received_us: int | None,
    name: str,
    work: Path | None,
) -> LandReport:
    with opened(file, name=name, profile=profile, work=work) as source:
        clear(con)
        con.execute('CREATE TEMP TABLE faulty("row" BIGINT, message VARCHAR)')
        zone = profile.zone or "UTC"
        readings, decided = _land(con, source, profile, zone=zone, name=name)
        if _paired(source):
            con.execute(f"CREATE TEMP TABLE pairs AS {events.paired('landing')}")
            con.execute("DROP TABLE landing; ALTER TABLE pairs RENAME TO landing")
        tally = take_tally(con, received_us=received_us)
        if not tally.landed:
            raise _nothing(con, tally, name)
        counts = tally.counts(assumed=profile.zone is None)
        now_shifted = profile.calendar == "shifted" or (profile.calendar is None and shifted(counts))
        con.execute(
            landed_view(
                tally, zone=zone, assumed=profile.zone is None, feed=feed, delivery=delivery, extracted_us=extracted_us
            )
        )
        con.execute(REJECTED)
        order = next((r.order for r in readings.values() if r.order), profile.date_order)
        return LandReport(
            tally.rows,
            tally.landed,
            tally.refused,
            tally.first_us,
            tally.last_us,
            (*source.notes, *decided, *sentences(counts, shifted_now=now_shifted)),
            replace(
                completed(profile, source),
                date_order=order,
                calendar=profile.calendar or ("shifted" if now_shifted else None),
            ),
            counts,
        )


def completed(profile: Profile, source: Opened) -> Profile:
    """Fill in the columns that were found."""
    roles = source.tables[0].roles
    return replace(
        profile, **{role: roles[role] for role in COLUMNS if role in roles and getattr(profile, role) != roles[role]}
    )


def _nothing(con: Connection, tally: Tally, name: str) -> CannotDo:
    """Return the sentence for a delivery of which no row can be used."""
    if not tally.rows:
        return CannotDo(f"{name} has a header and no rows: export it again with data")
    con.execute(REJECTED)
    row, message = con.execute('SELECT "row", message FROM rejected ORDER BY "row" LIMIT 1').fetchall()[0]
    con.execute("DROP TABLE rejected")
    every = "its one row" if tally.rows == 1 else f"none of its {tally.rows:,} rows"
    cannot = "cannot be used" if tally.rows == 1 else "can be used"
    return CannotDo(
        f"{name}: {every} {cannot} (row {row}: {message}): say with --map which columns to take, or export it again"
    )


def _paired(source: Opened) -> bool:
    roles = source.tables[0].roles
    return "end" not in roles and "lifecycle" in roles


def clear(con: Connection) -> None:
    """Remove what landing made in `con`."""
    con.execute(
        "DROP VIEW IF EXISTS landed; DROP TABLE IF EXISTS rejected; DROP TABLE IF EXISTS landing; "
        "DROP TABLE IF EXISTS pairs; DROP TABLE IF EXISTS faulty; "
        "DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans"
    )


def _land(
    con: Connection, source: Opened, profile: Profile, *, zone: str, name: str
) -> tuple[dict[str, Reading], list[str]]:
    """Fill `landing`, deciding on the way how the times are written."""
    times = tuple(role for role in ("start", "end") if any(role in table.roles for table in source.tables))
    readings: dict[str, Reading] = dict.fromkeys(times, ISO)
    scans = tuple(_scan(table) for table in source.tables)
    if all(looks_iso(_sample(table, role)) for table in source.tables for role in times):
        scans = _fill(con, source, scans, readings, zone)
        if not con.execute(
            "SELECT count(*) FROM landing WHERE rule IN ('start_unreadable', 'end_unreadable')"
        ).fetchall()[0][0]:
            return readings, []
    else:
        scans = _checked(con, source, scans)
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
        _fill(con, source, scans, decided, zone)
    return decided, notes


def _fill(
    con: Connection, source: Opened, scans: tuple[str, ...], readings: Mapping[str, Reading], zone: str
) -> tuple[str, ...]:
    """Make `landing` from the scans; when a faulty row turns up, once more from clean copies. Return what was read."""
    try:
        _type_rows(con, scans, readings, zone)
        if not _faults(con):
            return scans
    except BadInput:
        pass  # a line that confuses the fast reader altogether: the careful one says which
    scans = _cleaned(con, source)
    _type_rows(con, scans, readings, zone)
    return scans


def _type_rows(con: Connection, scans: tuple[str, ...], readings: Mapping[str, Reading], zone: str) -> None:
    con.execute("DROP TABLE IF EXISTS landing")
    done = 0
    for number, scan in enumerate(scans):
        # The times of the first table decide for all: a delivery holds stays or events, not both.
        select = rules.landing(f"({scan})", readings, zone)
        if number == 0:
            con.execute(f"CREATE TEMP TABLE landing AS {select}")
        else:
            con.execute(f'INSERT INTO landing SELECT * REPLACE ("row" + {done} AS "row") FROM ({select})')
        done = con.execute('SELECT coalesce(max("row"), 0) FROM landing').fetchall()[0][0]


def _checked(con: Connection, source: Opened, scans: tuple[str, ...]) -> tuple[str, ...]:
    """Find faulty rows before anything is decided from the file."""
    try:
        for scan in scans:
            con.execute(f"SELECT count(start_raw) FROM ({scan})")
        return _cleaned(con, source) if _faults(con) else scans
    except BadInput:
        return _cleaned(con, source)


def _faults(con: Connection) -> bool:
    return bool(
        con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()[0][0]
        and con.execute("SELECT count(*) FROM reject_errors").fetchall()[0][0]
    )


def _cleaned(con: Connection, source: Opened) -> tuple[str, ...]:
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
        scans.append(_scan(table, numbered=copy.good))
        done += copy.rows
    return tuple(scans)


def _scan(table: Table, *, numbered: Path | None = None) -> str:
    """Return the SELECT of the raw rows; a clean copy brings its row numbers along."""
    width = len(table.dialect.header)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    path, skip, separator, row = table.path, table.dialect.data_line, table.dialect.separator, "row_number() OVER ()"
    faults = ", store_rejects=true, rejects_limit=1"
    if numbered:
        path, skip, row, faults = numbered, 0, '"n"', ""
        columns = "'n': 'BIGINT', " + columns
    places = dict(table.places)
    source = {
        **{r: r for r in ("patient", "unit", "visit", "lifecycle", "instance")},
        "start_raw": "start",
        "end_raw": "end",
    }
    chosen = ", ".join(
        f"{_trimmed(f'c{places[source[raw]]}')} AS {raw}" if source[raw] in places else f"NULL::VARCHAR AS {raw}"
        for raw in _RAW
    )
    return f"""SELECT {row} AS "row", {chosen} FROM read_csv({quoted(str(path))}, auto_detect=false, header=false,
        skip={skip}, delim={quoted(separator)}, quote='"', escape='"', columns={{{columns}}}{faults})"""


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
