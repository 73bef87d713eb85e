"""What must hold for any series."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.signals import Series, Spec, evaluate, evaluate_many
from knitwork.signals.charts import CHARTS
from knitwork.signals.spec import SIGMAS

# multiples of a quarter, so that shifting them is exact and only our own arithmetic is on trial
quarters = st.integers(-400, 400).map(lambda n: n / 4)
values = st.lists(st.none() | quarters, max_size=50)
counts = st.lists(st.none() | st.tuples(st.integers(0, 30), st.integers(0, 40)), max_size=50)
limits = st.sampled_from(["policy", "all", 5, 24])
specs = st.builds(
    Spec,
    limits=limits,
    direction=st.sampled_from(["up", "down", "neither"]),
    sigma=st.sampled_from(["mr", "mr_screened_once"]),
)


def charted(spec, chart):
    """Ask the same of another chart, with its own estimator where it does not know this one."""
    return replace(spec, chart=chart, sigma=spec.sigma if spec.sigma in SIGMAS[chart] else "", middle="")


def ratio_series(pairs, incomplete_last=False):
    """Make a series of proportions: the numerator never above the denominator."""
    return Series(
        numerators=[None if pair is None else min(pair) for pair in pairs],
        denominators=[None if pair is None else max(pair) for pair in pairs],
        incomplete_last=incomplete_last,
    )


@st.composite
def series_for(draw, chart):
    incomplete_last = draw(st.booleans())
    reads = CHARTS[chart].reads
    if reads in ("ratio", "proportion"):
        return ratio_series(draw(counts), incomplete_last)
    if reads == "subgroups":
        whole = st.integers(-40, 40)
        groups = st.lists(st.lists(whole, max_size=4), max_size=50)
        return Series.of_samples(draw(groups), incomplete_last=incomplete_last)
    if reads in ("counts", "between"):
        return Series(
            values=draw(st.lists(st.none() | st.integers(0, 40), max_size=50)), incomplete_last=incomplete_last
        )
    return Series(values=draw(values), incomplete_last=incomplete_last)


def found(evaluation):
    return [(one.rule, one.points, one.side, one.verdict) for one in evaluation.signals]


@given(values, specs, st.integers(-1000, 1000))
def test_signals_do_not_change_when_all_values_are_shifted(numbers, spec, shift):
    moved = [None if number is None else number + shift for number in numbers]

    for chart in ("run", "xmr"):
        by = charted(spec, chart)
        assert found(evaluate(Series(values=numbers), by)) == found(evaluate(Series(values=moved), by))


@given(values, specs, st.sampled_from([0.125, 0.1, 3, 60, 1e6]))
def test_signals_do_not_change_with_the_unit_of_measurement(numbers, spec, factor):
    for chart in ("run", "xmr"):
        by = charted(spec, chart)
        scaled = Series(values=[None if number is None else number * factor for number in numbers])
        ours, other, shown = (
            evaluate(Series(values=numbers), by),
            evaluate(scaled, by),
            evaluate(Series(values=numbers), replace(by, factor=factor)),
        )
        assert found(ours) == found(other) == found(shown)
        if ours.centre is not None:
            assert shown.centre == pytest.approx(ours.centre * factor, rel=1e-9, abs=1e-9)


@given(values, specs)
def test_turning_a_series_upside_down_turns_its_signals(numbers, spec):
    by = replace(charted(spec, "run"), direction="up")
    turned = [None if number is None else -number for number in numbers]

    sides = {"high": "low", "low": "high", None: None}
    ours, other = evaluate(Series(values=numbers), by), evaluate(Series(values=turned), by)
    assert [(one.rule, one.points, one.side) for one in ours.signals] == [
        (one.rule, one.points, sides[one.side]) for one in other.signals
    ]


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(CHARTS)), specs, st.integers(1, 8))
def test_one_by_one_or_all_at_once_in_any_order_gives_the_same_to_the_last_bit(data, chart, spec, many):
    by = charted(spec, chart)
    some = [data.draw(series_for(chart)) for _ in range(many)]
    order = list(range(many))
    random.Random(many).shuffle(order)

    single = [evaluate(one, by) for one in some]
    assert evaluate_many(some, by) == single
    assert evaluate_many([some[place] for place in order], by) == [single[place] for place in order]


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(CHARTS)), specs)
def test_an_incomplete_last_point_changes_nothing_and_never_signals(data, chart, spec):
    by = charted(spec, chart)
    whole = replace(data.draw(series_for(chart)), incomplete_last=False)
    if not len(whole):
        return
    before = whole.cut(0, len(whole) - 1)

    hollow, without = evaluate(replace(whole, incomplete_last=True), by), evaluate(before, by)

    assert hollow.hollow[-1] and not hollow.tested[-1]
    assert hollow.signals == without.signals
    assert (hollow.centre, hollow.sigma, hollow.lag1) == (without.centre, without.sigma, without.lag1)
    assert hollow.lowers[:-1] == without.lowers


@settings(max_examples=40)
@given(st.lists(quarters, min_size=21, max_size=50), st.lists(quarters, min_size=1, max_size=10))
def test_future_points_never_change_locked_limits(past, future):
    then, now = (evaluate(Series(values=some), Spec()) for some in (past, past + future))

    assert (then.centre, then.lowers[0], then.uppers[0]) == (now.centre, now.lowers[0], now.uppers[0])


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(CHARTS)), specs)
def test_the_record_is_whole_and_has_no_nan(data, chart, spec):
    one = data.draw(series_for(chart))
    ours = evaluate(one, replace(charted(spec, chart), target=1, unit="min"))

    text = ours.to_json()
    assert "NaN" not in text and "Infinity" not in text
    assert len(ours.points) == len(ours) == len(one)
    assert ours.has_limits == any(upper is not None for upper in ours.uppers)
    assert str(ours)
    for signal in ours.signals:
        assert signal.start <= signal.end
        assert all(ours.tested[place] for place in signal.points)
        assert all(ours.point_marks[place] for place in signal.points)


def test_mixed_definitions_come_back_in_order():
    one, other = Series(values=[1, 2, 3] * 8), Series(numerators=[1, 2] * 12, denominators=[9] * 24)
    specs = [Spec(), Spec(chart="p"), Spec(chart="run"), Spec(chart="u")]

    many = evaluate_many([one, other, other, other], specs)

    assert [ours.spec.chart for ours in many] == ["xmr", "p", "run", "u"]
    assert many[1] == evaluate(other, specs[1])
    assert evaluate_many([], Spec()) == []


def test_ten_thousand_charts_take_under_three_seconds():
    rng = np.random.default_rng(7)
    some = [Series(values=row) for row in rng.normal(50, 5, (10_000, 36)).tolist()]

    start = time.perf_counter()
    evaluate_many(some, Spec())

    assert time.perf_counter() - start < 3  # about 0.3 s on the machine it was written on
