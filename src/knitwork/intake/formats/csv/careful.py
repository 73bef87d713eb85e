"""The careful way through a table that has ragged rows: slower, but every row gets its number.

The fast way (DuckDB) says that a row was faulty but not reliably which one, so a file in
which it meets a faulty row is read again here: good rows go into a clean copy with their
number, faulty ones into a list with the reason. Memory does not grow with the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from knitwork.intake.formats.csv.sniff import Dialect

# A cell that runs over more lines than this began with a quotation mark that was never closed.
LINES_IN_A_RECORD = 1_000
CHARACTERS_IN_A_RECORD = 500_000
_LINE_END = "\r\n"

# Stands for the cells of a line that needs no parsing.
PLAIN: list[str] = [""]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean copy (row number, then the columns), the faulty rows (row, message), and how many of those."""

    good: Path
    faulty: Path
    rows: int
    faults: int


def clean(path: Path, dialect: Dialect, *, work: Path) -> Cleaned:
    """Separate the good rows of a UTF-8 table from the faulty ones."""
    good, faulty = work / f"good-{path.name}", work / f"faulty-{path.name}"
    rows = faults = 0
    width, separator = len(dialect.header), dialect.separator
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        good.open("w", encoding="utf-8", newline="") as good_out,
        faulty.open("w", encoding="utf-8", newline="") as faulty_out,
    ):
        keep = csv.writer(good_out, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
        refuse = csv.writer(faulty_out, quoting=csv.QUOTE_ALL)
        for cells, text in _records(source, dialect):
            if not text.strip(" \r\n"):
                continue
            rows += 1
            if cells is PLAIN:
                good_out.write(f"{rows}{separator}{text.rstrip(_LINE_END)}\n")
                continue
            if cells is not None and len(cells) == width:
                keep.writerow([rows, *cells])
                continue
            faults += 1
            refuse.writerow([rows, _reason(cells, width)])
    return Cleaned(good, faulty, rows, faults)


def _reason(cells: list[str] | None, width: int) -> str:
    """Say what is wrong with a row, and nothing of what is in it: it is about a patient."""
    if cells is None:
        return "a quotation mark is opened and not closed, or the row is too long"
    if not cells:
        return "a quotation mark stands where none can be"
    return f"the row has {len(cells)} columns and the header has {width}"


def _records(source: TextIO, dialect: Dialect) -> Iterator[tuple[list[str] | None, str]]:
    """Yield each record with its text; a record that does not close or fit gives back its later lines."""
    for _ in range(dialect.data_line):
        source.readline(CHARACTERS_IN_A_RECORD)
    pending: list[str] = []  # lines given back, last first
    width = len(dialect.header)

    def next_line() -> str:
        return pending.pop() if pending else source.readline(CHARACTERS_IN_A_RECORD)

    while line := next_line():
        # Most lines have no quotation mark and the right number of separators: they are copied as they are.
        if '"' not in line and line.count(dialect.separator) == width - 1 and len(line) < CHARACTERS_IN_A_RECORD:
            yield PLAIN, line
            continue
        if len(line) == CHARACTERS_IN_A_RECORD and not line.endswith(("\n", "\r")):
            while (rest := next_line()) and not rest.endswith(("\n", "\r")):
                pass
            yield None, line
            continue
        lines = [line]
        size = len(line)
        cells = _parse(line, dialect.separator)
        while cells is None and len(lines) < LINES_IN_A_RECORD and size < CHARACTERS_IN_A_RECORD:
            more = next_line()
            if not more:
                break
            lines.append(more)
            size += len(more)
            # Only a line with a quotation mark can close the cell: do not parse a long cell line by line.
            if '"' in more:
                cells = _parse("".join(lines), dialect.separator)
        if len(lines) > 1 and (cells is None or len(cells) != width):
            pending.extend(reversed(lines[1:]))
            yield cells, lines[0]
        else:
            yield cells, "".join(lines)


def _parse(text: str, separator: str) -> list[str] | None:
    """Return the cells of one whole record, None while a quotation mark is open, nothing when one is misplaced."""
    try:
        # An unquoted cell keeps odd line ends (vertical tab, form feed): only StringIO leaves them alone.
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as problem:
        return None if "unexpected end" in str(problem) else []
    return records[0] if len(records) == 1 else []
