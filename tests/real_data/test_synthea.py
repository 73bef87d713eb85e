"""The CSV of Synthea, table by table and as a folder, against counts made in plain Python here."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from tests.intake.known import Landed
from tests.real_data.test_open import opened

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder(shared) -> Path:
    return shared / "data" / "synthea-csv"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def us(text: str) -> int | None:
    if not text:
        return None
    moment = dt.datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()) * 1_000_000


def test_every_encounter_is_a_stay(folder):
    rows = table(folder / "encounters.csv")
    one = Landed(folder / "encounters.csv", format="synthea")

    assert Counter(one.rows("landed", "patient, unit, start_us, end_us, record")) == Counter(
        (
            r["PATIENT"],
            f"{r['ORGANIZATION']}:{r['ENCOUNTERCLASS']}",
            us(r["START"]),
            us(r["STOP"]),
            f"encounter/{r['Id']}",
        )
        for r in rows
    )
    assert Counter(one.rows("landed_duty", "duty, staff")) == Counter(
        (f"encounter/{r['Id']}/provider", r["PROVIDER"]) for r in rows
    )


def test_every_unit_of_an_encounter_is_named_by_the_organisations(folder):
    encounters = Landed(folder / "encounters.csv", format="synthea")
    organisations = Landed(folder / "organizations.csv", format="synthea")
    names = {r["Id"]: r["NAME"] for r in table(folder / "organizations.csv")}

    named = dict(organisations.rows("landed_place", "place, name"))

    for (unit,) in encounters.rows("landed", "DISTINCT unit"):
        organisation, _, kind = unit.partition(":")
        assert named[unit] == f"{names[organisation]}, {kind}"


def test_conditions_observations_and_procedures_come_whole_and_each_has_a_name(folder):
    for name, landed, moment in (
        ("conditions", "landed_fact", "START"), ("observations", "landed_fact", "DATE"),
        ("procedures", "landed_event", "START"),
    ):  # fmt: skip
        rows = table(folder / f"{name}.csv")
        one = Landed(folder / f"{name}.csv", format="synthea")

        assert Counter(one.rows(landed, "patient, visit, code, at_us")) == Counter(
            (r["PATIENT"], r["ENCOUNTER"] or None, r["CODE"], us(r[moment])) for r in rows
        )
        key = "fact" if landed == "landed_fact" else "event"
        assert len({number for (number,) in one.rows(landed, key)}) == len(rows)


def test_numbers_of_observations_are_numbers_and_answers_are_codes(folder):
    rows = table(folder / "observations.csv")
    one = Landed(folder / "observations.csv", format="synthea")

    assert Counter(one.rows("landed_fact", "code, value, value_code")) == Counter(
        (
            r["CODE"],
            float(r["VALUE"]) if r["TYPE"] == "numeric" else None,
            None if r["TYPE"] == "numeric" else r["VALUE"],
        )
        for r in rows
    )


def test_charges_and_payments_add_up_and_plans_and_deaths_are_taken(folder):
    rows = table(folder / "claims_transactions.csv")
    claims = Landed(folder / "claims_transactions.csv", format="synthea")
    plans = Landed(folder / "careplans.csv", format="synthea")
    patients = Landed(folder / "patients.csv", format="synthea")

    sums = dict(
        claims.rows("(SELECT code, round(sum(value), 2) AS total FROM landed_fact GROUP BY code)", "code, total")
    )
    assert sums["charge"] == pytest.approx(sum(float(r["AMOUNT"]) for r in rows if r["TYPE"] == "CHARGE"), abs=0.01)
    assert sums["payment"] == pytest.approx(sum(float(r["PAYMENTS"]) for r in rows if r["TYPE"] == "PAYMENT"), abs=0.01)
    assert claims.report.ignored == sum(r["TYPE"].startswith("TRANSFER") for r in rows)
    assert Counter(state for (state,) in plans.rows("landed_request", "state")) == Counter(
        "done" if r["STOP"] else "open" for r in table(folder / "careplans.csv")
    )
    assert Counter(patients.rows("landed_event", "patient, type, at_us")) == Counter(
        (r["Id"], type_, us(r[column]))
        for type_, column in (("birth", "BIRTHDATE"), ("death", "DEATHDATE"))
        for r in table(folder / "patients.csv") if r[column]
    )  # fmt: skip


@pytest.mark.slow
def test_the_whole_folder_opens_and_every_file_is_read_or_named(folder, tmp_path):
    said, home = opened(folder, tmp_path / "home")

    rows = table(folder / "encounters.csv")
    keys = {(r["PATIENT"], f"{r['ORGANIZATION']}:{r['ENCOUNTERCLASS']}", us(r["START"])) for r in rows}
    assert {(s["patient"], s["unit"], s["start_us"]) for s in home.stays().to_pylist()} == keys
    for file in (p for p in folder.rglob("*") if p.is_file()):
        assert file.name in said
    for person in table(folder / "patients.csv"):
        assert person["LAST"] not in said
