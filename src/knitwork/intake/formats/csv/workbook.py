"""From an xlsx workbook to a plain table: the first sheet whose header fits."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import python_calamine

from knitwork.intake.formats.csv.columns import plain, score
from knitwork.model.errors import Unreadable

HEADER_WITHIN = 20
Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def as_csv(path: Path, *, name: str, work: Path, named: Iterable[str] = ()) -> tuple[Path, str]:
    """Write the sheet that fits as CSV, header first, and return it with the sheet's name.

    Rows keep their places: an empty row stays an (empty) row, so that row numbers are the sheet's.
    """
    wanted = {plain(column) for column in named}
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        best: tuple[int, str, list[list[Cell]]] | None = None
        for sheet in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
            place, hits = _header(rows, wanted)
            if place is not None and (best is None or hits > best[0]):
                best = (hits, sheet, rows[place:])
            if best is not None and best[0] >= 3:
                break
    except Unreadable:
        raise
    except Exception as problem:  # the reader has a dozen error types without a common parent
        raise Unreadable(
            f"{name} could not be opened as a workbook ({str(problem)[:80]}): save it again as xlsx without a "
            "password, or as CSV"
        ) from None
    if best is None:
        raise Unreadable(
            f"{name} has no sheet with a header that fits: put the names of the columns, such as patient, unit, "
            "start and end, in the first row of a sheet"
        )
    _, sheet, rows = best
    target = work / f"sheet-{path.name}.csv"
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        for row in rows:
            writer.writerow([shown(cell) for cell in row])
    return target, sheet


def shown(cell: Cell) -> str:
    """Return a cell as text: times in ISO 8601, whole numbers without a decimal point."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        # A cell formatted as a date has no time of day: do not invent midnight.
        return cell.isoformat(sep=" ", timespec="seconds" if not cell.microsecond else "microseconds")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _header(rows: list[list[Cell]], wanted: set[str]) -> tuple[int | None, int]:
    best: tuple[int | None, int] = (None, 0)
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        cells = [shown(cell) for cell in row]
        hits = score(cells) + 10 * len(wanted.intersection(plain(cell) for cell in cells))
        if hits > best[1]:
            best = (place, hits)
    return best if best[1] >= 2 else (None, 0)
