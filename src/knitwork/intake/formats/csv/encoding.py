"""From bytes to UTF-8, in a stream: finds out how a file is written and says what it found.

UTF-8 is checked over the whole file. What is not UTF-8 and has no mark is Windows-1252, of
which Latin-1 text is a part; a file that mixes the two is refused, because half of its names
would be garbled silently.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from knitwork.intake.inbox import CHUNK
from knitwork.model.errors import Unreadable

_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}")


def as_utf8(path: Path, *, name: str, work: Path, wanted: str | None = None) -> tuple[Path, str]:
    """Return a path to the same text in UTF-8 and the name of the encoding it came in."""
    with path.open("rb") as source:
        head = source.read(4)
    wanted = wanted.lower() if wanted else None
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise Unreadable(f"{name} is written in UTF-32: save it as CSV UTF-8")
    if wanted is None and head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        wanted = "utf-16"
    if wanted in (None, "utf-8"):
        fault = first_fault(path, name=name)
        if fault is None:
            return path, "utf-8"
        if wanted == "utf-8":
            raise Unreadable(f"{name} is not UTF-8 (byte {fault:,}): set 'encoding' in the feed's profile")
        wanted = _one_byte_encoding(path, name=name)
    target = work / f"utf8-{path.name}"
    _transcode(path, target, encoding=wanted, name=name)
    return target, wanted


def first_fault(path: Path, *, name: str) -> int | None:
    """Return where the file stops being UTF-8, or None if it never does; refuses zero bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            if b"\0" in chunk:
                raise Unreadable(
                    f"{name} holds zero bytes (the first at byte {position + chunk.index(0) + 1:,}), "
                    "which no text has: save it as CSV UTF-8"
                )
            # Plain ASCII, when nothing is pending, needs no decoding: ten times faster.
            if not (chunk.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as problem:
                    return position + problem.start + 1
            position += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return position
    return None


def _one_byte_encoding(path: Path, *, name: str) -> str:
    mixed = False
    windows_only = False
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            if chunk.isascii():
                continue
            mixed = mixed or bool(_UTF8_SEQUENCE.search(chunk))
            windows_only = windows_only or bool(re.search(rb"[\x80-\x9f]", chunk))
            try:
                chunk.decode("cp1252")
            except UnicodeDecodeError as problem:
                raise Unreadable(
                    f"{name} is neither UTF-8 nor Windows-1252 (byte 0x{chunk[problem.start]:02x}): "
                    "save it as CSV UTF-8, or set 'encoding' in the feed's profile"
                ) from None
    if mixed:
        raise Unreadable(
            f"{name} seems to mix UTF-8 and Windows-1252, so that some names would be garbled: "
            "save it as CSV UTF-8, or set 'encoding' in the feed's profile"
        )
    return "cp1252" if windows_only else "latin-1"


def _transcode(path: Path, target: Path, *, encoding: str, name: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source, target.open("wb") as out:
        while True:
            chunk = source.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
                if "\0" in text:
                    raise Unreadable(f"{name} holds zero characters, which no text has: save it as CSV UTF-8")
                out.write(text.encode("utf-8"))
            except UnicodeError:
                raise Unreadable(
                    f"{name} could not be read as {encoding}: save it as CSV UTF-8, or set 'encoding' in the profile"
                ) from None
            if not chunk:
                return
