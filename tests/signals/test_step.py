"""Where one level gives way to another."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from knitwork.draw.record import tail
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.step import LEAST, steepest, step_of_run

# The months of one pair of Riverbend, November 2024 to September 2026; the plant lies at position 14.
JANUARY = [29.3, 30.5, 29.8, 30.5, 27.9, 30.0, 29.6, 27.8, 26.1, 28.1, 31.3, 27.0, 29.7, 30.9,
           41.1, 42.5, 38.4, 40.1, 39.8, 36.8, 40.1, 42.0, 40.6]  # fmt: skip

minutes = st.lists(st.integers(0, 500).map(float), min_size=2 * LEAST, max_size=40)


def slow(values):
    """Try every split in the plainest way."""
    best = None
    for cut in range(LEAST, len(values) - LEAST + 1):
        misfit = 0.0
        for side in (values[:cut], values[cut:]):
            mean = sum(side) / len(side)
            misfit += sum((value - mean) ** 2 for value in side)
        if best is None or misfit < best[1] - 1e-7:
            best = (cut, misfit)
    return best[0]


def test_the_wait_that_grew_in_january_is_placed_in_january_though_its_run_begins_in_december():
    step = steepest(JANUARY)

    assert (step.at, step.first, step.last) == (14, 14, 14)
    assert step.is_sharp
    assert step.before == pytest.approx(29.18, abs=0.01)
    assert step.after == pytest.approx(40.16, abs=0.01)


@given(minutes)
def test_the_place_is_that_of_the_plainest_search(values):
    step = steepest(values)
    assume(step is not None)
    # Of two places that fit equally well either may be named: rounding decides.
    unlike = [abs(a - b) for a, b in pairwise(values)]
    assume(len(set(unlike)) == len(unlike))

    assert step.at == slow(values)


@given(minutes, st.floats(0.01, 100), st.integers(-1000, 1000))
def test_the_place_does_not_hang_on_the_unit_of_measurement_nor_on_where_zero_is(values, factor, shift):
    step = steepest(values)
    assume(step is not None and step.is_sharp)
    other = steepest([value * factor + shift for value in values])

    assert other is not None
    assert step.first <= other.at <= step.last
    assert other.before == pytest.approx(step.before * factor + shift, rel=1e-6, abs=1e-6) or other.at != step.at


@given(st.integers(3, 30), st.integers(3, 30), st.floats(1, 100), st.floats(5, 60))
def test_two_clean_levels_are_told_apart_exactly(before, after, low, rise):
    step = steepest([low] * before + [low + rise] * after)

    assert (step.at, step.first, step.last) == (before, before, before)
    assert step.before == pytest.approx(low)
    assert step.after == pytest.approx(low + rise)


def test_missing_periods_are_skipped_and_positions_still_count_them():
    step = steepest([10, None, 11, 10, None, 20, 21, None, 20])

    assert step.at == 5


def test_a_slow_climb_has_no_sharp_place():
    step = steepest([float(at) for at in range(24)])

    assert not step.is_sharp
    assert step.first < step.at < step.last


@pytest.mark.parametrize("values", [[], [1.0], [1, 2, 3, 4, 5], [7.0] * 30, [None] * 30])
def test_too_few_or_equal_values_have_no_step(values):
    assert steepest(values) is None


def test_the_true_place_lies_between_first_and_last_nearly_always():
    rng = random.Random(20260101)
    held = 0
    for _ in range(400):
        true = rng.randrange(6, 18)
        values = [rng.gauss(30 if at < true else 33, 2) for at in range(24)]
        step = steepest(values)
        held += step.first <= true <= step.last

    assert held / 400 >= 0.93


def test_a_run_is_dated_by_its_step_and_the_record_says_so():
    record = evaluate(Series(values=JANUARY), Spec(chart="run", direction="down"))
    (run,) = [one for one in record.signals if one.rule == "longest_run"]

    assert (run.start, run.step.at, run.since) == (13, 14, 14)
    assert record.to_dict()["signals"][-1]["step"]["at"] == 14


@pytest.mark.parametrize(
    ("values", "run", "why"),
    [
        (JANUARY, {"start": 13, "end": 22, "higher": False}, "the best step goes up, the run lies low"),
        (JANUARY, {"start": 16, "end": 22, "higher": True}, "the step came two months before the run"),
        (JANUARY, {"start": 2, "end": 12, "higher": True}, "the step came after the run"),
        ([float(at) for at in range(24)], {"start": 12, "end": 23, "higher": True}, "a slow climb has no date"),
    ],
)
def test_a_step_that_is_not_the_runs_own_dates_nothing(values, run, why):
    assert step_of_run(values, **run) is None, why


@given(st.integers(0, 40))
def test_a_picture_of_the_last_periods_dates_the_change_as_the_whole_series_does(shown):
    record = evaluate(Series(values=JANUARY), Spec(chart="run", direction="down"))
    cut = tail(record, shown)
    runs = [one for one in cut.signals if one.rule == "longest_run"]

    assert all(cut.labels[one.since] == record.labels[14] for one in runs if len(cut) >= len(record) - 14)


def test_a_run_long_past_is_not_dated():
    values = [30.0, 31.0] * 8 + [41.0, 42.0] * 8 + [30.0, 20.0] * 8
    record = evaluate(Series(values=values), Spec(chart="run", direction="down"))

    assert all(one.step is None and one.since == one.start for one in record.signals if one not in record.recent)
    assert record.signals != record.recent
