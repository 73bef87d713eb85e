"""The message store: every message of a live feed, whole and in the order of its coming, in one SQLite file.

A message is known by the SHA-256 of its bytes: the same content of the same feed again is no new message but is counted.
What was stored is never changed or removed; a message that could not be read is corrected by a copy that replaces it.
The store has a file of its own beside the inbox's index, so that loading files and listening never wait for each other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from knitwork.intake.inbox import microseconds
from knitwork.intake.message_counts import FEEDS, Skew, Span, counts, skews, spans
from knitwork.model.errors import CannotDo

# new: understood, its rows count. parked: kept with the reason why it could not be read. ignored: of a kind that is not
# read, or set aside by a person. dead: not HL7 at all.
State = Literal["new", "parked", "ignored", "dead"]

_SCHEMA = """
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message BLOB NOT NULL CHECK (length(message) = 32),
    feed TEXT NOT NULL CHECK (feed <> ''),
    came_us INTEGER NOT NULL,
    payload BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'parked', 'ignored', 'dead')),
    reason TEXT NOT NULL,
    rule TEXT NOT NULL,
    patient TEXT,
    visit TEXT,
    type TEXT NOT NULL,
    said_us INTEGER,
    sender TEXT NOT NULL,
    control TEXT NOT NULL,
    reused INTEGER NOT NULL CHECK (reused IN (0, 1)),
    duplicates INTEGER NOT NULL DEFAULT 0,
    replaces BLOB,
    corrected_by BLOB,
    decided_by TEXT,
    decided_us INTEGER,
    decided_why TEXT
);
CREATE UNIQUE INDEX one_content ON messages (feed, message);
CREATE INDEX visits ON messages (feed, patient, visit);
CREATE INDEX controls ON messages (feed, control, sender) WHERE control <> '';
CREATE INDEX clocks ON messages (feed, came_us, said_us);
CREATE INDEX states ON messages (feed, state);
CREATE INDEX unread ON messages (state, feed) WHERE state IN ('parked', 'dead');
CREATE INDEX came_again ON messages (feed, duplicates) WHERE duplicates > 0;
CREATE INDEX used_again ON messages (feed, reused) WHERE reused = 1;
PRAGMA user_version = 1;
"""
VERSION = 1
_COLUMNS = (
    "seq, message, feed, came_us, payload, state, reason, patient, visit, type, said_us, sender, control, reused, "
    "rule, duplicates, replaces, corrected_by, decided_by, decided_us, decided_why"
)


class CannotStore(CannotDo):
    """The store cannot be written to: nothing was stored, so nothing may be acknowledged."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came, with what was read of it.

    `sender` and `control` are who sent it and its number there (MSH-3, MSH-4 and MSH-10), by which a number that is
    used twice is noticed. `said_us` is the sender's time. `reason` says in a sentence why a message is parked, and `rule`
    is its word in quality.py.
    """

    feed: str
    payload: bytes
    came_us: int
    state: State = "new"
    reason: str = ""
    type: str = ""
    patient: str | None = None
    visit: str | None = None
    said_us: int | None = None
    sender: str = ""
    control: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored message. `message` is the SHA-256 of its payload, `seq` its place in the order of coming.

    `reused` says that its sender had used the number for another content before. `duplicates` counts how often the same
    content came again, and `again` says that this was such a time. `replaces` and `corrected_by` are messages.
    """

    seq: int
    message: str
    feed: str
    came_us: int
    payload: bytes
    state: State
    reason: str
    patient: str | None
    visit: str | None
    type: str
    said_us: int | None
    sender: str = ""
    control: str = ""
    reused: bool = False
    rule: str = ""
    duplicates: int = 0
    replaces: str | None = None
    corrected_by: str | None = None
    decided_by: str | None = None
    decided_us: int | None = None
    decided_why: str | None = None
    again: bool = False


# Reads a payload of a feed anew: a corrected copy has to be understood before it may replace anything.
Reader = Callable[[str, bytes, int], Arrival]


class Messages:
    """The messages in one folder, usually the inbox's. Makes nothing until something is stored; readers need no lock.

    Every method reads or writes the disk. Writing methods raise CannotStore, with nothing changed, where the disk is
    full or may not be written to.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "messages.sqlite3"
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None

    # Writing

    def store(self, items: Sequence[Arrival]) -> list[Stored]:
        """Store messages in one synced transaction and return them in the same order; all or none."""
        with self._transaction() as index:
            return [_put(index, item) for item in items]

    def correct(
        self, message: str, payload: bytes, by: str, at: dt.datetime, *, read: Reader, feed: str | None = None
    ) -> Stored:
        """Store a corrected copy as a new message that replaces an unread one; the original is kept.

        `feed` is needed only where two feeds sent the same content. Raises CannotDo where the copy is not understood.
        """
        with self._transaction() as index:
            old = _unread(index, message, feed)
            if payload == old.payload:
                raise CannotDo("the copy is the same as the message: change what could not be read, then store it")
            arrival = read(old.feed, payload, microseconds(at))
            if arrival.state != "new":
                raise CannotDo(
                    f"the corrected message cannot be read either: {arrival.reason or 'its kind is not read'}"
                )
            new = _put(index, replace(arrival, came_us=microseconds(at)), replaces=old.message)
            index.execute(
                "UPDATE messages SET state = 'ignored', corrected_by = ?, decided_by = ?, decided_us = ? WHERE seq = ?",
                (bytes.fromhex(new.message), by, microseconds(at), old.seq),
            )
            return new

    def replay(self, message: str, by: str, at: dt.datetime, *, read: Reader, feed: str | None = None) -> Stored:
        """Read an unread message again, after its feed's profile or this software changed; it then counts as new.

        It takes a new place in the order, as what follows the order has passed the old one. Raises CannotDo where it
        is not understood now either.
        """
        with self._transaction() as index:
            old = _unread(index, message, feed)
            found = read(old.feed, old.payload, old.came_us)
            if found.state != "new":
                raise CannotDo(f"the message still cannot be read: {found.reason or 'its kind is not read'}")
            index.execute(
                "UPDATE messages SET seq = (SELECT max(seq) + 1 FROM messages), state = 'new', reason = '', rule = '', type = ?, "
                "patient = ?, visit = ?, said_us = ?, decided_by = ?, decided_us = ? WHERE seq = ?",
                (found.type, found.patient, found.visit, found.said_us, by, microseconds(at), old.seq),
            )
            return _one(index, old.feed, bytes.fromhex(message))

    def dismiss(self, message: str, by: str, why: str, at: dt.datetime, *, feed: str | None = None) -> Stored:
        """Set an unread message aside for good, with the reason; it is kept."""
        if not why.strip():
            raise CannotDo("a message is set aside with a reason only: say why it does not count")
        with self._transaction() as index:
            old = _unread(index, message, feed)
            index.execute(
                "UPDATE messages SET state = 'ignored', decided_by = ?, decided_us = ?, decided_why = ? WHERE seq = ?",
                (by, microseconds(at), why, old.seq),
            )
            return _one(index, old.feed, bytes.fromhex(message))

    # Reading

    def last_seq(self) -> int:
        """Return the place of the latest message, 0 where none ever came; quick enough to be asked many times a second."""
        # A file without tables is one that a listener is just making.
        rows = self._ask("SELECT max(seq) FROM messages")
        return int(rows[0][0] or 0) if rows else 0

    def since(
        self, seq: int, limit: int = 1000, feed: str | None = None, *, states: Sequence[State] = ()
    ) -> list[Stored]:
        """Return the messages after a place, in order; of `states` only, where any are named."""
        where: list[str] = ["seq > ?"]
        values: list[object] = [seq]
        if feed is not None:
            where, values = [*where, "feed = ?"], [*values, feed]
        if states:
            where, values = [*where, f"state IN ({', '.join('?' * len(states))})"], [*values, *states]
        return self._stored(f"{' AND '.join(where)} ORDER BY seq LIMIT ?", (*values, limit))

    def of_visit(self, feed: str, patient: str, visit: str | None) -> list[Stored]:
        """Return what counts of one visit, in order; without a visit, what names the patient and no visit."""
        return self._stored(
            "feed = ? AND patient = ? AND visit IS ? AND state = 'new' ORDER BY seq", (feed, patient, visit)
        )

    def of_patient(self, feed: str, patient: str) -> list[Stored]:
        """Return what counts of one patient, in order."""
        return self._stored("feed = ? AND patient = ? AND state = 'new' ORDER BY seq", (feed, patient))

    def parked(self, feed: str | None = None, *, limit: int = 1000) -> list[Stored]:
        """Return the messages that wait for a person, the oldest first: parked and dead ones."""
        return self._stored(
            "state IN ('parked', 'dead') AND (? IS NULL OR feed = ?) ORDER BY seq LIMIT ?", (feed, feed, limit)
        )

    def find(self, message: str, feed: str | None = None) -> Stored | None:
        """Return one message by its content's hash."""
        found = self._stored("message = ? AND (? IS NULL OR feed = ?) ORDER BY seq", (_digest(message), feed, feed))
        return found[0] if found else None

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many messages each feed has in each state."""
        return counts(self._ask("SELECT feed, state, count(*) FROM messages GROUP BY feed, state ORDER BY feed, state"))

    def spans(self) -> dict[str, Span]:
        """Return for each feed its first and last times, duplicates and reused numbers."""
        return spans(self._ask)

    def skews(self, feed: str | None = None) -> list[Skew]:
        """Return by feed and day (UTC) how long after their sender's time messages came."""
        return skews(self._ask, feed)

    def feeds(self) -> list[str]:
        """Return the feeds that ever sent a message."""
        return [row[0] for row in self._ask(FEEDS)]

    def close(self) -> None:
        """Close the writing connection; the next act opens one again."""
        with self._writing:
            self._drop_writer()

    def _stored(self, where: str, values: Sequence[object]) -> list[Stored]:
        return [_row(r) for r in self._ask(f"SELECT {_COLUMNS} FROM messages WHERE {where}", values)]

    def _ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        if not self.file.exists():
            return []
        try:
            with closing(sqlite3.connect(self.file, timeout=30)) as index:
                return index.execute(sql, tuple(values)).fetchall() if self._readable(index) else []
        except sqlite3.Error as problem:
            raise CannotDo(self._trouble("read", problem)) from problem

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            try:
                index = self._writer = self._writer or self._open()
                index.execute("BEGIN IMMEDIATE")
                try:
                    yield index
                    index.execute("COMMIT")
                except BaseException:
                    if index.in_transaction:
                        index.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as problem:
                # A connection that met a full disk is not trusted again: the next act opens another.
                self._drop_writer()
                raise CannotStore(self._trouble("written to", problem)) from problem

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # Whoever stores waits for its turn in threads of its own, so one connection goes from one to the next.
        index = sqlite3.connect(self.file, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            index.execute("PRAGMA journal_mode = WAL")
            index.execute("PRAGMA synchronous = FULL")
            index.execute("BEGIN IMMEDIATE")
            if not self._readable(index):
                for statement in _SCHEMA.split(";"):
                    index.execute(statement)
            index.execute("COMMIT")
        except BaseException:
            index.close()
            raise
        return index

    def _readable(self, index: sqlite3.Connection) -> bool:
        """Say whether there is anything in the store; what a newer release wrote is refused, not guessed at."""
        version = int(index.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise CannotStore(
                f"the message store {self.file} was written by a newer release of Knitwork: run that one, or restore the "
                "home folder from a copy made before"
            )
        return version > 0

    def _drop_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _trouble(self, doing: str, problem: Exception) -> str:
        return (
            f"the message store {self.file} could not be {doing} ({problem}): make room on the disk, "
            "see that the folder may be written to, or restore the home folder from a copy"
        )


def _put(index: sqlite3.Connection, item: Arrival, *, replaces: str | None = None) -> Stored:
    """Add one message, or count it where its content is known."""
    digest = hashlib.sha256(item.payload).digest()
    again = index.execute(
        f"UPDATE messages SET duplicates = duplicates + 1 WHERE feed = ? AND message = ? RETURNING {_COLUMNS}",
        (item.feed, digest),
    ).fetchall()
    if again:
        return replace(_row(again[0]), again=True)
    reused = bool(item.control) and not replaces and bool(
        index.execute(
            "SELECT 1 FROM messages WHERE feed = ? AND control = ? AND sender = ? LIMIT 1",
            (item.feed, item.control, item.sender),
        ).fetchall()
    )  # fmt: skip
    values = (
        digest, item.feed, item.came_us, item.payload, item.state, item.reason, item.patient, item.visit, item.type,
        item.said_us, item.sender, item.control, reused, item.rule, bytes.fromhex(replaces) if replaces else None,
    )  # fmt: skip
    seq = index.execute(
        "INSERT INTO messages (message, feed, came_us, payload, state, reason, patient, visit, type, said_us, sender, "
        f"control, reused, rule, replaces) VALUES ({', '.join('?' * len(values))})",
        values,
    ).lastrowid
    return Stored(
        seq or 0, digest.hex(), item.feed, item.came_us, item.payload, item.state, item.reason, item.patient, item.visit,
        item.type, item.said_us, item.sender, item.control, reused, item.rule, replaces=replaces,
    )  # fmt: skip


def _one(index: sqlite3.Connection, feed: str, digest: bytes) -> Stored:
    row = index.execute(f"SELECT {_COLUMNS} FROM messages WHERE feed = ? AND message = ?", (feed, digest)).fetchone()
    return _row(row)


def _unread(index: sqlite3.Connection, message: str, feed: str | None) -> Stored:
    """Return a message that waits for a person, or say that there is none."""
    rows = index.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE message = ? AND (? IS NULL OR feed = ?) "
        "AND state IN ('parked', 'dead') ORDER BY seq",
        (_digest(message), feed, feed),
    ).fetchall()
    if not rows:
        raise CannotDo(f"no message {message[:12]} waits: it was corrected or set aside before, or never came")
    if len(rows) > 1:
        raise CannotDo(f"message {message[:12]} came by several feeds: name the feed")
    return _row(rows[0])


def _row(row: tuple[Any, ...]) -> Stored:
    seq, message, feed, came, payload, state, reason, patient, visit, kind, said, sender, control, reused, *rest = row
    rule, duplicates, replaces, corrected, by, at, why = rest
    return Stored(
        seq, message.hex(), feed, came, payload, state, reason, patient, visit, kind, said, sender, control,
        bool(reused), rule, duplicates, replaces.hex() if replaces else None, corrected.hex() if corrected else None,
        by, at, why,
    )  # fmt: skip


def _digest(message: str) -> bytes:
    try:
        return bytes.fromhex(message)
    except ValueError:
        return b""
