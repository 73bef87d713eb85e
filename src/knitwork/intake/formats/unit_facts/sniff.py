"""Is this a table of units' numbers: a unit, a period without a time of day, numbers, and no patient."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from knitwork.intake.formats.csv.dates import NO_TIME
from knitwork.intake.formats.csv.sniff import sniff_text
from knitwork.intake.formats.unit_facts.columns import Layout, lay_out
from knitwork.intake.inbox import cannot_open
from knitwork.intake.profile import Profile
from knitwork.model.errors import CannotDo

LOOKED_AT = 1 << 16
_CLOCK = re.compile(r"\d:\d\d")
_PERIOD = re.compile(
    r"\d{4,8}([.]0+)?|\d{1,4}[-/. ]\d{1,2}([-/. ]\d{1,4})?|\d{0,4}[-/ ]?([A-Za-z]{3,9}|Q[1-4])[-/ ]?\d{0,4}([-/ ]\d{2,4})?"
    r"|\d{4}-\d\d-\d\d[T ]00:00(:00)?(\.0+)?Z?"
)


def claims(path: Path, name: str) -> bool:
    """Say whether `path` is a table of units' numbers, by its first lines."""
    try:
        text = _beginning(path)
        if not text:
            return False
        dialect = sniff_text(text, name=name)
        return layout_of(dialect.header, dialect.sample, Profile()) is not None
    except CannotDo:
        return False  # what it is instead is for the next format to say
    except OSError as problem:
        raise cannot_open(path, problem) from None


def layout_of(header: tuple[str, ...], sample: tuple[tuple[str, ...], ...], profile: Profile) -> Layout | None:
    """Return what the columns are, or None where the sample is no table of units' numbers."""
    rows = [row for row in sample if len(row) == len(header)]
    layout = lay_out(header, rows, profile)
    if layout is None:
        return None
    periods = [row[layout.period].strip() for row in rows]
    said = [period for period in periods if period and period.upper() not in NO_TIME]
    fits = [p for p in said if _PERIOD.fullmatch(p) and (not _CLOCK.search(p) or "00:00" in p)]
    return layout if said and len(fits) >= 0.9 * len(said) else None


def _beginning(path: Path) -> str:
    """Return the first lines of a table, of gz or of the first file in a zip."""
    with path.open("rb") as source:
        head = source.read(LOOKED_AT)
    try:
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as packed:
                head = packed.read(LOOKED_AT)
        elif head[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(path) as archive:
                members = sorted((m for m in archive.infolist() if not m.is_dir()), key=lambda m: m.filename)
                if not members or any(m.filename == "xl/workbook.xml" for m in members):
                    return ""
                with archive.open(members[0]) as inside:
                    head = inside.read(LOOKED_AT)
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OverflowError):
        return ""
    if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return ""
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="ignore")
    return text[: text.rfind("\n") + 1] or text if len(head) == LOOKED_AT else text
