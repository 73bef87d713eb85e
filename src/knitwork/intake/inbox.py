"""The inbox: every file that came, whole, on disk under the hash of its content.

A file is copied to a temporary name, synced and renamed, and only then written into the
index, so a crash at any moment leaves either no delivery or a whole one. What a crash left
behind is cleaned at the next opening. Taking the same content twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knitwork.model.errors import CannotDo, Unreadable

State = Literal["received", "landed"]
CHUNK = 1 << 20
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    delivery TEXT NOT NULL CHECK (length(delivery) = 64),
    feed TEXT NOT NULL CHECK (feed <> ''),
    name TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    extracted_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('received', 'landed')),
    PRIMARY KEY (delivery, feed)
) WITHOUT ROWID
"""
# The same content again, extracted at another time: it is not kept twice, but it speaks for its feed once more.
_AGAIN = """
CREATE TABLE IF NOT EXISTS again (
    delivery TEXT NOT NULL,
    feed TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    extracted_at INTEGER NOT NULL,
    PRIMARY KEY (delivery, feed, extracted_at)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as it came; `delivery` is the SHA-256 of its content, `new` says it was not known before."""

    delivery: str
    feed: str
    name: str
    received_at: dt.datetime
    bytes: int
    extracted_at: dt.datetime | None
    state: State
    new: bool = False


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole copy of a file in the inbox's folder that is not a delivery yet."""

    path: Path
    delivery: str
    bytes: int
    name: str


class Inbox:
    """The files and their index, in one folder. Open it once for each process; readers need no lock."""

    def __init__(self, folder: Path) -> None:
        """Open the inbox in `folder`, making it if needed."""
        self.folder = folder
        self.files = folder / "files"
        self._incoming = folder / "incoming"
        self.files.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        with self._index() as index:
            index.execute(_SCHEMA)
            index.execute(_AGAIN)

    def clean(self) -> int:
        """Remove what a crash left behind and return how many files that were; only the one writer may call it."""
        removed = 0
        for leftover in self._incoming.iterdir():
            leftover.unlink(missing_ok=True)
            removed += 1
        with self._index() as index:
            known = {row[0] for row in index.execute("SELECT DISTINCT delivery FROM deliveries")}
        for path in self.files.glob("*/*"):
            if path.name not in known:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    @contextmanager
    def stage(self, path: Path) -> Iterator[Staged]:
        """Copy `path` whole into the inbox's folder, synced; unless accepted inside the block it is removed."""
        handle, raw = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(raw)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as target:
                try:
                    with path.open("rb") as source:
                        while chunk := source.read(CHUNK):
                            digest.update(chunk)
                            target.write(chunk)
                            size += len(chunk)
                except OSError as problem:
                    raise cannot_open(path, problem) from None
                target.flush()
                os.fsync(target.fileno())
            yield Staged(temporary, digest.hexdigest(), size, path.name)
        finally:
            temporary.unlink(missing_ok=True)

    def accept(
        self, staged: Staged, *, feed: str, received_at: dt.datetime, extracted_at: dt.datetime | None = None
    ) -> Delivery:
        """Make `staged` a delivery of `feed`, or return the one that already has this content."""
        known = self.find(staged.delivery, feed)
        if known:
            return known
        target = self._path(staged.delivery)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            _sync_folder(self.files)
            # A link keeps the staged copy readable for whoever is still landing it.
            with suppress(FileExistsError):
                os.link(staged.path, target)
            _sync_folder(target.parent)
        delivery = Delivery(
            staged.delivery, feed, staged.name, received_at, staged.bytes, extracted_at, "received", new=True
        )
        with self._index() as index:
            index.execute(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    delivery.delivery,
                    feed,
                    delivery.name,
                    microseconds(received_at),
                    delivery.bytes,
                    None if extracted_at is None else microseconds(extracted_at),
                    delivery.state,
                ),
            )
        return delivery

    def note_again(self, delivery: Delivery, *, received_at: dt.datetime, extracted_at: dt.datetime) -> None:
        """Write down that content which is known was extracted at another time too; once for each time."""
        if extracted_at == delivery.extracted_at:
            return
        with self._index() as index:
            index.execute(
                "INSERT OR IGNORE INTO again VALUES (?, ?, ?, ?)",
                (delivery.delivery, delivery.feed, microseconds(received_at), microseconds(extracted_at)),
            )

    def again(self, delivery: str, feed: str) -> list[tuple[dt.datetime, dt.datetime]]:
        """Return when content that is known came again, and when that was extracted, in this order."""
        with self._index() as index:
            rows = index.execute(
                "SELECT received_at, extracted_at FROM again WHERE delivery = ? AND feed = ? ORDER BY 2",
                (delivery, feed),
            ).fetchall()
        return [(_moment(received), _moment(extracted)) for received, extracted in rows]

    def take(
        self, path: Path, *, feed: str, received_at: dt.datetime, extracted_at: dt.datetime | None = None
    ) -> Delivery:
        """Stage and accept `path` in one go."""
        with self.stage(path) as staged:
            return self.accept(staged, feed=feed, received_at=received_at, extracted_at=extracted_at)

    def deliveries(self, feed: str | None = None) -> list[Delivery]:
        """List what came, ordered by feed and content so that the order of arrival cannot matter."""
        with self._index() as index:
            rows = index.execute(
                "SELECT * FROM deliveries WHERE ?1 IS NULL OR feed = ?1 ORDER BY feed, delivery", (feed,)
            ).fetchall()
        return [_delivery(row) for row in rows]

    def file(self, delivery: Delivery | str) -> Path:
        """Return where the content of a delivery lies."""
        return self._path(delivery if isinstance(delivery, str) else delivery.delivery)

    def mark(self, delivery: Delivery, state: State) -> None:
        """Write down how far a delivery has come."""
        with self._index() as index:
            index.execute(
                "UPDATE deliveries SET state = ? WHERE delivery = ? AND feed = ?",
                (state, delivery.delivery, delivery.feed),
            )

    def drop(self, delivery: Delivery) -> None:
        """Forget a delivery that turned out to be unreadable, with its file unless another feed has it too."""
        with self._index() as index:
            for table in ("deliveries", "again"):
                index.execute(
                    f"DELETE FROM {table} WHERE delivery = ? AND feed = ?",
                    (delivery.delivery, delivery.feed),
                )
            left = index.execute("SELECT count(*) FROM deliveries WHERE delivery = ?", (delivery.delivery,)).fetchone()[
                0
            ]
        if not left:
            file = self._path(delivery.delivery)
            file.unlink(missing_ok=True)
            with suppress(OSError):  # other files may lie beside it
                file.parent.rmdir()

    def find(self, delivery: str, feed: str) -> Delivery | None:
        """Return the delivery of `feed` with this content, if it ever came."""
        with self._index() as index:
            row = index.execute("SELECT * FROM deliveries WHERE delivery = ? AND feed = ?", (delivery, feed)).fetchone()
        return _delivery(row) if row else None

    def _path(self, delivery: str) -> Path:
        return self.files / delivery[:2] / delivery

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.folder / "index.sqlite3", timeout=30)) as index:
                index.execute("PRAGMA journal_mode = WAL")
                index.execute("PRAGMA synchronous = FULL")
                with index:
                    yield index
        except sqlite3.DatabaseError as problem:
            raise CannotDo(
                f"the inbox's index {self.folder / 'index.sqlite3'} could not be used ({problem}): "
                "check that the disk is not full and may be written to, or restore the home folder from a copy"
            ) from problem


def microseconds(moment: dt.datetime) -> int:
    """Return an aware moment as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def cannot_open(path: Path, problem: OSError) -> Unreadable:
    """Return the sentence for a file that the operating system does not give us."""
    if isinstance(problem, FileNotFoundError):
        return Unreadable(f"{path} does not exist: check the name and the folder")
    if isinstance(problem, PermissionError):
        return Unreadable(f"{path} may not be read by this account: ask for permission to read it, or copy it")
    if isinstance(problem, IsADirectoryError):
        return Unreadable(f"{path} is a folder, and one file was asked for")
    return Unreadable(f"{path} could not be copied ({problem.strerror}): check the disk and try again")


def _delivery(row: tuple[str, str, str, int, int, int | None, State]) -> Delivery:
    delivery, feed, name, received, size, extracted, state = row
    at = None if extracted is None else _moment(extracted)
    return Delivery(delivery, feed, name, _moment(received), size, at, state)


def _moment(us: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=us)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
