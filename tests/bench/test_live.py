"""The measurement of live messages: what it plans adds up, and a message does go from a sender to an open wall."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from bench.adt import STAYS_S, Plan, payload
from bench.live import Wall, bare, part, through

from knitwork.intake.formats.hl7v2.rows import rows_of
from tests.home.adt_messages import us

UNITS = [["ED", "ICU", "Ward A"], ["OR 1", "Ward B", "Clinic"]]
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def planned():
    plan = Plan(UNITS, [f"P{n}" for n in range(50)])
    return plan, [plan.move(at / 50, at % 2) for at in range(1000)]


def test_patients_go_where_the_plan_says_and_never_twice_to_a_unit(planned):
    _plan, messages = planned
    where, been, since = {}, {}, {}
    for one in messages:
        assert where.get(one.patient, "") == ("" if one.event == "A01" else one.prior or one.unit)
        assert one.unit not in been.get(one.patient, set()) or one.event == "A03"
        assert one.due_s - since.get(one.patient, -STAYS_S) >= STAYS_S
        assert one.unit in UNITS[one.sender]
        where[one.patient] = "gone" if one.event == "A03" else one.unit
        been.setdefault(one.patient, set()).add(one.unit)
        since[one.patient] = one.due_s

    assert {one.event for one in messages} == {"A01", "A02", "A03"}


def test_the_sums_of_the_plan_are_those_of_its_messages(planned):
    plan, messages = planned
    counted = Counter()
    for one in messages:
        counted[one.unit, "left" if one.event == "A03" else "arrived"] += 1
        if one.event != "A03":
            assert one.nth == counted[one.unit, "arrived"]
        if one.event == "A02":
            counted[one.prior, "left"] += 1

    assert counted == plan.signs


def test_the_product_reads_of_a_message_what_the_plan_says(planned):
    _plan, messages = planned
    for one in messages[:300]:
        said = rows_of(payload(one, "C1", NOON), zone="UTC")
        (move,) = said.tables["landed_move"]

        assert (said.type, said.patient, said.visit, said.said_us) == (
            f"ADT^{one.event}",
            one.patient,
            one.visit,
            us(NOON),
        )
        assert (move["unit"], move["at_us"]) == (one.unit, us(NOON))


def test_a_wall_holds_a_message_from_the_first_number_that_counts_it():
    wall = Wall("ED", base={"arrived": 11, "left": 12})
    for at, arrived, left in ((1.0, 11, 12), (2.0, 13, 12), (3.0, 13, 13), (4.0, "1,014", 13)):
        wall.hear(f"<p>today {arrived} arrived and {left} left</p>", at)

    assert wall.times["left"] == [3.0]
    assert wall.times["arrived"][:3] == [2.0, 2.0, 4.0]
    assert len(wall.times["arrived"]) == 1003


def test_ninety_five_in_a_hundred_stay_within():
    assert [part([float(n) for n in range(1, 101)], share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert part([7.0], 0.95) == 7


@pytest.mark.enable_socket
def test_the_bare_listener_answers_every_message():
    assert len(bare(0.5)) == 25


@pytest.mark.slow
@pytest.mark.enable_socket
def test_every_message_comes_to_its_open_wall_while_the_lake_is_refreshed():
    known, found = through(2_000, seconds=20, walls=3, lead_s=0, refresh="1")

    assert known.stays > 1_000
    assert len(found.acknowledged_s) == 1_000
    assert len(found.seen_s) > 5
    assert found.seen_s[0] > 0
    assert found.refreshes
