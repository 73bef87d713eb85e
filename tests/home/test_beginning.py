"""When the records begin: strays do not decide, what is steady does, however little it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.home import open_home
from knitwork.home.beginning import Beginning, beginning, beginnings, first_day
from tests.home.homes import options, registry

STEADY = dict.fromkeys(range(1_000, 1_700), 10)

starts = st.dictionaries(st.integers(0, 3_000), st.integers(1, 300), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("early", "what"),
    [
        ({}, "nothing stray"),
        ({635: 1}, "a stay that began a year before"),
        ({-200_000: 1}, "a year that was mistyped by centuries"),
        ({999 - 27: 1}, "a stay of the four weeks before"),
        (dict.fromkeys(range(200, 1000, 50), 1), "patients who had been there long, now and then"),
        ({100: 2, 110: 1, 500: 2}, "a few errors near each other"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_strays_do_not_move_the_beginning(early, what):
    found = beginning(early | STEADY)

    assert found == Beginning(1_000, sum(early.values()), 7_000 + sum(early.values()))


@pytest.mark.parametrize(
    "steady",
    [
        STEADY,
        dict.fromkeys(range(0, 700, 7), 1),  # one a week
        dict.fromkeys(range(0, 700, 60), 1),  # one in two months: no stay is usual in any four weeks but one
        {day: 1 + 20 * (day > 500) for day in range(700)},  # a unit came to the feed later
        {0: 1, 3: 1, 40: 1, 44: 1, 60: 1, 90: 1, 91: 1, 100: 1, 120: 1, 130: 1, 140: 1, 150: 1},
    ],
)
def test_what_is_steady_begins_with_its_first_stay(steady):
    assert beginning(steady).day == min(steady)
    assert beginning(steady).earlier == 0


def test_a_stray_stay_in_a_list_of_300_does_not_count_either():
    rng = random.Random(5)
    practice: dict[int, int] = {}
    for _ in range(300):
        day = 2_000 + rng.randrange(150)
        practice[day] = practice.get(day, 0) + 1

    assert beginning({700: 1} | practice) == Beginning(min(practice), 1, 301)


@given(starts)
def test_there_is_always_a_beginning_and_few_stays_come_before_it(found):
    begun = beginning(found)

    assert begun.day in found
    assert begun.earlier == sum(n for day, n in found.items() if day < begun.day)
    assert begun.stays == sum(found.values())


@given(starts, st.integers(-5_000, 5_000))
def test_the_beginning_moves_with_the_days(found, by):
    assert beginning({day + by: n for day, n in found.items()}).day == beginning(found).day + by


def test_a_small_feed_of_old_rows_does_not_decide_for_all():
    feeds = beginnings([("adt", day, n) for day, n in STEADY.items()] + [("late", 10, 1), ("late", 300, 2)])

    assert first_day(feeds) == 1_000
    assert first_day({"late": feeds["late"]}) == 300
    assert first_day({}) is None


def stays(extra: str = "") -> str:
    rng = random.Random(11)
    lines = [
        f"P{i},Ward,2025-{1 + i % 12:02}-{rng.randrange(1, 29):02} {rng.randrange(24):02}:00,2025-12-31 23:00"
        for i in range(400)
    ]
    return "patient,unit,start,end\n" + extra + "\n".join(lines) + "\n"


def test_a_stay_from_another_century_changes_no_period_and_no_other_number(tmp_path):
    found = []
    for name, extra in (("plain", ""), ("stray", "OLD,Ward,1952-03-01 08:00,1952-03-02 09:00\n")):
        file = tmp_path / f"{name}.csv"
        file.write_text(stays(extra), "utf-8")
        home = open_home(tmp_path / name)
        home.load([file], options(feed="adt"))
        home.refresh(registry())
        found.append(home.answers())
    plain, stray = found

    assert stray.first_day == plain.first_day
    assert [len(stray.periods(p)) for p in ("day", "week", "month")] == [
        len(plain.periods(p)) for p in ("day", "week", "month")
    ]
    measures = [m for m, (can, _, _) in plain.computable().items() if can]
    assert stray.series(measures, "Ward", "micro", "month") == plain.series(measures, "Ward", "micro", "month")
    assert stray.beginnings["adt"].earlier == 1
    assert stray.unit_numbers("Ward", "micro")["stays_all"] == plain.unit_numbers("Ward", "micro")["stays_all"] + 1
