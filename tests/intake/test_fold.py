"""The fold, rule by rule: which message does what to the stays of a visit."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from knitwork.intake.fold import WHY, Folded, Move, fold_visit, visits_of
from tests.intake.adt import clock, drawn, say, soup


def why(folded: Folded) -> list[str]:
    return [parked.why for parked in folded.parked]


def told(folded: Folded) -> list[tuple[str, str, str | None]]:
    return [(event.type, clock(event.at_us), event.unit) for event in folded.events]


def waits(folded: Folded) -> list[tuple[str, str, str | None, str | None]]:
    return [(w.kind, clock(w.since_us), w.from_unit, w.to_unit) for w in folded.waiting]


# --- coming, moving, going


def test_an_admission_a_transfer_and_a_discharge_make_two_stays():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A03", "12:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:00 12:00"]


def test_no_messages_make_no_stays():
    assert fold_visit([]) == Folded()


def test_a_visit_without_a_discharge_is_open():
    assert drawn(fold_visit([say("A01", "08:00", "ED")])) == ["ED 08:00 - open"]


def test_the_order_of_arrival_does_not_matter():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A03", "12:00")]

    assert fold_visit(reversed(visit)) == fold_visit(visit)


def test_moves_go_by_when_they_took_effect_and_not_by_when_they_were_said():
    visit = [say("A01", "08:00", "ED"), say("A02", "11:00", "ICU"), say("A02", "10:00", "W7", said="11:30")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:00 11:00", "ICU 11:00 - open"]


@pytest.mark.parametrize("event", ["A02", "A17", "A06", "A07"])
def test_a_transfer_a_swap_and_a_change_of_class_with_another_unit_move_the_patient(event):
    visit = [say("A04", "08:00", "ED"), say(event, "10:00", "W7", prior_unit="ED")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:00 - open"]


def test_a_change_of_class_without_a_unit_moves_nobody():
    folded = fold_visit([say("A04", "08:00", "ED"), say("A06", "10:00")])

    assert drawn(folded) == ["ED 08:00 - open"]
    assert told(folded) == [("arrive", "08:00", "ED"), ("class_change", "10:00", "ED")]


def test_an_emergency_visit_that_becomes_an_admission_keeps_both_stays():
    visit = [say("A04", "08:00", "ED"), say("A01", "11:00", "W7"), say("A03", "12:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 11:00", "W7 11:00 12:00"]


def test_another_bed_in_the_same_unit_is_the_same_stay():
    folded = fold_visit([say("A01", "08:00", "W7", bed="1"), say("A02", "10:00", "W7", bed="2")])

    assert drawn(folded) == ["W7 08:00 - open"]
    assert folded.stays[0].bed == "2"


def test_a_stay_of_no_length_is_kept_and_marked():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A02", "08:00", "W7")])

    assert drawn(folded) == ["ED 08:00 08:00", "W7 08:00 - open"]
    assert "zero_length" in folded.flags


def test_a_transfer_as_the_first_message_begins_there_and_no_earlier_stay_is_invented():
    folded = fold_visit([say("A02", "10:00", "W7", prior_unit="ED")])

    assert drawn(folded) == ["W7 10:00 - open"]
    assert told(folded) == [("depart", "10:00", "ED")]
    assert folded.flags == ("no_admission",)


def test_a_transfer_from_a_unit_that_nobody_told_of_leaves_the_end_inferred():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A02", "12:00", "ICU", prior_unit="W7")])

    assert drawn(folded) == ["ED 08:00 12:00 inferred", "ICU 12:00 - open"]
    assert folded.flags == ("prior_mismatch",)


def test_a_transfer_without_a_unit_is_parked():
    assert why(fold_visit([say("A02", "08:00")])) == ["no_unit"]


def test_times_of_admission_and_discharge_stand_in_where_a_message_has_none():
    visit = [
        say("A01", None, "ED", said="08:20", admit_us="08:00"),
        say("A03", None, said="12:30", discharge_us="12:00"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 12:00"]


def test_a_message_without_a_time_took_effect_when_it_was_recorded_else_when_it_was_said():
    visit = [say("A01", None, "ED", said="08:20", recorded_us="08:10"), say("A02", None, "W7", said="09:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:10 09:00", "W7 09:00 - open"]


def test_a_discharge_at_a_time_nobody_knows_leaves_the_end_missing():
    assert drawn(fold_visit([say("A01", "08:00", "ED"), say("A03", None)])) == ["ED 08:00 - missing"]


def test_a_move_at_a_time_nobody_knows_is_parked():
    assert why(fold_visit([say("A01", None, "ED")])) == ["no_time"]


def test_the_coarser_of_both_ends_is_the_precision_of_a_stay():
    visit = [say("A01", "08:00", "ED", precision="m"), say("A03", "12:00", precision="d")]

    assert fold_visit(visit).stays[0].precision == "d"


# --- what contradicts


def test_a_discharge_before_the_admission_is_parked():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A03", "07:00", said="09:00")])

    assert drawn(folded) == ["ED 08:00 - open"]
    assert why(folded) == ["before_admission"]


def test_a_transfer_after_the_discharge_is_parked():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A03", "10:00"), say("A02", "11:00", "W7")])

    assert drawn(folded) == ["ED 08:00 10:00"]
    assert why(folded) == ["after_discharge"]


@pytest.mark.parametrize("event", ["A08", "A31", "A54"])
def test_a_note_with_another_unit_moves_nobody_and_is_noted(event):
    folded = fold_visit([say("A01", "08:00", "ED"), say(event, "09:00", "W7")])

    assert drawn(folded) == ["ED 08:00 - open"]
    assert why(folded) == ["unit_mismatch"]


def test_a_unit_known_from_notes_only_makes_no_stay_and_is_noted():
    folded = fold_visit([say("A08", "09:00", "W7")])

    assert (drawn(folded), why(folded)) == ([], ["no_movement"])


def test_an_event_that_moves_nobody_says_nothing():
    assert fold_visit([say("A19", "08:00", "ED")]) == Folded()


# --- corrections


def test_of_two_admissions_the_later_said_holds():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A01", "07:30", "ED", said="11:00")]

    folded = fold_visit(visit)

    assert drawn(folded) == ["ED 07:30 10:00", "W7 10:00 - open"]
    assert folded.flags == ("corrected",)


def test_a_later_time_of_admission_holds_too_if_it_was_said_later():
    visit = [say("A01", "08:00", "ED"), say("A03", "10:00"), say("A01", "08:30", "ED", said="11:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:30 10:00"]


def test_an_admission_corrected_to_the_minute_of_the_transfer_stays_ahead_of_it():
    visit = [say("A01", "08:00", "ED"), say("A02", "10:00", "W7"), say("A01", "10:00", "ED", said="11:00")]

    assert drawn(fold_visit(visit)) == ["ED 10:00 10:00", "W7 10:00 - open"]


def test_of_two_discharges_the_later_said_holds():
    visit = [say("A01", "08:00", "ED"), say("A03", "12:00"), say("A03", "11:00", said="13:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 11:00"]


def test_an_admission_after_a_discharge_is_a_second_one():
    visit = [say("A01", "08:00", "ED"), say("A03", "10:00"), say("A01", "3+08:00", "W7"), say("A03", "4+08:00")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 3+08:00 4+08:00"]


def test_an_update_of_a_numbered_movement_corrects_its_time_and_its_unit():
    visit = [
        say("A01", "08:00", "ED", movement="1", action="INSERT"),
        say("A02", "10:00", "W7", movement="2", action="INSERT"),
        say("A03", "12:00", movement="3", action="INSERT"),
        say("Z99", "09:00", "ICU", said="2+09:00", movement="2", action="UPDATE", historic=True, original="A02"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 09:00", "ICU 09:00 12:00"]


def test_what_an_update_leaves_empty_stays_as_it_was():
    visit = [
        say("A01", "08:00", "ED", bed="4", movement="1", action="INSERT"),
        say("A08", None, "W7", said="09:00", movement="1", action="UPDATE"),
    ]

    folded = fold_visit(visit)

    assert drawn(folded) == ["W7 08:00 - open"]
    assert folded.stays[0].bed == "4"


def test_an_update_that_comes_without_what_it_updates_speaks_for_itself():
    assert drawn(fold_visit([say("Z99", "09:00", "W7", movement="1", action="UPDATE", original="A01")])) == [
        "W7 09:00 - open"
    ]


def test_a_historic_movement_told_afterwards_lies_in_between():
    visit = [
        say("A01", "08:00", "ED", movement="1", action="INSERT"),
        say("A02", "12:00", "W7", movement="2", action="INSERT"),
        say("A02", "10:00", "ICU", said="13:00", movement="3", action="INSERT", historic=True),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "ICU 10:00 12:00", "W7 12:00 - open"]


def test_moves_of_one_instant_keep_the_order_in_which_they_were_said():
    visit = [
        say("A01", "10:00", "Z-ED", control="5"),
        say("A02", "10:00", "B-ICU", control="10"),
        say("A02", "10:00", "M-WARD", control="11"),
        say("A03", "18:00", control="12"),
    ]
    stays = fold_visit(visit).stays
    start = stays[0].start_us

    assert [(s.unit, s.start_us - start) for s in stays] == [("Z-ED", 0), ("B-ICU", 1), ("M-WARD", 2)]
    assert sorted(stays, key=lambda s: (s.start_us, s.end_us, s.unit)) == list(stays)


def test_two_moves_of_one_instant_need_no_microsecond():
    visit = [say("A01", "10:00", "Z-ED"), say("A02", "10:00", "B-ICU"), say("A03", "18:00")]

    assert drawn(fold_visit(visit)) == ["Z-ED 10:00 10:00", "B-ICU 10:00 18:00"]
    assert len({s.start_us for s in fold_visit(visit).stays}) == 1


# --- cancels

# What is taken back, by which event, after which others.
CANCELLED = [
    ("A01", "A11", []),
    ("A02", "A12", ["A01"]),
    ("A17", "A12", ["A01"]),
    ("A03", "A13", ["A01"]),
    ("A16", "A25", ["A01"]),
    ("A15", "A26", ["A01"]),
    ("A14", "A27", []),
    ("A10", "A32", ["A01", "A09"]),
    ("A09", "A33", ["A01"]),
    ("A05", "A38", []),
    ("A21", "A52", ["A01"]),
    ("A22", "A53", ["A01", "A21"]),
    ("A54", "A55", ["A01"]),
]


@pytest.mark.parametrize(("event", "cancel", "before"), CANCELLED)
def test_a_cancel_before_its_target_waits_for_it(event, cancel, before):
    first = [say(e, f"0{i}:00", "ED", attending="D1") for i, e in enumerate(before)]
    target = say(event, "08:00", "W7", prior_unit="ED", pending_unit="ICU", attending="D2")
    back = say(cancel, "09:00", "W7" if not first else "ED")

    without, early = fold_visit(first), fold_visit([*first, back])
    late = fold_visit([back, *first, target])

    assert late.stays == without.stays
    assert (late.events, late.duties, late.waiting, late.parked) == (
        without.events, without.duties, without.waiting, ())  # fmt: skip
    assert fold_visit([*first, target]) != without
    if event != "A01":
        assert [p.message for p in early.parked] == [back.message]


@pytest.mark.parametrize(("event", "cancel", "before"), CANCELLED)
def test_in_one_instant_a_cancel_finds_its_target_whatever_its_control_number(event, cancel, before):
    first = [say(e, f"0{i}:00", "ED", attending="D1") for i, e in enumerate(before)]
    target = say(event, "08:00", "W7", prior_unit="ED", pending_unit="ICU", attending="D2", control="b8f1")
    back = say(cancel, "08:00", "W7" if not first else "ED", control="0aa1")
    folded = fold_visit([*first, back, target])

    assert folded.stays == fold_visit(first).stays
    assert folded.parked == ()


def test_in_one_instant_a_cancel_takes_back_what_was_said_before_it_and_not_what_was_said_anew():
    visit = [
        say("A01", "08:00", "ED", control="1"),
        say("A02", "09:00", "W7", control="2"),
        say("A12", "10:00", control="3"),
        say("A02", "10:00", "ICU", control="4"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "ICU 10:00 - open"]


def test_a_cancelled_visit_before_its_admission_came_is_parked():
    assert why(fold_visit([say("A11", "09:00")])) == ["no_target"]


def test_a_cancelled_transfer_is_the_latest_one_said_before():
    visit = [
        say("A01", "08:00", "ED"),
        say("A02", "09:00", "W7"),
        say("A02", "10:00", "ICU"),
        say("A12", "10:30"),
        say("A02", "11:00", "W9"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 09:00", "W7 09:00 11:00", "W9 11:00 - open"]


def test_two_cancels_take_back_two_transfers():
    visit = [say("A01", "08:00", "ED"), say("A02", "09:00", "W7"), say("A02", "10:00", "ICU")]

    assert drawn(fold_visit([*visit, say("A12", "10:30"), say("A12", "10:40")])) == ["ED 08:00 - open"]


def test_a_cancel_that_names_a_movement_takes_back_that_one():
    visit = [
        say("A01", "08:00", "ED", movement="1"),
        say("A02", "09:00", "W7", movement="2"),
        say("A02", "10:00", "ICU", movement="3"),
        say("A12", "10:30", movement="2"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "ICU 10:00 - open"]


def test_a_cancel_that_names_an_unknown_movement_takes_back_nothing():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A02", "09:00", "W7"), say("A12", "10:30", movement="9")])

    assert drawn(folded) == ["ED 08:00 09:00", "W7 09:00 - open"]
    assert why(folded) == ["no_target"]


def test_in_one_instant_a_numbered_cancel_holds_whatever_its_control_number():
    visit = [say("A12", "09:00", movement="2"), say("A02", "09:00", "W7", movement="2")]

    assert fold_visit(visit).stays == ()
    assert fold_visit(visit).parked == ()


def test_a_movement_said_again_after_its_cancel_stands():
    visit = [
        say("A01", "08:00", "ED", movement="1"),
        say("A02", "09:00", "W7", movement="2"),
        say("A12", "10:00", movement="2"),
        say("A02", "09:30", "W7", said="11:00", movement="2"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 09:30", "W7 09:30 - open"]


def test_control_numbers_of_one_second_are_counted_and_not_spelt():
    visit = [
        say("A01", "08:00", "ED"),
        say("A02", "09:00", "W7", said="09:05", control="9"),
        say("A12", "09:05", control="10"),
    ]

    assert drawn(fold_visit(visit)) == ["ED 08:00 - open"]


def test_a_cancelled_discharge_leaves_the_stay_open():
    visit = [say("A01", "08:00", "ED"), say("A03", "10:00"), say("A13", "10:30")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 - open"]


def test_after_a_cancelled_discharge_the_patient_moves_on():
    visit = [say("A01", "08:00", "ED"), say("A03", "10:00"), say("A13", "10:30"), say("A02", "11:00", "W7")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 11:00", "W7 11:00 - open"]


def test_a_visit_that_was_taken_back_has_no_stays():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A02", "09:00", "W7"), say("A11", "10:00")])

    assert drawn(folded) == []
    assert folded.flags == ("voided",)


def test_a_visit_that_was_taken_back_begins_again_with_a_later_admission():
    visit = [say("A01", "08:00", "ED"), say("A11", "08:30"), say("A01", "09:00", "W7")]

    assert drawn(fold_visit(visit)) == ["W7 09:00 - open"]


def test_a_visit_that_was_taken_back_is_reopened_by_a13():
    visit = [say("A01", "08:00", "ED"), say("A11", "08:30"), say("A13", "09:00"), say("A02", "10:00", "W7")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:00 - open"]


def test_a_transfer_said_of_a_visit_that_was_taken_back_is_parked():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A11", "08:30"), say("A02", "09:00", "W7")])

    assert (drawn(folded), why(folded)) == ([], ["void"])


# --- leave and transit


def test_leave_splits_the_stay_and_keeps_the_unit():
    visit = [say("A01", "08:00", "W7"), say("A21", "10:00"), say("A22", "1+10:00"), say("A03", "1+12:00")]

    assert drawn(fold_visit(visit)) == ["W7 08:00 10:00", "W7 10:00 1+10:00 leave", "W7 1+10:00 1+12:00"]


def test_a_return_to_another_unit_goes_there():
    visit = [say("A01", "08:00", "W7"), say("A21", "10:00"), say("A22", "12:00", "W9")]

    assert drawn(fold_visit(visit)) == ["W7 08:00 10:00", "W7 10:00 12:00 leave", "W9 12:00 - open"]


@pytest.mark.parametrize(
    ("events", "reason"),
    [(["A21"], "no_stay"), (["A01", "A22"], "not_on_leave"), (["A01", "A21", "A21"], "on_leave"), (["A09"], "no_stay")],
)
def test_leave_and_departure_that_fit_nothing_are_parked(events, reason):
    assert why(fold_visit([say(e, f"0{i}:00", "W7") for i, e in enumerate(events)])) == [reason]


def test_departing_and_arriving_leave_a_gap_of_transit():
    visit = [say("A01", "08:00", "ED"), say("A09", "10:00", "ED", pending_unit="W7"), say("A10", "10:20", "W7")]

    folded = fold_visit(visit)

    assert drawn(folded) == ["ED 08:00 10:00", "W7 10:20 - open"]
    assert told(folded)[1:] == [("depart", "10:00", "ED"), ("arrive", "10:20", "W7")]


def test_an_arrival_without_a_unit_is_where_the_departure_was_going():
    visit = [say("A01", "08:00", "ED"), say("A09", "10:00", "ED", pending_unit="W7"), say("A10", "10:20")]

    assert drawn(fold_visit(visit)) == ["ED 08:00 10:00", "W7 10:20 - open"]


def test_an_arrival_without_a_departure_leaves_the_end_inferred():
    assert drawn(fold_visit([say("A01", "08:00", "ED"), say("A10", "10:20", "W7")])) == [
        "ED 08:00 10:20 inferred",
        "W7 10:20 - open",
    ]


def test_a_departure_from_a_unit_where_the_patient_is_not_is_noted():
    folded = fold_visit([say("A01", "08:00", "ED"), say("A09", "10:00", "W7")])

    assert (drawn(folded), why(folded)) == (["ED 08:00 - open"], ["unit_mismatch"])


# --- waiting


def test_a_pending_transfer_waits_until_the_patient_moves():
    visit = [say("A01", "08:00", "ED"), say("A15", "09:00", "ED", pending_unit="W7")]

    assert waits(fold_visit(visit)) == [("transfer", "09:00", "ED", "W7")]
    assert told(fold_visit(visit))[1:] == [("ready_to_move", "09:00", "ED")]
    assert waits(fold_visit([*visit, say("A02", "10:00", "W7")])) == []


def test_who_is_announced_twice_for_the_same_unit_waits_since_the_first_time():
    visit = [say("A01", "08:00", "ED"), *(say("A15", t, "ED", pending_unit="W7") for t in ("09:00", "09:30"))]

    assert waits(fold_visit(visit)) == [("transfer", "09:00", "ED", "W7")]
    assert waits(fold_visit([*visit, say("A15", "09:40", "ED", pending_unit="ICU")])) == [
        ("transfer", "09:40", "ED", "ICU")
    ]


def test_a_pending_discharge_waits_until_the_discharge():
    visit = [say("A01", "08:00", "W7"), say("A16", "09:00", "W7")]

    assert waits(fold_visit(visit)) == [("discharge", "09:00", "W7", None)]
    assert waits(fold_visit([*visit, say("A03", "10:00")])) == []


@pytest.mark.parametrize("event", ["A05", "A14"])
def test_an_expected_patient_waits_until_admitted(event):
    expected = say(event, "07:00", "W7")

    assert waits(fold_visit([expected])) == [("admission", "07:00", None, "W7")]
    assert told(fold_visit([expected])) == [("expected", "07:00", "W7")]
    assert waits(fold_visit([expected, say("A01", "08:00", "W7")])) == []


def test_a_patient_who_left_and_has_not_arrived_is_waited_for():
    visit = [say("A01", "08:00", "ED"), say("A09", "10:00", "ED", pending_unit="W7")]

    assert waits(fold_visit(visit)) == [("arrival", "10:00", "ED", "W7")]


# --- duties


def test_whoever_is_named_is_accountable_until_another_is_named_or_the_discharge():
    visit = [
        say("A01", "08:00", "ED", attending="D1", service="MED"),
        say("A54", "09:00", attending="D2"),
        say("A08", "09:30", attending="D2"),
        say("A03", "12:00"),
    ]

    assert [(d.staff, d.role, clock(d.start_us), clock(d.end_us)) for d in fold_visit(visit).duties] == [
        ("D1", "attending", "08:00", "09:00"),
        ("D2", "attending", "09:00", "12:00"),
        ("MED", "service", "08:00", "12:00"),
    ]


# --- visits


def test_messages_are_grouped_by_person_and_visit():
    a = say("A01", "08:00", "ED")
    b = say("A01", "08:00", "ED", patient="P2")
    c = say("A01", "08:00", "ED", visit=None)

    assert visits_of([a, b, c]) == {("P1", "V1"): [a], ("P2", "V1"): [b], ("P1", None): [c]}
    assert visits_of([a, b], person={"P2": "P1"}) == {("P1", "V1"): [a, b]}


def without_visit(*moves: tuple[str, str, str | None]) -> list[Move]:
    return [say(event, at, unit, visit=None) for event, at, unit in moves]


def test_without_a_visits_number_an_admission_after_a_discharge_is_another_visit():
    moves = without_visit(
        ("A01", "08:00", "ED"), ("A03", "10:00", None), ("A01", "2+08:00", "W7"), ("A11", "2+09:00", None)
    )

    assert drawn(fold_visit(moves)) == ["ED 08:00 10:00"]


def test_without_a_visits_number_late_news_go_to_the_visit_of_their_time():
    moves = without_visit(("A01", "08:00", "ED"), ("A03", "10:00", None), ("A01", "2+08:00", "W7"))
    late = say("A02", "09:00", "ICU", said="3+08:00", visit=None)

    assert drawn(fold_visit([*moves, late])) == ["ED 08:00 09:00", "ICU 09:00 10:00", "W7 2+08:00 - open"]


def test_without_a_visits_number_an_admission_corrected_after_the_discharge_is_no_other_visit():
    moves = without_visit(("A01", "08:00", "ED"), ("A03", "10:00", None))
    corrected = say("A01", "07:30", "ED", said="11:00", visit=None)

    assert drawn(fold_visit([*moves, corrected])) == ["ED 07:30 10:00"]


def test_every_word_for_why_a_message_is_parked_is_explained():
    random = Random(4)
    words = {parked.why for _ in range(3000) for parked in fold_visit(soup(random)).parked}

    assert words == set(WHY)


def test_every_word_for_why_a_message_is_parked_stands_in_the_reference():
    page = (Path(__file__).parents[2] / "docs/reference/fold.md").read_text(encoding="utf-8")

    assert [word for word in WHY if f"`{word}`" not in page] == []
