"""Stays written as FHIR come back the same, and what is not carried is listed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings

from knitwork.intake.formats.fhir.read import land
from knitwork.intake.formats.fhir.write import write
from knitwork.intake.profile import Profile
from knitwork.intake.writing import held
from knitwork.model.errors import CannotDo
from tests.intake.test_xes import stay_table, stays

KEPT = ("patient", "unit", "start_us", "end_us", "end_kind", "visit")


@settings(max_examples=12)
@given(stays())
def test_what_is_written_comes_back(engine, rows):
    # Codes that FHIR would not give back are refused, as the last test says.
    rows = [
        (f"p{p}.", f"u{u}.", *rest, f"v{p}-{visit}.") for p, u, *rest, visit in rows if "\0" not in f"{p}{u}{visit}"
    ]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(held({"stay": stay_table(rows)}), folder)
        if not rows:
            return
        file = folder / "Encounter.ndjson"
        report = land(engine, file, Profile(zone="UTC"), feed="f", delivery="d", name=file.name)
        back = engine.execute(f"SELECT {', '.join(KEPT)} FROM landed").fetchall()

    assert sorted(back, key=str) == sorted(rows, key=str)
    assert report.rejected == 0


def test_a_visit_is_one_encounter_with_its_stays_as_places(tmp_path):
    rows = [("1", "ED", 0, 3_600_000_000, "recorded", "v"), ("1", "Ward A", 3_600_000_000, None, "open", "v")]

    written = write(held({"stay": stay_table(rows)}), tmp_path)

    (encounter,) = [json.loads(line) for line in (tmp_path / "Encounter.ndjson").read_text().splitlines()]
    assert encounter["status"] == "in-progress"
    assert [one["location"] for one in encounter["location"]] == [
        {"reference": "Location/ED"}, {"identifier": {"value": "Ward A"}},
    ]  # fmt: skip
    assert (written.records, written.files, written.lost) == (4, 3, ())


def test_what_fhir_is_not_told_is_listed(tmp_path):
    tables = {"stay": stay_table([("1", "ED", 0, None, "open", "v")]), "unit_fact": pa.table({"kind": ["beds"]})}

    assert [(one.table, one.column, one.rows) for one in write(held(tables), tmp_path).lost] == [
        ("unit_fact", "kind", 1)
    ]


def test_a_code_that_would_not_come_back_is_refused(tmp_path):
    with pytest.raises(CannotDo, match="write CSV instead"):
        write(held({"stay": stay_table([("{1}", "ED", 0, None, "open", "v")])}), tmp_path)
