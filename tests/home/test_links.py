"""Pairs over time: every answer equals one counted hand-off by hand-off from the reference's derivation."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.home.calendar import date_of, day_number, period_end, period_start
from knitwork.measures.reference import Settings, derive
from knitwork.model.units import LEVELS
from tests.hard_stays import folded
from tests.home.homes import extract, later, options, registry, write

PERIODS = ("day", "week", "month")


def departures_copied(rows):
    """The same stays from a system that writes the next arrival as the departure."""
    by_patient = {}
    for row in sorted(rows, key=lambda r: r["start"]):
        by_patient.setdefault(row["patient"], []).append({**row, "patient": "C" + row["patient"], "visit": ""})
    told = []
    for steps in by_patient.values():
        for row, after in zip(steps, [*steps[1:], None], strict=True):
            told.append({**row, "end": after["start"] if after else row["start"]})
    return told


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A real feed in two deliveries, one that copies departures, and one whose dates were shifted."""
    folder = tmp_path_factory.mktemp("links")
    home = open_home(folder / "home")
    rows = extract(21, patients=30, days=60)
    home.load([write(folder / "a.csv", rows), write(folder / "b.csv", later(rows, 21, new_units=False))], options())
    home.load([write(folder / "c.csv", departures_copied(extract(22, patients=10, days=60)))], options(feed="copied"))
    moved = [
        {**r, "patient": "S" + r["patient"]}
        for r in extract(23, patients=5, first=dt.datetime(2131, 2, 3, tzinfo=dt.UTC))
    ]
    (folder / "shifted.yaml").write_text("calendar: shifted\nzone: UTC\n")
    home.load([write(folder / "d.csv", moved)], LoadOptions(feed="shifted", mapping=folder / "shifted.yaml"))
    home.refresh(registry())
    return home


@pytest.fixture(scope="module")
def answers(home):
    return home.answers()


@pytest.fixture(scope="module")
def derived(home):
    manifest, lake = home.place.lake.manifest(), home.place.lake
    landed = folded(lake.rows(manifest, "SELECT * FROM {landed}"))
    return derive(landed, registry(), Settings(shifted_feeds=frozenset({"shifted"})))


@pytest.fixture(scope="module")
def handoffs(derived):
    """Every hand-off on a real calendar with the wait that may be told of it."""
    return [
        {**row, "wait": None if row["feed"] == "copied" else row["transit_s"]}
        for row in derived.fact_handoff
        if row["calendar"]
    ]


def told(rows):
    """Count some hand-offs the slow way."""
    waits = [row["wait"] for row in rows if row["wait"] is not None]
    return {
        "count": len(rows),
        "timed": len(waits),
        "over_hour": sum(1 for wait in waits if wait > 3600),
        "median_s": float(np.quantile(waits, 0.5)) if waits else None,
        "p90_s": float(np.quantile(waits, 0.9)) if waits else None,
        "lost_s": sum(waits) if waits else None,
    }


def same(shown, slow):
    for name, value in slow.items():
        if name in shown:
            assert shown[name] == (value if value is None else pytest.approx(value, rel=1e-12)), name


def start_of(day, period):
    return day_number(period_start(date_of(day), period))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("period", PERIODS)
def test_every_pair_and_period_is_counted_from_the_handoffs_one_by_one(answers, handoffs, level, period):
    slow = {}
    for row in handoffs:
        if row["level"] == level:
            key = (row["from_unit"], row["to_unit"])
            slow.setdefault(key, {}).setdefault(start_of(row["arrived_day"], period), []).append(row)

    shown = answers.pairs_over_time(level, period)

    assert {pair: set(periods) for pair, periods in shown.items()} == {pair: set(rows) for pair, rows in slow.items()}
    for pair, periods in slow.items():
        for start, rows in periods.items():
            same(shown[pair][start], told(rows))
    assert (level == "macro") == (not slow)


@pytest.mark.parametrize("period", PERIODS)
def test_one_pair_over_time_is_counted_from_its_handoffs(answers, handoffs, period):
    pairs = {(r["level"], r["from_unit"], r["to_unit"]) for r in handoffs}

    for level, sender, receiver in sorted(pairs)[::7]:
        mine = [r for r in handoffs if (r["level"], r["from_unit"], r["to_unit"]) == (level, sender, receiver)]
        shown = answers.pair_over_time(level, sender, receiver, period)

        assert [row["start_day"] for row in shown] == [p["start_day"] for p in answers.periods(period)]
        for row in shown:
            same(row, told([r for r in mine if start_of(r["arrived_day"], period) == row["start_day"]]))


def test_before_and_after_a_day_are_all_handoffs_and_none_twice(answers, handoffs):
    pairs = {(r["level"], r["from_unit"], r["to_unit"]) for r in handoffs}

    for level, sender, receiver in sorted(pairs)[::5]:
        mine = [r for r in handoffs if (r["level"], r["from_unit"], r["to_unit"]) == (level, sender, receiver)]
        for day in (0, sorted(r["arrived_day"] for r in mine)[len(mine) // 2], 10**6):
            before, after = answers.pair_either_side(level, sender, receiver, day)
            same(before, told([r for r in mine if r["arrived_day"] < day]))
            same(after, told([r for r in mine if r["arrived_day"] >= day]))


def test_the_patients_behind_a_period_are_the_right_ones_the_longest_waits_first(answers, handoffs):
    pairs = {(r["level"], r["from_unit"], r["to_unit"]) for r in handoffs}
    several = 0

    for level, sender, receiver in sorted(pairs)[::3]:
        mine = [r for r in handoffs if (r["level"], r["from_unit"], r["to_unit"]) == (level, sender, receiver)]
        first = start_of(mine[0]["arrived_day"], "month")
        end = day_number(period_end(date_of(first), "month"))
        wanted = [r for r in mine if first <= r["arrived_day"] < end]
        shown = answers.pair_behind(level, sender, receiver, first, end)

        assert sorted((r["patient"], r["visit"], r["arrived_us"]) for r in shown) == sorted(
            (r["patient"], r["visit"], r["arrived_us"]) for r in wanted
        )
        assert [r["wait_s"] for r in shown] == sorted(
            (r["wait"] for r in wanted), key=lambda wait: (wait is None, -(wait or 0))
        )
        several += len(shown) > 1
    assert several > 5


def test_a_list_is_cut_at_its_longest_waits(answers, handoffs):
    pairs = [(r["from_unit"], r["to_unit"]) for r in handoffs if r["level"] == "micro"]
    sender, receiver = max(sorted(set(pairs)), key=pairs.count)

    whole = answers.pair_behind("micro", sender, receiver, 0, 10**6)

    assert len(whole) > 3
    assert answers.pair_behind("micro", sender, receiver, 0, 10**6, limit=3) == whole[:3]


@pytest.mark.parametrize("level", LEVELS)
def test_where_a_unit_usually_stands_is_the_mean_over_its_stays_in_visits_of_several(answers, derived, level):
    places = {}
    for row in derived.fact_stay:
        if row["level"] == level and not row["concurrent"] and not (row["first"] and row["last"]):
            place = 0.0 if row["first"] else 1.0 if row["last"] else 0.5
            places.setdefault(row["unit"], []).append(place)

    shown = answers.usual_places(level)

    assert shown.keys() == places.keys()
    for unit, one in places.items():
        assert shown[unit] == pytest.approx(sum(one) / len(one))


def test_a_home_with_nothing_in_it_answers_with_nothing(tmp_path):
    answers = open_home(tmp_path / "empty").answers()

    assert answers.pairs_over_time("micro", "month") == {}
    assert answers.pair_over_time("micro", "A", "B", "month") == []
    assert answers.pair_behind("micro", "A", "B", 0, 1) == []
    assert answers.usual_places("micro") == {}
    assert [side["count"] for side in answers.pair_either_side("micro", "A", "B", 0)] == [0, 0]
