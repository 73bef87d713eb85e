"""`knitwork export` writes what the home holds, says what is lost, and replaces nothing unasked."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from knitwork.home import open_home
from tests.cli.conftest import ENVIRONMENT, ROOT
from tests.quick import first


def test_csv_has_a_row_for_every_stay(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "out.csv", "--to", "csv", "--home", filled)

    assert (done.status, done.err) == (0, "")
    with (tmp_path / "out.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    # A number that looks like a formula stands behind an apostrophe.
    assert sorted((r["patient"].removeprefix("'"), r["unit"]) for r in rows) == sorted(
        (s["patient"], s["unit"]) for s in open_home(filled).stays().to_pylist()
    )
    assert "'=2+3" in {r["patient"] for r in rows}
    assert f"{len(rows):,} records in 1 file" in done.out


def test_fhir_in_a_zip_has_an_encounter_for_every_visit(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "out.zip", "--to", "fhir", "--home", filled)

    assert (done.status, done.err) == (0, "")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        lines = archive.read("Encounter.ndjson").decode().splitlines()
    stays = open_home(filled).stays().to_pylist()
    assert sum(len(json.loads(line)["location"]) for line in lines) == len(stays)
    assert len(lines) == len({(s["patient"], s["visit"]) for s in stays})


@pytest.mark.parametrize("to", first(1, ["csv", "fhir", "xes", "hl7v2"]))
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


def command(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "knitwork", "export", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=ENVIRONMENT, cwd=ROOT, start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_nothing(filled, tmp_path):
    process = command(tmp_path / "out", "--to", "xes", "--home", filled)
    # No file of it may grow beyond this from now on, long before it writes any.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
    out, err = process.communicate(timeout=300)

    assert (process.returncode, out) == (1, "")
    assert f"nothing was written: the disk of {tmp_path} is full" in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_killed_export_leaves_nothing_half_and_the_next_one_tidies_up(knitwork, filled, tmp_path):
    process = command(tmp_path / "out.csv", "--to", "csv", "--home", filled)
    while process.poll() is None and not list(tmp_path.glob(".export-*/held")):
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)

    left = (tmp_path / "out.csv").exists()
    again = knitwork("export", tmp_path / "out.csv", "--to", "csv", "--home", filled, "--overwrite")

    assert not left
    assert again.status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_losses_are_told_in_words_and_for_machines(knitwork, filled, tmp_path):
    done = knitwork("export", tmp_path / "a.xes", "--to", "xes", "--home", filled, "--losses", tmp_path / "lost.json")
    refused = knitwork(
        "export", tmp_path / "b.xes", "--to", "xes", "--home", filled, "--losses", tmp_path / "lost.json"
    )

    told = json.loads((tmp_path / "lost.json").read_text())
    stays = open_home(filled).stays().num_rows
    assert (told["format"], told["records"]) == ("xes", told["losses"][-1]["rows"])
    assert {(one["column"], one["rows"]) for one in told["losses"] if one["table"] == "stay"} >= {
        ("feed", stays), ("delivery", stays), ("row", stays),
    }  # fmt: skip
    assert {"patient", "unit", "start_us", "end_us", "end_kind", "visit"} <= set(told["kept"]["stay"])
    assert f"not carried: stay: feed ({stays:,}), delivery ({stays:,}), row ({stays:,})" in done.out
    assert (refused.status, "--overwrite" in refused.err) == (1, True)
    assert not (tmp_path / "b.xes").exists()
