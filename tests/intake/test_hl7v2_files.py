"""Files of HL7 v2 messages: whatever stands between the messages, each is read, and none stops the others."""

from __future__ import annotations

import codecs
import gzip
import zipfile

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.fold import Move, fold_visit, visits_of
from knitwork.intake.formats import open_delivery
from knitwork.intake.formats.hl7v2 import cut as cutting
from knitwork.intake.formats.hl7v2.cut import Batches, messages_in
from knitwork.intake.formats.hl7v2.message import digest
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.formats.hl7v2.write import write
from knitwork.intake.writing import held
from knitwork.model.errors import CannotDo, Unreadable

from .known import Landed, us

A01 = (
    "MSH|^~\\&|ADT|H|||202603010801+0000||ADT^A01|1|P|2.5\rEVN||202603010801+0000\r"
    "PID|||P1^^^H^MR\rPV1||I|ED^^1^H||||||||||||||||V1\r"
)
A02 = A01.replace("A01", "A02").replace("|1|P", "|2|P").replace("ED^^1", "W7^^2").replace("0801", "1015")
A03 = A02.replace("A02", "A03").replace("|2|P", "|3|P").replace("1015", "1430")
NO_PATIENT = A01.replace("P1^^^H^MR", "").replace("|1|P", "|4|P")
ACK = "MSH|^~\\&|ADT|H|||20260301||ACK^A01|5|P|2.5\rMSA|AA|1\r"


def landed(tmp_path, content, name="some.hl7"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Landed(path, format="hl7v2")


def events(one):
    return [event for (event,) in one.con.execute('SELECT event FROM landed_move ORDER BY "row"').fetchall()]


@pytest.mark.parametrize(
    "content",
    [
        A01 + A02 + A03,
        "\r".join((A01, A02, A03)),
        (A01 + A02 + A03).replace("\r", "\n"),
        (A01 + A02 + A03).replace("\r", "\r\n"),
        "\n\n".join(one.replace("\r", "\n") for one in (A01, A02, A03)),
        "".join(f"\x0b{one}\x1c\r" for one in (A01, A02, A03)),
        f"FHS|^~\\&|ADT\rBHS|^~\\&|ADT\r{A01}{A02}{A03}BTS|3\rFTS|1\r",
        (A01 + A02 + A03).rstrip("\r"),
        codecs.BOM_UTF8 + (A01 + A02 + A03).encode(),
        codecs.BOM_UTF16_LE + (A01 + A02 + A03).encode("utf-16-le"),
        codecs.BOM_UTF16_BE + (A01 + A02 + A03).encode("utf-16-be"),
        gzip.compress((A01 + A02 + A03).encode()),
    ],
    ids=[
        "cr",
        "blank",
        "lf",
        "crlf",
        "blank lines",
        "frames",
        "batch",
        "no end",
        "utf-8",
        "utf-16le",
        "utf-16be",
        "gz",
    ],
)
def test_messages_are_found_whatever_stands_between_them(tmp_path, content):
    one = landed(tmp_path, content)

    assert events(one) == ["A01", "A02", "A03"]
    assert one.report.rows == 3
    assert one.report.kind == "stays"
    assert (one.report.first_us, one.report.last_us) == (us("2026-03-01T08:01"), us("2026-03-01T14:30"))


def test_the_files_of_a_zip_are_one_delivery(tmp_path):
    path = tmp_path / "day.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.hl7", A01)
        archive.writestr("b.hl7", A02 + A03)
        archive.writestr("readme.txt", "Messages of one day.")

    one = Landed(path, format="hl7v2")

    assert events(one) == ["A01", "A02", "A03"]
    assert any("readme.txt is no HL7 v2" in note for note in one.report.notes)


def test_a_message_has_the_same_name_in_a_file_as_on_the_wire(tmp_path):
    path = tmp_path / "some.hl7"
    path.write_bytes(A01.replace("\r", "\r\n").encode() + b"\r\n\r\n" + A02.encode())

    assert [digest(cut.payload) for cut in messages_in(path)] == [digest(A01.encode()), digest(A02.encode())]


def test_a_bad_message_is_set_aside_and_its_neighbours_are_read(tmp_path):
    one = landed(tmp_path, A01 + NO_PATIENT + ACK + "MSH|\r" + A03)

    assert events(one) == ["A01", "A03"]
    assert one.rejected() == [(2, "message", "patient_empty"), (4, "message", "hl7_damaged")]
    assert (one.report.landed, one.report.rejected, one.report.ignored) == (2, 2, 1)
    assert any("1 ACK^A01" in note for note in one.report.notes)


def test_what_stands_behind_a_frame_is_no_part_of_its_message(tmp_path):
    one = landed(tmp_path, f"\x0b{A01}\x1cNTE|1||noise\r\x0b{A02}\x1c\r")

    assert events(one) == ["A01", "A02"]
    assert one.rejected() == [(2, "message", "not_hl7")]


def test_a_number_that_two_messages_bear_is_noted_and_both_count(tmp_path):
    one = landed(tmp_path, A01 + A02.replace("|2|P", "|1|P") + A01)

    assert sorted(events(one)) == ["A01", "A01", "A02"]
    assert any(note.startswith("1 message: the number (MSH-10) is that of an earlier") for note in one.report.notes)
    assert not any("MSH-10" in note for note in landed(tmp_path, A01 + A02 + A01).report.notes)


def test_a_batch_that_lost_a_message_is_said_to_have(tmp_path):
    whole = landed(tmp_path, f"BHS|^~\\&\r{A01}{A02}BTS|2\r", "whole.hl7")
    short = landed(tmp_path, f"BHS|^~\\&\r{A01}BTS|2\r", "short.hl7")

    assert not any("BTS-1" in note for note in whole.report.notes)
    assert any("BTS-1" in note for note in short.report.notes)


def test_a_message_that_is_too_long_is_left_out_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(cutting, "LONGEST", 3_000)
    one = landed(tmp_path, A01 + f"OBX|1|ED|{'x' * 9_000}\r" + A02)

    assert events(one) == ["A02"]
    assert one.rejected() == [(1, "message", "too_long")]


def test_a_file_without_a_message_of_use_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "acks.hl7"
    path.write_text(ACK)

    with pytest.raises(CannotDo, match=r"nothing is read from 1 ACK\^A01"):
        Landed(path, format="hl7v2")


@given(st.lists(st.sampled_from([A01, A02, A03, NO_PATIENT]), min_size=1, max_size=6), st.integers(1, 40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_the_file_is_read_in_pieces_changes_nothing(tmp_path_factory, monkeypatch, messages, size):
    path = tmp_path_factory.mktemp("pieces") / "some.hl7"
    path.write_bytes("".join(messages).replace("\r", "\r\n").encode())
    monkeypatch.setattr(cutting, "CHUNK", size)

    found = [digest(cut.payload) for cut in messages_in(path, Batches())]

    assert found == [digest(one.encode()) for one in messages]


@pytest.mark.slow
@given(st.binary(max_size=300), st.integers(0, 600))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_any_bytes_come_rows_or_a_sentence(tmp_path_factory, junk, place):
    whole = (A01 + A02 + A03).encode()
    path = tmp_path_factory.mktemp("junk") / "some.hl7"
    path.write_bytes(whole[:place] + junk + whole[place:])
    try:
        reader = open_delivery(path, format="hl7v2")
    except Unreadable:
        return
    try:
        Landed(path, format=reader.name)
    except CannotDo as refused:
        assert refused.args


# What was written is what is read

names = st.text(st.characters(exclude_categories=["Cs", "Cn", "Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: text != '""' and text == text.strip()
)
MINUTE = 60_000_000


@st.composite
def stays(draw):
    rows = []
    for patient in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        at = draw(st.integers(20_000, 20_500)) * 1440
        for number in range(draw(st.integers(1, 2))):
            for _ in range(draw(st.integers(1, 4))):
                start, at = at, at + draw(st.integers(1, 500))
                unit = draw(st.sampled_from(["ED", "W|7", "I^C&U"]))
                rows.append({"patient": patient, "unit": unit, "visit": f"{patient}-{number}", "start_us": start * MINUTE,
                             "end_us": at * MINUTE, "end_kind": "recorded"})  # fmt: skip
                at += draw(st.sampled_from([0, 0, 7]))
            at += 3 * 1440
    if draw(st.booleans()):
        rows[-1] |= {"end_us": None, "end_kind": "open"}
    return rows


def table(rows):
    types = {"start_us": pa.int64(), "end_us": pa.int64()}
    names_ = ("patient", "unit", "start_us", "end_us", "end_kind", "visit")
    return pa.table({name: pa.array([row[name] for row in rows], types.get(name, pa.string())) for name in names_})


def read_back(path):
    """Fold what the messages of a file say, by the parser and the fold alone."""
    known = Move.__dataclass_fields__
    moves = []
    for number, cut in enumerate(messages_in(path)):
        for row in rows_of(cut.payload).tables["landed_move"]:
            row["class_"] = row.pop("class")
            moves.append(Move(**{name: value for name, value in {**row, "feed": "f", "delivery": "d", "row": number}.items()
                                 if name in known}))  # fmt: skip
    return sorted(
        (patient, visit, stay.unit, stay.start_us, stay.end_us, stay.end_kind)
        for (patient, visit), own in visits_of(moves).items()
        for stay in fold_visit(own).stays
    )


@given(stays())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_what_is_read(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("written")

    written = write(held({"stay": table(rows)}), folder)

    assert [one for one in written.lost if one.how != "added"] == []
    assert read_back(folder / "adt.hl7") == sorted(
        (r["patient"], r["visit"], r["unit"], r["start_us"], r["end_us"], r["end_kind"]) for r in rows
    )


def test_what_messages_cannot_say_is_listed(tmp_path):
    hour = 60 * MINUTE
    base = {"patient": "P1", "visit": "V1", "end_kind": "recorded"}
    rows = [
        {**base, "unit": "ED", "start_us": 0, "end_us": 5 * hour},
        {**base, "unit": "CT", "start_us": hour, "end_us": 2 * hour},
        {**base, "unit": "W7", "start_us": 5 * hour, "end_us": None, "end_kind": "missing"},
    ]

    written = write(held({"stay": table(rows)}), tmp_path)

    assert {(one.how, one.column, one.rows) for one in written.lost} == {("altered", "visit", 1), ("added", "", 3)}
    assert [line[:4] for line in read_back(tmp_path / "adt.hl7")] == [
        ("P1", "V1", "ED", 0), ("P1", "V1", "W7", 5 * hour), ("P1", "V1/2", "CT", hour),
    ]  # fmt: skip


@pytest.mark.parametrize("said", ["ADT^Doe-Smith", "Doe-Smith^A01", "A01", "ADT^19500101"])
def test_what_has_not_the_form_of_a_kind_or_an_event_is_never_shown_as_one(said):
    payload = f"MSH|^~\\&|A|B|C|D|20260301080000||{said}|1|P|2.5\rPID|1||P1\rPV1|1|I|W\r".encode()
    told = rows_of(payload)

    assert told.rule == "hl7_kind_missing"
    assert not any(part in told.type for part in ("DOE", "1950"))
