"""The tabular CUSUM: a worked example in print, a slow reference, and properties."""

from __future__ import annotations

import csv
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from knitwork.signals.cumulative import TabularSpec, tabular, tabular_cusum

numbers = st.floats(-50, 50, allow_nan=False)
series = st.lists(st.none() | numbers, min_size=1, max_size=40).filter(lambda some: any(v is not None for v in some))


def reference(values, *, centre, sigma, k, head_start=0.0):
    """Sum as a person would with a pencil."""
    high, low, ups, downs = head_start, head_start, [], []
    for value in values:
        if value is not None and not math.isnan(value):
            z = (value - centre) / sigma
            high, low = max(0.0, high + z - k), max(0.0, low - z - k)
        ups.append(high)
        downs.append(-low)
    return ups, downs


@pytest.fixture
def montgomery(shared):
    """Read Montgomery's table 9.1 and what qcc makes of it."""
    with (shared / "oracles" / "spc" / "qcc-cusum-montgomery-9.1" / "expected.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.real_data
def test_sums_and_signals_agree_with_qcc(montgomery):
    record = tabular_cusum([float(row["x"]) for row in montgomery], TabularSpec(centre=10, sigma=1))

    assert list(record.up) == pytest.approx([float(row["pos"]) for row in montgomery], rel=1e-9, abs=1e-12)
    assert list(record.down) == pytest.approx([float(row["neg"]) for row in montgomery], rel=1e-9, abs=1e-12)
    beyond = [at for at, row in enumerate(montgomery) if row["signal_up"] == "TRUE"]
    assert [(one.at, one.end, one.side) for one in record.signals] == [(beyond[0], beyond[-1], "high")]
    assert not any(row["signal_down"] == "TRUE" for row in montgomery)


@pytest.mark.real_data
def test_example_9_1_of_montgomery_signals_at_period_29_and_began_after_period_22(montgomery):
    record = tabular_cusum([float(row["x"]) for row in montgomery], TabularSpec(centre=10, sigma=1, direction="down"))
    (signal,) = record.signals

    # Montgomery: C+ at period 29 is 5.28 with N+ = 7, so the shift most likely came between periods 22 and 23
    assert record.up[28] == pytest.approx(5.28, abs=5e-3)
    assert record.to_dict()["signals"][0]["case"] == 29
    assert signal.zero + 1 == 22
    assert record.to_dict()["signals"][0]["start_case"] == 23
    assert signal.verdict == "worse"


@given(series, st.floats(-10, 10), st.floats(0.1, 10), st.floats(0, 2), st.floats(0, 4.9))
def test_sums_are_those_of_the_slow_reference(values, centre, sigma, k, head_start):
    up, down = tabular(values, centre=centre, sigma=sigma, k=k, head_start=head_start)
    ups, downs = reference(values, centre=centre, sigma=sigma, k=k, head_start=head_start)

    assert up.tolist() == pytest.approx(ups, rel=1e-9, abs=1e-9)
    assert down.tolist() == pytest.approx(downs, rel=1e-9, abs=1e-9)


@given(st.lists(st.lists(st.none() | numbers, min_size=7, max_size=7), min_size=1, max_size=6))
def test_a_row_among_many_is_the_row_alone_to_the_last_bit(rows):
    assume(all(any(value is not None for value in row) for row in rows))
    centre, sigma = np.arange(len(rows)) * 1.5, np.arange(len(rows)) + 0.5
    up, down = tabular(rows, centre=centre, sigma=sigma)

    for at, row in enumerate(rows):
        alone = tabular(row, centre=centre[at], sigma=sigma[at])
        assert up[at].tolist() == alone[0].tolist()
        assert down[at].tolist() == alone[1].tolist()


@given(series, st.floats(-100, 100), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_a_change_of_scale_and_origin_changes_no_signal(values, origin, factor):
    sums, _ = tabular(values, centre=3, sigma=2)
    # A sum that all but touches the limit may fall on either side of it by rounding.
    assume(np.abs(np.abs(sums) - 5).min() > 1e-6)
    moved = [None if value is None else value * factor + origin for value in values]

    one = tabular_cusum(values, TabularSpec(centre=3, sigma=2))
    other = tabular_cusum(moved, TabularSpec(centre=3 * factor + origin, sigma=2 * factor))

    high = [(signal.at, signal.end) for signal in one.signals if signal.side == "high"]
    assert [(signal.at, signal.end) for signal in other.signals if signal.side == "high"] == high


@given(series)
def test_values_turned_upside_down_turn_the_sums(values):
    up, down = tabular(values, centre=0, sigma=2)
    mirrored = tabular([None if value is None else -value for value in values], centre=0, sigma=2)

    assert mirrored[0].tolist() == (-down).tolist()
    assert mirrored[1].tolist() == (-up).tolist()
    assert up.min() >= 0
    assert down.max() <= 0


def test_a_missing_value_carries_the_sum_over_and_is_shown_as_a_gap():
    values = [12.0, None, 12.0]
    up, _ = tabular(values, centre=10, sigma=1)
    record = tabular_cusum(values, TabularSpec(centre=10, sigma=1))

    assert up.tolist() == [1.5, 1.5, 3.0]
    assert record.up == (1.5, None, 3.0)
    assert record.n == 2


def test_a_sum_on_its_limit_is_inside():
    on_it = tabular_cusum([11.5, 11.5], TabularSpec(centre=10, sigma=1, h=2))
    beyond = tabular_cusum([11.5, 11.75], TabularSpec(centre=10, sigma=1, h=2))

    assert on_it.up[-1] == 2.0
    assert not on_it.signals
    assert [one.at for one in beyond.signals] == [1]


def test_a_change_that_began_after_a_gap_is_dated_by_the_first_value_there():
    record = tabular_cusum([10.0, None, 13.0, 13.0, 13.0], TabularSpec(centre=10, sigma=1))
    (signal,) = record.signals

    assert (signal.zero, signal.start, signal.at) == (0, 2, 4)
    assert record.to_dict()["signals"][0]["start_label"] == "3"


def test_a_head_start_that_signals_was_never_at_zero():
    record = tabular_cusum([11.0, 13.0, 13.0], TabularSpec(centre=10, sigma=1, head_start=2.5))
    (signal,) = record.signals

    assert record.up[0] == 3.0
    assert (signal.zero, signal.start, signal.at) == (None, 0, 1)


def test_two_stretches_beyond_the_limit_are_two_signals():
    record = tabular_cusum([18.0, 4.0, 18.0], TabularSpec(centre=10, sigma=1, direction="up"))

    assert [(one.side, one.at, one.start, one.verdict) for one in record.signals] == [
        ("high", 0, 0, "better"),
        ("low", 1, 1, "worse"),
        ("high", 2, 0, "better"),
    ]


def test_the_formula_holds_every_number():
    spec = TabularSpec(centre=12.5, sigma=1.75, k=0.4, h=4.5, head_start=2, unit="min")

    for number in ("12.5 min", "1.75", "0.4", "4.5", "start at 2"):
        assert number in tabular_cusum([12.0], spec).formula
