"""Is this an XES log: XML whose first element is <log>, and which is not of OCEL."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from knitwork.intake.inbox import cannot_open

LOOKED_AT = 1 << 14
_LOG = re.compile(r"<(?:[\w.-]+:)?log[\s>/]")
# OCEL 2.0 in XML is a <log> too, and this comes first in it.
_OCEL = re.compile(
    r"<(?:[\w.-]+:)?log[^>]*>\s*(<!--.*?-->\s*)*<(object-types|event-types|objects|events)[\s>/]", re.DOTALL
)


def claims(path: Path, name: str) -> bool:
    """Say whether `path` is an XES log, packed or not."""
    del name
    text = beginning(path)
    return text.lstrip()[:1] == "<" and bool(_LOG.search(text)) and not _OCEL.search(text)


def claims_ocel(path: Path) -> bool:
    """Say whether `path` is an object-centric log in XML."""
    text = beginning(path)
    return text.lstrip()[:1] == "<" and bool(_OCEL.search(text))


def beginning(path: Path) -> str:
    """Return the first characters of a file, of gz or of the first file in a zip; nothing of what is damaged."""
    try:
        with path.open("rb") as source:
            head = source.read(LOOKED_AT)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as packed:
                head = packed.read(LOOKED_AT)
        elif head[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(path) as archive:
                members = sorted((m for m in archive.infolist() if not m.is_dir()), key=lambda m: m.filename)
                with archive.open(members[0]) as inside:
                    head = inside.read(LOOKED_AT)
    except OSError as problem:
        if isinstance(problem, gzip.BadGzipFile):
            return ""
        raise cannot_open(path, problem) from None
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError,
            IndexError):  # fmt: skip
        return ""
    wide = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return head.decode(wide, errors="ignore")
