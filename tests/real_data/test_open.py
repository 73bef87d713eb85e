"""Real people's records opened as a user would, against counts made in plain Python here."""

from __future__ import annotations

import csv
import datetime as dt
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from knitwork.home import Home, open_home
from knitwork.measures.catalogue import catalogue

pytestmark = pytest.mark.real_data
SOURCE = Path(__file__).parents[2] / "src"


def opened(file: Path, folder: Path) -> tuple[str, Home]:
    """Run `knitwork open --no-serve` in a process of its own; return what it said and the home it made."""
    done = subprocess.run(
        [sys.executable, "-m", "knitwork", "open", str(file), "--no-serve", "--home", str(folder)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, open_home(folder)


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def shown_pairs(home: Home) -> Counter:
    return Counter({(p["from_unit"], p["to_unit"]): p["count"] for p in home.answers().pairs("micro")})


def micro_units(home: Home) -> set[str]:
    registry = home.answers().registry
    return {u.unit for u in registry.units if registry.level_of(u.unit) == "micro"}


def moves(steps: list[str]) -> Counter:
    return Counter((a, b) for a, b in pairwise(steps) if a != b)


# MIMIC-IV demo


@pytest.fixture(scope="module")
def transfers(shared) -> Path:
    return shared / "data" / "mimic4-demo" / "hosp" / "transfers.csv"


@pytest.fixture(scope="module")
def mimic(transfers, tmp_path_factory):
    return opened(transfers, tmp_path_factory.mktemp("mimic") / "home")


def test_a_hundred_patients_in_thirty_one_care_units(mimic, transfers):
    rows = table(transfers)
    said, home = mimic

    patients = {s["patient"] for s in home.stays().to_pylist()}

    assert patients == {r["subject_id"] for r in rows}
    assert len(patients) == 100
    assert micro_units(home) == {r["careunit"] for r in rows} - {""}
    assert len(micro_units(home)) == 31
    assert "31 units, 100 patients, 450 hand-offs" in said


def test_every_pair_of_units_has_the_handoffs_that_an_independent_count_finds(mimic, transfers):
    visits: dict[str, list[dict[str, str]]] = {}
    for row in table(transfers):
        if row["careunit"]:
            # the 55 visits to the emergency department alone have no number; none of them is a hand-off
            visits.setdefault(row["hadm_id"] or row["transfer_id"], []).append(row)
    counted: Counter = Counter()
    for steps in visits.values():
        steps.sort(key=lambda r: (r["intime"], r["outtime"] or "9999", r["careunit"]))
        counted += moves([r["careunit"] for r in steps])

    shown = shown_pairs(mimic[1])

    assert sum(counted.values()) == 450
    assert shown == counted


def test_what_the_feed_does_not_say_is_noticed_and_said(mimic):
    said, home = mimic
    (feed,) = home.answers().feeds()

    assert feed.calendar == "shifted"
    assert not feed.departures_recorded
    assert "dates were shifted for privacy" in said
    assert "departure not recorded" in said
    assert "275 rows have no unit" in said
    assert "55 rows have no end" in said


def test_nothing_is_charted_by_calendar_and_no_wait_is_made_up(mimic):
    home = mimic[1]
    answers = home.answers()

    periods = {r["period"] for r in answers.rows("SELECT DISTINCT period FROM {cell}")}

    assert periods == {"all"}
    assert answers.periods("month") == []
    assert all(p["timed"] == 0 and p["mean_transit_s"] is None for p in answers.pairs("micro"))
    computable = answers.computable()
    untimed = [m.id for m in catalogue() if "departures recorded" in m.needs or "calendar" in m.needs]
    assert untimed
    assert [m for m in untimed if computable[m][0]] == []
    assert all(why for ok, why, _ in computable.values() if not ok)


# Synthea


@pytest.mark.slow
def test_encounters_of_synthea_have_the_counts_found_by_hand(shared, tmp_path):
    file = shared / "data" / "synthea-csv" / "encounters.csv"
    rows = table(file)

    said, home = opened(file, tmp_path / "home")

    stays = home.stays().to_pylist()
    assert {s["patient"] for s in stays} == {r["PATIENT"] for r in rows}
    assert micro_units(home) == {part_of_organisation(r) for r in rows}
    assert {(s["patient"], s["unit"], s["start_us"]) for s in stays} == {
        (r["PATIENT"], part_of_organisation(r), us(r["START"])) for r in rows
    }
    assert len(stays) == len({(r["PATIENT"], part_of_organisation(r), r["START"]) for r in rows})
    assert "27 patients" in said
    assert shown_pairs(home) == chained(rows)


def part_of_organisation(row: dict[str, str]) -> str:
    return f"{row['ORGANIZATION']}:{row['ENCOUNTERCLASS']}"


def us(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()) * 1_000_000


def chained(rows: list[dict[str, str]]) -> Counter:
    """Hand-offs between stays at most a day apart, when no visit is given and every end is known."""
    by_patient: dict[str, list[tuple[int, int, str]]] = {}
    for r in rows:
        by_patient.setdefault(r["PATIENT"], []).append((us(r["START"]), us(r["STOP"]), part_of_organisation(r)))
    counted: Counter = Counter()
    for stays in by_patient.values():
        steps: list[str] = []
        reach = None
        for start, end, unit in sorted(stays):
            if reach is not None and start - reach > 86_400_000_000:
                counted += moves(steps)
                steps, reach = [], None
            steps.append(unit)
            reach = end if reach is None else max(reach, end)
        counted += moves(steps)
    return counted


# Event logs


@pytest.mark.slow
def test_the_sepsis_log_has_its_cases_and_departments(shared, tmp_path):
    file = shared / "data" / "event-logs" / "sepsis.csv"
    rows = table(file)
    named = [r for r in rows if r["case_id"]]

    said, home = opened(file, tmp_path / "home")

    stays = home.stays().to_pylist()
    assert {s["patient"] for s in stays} == {r["case_id"] for r in named}
    assert micro_units(home) == {r["resource"] for r in named}
    assert {(s["patient"], s["unit"], s["start_us"]) for s in stays} == {
        (r["case_id"], r["resource"], us(r["timestamp"])) for r in named
    }
    assert f"{len(rows) - len(named)} rows have no patient" in said


def test_the_log_with_starts_and_ends_makes_one_stay_of_each_pair(shared, tmp_path):
    file = shared / "data" / "event-logs" / "patients.csv"
    pairs: dict[str, dict[str, str]] = {}
    for row in table(file):
        one = pairs.setdefault(row["handling_id"], {"patient": row["patient"], "unit": row["handling"]})
        one[row["registration_type"]] = row["time"]

    _, home = opened(file, tmp_path / "home")

    found = {(s["patient"], s["unit"], s["start_us"], s["end_us"]) for s in home.stays().to_pylist()}
    assert found == {(p["patient"], p["unit"], us(p["start"]), us(p["complete"])) for p in pairs.values()}
    assert len(found) == 2_721


# Data that was made wrong on purpose

DIRTY = ("csv/hospital.csv", "csv/hospital_actlog.csv", "csv/hospital_events.csv", "inst/extdata/hospital.xlsx",
         "inst/extdata/hospital_events.xlsx")  # fmt: skip


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_data_is_taken_or_rejected_row_by_row_and_nothing_crashes(shared, tmp_path, name):
    home = open_home(tmp_path / "home")

    (taken,) = home.load([shared / "data" / "daqapo-dirty" / name]).taken
    home.refresh()

    rejects = home.answers().rejects()
    assert taken.taken + taken.rejected == taken.rows or "events" in name
    assert len(rejects) == taken.rejected == 5
    assert {r["rule"] for r in rejects} == {"end_before_start", "start_empty"}
    assert all(r["message"] for r in rejects)
    assert home.stays().num_rows >= 45


@pytest.mark.slow
def test_a_whole_folder_of_mixed_things_is_opened_and_says_what_it_left_out(shared, tmp_path):
    said, home = opened(shared / "data" / "event-logs", tmp_path / "home")

    assert {f.feed for f in home.answers().feeds()} == {"patients", "sepsis"}
    assert "LICENSE" in said
