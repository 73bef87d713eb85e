"""What commands print for machines: the columns of DESIGN 9, ids as they came, times with offset."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter

import pytest

from knitwork.home import open_home
from tests.cli.conftest import ODD_IDS

COLUMNS = {
    ("units",): "unit,name,kind,kind_guessed,level,parent,tz,capacity",
    ("stays",): "patient,unit,start,end,end_kind,visit,journey",
    ("stays", "--level", "meso"): "patient,unit,start,end,end_kind,visit,journey",
    ("journeys",): "patient,journey,start,end,visits,units,handoffs,variant",
    ("handoffs",): "level,kind,from_unit,to_unit,count,timed,mean_transit_s,median_transit_s,p90_transit_s",
    ("handoffs", "--since", "2024-01-01"): "level,kind,from_unit,to_unit,count,timed,mean_transit_s,median_transit_s,p90_transit_s",
    ("handoffs", "--each"): "level,kind,from_unit,to_unit,patient,left_at,arrived_at,transit_s",
    ("measures",): "measure,version,title,direction,compass,needs,computable,why_not",
    ("measure", "arrivals"): "measure,version,level,unit,period,stratum,numerator,denominator,value",
    ("rejects",): "feed,delivery,row,field,rule,message",
}  # fmt: skip
TIMES = ("start", "end", "left_at", "arrived_at")


def csv_of(knitwork, home, *arguments):
    done = knitwork(*arguments, "--home", home, "--format", "csv")
    assert (done.status, done.err) == (0, "")
    return list(csv.DictReader(io.StringIO(done.out, newline="")))


@pytest.mark.parametrize("arguments", COLUMNS, ids=" ".join)
def test_the_header_is_exactly_the_one_promised(knitwork, filled, arguments):
    done = knitwork(*arguments, "--home", filled, "--format", "csv")

    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == COLUMNS[arguments]
    assert len(done.out.splitlines()) > 1


@pytest.mark.parametrize("arguments", COLUMNS, ids=" ".join)
def test_json_says_the_same_as_csv(knitwork, filled, arguments):
    done = knitwork(*arguments, "--home", filled, "--format", "json")

    rows = json.loads(done.out)
    assert list(rows[0]) == COLUMNS[arguments].split(",")
    as_text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    for ours, theirs in zip(as_text, csv_of(knitwork, filled, *arguments), strict=True):
        assert {k: v.casefold() for k, v in ours.items()} == {k: v.casefold() for k, v in theirs.items()}


@pytest.mark.parametrize("arguments", [a for a in COLUMNS if a[0] in ("stays", "journeys", "handoffs")], ids=" ".join)
def test_times_are_iso_8601_with_an_offset(knitwork, filled, arguments):
    rows = csv_of(knitwork, filled, *arguments)

    for row in rows:
        for column in TIMES:
            if row.get(column):
                assert dt.datetime.fromisoformat(row[column]).utcoffset() is not None


def test_ids_are_printed_as_they_came(knitwork, filled):
    patients = {row["patient"] for row in csv_of(knitwork, filled, "stays")}

    assert set(ODD_IDS) <= patients
    assert set(ODD_IDS) <= {
        row["patient"] for row in json.loads(knitwork("stays", "--home", filled, "--format", "json").out)
    }


@pytest.mark.parametrize("patient", ODD_IDS)
def test_one_patient_is_found_by_any_id(knitwork, filled, patient):
    rows = csv_of(knitwork, filled, "stays", "--patient", patient)

    assert {row["patient"] for row in rows} == {patient}


def test_since_and_until_cut_at_the_moment_given(knitwork, filled):
    rows = csv_of(knitwork, filled, "stays")
    middle = sorted(row["start"] for row in rows)[len(rows) // 2]

    early, late = (
        csv_of(knitwork, filled, "stays", "--until", middle),
        csv_of(knitwork, filled, "stays", "--since", middle),
    )

    assert len(early) + len(late) == len(rows)
    assert max(r["start"] for r in early) < middle <= min(r["start"] for r in late)


@pytest.mark.parametrize("level", ["micro", "meso", "macro"])
def test_each_handoff_listed_is_one_of_those_counted(knitwork, filled, level):
    pairs = csv_of(knitwork, filled, "handoffs", "--level", level)
    each = csv_of(knitwork, filled, "handoffs", "--each", "--level", level)
    narrowed = csv_of(knitwork, filled, "handoffs", "--since", "1970-01-01", "--level", level)

    counted = {(p["from_unit"], p["to_unit"]): int(p["count"]) for p in pairs}
    assert sum(counted.values()) == len(each)
    assert counted == Counter((h["from_unit"], h["to_unit"]) for h in each)
    assert [(p["from_unit"], p["to_unit"], p["count"], p["timed"]) for p in narrowed] == [
        (p["from_unit"], p["to_unit"], p["count"], p["timed"]) for p in pairs
    ]


@pytest.mark.parametrize("period", ["day", "week", "month", "all"])
def test_a_measure_prints_its_cells_with_numerator_and_denominator(knitwork, filled, period):
    rows = csv_of(knitwork, filled, "measure", "arrivals", "--period", period, "--level", "macro")

    assert {row["unit"] for row in rows} == {"System"}
    assert {row["level"] for row in rows} == {"macro"}
    assert (
        sum(int(row["numerator"]) for row in rows)
        == open_home(filled).answers().unit_numbers("System", "macro")["stays_all"]
    )


def test_measures_lists_all_twenty_four_and_says_why_one_cannot_be(knitwork, filled):
    rows = csv_of(knitwork, filled, "measures")

    assert len(rows) == 24
    assert all((row["computable"] == "true") == (row["why_not"] == "") for row in rows)


def test_a_rejected_row_is_listed_with_its_field_and_rule(knitwork, filled):
    (row,) = csv_of(knitwork, filled, "rejects")

    assert (row["feed"], row["field"]) == ("adt", "start")
    assert "not a time" in row["message"]
    assert len(row["delivery"]) == 64


def test_status_for_machines_holds_the_feeds(knitwork, filled):
    (row,) = csv_of(knitwork, filled, "status")

    assert (row["feed"], row["deliveries"], row["rejected"]) == ("adt", "1", "1")


def test_looking_changes_nothing(knitwork, filled):
    from tests.cli.conftest import contents

    before = contents(filled)
    for arguments in [*COLUMNS, ("status",), ("doctor",)]:
        knitwork(*arguments, "--home", filled)

    assert contents(filled) == before
