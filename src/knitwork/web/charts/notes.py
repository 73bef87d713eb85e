"""A table of improvement actions as CSV: `date,text,unit,measure` in, notes out, and a sentence for each bad row."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.web.charts.keep import check_day, note_of

COLUMNS = ("date", "text", "unit", "measure")
# What parts the cells: a spreadsheet that writes 0,5 for a half writes semicolons, and copied cells have tabs.
MARKS = (",", ";", "\t")
# A table of actions is written by people: one of more rows is another file.
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One row: what happened on a day in a unit, to one measure, or to all where `measure` is empty."""

    day: dt.date
    text: str
    unit: str
    measure: str = ""


def read_notes_csv(text: str, *, units: Collection[str], measures: Collection[str]) -> tuple[list[NoteRow], list[str]]:
    """Return the rows that can be taken, and for each that cannot a sentence that says which and why.

    Raises `CannotDo` where the table as a whole cannot be read.
    """
    text = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text), strict=True, delimiter=mark_of(text))
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as fault:
        raise CannotDo(_("This is no CSV (%(fault)s): save the table as CSV again.") % {"fault": fault}) from fault
    if not lines:
        raise CannotDo(_("The table is empty: its first row names the columns date, text, unit and measure."))
    if len(lines) > MOST_ROWS + 1:
        raise CannotDo(_("The table has more than %(n)s rows: cut it in parts.") % {"n": MOST_ROWS})
    head = [cell.strip().lower() for cell in lines[0][1]]
    for name in ("date", "text", "unit"):
        if name not in head:
            raise CannotDo(
                _("The table has no column “%(name)s”: name the columns in its first row, date,text,unit,measure.")
                % {"name": name}
            )
    if len(lines) == 1:
        raise CannotDo(_("The table has a first row and no other: write each action in a row below it."))
    taken, refused = [], []
    for number, line in lines[1:]:
        cells = dict(zip(head, (cell.strip() for cell in line), strict=False))
        try:
            taken.append(_row(cells, units=units, measures=measures))
        except CannotDo as why:
            refused.append(_("Row %(row)s: %(why)s") % {"row": number, "why": why})
    return taken, refused


def mark_of(text: str) -> str:
    r"""Return what parts the cells of a table: the mark that finds most of our columns in its first row.

    >>> mark_of("date,text,unit"), mark_of("date;text;unit"), mark_of("Date\ttext\tunit")
    (',', ';', '\t')
    """
    first = text.lstrip().partition("\n")[0].lower()
    return max(MARKS, key=lambda mark: sum(cell.strip(' "\r') in COLUMNS for cell in first.split(mark)))


def _row(cells: dict[str, str], *, units: Collection[str], measures: Collection[str]) -> NoteRow:
    unit, measure = cells.get("unit", ""), cells.get("measure", "")
    try:
        day = dt.date.fromisoformat(cells.get("date", ""))
    except ValueError as error:
        raise CannotDo(
            _("“%(text)s” is no date: write it like 2026-03-01.") % {"text": cells.get("date", "")}
        ) from error
    check_day(day)
    note = note_of(cells.get("text", ""))
    if unit not in units:
        raise CannotDo(
            _("There is no unit “%(unit)s”: write its code, as in the list of units below.") % {"unit": unit}
        )
    if measure and measure not in measures:
        raise CannotDo(
            _("There is no measure “%(measure)s”: write its code, as in the list below, or leave it empty for all.")
            % {"measure": measure}
        )
    return NoteRow(day, note, unit, measure)
