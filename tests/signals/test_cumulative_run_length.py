"""How long until a signal: tables in print, and simulation with the code that judges real series."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from knitwork.signals.cumulative import (
    BernoulliSpec,
    RiskAdjustedSpec,
    TabularSpec,
    average_run_length,
    bernoulli,
    bernoulli_cusum,
    risk_adjusted,
    risk_adjusted_cusum,
    tabular,
    tabular_cusum,
)
from knitwork.signals.cumulative.bernoulli import bernoulli_run_length
from knitwork.signals.cumulative.risk_adjusted import risk_adjusted_run_length
from knitwork.signals.cumulative.run_length import normal_run_length, score_run_length, two_sided
from knitwork.signals.cumulative.tabular import tabular_run_length

# Montgomery, table 9.3: average run lengths of a tabular CUSUM with k = 0.5, by shift in sigmas
TABLE_9_3 = [
    (0, 168, 465), (0.25, 74.2, 139), (0.5, 26.6, 38.0), (0.75, 13.3, 17.0), (1, 8.38, 10.4),
    (1.5, 4.75, 5.75), (2, 3.34, 4.01), (2.5, 2.62, 3.11), (3, 2.19, 2.57), (4, 1.71, 2.01),
]  # fmt: skip
# Montgomery, table 9.4 (after Hawkins 1993): limits that give 370; h has two decimals there
TABLE_9_4 = [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)]


@pytest.mark.parametrize(("shift", "of_4", "of_5"), TABLE_9_3)
def test_run_lengths_are_those_of_montgomery_s_table_9_3(shift, of_4, of_5):
    four, five = (tabular_run_length(TabularSpec(centre=0, sigma=1, h=h), shift=shift) for h in (4, 5))

    # printed to three figures
    assert four == pytest.approx(of_4, rel=0.004)
    assert five == pytest.approx(of_5, rel=0.004)


@pytest.mark.parametrize(("k", "h"), TABLE_9_4)
def test_the_limits_of_montgomery_s_table_9_4_give_370(k, h):
    def length(limit):
        return tabular_run_length(TabularSpec(centre=0, sigma=1, k=k, h=limit))

    assert length(h - 0.02) < 370 < length(h + 0.01)


def test_a_head_start_of_half_the_limit_costs_little_and_finds_sooner():
    # Lucas & Crosier 1982, as Montgomery cites them: 465 becomes 430, and 10.4 at one sigma 6.35
    spec = TabularSpec(centre=0, sigma=1, head_start=2.5)

    assert tabular_run_length(spec) == pytest.approx(430, abs=1)
    assert tabular_run_length(spec, shift=1) == pytest.approx(6.35, abs=0.01)
    assert tabular_run_length(spec, shift=-1) == pytest.approx(tabular_run_length(spec, shift=1), rel=1e-9)


def test_one_side_alone_is_within_a_few_hundredths_of_siegmund_s_approximation():
    # Montgomery, equation 9.6: (exp(-2 d b) + 2 d b - 1) / 2 d^2, d = shift - k, b = h + 1.166
    for shift in (0.0, 0.25, 1.0, 1.5):
        d, b = shift - 0.5, 5 + 1.166

        assert normal_run_length(k=0.5, h=5, shift=shift) == pytest.approx(
            (math.exp(-2 * d * b) + 2 * d * b - 1) / (2 * d * d), rel=0.02
        )


def first_signals(sums, limit):
    """Return where each row first passes its limit, on either side; the draws are long enough that all do."""
    beyond = (sums[0] > limit) | (sums[1] < -limit)
    assert beyond.any(axis=1).all()
    return beyond.argmax(axis=1) + 1


def agrees(drawn, length):
    error = drawn.std() / math.sqrt(len(drawn))
    assert abs(drawn.mean() - length) < 4 * error + 0.005 * length


def test_run_lengths_of_values_agree_with_simulation():
    rng = np.random.default_rng(20261128)
    values = rng.normal(10.6, 2, (3000, 260))
    spec = TabularSpec(centre=10, sigma=2, k=0.4, h=3, head_start=1.0)

    sums = tabular(values, centre=10, sigma=2, k=0.4, h=3, head_start=1.0)

    agrees(first_signals(sums, 3), tabular_run_length(spec, shift=0.3))


def ways_between(sums, limit):
    """Return the mean way between signals of sums that start anew, over all rows, and its error."""
    signals = (sums[0] > limit).sum(axis=1) + (sums[1] < -limit).sum(axis=1)
    rate = signals / sums[0].shape[1]
    return 1 / rate.mean(), rate.std() / math.sqrt(len(rate)) / rate.mean()


@pytest.mark.parametrize(("baseline", "rate"), [(0.1, 0.1), (0.1, 0.2), (0.35, 0.35)])
def test_run_lengths_of_outcomes_agree_with_simulation(baseline, rate):
    rng = np.random.default_rng(20261128)
    happened = rng.random((1500, 2500)) < rate
    spec = BernoulliSpec(baseline=baseline, limit=1.8)

    between, error = ways_between(bernoulli(happened, baseline=baseline, limit=1.8), 1.8)

    # the last way is cut off by the end of the draw: about one in thirty
    length = bernoulli_run_length(spec, baseline=baseline, rate=rate)
    assert between == pytest.approx(length, rel=4 * error + 0.02)


def test_run_lengths_of_unequal_risks_agree_with_simulation():
    rng = np.random.default_rng(20261128)
    risks = rng.choice([0.02, 0.1, 0.4], (1500, 2500))
    happened = rng.random(risks.shape) < risks
    spec = RiskAdjustedSpec(limit_up=1.6, limit_down=1.6)

    between, error = ways_between(risk_adjusted(happened, risks, spec), 1.6)

    length = risk_adjusted_run_length(spec, np.array([0.02, 0.1, 0.4]))
    assert between == pytest.approx(length, rel=4 * error + 0.02)


def test_equal_risks_are_the_bernoulli_case():
    plain = bernoulli_run_length(BernoulliSpec(baseline=0.1, limit=4), baseline=0.1)
    spec = RiskAdjustedSpec(limit_up=4, limit_down=4)

    assert risk_adjusted_run_length(spec, [0.1] * 50) == pytest.approx(plain, rel=1e-6)


def test_worse_odds_are_found_sooner():
    spec, risks = RiskAdjustedSpec(), [0.03, 0.08, 0.2]
    lengths = [risk_adjusted_run_length(spec, risks, odds=odds) for odds in (1.0, 1.5, 2.0, 4.0)]

    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 10 * lengths[2]


@pytest.mark.parametrize("rate", [0.005, 0.035, 0.3])
def test_finer_cells_change_next_to_nothing(rate):
    scores, weights = np.log([1 / (1 + rate), 2 / (1 + rate)]), np.array([1 - rate, rate])

    coarse, fine = (score_run_length(scores, weights, limit=3.5, cells=cells) for cells in (2000, 4000))

    assert coarse == pytest.approx(fine, rel=0.01)


def test_a_limit_that_is_never_reached_has_no_run_length():
    assert tabular_run_length(TabularSpec(centre=0, sigma=1, h=60)) == math.inf
    assert two_sided(math.inf, 100.0) == 100.0


def test_a_record_says_how_often_it_signals_by_chance():
    spec = BernoulliSpec(baseline=0.1, limit=2)
    outcomes, risks = [0, 1, 0, None], [0.1, 0.2, 0.1, None]

    assert average_run_length(tabular_cusum([1.0], TabularSpec(centre=0, sigma=1))) == pytest.approx(465, abs=1)
    assert average_run_length(bernoulli_cusum(outcomes, spec)) == bernoulli_run_length(spec, baseline=0.1)
    assert average_run_length(risk_adjusted_cusum(outcomes, risks)) == risk_adjusted_run_length(
        RiskAdjustedSpec(), [0.1, 0.2, 0.1]
    )


def test_the_tables_in_the_docs_are_what_the_code_gives():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "cumulative.md").read_text("utf-8")
    rows = re.findall(r"^\| baseline (\d+)% \|(.+)\|$", page, re.M)
    shifts = re.findall(r"^\| (no|half a|one|two) s\w+[^|]* \| ([\d.]+) \| ([\d.]+) \|$", page, re.M)

    assert len(rows) == 5
    for percent, cells in rows:
        printed = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", cells)]
        baseline = int(percent) / 100
        ours = [
            bernoulli_run_length(BernoulliSpec(baseline=baseline, limit=h), baseline=baseline) for h in (2.5, 3.5, 4.5)
        ]
        assert printed == pytest.approx(ours, rel=0.03)  # printed to two figures
    assert [word for word, *_ in shifts] == ["no", "half a", "one", "two"]
    for word, *printed in shifts:
        shift = {"no": 0, "half a": 0.5, "one": 1, "two": 2}[word]
        ours = [tabular_run_length(TabularSpec(centre=0, sigma=1, h=h), shift=shift) for h in (4, 5)]
        assert [float(number) for number in printed] == pytest.approx(ours, rel=0.004)
