"""Every defect that was planted in the hospital log of daqapo is reported, with counts made in plain Python here."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict

import pytest

from knitwork.intake.formats import LandReport, Profile, open_delivery
from knitwork.lake.engine import connect

pytestmark = pytest.mark.real_data
FILES = ("csv/hospital.csv", "csv/hospital_actlog.csv", "csv/hospital_events.csv", "inst/extdata/hospital.xlsx",
         "inst/extdata/hospital_events.xlsx")  # fmt: skip


@pytest.fixture(scope="module")
def reports(shared, tmp_path_factory) -> dict[str, LandReport]:
    con = connect(memory="300MB", threads=1, spill=tmp_path_factory.mktemp("spill"))
    found = {}
    for name in FILES:
        path = shared / "data" / "daqapo-dirty" / name
        format = open_delivery(path)
        profile = format.guess(path, name=path.name, profile=Profile())
        found[name] = format.land(con, path, profile, feed="ed", delivery="d" * 64, name=path.name)
    return found


@pytest.fixture(scope="module")
def acts(shared) -> list[dict]:
    """The rows of hospital.csv, with times read and each label as it was meant."""
    meant = {"registration": "Registration", "Trage": "Triage", "Triaga": "Triage"}
    with (shared / "data" / "daqapo-dirty" / FILES[0]).open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["from"], row["till"] = moment(row["start_ts"]), moment(row["complete_ts"])
        row["meant"] = meant.get(row["activity"], row["activity"])
    return rows


def moment(text: str) -> dt.datetime | None:
    return dt.datetime.strptime(text, "%d/%m/%Y %H:%M:%S") if text else None


def cases(acts) -> dict[str, list[dict]]:
    found = defaultdict(list)
    for row in acts:
        found[row["patient_visit_nr"]].append(row)
    return found


def said(report: LandReport, words: str) -> str:
    (note,) = [note for note in report.notes if words in note]
    return note


@pytest.fixture(params=("csv/hospital.csv", "csv/hospital_actlog.csv", "inst/extdata/hospital.xlsx"))
def report(request, reports) -> LandReport:
    return reports[request.param]


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_taken_or_set_aside(reports, name):
    report = reports[name]

    assert report.rows == (106 if "events" in name else 53)
    assert report.landed + report.rejected == report.rows
    assert report.rejected == 5


def test_ends_before_starts_and_missing_starts_are_set_aside(report, acts):
    negative = sum(r["from"] is not None and r["till"] < r["from"] for r in acts)
    startless = sum(r["from"] is None for r in acts)

    assert dict(report.counts.rejected) == {"end_before_start": negative, "start_empty": startless}


def test_activities_of_no_length_are_marked(report, acts):
    none = sum(r["from"] == r["till"] for r in acts)

    assert none == report.counts.zero_length == 1


def test_labels_with_other_capitals_and_misspelled_ones_are_named(report, acts):
    counts = Counter(r["activity"] for r in acts)

    for label, meant, why in (
        ("registration", "Registration", "elsewhere it is written"),
        ("Trage", "Triage", "likely a misspelling of"),
        ("Triaga", "Triage", "likely a misspelling of"),
    ):
        note = said(report, f"'{label}'")
        assert note.startswith(f"{counts[label]} row has the activity '{label}', {why} '{meant}'")


def test_a_label_that_is_no_word_is_found(report, acts):
    n = sum(not any(c.isalpha() for c in r["activity"]) for r in acts)

    assert said(report, "no word").startswith(f"{n} row has an activity that is no word")


def test_missing_people_and_missing_codes_are_counted(report, acts):
    people = sum(not r["originator"] for r in acts)
    codes = sum(not r["triagecode"] for r in acts)

    assert said(report, "who did it").startswith(f"{people} rows do not say who did it")
    assert said(report, "not say 'triagecode'").startswith(f"{codes} row does not say")


def test_codes_of_triage_that_no_scale_has_are_counted(report, acts):
    outside = sum(bool(r["triagecode"]) and not 1 <= float(r["triagecode"]) <= 5 for r in acts)

    assert said(report, "outside 1 to 5").startswith(f"{outside} rows have a 'triagecode'")


def test_registrations_of_one_moment_are_counted_as_repeats(report, acts):
    starts = Counter((r["patient_visit_nr"], r["meant"], r["from"]) for r in acts if r["from"])
    repeats = sum(n - 1 for n in starts.values())

    assert said(report, "repeat").startswith(f"{repeats} rows repeat patient, activity and time")


def test_cases_entered_at_once_are_found(report, acts):
    """Three activities of one case, begun within five seconds: registered afterwards."""
    at_once = 0
    for rows in cases(acts).values():
        starts = sorted((r["from"], r["meant"]) for r in rows if r["from"])
        at_once += any(
            c[0] - a[0] <= dt.timedelta(seconds=5) and len({a[1], b[1], c[1]}) == 3
            for a, b, c in zip(starts, starts[1:], starts[2:], strict=False)
        )

    assert at_once == 2
    assert said(report, "as from a form").startswith(f"{at_once} cases have three activities")


def test_three_cases_by_one_nurse_within_seconds_are_a_batch(report, acts):
    found = 0
    for who in {r["originator"] for r in acts if r["originator"]}:
        for what in {r["meant"] for r in acts}:
            mine = sorted((r["from"], r["patient_visit_nr"]) for r in acts
                          if r["originator"] == who and r["meant"] == what and r["from"])  # fmt: skip
            found += sum(
                all((y[0] - x[0]).total_seconds() <= 10 for x, y in ((a, b), (b, c))) and len({a[1], b[1], c[1]}) == 3
                for a, b, c in zip(mine, mine[1:], mine[2:], strict=False)
            )

    assert said(report, "as in a batch").startswith(f"{found} row ends three or more cases")


def test_overlaps_within_a_case_and_by_one_person_are_counted(report, acts):
    def overlapping(key: str) -> int:
        owners = defaultdict(list)
        for r in acts:
            if r[key] and r["from"] and r["till"] > r["from"]:
                owners[r[key]].append((r["from"], r["till"]))
        return sum(
            any(a[0] < b[1] and b[0] < a[1] for i, a in enumerate(spans) for b in spans[i + 1 :])
            for spans in owners.values()
        )

    assert said(report, "two activities at the same time").startswith(f"{overlapping('patient_visit_nr')} cases have")
    assert said(report, "two patients at once").startswith(f"{overlapping('originator')} people are")


def test_a_triage_before_its_registration_is_found(report, acts):
    both = odd = 0
    for rows in cases(acts).values():
        first = {}
        for r in rows:
            if r["from"]:
                first[r["meant"]] = min(first.get(r["meant"], r["from"]), r["from"])
        if {"Registration", "Triage"} <= first.keys():
            both += 1
            odd += first["Triage"] < first["Registration"]

    note = said(report, "unusual order")
    assert note.startswith(f"{odd} case has an unusual order, such as 'Triage' before 'Registration'")
    assert f"in the other {both - odd} come" in note


def test_an_evaluation_of_a_treatment_without_the_treatment_is_found(report, acts):
    evaluated = [{r["meant"] for r in rows} for rows in cases(acts).values()]
    evaluated = [meant for meant in evaluated if "Treatment evaluation" in meant]
    both = sum("Treatment" in meant for meant in evaluated)

    assert said(report, "without").startswith(
        f"{len(evaluated) - both} case has 'Treatment evaluation' without 'Treatment', "
        f"which {both} of {len(evaluated)} have"
    )


def test_cases_that_begin_elsewhere_begin_twice_or_have_one_activity_are_counted(report, acts):
    all_ = cases(acts)
    begin = Counter(
        min(rows, key=lambda r: r["from"] or dt.datetime.max)["meant"] == "Registration" for rows in all_.values()
    )
    twice = sum(Counter(r["meant"] for r in rows)["Registration"] > 1 for rows in all_.values())
    single = sum(len(rows) == 1 for rows in all_.values())

    assert said(report, "begin with something other").startswith(f"{begin[False]} of {len(all_)} cases")
    assert said(report, "more than once").startswith(f"{twice} cases have 'Registration'")
    assert said(report, "one activity only").startswith(f"{single} of {len(all_)} cases")


def test_activities_that_last_far_too_long_are_counted(report, acts):
    lengths = defaultdict(list)
    for r in acts:
        if r["from"] and r["till"] > r["from"]:
            lengths[r["meant"]].append((r["till"] - r["from"]).total_seconds())
    far = 0
    for found in lengths.values():
        middle = sorted(found)[(len(found) - 1) // 2], sorted(found)[len(found) // 2]
        far += len(found) >= 5 and sum(x > 20 * sum(middle) / 2 for x in found)

    assert said(report, "as long as usual").startswith(f"{far} rows last over 20 times")


def test_a_registration_by_a_nurse_is_odd(report, acts):
    nurses = sum(r["meant"] == "Registration" and r["originator"].startswith("Nurse") for r in acts)

    assert said(report, "by a Nurse").startswith(f"{nurses} row has 'Registration' by a Nurse")


def test_a_case_with_two_specializations_is_found(report, acts):
    several = sum(len({r["specialization"] for r in rows}) > 1 for rows in cases(acts).values())

    assert said(report, "more than one 'specialization'").startswith(f"{several} case has")


def test_case_numbers_that_are_left_out_are_counted(report, acts):
    numbers = {int(float(r["patient_visit_nr"])) for r in acts}
    left_out = len(set(range(min(numbers), max(numbers))) - numbers)

    assert said(report, "numbered one by one").endswith(
        f"and {left_out} numbers between the first and the last have no row"
    )


@pytest.mark.parametrize("name", [name for name in FILES if "events" in name])
def test_in_the_log_of_events_starts_and_ends_by_different_people_are_found(reports, shared, name):
    with (shared / "data" / "daqapo-dirty" / "csv/hospital_events.csv").open(newline="") as lines:
        pairs = defaultdict(set)
        for r in csv.DictReader(lines):
            if r["timestamp"]:
                pairs[r["patient_visit_nr"], r["activity"], r["event_matching"]].add(r["originator"])
    different = sum(len(people) > 1 for people in pairs.values())

    assert said(reports[name], "different people").startswith(f"{different} pairs have a start and an end")


def test_the_log_of_events_has_the_defects_of_the_log_of_activities(reports):
    """Defects of cases are as many in both; defects of rows are twice as many where a row became two events."""
    counts = [
        "2 cases have three activities", "11 of 22 cases begin", "2 cases have 'Registration'", "10 of 22 cases have one",
        "1 case has an unusual order", "5 cases have two activities", "3 people are with", "2 rows last over 20 times",
        "1 row ends three or more cases", "14 rows have a 'triagecode' outside", "4 rows do not say who",
        "2 rows have the activity 'Trage'", "1 case has more than one 'specialization'", "and 5 numbers",
    ]  # fmt: skip

    notes = " | ".join(reports["csv/hospital_events.csv"].notes)

    assert [words for words in counts if words not in notes] == []


# What daqapo's own detectors find in this log, and the words of the rule that reports it here.
DETECTED = {
    "activity frequency violations": ["cases have 'Registration', with which cases begin, more than once"],
    "activity order violations": ["'Triage' before 'Registration'"],
    "attribute dependencies": ["'Registration' by a Nurse", "more than one 'specialization'"],
    "case id sequence gaps": ["numbered one by one"],
    "duration outliers": ["over 20 times as long as usual"],
    "incomplete cases": ["begin with something other", "one activity only"],
    "incorrect activity names": ["an activity that is no word", "'Trage', likely a misspelling"],
    "missing values": ["who did it", "not say 'triagecode'", "no start: set aside"],
    "multiregistration": ["as from a form", "as in a batch", "repeat patient, activity and time"],
    "overlaps": ["two activities at the same time", "with two patients at once"],
    "related activities": ["'Treatment evaluation' without 'Treatment'"],
    "similar labels": ["elsewhere it is written 'Registration'", "misspelling of 'Triage'"],
    "time anomalies": ["before they start: set aside", "no time at all"],
    "value range violations": ["a 'triagecode' outside 1 to 5"],
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("defect", DETECTED)
def test_every_kind_of_defect_that_daqapo_looks_for_is_reported_in_every_form_of_the_log(reports, name, defect):
    notes = " | ".join(reports[name].notes)

    assert [words for words in DETECTED[defect] if words not in notes] == []


def test_no_sentence_names_a_patient(reports, acts):
    numbers = {r["patient_visit_nr"].removesuffix(".0") for r in acts}

    for report in reports.values():
        words = {word.strip("(),.'") for note in report.notes for word in note.split()}
        assert not words & numbers
