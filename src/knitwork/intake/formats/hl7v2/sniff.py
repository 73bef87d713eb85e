"""Is this HL7 v2: asked of the first part of a file, unpacked where it is packed."""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from pathlib import Path

from knitwork.intake.unpack import head_of

HEAD = 1 << 14
_MESSAGE = re.compile(rb"(?:MSH|FHS|BHS)[^A-Za-z0-9\s]")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def claims(path: Path, name: str) -> bool:  # noqa: ARG001 - alike in every format
    """Say whether a file holds HL7 v2 messages, plain or packed."""
    head = head_of(path, HEAD)
    if head[:2] == b"\x1f\x8b":
        return speaks_hl7(_gz_head(path))
    if head[:4] == b"PK\x03\x04":
        return any(speaks_hl7(member) for member in _zip_heads(path))
    return speaks_hl7(head)


def speaks_hl7(head: bytes) -> bool:
    """Say whether the beginning of a plain file is that of messages or of a batch of them."""
    if head[:2] in _MARKS:
        head = head[: len(head) // 2 * 2].decode("utf-16", errors="ignore").encode()
    return _MESSAGE.match(head.removeprefix(codecs.BOM_UTF8).lstrip(b"\x0b\r\n\t ")) is not None


def _gz_head(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as source:
            return source.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return b""


def _zip_heads(path: Path) -> list[bytes]:
    """Return the beginnings of the first files in a zip; nothing of a damaged or locked one."""
    heads: list[bytes] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist()[:50]:
                if not member.is_dir() and not member.flag_bits & 0x1:
                    with archive.open(member) as source:
                        heads.append(source.read(HEAD))
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError):
        return heads
    return heads
