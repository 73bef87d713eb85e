"""HL7's own examples and a bulk export of Synthea: every resource is landed, ignored or set aside, by counts made here."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from knitwork.intake.formats import open_delivery
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo
from tests.intake.known import Landed

pytestmark = pytest.mark.real_data


def resources(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def bulk(shared) -> Path:
    return shared / "data" / "fhir-bulk-synthea"


def test_every_encounter_of_the_bulk_export_is_a_stay_where_it_was(bulk):
    rows = resources(bulk / "Encounter.000.ndjson")
    one = Landed(bulk / "Encounter.000.ndjson", format="fhir")

    assert one.report.rows == one.report.landed == len(rows)
    assert Counter(one.rows("landed", "patient, record")) == Counter(
        (r["subject"]["reference"].rpartition("/")[2], f"Encounter/{r['id']}") for r in rows for _ in r["location"]
    )


@pytest.mark.parametrize(
    ("name", "table", "key"),
    [
        ("Condition", "landed_fact", "fact"), ("Procedure", "landed_fact", "fact"),
        ("DocumentReference", "landed_message", "message"),
    ],
)  # fmt: skip
def test_each_record_of_a_kind_lands_once_under_its_number(bulk, name, table, key):
    path = bulk / f"{name}.000.ndjson"

    assert Landed(path, format="fhir").rows(table, key) == sorted((f"{name}/{r['id']}",) for r in resources(path))


def test_places_and_organisations_have_their_names(bulk):
    for name in ("Location", "Organization"):
        path = bulk / f"{name}.000.ndjson"
        wanted = {r["id"]: r.get("name") for r in resources(path)}
        assert dict(Landed(path, format="fhir").rows("landed_place", "place, name")) == wanted


@pytest.mark.parametrize("name", ["AllergyIntolerance", "Device", "Immunization", "MedicationRequest", "Practitioner"])
def test_kinds_that_are_not_read_are_named_with_their_number(bulk, name):
    path = bulk / f"{name}.000.ndjson"
    reader = open_delivery(path)

    with pytest.raises(CannotDo, match=f"left out: {len(resources(path)):,} {name}"):
        reader.land(connect(), path, reader.guess(path, name=path.name), feed="f", delivery="d", name=path.name)


def test_the_example_of_an_emergency_has_a_stay_for_every_place_it_was_in(shared):
    path = shared / "data" / "fhir-r4-examples" / "Encounter-emerg.json"
    told = [p for p in json.loads(path.read_text("utf-8"))["location"] if p["status"] == "active"]

    one = Landed(path, format="fhir")

    assert Counter(unit for (unit,) in one.rows("landed", "unit")) == Counter(p["location"]["display"] for p in told)
    assert one.con.execute("SELECT end_kind FROM landed ORDER BY start_us").fetchall()[-1] == ("open",)


@pytest.mark.slow
def test_every_example_lands_or_says_why_not(shared):
    con = connect()
    for path in sorted((shared / "data" / "fhir-r4-examples").iterdir()):
        resource = json.loads(path.read_text("utf-8"))
        reader = open_delivery(path)
        assert reader.name == "fhir"

        try:
            report = reader.land(con, path, reader.guess(path, name=path.name), feed="f", delivery="d", name=path.name)
        except CannotDo as why:
            person = next((resource[name] for name in ("subject", "patient", "for") if name in resource), {})
            assert path.name in str(why)
            if "does not name a patient" in str(why):
                assert "Patient/" not in person.get("reference", "")
        else:
            assert (report.rows, report.landed) == (1, 1)
            assert sum(report.tables.values()) > 0
