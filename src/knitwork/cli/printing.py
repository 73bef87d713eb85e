"""How commands print: tables with units for people, csv and json for machines."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 240
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Format(StrEnum):
    """How to print."""

    table = "table"
    csv = "csv"
    json = "json"


def console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def iso(us: int | None, zone: dt.tzinfo = dt.UTC) -> str | None:
    """Return an instant as ISO 8601 with its offset.

    >>> iso(0), iso(None)
    ('1970-01-01T00:00:00+00:00', None)
    """
    if us is None:
        return None
    moment = (EPOCH + dt.timedelta(microseconds=us)).astimezone(zone)
    return moment.isoformat(timespec="auto")


def counted(number: int, one: str, several: str) -> str:
    """Return a number with what is counted, one or several of it.

    >>> counted(1, "row", "rows"), counted(12_000, "row", "rows")
    ('1 row', '12,000 rows')
    """
    return f"{number:,} {one if number == 1 else several}"


def show(
    rows: Iterable[dict[str, Any]], columns: Sequence[str], how: Format, *, empty: str = "Nothing to show."
) -> None:
    """Print rows. Columns stand in the given order; an unknown value is empty, in json null."""
    found = list(rows)
    if how is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        for row in found:
            writer.writerow(["" if row.get(c) is None else _csv(row[c]) for c in columns])
    elif how is Format.json:
        json.dump([{c: _plain(row.get(c)) for c in columns} for row in found], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif not found:
        console().print(empty, markup=False)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            number = all(isinstance(r.get(column), int | float) or r.get(column) is None for r in found)
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in found:
            table.add_row(*[_text(row.get(c)) for c in columns])
        # A pipe has no width; a narrow one would break every cell.
        Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _csv(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 9)
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def say(sentence: str) -> None:
    """Print one sentence for a person."""
    console().print(sentence, markup=False)


def sentences(lines: Iterable[str]) -> None:
    for line in lines:
        console().print(f"  - {line}", markup=False)
