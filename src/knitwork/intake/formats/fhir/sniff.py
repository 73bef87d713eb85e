"""Is this FHIR in JSON: asked of the first part of a file, unpacked where it is packed."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from knitwork.intake.unpack import head_of

HEAD = 1 << 16
BOM = b"\xef\xbb\xbf"
_RESOURCE = re.compile(rb'"resourceType"\s*:\s*"[A-Z][A-Za-z]{2,60}"')
# The log that a bulk export writes beside its files: no resource, but the next of kin.
_EXPORT_LOG = re.compile(rb'^\s*\{(?=[^\n]*"exportId"\s*:)(?=[^\n]*"eventId"\s*:)')


def claims(path: Path, name: str) -> bool:  # noqa: ARG001 - alike in every format
    """Say whether a file holds FHIR resources in JSON, plain or packed."""
    head = head_of(path, HEAD)
    if head[:2] == b"\x1f\x8b":
        return speaks_fhir(_gz_head(path))
    if head[:4] == b"PK\x03\x04":
        return any(speaks_fhir(member) for member in _zip_heads(path))
    return speaks_fhir(head)


def speaks_fhir(head: bytes) -> bool:
    """Say whether the beginning of a plain file is that of FHIR resources, or of the log of their export."""
    start = head.removeprefix(BOM).lstrip()
    return start[:1] in (b"{", b"[") and bool(_RESOURCE.search(start) or _EXPORT_LOG.match(start))


def is_export_log(head: bytes) -> bool:
    """Say whether a file is the log of a bulk export."""
    return bool(_EXPORT_LOG.match(head.removeprefix(BOM)))


def _gz_head(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as source:
            return source.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return _whatever(path)


def _whatever(path: Path) -> bytes:
    """Return what can be unpacked of a damaged gz."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head_of(path, HEAD), HEAD)
    except zlib.error:
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
