"""From a file as it came to plain tables of text and workbooks, packed or not."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knitwork.intake.unpack import HARMLESS, MAX_RATIO, gunzip, head_of, members
from knitwork.model.errors import Unreadable

Kind = Literal["text", "gz", "zip", "xlsx"]

_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old or protected Office file (xls, doc)"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bz2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"RDX", "an R data file"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True, slots=True)
class Plain:
    """One table of text or one workbook, no longer compressed, with a name for sentences."""

    path: Path
    name: str
    kind: Literal["text", "xlsx"]


def kind_of(path: Path, *, name: str) -> Kind:
    """Tell the kind of a file by its first bytes, never by its name; refuse what cannot be a table."""
    head = head_of(path)
    if not head:
        raise Unreadable(f"{name} is empty (0 bytes): export it again")
    if head[:2] == b"\x1f\x8b":
        return "gz"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "xlsx" if _is_workbook(path, name=name) else "zip"
    for magic, what in _NOT_TABLES:
        if head.startswith(magic):
            raise Unreadable(f"{name} is {what} and not a table: save the table as CSV or xlsx and load that")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        raise Unreadable(f"{name} is JSON and not a table: save the stays as CSV, one row for each stay")
    if start[:5] in (b"<?xml", b"<html", b"<!DOC", b"<!doc", b"<HTML"):
        raise Unreadable(f"{name} is XML or a web page and not a table: save the stays as CSV, one row for each stay")
    if start[:4] in (b"MSH|", b"FHS|", b"BHS|"):
        raise Unreadable(f"{name} holds HL7 v2 messages and not a table: save the stays as CSV, one row for each stay")
    return "text"


def unpack(path: Path, *, name: str, work: Path) -> Iterator[Plain]:
    """Yield the tables inside `path`; what is unpacked goes into the folder `work`."""
    kind = kind_of(path, name=name)
    if kind == "gz":
        inner = work / "gunzipped"
        gunzip(path, inner, name=name)
        inside = kind_of(inner, name=name)
        if inside in ("gz", "zip"):
            raise Unreadable(f"{name} is packed twice: unpack it once and load what is inside")
        yield Plain(inner, name, "xlsx" if inside == "xlsx" else "text")
    elif kind == "zip":
        for part in members(path, name=name, work=work):
            inside = kind_of(part.path, name=part.name)
            if inside in ("zip", "gz"):
                raise Unreadable(f"{part.name} is packed inside a zip: unpack {name} once and load what is inside")
            yield Plain(part.path, part.name, "xlsx" if inside == "xlsx" else "text")
    else:
        yield Plain(path, name, kind)


def _is_workbook(path: Path, *, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, OverflowError, ValueError, NotImplementedError):
        raise Unreadable(f"{name} is a damaged zip or workbook: fetch it or save it again") from None
    if "xl/workbook.xml" not in sizes:
        return False
    if sum(sizes.values()) > max(HARMLESS * 8, MAX_RATIO * path.stat().st_size):
        raise Unreadable(f"{name} grows more than {MAX_RATIO}-fold when unpacked: save the workbook again, or as CSV")
    return True
