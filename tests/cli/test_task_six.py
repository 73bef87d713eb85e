"""Task 6 from the command line: two extracts loaded twice, late rows, a merge, broken files, and what was done told.

Every step is a command; the truths are those of tests/six/night.py.
"""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.six import night

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nights(tmp_path_factory, knitwork):
    """Two nights in one home; what each command said is kept by its name."""
    folder = tmp_path_factory.mktemp("six")
    files, home = night.written(folder / "files"), folder / "home"
    said = {}

    def run(name, *words):
        said[name] = knitwork(*words, "--home", home)

    adt = ("--feed", "adt", "--tz", night.TZ)
    run("adt 1", "load", files / "adt-1.csv", *adt, "--extracted-at", "2026-11-06T23:00+01:00")
    run("lab", "load", files / "lab.csv", "--feed", "lab", "--map", files / "lab.yaml")
    run("born", "load", files / "born.hl7", "--feed", "people", "--tz", night.TZ)
    run("beds like adt", "profile", "beds", "--like", "adt", "--why", "the same house")
    run("beds whole", "profile", "beds", "--set", "snapshot=period", "--why", "each night all of the month")
    run("beds 1", "load", files / "beds-1.csv", "--feed", "beds", "--extracted-at", "2026-11-05T01:00+01:00")
    run("refresh 1", "refresh")
    run("stays 1", "stays", "--format", "csv")
    run("arrivals 1", "measure", "arrivals", "--unit", "ED", "--format", "json")

    run("adt 1 again", "load", files / "adt-1.csv", "--feed", "adt")
    run("lab again", "load", files / "lab.csv", "--feed", "lab")
    run("refresh again", "refresh")
    run("stays again", "stays", "--format", "csv")

    run("broken zip", "load", files / "broken.zip", "--feed", "adt")
    run("broken csv", "load", files / "broken.csv", "--feed", "adt")
    run("deliveries after broken", "deliveries", "--format", "json")

    run("adt 2", "load", files / "adt-2.csv", "--feed", "adt", "--extracted-at", "2026-11-07T23:00+01:00")
    run("merged", "load", files / "merged.csv", "--tz", night.TZ)
    run("beds 2", "load", files / "beds-2.csv", "--feed", "beds", "--extracted-at", "2026-11-06T01:00+01:00")
    run("refresh 2", "refresh")
    run("export", "export", folder / "out", "--to", "csv")
    said["home"], said["folder"] = home, folder
    return said


@pytest.fixture
def ask(knitwork, nights):
    def looked(*words):
        done = knitwork(*words, "--home", nights["home"], "--format", "json")
        assert done.status == 0, done.err
        return json.loads(done.out)

    return looked


def minutes(row):
    from datetime import datetime

    return (datetime.fromisoformat(row["end"]) - datetime.fromisoformat(row["start"])).total_seconds() / 60


def test_every_load_says_what_it_took_and_what_it_set_aside(nights):
    assert "adt-1.csv: 8 rows taken, 3 rejected (feed adt)" in nights["adt 1"].out
    assert "lab.csv: 4 rows taken, 1 rejected (feed lab)" in nights["lab"].out
    assert "4 events have no department: they make no stay" in nights["lab"].out
    assert "adt-2.csv: 4 rows taken, 0 rejected (feed adt)" in nights["adt 2"].out
    assert "merged.csv: 1 patient link taken, 0 rejected" in nights["merged"].out
    for name in ("adt 1", "lab", "born", "beds 1", "refresh 1", "adt 2", "merged", "beds 2", "refresh 2", "export"):
        assert nights[name].status == 0, nights[name].err


def test_the_same_files_again_change_nothing(nights):
    assert "adt-1.csv: already known, nothing changed" in nights["adt 1 again"].out
    assert "lab.csv: already known, nothing changed" in nights["lab again"].out
    assert "Nothing new" in nights["refresh again"].out
    assert nights["stays again"].out == nights["stays 1"].out


def test_the_mapping_is_kept_as_a_profile_with_its_versions(ask, nights):
    says = {row["key"]: row["value"] for row in ask("profile", "lab")}
    assert (says["activity"], says["start"], says["unit"], says["zone"]) == ("test", "collected", "-", night.TZ)
    assert [(one["version"], one["why"]) for one in ask("profile", "beds", "--versions")] == [
        (2, "each night all of the month"), (1, "the same house"),
    ]  # fmt: skip


def test_rejected_rows_are_a_file_with_row_field_rule_and_reason(knitwork, nights):
    text = knitwork("rejects", "--feed", "adt", "--format", "csv", "--home", nights["home"]).out
    rows = list(csv.DictReader(io.StringIO(text)))

    assert {int(row["row"]): (row["field"], row["rule"]) for row in rows} == night.ADT_1_REJECTED
    for row in rows:
        patient, _visit, _ward, arrived, left = night.ADT_1[int(row["row"]) - 1].split(",")
        # What stood there is in the reason, and the patient is not.
        assert left in row["message"] or arrived in row["message"]
        assert patient not in row["message"].split()


def test_late_rows_change_past_points_and_that_is_said(ask, nights):
    second = next(one for one in ask("deliveries", "--feed", "adt") if one["name"] == "adt-2.csv")
    assert (second["taken"], second["new"], second["known"], second["late"]) == (4, 3, 1, 1)
    assert second["changed"] == "2026-10 (1), 2026-11 (2)"

    def october(rows):
        return next(row["numerator"] or row["value"] for row in rows if row["period"] == "2026-10-01")

    # Patient 10 and patient 11 came to the emergency department in October; the late row is a third.
    assert october(json.loads(nights["arrivals 1"].out)) == 2
    assert october(ask("measure", "arrivals", "--unit", "ED")) == 3


def test_a_merge_keeps_the_journeys_under_the_number_that_stays(ask):
    by_old, by_new = ask("stays", "--patient", "13"), ask("stays", "--patient", "10")

    assert by_old == by_new
    assert {row["patient"] for row in by_new} == {"10"}
    assert [(row["unit"], row["visit"]) for row in by_new] == [("ED", "v1"), ("W7", "v1"), ("ED", "v4"), ("W7", "v4")]
    assert sum(row["visits"] for row in ask("journeys", "--patient", "13")) == 2


@pytest.mark.parametrize("name", ["broken zip", "broken csv"])
def test_a_broken_file_is_one_sentence_and_leaves_nothing(nights, name):
    done = nights[name]
    assert done.status == 1
    assert len(done.err.strip().splitlines()) == 1
    assert name.replace(" ", ".") in done.err
    names = {one["name"] for one in json.loads(nights["deliveries after broken"].out)}
    assert names == {"adt-1.csv", "lab.csv", "born.hl7", "beds-1.csv"}


def test_the_night_of_the_clock_change_is_told_in_real_minutes(ask, nights):
    stays = {(row["patient"], row["unit"], row["visit"]): row for row in ask("stays")}

    assert minutes(stays["11", "ED", "v2"]) == 20
    assert minutes(stays["18", "ED", "v9"]) == 60
    assert minutes(stays["10", "ED", "v1"]) == 5.5 * 60
    gap = next(row for row in ask("handoffs", "--each") if row["patient"] == "10" and row["to_unit"] == "W7")
    assert gap["transit_s"] == 15 * 60
    assert "the hour that autumn repeats" in nights["adt 1"].out


def test_a_code_that_nobody_named_is_a_unit_and_tests_of_the_laboratory_are_none(ask):
    units = {row["unit"]: row for row in ask("units")}

    assert {code for code, row in units.items() if row["level"] == "micro"} == {"ED", "W7", "X99", "Y1", "ICU"}
    assert units["X99"]["kind_guessed"] is True


def test_a_stay_before_birth_is_kept_and_named_as_what_cannot_be(ask):
    broken = [row for row in ask("implausible") if row["rule"] == "before_birth"]

    first = next(one["delivery"] for one in ask("deliveries") if one["name"] == "adt-1.csv")
    # Row 6 of the first night was told again as row 1 of the second: either may speak for that stay.
    assert sorted((row["patient"], row["unit"]) for row in broken) == [("12", "ED"), ("12", "X99")]
    assert {(row["delivery"], row["row"]) for row in broken if row["unit"] == "ED"} == {(first, 5)}
    assert len(ask("stays", "--patient", "12")) == 2


def test_the_status_says_up_to_when_each_feed_goes(ask):
    last = {row["feed"]: row["last"] for row in ask("status")}

    # 12:10 and 04:40 in Amsterdam, in winter time.
    assert last["adt"] == "2026-11-07T11:10:00+00:00"
    assert last["lab"] == "2026-11-02T08:30:00+00:00"


def test_a_number_is_traced_to_the_files_and_rows_that_told_it(ask):
    rows = ask("behind", "arrivals", "--unit", "ED", "--period", "month", "--start", "2026-10-01")

    assert sorted((row["patient"], row["told_by"]) for row in rows) == [
        ("10", "adt-1.csv row 1"), ("11", "adt-1.csv row 3"), ("19", "adt-2.csv row 2"),
    ]  # fmt: skip


def test_what_was_read_can_be_taken_out_again(nights, ask):
    text = (nights["folder"] / "out" / "stays.csv").read_text("utf-8")
    written = list(csv.DictReader(io.StringIO(text)))
    assert len(written) == len(ask("stays"))


def test_the_newest_extract_of_a_feed_that_sends_everything_speaks_and_what_vanished_is_named(ask, knitwork, nights):
    assert sorted(row["patient"] for row in ask("stays", "--unit", "ICU")) == ["A", "C", "D"]

    gone = ask("withdrawn", "--feed", "beds")
    assert [(row["why"], row["patient"], row["row"]) for row in gone] == [("vanished", "B", 2)]
    newest = next(one for one in ask("deliveries", "--feed", "beds") if one["name"] == "beds-2.csv")
    assert gone[0]["by_delivery"] == newest["delivery"]
    assert newest["taken_back"] == 1
    out = knitwork("status", "--home", nights["home"]).out
    assert "beds: 1 stay that was told no longer holds, see withdrawn" in out
