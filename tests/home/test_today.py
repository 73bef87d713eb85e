"""Who is in, came, left and is on the way: the fast answer equals a slow look at the derived facts, row by row."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knitwork.home import LoadOptions, open_home, today
from knitwork.home.today import HOUR_US, UNDER_WAY_HOURS, tally
from knitwork.measures.reference import Settings, derive
from tests.hard_stays import folded
from tests.home.homes import extract, options, registry, write

SHIFTED = Settings(shifted_feeds=frozenset({"shifted"}))
DAY_US = 24 * HOUR_US


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A real feed with every difficulty of `homes.extract`, and one whose dates were shifted."""
    folder = tmp_path_factory.mktemp("today")
    home = open_home(folder / "home")
    home.load([write(folder / "a.csv", extract(21, patients=60, days=14))], options())
    moved = [
        {**r, "patient": "S" + r["patient"]}
        for r in extract(23, patients=5, days=10, first=dt.datetime(2131, 2, 3, tzinfo=dt.UTC))
    ]
    (folder / "shifted.yaml").write_text("calendar: shifted\nzone: UTC\n")
    home.load([write(folder / "d.csv", moved)], LoadOptions(feed="shifted", mapping=folder / "shifted.yaml"))
    home.refresh(registry())
    return home


@pytest.fixture(scope="module")
def derived(home):
    landed = folded(home.place.lake.rows(home.place.lake.manifest(), "SELECT * FROM {landed}"))
    return derive(landed, registry(), SHIFTED)


@pytest.fixture(scope="module")
def answers(home):
    return home.answers()


def slow(derived, unit, level, until_us, last_day, as_of_us):
    """The same by looking at every row of every patient."""
    found = []
    for row in derived.fact_stay:
        if (row["level"], row["unit"]) != (level, unit) or not row["calendar"] or row["start_us"] > until_us:
            continue
        is_open = row["end_kind"] == "open"
        touches = row["start_day"] in (last_day - 1, last_day) or row["end_day"] in (last_day - 1, last_day)
        if not touches and not (is_open and row["start_us"] > as_of_us - 365 * DAY_US):
            continue
        elsewhere = None
        if row["end_us"] is not None and row["end_us"] > until_us - UNDER_WAY_HOURS * HOUR_US:
            after = [
                r["start_us"]
                for r in derived.fact_stay
                if r["level"] == "micro" and r["patient"] == row["patient"] and r["calendar"]
                and r["start_us"] >= row["end_us"]
            ]  # fmt: skip
            elsewhere = min(after, default=None)
        found.append((
            row["patient"], row["start_us"], row["end_us"], is_open, row["concurrent"], row["start_day"],
            row["start_hour"], row["end_day"], row["end_hour"], row["prev_unit"], row["next_unit"], row["last"],
            elsewhere, row["precise"],
        ))  # fmt: skip
    return sorted(found, key=repr)


def as_tuple(row):
    return tuple(getattr(row, name) for name in row.__slots__)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_who_was_seen_of_late_is_what_a_slow_look_finds(answers, derived, data):
    row = data.draw(st.sampled_from([r for r in derived.fact_stay if r["calendar"]]))
    until = row["end_us"] or row["start_us"]
    until += data.draw(st.sampled_from([0, 1, -1, HOUR_US, UNDER_WAY_HOURS * HOUR_US, DAY_US]))
    last_day = until // DAY_US
    unit, level = row["unit"], row["level"]

    fast = today.seen(answers, unit, level=level, until_us=until, last_day=last_day)

    assert sorted(map(as_tuple, fast), key=repr) == slow(derived, unit, level, until, last_day, answers.as_of_us)


def test_the_tally_counts_what_the_lists_hold(answers, derived):
    day = answers.as_of_day
    for unit, level in {(r["unit"], r["level"]) for r in derived.fact_stay}:
        rows = today.seen(answers, unit, level=level, until_us=answers.as_of_us, last_day=day)
        counted = tally(rows, until_us=answers.as_of_us, last_day=day)

        assert counted.here == len(answers.here(unit, level)) == (answers.unit_numbers(unit, level)["here_now"] or 0)
        assert sum(counted.arrived[1]) == answers.unit_numbers(unit, level)["arrived_today"]
        assert [sum(hours) for hours in counted.left] == [len(today.left(rows, d)) for d in (day - 1, day)]
        assert counted.under_way <= counted.left_lately
        assert sum(n for _u, n in counted.came_from[1]) == sum(1 for r in today.arrived(rows, day) if not r.concurrent)


def test_the_units_side_by_side_show_what_each_page_shows(answers, derived):
    day = answers.as_of_day
    by_unit = answers.by_unit(day)
    units = {(r["level"], r["unit"]) for r in derived.fact_stay if r["calendar"]}

    assert by_unit.keys() == units
    for level, unit in units:
        rows = today.seen(answers, unit, level=level, until_us=answers.as_of_us, last_day=day)
        counted = tally(rows, until_us=answers.as_of_us, last_day=day)
        shown = by_unit[level, unit]
        assert (shown["here"], shown["arrived"], shown["left"]) == (
            counted.here, sum(counted.arrived[1]), sum(counted.left[1])
        )  # fmt: skip


def test_nine_in_ten_stays_are_no_longer_than_what_is_usual(answers, derived):
    usual = answers.usual_lengths()
    lengths: dict[tuple, list[float]] = {}
    for row in derived.fact_stay:
        if row["end_kind"] == "recorded":
            lengths.setdefault((row["level"], row["unit"]), []).append((row["end_us"] - row["start_us"]) / 1e6)

    assert usual.keys() == lengths.keys()
    for key, found in lengths.items():
        n, p90 = usual[key]
        assert n == len(found)
        expected = found[0] if n == 1 else statistics.quantiles(found, n=10, method="inclusive")[8]
        assert p90 == pytest.approx(expected)


def test_the_hand_offs_of_the_last_days_are_those_of_a_slow_look(answers, derived):
    day = max(r["arrived_day"] for r in derived.fact_handoff if r["calendar"])
    for unit, level in {(r["unit"], r["level"]) for r in derived.fact_stay}:
        for days in (1, 7):
            wanted = [
                r
                for r in derived.fact_handoff
                if r["level"] == level and unit in (r["from_unit"], r["to_unit"]) and r["calendar"]
                and day - days < r["arrived_day"] <= day
            ]  # fmt: skip
            found = today.handoffs_lately(answers, unit, level=level, last_day=day, days=days)

            assert {(r["from_unit"], r["to_unit"]): r["count"] for r in found} == Counter(
                (r["from_unit"], r["to_unit"]) for r in wanted
            )
            for row in found:
                known = [
                    r["transit_s"] for r in wanted
                    if (r["from_unit"], r["to_unit"]) == (row["from_unit"], row["to_unit"]) and r["transit_s"] is not None
                ]  # fmt: skip
                assert (row["timed"], row["longest_s"]) == (len(known), max(known, default=None))
