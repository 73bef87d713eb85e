"""Stays written as CSV come back the same."""

from __future__ import annotations

import csv

import pyarrow as pa
from hypothesis import HealthCheck, given, settings

from knitwork.intake.formats.csv.write import write
from knitwork.intake.writing import held
from tests.intake.test_xes import stay_table, stays

KEPT = ("patient", "unit", "start_us", "end_us", "end_kind", "visit")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(stays())
def test_what_is_written_comes_back(landing, tmp_path, rows):
    written = write(held({"stay": stay_table(rows)}), tmp_path)

    back = landing(tmp_path / "stays.csv")

    assert sorted((tuple(r[c] for c in KEPT) for r in back.rows), key=str) == rows
    assert (written.records, written.files, written.lost) == (len(rows), 1, ())


def test_the_columns_are_those_that_the_command_prints(tmp_path):
    write(held({"stay": stay_table([("1", "ED", 0, 3_600_000_000, "recorded", "v")])}), tmp_path)

    with (tmp_path / "stays.csv").open(newline="") as source:
        assert list(csv.reader(source)) == [
            ["patient", "unit", "start", "end", "end_kind", "visit", "journey"],
            ["1", "ED", "1970-01-01T00:00:00+00:00", "1970-01-01T01:00:00+00:00", "recorded", "v", ""],
        ]


def test_what_a_table_of_stays_cannot_carry_is_listed(tmp_path):
    tables = {"stay": stay_table([("1", "ED", 0, None, "open", None)]), "fact": pa.table({"code": ["I21"]})}
    written = write(held(tables), tmp_path)

    assert [(lost.table, lost.column) for lost in written.lost] == [("fact", "code")]


FORMULAS = ("=1+1", "+31 20", "-v7", "@SUM(A1)", "'=x", "''@x", "'s Gravenhage", "a=b", "\u00ad=1", "'")


def test_no_spreadsheet_runs_a_cell_and_each_comes_back_as_it_was(landing, tmp_path):
    rows = [(text, text, 60_000_000 * number, None, "open", text) for number, text in enumerate(FORMULAS)]
    rows = [(p, u, start + 1_600_000_000_000_000, *rest) for p, u, start, *rest in rows]

    write(held({"stay": stay_table(rows)}), tmp_path)

    with (tmp_path / "stays.csv").open(newline="") as source:
        cells = [cell for row in csv.reader(source) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    back = landing(tmp_path / "stays.csv")
    assert sorted((tuple(r[c] for c in KEPT) for r in back.rows), key=str) == sorted(rows, key=str)


def test_an_apostrophe_in_a_table_of_others_belongs_to_the_code(landing, tmp_path):
    (tmp_path / "theirs.csv").write_text("patient,unit,start,end\n'=1,'+2,2024-01-01T10:00:00Z,\n")

    (row,) = landing(tmp_path / "theirs.csv").rows

    assert (row["patient"], row["unit"]) == ("'=1", "'+2")
