"""What people are told of a row, a header or a message has nothing of a patient in it, stands on one line, and ends."""

from __future__ import annotations

import time

import pytest

from knitwork.intake.formats import FORMATS, Profile
from knitwork.intake.formats.csv.showing import looks_like_names, shown
from knitwork.intake.formats.hl7v2 import times
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.landing import clear
from knitwork.intake.mllp.framing import Framer
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo
from knitwork.model.quoting import LONGEST_SENTENCE, one_line

PATIENT = ("4711-88-PAT", "Quackenbush", "Wilhelmina")


@pytest.fixture(scope="module")
def con():
    return connect()


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2024-13-45", "2024-13-45"),
        ("31/02/2024 25:61", "31/02/2024 25:61"),
        ("2024-03-01T10:00:00.123+01:00", "2024-03-01T10:00:00.123+01:00"),
        ("1.3.2024 8:00 PM", "1.3.2024 8:00 PM"),
        ("20240230", "20240230"),
        ("soon", "soon"),
        (None, "(empty)"),
        ("4711-88-PAT", "9999-99-AAA"),
        ("4711889", "9999999"),  # a number of a patient, and no day
        ("12345678", "99999999"),
        ("Quackenbush", "Aaaaaaaaaaa"),
        ("quackenbush, wilhelmina", "aaaaaaaaaaa, aaaaaaaaaa"),
        ("Özil é 日本 ٣", "Aaaa a aa 9"),
        ("Tr\n\r\niage", "Aa aaaa"),
        ("2024-03-01 for Quackenbush", "9999-99-99 aaa Aaaaaaaaaaa"),
        ("x" * 5_000, "a" * 40),
    ],
)
def test_a_cell_is_shown_where_it_is_a_time_and_else_what_it_is_made_of(con, cell, told):
    assert con.execute(f"SELECT {shown('cell')} FROM (SELECT $1::VARCHAR AS cell)", [cell]).fetchall() == [(told,)]


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["patiëntnummer", "afdeling", "van_2", "tot"], True),
        (["case:concept:name", "org:group", ""], True),
        (["4711-88-PAT", "ED", "2024-03-01"], False),
        (["P", "W7", "1.5"], False),
        (["patient", "a\nb"], False),
        (["patient", "x" * 41], False),
        (["patient", "P123456"], False),
    ],
)
def test_a_line_is_one_of_names_where_no_cell_looks_like_data(cells, names):
    assert looks_like_names(cells) is names


@pytest.mark.parametrize(
    "table",
    [
        "{0},ED,2024-03-01\n{0},ED,2024-03-02\n",
        "mrn,{0},2024-03-01\n{0},ED,2024-03-02\n",
        '"old_mrn","me\nrged {1} {2} 4711",x\n1,2,3\n',
        'unit,"{0}\n{1}",start\nW7,{0},2024-03-01\n',
    ],
)
def test_a_row_in_the_place_of_the_header_is_not_told(tmp_path, table):
    file = tmp_path / "t.csv"
    file.write_text(table.format(*PATIENT))

    with pytest.raises(CannotDo) as refused:
        FORMATS["csv"].guess(file, name="t.csv", profile=Profile())

    assert not any(secret in str(refused.value) for secret in PATIENT)
    assert str(refused.value).isprintable()


def test_names_that_no_column_has_are_still_told(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("nummer,afdeling,van\n1,W7,2024-03-01\n")

    with pytest.raises(CannotDo, match="was found among 'nummer', 'afdeling', 'van'"):
        FORMATS["csv"].guess(file, name="t.csv", profile=Profile())


@pytest.mark.parametrize(
    "row",
    [
        "{0},ED,2024-03-01,2024-03-02,one more",
        "{0},ED",
        '{0},"{1},ED,2024-03-01',
        '{0},"{1}" {2},2024-03-01,',
        "ED,{2},{0},{1}",
        ",{0},2024-03-01,{1}",
        "ED,{0},,{1}",
        "ED,{0},2024-03-02,2024-03-01",
    ],
)
def test_a_row_that_is_set_aside_tells_nothing_of_its_patient(landing, row):
    rows = landing(f"patient,unit,start,end\nP,ED,2024-03-01 10:00,\n{row.format(*PATIENT)}\n")

    assert [number for number, *_ in rows.rejects] == [2]
    assert not any(secret in rows.rejects[0][3] for secret in PATIENT)


def test_a_message_whose_fields_have_shifted_has_no_kind_to_tell():
    said = [rows_of(b"MSH|^~\\&|A|B|C|D|20240301||" + kind + b"|1|P|2.5").type for kind in (
        b"ADT^A01", b"QUACKENBUSH^A01", b"ORM", b"ADT^WILHELMINA", b"19470311")]  # fmt: skip

    assert said == ["ADT^A01", "", "ORM", "ADT", ""]


def test_a_file_of_fhir_lands_where_a_table_landed_before(tmp_path):
    table, fhir = tmp_path / "t.csv", tmp_path / "f.json"
    table.write_text("patient,unit,start,end\nP,ED,2024-03-01 10:00,\n")
    fhir.write_text(
        '{"resourceType":"Encounter","id":"e","status":"finished","subject":{"reference":"Patient/p"},'
        '"period":{"start":"2024-03-01T10:00:00Z"},"location":[{"location":{"reference":"Location/ED"}}]}'
    )
    con = connect()

    landed = [
        FORMATS[kind].land(con, file, Profile(), feed="f", delivery=str(number), name="f", work=tmp_path).landed
        for number, (kind, file) in enumerate([("csv", table), ("fhir", fhir), ("csv", table), ("fhir", fhir)])
    ]
    clear(con)

    assert landed == [1, 1, 1, 1]


def test_what_is_too_long_to_be_a_time_is_not_kept():
    before = times._read_time.cache_info().currsize

    assert times.read_time("2" * 1_000_000) is None
    assert times.read_time("2024030114300" + "0" * 60) is None
    assert times._read_time.cache_info().currsize == before
    assert times.read_time("20240301143000.123456789+0100").us == 1_709_299_800_123_456


def test_frames_that_never_end_are_passed_over_at_once():
    framer = Framer(1 << 24)
    began = time.process_time()
    found = framer.take(b"\x0bMSH" * 300_000)

    # One by one they took four seconds.
    assert time.process_time() - began < 1
    assert (found, framer.faults["frames not ended"], framer.held) == ([], 299_999, 3)


@pytest.mark.parametrize("text", ["x" * 5_000_000, "a\n\r\x85\u2028b" * 100_000, "\x00" * 9, ""])
def test_a_sentence_for_people_is_one_line_and_ends(text):
    told = str(CannotDo(f"the file {text} cannot be read: send another"))

    assert told.isprintable()
    assert len(told) <= LONGEST_SENTENCE
    assert told.startswith("the file ")
    assert told.endswith("cannot be read: send another")


@pytest.mark.parametrize("longest", [5, 6, 7, 20])
def test_a_quotation_is_never_longer_than_it_may_be(longest):
    texts = ["a" * length for length in range(60)] + ["ab " * length for length in range(20)]

    assert max(len(one_line(text, longest)) for text in texts) == longest
    assert one_line("a" * longest, longest) == "a" * longest
