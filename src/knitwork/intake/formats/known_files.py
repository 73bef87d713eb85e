"""From a delivery to the tables of a known model inside it: text or Parquet, alone, as gz, or many in a zip.

What a table is, is told by its columns and never by its name.
"""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from knitwork.intake.formats.csv.encoding import as_utf8
from knitwork.intake.unpack import HARMLESS, head_of, parts
from knitwork.lake.engine import EngineError, MemoryTrouble
from knitwork.model.errors import CannotDo, Unreadable

Columns = tuple[tuple[str, str], ...]
# Says which table of a model has these columns (in lower case), if any.
Tell = Callable[[frozenset[str]], str | None]

PARQUET = b"PAR1"
_HEAD = 1 << 18
_SEPARATORS = (",", "\t", ";", "|")
DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Plain:
    """One table of a model as a plain file: its columns as written with a word for the type of each."""

    table: str
    path: Path
    name: str
    columns: Columns
    separator: str  # empty for Parquet

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns as they are written."""
        return tuple(name for name, _ in self.columns)


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables of one delivery in the order of their names, and what was noticed on the way."""

    tables: tuple[Plain, ...]
    work: Path
    notes: tuple[str, ...]


def glance(path: Path, tell: Tell) -> tuple[str, ...]:
    """Name the tables of a model that a file is or holds, by little of it; a damaged one holds none.

    Of a zip no more is unpacked than the beginning of each file, and small Parquet files.
    """
    head = head_of(path, _HEAD)
    found: list[str | None] = []
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        with suppress(*DAMAGED), zipfile.ZipFile(path) as archive:
            found += [_told(archive, member, tell) for member in archive.infolist() if wanted(member)]
    elif head[:4] == PARQUET:
        found = [tell(_lower(parquet_columns(path) or ()))]
    else:
        if head[:2] == b"\x1f\x8b":
            with suppress(*DAMAGED), gzip.open(path) as source:
                head = source.read(_HEAD)
        found = [_told_text(head, tell)]
    return tuple(dict.fromkeys(table for table in found if table is not None))


def _told(archive: zipfile.ZipFile, member: zipfile.ZipInfo, tell: Tell) -> str | None:
    with archive.open(member) as source:
        head = source.read(_HEAD)
        if head[:4] != PARQUET:
            return _told_text(head, tell)
        # Its columns stand at its end: a large one is too dear to unpack for a look.
        small = member.file_size <= HARMLESS
        return tell(_lower(parquet_columns(io.BytesIO(head + source.read())) or ())) if small else None


def _told_text(head: bytes, tell: Tell) -> str | None:
    found = text_columns(head)
    return None if found is None else tell(_lower(found[0]))


def wanted(member: zipfile.ZipInfo) -> bool:
    """Say whether a file of a zip is one that a person put there."""
    inner = Path(member.filename).parts
    return not member.is_dir() and bool(inner) and not any(p.startswith(".") or p == "__MACOSX" for p in inner)


def parquet_columns(source: Path | IO[bytes]) -> Columns | None:
    """Return the columns of a Parquet file, None where it is damaged."""
    try:
        schema = pq.read_schema(source)
    except (pa.ArrowException, OSError, ValueError):
        return None
    return tuple((field.name, _word(field.type)) for field in schema)


def _word(type_: pa.DataType) -> str:
    if pa.types.is_timestamp(type_):
        return "time"
    if pa.types.is_date(type_):
        return "date"
    if pa.types.is_boolean(type_):
        return "flag"
    number = pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    return "number" if number else "text"


def trouble_of_file(trouble: EngineError) -> bool:
    """Say whether the engine failed on what a Parquet file holds, and not for want of memory or disk."""
    said = str(trouble).lower()
    wanting = isinstance(trouble, MemoryTrouble) or "space" in said or "temp_directory" in said
    return not wanting


def text_columns(head: bytes) -> tuple[Columns, str] | None:
    """Return the columns in the first line of a text and what separates them, None where it is no table."""
    if b"\0" in head[:4096]:
        return None
    line = head.decode("utf-8-sig", errors="replace").split("\n", 1)[0].rstrip("\r")
    separator = max(_SEPARATORS, key=line.count)
    with suppress(csv.Error):
        for cells in csv.reader([line], delimiter=separator):
            if len(cells) > 1:
                return tuple((cell.strip(), "text") for cell in cells), separator
    return None


def _lower(columns: Columns) -> frozenset[str]:
    return frozenset(name.strip().lower() for name, _ in columns)


@contextmanager
def opened(file: Path, *, name: str, title: str, tell: Tell, work: Path | None = None) -> Iterator[Opened]:
    """Open a delivery for the length of the block; temporary files go into a folder under `work`."""
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as folder:
        yield _open(file, name=name, title=title, tell=tell, work=Path(folder))


def _open(file: Path, *, name: str, title: str, tell: Tell, work: Path) -> Opened:
    tables: list[Plain] = []
    notes: list[str] = []
    faults: list[CannotDo] = []
    for part in parts(file, name=name, work=work):
        try:
            plain, encoding = _plain(part.path, name=part.name, title=title, tell=tell, work=work)
        except CannotDo as fault:
            faults.append(fault)
            continue
        tables.append(plain)
        if encoding != "utf-8":
            notes.append(f"{part.name} is written in {encoding}")
    if not tables:
        raise faults[0] if faults else Unreadable(f"{name} is empty: export it again")
    notes += [f"passed over: {fault}" for fault in faults]
    return Opened(tuple(tables), work, tuple(notes))


def _plain(path: Path, *, name: str, title: str, tell: Tell, work: Path) -> tuple[Plain, str]:
    head = head_of(path, _HEAD)
    if head[:4] == PARQUET:
        columns = parquet_columns(path)
        if columns is None:
            raise Unreadable(f"{name} is a damaged Parquet file: fetch or export it again")
        separator, encoding = "", "utf-8"
    else:
        path, encoding = as_utf8(path, name=name, work=work)
        found = text_columns(head_of(path, _HEAD))
        if found is None:
            raise Unreadable(f"{name} is not a table with a header line: export it again as CSV")
        columns, separator = found
    table = tell(_lower(columns))
    if table is None:
        raise Unreadable(f"{name} has the columns of no table of {title}: load it by itself, or leave it out")
    _refuse_doubles([column for column, _ in columns], name=name)
    return Plain(table, path, name, columns, separator), encoding


def _refuse_doubles(header: Sequence[str], *, name: str) -> None:
    seen: dict[str, str] = {}
    for column in header:
        if column.lower() in seen:
            raise CannotDo(f"{name}: the column '{column[:40]}' stands twice in the header: rename or remove one")
        seen[column.lower()] = column


def teller(needs: Mapping[str, tuple[frozenset[str], ...]]) -> Tell:
    """Return what tells a table by the columns that only it has; where several fit, the one that needs most."""

    def tell(columns: frozenset[str]) -> str | None:
        fitting = [(len(one), table) for table, several in needs.items() for one in several if one <= columns]
        return max(fitting)[1] if fitting else None

    return tell
