"""The MIMIC-IV demo, table by table and as a folder, against counts made in plain Python here."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from tests.intake.known import Landed, us
from tests.real_data.test_open import opened

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def demo(shared) -> Path:
    return shared / "data" / "mimic4-demo"


def table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:  # type: ignore[operator]
        return list(csv.DictReader(lines))


def test_every_transfer_is_a_stay_or_a_discharge(demo):
    rows = table(demo / "hosp" / "transfers.csv")
    one = Landed(demo / "hosp" / "transfers.csv", format="mimic")

    assert Counter(one.rows("landed", "patient, unit, visit, start_us, end_us, record")) == Counter(
        (r["subject_id"], r["careunit"], r["hadm_id"] or None, us(r["intime"]),
         us(r["outtime"]) if r["outtime"] else None, f"transfer/{r['transfer_id']}")
        for r in rows if r["careunit"]
    )  # fmt: skip
    assert Counter(one.rows("landed_event", "patient, visit, at_us")) == Counter(
        (r["subject_id"], r["hadm_id"], us(r["intime"])) for r in rows if not r["careunit"]
    )
    assert (one.report.rows, one.report.rejected) == (len(rows), 0)


def test_admissions_tell_each_of_their_moments_and_survive_their_known_faults(demo):
    rows = table(demo / "hosp" / "admissions.csv.gz")
    one = Landed(demo / "hosp" / "admissions.csv.gz", format="mimic")

    columns = {
        "arrive": "edregtime", "depart": "edouttime", "admit": "admittime", "discharge": "dischtime",
        "death": "deathtime",
    }  # fmt: skip
    assert Counter(one.rows("landed_event", "type, patient, visit, at_us")) == Counter(
        (type_, r["subject_id"], r["hadm_id"], us(r[column]))
        for type_, column in columns.items() for r in rows if r[column]
    )  # fmt: skip
    late = sum(r["deathtime"] > r["dischtime"] for r in rows)
    assert late
    assert f"admissions: {late} rows have a death after the discharge: both are kept" in one.report.notes


def test_a_discharge_has_one_name_in_transfers_and_in_admissions(demo):
    transfers = Landed(demo / "hosp" / "transfers.csv", format="mimic")
    admissions = Landed(demo / "hosp" / "admissions.csv.gz", format="mimic")

    names = {event for event, type_ in admissions.rows("landed_event", "event, type") if type_ == "discharge"}

    assert names == {event for (event,) in transfers.rows("landed_event", "event")}


def test_every_result_is_a_fact_and_every_specimen_a_request(demo):
    rows = table(demo / "hosp" / "labevents.csv.gz")
    one = Landed(demo / "hosp" / "labevents.csv.gz", format="mimic")

    facts = one.con.execute(
        "SELECT count(*), count(DISTINCT fact), count(value), sum(value) FROM landed_fact"
    ).fetchall()[0]
    numbers = [float(r["valuenum"]) for r in rows if r["valuenum"]]
    assert facts[:3] == (len(rows), len(rows), len(numbers))
    assert facts[3] == pytest.approx(sum(numbers))
    reported: dict[str, str] = {}
    for r in rows:
        reported[r["specimen_id"]] = max(reported.get(r["specimen_id"], ""), r["storetime"])
    assert dict(one.rows("landed_request", "request, reported_us")) == {
        f"specimen/{number}": us(when) if when else None for number, when in reported.items()
    }


def test_diagnoses_deaths_and_intensive_care_are_taken_whole(demo):
    diagnoses = Landed(demo / "hosp" / "diagnoses_icd.csv.gz", format="mimic")
    patients = Landed(demo / "hosp" / "patients.csv.gz", format="mimic")
    icu = Landed(demo / "icu" / "icustays.csv", format="mimic")

    assert Counter(diagnoses.rows("landed_fact", "patient, visit, rank, code")) == Counter(
        (r["subject_id"], r["hadm_id"], int(r["seq_num"]), r["icd_code"])
        for r in table(demo / "hosp" / "diagnoses_icd.csv.gz")
    )
    died = {r["subject_id"]: us(r["dod"]) for r in table(demo / "hosp" / "patients.csv.gz") if r["dod"]}
    assert dict(patients.rows("landed_event", "patient, at_us")) == died
    assert icu.report.tables == {"landed_event": 2 * len(table(demo / "icu" / "icustays.csv"))}


@pytest.mark.slow
def test_the_whole_folder_opens_without_doubling_a_stay(demo, tmp_path):
    said, home = opened(demo, tmp_path / "home")

    stays = home.stays().to_pylist()
    keys = {(r["subject_id"], r["careunit"], us(r["intime"])) for r in table(demo / "hosp" / "transfers.csv")
            if r["careunit"]}  # fmt: skip
    assert {(s["patient"], s["unit"], s["start_us"]) for s in stays} == keys
    assert len(stays) == len(keys)
    assert {f.feed for f in home.answers().feeds()} == {"mimic"}
    for file in (p for p in demo.rglob("*") if p.is_file()):
        assert file.name in said
