"""OCEL in SQLite: the file is another's, so it may be read and nothing else.

It is opened read-only and immutable, and a watch allows reading of plain tables and nothing more: no function, no
view, no trigger, no virtual table of the file is ever run.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from knitwork.intake.formats.ocel.store import Store, is_value
from knitwork.model.errors import Unreadable

MAGIC = b"SQLite format 3\x00"
NEEDED = ("event", "object", "event_object", "event_map_type")
_LONGEST_CELL = 1 << 20


def take(store: Store, path: Path, *, name: str) -> None:
    """Take a log from a SQLite file."""
    con = None
    try:
        _whole(path, name=name)
        con = _opened(path)
        tables = _tables(con)
        missing = [table for table in NEEDED if table not in tables]
        if missing:
            raise Unreadable(
                f"{name} is a SQLite database and no OCEL 2.0 log (no table {', '.join(missing)}): "
                "export the table of stays or events as CSV"
            )
        _objects(store, con, tables)
        _events(store, con, tables, name=name)
    except (sqlite3.Error, OverflowError, ValueError) as problem:
        raise Unreadable(
            f"{name} is a damaged SQLite database, or one that does more than hold a log ({type(problem).__name__}): "
            "fetch or export it again"
        ) from None
    finally:
        if con is not None:
            con.close()


def _whole(path: Path, *, name: str) -> None:
    """Refuse a file with fewer pages than it says it has: SQLite itself notices only when it comes to one of them."""
    with path.open("rb") as source:
        head = source.read(100)
    size = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    # The number of pages holds where the last writer knew of it (file format, 1.3.7).
    if len(head) < 100 or (
        head[24:28] == head[92:96] and path.stat().st_size < (65_536 if size == 1 else size) * pages
    ):
        raise Unreadable(f"{name} is a SQLite database that was cut off: fetch or export it again")


def _opened(path: Path) -> sqlite3.Connection:
    con = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True, isolation_level=None)
    con.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for limit, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL), (sqlite3.SQLITE_LIMIT_COLUMN, 500),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50), (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1), (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):  # fmt: skip
        con.setlimit(limit, most)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        con.execute(f"PRAGMA {pragma}")
    con.set_authorizer(_only_reading)
    return con


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) else sqlite3.SQLITE_DENY


def _tables(con: sqlite3.Connection) -> dict[str, str]:
    """Return the plain tables by their name in small letters: no views, no virtual tables."""
    found = con.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return {
        str(name).lower(): str(name)
        for kind, name, sql in found
        if kind == "table" and str(sql or "").lstrip()[:12].upper().startswith("CREATE TABLE")
    }


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _objects(store: Store, con: sqlite3.Connection, tables: dict[str, str]) -> None:
    for id_, type_ in con.execute(f"SELECT ocel_id, ocel_type FROM {_quoted(tables['object'])}"):
        store.add("object", id_, type_)
    columns = "ocel_event_id, ocel_object_id, ocel_qualifier"
    for event, object_, qualifier in con.execute(f"SELECT {columns} FROM {_quoted(tables['event_object'])}"):
        store.add("link", event, object_, qualifier)
    if "object_object" in tables:
        for source, target in con.execute(
            f"SELECT ocel_source_id, ocel_target_id FROM {_quoted(tables['object_object'])}"
        ):
            store.add("beside", source, target)


def _events(store: Store, con: sqlite3.Connection, tables: dict[str, str], *, name: str) -> None:
    """Take the events of each type from the table of that type, which has their times."""
    kinds = con.execute(f"SELECT ocel_type, ocel_type_map FROM {_quoted(tables['event_map_type'])}").fetchall()
    for type_, mapped in sorted(kinds, key=str):
        table = tables.get(f"event_{mapped}".lower())
        if table is None:
            raise Unreadable(f"{name} names a kind of event and has no table event_{str(mapped)[:60]}: export it again")
        cursor = con.execute(f"SELECT * FROM {_quoted(table)}")
        columns = [str(column[0]) for column in cursor.description]
        if "ocel_id" not in columns or "ocel_time" not in columns:
            raise Unreadable(f"{name} has a table {table[:60]} without ocel_id and ocel_time: export it again")
        id_, at = columns.index("ocel_id"), columns.index("ocel_time")
        value = next((i for i, column in enumerate(columns) if is_value(column, str(type_))), None)
        for row in cursor:
            store.add("event", row[id_], type_, row[at], None if value is None else row[value])
