"""Tables of text and workbooks, as they come: separators, encodings, archives, faulty rows."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import gzip
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.formats import Profile, files_in, guess, land
from knitwork.model.errors import CannotDo

HEAD = "patient,unit,start,end\n"
ROWS = "P1,Café Ward,2024-01-01 10:00,2024-01-02 11:00\nP2,Ward B,2024-01-03 10:00,2024-01-04 11:00\n"


def two_rows(rows) -> bool:
    return [(r["patient"], r["unit"], r["row"]) for r in rows.rows] == [("P1", "Café Ward", 1), ("P2", "Ward B", 2)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_separator_and_line_end(landing, separator, line_end):
    text = (HEAD + ROWS).replace(",", separator).replace("\n", line_end)

    assert two_rows(landing(text.encode()))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_any_encoding(landing, encoding):
    assert two_rows(landing((HEAD + ROWS).encode(encoding)))


def test_utf16_of_either_byte_order(landing):
    for mark, encoding in ((codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        assert two_rows(landing(mark + (HEAD + ROWS).encode(encoding)))


def test_windows_quotation_marks_and_euro_signs_survive(landing):
    rows = landing((HEAD + "P1,‘Ward’ €,2024-01-01 10:00,\n").encode("cp1252"))

    assert rows.rows[0]["unit"] == "‘Ward’ €"
    assert any("cp1252" in note for note in rows.report.notes)


def test_gz_and_zip(landing):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.csv", HEAD + ROWS.splitlines(keepends=True)[1])
        archive.writestr("a.csv", HEAD + ROWS.splitlines(keepends=True)[0])
        archive.writestr("readme.txt", "nothing to see here")
        archive.writestr("__MACOSX/a.csv", b"\0junk")

    assert two_rows(landing(gzip.compress((HEAD + ROWS).encode()), name="x.csv.gz"))
    rows = landing(packed.getvalue(), name="x.zip")
    assert two_rows(rows)
    assert any("readme.txt" in note for note in rows.report.notes)


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, dt.datetime):
                        sheet.write_datetime(y, x, cell, moment)
                    else:
                        sheet.write(y, x, cell)
    return out.getvalue()


def test_a_workbook_is_read_from_the_sheet_that_fits(landing):
    rows = landing(
        workbook(
            {
                "About": [["made by", "the ward"]],
                "Stays": [
                    ["Stays of January"],
                    ["Patient ID", "Ward", "Start", "End"],
                    [510, "A", dt.datetime(2024, 1, 1, 10), dt.datetime(2024, 1, 2, 0, 30)],
                    [],
                    ["007", "B", "2024-01-03 10:00", None],
                ],
            }
        ),
        name="stays.xlsx",
    )

    assert [(r["patient"], r["unit"]) for r in rows.rows] == [("510", "A"), ("007", "B")]
    assert rows.times() == [("2024-01-01 10:00:00", "2024-01-02 00:30:00"), ("2024-01-03 10:00:00", None)]
    assert any("'Stays' was read" in note for note in rows.report.notes)


def test_bare_serial_numbers_of_a_workbook_are_times(landing):
    rows = landing(workbook({"S": [["patient", "unit", "start", "end"], ["P", "A", 45292.5, 45293]]}), name="s.xlsx")

    assert rows.times() == [("2024-01-01 12:00:00", "2024-01-02 00:00:00")]


def test_a_title_above_the_header_is_passed_over(landing):
    assert two_rows(landing("Stays of January;;;\n\nprinted 2024-02-01\n" + HEAD + ROWS))


def test_a_cell_may_hold_line_ends_and_separators(landing):
    rows = landing(HEAD + '"P,1","Ward\nA ""new""",2024-01-01 10:00,\nP2,B,2024-01-01 10:00,\n')

    assert [(r["patient"], r["unit"], r["row"]) for r in rows.rows] == [("P,1", 'Ward\nA "new"', 1), ("P2", "B", 2)]


@pytest.mark.parametrize(
    ("faulty", "reason"),
    [
        ("P2,only two", "the row has 2 columns and the header has 4"),
        ("P2,A,2024-01-01,2024-01-02,more,still more", "the row has 6 columns"),
        ('P2,"A"x,2024-01-01,2024-01-02', "a quotation mark stands where none can be"),
        ('P2,"A,2024-01-01,2024-01-02', "a quotation mark is opened and not closed"),
    ],
)
def test_a_faulty_row_is_set_aside_with_its_number_and_its_neighbours_stay(landing, faulty, reason):
    good = "P{},'A,2024-01-0{} 10:00,\n"
    rows = landing(HEAD + good.format(1, 1) + '"P\nX",A,2024-01-01 10:00,\n\n' + faulty + "\n" + good.format(4, 4))

    assert [r["row"] for r in rows.rows] == [1, 2, 4]
    assert [r["patient"] for r in rows.rows] == ["P1", "P\nX", "P4"]
    assert rows.rejects[0][:3] == (3, "row", "ragged")
    assert reason in rows.rejects[0][3]


def test_a_faulty_row_after_many_good_ones_has_its_true_number(landing):
    lines = [f"P{i},A,2024-01-01 10:00:00,2024-01-01 11:00:00\n" for i in range(1, 200_001)]
    lines[149_999] = "ragged\n"
    rows = landing(HEAD + "".join(lines))

    assert rows.rejects[0][0] == 150_000
    assert all(row["patient"] == f"P{row['row']}" for row in rows.rows)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_row_that_is_too_long_is_set_aside_and_its_neighbours_stay(landing, separator, line_end):
    lines = ["P1,A,2024-01-01 10:00,", f"P2,{'x' * 3_000_000},2024-01-01 10:00,", 'P3,"B",2024-01-01 10:00,']
    rows = landing((HEAD + "\n".join(lines) + "\n").replace(",", separator).replace("\n", line_end))

    assert [(r["patient"], r["row"]) for r in rows.rows] == [("P1", 1), ("P3", 3)]
    assert rows.rejects[0][:3] == (2, "row", "ragged")


@pytest.mark.parametrize(
    ("line", "rule", "message"),
    [
        (",A,2024-01-01 10:00,", "patient_empty", "the patient is empty; start 2024-01-01 10:00, end (empty)"),
        ("P,,2024-01-01 10:00,", "unit_empty", "the unit is empty; start 2024-01-01 10:00, end (empty)"),
        ("P,A,,2024-01-01 10:00", "start_empty", "the start is empty; end 2024-01-01 10:00"),
        ("P,A,soon,later", "start_unreadable", "the start soon is not a time; end later"),
        ("P,A,2024-01-01 10:00,later", "end_unreadable", "the end later is not a time; start 2024-01-01 10:00"),
        (
            "P,A,2024-01-02 10:00,2024-01-01 10:00",
            "end_before_start",
            "the end 2024-01-01 10:00 is before the start 2024-01-02 10:00",
        ),
    ],
)
def test_every_rule_shows_both_values(landing, line, rule, message):
    rows = landing(f"{HEAD}{line}\nP1,A,2024-01-01 10:00,\n")

    assert rows.rejects == [(1, rule.split("_")[0], rule, message)]
    assert [r["row"] for r in rows.rows] == [2]


def test_a_long_value_is_cut_in_the_message(landing):
    rows = landing(f"{HEAD}P,A,{'x' * 5000},\nP1,A,2024-01-01 10:00,\n")

    assert len(rows.rejects[0][3]) < 150


def test_na_is_a_patient_like_any_other(landing):
    assert landing(HEAD + "NA,A,2024-01-01 10:00,\n").rows[0]["patient"] == "NA"


def test_a_stay_of_no_length_is_kept_and_marked(landing):
    rows = landing(HEAD + "P,A,2024-01-01 10:00,2024-01-01 10:00\nP,B,2024-01-01 10:00,2024-01-01 10:04:59\n")

    assert [row["flags"] & (16 | 128) for row in rows.rows] == [16 | 128, 128]


def test_all_the_usual_names_are_understood_in_any_case(landing):
    rows = landing("Subject ID;HADM-ID;curr_CAREUNIT;InTime;OUTTIME\n7;v1;CCU;2024-01-01 10:00;\n")

    assert (rows.rows[0]["patient"], rows.rows[0]["unit"], rows.rows[0]["visit"]) == ("7", "CCU", "v1")


def test_a_choice_between_two_columns_is_said(landing):
    rows = landing("mrn,patient_id,ward,start\n1,2,A,2024-01-01 10:00\n")

    assert rows.rows[0]["patient"] == "2"
    assert any("'patient_id', although 'mrn' could be it too" in note for note in rows.report.notes)


def test_the_profile_names_columns_that_no_list_knows(landing):
    text = "wie,waar,aankomst,weg\n1,A,2024-01-01 10:00,2024-01-01 11:00\n"

    rows = landing(text, patient="wie", unit="waar", start="aankomst", end="weg")

    assert rows.times() == [("2024-01-01 10:00:00", "2024-01-01 11:00:00")]


def test_the_profile_may_say_that_there_is_no_end(landing):
    rows = landing(HEAD + "P,A,2024-01-01 10:00,2024-01-01 11:00\n", end="-")

    assert rows.rows[0]["end_kind"] == "inferred"


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_rows_and_of_columns_does_not_matter(landing, order):
    lines = [f"P{i},W{i % 3},2024-01-0{i + 1} 10:00,2024-01-0{i + 1} 11:00" for i in range(5)][::order]
    columns = HEAD.strip().split(",")[::order]
    text = "\n".join([",".join(columns)] + [",".join(line.split(",")[::order]) for line in lines])

    rows = landing(text)

    assert sorted((r["patient"], r["unit"], r["start_us"], r["end_us"]) for r in rows.rows) == sorted(
        (r["patient"], r["unit"], r["start_us"], r["end_us"]) for r in landing(HEAD + "\n".join(lines[::order])).rows
    )


# Events.


def test_starts_and_ends_are_paired_by_their_instance(landing):
    rows = landing(
        "case_id,activity,lifecycle,handling_id,time\n"
        "1,Triage,start,a,2024-01-01 10:00\n1,Triage,start,b,2024-01-01 10:05\n"
        "1,Triage,complete,b,2024-01-01 10:10\n1,Triage,complete,a,2024-01-01 10:30\n"
    )

    assert rows.times() == [
        ("2024-01-01 10:00:00", "2024-01-01 10:30:00"),
        ("2024-01-01 10:05:00", "2024-01-01 10:10:00"),
    ]
    assert {row["end_kind"] for row in rows.rows} == {"recorded"}


def test_without_instances_the_first_start_goes_with_the_first_end(landing):
    rows = landing(
        "case,task,lifecycle:transition,timestamp\n"
        "1,Triage,START,2024-01-01 10:00\n1,Triage,START,2024-01-01 10:05\n1,Triage,sideways,2024-01-01 09:00\n"
        "1,Triage,COMPLETE,2024-01-01 10:10\n1,X,COMPLETE,2024-01-01 10:30\n"
    )

    assert [(r["row"], r["unit"], r["end_kind"]) for r in rows.rows] == [
        (1, "Triage", "recorded"),
        (2, "Triage", "missing"),
        (5, "X", "inferred"),
    ]
    assert rows.rejects[0][2] == "lifecycle_unknown"


def test_single_events_start_and_end_at_once_and_say_so(landing):
    rows = landing("case_id,activity,resource,timestamp\n1,ER Registration,A,2024-01-01 10:00\n")

    row = rows.rows[0]
    assert (row["unit"], row["end_kind"], row["flags"] & 64) == ("A", "inferred", 64)
    assert row["start_us"] == row["end_us"]


def test_a_column_of_people_is_never_the_unit(landing):
    rows = landing("case_id,activity,employee,originator,nurse,time\n1,Triage,r1,Clerk 9,N,2024-01-01 10:00\n")

    assert rows.rows[0]["unit"] == "Triage"


# Properties.

CELL = st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=12)
QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


@QUIET
@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["plain", "gz", "zip"]),
)
def test_what_is_written_comes_back(landing, cells, separator, encoding, line_end, packing):
    out = io.StringIO(newline="")
    # All quoted: Python leaves a bare carriage return unquoted, which no reader can tell from a line end.
    writer = csv.writer(out, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerow(["patient", "unit", "visit", "start"])
    for patient, unit, visit in cells:
        writer.writerow(["P" + patient + "x", "U" + unit + "x", "V" + visit + "x", "2024-01-01 10:00"])
    content = out.getvalue().encode(encoding)
    if packing == "gz":
        content = gzip.compress(content)
    elif packing == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("t.csv", content)
        content = packed.getvalue()

    rows = landing(content)

    assert [(r["patient"][1:-1], r["unit"][1:-1], r["visit"][1:-1]) for r in rows.rows] == cells
    assert [r["row"] for r in rows.rows] == list(range(1, len(cells) + 1))


JUNK = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(lambda tail: HEAD.encode() + b"P,A,2024-01-01 10:00,\n" + tail),
    st.text(alphabet='patient,unit\n\r";\t|2024-01/:T zZ+9', max_size=200).map(lambda t: (HEAD + t).encode()),
    st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail),
    st.binary(max_size=100).map(lambda tail: b"\x1f\x8b\x08" + tail),
    st.binary(max_size=100).map(lambda tail: gzip.compress(HEAD.encode() + tail)),
    st.binary(max_size=100).map(lambda tail: b"\xff\xfe" + tail),
)


def try_to_land(engine, folder, content):
    path = folder / "anything"
    path.write_bytes(content)
    try:
        land(engine, path, guess(path, name="anything"), feed="f", delivery="d" * 64, name="anything")
    except CannotDo as fault:
        assert len(str(fault)) < 700
        assert "\n" not in str(fault)


@pytest.mark.slow
@settings(QUIET, max_examples=120)
@given(JUNK)
def test_nothing_but_a_sentence_comes_of_junk(engine, tmp_path, content):
    try_to_land(engine, tmp_path, content)


@pytest.mark.slow
@settings(QUIET, max_examples=3_000)
@given(JUNK)
def test_nothing_but_a_sentence_comes_of_much_junk(engine, tmp_path, content):
    try_to_land(engine, tmp_path, content)


@pytest.mark.slow
def test_every_cut_of_a_file_lands_whole_rows_or_nothing(landing, tmp_path):
    whole = (HEAD + ROWS).encode()
    for place in range(len(whole)):
        for content in (whole[:place], gzip.compress(whole)[:place]):
            try:
                rows = landing(content)
            except CannotDo:
                continue
            assert {r["patient"] for r in rows.rows} <= {"P1", "P2"}


# Real and others' data.


@pytest.mark.real_data
def test_the_mimic_demo_has_915_stays_of_100_patients_in_a_shifted_calendar(landing, shared):
    rows = landing(shared / "data/mimic4-demo/hosp/transfers.csv")

    assert (rows.report.rows, rows.report.landed, len({r["patient"] for r in rows.rows})) == (1190, 915, 100)
    assert {reject[2] for reject in rows.rejects} == {"unit_empty"}  # discharge rows name no unit
    assert sum(r["end_kind"] == "missing" for r in rows.rows) == 55
    assert rows.report.profile.calendar == "shifted"
    assert any("up to 2201" in note for note in rows.report.notes)


@pytest.mark.real_data
def test_synthea_encounters_all_land_with_their_own_offset(landing, shared):
    rows = landing(shared / "data/synthea-csv/encounters.csv")

    assert (rows.report.landed, rows.report.rejected) == (604, 0)
    assert not any(r["zone_assumed"] for r in rows.rows)


@pytest.mark.real_data
def test_the_sepsis_log_has_26_departments_and_only_single_times(landing, shared):
    path = shared / "data/event-logs/sepsis.csv"
    rows = landing(path)
    with path.open(newline="") as source:
        table = list(csv.DictReader(source))

    assert rows.report.rows == 15_214
    assert len(rows.rows) == sum(line["case_id"] != "" for line in table)
    assert {r["unit"] for r in rows.rows} == {line["resource"] for line in table if line["case_id"]}
    assert {r["end_kind"] for r in rows.rows} == {"inferred"}


@pytest.mark.real_data
def test_the_patients_log_pairs_every_start_with_its_end(landing, shared):
    rows = landing(shared / "data/event-logs/patients.csv")

    assert (rows.report.tables["landed"], rows.report.landed, rows.report.rejected) == (2_721, 5_442, 0)
    assert {r["end_kind"] for r in rows.rows} == {"recorded"}
    assert {r["unit"] for r in rows.rows} >= {"Registration", "Triage and Assessment"}


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["csv/hospital.csv", "csv/hospital_actlog.csv", "csv/hospital_events.csv", "inst/extdata/hospital.xlsx"]
)
def test_the_planted_defects_of_daqapo_are_found(landing, shared, name):
    rows = landing(shared / "data/daqapo-dirty" / name)

    rules = [reject[2] for reject in rows.rejects]
    assert rules.count("end_before_start") == 4
    assert rules.count("start_empty") == 1
    assert "Triage" in {r["unit"] for r in rows.rows}


@pytest.mark.real_data
def test_of_a_folder_what_can_be_taken_is_taken(shared):
    found = files_in(shared / "data/event-logs")

    assert [path.name for path in found.files] == ["patients.csv", "sepsis.csv"]
    assert any("LICENSE" in reason for reason in found.passed_over)
    assert guess(found.files[0], name="x", profile=Profile()).instance == "handling_id"
