"""What every writer of a format shares: what it is given, and the list, made by machine, of what its format cannot carry.

A writer is given `Records`: the derived tables by name (`stay`, `event`, `request`, `message`, `duty`, `fact`, the numbers
that were given up as `person`), with instants as UTC microseconds in columns that end in `_us`, and the units. They are
read a batch at a time and never held. Its module says in CARRIES what comes back, and what of that comes back otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from knitwork.lake.engine import Connection, connect

How = Literal["left out", "altered", "added"]
Row = dict[str, Any]
# Rows held at once.
BATCH = 10_000
# What says where a record came from: a copy is a delivery of its own, with rows of its own.
PROVENANCE = ("feed", "delivery", "row")
# Worked out anew from the stays at every reading, and so the same as long as these are.
ANEW = {"stay": frozenset({"journey"}), "person": frozenset({"person"})}


@dataclass(frozen=True, slots=True)
class Lost:
    """A column that does not come back: of how many rows a value is `left out` or `altered`, and why.

    Without a column it tells of whole rows: how many are `added` to a table when the files are read back.
    """

    table: str
    column: str
    rows: int
    why: str = ""
    how: How = "left out"


@dataclass(frozen=True, slots=True)
class Altered:
    """A column that comes back otherwise in the rows for which the SQL `where` holds; `{stay}` stands for a table."""

    table: str
    column: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of a table that are not written at all: those for which the SQL `where` holds."""

    table: str
    where: str
    why: str


@dataclass(frozen=True)
class Carries:
    """What a format keeps: columns by table, which of them come back otherwise at times, and why others are left out.

    `why` is by table, or by table and column with a dot between; `missing` are rows that are kept in none of their columns.
    """

    columns: Mapping[str, Collection[str]]
    altered: tuple[Altered, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """How many records were written, into how many files, and what they could not carry.

    `names` are the files that the format may write; those that were not needed this time are not there.
    """

    records: int
    files: int
    lost: tuple[Lost, ...] = ()
    names: tuple[str, ...] = ()


class Records:
    """The tables that a writer is given, read from where they lie."""

    def __init__(self, con: Connection, sources: Mapping[str, str]) -> None:
        self._con = con
        self._sources: dict[str, str] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        for table, source in sources.items():
            told = con.execute(f"DESCRIBE FROM {source}").fetchall()
            # Words are plain text to a writer, whatever way they are stored.
            chosen = [
                f'"{name}"::VARCHAR AS "{name}"' if kind.startswith("ENUM") else f'"{name}"' for name, kind, *_ in told
            ]
            self._columns[table] = tuple(str(name) for name, *_ in told)
            self._sources[table] = f"(SELECT {', '.join(chosen)} FROM {source})"

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that there are."""
        return tuple(self._sources)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table; none where there is no such table."""
        return self._columns.get(table, ())

    def rows(self, table: str, *, order: Sequence[str]) -> Iterator[Row]:
        """Yield the rows of a table in an order; nothing where there is no such table."""
        if table not in self._sources:
            return
        kept = [f'"{column}"' for column in order if column in self._columns[table]]
        names = self._columns[table]
        for row in self.stream(f"FROM {{{table}}} ORDER BY {', '.join(kept) or 'ALL'}"):
            yield dict(zip(names, row, strict=True))

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that answer a question, some thousands at a time; `{stay}` in it stands for the table `stay`."""
        cursor = self._con.cursor()
        try:
            cursor.execute(re.sub(r"\{(\w+)\}", lambda found: self._sources[found[1]], sql))
            while batch := cursor.fetchmany(BATCH):
                yield from batch
        finally:
            cursor.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the few rows that answer a question."""
        return list(self.stream(sql))

    def count(self, table: str, where: str = "true") -> int:
        """Return of how many rows of a table the SQL `where` holds."""
        return (
            int(self.ask(f"SELECT count(*) FROM {{{table}}} AS t WHERE {where}")[0][0]) if table in self._sources else 0
        )


def held(tables: Mapping[str, pa.Table]) -> Records:
    """Return small tables as records; they are copied into memory."""
    con = connect()
    for name, table in tables.items():
        con.register("given", table)
        con.execute(f'CREATE TABLE "{name}" AS FROM given')
        con.unregister("given")
    return Records(con, {name: f'"{name}"' for name in tables})


def losses(records: Records, carries: Carries) -> tuple[Lost, ...]:
    """List by table and column what does not come back, with the number of rows that had something to lose there."""
    found: list[Lost] = []
    for table in records.tables:
        kept = {*carries.columns.get(table, ())}
        if kept:
            kept |= ANEW.get(table, frozenset())
        left_out = [column for column in records.columns(table) if column not in kept]
        counted = ", ".join(f'count("{column}")' for column in left_out) or "0"
        values = records.ask(f"SELECT {counted} FROM {{{table}}}")[0]
        for column, rows in zip(left_out, values, strict=False):
            why = "a copy is a delivery of its own" if column in PROVENANCE else carries.why.get(table, "")
            if rows:
                found.append(Lost(table, column, rows, carries.why.get(f"{table}.{column}", why)))
    for rows_without in carries.missing:
        found += _missing(records, carries, rows_without)
    for one in carries.altered:
        if one.column in records.columns(one.table):
            rows = records.count(one.table, one.where)
            if rows:
                found.append(Lost(one.table, one.column, rows, one.why, "altered"))
    return tuple(found)


def _missing(records: Records, carries: Carries, one: Missing) -> list[Lost]:
    """List the columns, else kept, of rows that are not written, as far as they have values there."""
    kept = [column for column in records.columns(one.table) if column in carries.columns.get(one.table, ())]
    if not kept:
        return []
    counted = ", ".join(f'count("{column}") FILTER ({one.where})' for column in kept)
    values = records.ask(f"SELECT {counted} FROM {{{one.table}}} AS t")[0]
    return [Lost(one.table, column, rows, one.why) for column, rows in zip(kept, values, strict=True) if rows]


# The registry is no record: of the units that stays name only the codes come back, and people name and type them anew.
REGISTRY = "what the units are is no record: take units.csv and memberships.csv along"
UNIT_CODES = ("unit", "name")
UNITS_UNTOLD = Missing("unit", "unit NOT IN (SELECT unit FROM {stay})", "no stay is in it")
UNITS_NAMED_ANEW = Altered(
    "unit", "name", "name <> unit AND unit IN (SELECT unit FROM {stay})", "units are named by their codes"
)


# What is told from the times of a stay, in the bits of FLAGS in model/tables.py: of no length, and short.
_LENGTH_FLAGS = """CASE WHEN end_us = start_us THEN 16 ELSE 0 END
    + CASE WHEN end_us - start_us < 300000000 THEN 128 ELSE 0 END"""
# Tables mark an end that is inferred as that of an event log.
LOG_FLAG = "CASE WHEN end_kind = 'inferred' THEN 64 ELSE 0 END"


def of_stays(*, more: str = "0") -> tuple[Altered, ...]:
    """Return what every format alters of a stay; `more` is the SQL of flags that its reader sets beside those of length."""
    noticed = "what was noticed of the times as they came is not noticed again"
    return (
        Altered("stay", "flags", f"flags <> {_LENGTH_FLAGS} + {more}", noticed),
        Altered("stay", "zone", "zone <> 'UTC'", "times are written as instants, in UTC"),
        Altered("stay", "zone_assumed", "zone_assumed", "times are written as instants, in UTC"),
        Altered("stay", "visit_given", "NOT visit_given", "a visit that was worked out is read as one that was given"),
    )


READ_ANEW = ("flags", "zone", "zone_assumed", "visit_given")


def finest(records: Records) -> str:
    """Return the precision, s or m, by which a table of these stays is read: that of its finest time."""
    if "stay" not in records.tables:
        return "s"
    told = records.ask("SELECT bool_or(start_us % 60000000 <> 0 OR end_us % 60000000 <> 0) FROM {stay}")
    return "s" if told[0][0] else "m"
