"""Is this a Parquet file, or a gz or zip with one inside."""

from __future__ import annotations

import gzip
import zipfile
from contextlib import suppress
from pathlib import Path

from knitwork.intake.formats.known_files import DAMAGED, PARQUET, parquet_columns, wanted
from knitwork.intake.unpack import head_of
from knitwork.model.errors import Unreadable


def claims(path: Path, name: str) -> bool:
    """Say whether a file is Parquet, packed or not; raise Unreadable where it is, but damaged."""
    head = head_of(path, 4)
    if head in (b"PK\x03\x04", b"PK\x05\x06"):
        with suppress(*DAMAGED), zipfile.ZipFile(path) as archive:
            return any(_begins(archive, member) for member in archive.infolist() if wanted(member))
        return False
    if head[:2] == b"\x1f\x8b":
        with suppress(*DAMAGED), gzip.open(path) as source:
            return source.read(4) == PARQUET
        return False
    if head != PARQUET:
        return False
    if parquet_columns(path) is None:
        raise damaged(name)
    return True


def _begins(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as source:
        return source.read(4) == PARQUET


def damaged(name: str) -> Unreadable:
    """Return the sentence about a Parquet file that cannot be read."""
    return Unreadable(f"{name} is a damaged or locked Parquet file: fetch or export it again")
