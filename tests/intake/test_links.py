"""Files of patient links: told by their columns, in every wrapping, every bad row with its reason."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.formats import Profile, guess, land
from knitwork.model.errors import CannotDo
from tests.intake.conftest import NOON_US, utc
from tests.intake.test_csv import workbook

HEAD = "patient,merged_into,at,kind\n"
ROWS = "A,B,2026-03-02 09:30,merge\nC,D,2026-03-02T10:00:00+01:00,unmerge\nE,F,,\n"
READ = [
    ("A", "B", "merge", "2026-03-02 09:30:00", 1), ("C", "D", "unmerge", "2026-03-02 09:00:00", 2), ("E", "F", "merge", None, 3),
]  # fmt: skip


class Linking:
    """Lands links and remembers the report, the rows and the rejects."""

    def __init__(self, con, folder):
        self.con, self.folder = con, folder

    def __call__(self, content, *, name="links.csv", extracted_us=None, **profile):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        full = guess(path, name=name, profile=Profile(**profile))
        self.report = land(
            self.con,
            path,
            full,
            feed="mpi",
            delivery="d" * 64,
            extracted_us=extracted_us,
            received_us=NOON_US,
            name=name,
        )
        columns = 'patient, merged_into, kind, at_us, "row", feed, delivery, extracted_us'
        rows = self.con.execute(f'SELECT {columns} FROM linked ORDER BY "row"').fetchall()
        self.rows = [(p, into, kind, utc(at), row) for p, into, kind, at, row, *_ in rows]
        self.origin = {row[5:] for row in rows}
        self.rejects = self.con.execute('SELECT "row", field, rule FROM rejected ORDER BY "row"').fetchall()
        self.messages = [m for (m,) in self.con.execute('SELECT message FROM rejected ORDER BY "row"').fetchall()]
        assert (self.report.kind, self.report.landed, self.report.rejected) == (
            "links",
            len(self.rows),
            len(self.rejects),
        )
        assert self.report.rows == len(self.rows) + len(self.rejects)
        return self


@pytest.fixture
def linking(engine, tmp_path):
    return Linking(engine, tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        "patient,merged_into,at,kind",
        "Old MRN,New MRN,Merged At,Action",
        "prior_patient_id,Surviving Patient ID,timestamp,Event",
        "retired_id,survivor,date,type",
        "old_mrn,mrn,time,kind",  # beside a number that was given up, a plain one stays
        "patient_id,merged_with,merge_date,event_type",
    ],
)
def test_links_are_told_by_their_columns(linking, header):
    assert linking(f"{header}\n{ROWS}").rows == READ


def test_columns_stand_in_any_order_and_time_and_kind_need_not_be_there(linking):
    assert linking("x,mrn,old_mrn\n1,B,A\n2,D,C\n").rows == [("A", "B", "merge", None, 1), ("C", "D", "merge", None, 2)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_any_separator_and_encoding(linking, separator, encoding):
    assert linking((HEAD + ROWS).replace(",", separator).encode(encoding)).rows == READ


def test_gz_zip_and_xlsx(linking):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", HEAD + ROWS)
    cells = [
        ["old_mrn", "new_mrn", "at", "kind"],
        ["A", "B", dt.datetime(2026, 3, 2, 9, 30), "merge"],
        ["C", "D", None, "A37"],
    ]

    assert linking(gzip.compress((HEAD + ROWS).encode()), name="l.csv.gz").rows == READ
    assert linking(packed.getvalue(), name="l.zip").rows == READ
    assert linking(workbook({"About": [["x"]], "Links": cells}), name="l.xlsx").rows == [
        ("A", "B", "merge", "2026-03-02 09:30:00", 1), ("C", "D", "unmerge", None, 2),
    ]  # fmt: skip


def test_other_ways_to_write_a_time(linking):
    rows = linking("old_mrn,new_mrn,at\nA,B,31/01/2026 14:05\nC,D,01/02/2026 00:00\n", zone="Europe/Amsterdam").rows

    assert [at for *_, at, _ in rows] == ["2026-01-31 13:05:00", "2026-01-31 23:00:00"]


def test_every_bad_row_is_set_aside_with_its_reason(linking):
    found = linking(
        HEAD + ",B,2026-01-01,\nA,,2026-01-01,\nA,A,2026-01-01,\nA,B,soon,\nA,B,9999-12-31,\nA,B,2026-01-01,maybe\n"
        "A,B\nA,B,2026-01-01,MERGED\n"
    )

    assert found.rejects == [
        (1, "patient", "patient_empty"), (2, "merged_into", "merged_into_empty"), (3, "merged_into", "link_to_itself"),
        (4, "at", "at_unreadable"), (5, "at", "at_placeholder"), (6, "kind", "kind_unknown"), (7, "row", "ragged"),
    ]  # fmt: skip
    assert found.rows == [("A", "B", "merge", "2026-01-01 00:00:00", 8)]
    assert "soon" in found.messages[3]
    assert "maybe" in found.messages[5]
    assert all(sum(note.endswith("set aside, see rejects") for note in found.report.notes) == 7 for _ in found.rejects)


def test_a_link_that_is_set_aside_names_no_patient_in_its_message(linking):
    found = linking(HEAD + "SECRET,SECRET,2026-01-01,\nSECRET,HIDDEN,x,\n,SECRET,,\nSECRET,,,\nA,B,,\n")

    assert not any("SECRET" in message or "HIDDEN" in message for message in found.messages)


def test_what_a_delivery_says_of_itself(linking):
    notes = " ".join(linking(HEAD + ROWS).report.notes)
    dated = linking(HEAD + ROWS, extracted_us=7)

    assert "1 of them takes a merge back" in notes
    assert "1 link has no time" in notes
    assert "UTC was assumed" in notes
    assert "no time:" not in " ".join(dated.report.notes)
    assert dated.origin == {("mpi", "d" * 64, 7)}


def test_the_profile_names_the_columns_and_is_completed(linking):
    found = linking("number,goes to,when\nA,B,2026-01-01\n", patient="number", merged_into="goes to", at="when")

    assert found.rows == [("A", "B", "merge", "2026-01-01 00:00:00", 1)]
    guessed = linking(HEAD + ROWS).report.profile
    assert (guessed.patient, guessed.merged_into, guessed.at, guessed.kind) == ("patient", "merged_into", "at", "kind")


def test_a_file_of_stays_that_also_has_a_survivor_is_a_file_of_stays(landing):
    rows = landing("patient,unit,start,end,merged_into\nP1,A,2024-01-01 10:00,,P2\n")

    assert [(r["patient"], r["unit"]) for r in rows.rows] == [("P1", "A")]


def test_a_file_whose_profile_names_a_unit_is_a_file_of_stays(landing):
    rows = landing("patient,place,came,survivor\nP1,A,2024-01-01 10:00,P2\n", unit="place", start="came")

    assert [(r["patient"], r["unit"]) for r in rows.rows] == [("P1", "A")]


def test_a_zip_of_stays_passes_links_over_and_says_so(landing):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("links.csv", HEAD + ROWS)
        archive.writestr("stays.csv", "patient,unit,start\nP1,A,2024-01-01 10:00\n")

    rows = landing(packed.getvalue(), name="both.zip")

    assert len(rows.rows) == 1
    assert any("holds patient links beside tables of stays: load it by itself" in note for note in rows.report.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "has a header and no rows"),
        (HEAD + "A,A,,\n", "its one row cannot be used (row 1 links a number to itself"),
        (HEAD + "A,,,\n,B,,\n", "none of its 2 rows can be used (row 1 does not say which number stays"),
        ("old_mrn,new_mrn,new mrn\nA,B,C\n", "stands 2 times in the header"),
        ("merged_into,at\nA,2026-01-01\n", "no column for the patient"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused_in_a_sentence(linking, text, said):
    with pytest.raises(CannotDo) as caught:
        linking(text)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_junk_after_a_header_is_landed_set_aside_or_refused_in_a_sentence(linking, junk):
    try:
        linking(HEAD.encode() + junk)
    except CannotDo as refused:
        assert str(refused)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(*[st.text("aB1,\"\n é'-", min_size=1, max_size=6).map(lambda t: f"x{t}x")] * 2),
        min_size=1,
        max_size=8,
    )
)
def test_what_was_written_is_what_is_read(linking, pairs):
    def cell(text):
        return '"' + text.replace('"', '""') + '"'

    pairs = [(a.strip(), b.strip()) for a, b in pairs]
    text = "old_mrn,new_mrn\n" + "".join(f"{cell(a)},{cell(b)}\n" for a, b in [*pairs, ("good", "row")])
    found = linking(text)

    assert [(p, into) for p, into, *_ in found.rows] == [
        *[pair for pair in pairs if pair[0] != pair[1]],
        ("good", "row"),
    ]
