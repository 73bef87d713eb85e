"""The hour that autumn repeats, told without offsets: what the messages' own order says of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from random import Random
from zoneinfo import ZoneInfo

import pytest

from knitwork.intake.fold import Move, fold_visit
from knitwork.intake.formats.hl7v2.rows import rows_of
from tests.home.adt_messages import us

BERLIN = ZoneInfo("Europe/Berlin")
# 02:00 summer time: from here on every wall time is told twice, until an hour later.
TWICE = dt.datetime(2026, 10, 25, 0, 0, tzinfo=dt.UTC)


def told(event, at, unit="", *, control, prior="", said=None, visit="V1"):
    """Return the move that a message tells, its times on the wall of Berlin without an offset."""
    happened, spoken = (one.astimezone(BERLIN).strftime("%Y%m%d%H%M%S") for one in (at, said or at))
    text = (
        f"MSH|^~\\&|S|F|R|F|{spoken}||ADT^{event}|{control}|P|2.5\rEVN|{event}|{spoken}||||{happened}\r"
        f"PID|1||P1^^^H^MR\rPV1|1|I|{unit}^1^1|||{prior}|||||||||||||{visit}\r"
    )
    (row,) = rows_of(text.encode(), zone="Europe/Berlin").tables["landed_move"]
    return Move(**{f.name: row.get(f.name.rstrip("_")) for f in fields(Move)})


def minute(number: int) -> dt.datetime:
    """Return a moment by its minutes after the hour that is told twice begins."""
    return TWICE + dt.timedelta(minutes=number)


def stays(moves):
    return [(s.unit, s.start_us, s.end_us) for s in fold_visit(moves).stays]


def test_a_move_in_the_second_of_both_hours_comes_after_one_in_the_first():
    visit = [
        told("A01", minute(-30), "ED", control="1"),
        told("A02", minute(30), "WA", control="2"),
        told("A02", minute(70), "WB", control="3"),
        told("A03", minute(190), control="4"),
    ]

    assert stays(visit) == [
        ("ED", us(minute(-30)), us(minute(30))),
        ("WA", us(minute(30)), us(minute(70))),
        ("WB", us(minute(70)), us(minute(190))),
    ]


@pytest.mark.parametrize("controls", [("8", "9"), ("b8f1", "0aa1"), ("", "")])
def test_a_discharge_is_after_its_admission_whatever_the_control_numbers_are(controls):
    visit = [told("A01", minute(50), "ED", control=controls[0]), told("A03", minute(80), control=controls[1])]

    assert stays(visit) == [("ED", us(minute(50)), us(minute(80)))]
    assert fold_visit(visit).parked == ()


def test_what_is_said_hours_later_happened_after_what_was_said_before():
    visit = [
        told("A01", minute(50), "ED", control="1"),
        told("A02", minute(75), "WA", control="2", said=minute(200)),
        told("A03", minute(300), control="3"),
    ]

    assert stays(visit) == [("ED", us(minute(50)), us(minute(75))), ("WA", us(minute(75)), us(minute(300)))]


def test_a_time_that_cannot_have_been_said_in_the_second_hour_stays_in_the_first():
    visit = [
        told("A01", minute(50), "ED", control="1"),
        told("A02", minute(55), "WA", control="2", said=minute(61)),
        told("A03", minute(300), control="3"),
    ]

    assert stays(visit) == [("ED", us(minute(50)), us(minute(55))), ("WA", us(minute(55)), us(minute(300)))]


@pytest.mark.parametrize("visit", ["V1", ""])
def test_the_true_journey_comes_out_in_any_order_of_arrival(visit):
    random = Random(8)
    for _ in range(100):
        times = [*sorted(random.sample(range(-60, 59), 3)), 59, *sorted(random.sample(range(60, 119), 4)), 240]
        units = [random.choice(("ED", "WA", "WB"))]
        while len(units) < len(times) - 1:
            units.append(random.choice([one for one in ("ED", "WA", "WB") if one != units[-1]]))
        events = ["A01", *["A02"] * (len(units) - 1), "A03"]
        moves = [
            told(event, minute(at), unit, control=str(7 + i), visit=visit)
            for i, (event, at, unit) in enumerate(zip(events, times, [*units, ""], strict=True))
        ]
        random.shuffle(moves)

        ends = [us(minute(at)) for at in times]
        assert stays(moves + moves[:3]) == list(zip(units, ends, ends[1:], strict=False))
