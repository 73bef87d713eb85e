"""What a load noted about a file, said in the reader's language.

Notes are kept with a delivery as sentences in English, as the command line shows them. Those that a page shows are
known here by their shape; any other stands as it was written.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knitwork.web import note_shapes, say

ORDER = r"(?P<order>day, month, year|month, day, year|year, month, day)"
SHAPES = (
    (
        rf"dates were read as {ORDER}: in (?P<n>[\d,]+) values the first number is over 12",
        gettext_lazy("Dates were read as %(order)s: in %(n)s values the first number is over 12."),
    ),
    (
        rf"dates were read as {ORDER}: in (?P<n>[\d,]+) values the second number is over 12",
        gettext_lazy("Dates were read as %(order)s: in %(n)s values the second number is over 12."),
    ),
    (
        rf"dates were read as {ORDER}: in (?P<n>[\d,]+) more rows the start is then before the end",
        gettext_lazy("Dates were read as %(order)s: in %(n)s more rows the start is then before the end."),
    ),
    (
        rf"dates were read as {ORDER}, as the profile says",
        gettext_lazy("Dates were read as %(order)s, as the profile says."),
    ),
    (
        rf"dates were read as {ORDER} with a year of two digits: the first number goes over 31",
        gettext_lazy("Dates were read as %(order)s with a year of two digits: the first number goes over 31."),
    ),
    (
        r"each extract of this feed holds everything, and nobody said when this one was made: .*",
        gettext_lazy(
            "Each extract of this feed holds everything, and nobody said when this one was made: it counts as older "
            "than all that say so."
        ),
    ),
    (
        r"the start times were read as (?P<form>.+)",
        gettext_lazy("The times of the starts were read as %(form)s."),
    ),
    (
        r"the end times were read as (?P<form>.+)",
        gettext_lazy("The times of the ends were read as %(form)s."),
    ),
    (
        r"(?P<file>.+): the sheet '(?P<sheet>.*)' was read",
        gettext_lazy("%(file)s: the sheet “%(sheet)s” was read."),
    ),
    (
        r"(?P<file>.+) is written in (?P<encoding>\S+)",
        gettext_lazy("%(file)s is written in %(encoding)s."),
    ),
)
FORMS = {
    "day, month, year": gettext_lazy("day, month, year"),
    "month, day, year": gettext_lazy("month, day, year"),
    "year, month, day": gettext_lazy("year, month, day"),
    "digits only, year first": gettext_lazy("digits only, year first"),
    "with the name of the month": gettext_lazy("with the name of the month"),
    "serial numbers of a workbook": gettext_lazy("serial numbers of a workbook"),
}
FIELDS = {
    "patient": gettext_lazy("patient"),
    "unit": gettext_lazy("unit"),
    "start": gettext_lazy("start"),
    "end": gettext_lazy("end"),
    "row": gettext_lazy("row"),
}
# Why a row was refused, with its values: the shapes that `intake.formats.csv.rules` writes.
REFUSED = (
    (
        r"the patient is empty; start (?P<start>.*), end (?P<end>.*)",
        gettext_lazy("the patient is empty; start %(start)s, end %(end)s"),
    ),
    (
        r"the unit is empty; start (?P<start>.*), end (?P<end>.*)",
        gettext_lazy("the unit is empty; start %(start)s, end %(end)s"),
    ),
    (r"the start is empty; end (?P<end>.*)", gettext_lazy("the start is empty; end %(end)s")),
    (
        r"the start (?P<start>.*) is not a time; end (?P<end>.*)",
        gettext_lazy("the start %(start)s is not a time; end %(end)s"),
    ),
    (
        r"the start (?P<start>.*) is a made-up date; end (?P<end>.*)",
        gettext_lazy("the start %(start)s is a made-up date; end %(end)s"),
    ),
    (
        r"the end (?P<end>.*) is not a time; start (?P<start>.*)",
        gettext_lazy("the end %(end)s is not a time; start %(start)s"),
    ),
    (
        r"the end (?P<end>.*) is a made-up date; start (?P<start>.*)",
        gettext_lazy("the end %(end)s is a made-up date; start %(start)s"),
    ),
    (
        r"the end (?P<end>.*) is before the start (?P<start>.*)",
        gettext_lazy("the end %(end)s is before the start %(start)s"),
    ),
)
_REFUSED = tuple((re.compile(shape), text) for shape, text in REFUSED)
_SHAPES = tuple((re.compile(shape), text) for shape, text in SHAPES)


def told(note: str) -> str:
    """Return a note of a load as a sentence, in the reader's language where its shape is known."""
    for shape, text in _SHAPES:
        found = shape.fullmatch(note.removesuffix("."))
        if found:
            return str(text) % {name: str(FORMS.get(value, value)) for name, value in found.groupdict().items()}
    said = note_shapes.said(note.removesuffix("."), say.count)
    if said is not None:
        return said
    return note[:1].upper() + note[1:] + ("" if note.endswith(".") else ".")


def refused(message: str) -> str:
    """Return why a row was refused, in the reader's language where its shape is known."""
    for shape, text in _REFUSED:
        found = shape.fullmatch(message)
        if found:
            empty = {"(empty)": _("(empty)")}
            return str(text) % {name: empty.get(value, value) for name, value in found.groupdict().items()}
    return message


def field_name(field: str) -> str:
    """Return which column of a refused row was at fault."""
    return str(FIELDS.get(field, field))
