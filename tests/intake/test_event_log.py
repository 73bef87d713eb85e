"""Event logs as tables: every event lands, and stays are made where a place is known."""

from __future__ import annotations

import pytest

COLUMNS = 'event, patient, at_us, type, unit, staff, code, "value", "row"'


@pytest.fixture
def log(landing):
    def opened(text: str):
        rows = landing(text)
        names = [column.strip(' "') for column in COLUMNS.split(",")]
        rows.events = [
            dict(zip(names, row, strict=True))
            for row in rows.con.execute(f'SELECT {COLUMNS} FROM landed_event ORDER BY "row", at_us').fetchall()
        ]
        return rows

    return opened


def test_activities_are_events_and_departments_are_units(log):
    rows = log("case_id,activity,resource,timestamp\n1,ER Registration,A,2024-01-01 10:00\n1,CRP,B,2024-01-01 10:05\n")

    assert [(e["type"], e["unit"]) for e in rows.events] == [("er_registration", "A"), ("crp", "B")]
    assert [r["unit"] for r in rows.rows] == ["A", "B"]
    assert rows.report.tables == {"landed": 2, "landed_event": 2}


def test_a_row_with_a_start_and_an_end_is_two_events_and_one_stay(log):
    rows = log("case_id,activity,originator,start,complete\n1,Triage,Nurse 5,2024-01-01 10:00,2024-01-01 10:10\n")

    assert [(e["type"], e["code"], e["staff"]) for e in rows.events] == [
        ("triage", "start", "Nurse 5"),
        ("triage", "complete", "Nurse 5"),
    ]
    assert rows.times() == [("2024-01-01 10:00:00", "2024-01-01 10:10:00")]


def test_without_a_department_the_event_has_no_unit_and_the_stay_has_the_activity(log):
    rows = log("case_id,activity,timestamp\n1,Triage,2024-01-01 10:00\n")

    assert rows.events[0]["unit"] is None
    assert rows.rows[0]["unit"] == "Triage"


def test_the_number_that_was_found_stands_in_a_column_named_as_the_activity_or_in_value(log):
    named = log("case_id,activity,resource,timestamp,crp,Lactic_Acid\n1,CRP,B,2024-01-01 10:00,210,9\n"
                "1,LacticAcid,B,2024-01-01 10:00,7,2.2\n1,X,B,2024-01-01 10:00,7,2.2\n").events  # fmt: skip
    plain = log(
        "case_id,activity,resource,timestamp,value\n1,CRP,B,2024-01-01 10:00,210\n1,X,B,2024-01-01 10:00,high\n"
    ).events

    assert [e["value"] for e in named] == [210.0, 2.2, None]
    assert [e["value"] for e in plain] == [210.0, None]


def test_an_event_between_start_and_end_lands_and_makes_no_stay(log):
    rows = log(
        "case_id,activity,lifecycle,resource,time\n1,Triage,schedule,ED,2024-01-01 09:00\n"
        "1,Triage,start,ED,2024-01-01 10:00\n1,Triage,complete,ED,2024-01-01 10:10\n"
    )

    assert [e["code"] for e in rows.events] == ["schedule", "start", "complete"]
    assert rows.times() == [("2024-01-01 10:00:00", "2024-01-01 10:10:00")]
    assert (rows.report.rows, rows.report.landed, rows.report.rejected) == (3, 3, 0)


def test_starts_of_one_activity_do_not_meet_ends_of_another_in_the_same_department(log):
    rows = log(
        "case_id,activity,lifecycle,resource,time\n1,Triage,start,ED,2024-01-01 09:00\n"
        "1,X-ray,start,ED,2024-01-01 09:05\n1,X-ray,complete,ED,2024-01-01 09:10\n1,Triage,complete,ED,2024-01-01 09:30\n"
    )

    assert rows.times() == [
        ("2024-01-01 09:00:00", "2024-01-01 09:30:00"),
        ("2024-01-01 09:05:00", "2024-01-01 09:10:00"),
    ]


def test_the_same_event_has_the_same_number_in_every_delivery_and_order(log):
    lines = ["1,A,U,2024-01-01 09:00", "1,B,U,2024-01-01 09:05", "2,A,U,2024-01-01 09:00"]
    head = "case_id,activity,resource,timestamp\n"

    one = {e["event"] for e in log(head + "\n".join(lines)).events}
    other = {e["event"] for e in log(head + "\n".join(reversed(lines))).events}

    assert one == other
    assert len(one) == 3


def test_a_row_that_is_set_aside_leaves_no_event(log):
    rows = log("case_id,activity,resource,timestamp\n,A,U,2024-01-01 09:00\n1,A,U,2024-01-01 09:00\n1,A,U,soon\n")

    assert [e["row"] for e in rows.events] == [2]
    assert rows.report.rejected == 2


def test_what_belongs_to_another_activity_by_its_name_and_stands_alone_is_said(log):
    head = "case_id,activity,timestamp\n"
    both = "".join(
        f"{n},Treatment,2024-01-0{n} 10:00\n{n},Treatment evaluation,2024-01-0{n} 11:00\n" for n in range(1, 5)
    )
    alone = "5,Treatment evaluation,2024-01-05 11:00\n"

    assert (
        "1 case has 'Treatment evaluation' without 'Treatment', which 4 of 5 have (row 9)"
        in log(head + both + alone).report.notes
    )
    # Of four cases one without is no exception, and 'Treatments' is another word.
    for usual in (both[: both.index("4,")] + alone, both.replace("Treatment evaluation", "Treatments") + alone):
        assert not any("without 'Treatment'" in note for note in log(head + usual).report.notes)
