"""Charts of outcomes, case by case: Bernoulli CUSUM, risk-adjusted CUSUM and VLAD."""

from __future__ import annotations

import csv
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from knitwork.signals.cumulative import (
    BernoulliSpec,
    RiskAdjustedSpec,
    bernoulli,
    bernoulli_cusum,
    risk_adjusted,
    risk_adjusted_cusum,
    vlad,
    vlad_record,
)

chances = st.floats(0.001, 0.999)
cases = st.lists(st.tuples(st.sampled_from([0, 1, None]), chances), min_size=1, max_size=60).filter(
    lambda some: any(outcome is not None for outcome, _ in some)
)


def reference(outcomes, risks, *, odds, limit, reset):
    """Sum the log-likelihood ratios as probabilities of the outcome under either odds, one case after the other."""
    total, out, signals = 0.0, [], []
    for at, (y, p) in enumerate(zip(outcomes, risks, strict=True)):
        if y is not None:
            other = odds * p / (1 - p + odds * p)
            likely, unlikely = (other, p) if y else (1 - other, 1 - p)
            total = max(0.0, total + math.log(likely) - math.log(unlikely))
        out.append(total)
        if y is not None and total > limit:
            signals.append(at)
            if reset:
                total = 0.0
    return out, signals


def rows_of(shared, case, name="expected"):
    with (shared / "oracles" / "spc" / case / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.real_data
def test_the_bernoulli_cusum_agrees_with_qicharts2(shared):
    rows = rows_of(shared, "qicharts2-bcusum-cabg-deaths")
    spec = BernoulliSpec(baseline_cases=200, direction="down")

    record = bernoulli_cusum([int(row["y"]) for row in rows], spec)

    # qicharts2 writes 0 where the sum signals and starts anew; the record keeps the height it reached
    high = {one.at for one in record.signals if one.side == "high"}
    low = {one.at for one in record.signals if one.side == "low"}
    up = [0.0 if at in high else value for at, value in enumerate(record.up)]
    down = [0.0 if at in low else value for at, value in enumerate(record.down)]
    assert record.expected[0] == pytest.approx(float(rows[0]["p0"]), rel=1e-9)
    assert up == pytest.approx([float(row["cusum1"]) for row in rows], rel=1e-9, abs=1e-12)
    assert down == pytest.approx([float(row["cusum2"]) for row in rows], rel=1e-9, abs=1e-12)
    assert high == {at for at, row in enumerate(rows) if row["signal1"]}
    assert low == {at for at, row in enumerate(rows) if row["signal2"]}
    assert {one.verdict for one in record.signals} == {"better"}


@pytest.mark.real_data
def test_the_risk_adjusted_cusum_and_vlad_agree_with_the_vlad_package(shared):
    rows = rows_of(shared, "vlad-racusum-surgery")
    outcomes = [int(row["y"]) for row in rows]
    # the model of the call: logit p = -3.68 + 0.077 x Parsonnet
    risks = [1 / (1 + math.exp(3.68 - 0.077 * float(row["s"]))) for row in rows]

    def column(name):
        return pytest.approx([float(row[name]) for row in rows], rel=1e-9, abs=1e-12)

    assert risks == column("p")
    plain = risk_adjusted(outcomes, risks, RiskAdjustedSpec(reset=False))
    reset = risk_adjusted_cusum(outcomes, risks)
    assert plain[0].tolist() == column("cusum_up")
    assert (-plain[1]).tolist() == column("cusum_down")
    assert list(reset.up) == column("cusum_up_reset")
    assert [-value for value in reset.down] == column("cusum_down_reset")
    assert vlad(outcomes, risks).tolist() == column("vlad")
    assert not reset.signals


@given(cases, st.floats(1.1, 5), st.floats(0.1, 0.9), st.floats(0.1, 4), st.floats(0.1, 4), st.booleans())
@example([(0, 0.3)] * 9 + [(1, 0.3)] * 3, 2, 0.5, 4, 0.5, True)
@example([(1, 0.3)] * 9 + [(0, 0.3)] * 3, 2, 0.5, 0.9, 4, True)
def test_sums_and_signals_are_those_of_the_slow_reference(some, odds_up, odds_down, limit_up, limit_down, reset):
    outcomes, risks = [y for y, _ in some], [p for _, p in some]
    spec = RiskAdjustedSpec(odds_up=odds_up, odds_down=odds_down, limit_up=limit_up, limit_down=limit_down, reset=reset)

    up, down = risk_adjusted(outcomes, risks, spec)
    record = risk_adjusted_cusum(outcomes, risks, spec)

    for side, sums, odds, limit in (("high", up, odds_up, limit_up), ("low", -down, odds_down, limit_down)):
        expected, beyond = reference(outcomes, risks, odds=odds, limit=limit, reset=reset)
        if any(abs(value - limit) < 1e-9 for value in expected):
            continue  # rounding may put it on either side
        assert sums.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
        known = [at for at, y in enumerate(outcomes) if y is not None]
        marked = [at for one in record.signals if one.side == side for at in known if one.at <= at <= one.end]
        assert marked == beyond


@given(cases, chances, st.floats(1.1, 5), st.booleans())
def test_the_bernoulli_cusum_is_the_risk_adjusted_one_of_equal_risks(some, rate, odds, reset):
    outcomes = [y for y, _ in some]
    spec = RiskAdjustedSpec(odds_up=odds, odds_down=1 / odds, limit_up=3.5, limit_down=3.5, reset=reset)

    ours = bernoulli(outcomes, baseline=rate, odds_ratio=odds, limit=3.5, reset=reset)

    for one, other in zip(ours, risk_adjusted(outcomes, [rate] * len(outcomes), spec), strict=True):
        assert one.tolist() == other.tolist()


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, math.nan]), min_size=9, max_size=9), min_size=1, max_size=5))
def test_a_row_among_many_is_the_row_alone_to_the_last_bit(rows):
    table = np.array(rows)
    table[:, 0] = 1.0
    risks = np.linspace(0.05, 0.6, table.size).reshape(table.shape)
    spec = RiskAdjustedSpec(limit_up=0.7, limit_down=0.7)

    together = (*risk_adjusted(table, risks, spec), vlad(table, risks), *bernoulli(table, baseline=0.2, limit=0.7))

    for at in range(len(table)):
        alone = (
            *risk_adjusted(table[at], risks[at], spec), vlad(table[at], risks[at]),
            *bernoulli(table[at], baseline=0.2, limit=0.7),
        )  # fmt: skip
        assert [line[at].tolist() for line in together] == [line.tolist() for line in alone]


@given(cases)
def test_vlad_ends_at_all_expected_minus_all_observed_in_any_order(some):
    known = [(y, p) for y, p in some if y is not None]
    line = vlad([y for y, _ in some], [p for _, p in some])
    turned = vlad([y for y, _ in some[::-1]], [p for _, p in some[::-1]])

    assert line[-1] == pytest.approx(sum(p for _, p in known) - sum(y for y, _ in known), abs=1e-9)
    assert turned[-1] == pytest.approx(line[-1], abs=1e-9)


def test_after_a_signal_a_sum_starts_from_zero_and_the_next_change_is_dated_from_there():
    record = bernoulli_cusum([1] * 8, BernoulliSpec(baseline=0.1, limit=1.5, direction="down"))

    # one event adds log 2 - log 1.1 = 0.598, so every third passes 1.5
    assert record.up[2] == pytest.approx(3 * math.log(2 / 1.1))
    assert record.up[3] == pytest.approx(math.log(2 / 1.1))
    assert [(one.at, one.zero, one.start) for one in record.signals] == [(2, None, 0), (5, 2, 3)]


def test_without_a_reset_the_sum_goes_on_and_is_one_signal():
    record = bernoulli_cusum([1] * 8, BernoulliSpec(baseline=0.1, limit=1.5, reset=False))

    assert record.up[-1] == pytest.approx(8 * math.log(2 / 1.1))
    assert [(one.at, one.end) for one in record.signals] == [(2, 7)]


def test_each_side_starts_anew_by_itself():
    record = risk_adjusted_cusum([1, 1, 1, 0, 1], [0.5] * 5, RiskAdjustedSpec(limit_down=0.25))

    # at a chance of one half an event adds log(4/3) to the upper sum, and none takes log(3/2) off it
    assert [(one.side, one.at) for one in record.signals] == [("low", 3)]
    assert record.down[3] == pytest.approx(-math.log(4 / 3))
    assert record.up[4] == pytest.approx(4 * math.log(4 / 3) - math.log(3 / 2))


def test_a_baseline_counts_the_first_known_outcomes_only():
    record = bernoulli_cusum([None, 1, 0, None, 0, 0, 1, 1], BernoulliSpec(baseline_cases=4))

    assert set(record.expected) == {0.25}
    assert "1 of the first 4 cases" in record.formula
    assert record.up[0] is None


def test_signals_carry_case_number_label_and_wanted_direction():
    days = [f"2026-03-{day:02d}" for day in (1, 1, 2, 5)]
    record = bernoulli_cusum([0, 1, 1, 1], BernoulliSpec(baseline=0.1, limit=1.5, direction="up"), labels=days)

    (signal,) = record.to_dict()["signals"]
    assert (signal["case"], signal["label"], signal["start_label"], signal["verdict"]) == (
        4, "2026-03-05", "2026-03-01", "better",
    )  # fmt: skip


def test_vlad_is_a_display_without_limits_or_signals():
    record = vlad_record([0, 1, None, 0], [0.2, 0.3, None, 0.1])

    assert record.line == pytest.approx((0.2, -0.5, None, -0.4))
    assert (record.n, record.observed_total) == (3, 1)
    assert record.expected_total == pytest.approx(0.6)
    assert not {"signals", "upper", "lower"} & set(record.to_dict())
    assert "0.6 expected − 1 observed = −0.4 after 3 cases" in record.formula
