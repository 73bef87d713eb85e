"""Funnels against published numbers, independent libraries and simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from knitwork.signals.funnels import FunnelSpec, funnel, limit_curves
from knitwork.signals.funnels.limits import false_discovery, normal_quantile
from knitwork.signals.funnels.power import true_value
from knitwork.signals.funnels.spread import homogeneity, tau_squared, trim

RATIO = FunnelSpec(kind="ratio")
SHARE = FunnelSpec(factor=100, unit="%", direction="down")


def names(count):
    return [f"unit {at:03d}" for at in range(count)]


def alike(count=40, share=0.2, seed=5):
    """Units that differ by chance alone."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(60, 900, count)
    return names(count), rng.binomial(sizes, share).tolist(), sizes.tolist()


def apart(count=60, seed=6, sd=0.12):
    """Units whose true shares differ on the scale of arcsines by a standard deviation of `sd`."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(200, 3000, count)
    shares = np.sin(np.clip(np.arcsin(np.sqrt(0.2)) + rng.normal(0, sd, count), 0, np.pi / 2)) ** 2
    return names(count), rng.binomial(sizes, shares).tolist(), sizes.tolist()


# Garwood 1936, Biometrika 28, 437 to 442, as printed since in tables of the Poisson distribution.
@pytest.mark.parametrize(
    ("count", "lower", "upper"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)]
)
def test_a_rates_own_interval_is_that_of_garwoods_table(count, lower, upper):
    unit = funnel(["A", "B"], [count, 10], [1, 1], FunnelSpec(kind="rate"))["A"]

    assert unit.interval_lower == pytest.approx(lower, abs=0.0005)
    assert unit.interval_upper == pytest.approx(upper, abs=0.0005)


@pytest.mark.parametrize(("x", "n"), [(0, 12), (1, 12), (7, 12), (12, 12), (31, 480)])
def test_a_shares_own_interval_is_clopper_and_pearsons(x, n):
    unit = funnel(["A", "B"], [x, 5], [n, 10], FunnelSpec())["A"]
    known = stats.binomtest(x, n).proportion_ci(0.95, method="exact")

    assert (unit.interval_lower, unit.interval_upper) == pytest.approx((known.low, known.high), abs=1e-9)


# signals.md 7.6: clinical-qikit's table of what a true ratio of 2.0 is flagged with, printed in whole per cent.
@pytest.mark.parametrize(("expected", "chance"), [(2, 0.05), (5, 0.21), (10, 0.44), (20, 0.81), (50, 0.998)])
def test_power_is_that_of_the_published_table(expected, chance):
    spec = replace(RATIO, limits="exact_interpolated")
    unit = funnel(["A", "B"], [expected, 10], [expected, 10], spec)["A"]

    assert unit.power == pytest.approx(chance, abs=0.005)


def test_the_exact_test_finds_less_than_interpolated_limits_and_says_so():
    # Poisson of mean 4: eight events or more have a chance of 5.1%, nine or more of 2.1% (any table).
    unit = funnel(["A", "B"], [2, 10], [2, 10], RATIO)["A"]

    assert unit.power == pytest.approx(stats.poisson.sf(8, 4))


@pytest.mark.parametrize("limits", ["exact", "exact_interpolated"])
def test_the_least_detectable_value_is_flagged_just_as_often_as_wanted(limits):
    record = funnel(*alike(), replace(SHARE, limits=limits))

    for unit in record.units:
        above = math.floor(unit.chance.uppers[-1] / 100 * unit.denominator + 1e-9)
        chance = stats.binom.sf(above, int(unit.denominator), unit.min_detectable / 100)
        assert chance == pytest.approx(0.8, abs=1e-8)


def test_power_for_a_share_is_for_odds_and_stays_a_share():
    assert true_value(0.9, 2.0, binomial=True) == pytest.approx(18 / 19)


def test_power_looks_below_when_the_ratio_is_below_one():
    unit = funnel(["A", "B"], [100, 10], [100, 10], replace(RATIO, power_ratio=0.5))["A"]
    below = math.ceil(unit.chance.lowers[-1] * 100 - 1e-9) - 1

    assert unit.power == pytest.approx(stats.poisson.cdf(below, 50))
    assert stats.poisson.cdf(below, unit.min_detectable * 100) == pytest.approx(0.8)


def test_homogeneity_is_pearsons_test_of_a_table():
    _, x, n = alike(20)
    table = np.array([x, np.array(n) - x])
    known = stats.chi2_contingency(table, correction=False)
    theta = sum(x) / sum(n)

    chi2, df, p = homogeneity(np.array(x, float), np.array(n, float), theta, binomial=True, pooled=True)

    assert (chi2, df, p) == pytest.approx((known.statistic, known.dof, known.pvalue))


def test_false_discovery_is_benjamini_and_hochbergs():
    p = np.random.default_rng(1).uniform(0, 1, 50) ** 3

    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p))


def test_tau_squared_of_equal_errors_is_the_one_reckoned_by_hand():
    # weights 1 / 0.1² = 100: (11 × 3 − 10) ÷ (1100 − 11 × 100² ÷ 1100) = 23 ÷ 1000
    assert tau_squared(3.0, np.full(11, 0.1)) == pytest.approx(0.023)
    assert tau_squared(0.5, np.full(11, 0.1)) == 0.0
    assert tau_squared(3.0, np.array([0.1])) is None


def test_a_tenth_of_the_scores_is_drawn_in_or_left_out_at_each_end():
    raw = np.arange(11.0)

    kept, trimmed = trim(raw, "winsorise", 0.1)
    assert kept.tolist() == [1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 9.0]
    kept, trimmed = trim(raw, "truncate", 0.1)
    assert trimmed.tolist() == [True] + [False] * 9 + [True]
    kept, trimmed = trim(raw, "keep", 0.1)
    assert kept.tolist() == raw.tolist() and not trimmed.any()


def test_exact_limits_flag_as_the_exact_test_does():
    units, x, n = apart(80)
    record = funnel(units, x, n, SHARE)
    theta = sum(x) / sum(n)

    for unit in record.units:
        law = stats.binom(int(unit.denominator), theta)
        tail = min(law.sf(unit.numerator - 1), law.cdf(unit.numerator))
        assert (unit.chance.beyond == 0.998) == (tail < 0.001), unit.name
        assert unit.chance.p == pytest.approx(min(1.0, 2 * tail), abs=1e-9)
    assert 0 < len(record.flagged_chance) < len(record)


def test_exact_poisson_limits_flag_as_the_exact_test_does():
    rng = np.random.default_rng(8)
    expected = rng.uniform(0.02, 30, 200)
    record = funnel(names(200), rng.poisson(expected * 1.5).tolist(), expected.tolist(), RATIO)

    for unit in record.units:
        law = stats.poisson(unit.denominator)
        tail = min(law.sf(unit.numerator - 1), law.cdf(unit.numerator))
        assert (unit.chance.beyond is not None) == (tail < 0.025), unit.name
    assert record.flagged_chance


def test_one_event_where_a_hundredth_is_expected_is_outside_interpolated_limits_and_inside_exact_ones():
    # P(1 or more | 0.01) = 1%: ten times what a limit of 99.8% may flag on one side
    args = ["A", "B"], [1, 10], [0.01, 10]

    assert funnel(*args, replace(RATIO, limits="exact_interpolated"))["A"].chance.beyond == 0.998
    assert funnel(*args, RATIO)["A"].chance.beyond == 0.95


def test_units_that_differ_by_chance_alone_fail_the_test_of_one_value_one_time_in_twenty():
    records = [funnel(*alike(15, seed=seed), SHARE) for seed in range(200)]
    failed = sum(record.p_value < 0.05 for record in records)
    called = sum(record.overdispersed for record in records)

    assert failed == pytest.approx(0.05 * 200, abs=3 * math.sqrt(200 * 0.05 * 0.95))
    assert 0 < called <= failed
    assert all(record.answer == ("spread" if record.overdispersed else "chance") for record in records)


def test_units_that_truly_differ_are_judged_by_their_spread_first():
    record = funnel(*apart(), SHARE)

    assert record.overdispersed is True
    assert record.answer == "spread"
    # the true variance on this scale is 0.12² = 0.0144; winsorising costs some of it
    assert 0.005 < record.tau2 < 0.02
    assert len(record.flagged_chance) > 20
    assert len(record.flagged_spread) <= 1
    assert record.expected_chance < 0.002 * 60
    assert record.expected_spread == pytest.approx(0.002 * 60)


def test_one_true_outlier_among_units_alike_is_an_outlier_and_no_spread():
    below = [400] * 20
    above = [80, 84, 76, 81, 79, 88, 72, 80, 90, 70, 82, 78, 80, 86, 74, 83, 77, 80, 85, 200]

    record = funnel(names(20), above, below, SHARE)

    assert record.p_value < 1e-6 and record.overdispersed is False
    assert record.answer == "chance"
    assert [unit.name for unit in record.flagged_chance] == ["unit 019"]
    assert record.discoveries_chance == 1


def test_as_many_units_are_flagged_by_chance_as_the_record_says():
    rng = np.random.default_rng(3)
    expected = np.linspace(2, 40, 30)
    record = funnel(names(30), expected.round().tolist(), expected.tolist(), replace(RATIO, judged_at=0.95))
    uppers = np.array([unit.chance.uppers[0] for unit in record.units])
    lowers = np.array([unit.chance.lowers[0] for unit in record.units])

    rates = rng.poisson(expected, (20_000, 30)) / expected
    flagged = ((rates > uppers) | (rates < lowers)).sum(axis=1)

    assert flagged.mean() == pytest.approx(record.expected_chance, abs=4 * flagged.std() / math.sqrt(20_000))
    assert record.expected_chance < 0.05 * 30  # whole counts never use all of it


def test_with_few_units_no_spread_is_told_and_the_intervals_stand():
    record = funnel(names(9), [4, 30, 9, 1, 60, 11, 20, 3, 17], [100] * 9, SHARE)

    assert record.tau2 is None and record.phi is None
    assert not record.has_spread and record.has_limits
    assert "few_units" in record.reasons
    assert all(unit.interval_upper > unit.value for unit in record.units)


def test_without_more_than_chance_both_answers_are_the_same():
    spec = FunnelSpec(kind="rate")
    record = funnel(names(12), [10, 11, 9, 10, 12, 8, 10, 11, 9, 10, 10, 10], [5] * 12, spec)

    assert record.tau2 == 0
    assert "no_spread" in record.reasons
    assert all(unit.chance == unit.spread for unit in record.units)


def test_multiplied_errors_widen_limits_by_the_root_of_phi():
    spec = FunnelSpec(overdispersion="multiplicative", transform="normal", limits="normal", extremes="keep")
    record = funnel(*apart(), spec)
    unit = record.units[-1]
    centre = record.centre

    assert record.phi > 1
    wider = (unit.spread.uppers[1] - centre) / (unit.chance.uppers[1] - centre)
    assert wider == pytest.approx(math.sqrt(record.phi))
    assert record.phi == pytest.approx(record.chi2 / len(record))


def test_the_wanted_direction_turns_a_flag_into_a_verdict():
    args = ["A", "B", "C"], [10, 20, 50], [100, 100, 100]
    marks = {
        direction: [unit.chance.mark for unit in funnel(*args, replace(SHARE, direction=direction)).units]
        for direction in ("down", "up", "neither")
    }

    assert marks == {
        "down": ["better", "", "worse"], "up": ["worse", "", "better"], "neither": ["neither", "", "neither"],
    }  # fmt: skip


def test_a_denominator_of_zero_is_listed_and_not_judged():
    record = funnel(["A", "B", "C"], [0, 3, 4], [0, 30, 40], SHARE)

    assert [unit.name for unit in record.units] == ["B", "C", "A"]
    assert record["A"].value is None and record["A"].chance is None
    assert record["A"].why_not == "zero_denominator"
    assert "zero_denominators" in record.reasons
    assert record.n_judged == 2


def test_one_unit_has_nothing_to_be_held_against_but_a_given_centre():
    alone = funnel(["A"], [9], [30], SHARE)
    given = funnel(["A"], [29], [30], replace(SHARE, centre=20))

    assert alone.reasons[0] == "one_unit" and not alone.has_limits
    assert alone["A"].interval_lower < 30 < alone["A"].interval_upper
    assert given["A"].chance.mark == "worse"


def test_no_event_anywhere_is_a_reason_and_no_limits():
    nothing = funnel(["A", "B"], [0, 0], [30, 40], SHARE)
    everything = funnel(["A", "B"], [30, 40], [30, 40], SHARE)
    empty = funnel([], [], [], SHARE)

    assert nothing.reasons == ("no_events",) and everything.reasons == ("all_events",)
    assert empty.reasons == ("no_units",) and empty.centre is None
    assert limit_curves(empty).chance == limit_curves(nothing).chance == ()


def test_zeros_on_a_scale_of_logarithms_leave_the_spread_unknown():
    spec = FunnelSpec(kind="ratio", transform="log", extremes="keep")
    record = funnel(names(12), [0, *range(1, 12)], [5] * 12, spec)

    assert "spread_unknown" in record.reasons
    assert record.units[0].z_raw is None  # infinitely far below
    assert not record.has_spread


def test_curves_pass_through_the_limits_of_the_units_at_their_ends():
    record = funnel(*apart(), SHARE)
    curves = limit_curves(record, points=20)
    first, last = record.units[0], record.units[-1]

    assert curves.denominators[0] == first.denominator
    assert curves.denominators[-1] == pytest.approx(last.denominator)
    for at in range(2):
        for pairs, answer in ((curves.chance, "chance"), (curves.spread, "spread")):
            low, high = pairs[at]
            assert (low[0], high[0]) == pytest.approx(
                (getattr(first, answer).lowers[at], getattr(first, answer).uppers[at])
            )
            assert high[-1] == pytest.approx(getattr(last, answer).uppers[at])


def test_the_formula_says_the_numbers_of_the_highlighted_unit():
    units, x, n = apart()
    record = funnel(units, x, n, replace(SHARE, highlight=units[3]))

    assert record.formula.startswith(f"centre {record.centre:.3g}% = {sum(x):,} ÷ {sum(n):,} × 100")
    assert f"for {units[3]} with" in record.formula and f"for {units[3]} with" in record.formula_spread
    assert record.highlighted.name == units[3]


def test_the_record_is_plain_values_and_valid_json():
    import json

    record = funnel(["A", "B", "C"], [1, None, 3], [0, 30, 40], replace(SHARE, centre=5.0))
    plain = json.loads(record.to_json())

    assert plain == record.to_dict()
    assert [unit["name"] for unit in plain["units"]] == ["C", "A", "B"]
    assert plain["spec"] == record.spec.to_dict()
    assert set(plain) >= {"phi", "tau2", "p_value", "reasons", "answer", "formula"}


def test_normal_quantiles_are_those_of_the_tables():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054)
    assert normal_quantile(0.998, 6) == 3.090232
