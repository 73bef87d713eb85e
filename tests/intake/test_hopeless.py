"""Inputs that cannot be used: one clear sentence each, with a way out."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from knitwork.intake.formats import files_in, guess, land, open_delivery
from knitwork.intake.formats.csv.read import clear
from knitwork.intake.inbox import Inbox
from knitwork.model.errors import CannotDo

from .conftest import NOON
from .test_csv import HEAD, ROWS, try_to_land, workbook


def zipped(*, level: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def encrypted() -> bytes:
    content = bytearray(zipped(stays=(HEAD + ROWS).encode()))
    content[6] |= 1  # the flag of the member and of the directory: protected by a password
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def corrupt() -> bytes:
    content = bytearray(zipped(level=zipfile.ZIP_STORED, stays=(HEAD + ROWS).encode()))
    content[60] ^= 0xFF
    return bytes(content)


HOPELESS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "only spaces": (b"  \n\n", "is empty"),
    "a header and no rows": (HEAD.encode(), "a header and no rows"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture"),
    "a PDF": (b"%PDF-1.7\n...", "a PDF"),
    "zero bytes": (b"patient,unit,start\n\0\0\0,A,2024-01-01\n", "zero bytes"),
    "UTF-16 without a mark": ((HEAD + ROWS).encode("utf-16-le"), "zero bytes"),
    "bytes of no encoding": (HEAD.encode() + b"P,\x81\x8d,2024-01-01,\n", "neither UTF-8 nor Windows-1252"),
    "two encodings": ((HEAD + "P,é,2024-01-01,\n").encode() + "Q,é,2024-01-01,\n".encode("latin-1"), "seems to mix"),
    "no header": (b"1,A,2024-01-01,2024-01-02\n2,B,2024-01-01,2024-01-03\n", "no header line"),
    "one column": (b"patient\n1\n2\n", "is not a table"),
    "prose": (b"Dear colleague\nplease find attached\n", "is not a table"),
    "no patient": (b"unit,start,end\nA,2024-01-01,2024-01-02\n", "no column for the patient was found among 'unit'"),
    "no start": (b"patient,unit,colour\nP,A,red\n", "no column for the start"),
    "a doubled header": (b"patient,unit,start,start\nP,A,2024-01-01,2024-01-02\n", "stands 2 times in the header"),
    "all rows rejected": (HEAD.encode() + b"P,A,never,\nQ,B,ever,\n", "none of its 2 rows can be used"),
    "either order of dates": (HEAD.encode() + b"P,A,01/02/2024,\n", "set date_order to dmy or mdy"),
    "JSON": (b'{"resourceType": "Bundle"}', "is JSON"),
    "XML": (b"<?xml version='1.0'?><x/>", "is XML"),
    "HL7": (b"MSH|^~\\&|A|B\rPID|1\r", "HL7 v2"),
    "a cut gz": (gzip.compress((HEAD + ROWS * 50).encode())[:60], "cut off or damaged"),
    "a gz of nothing": (gzip.compress(b""), "is empty"),
    "an encrypted zip": (encrypted(), "protected by a password"),
    "a corrupt zip": (corrupt(), "damaged zip"),
    "half a zip": (zipped(stays=(HEAD + ROWS).encode())[:80], "damaged zip"),
    "a zip in a zip": (zipped(inner=zipped(stays=HEAD.encode())), "packed inside a zip"),
    "a gz in a gz": (gzip.compress(gzip.compress(b"x")), "packed twice"),
    "an empty zip": (zipped(), "no file in it"),
    "a zip bomb": (zipped(bomb=bytes(60 << 20)), "zip bomb"),
    "a gz bomb": (gzip.compress(b"a" * (60 << 20)), "zip bomb"),
    "a workbook without stays": (workbook({"S": [["colour", "taste"], ["red", "sweet"]]}), "no sheet with a header"),
    "a workbook that is none": (
        zipped(**{"xl/workbook.xml": b"<x", "[Content_Types].xml": b""}),
        "could not be opened as a workbook",
    ),
    "a million columns": ((",".join(["patient", "unit", "start"] * 20_000) + "\n").encode(), "columns"),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_a_hopeless_input_gets_one_sentence_and_changes_nothing(engine, tmp_path, case):
    content, words = HOPELESS[case]
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    clear(engine)

    with pytest.raises(CannotDo, match=words) as caught:
        land(engine, path, guess(path, name="file.bin"), feed="f", delivery="d" * 64, name="file.bin")

    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith("file.bin")
    assert len(sentence) < 600
    assert [p.name for p in tmp_path.iterdir()] == ["file.bin"]
    left = {row[0] for row in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert not left & {"rejected", "landing"}


def test_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(CannotDo, match="does not exist"):
        files_in(tmp_path / "none.csv")
    with pytest.raises(CannotDo, match="does not exist"):
        Inbox(tmp_path / "inbox").take(tmp_path / "none.csv", feed="f", received_at=NOON)


def test_a_folder_with_nothing_usable(tmp_path):
    with pytest.raises(CannotDo, match="no files"):
        files_in(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(CannotDo, match="none of which can be read"):
        files_in(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text(HEAD)
    path.chmod(0)
    with pytest.raises(CannotDo, match="may not be read"):
        guess(path, name="secret.csv")


def test_a_format_that_is_not_known(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(HEAD)
    assert open_delivery(path).name == "csv"
    with pytest.raises(CannotDo, match="'fax' is not known"):
        open_delivery(path, format="fax")


def test_a_name_that_looks_like_a_pattern_is_a_name(engine, tmp_path):
    path: Path = tmp_path / "stays [new]*.csv"
    path.write_text(HEAD + ROWS)

    report = land(engine, path, guess(path, name=path.name), feed="f", delivery="d" * 64)

    assert report.landed == 2


def test_a_zip_that_lies_about_its_sizes_does_no_harm(engine, tmp_path):
    content = bytearray(zipped(stays=(HEAD + ROWS).encode()))
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 0xFFFFFFF0)
    try_to_land(engine, tmp_path, bytes(content))


def test_of_a_damaged_zip_nothing_is_quoted(engine, tmp_path):
    content = bytearray(zipped(level=zipfile.ZIP_STORED, stays=(HEAD + "4711-88,ED,2024-01-01,\n").encode()))
    content[26] += 30  # the length of the name in the member's own header: what follows it is the first row
    path = tmp_path / "file.zip"
    path.write_bytes(content)

    with pytest.raises(CannotDo, match="is a damaged zip") as fault:
        land(engine, path, guess(path, name="file.zip"), feed="f", delivery="d" * 64, name="file.zip")
    assert "4711" not in str(fault.value)
