"""The events, objects and links of one log, in a scratch database on disk: a log may be larger than the memory.

A log names objects before or after the events that touch them; here they meet.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from knitwork.model.errors import Unreadable

BATCH = 5_000
# Longer names, times and values are no such things.
LONGEST = 10_000
VALUE = ("value", "result", "valuenum")
_SCHEMA = """
CREATE TABLE object(id TEXT, type TEXT);
CREATE TABLE event(id TEXT, type TEXT, at TEXT, value TEXT);
CREATE TABLE link(event TEXT, object TEXT, qualifier TEXT);
CREATE TABLE beside(source TEXT, target TEXT);
"""
_INSERTS = {
    "object": "INSERT INTO object VALUES (?, ?)",
    "event": "INSERT INTO event VALUES (?, ?, ?, ?)",
    "link": "INSERT INTO link VALUES (?, ?, ?)",
    "beside": "INSERT INTO beside VALUES (?, ?)",
}


@dataclass(frozen=True, slots=True)
class Touched:
    """An event with the objects that it touches: (id, type, qualifier)."""

    id: str
    type: str
    at: str
    value: str
    objects: tuple[tuple[str, str, str], ...]


class Store:
    """Takes what a log says, and gives each event back with its objects."""

    def __init__(self, folder: Path) -> None:
        self.con = sqlite3.connect(folder / "ocel-scratch", isolation_level=None)
        self.con.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;" + _SCHEMA)
        self.waiting: dict[str, list[tuple[str, ...]]] = {table: [] for table in _INSERTS}

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()

    def add(self, table: str, *cells: object) -> None:
        """Take one row; what is not a text is no name of anything and becomes one."""
        rows = self.waiting[table]
        rows.append(tuple(text(cell) for cell in cells))
        if len(rows) >= BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        self.con.executemany(_INSERTS[table], self.waiting[table])
        self.waiting[table] = []

    def settle(self, *, name: str) -> None:
        """Index what was taken; refuse a log in which one id stands for two things."""
        for table in _INSERTS:
            self._flush(table)
        try:
            self.con.executescript(
                "CREATE UNIQUE INDEX object_id ON object(id); CREATE UNIQUE INDEX event_id ON event(id); "
                "CREATE INDEX link_event ON link(event); CREATE INDEX link_object ON link(object);"
            )
        except sqlite3.IntegrityError:
            raise Unreadable(f"{name} has one id for two events or two objects: export it again") from None

    def types(self) -> dict[str, int]:
        """Return the types of objects with how many there are of each."""
        return dict(self.con.execute("SELECT type, count(*) FROM object GROUP BY type ORDER BY 2 DESC, 1").fetchall())

    def owners(self, patients: set[str]) -> None:
        """Find whose each object is, where all events and objects beside it name one patient: table `owned`."""
        marks = ", ".join("?" for _ in patients)
        self.con.execute(
            f"""CREATE TABLE owned AS SELECT other AS object, min(patient) AS patient FROM (
            SELECT l.object AS other, p.object AS patient FROM link p JOIN object o ON o.id = p.object
                JOIN link l ON l.event = p.event AND l.object <> p.object WHERE o.type IN ({marks})
            UNION SELECT b.target, b.source FROM beside b JOIN object o ON o.id = b.source WHERE o.type IN ({marks})
            UNION SELECT b.source, b.target FROM beside b JOIN object o ON o.id = b.target WHERE o.type IN ({marks}))
            GROUP BY other HAVING count(DISTINCT patient) = 1""",
            [*patients, *patients, *patients],
        )
        self.con.execute("CREATE UNIQUE INDEX owned_object ON owned(object)")

    def owner(self, object_: str) -> str:
        """Return the one patient of an object, or nothing."""
        found = self.con.execute("SELECT patient FROM owned WHERE object = ?", [object_]).fetchone()
        return str(found[0]) if found else ""

    def events(self) -> Iterator[Touched]:
        """Give each event with its objects, by time, then by id."""
        touched = self.con.cursor()
        for id_, type_, at, value in self.con.execute("SELECT id, type, at, value FROM event ORDER BY at, id"):
            objects = touched.execute(
                "SELECT DISTINCT o.id, o.type, l.qualifier FROM link l JOIN object o ON o.id = l.object WHERE l.event = ? "
                "ORDER BY o.id, l.qualifier",
                [id_],
            ).fetchall()
            yield Touched(id_, type_, at, value, tuple(objects))


def text(cell: object) -> str:
    """Return a cell as text without zero characters, and not longer than anything is."""
    if cell is None:
        return ""
    said = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
    return said.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:LONGEST]


def is_value(attribute: str, event_type: str) -> bool:
    """Say whether an attribute of an event is the number that the event found."""
    plain = re.sub(r"[\s_-]+", "", attribute).casefold()
    return plain in VALUE or plain == re.sub(r"[\s_-]+", "", event_type).casefold()
