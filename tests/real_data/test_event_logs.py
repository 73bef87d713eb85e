"""Event logs of real and simulated hospitals: every event lands, and only what is odd in them is spoken of."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from knitwork.intake.formats import Profile, open_delivery
from knitwork.lake.engine import connect

pytestmark = pytest.mark.real_data
ODD = ("misspelling", "elsewhere it is written", "no word", "who did it", "does not say", "do not say", "repeat", "form",
       "begin with", "more than once", "one activity only", "unusual order", "ten years", "at the same time", "at once",
       "as long as usual", "batch", " by a ", "different people", "more than one", "outside 1 to 5", "one by one")  # fmt: skip


@pytest.fixture(scope="module")
def opened(shared, tmp_path_factory):
    def land(name: str):
        con = connect(memory="300MB", threads=1, spill=tmp_path_factory.mktemp("spill"))
        path = shared / "data" / "event-logs" / name
        format = open_delivery(path)
        report = format.land(
            con, path, format.guess(path, name=name, profile=Profile()), feed="f", delivery="d" * 64, name=name
        )
        with path.open(newline="") as lines:
            return con, report, list(csv.DictReader(lines))

    return land


@pytest.fixture(scope="module")
def sepsis(opened):
    return opened("sepsis.csv")


@pytest.fixture(scope="module")
def patients(opened):
    return opened("patients.csv")


def odd(report) -> list[str]:
    return [note for note in report.notes if any(words in note for words in ODD)]


def test_every_event_of_the_sepsis_log_lands_with_its_department(sepsis):
    con, report, rows = sepsis
    named = [r for r in rows if r["case_id"]]

    found = Counter(con.execute("SELECT type, unit FROM landed_event").fetchall())

    assert found == Counter((r["activity"].lower().replace(" ", "_"), r["resource"]) for r in named)
    assert report.tables == {"landed": len(named), "landed_event": len(named)}
    assert (report.rows, report.rejected) == (len(rows), len(rows) - len(named))


def test_the_numbers_of_the_laboratory_come_along(sepsis):
    con, _, rows = sepsis
    wanted = {"CRP": "crp", "LacticAcid": "lacticacid", "Leucocytes": "leucocytes"}

    for activity, column in wanted.items():
        total, n = con.execute(
            'SELECT sum("value"), count("value") FROM landed_event WHERE type = ?', [activity.lower()]
        ).fetchone()
        values = [float(r[column]) for r in rows if r["activity"] == activity and r[column] and r["case_id"]]
        assert (round(total, 6), n) == (round(sum(values), 6), len(values))


def test_of_the_sepsis_log_only_three_things_are_odd(sepsis):
    _, report, rows = sepsis
    firsts: dict[str, str] = {}
    seen: set[tuple[str, str, str]] = set()
    repeats = 0
    for r in sorted((r for r in rows if r["case_id"]), key=lambda r: (r["timestamp"], int(r[".order"]))):
        firsts.setdefault(r["case_id"], r["activity"])
        key = (r["case_id"], r["activity"], r["timestamp"])
        repeats += key in seen
        seen.add(key)
    elsewhere = sum(first != "ER Registration" for first in firsts.values())

    notes = odd(report)

    assert len(notes) == 3
    assert notes[0].startswith(f"{repeats} rows repeat patient, activity and time")
    assert notes[1].startswith(
        f"{elsewhere} of {len(firsts):,} cases begin with something other than 'ER Registration'"
    )
    assert "unusual order" in notes[2]


def test_a_simulated_log_without_faults_is_not_doubted(patients):
    _, report, rows = patients

    assert odd(report) == []
    assert report.tables == {"landed": len(rows) // 2, "landed_event": len(rows)}
    assert (report.rows, report.landed, report.rejected) == (len(rows), len(rows), 0)


def test_events_of_starts_and_ends_keep_who_did_it(patients):
    con, _, rows = patients

    found = Counter(con.execute("SELECT staff, code FROM landed_event").fetchall())

    assert found == Counter((r["employee"], r["registration_type"]) for r in rows)
