"""Tables of units' numbers: facts by unit and period, and no total beside its parts."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest

from knitwork.intake.formats import Profile, open_delivery
from knitwork.model.errors import CannotDo

TRUSTS = "org_code,period,attendances,breaches\n" + "".join(
    f"R{i},2024-0{m}-01,{100 * i + m},{i}\n" for m in (1, 2, 3) for i in (1, 2, 3, 4)
)


class Facts:
    def __init__(self, con, folder: Path) -> None:
        self.con, self.path = con, folder / "facts.csv"

    def __call__(self, content: str | bytes, **profile: str) -> Facts:
        self.path.write_bytes(content.encode() if isinstance(content, str) else content)
        format = open_delivery(self.path)
        assert format.name == "unit_facts"
        full = format.guess(self.path, name="facts", profile=Profile(**profile))
        self.report = format.land(self.con, self.path, full, feed="f", delivery="d" * 64, name="facts")
        self.rows = self.con.execute(
            'SELECT unit, kind, at_us, num, den, "value" FROM landed_unit_fact ORDER BY ALL'
        ).fetchall()
        self.rejects = self.con.execute('SELECT "row", rule FROM rejected ORDER BY "row"').fetchall()
        return self


@pytest.fixture
def facts(engine, tmp_path):
    return Facts(engine, tmp_path)


def day(text: str) -> int:
    return int(dt.datetime.fromisoformat(text + "T00:00+00:00").timestamp()) * 1_000_000


def format_of(path: Path, text: str) -> str:
    path.write_text(text)
    return open_delivery(path).name


def test_each_number_of_each_unit_and_period_is_a_fact(facts):
    told = facts(TRUSTS)

    assert (told.report.rows, told.report.landed, told.report.rejected, told.report.kind) == (12, 12, 0, "records")
    assert ("R2", "breaches", day("2024-03-01"), 2.0, 203.0, None) in told.rows
    assert ("R2", "attendances", day("2024-03-01"), None, None, 203.0) in told.rows
    assert len(told.rows) == 24


def test_a_unit_whose_numbers_are_the_sums_of_the_others_is_set_aside(facts):
    totals = "".join(f"ALL-OF-US,2024-0{m}-01,{1000 + 4 * m},10\n" for m in (1, 2, 3))

    told = facts(TRUSTS + totals)

    assert [rule for _, rule in told.rejects] == ["total_row"] * 3
    assert "ALL-OF-US is the sum of the other units: it is not taken beside them" in told.report.notes
    assert {row[0] for row in told.rows} == {"R1", "R2", "R3", "R4"}


def test_a_large_unit_that_is_no_sum_stays(facts):
    told = facts(TRUSTS + "".join(f"BIG,2024-0{m}-01,{5000 + m},10\n" for m in (1, 2, 3)))

    assert told.rejects == []
    assert "BIG" in {row[0] for row in told.rows}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-01", "2024-02-01"), ("29/02/2024", "2024-02-29"), ("2024-02", "2024-02-01"), ("2024", "2024-01-01"),
        ("17226.0", "2017-03-01"), ("45323", "2024-02-01"), ("20240201", "2024-02-01"),
    ],
)  # fmt: skip
def test_periods_are_read_as_they_are_usually_written(facts, written, meant):
    told = facts(f"ward,month,falls,bed_days\nA,{written},1,200\nB,{written},2,300\n")

    assert {row[2] for row in told.rows} == {day(meant)}


def test_columns_of_codes_keep_facts_apart(facts):
    told = facts("org_code,period,type,attendances\nR1,2024-01-01,1,10\nR1,2024-01-01,2,20\nR2,2024-01-01,1,5\n")

    assert [(r[0], r[1], r[5]) for r in told.rows] == [
        ("R1", "attendances_type_1", 10.0),
        ("R1", "attendances_type_2", 20.0),
        ("R2", "attendances_type_1", 5.0),
    ]


def test_empty_cells_are_no_facts_and_faulty_rows_are_set_aside_whole(facts):
    lines = [f"R{i},2024-01-01,{i},{i}" for i in range(40)]
    told = facts("\n".join(["unit,date,beds,staff", *lines, "A,2024-01-01,,7", "B,2024-01-01,NA,*", "C,2024-01-01,many,7",
                            ",2024-01-01,1,1", "D,,1,1", "E,someday,1,1", "F,2024-01-01,1", ""]))  # fmt: skip

    assert told.rejects == [
        (42, "value_empty"), (43, "value_unreadable"), (44, "unit_empty"), (45, "time_empty"), (46, "time_unreadable"),
        (47, "ragged"),
    ]  # fmt: skip
    assert [row for row in told.rows if row[0] in "ABCDEF"] == [("A", "staff", day("2024-01-01"), None, None, 7.0)]
    assert told.report.rows == told.report.landed + told.report.rejected == 47


def test_names_of_units_become_places(facts):
    told = facts("Code,Name,Date,Beds\nR1,North,2024-01-01,10\nR2,South,2024-01-01,20\n")

    assert told.con.execute("SELECT place, name FROM landed_place ORDER BY place").fetchall() == [
        ("R1", "North"),
        ("R2", "South"),
    ]


def test_a_zone_moves_the_beginning_of_the_day(facts):
    told = facts("unit,date,beds\nA,2024-07-01,1\nB,2024-07-01,2\n", zone="Europe/London")

    assert {row[2] for row in told.rows} == {day("2024-07-01") - 3_600_000_000}


def test_gz_is_the_same(facts):
    plain = facts(TRUSTS).rows

    assert facts(gzip.compress(TRUSTS.encode())).rows == plain


@pytest.mark.parametrize(
    "text",
    [
        "patient,ward,date,age\n1,A,2024-01-01,3\n2,B,2024-01-01,4\n",
        "patient,unit,start,end\n1,A,2024-01-01,2024-01-02\n",
        "unit,start,end\nA,2024-01-01,2024-01-02\n",
        "case_id,activity,timestamp\n1,A,2024-01-01\n",
        "person nr,ward,date\n1,A,2024-01-01\n2,A,2024-01-01\n3,B,2024-01-01\n",
        "unit,time,beds\nA,2024-01-01 10:05,3\nB,2024-01-01 10:06,3\n",
    ],
)
def test_tables_with_patients_events_or_times_of_day_are_read_as_before(tmp_path, text):
    assert format_of(tmp_path / "t.csv", text) == "csv"


@pytest.mark.slow
def test_a_table_cut_off_at_any_byte_lands_whole_rows_or_nothing(facts):
    whole = set(facts(TRUSTS).rows)
    text = TRUSTS.encode()
    for length in range(0, len(text), 3):
        facts.path.write_bytes(text[:length])
        try:
            format = open_delivery(facts.path)
            if format.name != "unit_facts":
                continue
            format.land(facts.con, facts.path, Profile(), feed="f", delivery="d" * 64, name="cut")
        except CannotDo:
            continue
        rows = set(facts.con.execute('SELECT unit, kind, at_us, num, den, "value" FROM landed_unit_fact').fetchall())
        # The number that was cut off may be a shorter one; every other fact is whole.
        assert len(rows - whole) <= 2


@pytest.mark.parametrize("junk", [b"", b"\0\0\0", b"unit,date,beds\n\0A,2024-01-01,1\n", b"\x1f\x8bjunk", b"PK\x03\x04junk",
                                  b"unit,date,beds\n", "unit,date,beds\nÅ,2024-01-01,1\n".encode() + b"\xff\xfe\x81"])  # fmt: skip
def test_nothing_but_a_sentence_comes_of_junk(facts, junk):
    facts.path.write_bytes(junk)

    with pytest.raises(CannotDo):
        format = open_delivery(facts.path)
        format.land(facts.con, facts.path, Profile(), feed="f", delivery="d" * 64, name="junk")
