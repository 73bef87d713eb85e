"""OMOP 5.4 as Parquet in a zip, against counts made with pyarrow alone."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.intake.known import Landed
from tests.real_data.test_open import opened

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def file(shared) -> Path:
    return shared / "data" / "omop-synthea27nj" / "Synthea27NjParquet_5.4.zip"


@pytest.fixture(scope="module")
def tables(file) -> dict[str, list[dict]]:
    with zipfile.ZipFile(file) as archive:
        return {
            Path(name).stem: pq.read_table(io.BytesIO(archive.read(name))).to_pylist()
            for name in archive.namelist()
            if name.endswith(".parquet") and not name.startswith("__MACOSX")
        }


@pytest.fixture(scope="module")
def landed(file) -> Landed:
    return Landed(file, format="omop")


def us(moment: dt.datetime) -> int:
    return int(moment.replace(tzinfo=dt.UTC).timestamp()) * 1_000_000


def test_every_visit_is_marked_as_a_whole_of_which_details_are_the_parts(landed, tables):
    whole = {record for (record,) in landed.rows("landed WHERE whole", "record")}

    assert whole == {f"visit_occurrence/{r['visit_occurrence_id']}" for r in tables["visit_occurrence"]}
    assert {record for (record,) in landed.rows("landed_part", "record")} <= whole


def test_every_visit_detail_is_a_stay_of_a_whole_day(landed, tables):
    assert Counter(landed.rows("landed WHERE whole IS NOT TRUE", "patient, unit, visit, start_us, end_us, precision, record")) == Counter(
        (str(r["person_id"]), f"visit/{r['visit_detail_concept_id']}", str(r["visit_occurrence_id"]),
         us(r["visit_detail_start_datetime"]), us(r["visit_detail_end_datetime"]), "d",
         f"visit_detail/{r['visit_detail_id']}")
        for r in tables["visit_detail"]
    )  # fmt: skip


def test_facts_and_events_are_as_many_as_the_rows_of_their_tables(landed, tables):
    facts = Counter(fact.split("/")[0] for (fact,) in landed.rows("landed_fact", "fact"))
    events = Counter(type_ for (type_,) in landed.rows("landed_event", "type"))

    assert facts == {
        name: len(tables[name])
        for name in ("condition_occurrence", "procedure_occurrence", "measurement", "observation")
    }
    visits = len(tables["visit_occurrence"])
    assert events == {
        "arrive": visits,
        "discharge": visits,
        "death": len(tables["death"]),
        "birth": len(tables["person"]),
    }


def test_measurements_keep_their_values_and_units(landed, tables):
    found = landed.rows("landed_fact", "fact, patient, code, value, value_unit")

    assert Counter(row for row in found if row[0].startswith("measurement/")) == Counter(
        (f"measurement/{r['measurement_id']}", str(r["person_id"]), str(r["measurement_concept_id"]),
         None if r["value_as_number"] is None else float(r["value_as_number"]), r["unit_source_value"])
        for r in tables["measurement"]
    )  # fmt: skip


def test_every_row_of_the_zip_is_accounted_for(landed, tables):
    report = landed.report
    read = ("visit_detail", "visit_occurrence", "condition_occurrence", "procedure_occurrence", "measurement",
            "observation", "person", "death")  # fmt: skip

    assert report.rows == sum(len(rows) for rows in tables.values())
    assert report.landed == sum(len(tables[name]) for name in read)
    assert report.rejected == 0
    for name, rows in tables.items():
        if rows and name not in read:
            number = f"{len(rows):,} {'row is' if len(rows) == 1 else 'rows are'} not taken"
            assert any(note.startswith(f"{name}: {number}") for note in report.notes)


@pytest.mark.slow
def test_the_zip_opens_and_its_times_are_known_to_be_dates(file, tables, tmp_path):
    said, home = opened(file, tmp_path / "home")

    stays = home.stays().to_pylist()
    assert {(s["patient"], s["start_us"]) for s in stays} == {
        (str(r["person_id"]), us(r["visit_detail_start_datetime"])) for r in tables["visit_detail"]
    }
    assert {s["precision"] for s in stays} == {"d"}
    assert "exactly midnight" in said
