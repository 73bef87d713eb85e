"""A message that waits as a page shows it: as text that can be changed, and segment by segment with its fault marked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knitwork.intake.formats.hl7v2.message import parse
from knitwork.model.errors import CannotDo, Unreadable

# How reasons name a field: PID-3.
_FIELD = re.compile(r"\b([A-Z][A-Z0-9]{2})-(\d{1,3})\b")
# Keeps every byte, whatever it means.
_ANY = "latin-1"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a segment: its number, its raw text, the sign before it, and whether the reason names it."""

    number: int
    text: str
    sign: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message; `marked` says that the reason names a field of it."""

    name: str
    fields: tuple[Field, ...]
    marked: bool


def charset_of(payload: bytes) -> str:
    """Return the encoding in which a payload can be shown and given back byte by byte."""
    try:
        charset = parse(payload).charset
        return charset if payload.decode(charset).encode(charset) == payload else _ANY
    except (Unreadable, UnicodeError, LookupError):
        return _ANY


def text_of(payload: bytes) -> str:
    """Return a message as lines of text."""
    return "\n".join(_lines(payload.decode(charset_of(payload))))


def payload_of(text: str, old: bytes) -> bytes:
    """Return the bytes of a changed text in the encoding of the original; the original where nothing was changed.

    Raises CannotDo where the encoding has no such letter.
    """
    if _lines(text) == text_of(old).split("\n"):
        return old
    try:
        return "\r".join(_lines(text)).encode(charset_of(old))
    except UnicodeError as problem:
        raise CannotDo(
            "a letter that was typed does not exist in the encoding of the message: write it plainly"
        ) from problem


def segments(payload: bytes, reason: str) -> list[Segment]:
    """Return the segments of a message, the fields that `reason` names marked, also where they are missing."""
    text = payload.decode(charset_of(payload))
    sign = text[3] if text.startswith("MSH") and len(text) > 3 else "|"
    named = {(name, int(number)) for name, number in _FIELD.findall(reason)}
    return [_segment(line, sign, named) for line in _lines(text) if line]


def _segment(line: str, sign: str, named: set[tuple[str, int]]) -> Segment:
    name, *texts = line.split(sign)
    # The first field of MSH is the sign itself.
    first = 2 if name == "MSH" else 1
    wanted = {number for segment, number in named if segment == name}
    texts += [""] * (max(wanted, default=0) - first + 1 - len(texts))
    fields = tuple(Field(n, text, sign, n in wanted) for n, text in enumerate(texts, start=first))
    return Segment(name, fields, bool(wanted))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
