"""What FHIR says between the lines: visits that are over, records that are taken in part, deletions, missing amounts."""

from __future__ import annotations

import json

import pytest

from knitwork.home import open_home
from tests.intake.known import Landed, us
from tests.intake.test_fhir import PATIENT, at, encounter, period


@pytest.fixture
def landed(tmp_path):
    def take(*resources) -> Landed:
        path = tmp_path / "some.ndjson"
        path.write_text("\n".join(json.dumps(one) for one in resources), encoding="utf-8")
        return Landed(path, format="fhir")

    return take


@pytest.mark.parametrize("status", ["finished", "discharged", "completed", "discontinued"])
def test_a_visit_that_is_over_and_says_no_end_is_not_open(landed, status):
    over = encounter(
        status=status, period=period("2024-03-01T08:00:00Z"), serviceProvider={"reference": "Organization/o1"}
    )
    places = [[], [{"location": {"reference": "Location/ED"}}], [at("ED", "2024-03-01T08:00:00Z")]]

    one = landed(*({**over, "id": f"v{n}", **({"location": some} if some else {})} for n, some in enumerate(places)))

    assert one.rows("landed", "unit, end_us, end_kind") == [("ED", None, "unknown"), ("ED", None, "unknown"),
                                                            ("o1/IMP", None, "unknown")]  # fmt: skip


HERE = encounter(location=[at("ED", "2024-03-01T08:00:00Z")])
ENDS_BEFORE = period("2024-03-01T08:00:00Z", "2024-02-01T08:00:00Z")
SEEN = {
    "type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/d1"},
    "period": period("2024-03-01T08:20:00Z"),
}  # fmt: skip


def test_a_record_that_is_taken_in_part_counts_as_taken_and_stands_in_rejects(landed, tmp_path):
    spoilt = encounter(id="v2", period=ENDS_BEFORE, location=[{"location": {"reference": "Location/ED"}}])

    one = landed(HERE, spoilt | {"participant": [SEEN]})
    home = open_home(tmp_path / "home")
    (taken,) = home.load([tmp_path / "some.ndjson"]).taken
    home.refresh()

    assert (one.report.rows, one.report.landed, one.report.rejected) == (2, 2, 0)
    assert any(note.startswith("1 record was taken in part") for note in one.report.notes)
    assert (taken.rejected, [(r["row"], r["rule"]) for r in home.answers().rejects()]) == (0, [(2, "end_before_start")])


def test_a_patient_may_replace_several_others(landed):
    links = [{"other": {"reference": f"Patient/{old}"}, "type": "replaces"} for old in ("p1", "p2", "p3")]

    one = landed(HERE, {"resourceType": "Patient", "id": "p9", "link": links})

    assert one.rows("linked", "patient, merged_into, kind") == [(old, "p9", "merge") for old in ("p1", "p2", "p3")]


def bundle(*resources, deleted):
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "history",
            "entry": [*entries, {"request": {"method": "DELETE", "url": deleted}}]}  # fmt: skip


def test_a_deletion_takes_back_the_record_of_its_bundle(landed):
    one = landed(bundle(HERE, HERE | {"id": "v2"}, deleted="Encounter/v2"))

    assert one.rows("landed", "visit, cancelled") == [("v1", False), ("v2", True)]
    assert "1 deletion took back the record it names" in one.report.notes


def test_a_deletion_of_what_is_not_there_is_said_and_not_followed(landed):
    one = landed(bundle(HERE, deleted="Encounter/v7"))

    assert one.rows("landed", "visit, cancelled") == [("v1", False)]
    assert any("could not be followed" in note for note in one.report.notes)


def benefit(number, **more):
    return {"resourceType": "ExplanationOfBenefit", "id": number, "patient": PATIENT, "created": "2024-03-02", **more}


def test_a_bill_without_a_total_costs_what_its_items_cost(landed):
    items = [{"net": {"value": value, "currency": "USD"}} for value in (120.5, 30)]
    mixed = [{"net": {"value": 1, "currency": currency}} for currency in ("USD", "EUR")]
    claim = benefit("c", item=items) | {"resourceType": "Claim"}

    one = landed(HERE, benefit("x", item=items), claim, benefit("y", item=mixed))

    assert one.rows("landed_fact", "fact, code, value, value_unit") == [
        ("Claim/c", "charge", 150.5, "USD"), ("ExplanationOfBenefit/x/items", "charge", 150.5, "USD"),
    ]  # fmt: skip
    assert one.rejected() == [(4, "value", "value_empty")]


def test_a_condition_without_a_day_is_kept(landed):
    condition = {"resourceType": "Condition", "subject": PATIENT, "code": {"coding": [{"code": "I21"}]}}

    one = landed(HERE, condition | {"id": "a"}, condition | {"id": "b", "recordedDate": "in the long past"})

    assert one.rows("landed_fact", "fact, code, at_us") == [("Condition/a", "I21", None)]
    assert one.rejected() == [(3, "time", "time_unreadable")]


def test_answers_that_are_not_taken_are_counted(landed):
    answers = [{"valueInteger": 2}, {"valueDate": "2024-01-01"}, {"valueString": "sore"}]
    response = {
        "resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": PATIENT,
        "authored": "2024-03-01T10:00:00Z", "item": [{"linkId": str(n), "answer": [a]} for n, a in enumerate(answers)],
    }  # fmt: skip

    one = landed(HERE, response)

    assert one.rows("landed_fact", "value") == [(2.0,)]
    assert any("2 answers that are neither a number nor a code" in note for note in one.report.notes)


def test_a_place_of_which_only_the_end_is_told_began_with_the_visit_if_it_came_first(landed):
    end = {"location": {"reference": "Location/ED"}, "period": {"end": "2024-03-01T10:00:00Z"}}
    second = [at("W1", "2024-03-01T08:30:00Z", "2024-03-01T09:30:00Z"), end]

    one = landed(encounter(location=[end, at("W1", "2024-03-01T10:00:00Z")]), encounter(id="v2", location=second))

    assert one.rows("landed", "visit, unit, start_us") == [
        ("v1", "ED", us("2024-03-01 08:00")), ("v1", "W1", us("2024-03-01 10:00")), ("v2", "W1", us("2024-03-01 08:30")),
    ]  # fmt: skip
    assert one.rejected() == [(2, "start", "start_empty")]
