"""One HL7 v2 message: from bytes to segments, fields, repetitions, components and sub-components.

Only what is asked for is split, because a message has hundreds of fields and we read thirty. Text is unescaped when it
is read, and two double quotes, by which a sender deletes a value, are read as nothing.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from knitwork.model.errors import Unreadable

Fields = list[str]

# What may stand round a message and is no part of it: MLLP's frame, line ends, padding and the mark of UTF-8.
_AROUND = b"\x0b\x1c\r\n\t \x00"
_MARK = codecs.BOM_UTF8
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
# HL7 table 0211, as Python names them. What is not in it is found out from the bytes.
_CHARSETS = {
    "ASCII": "ascii", "8859/1": "cp1252", "8859/2": "iso8859-2", "8859/3": "iso8859-3", "8859/4": "iso8859-4",
    "8859/5": "iso8859-5", "8859/6": "iso8859-6", "8859/7": "iso8859-7", "8859/8": "iso8859-8",
    "8859/9": "iso8859-9", "8859/15": "iso8859-15", "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    "UTF8": "utf-8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marks:
    """The five signs by which a message is divided, as MSH-1 and MSH-2 give them; empty where it has none."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that begins with MSH: its lines in order, and the signs that divide them.

    `charset` is how its bytes were read and `lied` that MSH-18 said otherwise. `stray` counts lines that are no
    segments. `fault` says in a sentence why nothing can be read from it, if so.
    """

    lines: tuple[str, ...]
    marks: Marks
    charset: str
    lied: bool
    stray: int
    fault: str | None

    def first(self, name: str) -> Fields | None:
        """Return the fields of the first segment of this name, numbered as HL7 does; 0 is the name."""
        for line in self.lines:
            if line.startswith(name):
                return self.fields(line)
        return None

    def each(self, *names: str) -> Iterator[Fields]:
        """Yield the segments of these names in the order in which they stand; all of them without a name."""
        for line in self.lines:
            if not names or line[:3] in names:
                yield self.fields(line)

    def fields(self, line: str) -> Fields:
        """Return the fields of a line. The first field of MSH is the sign that divides it."""
        found = line.split(self.marks.field)
        if line.startswith("MSH"):
            found.insert(1, self.marks.field)
        return found

    def repetitions(self, segment: Fields | None, number: int) -> list[str]:
        """Return the raw repetitions of a field that hold anything."""
        if segment is None or number >= len(segment) or not segment[number]:
            return []
        sign = self.marks.repetition
        return [text for text in (segment[number].split(sign) if sign else [segment[number]]) if text]

    def part(self, segment: Fields | None, number: int, component: int = 1, sub: int = 1) -> str | None:
        """Return a component of the first repetition of a field, unescaped; None where it is empty."""
        if segment is None or number >= len(segment):
            return None
        text = segment[number]
        if not text:
            return None
        sign = self.marks.repetition
        if sign and sign in text:
            text = text[: text.index(sign)]
        return self.piece(text, component, sub)

    def piece(self, text: str, component: int = 1, sub: int = 1) -> str | None:
        """Return a component of one repetition, unescaped; None where it is empty."""
        for sign, wanted in ((self.marks.component, component), (self.marks.sub, sub)):
            if sign and sign in text:
                pieces = text.split(sign, wanted)
                if wanted > len(pieces):
                    return None
                text = pieces[wanted - 1]
            elif wanted > 1:
                return None
        escape = self.marks.escape
        if escape and escape in text:
            text = unescaped(text, self.marks, self.charset)
        text = text.strip()
        return None if not text or text == '""' else text


def parse(payload: bytes) -> Message:
    """Read one message; raise Unreadable where it does not begin with MSH."""
    raw = trimmed(payload)
    if not raw.startswith(b"MSH"):
        raise Unreadable("this is no HL7 v2 message, as it does not begin with MSH: send one that does")
    zeros = b"\x00" in raw
    marks, fault = _marks(raw)
    text, charset, lied = _decoded(raw, marks)
    if zeros:
        fault = fault or "it holds zero bytes: it was damaged on the way, so have it sent again"
    lines = text.replace("\r\n", "\r").replace("\n", "\r").split("\r")
    kept = tuple(line for line in lines if _is_segment(line, marks))
    stray = sum(1 for line in lines if line.strip()) - len(kept)
    return Message(kept, marks, charset, lied, stray, fault)


def trimmed(payload: bytes) -> bytes:
    """Return a message without its frame, padding and mark, in an encoding that keeps ASCII."""
    if payload.startswith(_WIDE_MARKS):
        payload = payload.decode("utf-16", errors="replace").encode()
    raw = payload.strip(_AROUND)
    return raw[len(_MARK) :].lstrip(_AROUND) if raw.startswith(_MARK) else raw


def digest(payload: bytes) -> str:
    """Return the SHA-256 of a message, the same however it was framed and its segments ended."""
    raw = trimmed(payload)
    if b"\n" in raw:
        raw = raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    return hashlib.sha256(raw).hexdigest()


def unescaped(text: str, marks: Marks, charset: str = "utf-8") -> str:
    r"""Return `text` with its escapes resolved: \F\ \S\ \R\ \E\ \T\, \X..\ and line breaks; others stay as they are.

    >>> unescaped(r"3 North \T\ East\.br\bed 4", Marks())
    '3 North & East\nbed 4'
    """
    signs = {
        "F": marks.field, "S": marks.component, "R": marks.repetition, "E": marks.escape, "T": marks.sub,
        "H": "", "N": "", ".br": "\n", ".sp": "\n",
    }  # fmt: skip

    def resolved(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in signs:
            return signs[code]
        if code.startswith("X"):
            try:
                return bytes.fromhex(code[1:]).decode(charset)
            except (ValueError, LookupError):
                return match.group(0)
        return match.group(0)

    return _escapes(marks.escape).sub(resolved, text)


def escaped(text: str, marks: Marks = Marks()) -> str:
    r"""Return `text` as it may stand in a component.

    >>> escaped("3 North & East")
    '3 North \\T\\ East'
    """
    signs = {
        marks.escape: "E", marks.field: "F", marks.component: "S", marks.repetition: "R", marks.sub: "T",
        "\r": "X0D", "\n": "X0A",
    }  # fmt: skip
    return "".join(f"{marks.escape}{signs[c]}{marks.escape}" if c in signs else c for c in text)


@lru_cache(maxsize=64)
def _escapes(sign: str) -> re.Pattern[str]:
    quoted = re.escape(sign)
    return re.compile(f"{quoted}([^{quoted}\r\n]{{1,200}}){quoted}")


def _is_segment(line: str, marks: Marks) -> bool:
    return _NAME.match(line) is not None and (len(line) == 3 or line[3] == marks.field)


@lru_cache(maxsize=256)
def _signs(field: str, others: str) -> tuple[Marks, str | None]:
    """Return the signs of a message, and why they cannot be used."""
    marks = Marks(field, *(others[place : place + 1] for place in range(4)))
    given = [field, *others[:4]]
    bad = [sign for sign in given if sign.isalnum() or not sign.isprintable()]
    if not others:
        return Marks(field if not bad else "|"), "MSH-2 is empty: it names the signs by which a message is divided"
    if bad or len(set(given)) < len(given):
        return Marks(), "MSH-1 and MSH-2 do not name signs by which a message can be divided"
    return marks, None


def _marks(raw: bytes) -> tuple[Marks, str | None]:
    head = raw[3:12].decode("ascii", errors="replace")
    if not head:
        return Marks(), "it ends after its first three letters: it was cut off"
    return _signs(head[0], re.split("[\r\n]", head[1:].split(head[0], 1)[0], maxsplit=1)[0])


def _decoded(raw: bytes, marks: Marks) -> tuple[str, str, bool]:
    """Return the text, how it was read, and whether MSH-18 said otherwise.

    What is good UTF-8 is that, whatever was said, as no other text looks like it by chance; what is not never is.
    """
    if raw.isascii():
        return raw.decode("ascii"), "ascii", False
    said = _said_charset(raw, marks)
    try:
        return raw.decode("utf-8"), "utf-8", said not in (None, "utf-8")
    except UnicodeDecodeError:
        pass
    for charset in (said, "cp1252"):
        if charset not in (None, "utf-8", "ascii"):
            try:
                return raw.decode(charset), charset, charset != (said or charset)
            except UnicodeDecodeError:
                continue
    return raw.decode("latin-1"), "latin-1", said is not None


def _said_charset(raw: bytes, marks: Marks) -> str | None:
    """Return what MSH-18 names, of several the first; None where it names nothing that is known."""
    line = re.split(b"[\r\n]", raw, maxsplit=1)[0].decode("latin-1").split(marks.field)
    if len(line) < 18:
        return None
    first = line[17].split(marks.repetition)[0] if marks.repetition else line[17]
    return _CHARSETS.get(first.strip().upper().removeprefix("ISO ").replace("8859-", "8859/"))
