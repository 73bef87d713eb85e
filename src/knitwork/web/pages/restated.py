"""What a page says of numbers that were told otherwise once: what was told, until when, and why it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.web import present, say
from knitwork.web.definitions import Definition
from knitwork.web.pages.around import Place
from knitwork.web.source import Source


@dataclass(frozen=True, slots=True)
class Restated:
    """The words for each restated period, by its first day, and the values that were told of those that had one."""

    words: Mapping[int, str]
    was: Mapping[int, float]

    def drawn(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
        """Return what was told by the position of its period among the rows that are drawn."""
        return {at: self.was[row["start_day"]] for at, row in enumerate(rows) if row["start_day"] in self.was}

    def sentence(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Say how many of the periods that are drawn were told otherwise once; nothing where none was."""
        number = sum(row["start_day"] in self.words for row in rows)
        if not number:
            return ""
        text = ngettext(
            "%(n)s number here was another one when it was first told: the table below says which.",
            "%(n)s numbers here were others when they were first told: the table below says which.",
            number,
        )
        said = text % {"n": say.count(number)}
        ring = _("An open ring shows where a point stood.")
        return f"{said} {ring}" if self.drawn(rows) else said


NOTHING = Restated({}, {})


def of(source: Source, at: Place, definition: Definition, period: str, *, hide: bool, decimals: int) -> Restated:
    """Return what was told otherwise of a measure of a unit; with `hide` only when it changed, and no number.

    From two numbers of one period one could tell that a single patient was added.
    """
    found = source.answers.restated(definition.id, at.code, at.level, period)
    words, was = {}, {}
    for start, row in found.items():
        told = {"day": say.day(row["first_us"], source.tz), "value": present.value_of(definition, row, decimals)}
        if hide:
            text = _("changed on %(day)s")
        elif row["value"] is None:
            text = _("there was no number until %(day)s")
        else:
            text = _("was %(value)s until %(day)s")
            was[start] = float(row["value"])
        words[start] = text % told
        if row["why"] != "records":
            words[start] += _(", when units, settings or Knitwork itself changed")
    return Restated(words, was)
