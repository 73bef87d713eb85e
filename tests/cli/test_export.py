"""`knitwork export` writes what the home holds, says what is lost, and replaces nothing unasked."""

from __future__ import annotations

import csv
import json
import zipfile

import pytest

from knitwork.home import open_home


def test_csv_has_a_row_for_every_stay(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "out.csv", "--to", "csv", "--home", filled)

    assert (done.status, done.err) == (0, "")
    with (tmp_path / "out.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert sorted((r["patient"], r["unit"]) for r in rows) == sorted(
        (s["patient"], s["unit"]) for s in open_home(filled).stays().to_pylist()
    )
    assert f"{len(rows):,} records in 1 file" in done.out


def test_fhir_in_a_zip_has_an_encounter_for_every_visit(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "out.zip", "--to", "fhir", "--home", filled)

    assert (done.status, done.err) == (0, "")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        lines = archive.read("Encounter.ndjson").decode().splitlines()
    stays = open_home(filled).stays().to_pylist()
    assert sum(len(json.loads(line)["location"]) for line in lines) == len(stays)
    assert len(lines) == len({(s["patient"], s["visit"]) for s in stays})


@pytest.mark.parametrize("to", ["fhir", "xes", "csv", "hl7v2"])
def test_what_is_there_is_kept_unless_one_says_so(knitwork, filled, tmp_path, to):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")

    refused = knitwork("export", tmp_path / "out", "--to", to, "--home", filled)
    done = knitwork("export", tmp_path / "out", "--to", to, "--home", filled, "--overwrite")

    assert (refused.status, "--overwrite" in refused.err) == (1, True)
    assert (done.status, done.err) == (0, "")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    assert len(list((tmp_path / "out").iterdir())) > 1
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".export")] == []


def test_an_unknown_format_is_refused_with_those_that_are_known(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "out", "--to", "omop", "--home", filled)

    assert (done.status, done.out) == (1, "")
    assert "csv, fhir, hl7v2, xes" in done.err
