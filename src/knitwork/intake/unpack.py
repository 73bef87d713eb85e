"""From a file as it came to the plain files inside it: opens gz and zip, and refuses what hides or explodes.

Everything is streamed, so that a small file cannot fill the memory; what grows more than a
hundredfold is refused before it fills the disk.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from knitwork.intake.inbox import CHUNK, cannot_open
from knitwork.model.errors import Unreadable

# A table of times shrinks ten- to twentyfold; a hundred is a bomb (reference/trust.md, 5.2 item 13).
MAX_RATIO = 100
# Below this no ratio does harm.
HARMLESS = 32 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One plain file of a delivery, with a name for sentences (`extract.zip/encounters.csv`)."""

    path: Path
    name: str


def head_of(path: Path, size: int = 4096) -> bytes:
    """Return the first bytes of a file."""
    try:
        with path.open("rb") as source:
            return source.read(size)
    except OSError as problem:
        raise cannot_open(path, problem) from None


def parts(path: Path, *, name: str, work: Path) -> Iterator[Part]:
    """Yield the plain files inside `path`, which may be gz or zip; what is unpacked goes into the folder `work`.

    Files inside a zip come in the order of their names, without hidden and empty ones.
    """
    head = head_of(path, 4)
    if not head:
        raise Unreadable(f"{name} is empty (0 bytes): export it again")
    if head[:2] == b"\x1f\x8b":
        inner = work / "gunzipped"
        gunzip(path, inner, name=name)
        yield Part(inner, name)
    elif head in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from members(path, name=name, work=work)
    else:
        yield Part(path, name)


def gunzip(path: Path, target: Path, *, name: str) -> None:
    """Unpack a gz file."""
    allowed = max(HARMLESS, MAX_RATIO * path.stat().st_size)
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as out:
            _copy(source, out, allowed=allowed, name=name)
    except (EOFError, zlib.error, gzip.BadGzipFile):  # its own words quote what is in the file
        raise Unreadable(f"{name} is cut off or damaged: fetch or export it again") from None


def members(path: Path, *, name: str, work: Path) -> Iterator[Part]:
    """Unpack a zip and yield what is in it, as it is."""
    allowed = max(HARMLESS, MAX_RATIO * path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted((m for m in archive.infolist() if _wanted(m)), key=lambda m: m.filename)
            if not members:
                raise Unreadable(f"{name} is a zip with no file in it: pack the table again")
            for number, member in enumerate(members):
                inner_name = f"{name}/{member.filename}"
                if member.flag_bits & 0x1:
                    raise Unreadable(f"{name} is protected by a password: unpack it and load what is inside")
                inner = work / f"member{number}"
                with archive.open(member) as source, inner.open("wb") as out:
                    allowed -= _copy(source, out, allowed=allowed, name=name)
                if not inner.stat().st_size:
                    continue
                yield Part(inner, inner_name)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, OverflowError, RuntimeError):  # the same
        raise Unreadable(f"{name} is a damaged zip: fetch it again, or unpack it yourself") from None


def _wanted(member: zipfile.ZipInfo) -> bool:
    parts = Path(member.filename).parts
    return not member.is_dir() and bool(parts) and not any(p.startswith(".") or p == "__MACOSX" for p in parts)


def _copy(source: IO[bytes] | gzip.GzipFile, out: IO[bytes], *, allowed: int, name: str) -> int:
    """Copy until `allowed` bytes; more is a bomb."""
    copied = 0
    while chunk := source.read(CHUNK):
        copied += len(chunk)
        if copied > allowed:
            raise Unreadable(
                f"{name} grows more than {MAX_RATIO}-fold when unpacked, as a zip bomb does: unpack it yourself first"
            )
        out.write(chunk)
    return copied
