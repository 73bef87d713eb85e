"""What holds of every funnel, whatever its numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from statistics import NormalDist

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from knitwork.model.errors import BadDefinition
from knitwork.signals.funnels import FunnelSpec, funnel
from knitwork.signals.funnels.exact import interpolated_limits
from knitwork.signals.funnels.limits import normal_quantile
from knitwork.signals.funnels.mixture import mixture_limits

SLACK = 1e-7

sizes = st.integers(1, 2000)


@st.composite
def shares(draw, least=2, most=25):
    """Units with numerators and denominators of proportions; some without a denominator."""
    count = draw(st.integers(least, most))
    below = draw(st.lists(st.one_of(sizes, sizes, sizes, st.just(0)), min_size=count, max_size=count))
    above = [draw(st.integers(0, n)) for n in below]
    return [f"u{at}" for at in range(count)], above, below


kinds = st.sampled_from(["proportion", "rate", "ratio"])
limits = st.sampled_from(["exact", "exact_interpolated"])


@given(shares(), kinds, limits, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_units_changes_nothing(units, kind, limits, random):
    spec = FunnelSpec(kind=kind, limits=limits)
    rows = list(zip(*units, strict=True))
    shuffled = random.sample(rows, len(rows))

    assert funnel(*zip(*shuffled, strict=True), spec) == funnel(*units, spec)


@given(shares(), kinds)
@settings(max_examples=60, deadline=None)
def test_a_factor_moves_values_and_limits_and_no_verdict(units, kind):
    plain, times = funnel(*units, FunnelSpec(kind=kind)), funnel(*units, FunnelSpec(kind=kind, factor=1000))

    for one, other in zip(plain.units, times.units, strict=True):
        assert one.name == other.name
        if one.chance is None:
            assert other.chance is None
            continue
        assert other.value == pytest.approx(one.value * 1000)
        assert other.chance.uppers == pytest.approx([upper * 1000 for upper in one.chance.uppers])
        assert (other.chance.p, other.power) == pytest.approx((one.chance.p, one.power))


@given(shares(), st.sampled_from(["proportion", "rate"]))
@settings(max_examples=50, deadline=None)
def test_a_unit_is_outside_95_exactly_when_its_own_interval_leaves_the_centre_out(units, kind):
    record = funnel(*units, FunnelSpec(kind=kind))

    for unit in record.units:
        if unit.chance is None:
            continue
        apart = max(unit.interval_lower - record.centre, record.centre - unit.interval_upper)
        if abs(apart) > SLACK * record.centre:
            assert (unit.chance.beyond is not None) == (apart > 0), unit


@given(shares(), kinds, limits)
@settings(max_examples=50, deadline=None)
def test_scores_and_limits_say_the_same(units, kind, limits):
    record = funnel(*units, FunnelSpec(kind=kind, limits=limits))

    for unit in record.units:
        for answer in filter(None, (unit.chance, unit.spread)):
            if answer.z is None:
                continue
            for at, level in enumerate(record.spec.levels):
                gap = abs(answer.z) - normal_quantile(level)
                outside = not answer.lowers[at] <= unit.value <= answer.uppers[at]
                if abs(gap) > 1e-5:
                    assert outside == (gap > 0), (unit, level)


@given(shares(), kinds)
@settings(max_examples=60, deadline=None)
def test_limits_nest_and_those_of_the_spread_are_never_inside_those_of_chance(units, kind):
    record = funnel(*units, replace(FunnelSpec(kind=kind), least_units=2))

    for unit in record.units:
        for answer in filter(None, (unit.chance, unit.spread)):
            assert answer.lowers[1] <= answer.lowers[0] <= record.centre * (1 + SLACK)
            assert answer.uppers[1] >= answer.uppers[0] >= record.centre * (1 - SLACK)
        if unit.spread:
            assert all(s <= c for s, c in zip(unit.spread.lowers, unit.chance.lowers, strict=True))
            assert all(s >= c for s, c in zip(unit.spread.uppers, unit.chance.uppers, strict=True))
            assert not unit.spread.mark or unit.chance.mark
    if kind == "proportion":
        assert all(u.chance.lowers[-1] >= 0 and u.chance.uppers[-1] <= 1 for u in record.units if u.chance)


@given(shares(least=11), kinds)
@settings(max_examples=40, deadline=None)
def test_units_twice_as_large_have_limits_nearer_the_centre(units, kind):
    names, above, below = units
    once = funnel(*units, FunnelSpec(kind=kind))
    twice = funnel(names, [2 * x for x in above], [2 * n for n in below], FunnelSpec(kind=kind))

    for name in names:
        one, other = once[name].chance, twice[name].chance
        if one and other:
            assert other.uppers[1] <= one.uppers[1] * (1 + SLACK)
            assert other.lowers[1] >= one.lowers[1] * (1 - SLACK)


@given(shares())
@settings(max_examples=40, deadline=None)
def test_adjusted_p_values_are_no_smaller_and_keep_their_order(units):
    answers = [unit.chance for unit in funnel(*units, FunnelSpec()).units if unit.chance]
    answers.sort(key=lambda answer: answer.p)

    assert all(answer.q >= answer.p for answer in answers)
    assert [answer.q for answer in answers] == sorted(answer.q for answer in answers)


@given(
    st.sampled_from(["rate", "ratio"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(1e-6, 1e9)), min_size=1, max_size=20),
    st.sampled_from(["exact", "exact_interpolated", "garwood", "normal", "sqrt", "log", "log_counts"]),
    st.sampled_from(["normal", "sqrt", "log", "log_counts", "log_counts_half"]),
    st.sampled_from(["winsorise", "truncate", "keep"]),
    st.sampled_from(["additive", "multiplicative"]),
)
@settings(max_examples=60, deadline=None)
def test_no_numbers_however_far_apart_break_the_record(kind, rows, limits, transform, extremes, overdispersion):
    spec = FunnelSpec(
        kind=kind, limits=limits, transform=transform, extremes=extremes, overdispersion=overdispersion, least_units=2,
    )  # fmt: skip
    record = funnel([f"u{at}" for at in range(len(rows))], [x for x, _ in rows], [n for _, n in rows], spec)

    assert json.loads(record.to_json())["units"]
    for unit in record.units:
        for answer in filter(None, (unit.chance, unit.spread)):
            pairs = zip(answer.lowers, answer.uppers, strict=True)
            assert all(0 <= low <= high < math.inf for low, high in pairs)
            assert 0 <= answer.p <= answer.q <= 1


def test_a_beta_binomial_of_uniform_proportions_is_uniform():
    # θ 1/2 and tau² 1/12 make the proportion uniform, and 0 to 9 of 9 equally likely (Johnson, Kemp and Kotz, chapter 6):
    # the quantile at 0.975 lies three quarters of the way from 8 to 9, and at 0.025 below 0.
    rough = (np.array([0.1]), np.array([0.9]))

    low, high = mixture_limits(np.array([9.0]), 0.5, 0.025, 1 / 12, rough, binomial=True)

    assert (low[0] * 9, high[0] * 9) == (0.0, pytest.approx(8.75))


def test_a_poisson_count_of_exponential_rates_is_geometric():
    # θ 1 and tau² 1 make the rate exponential and the count geometric: at most k has the chance 1 - 2^-(k + 1).
    rough = (np.array([0.1]), np.array([0.9]))

    low, high = mixture_limits(np.array([1.0]), 1.0, 0.025, 1.0, rough, binomial=False)

    assert (low[0], high[0]) == (0.0, pytest.approx(5 - (1 - 1 / 64 - 0.975) * 64))


def test_a_spread_of_next_to_nothing_leaves_the_limits_of_chance():
    n = np.array([20.0, 90.0, 400.0])
    for binomial, theta in ((True, 0.3), (False, 0.3)):
        plain = interpolated_limits(n, theta, 0.001, binomial=binomial)
        found = mixture_limits(n, theta, 0.001, 1e-9, plain, binomial=binomial)
        for ours, theirs in zip(found, plain, strict=True):
            np.testing.assert_allclose(ours * n, theirs, rtol=1e-4)


def test_a_unit_is_beyond_a_limit_of_the_mixture_when_its_score_is():
    names = [f"u{at}" for at in range(40)]
    rng = np.random.default_rng(4)
    below = rng.integers(20, 300, 40)
    above = rng.binomial(below, rng.beta(6, 40, 40))
    spec = FunnelSpec(overdispersion="additive", transform="normal", spread_model="mixture", levels=(0.8, 0.95, 0.998))

    found = funnel(names, above.tolist(), below.tolist(), spec)

    assert found.tau2 and found.tau2 > 0
    for unit in found.units:
        for at, level in enumerate(spec.levels):
            outside = not unit.spread.lowers[at] <= unit.value <= unit.spread.uppers[at]
            assert outside == (abs(unit.spread.z) > NormalDist().inv_cdf((1 + level) / 2))


def test_a_mixture_asks_for_a_spread_of_the_values_themselves():
    with pytest.raises(BadDefinition, match="transform normal"):
        FunnelSpec(spread_model="mixture", transform="arcsine")
