"""What each kind of message beside the moves of patients becomes, row by row, as `docs/reference/hl7v2.md` says."""

from __future__ import annotations

import pytest

from knitwork.intake.fold import Move, fold_visit
from knitwork.intake.formats.hl7v2.rows import rows_of

from .known import us

PID = "PID|1||P1^^^NORTH^MR||Doe^Jane"
PV1 = "PV1|1|I|W7^2^1^NORTH||||||||||||||||V1"


def said(kind, *segments, at="20260301120000+0000"):
    head = rf"MSH|^~\&|EHR|NORTH|KW|NORTH|{at}||{kind}|1|P|2.5.1"
    return rows_of(("\r".join([head, *segments]) + "\r").encode(), zone="UTC")


def only(told, table):
    """Return the one row of a table without what is empty."""
    assert told.problem is None, told.problem
    (row,) = told.tables[table]
    return {name: value for name, value in row.items() if value is not None}


def has(row, **expected):
    assert {name: row.get(name) for name in expected} == expected


NOON = us("2026-03-01T12:00:00Z")


# --- whose number is whose


@pytest.mark.parametrize("event", ["A18", "A40", "A43"])
def test_the_number_in_mrg_is_given_up_for_the_one_in_pid(event):
    told = said(f"ADT^{event}", "EVN||20260301110000+0000", PID, "MRG|OLD^^^NORTH^MR")

    assert only(told, "linked") == {
        "patient": "OLD", "merged_into": "P1", "kind": "merge", "at_us": us("2026-03-01T11:00:00Z"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "mrg"), [("A41", "OLD^^^NORTH^MR||V9"), ("A44", "OLD^^^NORTH^MR||V9"), ("A45", "OLD^^^NORTH^MR||||V9")]
)
def test_one_visit_comes_to_another_patient(event, mrg):
    row = only(said(f"ADT^{event}", "EVN||20260301110000+0000", PID, f"MRG|{mrg}"), "linked")

    has(row, patient="OLD", merged_into="P1", kind="merge", visit="V9")


def test_a_visit_that_only_gets_another_number_is_left_out_and_that_is_said():
    told = said("ADT^A42", "EVN||20260301110000+0000", PID, "MRG|P1^^^NORTH^MR||||V9")

    assert told.ignored
    assert told.tables == {}
    assert told.notes


def test_two_visits_of_one_patient_that_become_one_are_set_aside_and_not_passed_over():
    pv1 = "PV1|1|I|ED|||||||||||||||"
    told = said("ADT^A42", "EVN||20260301110000+0000", PID, "MRG|P1^^^NORTH^MR||||V9", f"{pv1}|V10")
    same = said("ADT^A42", "EVN||20260301110000+0000", PID, "MRG|P1^^^NORTH^MR||||V9", f"{pv1}|V9")

    before = said("ADT^A42", "EVN||20260301110000+0000", PID, f"{pv1}|V10", "MRG|P1^^^NORTH^MR||||V9")

    assert told.rule == before.rule == "visit_renumbered"
    assert same.ignored


def test_one_message_may_merge_many_patients():
    told = said(
        "ADT^A40", "EVN||20260301110000+0000", PID, "MRG|A^^^NORTH^MR", PID.replace("P1", "P2"), "MRG|B^^^NORTH^MR"
    )

    assert [(row["patient"], row["merged_into"]) for row in told.tables["linked"]] == [("A", "P1"), ("B", "P2")]


def test_two_numbers_are_linked_and_parted_again():
    other = PID.replace("P1", "P2")
    linked = only(said("ADT^A24", "EVN||20260301110000+0000", PID, other), "linked")
    parted = said("ADT^A37", "EVN||20260301113000+0000", PID, other).tables["linked"]

    has(linked, patient="P1", merged_into="P2", kind="merge", at_us=us("2026-03-01T11:00:00Z"))
    assert {(row["patient"], row["merged_into"], row["kind"]) for row in parted} == {
        ("P1", "P2", "unmerge"), ("P2", "P1", "unmerge"),
    }  # fmt: skip
    assert {row["at_us"] for row in parted} == {us("2026-03-01T11:30:00Z")}


@pytest.mark.parametrize("event", ["A24", "A37"])
@pytest.mark.parametrize(("segments", "rule"), [([PID], "patient_empty"), ([PID, PID], "link_to_itself")])
def test_a_link_needs_two_different_numbers(event, segments, rule):
    told = said(f"ADT^{event}", "EVN||20260301110000+0000", *segments)

    assert told.rule == rule
    assert "P1" not in told.problem


# --- moves that are numbered


def test_a_numbered_movement_is_corrected_and_cancelled_by_its_number():
    def move(control, event, unit, zbe):
        head = rf"MSH|^~\&|EHR|NORTH|KW|NORTH|202603011{control}0000+0000||ADT^{event}|{control}|P|2.5.1"
        lines = [head, f"EVN||202603011{control}0000+0000", PID, PV1.replace("W7", unit), f"ZBE|{zbe}"]
        row = rows_of(("\r".join(lines) + "\r").encode(), zone="UTC").tables["landed_move"][0]
        row["class_"] = row.pop("class")
        known = Move.__dataclass_fields__
        return Move(**{name: value for name, value in row.items() if name in known})

    moves = [
        move("0", "A01", "ED", "M1|20260301080000+0000||INSERT|N"),
        move("1", "A02", "W7", "M2|20260301090000+0000||INSERT|N"),
        move("2", "A02", "W9", "M2|20260301093000+0000||UPDATE|Y|A02"),
        move("3", "A02", "ICU", "M3|20260301100000+0000||INSERT|N"),
        move("4", "A12", "W9", "M3|20260301100000+0000||CANCEL|N|A02"),
    ]
    for told in (moves, moves[::-1]):
        assert [(stay.unit, stay.start_us, stay.end_us) for stay in fold_visit(told).stays] == [
            ("ED", us("2026-03-01T08:00:00Z"), us("2026-03-01T09:30:00Z")), ("W9", us("2026-03-01T09:30:00Z"), None),
        ]  # fmt: skip


# --- orders and results


@pytest.mark.parametrize(
    ("message", "code", "kind"),
    [
        ("ORM^O01", "71020^Chest x-ray^C4", "imaging"),
        ("OML^O21", "718-7^Hb^LN", "lab"),
        ("ORM^O01", "X^Odd^L", "other"),
    ],
)
def test_an_order_is_a_request_and_its_result_meets_it_by_the_placers_number(message, code, kind):
    orc = "ORC|NW|7^EHR|||||||20260301101500+0000||||W7^^^NORTH"
    order = said(message, PID, PV1, orc, f"OBR|1|7^EHR||{code}")
    result = said(
        "ORU^R01", PID, PV1, f"OBR|1|7^EHR|9^LAB|{code}|||20260301104000+0000|||||||||||||||20260301113000+0000||LAB|F",
        "OBX|1|NM|718-7^Hb^LN||8.1|mmol/L|||||F|||20260301104000+0000", "OBX|2|TX|N^Note^L||words||||||F",
    )  # fmt: skip

    asked, told = only(order, "landed_request"), only(result, "landed_request")
    has(asked, request="placer/7^EHR", patient="P1", visit="V1", kind=kind, code=code.split("^")[0], state="open")
    has(asked, from_unit="W7", requested_us=us("2026-03-01T10:15:00Z"))
    has(told, request="placer/7^EHR", state="done", started_us=us("2026-03-01T10:40:00Z"))
    has(told, reported_us=us("2026-03-01T11:30:00Z"))
    has(only(result, "landed_message"), kind="result", request="placer/7^EHR", sent_us=us("2026-03-01T11:30:00Z"))
    number = only(result, "landed_fact")
    has(number, code="718-7", code_system="LN", value=8.1, value_unit="mmol/L", at_us=us("2026-03-01T10:40:00Z"))


@pytest.mark.parametrize(
    ("control", "state", "moment"), [("CA", "cancelled", "closed_us"), ("UA", "declined", "closed_us"), ("OK", None, "accepted_us")]
)  # fmt: skip
def test_an_order_is_cancelled_refused_or_accepted(control, state, moment):
    row = only(
        said("ORM^O01", PID, PV1, f"ORC|{control}|7^EHR|||||||20260301103000+0000", "OBR|1|7^EHR||X"), "landed_request"
    )

    assert row.get("state") == state
    assert row[moment] == us("2026-03-01T10:30:00Z")
    assert "requested_us" not in row


def test_a_preliminary_result_leaves_the_request_open():
    obr = "OBR|1|7^EHR||718-7^Hb^LN|||20260301104000+0000||||||||||||||||||P"

    assert only(said("ORU^R01", PID, PV1, obr), "landed_request")["state"] == "open"


# --- appointments


SCH = "SCH|1^EHR|2^PLAN|||||FU^Follow-up||30|min|^^30^20260310090000+0000|||||||||||||"


@pytest.mark.parametrize(
    ("event", "status", "state"),
    [
        ("S12", "Booked", "open"), ("S13", "Booked", "open"), ("S14", "Complete", "done"), ("S15", "", "cancelled"),
        ("S26", "", "no_show"),
    ],
)  # fmt: skip
def test_an_appointment_is_a_request_with_its_state(event, status, state):
    row = only(said(f"SIU^{event}", f"{SCH}|{status}", PID, "RGS|1", "AIL|1||CLINIC^3^^NORTH"), "landed_request")

    has(row, request="appointment/2^PLAN", kind="appointment", patient="P1", to_unit="CLINIC", state=state)
    has(row, scheduled_us=us("2026-03-10T09:00:00Z"), requested_us=NOON if event == "S12" else None)
    has(row, closed_us=NOON if state in ("cancelled", "no_show") else None, cancelled=False)


def test_an_appointment_that_was_an_error_is_taken_back():
    assert only(said("SIU^S17", f"{SCH}|", PID), "landed_request")["cancelled"]


# --- referrals


REFERRAL = [
    "RF1|{status}|R|MED|||R7^EHR|20260301||20260301", "PRD|RP|||PRACTICE^^^SOUTH", "PRD|RT|||CLINIC^^^NORTH", PID,
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [("REF^I12", "P", "open"), ("RRI^I12", "A", "open"), ("RRI^I12", "R", "declined"), ("REF^I14", "P", "cancelled")],
)
def test_a_referral_and_its_answer_are_about_one_request(kind, status, state):
    row = only(said(kind, *(line.format(status=status) for line in REFERRAL)), "landed_request")

    has(row, request="referral/R7^EHR", kind="referral", from_unit="PRACTICE", to_unit="CLINIC", state=state)
    has(row, accepted_us=NOON if status == "A" else None)
    assert ("requested_us" in row) is (kind == "REF^I12")


# --- documents


def test_a_document_is_a_message_that_was_sent_and_may_be_taken_back():
    evn = "EVN||20260301110000+0000"
    txa = "TXA|1|DS^Discharge summary|TX|20260301103000+0000||||||||D7^EHR||7^EHR"
    sent, back = said("MDM^T02", evn, PID, PV1, txa, "OBX|1|TX|||words"), said("MDM^T11", evn, PID, PV1, txa)

    row = only(sent, "landed_message")
    has(row, message="document/D7^EHR", kind="discharge_summary", patient="P1", visit="V1", from_unit="W7")
    has(row, request="placer/7^EHR", sent_us=us("2026-03-01T11:00:00Z"), cancelled=False)
    assert "landed_fact" not in sent.tables
    has(only(back, "landed_message"), message="document/D7^EHR", cancelled=True)
