"""FHIR resources become landed rows: small resources made by hand, one idea each."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.intake.formats.csv.read import land as land_csv
from knitwork.intake.formats.fhir.read import guess, land
from knitwork.intake.profile import Profile
from knitwork.lake.engine import connect
from knitwork.model.errors import CannotDo
from tests.intake.known import Landed, us

PATIENT = {"reference": "Patient/p1"}


def period(start: str, end: str | None = None) -> dict:
    return {"start": start, **({"end": end} if end else {})}


def at(place: str, start: str, end: str | None = None, **more) -> dict:
    return {"location": {"reference": f"Location/{place}"}, "period": period(start, end), **more}


def encounter(**more) -> dict:
    return {
        "resourceType": "Encounter", "id": "v1", "status": "finished", "class": {"code": "IMP"}, "subject": PATIENT,
        "period": period("2024-03-01T08:00:00Z", "2024-03-01T20:00:00Z"), **more,
    }  # fmt: skip


ED_THEN_WARD = [
    at("ED", "2024-03-01T08:00:00Z", "2024-03-01T10:00:00Z"),
    at("W1", "2024-03-01T10:00:00Z", "2024-03-01T20:00:00Z"),
]
STAYS = "unit, start_us, end_us, end_kind, visit"


@pytest.fixture
def landed(tmp_path):
    def take(*resources, name="some.ndjson", profile=None) -> Landed:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(one) for one in resources), encoding="utf-8")
        return Landed(path, format="fhir", profile=profile)

    return take


def test_each_location_of_an_encounter_is_a_stay(landed):
    one = landed(encounter(location=ED_THEN_WARD))

    assert one.rows("landed", STAYS) == [
        ("ED", us("2024-03-01 08:00"), us("2024-03-01 10:00"), "recorded", "v1"),
        ("W1", us("2024-03-01 10:00"), us("2024-03-01 20:00"), "recorded", "v1"),
    ]
    assert one.rows("landed", "DISTINCT patient, record") == [("p1", "Encounter/v1")]


def test_a_place_that_is_only_kept_for_a_patient_is_no_stay(landed):
    kept = [at(f"W{n}", "2024-03-01T09:00:00Z", status=status) for n, status in enumerate(("planned", "reserved"))]

    one = landed(encounter(location=[*ED_THEN_WARD, *kept]))

    assert one.rows("landed", "unit") == [("ED",), ("W1",)]


def test_a_visit_that_goes_on_is_open_in_the_last_place_only(landed):
    going_on = encounter(
        status="in-progress", period=period("2024-03-01T08:00:00Z"),
        location=[at("ED", "2024-03-01T08:00:00Z"), at("W1", "2024-03-01T10:00:00Z")],
    )  # fmt: skip

    one = landed(going_on)

    assert one.rows("landed", "unit, end_kind") == [("ED", "missing"), ("W1", "open")]


def test_an_encounter_without_a_place_is_a_stay_in_the_class_of_its_provider(landed):
    one = landed(encounter(serviceProvider={"reference": "Organization/o1", "display": "North"}))

    assert one.rows("landed", "unit") == [("o1/IMP",)]
    assert one.rows("landed_place", "place, name, parent") == [
        ("o1", "North", None), ("o1/IMP", "North, inpatient", "o1"),
    ]  # fmt: skip


def test_encounters_that_are_part_of_another_are_stays_of_its_visit(landed):
    parts = [
        encounter(id=f"c{n}", partOf={"reference": "Encounter/v1"}, period=one["period"], location=[one])
        for n, one in enumerate(ED_THEN_WARD)
    ]

    one = landed(encounter(serviceProvider={"reference": "Organization/o1"}), *parts)

    assert one.rows("landed", "unit, visit") == [("ED", "v1"), ("W1", "v1")]


def test_release_5_says_the_same_in_other_words(landed):
    r5 = encounter(location=ED_THEN_WARD, actualPeriod=encounter()["period"], admission={})
    del r5["period"]
    r5["class"] = [{"coding": [{"code": "IMP"}]}]

    assert landed(r5).rows("landed", STAYS) == landed(encounter(location=ED_THEN_WARD)).rows("landed", STAYS)


def history_of_two_places():
    return [
        {
            "resourceType": "EncounterHistory", "id": f"h{n}", "encounter": {"reference": "Encounter/v1"},
            "status": "completed", "class": {"coding": [{"code": "IMP"}]}, "subject": PATIENT,
            "subjectStatus": {"coding": [{"code": word}]}, "actualPeriod": one["period"],
            "location": [{"location": one["location"]}],
        }
        for n, (one, word) in enumerate(zip(ED_THEN_WARD, ("triaged", "receiving-care"), strict=True))
    ]  # fmt: skip


# In the last case the encounter says of the ward that it began a little later.
@pytest.mark.parametrize(
    "beside", [[], [encounter()], [encounter(location=[at("W1", "2024-03-01T10:05:00Z", "2024-03-01T20:00:00Z")])]]
)
def test_the_history_of_an_encounter_speaks_in_its_place(landed, beside):
    one = landed(*beside, *history_of_two_places())

    assert one.rows("landed", "unit, start_us, visit") == [
        ("ED", us("2024-03-01 08:00"), "v1"), ("W1", us("2024-03-01 10:00"), "v1"),
    ]  # fmt: skip
    assert one.rows("landed_event", "type, at_us") == [
        ("roomed", us("2024-03-01 10:00")), ("triage", us("2024-03-01 08:00")),
    ]  # fmt: skip


def test_the_status_history_tells_the_phases(landed):
    words = ("arrived", "triaged", "in-progress", "onleave", "in-progress")
    phases = [{"status": word, "period": period(f"2024-03-01T0{n}:00:00Z")} for n, word in enumerate(words)]

    one = landed(encounter(location=ED_THEN_WARD, statusHistory=phases))

    found = one.con.execute("SELECT type FROM landed_event ORDER BY at_us").fetchall()
    assert [type_ for (type_,) in found] == ["arrive", "triage", "roomed", "leave", "return"]


def test_who_took_part_has_a_duty_and_saw_the_patient(landed):
    who = {
        "type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/d1"},
        "period": period("2024-03-01T08:20:00Z", "2024-03-01T09:00:00Z"),
    }  # fmt: skip

    one = landed(encounter(location=ED_THEN_WARD, participant=[who]))

    assert one.rows("landed_duty", "staff, role, start_us") == [("d1", "attending", us("2024-03-01 08:20"))]
    assert one.rows("landed_event", "type, at_us, staff") == [("seen", us("2024-03-01 08:20"), "d1")]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_an_encounter_that_was_an_error_takes_its_stays_back(landed, status):
    one = landed(encounter(status=status, location=ED_THEN_WARD, meta={"lastUpdated": "2024-03-02T00:00:00Z"}))

    assert one.rows("landed", "record, cancelled, said_us") == [("Encounter/v1", True, us("2024-03-02 00:00"))]


def test_a_stay_that_ends_before_it_starts_is_set_aside(landed):
    wrong = [*ED_THEN_WARD, at("W2", "2024-03-01T21:00:00Z", "2024-03-01T20:00:00Z")]

    one = landed(encounter(location=wrong))

    assert one.rejected() == [(1, "end", "end_before_start")]
    assert one.rows("landed", "unit") == [("ED",), ("W1",)]


def test_a_date_without_a_time_is_precise_to_the_day(landed):
    one = landed(encounter(location=[at("W1", "2024-03-01", "2024-03-03")]))

    assert one.rows("landed", "precision") == [("d",)]


def test_local_times_are_those_of_the_profiles_zone(landed):
    one = landed(
        encounter(location=[at("W1", "2024-07-01T08:00:00", "2024-07-01T09:00:00")]),
        profile=Profile(zone="Europe/Amsterdam"),
    )

    assert one.rows("landed", "start_us, zone_assumed") == [(us("2024-07-01 06:00"), False)]


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"reference": "Location/7"}, "7"),
        ({"reference": "https://fhir.example/r4/Location/7"}, "7"),
        ({"reference": "Location/7/_history/3"}, "7"),
        ({"reference": "urn:uuid:7"}, "7"),
        ({"reference": "Location?identifier=urn:x|7"}, "7"),
        ({"identifier": {"value": "7"}}, "7"),
        ({"display": "Ward seven"}, "Ward seven"),
    ],
)  # fmt: skip
def test_a_place_may_be_named_in_many_ways(landed, reference, code):
    entry = {"location": reference, "period": encounter()["period"]}

    assert landed(encounter(location=[entry])).rows("landed", "unit") == [(code,)]


def test_resources_in_a_bundle_name_each_other_by_their_addresses(tmp_path):
    patient = {"fullUrl": "urn:uuid:aa", "resource": {"resourceType": "Patient", "id": "p1", "birthDate": "1960-02-03"}}
    visit = {
        "fullUrl": "urn:uuid:bb",
        "resource": encounter(subject={"reference": "urn:uuid:aa"}, location=ED_THEN_WARD),
    }
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [patient, visit]}, indent=1))

    one = Landed(path, format="fhir")

    assert one.rows("landed", "DISTINCT patient") == [("p1",)]
    assert one.report.rows == 2


def test_places_have_a_form_and_a_parent(landed):
    bed = {
        "resourceType": "Location", "id": "b1", "name": "Bed 1", "partOf": {"reference": "Location/w1"},
        "physicalType": {"coding": [{"code": "bd"}]},
    }  # fmt: skip
    ward = {
        "resourceType": "Location", "id": "w1", "name": "Ward", "managingOrganization": {"reference": "Organization/o1"},
        "form": {"coding": [{"code": "wa"}]}, "type": [{"coding": [{"code": "ICU"}]}],
    }  # fmt: skip
    house = {"resourceType": "Organization", "id": "o1", "name": "North", "partOf": {"reference": "Organization/o0"}}

    one = landed(bed, ward, house)

    assert one.rows("landed_place", "place, name, parent, form, kind") == [
        ("b1", "Bed 1", "w1", "bed", None),
        ("o1", "North", "o0", "organisation", None),
        ("w1", "Ward", "o1", "ward", "icu"),
    ]


def test_a_patient_that_was_replaced_is_linked(landed):
    one = landed(
        {
            "resourceType": "Patient",
            "id": "old",
            "link": [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}],
        }
    )

    assert one.rows("linked", "patient, merged_into, kind") == [("old", "new", "merge")]
    assert one.report.kind == "links"


def test_a_request_and_the_task_that_did_it_are_about_one_thing(landed):
    asked = {
        "resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "order", "subject": PATIENT,
        "category": [{"coding": [{"code": "108252007"}]}], "authoredOn": "2024-03-01T08:00:00Z",
        "requester": {"reference": "Organization/ED"}, "performer": [{"reference": "Organization/LAB"}],
    }  # fmt: skip
    done = {
        "resourceType": "Task", "id": "t1", "status": "completed", "intent": "order", "for": PATIENT,
        "focus": {"reference": "ServiceRequest/r1"}, "lastModified": "2024-03-01T09:30:00Z",
    }  # fmt: skip

    one = landed(asked, done)

    assert one.rows("landed_request", "request, kind, from_unit, to_unit, requested_us, done_us, state") == [
        ("ServiceRequest/r1", "lab", "ED", "LAB", us("2024-03-01 08:00"), None, "open"),
        ("ServiceRequest/r1", None, None, None, None, us("2024-03-01 09:30"), "done"),
    ]


def test_a_plan_asks_nothing_of_anybody(landed):
    plan = {"resourceType": "ServiceRequest", "id": "r1", "status": "active", "intent": "plan", "subject": PATIENT}

    one = landed(plan, encounter(location=ED_THEN_WARD))

    assert one.report.ignored == 1
    assert "landed_request" not in one.report.tables


def test_an_appointment_that_nobody_came_to_is_a_no_show(landed):
    missed = {
        "resourceType": "Appointment", "id": "a1", "status": "noshow", "start": "2024-03-05T10:00:00Z",
        "participant": [{"actor": PATIENT}, {"actor": {"reference": "Location/C1"}}],
    }  # fmt: skip

    assert landed(missed).rows("landed_request", "request, patient, kind, to_unit, scheduled_us, state") == [
        ("Appointment/a1", "p1", "appointment", "C1", us("2024-03-05 10:00"), "no_show")
    ]


def test_sent_and_received_are_two_moments_of_a_message(landed):
    told = {
        "resourceType": "Communication", "id": "m1", "status": "completed", "subject": PATIENT,
        "sent": "2024-03-01T20:00:00Z", "received": "2024-03-02T07:00:00Z", "category": [{"text": "handoff"}],
        "sender": {"reference": "Location/W1"}, "recipient": [{"reference": "Location/W2"}],
    }  # fmt: skip

    assert landed(told).rows("landed_message", "message, kind, from_unit, to_unit, sent_us, received_us") == [
        ("Communication/m1", "handoff", "W1", "W2", us("2024-03-01 20:00"), us("2024-03-02 07:00"))
    ]


def test_a_discharge_summary_is_known_by_its_code(landed):
    letter = {
        "resourceType": "DocumentReference", "id": "d1", "status": "current", "subject": PATIENT,
        "date": "2024-03-01T21:00:00Z", "type": {"coding": [{"code": "18842-5"}]},
        "context": {"encounter": [{"reference": "Encounter/v1"}]},
    }  # fmt: skip

    assert landed(letter).rows("landed_message", "kind, visit, sent_us") == [
        ("discharge_summary", "v1", us("2024-03-01 21:00"))
    ]


def test_a_diagnosis_has_its_rank_from_the_encounter(landed):
    stroke = {
        "resourceType": "Condition", "id": "c1", "subject": PATIENT, "recordedDate": "2024-03-01",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "230690007"}]},
    }  # fmt: skip
    ranked = encounter(location=ED_THEN_WARD, diagnosis=[{"condition": {"reference": "Condition/c1"}, "rank": 1}])

    one = landed(stroke, ranked)

    assert one.rows("landed_fact", "fact, kind, code, rank") == [
        ("Condition/c1", "diagnosis", "230690007", None), ("Condition/c1", "diagnosis", None, 1),
    ]  # fmt: skip


def test_a_number_keeps_its_unit_and_a_cost_its_currency(landed):
    lab = {
        "resourceType": "Observation", "id": "o1", "status": "final", "subject": PATIENT, "issued": "2024-03-01T09:00:00Z",
        "category": [{"coding": [{"code": "laboratory"}]}], "code": {"coding": [{"code": "1988-5"}]},
        "valueQuantity": {"value": 12.5, "unit": "mg/L", "code": "mg/L"},
    }  # fmt: skip
    bill = {
        "resourceType": "Claim", "id": "b1", "status": "active", "use": "claim", "patient": PATIENT,
        "created": "2024-03-05", "total": {"value": 99.5, "currency": "EUR"},
    }  # fmt: skip

    assert landed(lab, bill).rows("landed_fact", "fact, kind, value, value_unit") == [
        ("Claim/b1", "cost", 99.5, "EUR"), ("Observation/o1", "lab", 12.5, "mg/L"),
    ]  # fmt: skip


def test_answers_lie_as_deep_as_their_groups_and_words_are_not_taken(landed):
    answers = {
        "resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "subject": PATIENT,
        "authored": "2024-03-01T09:00:00Z", "questionnaire": "https://forms.example/hip",
        "item": [{"linkId": "g", "item": [
            {"linkId": "1", "answer": [{"valueInteger": 3}]}, {"linkId": "2", "answer": [{"valueString": "my name"}]},
        ]}],
    }  # fmt: skip

    assert landed(answers).rows("landed_fact", "fact, kind, value") == [("QuestionnaireResponse/q1/1", "prom", 3.0)]


def test_what_is_no_resource_is_set_aside_by_its_row(tmp_path):
    lines = [json.dumps(encounter(location=ED_THEN_WARD)), '{"resourceType":"Encounter",', '{"id":"x","a":"resource"}']
    path = tmp_path / "some.ndjson"
    path.write_text("\n".join(lines))

    assert Landed(path, format="fhir").rejected() == [(2, "row", "not_json"), (3, "type", "type_empty")]


def test_a_file_of_kinds_that_are_not_read_says_so(landed):
    with pytest.raises(CannotDo, match="1 Device"):
        landed({"resourceType": "Device", "id": "x"})


def test_the_order_of_the_lines_decides_nothing(landed):
    parts = [
        encounter(id=f"c{n}", partOf={"reference": "Encounter/v1"}, period=one["period"], location=[one])
        for n, one in enumerate(ED_THEN_WARD)
    ]
    wanted = landed(encounter(), *parts).rows("landed", STAYS)

    assert landed(*reversed(parts), encounter()).rows("landed", STAYS) == wanted


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8)
    | st.sampled_from(["2024-03-01T08:00:00Z", "Patient/p1", "finished", "9999-12-31", "2024-13-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["reference", "coding", "code", "start", "end", "period", "location", "value", "status"]), inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
KINDS = st.sampled_from([
    "Encounter", "EncounterHistory", "Patient", "Location", "Organization", "ServiceRequest", "Task", "Appointment",
    "Communication", "DocumentReference", "Condition", "Observation", "Procedure", "QuestionnaireResponse", "Claim",
    "ExplanationOfBenefit", "DiagnosticReport", "Bundle", "Device",
])  # fmt: skip
FIELDS = st.sampled_from([
    "id", "status", "subject", "patient", "for", "period", "actualPeriod", "location", "class", "partOf", "participant",
    "statusHistory", "meta", "link", "type", "code", "category", "item", "total", "diagnosis", "entry", "authoredOn",
])  # fmt: skip
RESOURCES = st.builds(
    lambda kind, more: {"resourceType": kind, **more}, KINDS, st.dictionaries(FIELDS, TREES, max_size=6)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RESOURCES, min_size=1, max_size=4), st.integers(0, 400), st.binary(max_size=3))
def test_whatever_the_json_only_a_sentence_leaves(engine, tmp_path, resources, where, noise):
    text = "\n".join(json.dumps(one) for one in resources).encode()
    path = tmp_path / "any.ndjson"
    path.write_bytes(text[:where] + noise + text[where + len(noise) :] if noise else text)

    try:
        report = land(engine, path, guess(path, name="any"), feed="f", delivery="d", name="any")
    except CannotDo:
        return

    assert report.rows == report.landed + report.rejected + report.ignored


def test_a_connection_takes_a_csv_and_fhir_after_each_other(tmp_path):
    stays, resources = tmp_path / "stays.csv", tmp_path / "Encounter.ndjson"
    stays.write_text("patient,unit,start,end\nP1,A,2024-01-01 10:00,2024-01-01 12:00\n", encoding="utf-8")
    resources.write_text(json.dumps(encounter(location=ED_THEN_WARD)), encoding="utf-8")
    con = connect()

    taken = [
        take(con, file, Profile(zone="UTC"), feed="f", delivery="d" * 64, work=tmp_path).landed
        for take, file in ((land_csv, stays), (land, resources), (land_csv, stays))
    ]

    assert taken == [1, 1, 1]
