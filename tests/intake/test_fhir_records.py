"""Records beside stays written as FHIR come back the same, by elements where FHIR has them, else by our extensions."""

from __future__ import annotations

import json
from collections import Counter

import pyarrow as pa
import pytest

from knitwork.intake.formats.fhir.own import BASE, columns_of
from knitwork.intake.formats.fhir.read import land
from knitwork.intake.formats.fhir.write import BESIDE, write
from knitwork.intake.landing import arrow_schema
from knitwork.intake.profile import Profile
from knitwork.intake.writing import held
from tests.intake.test_xes import stay_table

T = 1_709_280_000_000_000
S = 1_000_000
# Nothing is empty here but what stands as None: each row is one way to be odd.
ROWS = {
    "request": [
        {"request": "ServiceRequest/7", "patient": "p1", "kind": "imaging", "code": "363679005", "priority": "stat",
         "from_unit": "ED", "to_unit": "CT", "visit": "v1", "requested_us": T, "accepted_us": T + S, "scheduled_us": T + 2 * S,
         "started_us": T + 3 * S, "done_us": T + 4 * S, "reported_us": T + 5 * S, "read_us": T + 6 * S,
         "closed_us": T + 7 * S, "state": "done", "said_us": T + 8 * S + 1},
        {"request": "845^GHH|OE", "patient": "p1", "kind": "other", "code": "diet 5", "priority": " odd ",
         "from_unit": "3 North & East", "to_unit": "[x]", "visit": "a/b", "state": "declined"},
        {"request": "r3", "patient": "p 2", "kind": None, "state": None, "requested_us": T + 1},
        {"request": "Appointment/9", "patient": "p1", "kind": "appointment", "code": "x", "priority": "5",
         "from_unit": "GP", "to_unit": "Clinic", "visit": "v9", "requested_us": T, "scheduled_us": T + S, "state": "no_show"},
        {"request": "a2", "patient": "p 2", "kind": "appointment", "state": "lapsed", "to_unit": "Clinic 2"},
        {"request": "a3", "patient": "p1", "kind": "appointment", "state": None},
    ],
    "message": [
        {"message": "Communication/1", "patient": "p1", "kind": "discharge_summary", "from_unit": "ICU", "to_unit": "GP",
         "request": "ServiceRequest/7", "visit": "v1", "sent_us": T, "received_us": T + 1, "read_us": T + 2,
         "items_expected": 12, "items_present": 7, "said_us": T},
        {"message": "m\n2", "patient": "p 2", "kind": "nursing", "from_unit": "Ward 7", "request": "845^GHH|OE"},
        {"message": "DocumentReference/4", "patient": "p1", "kind": "other"},
        {"message": "m4", "patient": "p1", "kind": None},
    ],
    "event": [
        {"event": "arrive/1f/0", "patient": "p1", "at_us": T, "recorded_us": T + 60 * S, "precision": "m", "type": "arrive",
         "unit": "ED", "visit": "v1", "staff": "dr 1", "code": "A04", "value": 2.5, "said_us": T},
        {"event": "Patient/p1/death", "patient": "p1", "at_us": T + 1, "precision": None, "type": "death"},
        {"event": "e3", "patient": "p 2", "at_us": T, "precision": "d", "type": None, "value": -0.1},
    ],
    "duty": [
        {"duty": "attending/77/0", "patient": "p1", "staff": "1234", "role": "attending", "unit": "Ward 7", "visit": "v1",
         "start_us": T, "end_us": T + S, "said_us": T},
        {"duty": "EpisodeOfCare/x", "patient": "p 2", "staff": "O'Brien, M", "role": "ATND"},
        {"duty": "d3", "patient": "p1", "staff": None, "role": None, "start_us": T},
    ],
    "fact": [
        {"fact": "Condition/1", "patient": "p1", "kind": "diagnosis", "code": "I21.0", "code_system": "ICD-10", "at_us": T,
         "precision": "d", "unit": "ED", "visit": "v1", "rank": 1, "value": 1.0, "value_unit": "x", "value_code": "y",
         "said_us": T},
        {"fact": "procedure/2", "patient": "p1", "kind": "procedure", "code": "x|1", "at_us": T, "precision": "s",
         "unit": "OR 1"},
        {"fact": "p3", "patient": "p1", "kind": "procedure", "code": "29303009", "at_us": T, "precision": "s"},
        {"fact": "q/4", "patient": "p1", "kind": "prom", "code": "EQ5D.1", "code_system": "EQ-5D", "at_us": T,
         "precision": "s", "value": 3.0, "value_unit": "{score}", "value_code": "much"},
        {"fact": "q5", "patient": "p1", "kind": "experience", "code": "q 1", "code_system": "cahps", "at_us": T,
         "precision": None, "value_code": "always"},
        {"fact": "q6", "patient": "p1", "kind": "experience", "code": "q", "at_us": T, "precision": "s", "value": 0.1},
        {"fact": "q7", "patient": "p1", "kind": "prom", "code": None, "at_us": T, "precision": "s", "value": 1e300},
        {"fact": "c8", "patient": "p1", "kind": "cost", "code": "charge", "at_us": T, "precision": "s", "value": 12.34,
         "value_unit": "EUR", "visit": "v1"},
        {"fact": "c9", "patient": "p1", "kind": "cost", "code": None, "code_system": "own", "at_us": T, "precision": "m",
         "value": 0.0},
        {"fact": "c10", "patient": "p1", "kind": "cost", "code": "paid", "at_us": T, "precision": "s", "value": None},
        {"fact": "l11", "patient": "p1", "kind": "lab", "code": "718-7", "code_system": "http://loinc.org", "at_us": T,
         "precision": "s", "value": 8.1, "value_unit": "mmol/L", "value_code": "low"},
        {"fact": "Observation/1/2", "patient": "p1", "kind": "score", "at_us": T, "precision": "s", "value": None},
        {"fact": "f13", "patient": "p 2", "kind": "flag", "code": "admit_source", "at_us": T, "precision": "s",
         "value_code": "\\odd"},
    ],
}  # fmt: skip


def given(table, rows):
    wanted = {**columns_of(f"landed_{table}"), "said_us": "BIGINT"}
    schema = arrow_schema(f"landed_{table}")
    return pa.table({name: pa.array([row.get(name) for row in rows], schema.field(name).type) for name in wanted})


def written(folder, tables):
    """Write tables and one stay; return what was written and the resources."""
    stays = stay_table([("p1", "ED", T, T + S, "recorded", "v1")])
    done = write(held({"stay": stays, **{name: given(name, rows) for name, rows in tables.items()}}), folder)
    whole = folder / "all.ndjson"
    whole.write_bytes(b"".join(file.read_bytes() for file in sorted(folder.glob("*.ndjson"))))
    return done, whole


@pytest.mark.parametrize("table", ROWS)
def test_every_column_of_every_record_comes_back(engine, tmp_path, table):
    done, whole = written(tmp_path, {table: ROWS[table]})

    report = land(engine, whole, Profile(zone="UTC"), feed="f", delivery="d", name=whole.name)

    names = [*columns_of(f"landed_{table}"), "said_us"]
    back = engine.execute(f"SELECT {', '.join(names)} FROM landed_{table}").fetchall()
    assert sorted(back, key=str) == sorted((tuple(row.get(name) for name in names) for row in ROWS[table]), key=str)
    assert report.rejected == 0
    # Nothing else is made of them on the way.
    assert set(report.tables) == {"landed", "landed_place", f"landed_{table}"}
    assert done.lost == ()


def test_what_fhir_has_an_element_for_is_no_extension(tmp_path):
    _, whole = written(tmp_path, {name: rows[:1] for name, rows in ROWS.items()})

    extensions = Counter(
        (one["resourceType"], each["url"].removeprefix(BASE))
        for one in map(json.loads, whole.read_text().splitlines())
        for each in one.get("extension", ())
    )
    assert {name for kind, name in extensions if kind == "ServiceRequest"} == {
        "accepted", "started", "done", "reported", "read", "closed",
    }  # fmt: skip
    assert {name for kind, name in extensions if kind == "Communication"} == {
        "read", "items-expected", "items-present",
    }  # fmt: skip
    assert {name for kind, name in extensions if kind == "Observation"} == {
        "event", "recorded", "precision", "unit", "staff", "code",
    }  # fmt: skip


def test_numbers_that_were_given_up_are_links_of_patients(engine, tmp_path):
    person = pa.table({
        "patient": ["old", "older |"], "person": ["p1", "p1"], "merged_into": ["p1", "old"],
        "at_us": pa.array([T, None], pa.int64()),
    })  # fmt: skip
    stays = stay_table([("p1", "ED", T, T + S, "recorded", "v1")])

    done = write(held({"stay": stays, "person": person}), tmp_path)

    file = tmp_path / "Patient.ndjson"
    land(engine, file, Profile(zone="UTC"), feed="f", delivery="d", name=file.name)
    back = engine.execute("SELECT patient, merged_into, kind, at_us FROM linked ORDER BY patient").fetchall()
    assert back == [("old", "p1", "merge", T), ("older |", "old", "merge", None)]
    assert done.lost == ()


@pytest.mark.parametrize("table", ["event", "fact"])
def test_a_record_without_a_time_is_listed_and_not_written(tmp_path, table):
    timeless = [{**row, "at_us": None} for row in ROWS[table][:1]]

    done, whole = written(tmp_path, {table: timeless})

    counted = {(one.column, one.rows) for one in done.lost}
    assert counted == {(name, 1) for name, value in timeless[0].items() if value is not None}
    assert "Condition" not in whole.read_text() and "Observation" not in whole.read_text()


def test_every_table_beside_stays_is_written():
    assert set(BESIDE) == set(ROWS)
