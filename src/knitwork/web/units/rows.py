"""units.csv and memberships.csv: text in, rows out, and back again.

`units.csv` has `unit,name,kind,parent,tz,capacity,from,to`. A unit that moved has one row for
each parent. A kind with a question mark (`ward?`) is a guess that nobody has confirmed. Dates are
midnights in the unit's zone (UTC without one); instants with an offset are taken too.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from knitwork.model.errors import CannotDo
from knitwork.model.units import Registry
from knitwork.model.zones import is_zone

UNIT_COLUMNS = ("unit", "name", "kind", "parent", "tz", "capacity", "from", "to")
MEMBERSHIP_COLUMNS = ("unit", "group", "kind", "from", "to")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# A cell that a spreadsheet would run as a formula is written behind an apostrophe.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row of units.csv: a unit, and one of the groups it belongs to over time."""

    unit: str
    name: str = ""
    kind: str = ""
    kind_guessed: bool = False
    parent: str = ""
    tz: str = ""
    capacity: float | None = None
    since_us: int | None = None
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """One row of memberships.csv."""

    unit: str
    group: str
    kind: str
    since_us: int | None = None
    until_us: int | None = None


def read_units_csv(text: str) -> list[UnitRow]:
    """Return the rows of units.csv; the first wrong cell is named by row and column."""
    rows = []
    for number, cells in table(text, required=("unit",), known=UNIT_COLUMNS):
        kind = cells["kind"]
        zone = zone_of(cells["tz"], number)
        rows.append(
            UnitRow(
                unit=cells["unit"],
                name=cells["name"],
                kind=kind.rstrip("?").strip().lower(),
                kind_guessed=kind.endswith("?"),
                parent=cells["parent"],
                tz=cells["tz"],
                capacity=number_of(cells["capacity"], number),
                since_us=instant(cells["from"], zone, number, "from"),
                until_us=instant(cells["to"], zone, number, "to"),
            )
        )
    return rows


def write_units_csv(registry: Registry) -> str:
    """Return the registry as units.csv, which `read_units_csv` reads back unchanged."""
    lines = []
    for unit in registry.units:
        kind = f"{unit.kind}?" if unit.kind_guessed else unit.kind
        capacity = "" if unit.capacity is None else f"{unit.capacity:g}"
        zone = ZoneInfo(unit.tz or "UTC")
        parents = [(m.group, m.since_us, m.until_us) for m in registry.parents(unit.unit)]
        for parent, since_us, until_us in parents or [("", unit.since_us, unit.until_us)]:
            days = [written(since_us, zone), written(until_us, zone)]
            lines.append([unit.unit, unit.name, kind, parent, unit.tz or "", capacity, *days])
    return to_csv(UNIT_COLUMNS, lines)


def read_memberships_csv(text: str) -> list[MembershipRow]:
    """Return the rows of memberships.csv (`unit,group,kind,from,to`; dates in UTC)."""
    utc = ZoneInfo("UTC")
    return [
        MembershipRow(
            unit=cells["unit"],
            group=cells["group"],
            kind=cells["kind"] or "belongs",
            since_us=instant(cells["from"], utc, number, "from"),
            until_us=instant(cells["to"], utc, number, "to"),
        )
        for number, cells in table(text, required=("unit", "group"), known=MEMBERSHIP_COLUMNS)
    ]


def write_memberships_csv(registry: Registry) -> str:
    """Return all memberships as memberships.csv."""
    utc = ZoneInfo("UTC")
    lines = [
        [m.unit, m.group, m.kind, written(m.since_us, utc), written(m.until_us, utc)] for m in registry.memberships
    ]
    return to_csv(MEMBERSHIP_COLUMNS, lines)


def to_csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV that no spreadsheet takes for formulas.

    >>> to_csv(["unit"], [["=1+1"], ["Ward 7"]]).splitlines()
    ['unit', "'=1+1", 'Ward 7']
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe_cell(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would run; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def table(text: str, *, required: Iterable[str], known: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its number in the file and every known column, empty where absent."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    header = [(name or "").strip().lower() for name in reader.fieldnames or []]
    missing = [name for name in required if name not in header]
    if missing:
        raise CannotDo(f"The file has no column “{missing[0]}”: its columns are {', '.join(known)}.")
    reader.fieldnames = header
    for number, cells in enumerate(reader, start=2):
        row = {name: plain_cell(cells.get(name) or "") for name in known}
        if not any(row.values()):
            continue
        for name in required:
            if not row[name]:
                raise CannotDo(f"Row {number} has no “{name}”: fill it in or take the row out.")
        yield number, row


def plain_cell(text: str) -> str:
    """Undo `safe_cell`, and cut blanks off both ends."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def zone_of(name: str, number: int) -> ZoneInfo:
    if name and not is_zone(name):
        raise CannotDo(f"Row {number}: “{name}” is no time zone; write it like Europe/Amsterdam.")
    return ZoneInfo(name or "UTC")


def number_of(text: str, number: int) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise CannotDo(f"Row {number}: the capacity “{text}” is no number.") from error


def instant(text: str, zone: ZoneInfo, number: int, column: str) -> int | None:
    """Return a date (its midnight in `zone`) or an instant as UTC microseconds."""
    if not text:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotDo(f"Row {number}: “{text}” under “{column}” is no date; write it like 2026-03-01.") from error
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    return (at - EPOCH) // dt.timedelta(microseconds=1)


def written(us: int | None, zone: ZoneInfo) -> str:
    """Return an instant as a date where it is a midnight in `zone`, else in full."""
    if us is None:
        return ""
    at = (EPOCH + dt.timedelta(microseconds=us)).astimezone(zone)
    return at.date().isoformat() if at.time() == dt.time() else at.isoformat()
