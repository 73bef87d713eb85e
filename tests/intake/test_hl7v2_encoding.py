"""The letters of a message: read as they were written, whatever MSH-18 says of them, and said where the two differ."""

from __future__ import annotations

import codecs

import pytest

from knitwork.intake.formats.hl7v2.rows import rows_of

UNIT = "Süd–Öst"  # the dash is in Windows-1252 and not in Latin-1


def message(said: str, unit: str = UNIT) -> str:
    return "\r".join([
        f"MSH|^~\\&|EHR|NORTH|KW|NORTH|20260301080000+0000||ADT^A01|1|P|2.5|||||DE|{said}",
        "EVN|A01|20260301080000+0000", "PID|1||P1^^^N^MR", f"PV1|1|I|{unit}^1^2||||||||||||||||V1",
    ]) + "\r"  # fmt: skip


def unit_of(payload: bytes) -> tuple[str, bool]:
    """Return the unit that was read, and whether the message was said to lie about its letters."""
    told = rows_of(payload)
    assert told.problem is None
    (move,) = told.tables["landed_move"]
    return move["unit"], any("MSH-18" in note for note in told.notes)


@pytest.mark.parametrize(
    ("said", "encoding", "lied"),
    [
        ("", "utf-8", False),
        ("UNICODE UTF-8", "utf-8", False),
        ("8859/1", "utf-8", True),
        ("ASCII", "utf-8", True),
        ("8859/1", "cp1252", False),
        ("", "cp1252", False),
        ("UNICODE UTF-8", "cp1252", True),
        ("8859/15~UNICODE UTF-8", "utf-8", True),
        ("some code of ours", "utf-8", False),
    ],
)
def test_letters_are_read_as_they_were_written_and_a_lie_is_said(said, encoding, lied):
    assert unit_of(message(said).encode(encoding)) == (UNIT, lied)


def test_another_alphabet_is_read_by_what_the_sender_says():
    assert unit_of(message("8859/5", "Отделение 7").encode("iso8859-5")) == ("Отделение 7", False)
    assert unit_of(message("8859/7", "Κλινική").encode("iso8859-7")) == ("Κλινική", False)


@pytest.mark.parametrize("before", [b"", codecs.BOM_UTF8, b"\x0b", b"\r\n\x00"])
def test_what_stands_before_the_message_is_no_part_of_it(before):
    assert unit_of(before + message("").encode()) == (UNIT, False)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_message_in_utf_16_is_read_by_its_mark(mark):
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"

    assert unit_of(mark + message("").encode(encoding))[0] == UNIT
