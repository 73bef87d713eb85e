"""Cut a file into its messages, whatever stands between them: batch headers, MLLP's frames, blank lines.

The file is read piece by piece, so that its size does not matter; a message longer than LONGEST is not kept.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from knitwork.intake.inbox import CHUNK, cannot_open

# No message of admissions, orders or documents is longer, unless it carries pictures.
LONGEST = 16 << 20
_BREAK = re.compile(rb"\r\n|[\r\n\x0b]")
_HEADER = re.compile(rb"[ \t]*(?:\xef\xbb\xbf)?(MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9\s]")
_HEADERS = re.compile(rb"(?:\A|(?<=[\r\n]))[ \t]*(?:\xef\xbb\xbf)?(MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9\s]")
# Looked for before the pattern above, as that is slow and most lines begin with none of these.
_FIRST = frozenset(b"MFB \t\xef")
_AROUND = b"\x0b\x1c\r\n\t \x00\xef\xbb\xbf"
_END = b"\x1c"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Cut:
    """One record of a file: a message, or what is none; `fault` is then the rule that it breaks."""

    payload: bytes
    fault: str = ""


@dataclass(slots=True)
class Batches:
    """What the trailers of batches say of the number of their messages: `wrong` counts those that say another."""

    messages: int = 0
    before: int = 0
    wrong: int = 0

    def header(self, name: bytes, line: bytes) -> None:
        """Take a line of a batch: only BHS and BTS say anything that matters."""
        if name == b"BTS":
            told = re.match(rb"\d{1,18}", line.lstrip(_AROUND)[4:])
            self.wrong += told is not None and int(told.group()) != self.messages - self.before
        if name in (b"BTS", b"BHS"):
            self.before = self.messages


@dataclass(slots=True)
class _Open:
    """The record that is being read: a message, or what stands where none has begun."""

    lines: list[bytes]
    is_message: bool = False
    length: int = 0

    def add(self, line: bytes) -> None:
        self.length += len(line) + 1
        if self.length <= LONGEST:
            self.lines.append(line)

    def cut(self) -> Cut | None:
        """Return the record, or None where nothing stands but what may stand round a message."""
        if self.is_message:
            return Cut(b"\r".join(self.lines)) if self.length <= LONGEST else Cut(b"", "too_long")
        return Cut(b"", "not_hl7") if any(line.strip(_AROUND) for line in self.lines) else None


def messages_in(path: Path, batches: Batches | None = None) -> Iterator[Cut]:
    """Yield the records of a plain file in order; raises Unreadable when the file cannot be opened."""
    counted = batches if batches is not None else Batches()
    now = _Open([])
    for lines in _lines(path):
        for line in lines:
            header = _HEADER.match(line) if line and line[0] in _FIRST else None
            if header is None and line != _END:
                now.add(line)
                continue
            if (done := now.cut()) is not None:
                yield done
            now = _Open([])
            if header is None:
                continue
            if header.group(1) == b"MSH":
                counted.messages += 1
                now.is_message = True
                now.add(line)
            else:
                counted.header(header.group(1), line)
    if (done := now.cut()) is not None:
        yield done


def parts_of(payload: bytes, most: int) -> list[bytes] | None:
    r"""Return what one frame holds, cut where a message or the header of a batch begins; None where that is more than `most`.

    A frame of one message is one part, as it came. Headers of batches are left out, whatever else stands outside of
    messages is a part of its own: nothing that a sender is told was taken may be lost.

    >>> parts_of(b"BHS|^~\\&\rMSH|^~\\&|1\rMSH|^~\\&|2\rBTS|2\r", 10)
    [b'MSH|^~\\&|1\r', b'MSH|^~\\&|2\r']
    """
    found = list(islice(_HEADERS.finditer(payload), most + 4))
    if not found or (
        len(found) == 1 and found[0].group(1) == b"MSH" and not payload[: found[0].start()].strip(_AROUND)
    ):
        return [payload]
    if len(found) > most:
        return None
    begins = [match.start(1) for match in found]
    pieces = [(b"", payload[: begins[0]])]
    pieces += [
        (match.group(1), payload[start:end])
        for match, start, end in zip(found, begins, [*begins[1:], len(payload)], strict=True)
    ]
    kept: list[bytes] = []
    for name, piece in pieces:
        # Behind the line of a batch's header stands what belongs to nothing.
        part = piece if name in (b"", b"MSH") else b"".join(_BREAK.split(piece, maxsplit=1)[1:])
        if part.strip(_AROUND):
            kept.append(part)
    return kept or [payload]


def _lines(path: Path) -> Iterator[list[bytes]]:
    """Yield a file's lines, many at a time; the sign that ends a frame is a line of its own."""
    held = b""
    for chunk in _chunks(path):
        held += chunk.replace(_END, b"\r\x1c\r")
        # What may be half of a line's end waits for the other half.
        after = b"\r" if held.endswith(b"\r") else b""
        lines = _BREAK.split(held[:-1] if after else held)
        held = lines.pop() + after
        yield lines
        if len(held) > LONGEST:
            yield [held[:LONGEST]]
            held = b""
    if held:
        yield _BREAK.split(held)


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in an encoding that keeps ASCII."""
    try:
        with path.open("rb") as source:
            head = source.read(2)
            wide = _WIDE.get(head)
            if wide is None:
                yield head
                yield from iter(lambda: source.read(CHUNK), b"")
                return
            decoder = codecs.getincrementaldecoder(wide)(errors="replace")
            for chunk in iter(lambda: source.read(CHUNK), b""):
                yield decoder.decode(chunk).encode()
    except OSError as problem:
        raise cannot_open(path, problem) from None
