"""Is this a table of text, and how is it written: separator, and the line with the header.

Works on the first part of a file that is already plain UTF-8 text.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake.formats.csv.columns import plain, score
from knitwork.intake.profile import SEPARATORS, Profile
from knitwork.model.errors import Unreadable

SAMPLE = 1 << 18
# A title, a date of printing and an empty line or two may stand above the header.
HEADER_WITHIN = 20
MAX_COLUMNS = 5_000
_NUMBER_OR_DATE = re.compile(r"[+-]?\d[\d\s.,:/T+Z-]*$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written; data begin after `data_line` physical lines."""

    separator: str
    header: tuple[str, ...]
    data_line: int
    sample: tuple[tuple[str, ...], ...]


def sniff(path: Path, *, name: str, profile: Profile | None = None) -> Dialect:
    """Find separator and header from the beginning of a UTF-8 file."""
    with path.open("rb") as source:
        raw = source.read(SAMPLE)
    text = raw.decode("utf-8-sig", errors="ignore")
    if not text.strip():
        raise Unreadable(f"{name} is empty: export it again")
    if len(raw) == SAMPLE:
        text = text[: text.rfind("\n") + 1] or text
    return sniff_text(text, name=name, profile=profile)


def sniff_text(text: str, *, name: str, profile: Profile | None = None) -> Dialect:
    """Find separator and header in the beginning of a table."""
    wanted = profile.separator if profile else None
    candidates = [SEPARATORS.get(wanted, wanted)] if wanted else [",", ";", "\t", "|"]
    named = {plain(v) for v in _named_columns(profile)} if profile else set()
    best: tuple[tuple[int, int, float, int], Dialect] | None = None
    for order, separator in enumerate(candidates):
        records = _records(text, separator)
        for index, (line, cells) in enumerate(records[:HEADER_WITHIN]):
            if len(cells) < 2:
                continue
            hits = score(cells) + 10 * len(named.intersection(plain(cell) for cell in cells))
            following = records[index + 1 : index + 51]
            alike = sum(len(row) == len(cells) for _, row in following) / max(1, len(following))
            rank = (hits, 1 if alike > 0.5 else 0, alike if hits == 0 else 0.0, -order if hits else len(cells))
            if best is None or rank > best[0]:
                header = tuple(cell.strip() for cell in cells)
                best = (rank, Dialect(separator, header, line, tuple(tuple(row) for _, row in following)))
            if hits == 0:
                break  # without a known name only the first line can be the header
    if best is None:
        raise Unreadable(
            f"{name} is not a table: one column at most was found; save it as CSV with a header line and a "
            "separator (comma, semicolon, tab or bar)"
        )
    (hits, *_), dialect = best
    if hits == 0 and sum(bool(_NUMBER_OR_DATE.match(cell)) for cell in dialect.header) > 0:
        raise Unreadable(
            f"{name} has no header line: its first line looks like data; "
            "add a line with the names of the columns, such as patient,unit,start,end"
        )
    if len(dialect.header) > MAX_COLUMNS:
        raise Unreadable(
            f"{name} has {len(dialect.header):,} columns, and {MAX_COLUMNS:,} is the most that is read: "
            "export only the columns that are needed"
        )
    return dialect


def _named_columns(profile: Profile) -> list[str]:
    roles = (
        "patient",
        "unit",
        "start",
        "end",
        "visit",
        "activity",
        "lifecycle",
        "instance",
        "clock",
        "merged_into",
        "at",
        "kind",
    )
    return [value for role in roles if (value := getattr(profile, role))]


def _records(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Split the sample into records, each with the number of the physical line that it ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    records: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((reader.line_num, cells))
            if len(records) > HEADER_WITHIN + 60:
                break
    except csv.Error:
        pass  # a cell longer than the reader takes: what was read so far is enough to judge by
    return records
