"""A CSV file with a chart's numbers: its columns found by name, its cells read as numbers, each fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knitwork.model.errors import CannotDo

MISSING = ("", "na", "nan", "null", "none")


@dataclass(frozen=True, slots=True)
class ChartFile:
    """A header and the cells under it. Line 1 is the header, so the first row stands in line 2."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, names: Sequence[str], otherwise: int | None = None) -> str | None:
        """Return the name of the first column that is called like this, or the one at that place."""
        plain = {name.casefold(): name for name in self.header}
        found = next((plain[name] for name in names if name in plain), None)
        if found is None and otherwise is not None and otherwise < len(self.header):
            return self.header[otherwise]
        return found

    def needed(self, what: str, names: Sequence[str], otherwise: int | None = None) -> str:
        """Return a column that a chart cannot do without."""
        found = self.column(names, otherwise)
        if found is None:
            raise CannotDo(
                f"{self.path} has no column with {what}: call one {names[0]}; its columns are {', '.join(self.header)}"
            )
        return found

    def texts(self, column: str) -> tuple[str, ...]:
        """Return the cells of a column as they stand."""
        place = self.header.index(column)
        return tuple(row[place] for row in self.rows)

    def numbers(self, column: str) -> tuple[float | None, ...]:
        """Return the cells of a column as numbers, None where there is none."""
        return tuple(
            self._number(cell, line=line, column=column) for line, cell in enumerate(self.texts(column), start=2)
        )

    def _number(self, cell: str, *, line: int, column: str) -> float | None:
        if cell.casefold() in MISSING:
            return None
        try:
            return float(cell)
        except ValueError:
            raise CannotDo(f"{self.path}, line {line}, column {column}: {cell[:40]!r} is not a number") from None


def read(path: Path) -> ChartFile:
    """Read a file of commas or semicolons; one sentence says what is wrong with it."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise CannotDo(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CannotDo(f"{path} is not text in UTF-8: save it as CSV UTF-8") from error
    lines = list(csv.reader(io.StringIO(text), delimiter=";" if text.split("\n", 1)[0].count(";") else ","))
    full = [[cell.strip() for cell in line] for line in lines if line]
    if len(full) < 2 or not any(full[0]):
        raise CannotDo(f"{path} has no rows under a header: it needs a period and a value in each row")
    header = tuple(full[0])
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise CannotDo(f"{path} has two columns called {twice}: give each a name of its own")
    width = len(header)
    return ChartFile(path, header, tuple(tuple([*row, *[""] * width][:width]) for row in full[1:]))
