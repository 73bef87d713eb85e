"""What the intervals promise, held against series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from knitwork.signals import Series
from knitwork.signals.interrupted import ItsSpec, controlled, interrupted

from .test_interrupted import drifting


def coverage(method, *, n, rho, runs, seed):
    """Return how often the interval of the average effect holds a planted one."""
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(runs):
        its = interrupted(drifting(rng, n, rho=rho, level=2.0), start=n // 2, spec=ItsSpec(method=method))
        held += its.average.absolute.low <= 2.0 <= its.average.absolute.high
    return held / runs


def test_the_interval_of_ar1_holds_the_truth_where_neighbours_hang_together_and_least_squares_does_not():
    # The error of a share of 100 is 5 percentage points near a half, and 2.2 near 95%.
    assert coverage("ar1", n=48, rho=0.6, runs=100, seed=1) >= 0.88
    assert coverage("ols", n=48, rho=0.6, runs=100, seed=1) <= 0.84


@pytest.mark.slow
@pytest.mark.parametrize("n", [24, 36, 60, 120])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_interval_of_ar1_holds_the_truth_in_19_of_20(n, rho):
    # 600 runs: a standard error of 0.9 percentage points.
    assert 0.92 <= coverage("ar1", n=n, rho=rho, runs=600, seed=n) <= 0.985


def test_a_planted_effect_is_found_and_its_size_told():
    its = interrupted(drifting(np.random.default_rng(3), 60, rho=0.3, level=6.0), start=30, spec=ItsSpec())

    assert its.average.absolute.low > 0
    assert its.level.low < 6.0 < its.level.high


def sisters(rng, n, count, *, shared, level, start):
    """A unit and its sisters that share a common movement; only the unit has the change."""
    common = shared * np.cumsum(rng.standard_normal(n))
    make = [50 + 3 * which + common + rng.standard_normal(n) for which in range(count + 1)]
    make[0][start:] += level
    unit, *others = [Series(values=one.tolist()) for one in make]
    return unit, {f"Ward {which}": one for which, one in enumerate(others)}


SPEC = ItsSpec(slope_change=False)


def test_what_moves_all_wards_alike_is_not_put_down_to_the_change():
    unit, others = sisters(np.random.default_rng(4), 48, 6, shared=2.0, level=0.0, start=24)
    found = controlled(unit, others, start=24, spec=SPEC)

    assert not found.excludes_chance("up") and not found.excludes_chance("down")
    assert found.its.level.high - found.its.level.low < 6


def test_a_change_of_one_ward_alone_is_told_from_the_common_movement():
    unit, others = sisters(np.random.default_rng(5), 48, 6, shared=2.0, level=-6.0, start=24)
    found = controlled(unit, others, start=24, spec=SPEC)

    assert found.effect.low < -6 < found.effect.high
    assert found.excludes_chance("down") and not found.excludes_chance("up")
    assert found.excludes_chance("neither") is False
    assert found.units.p == pytest.approx(1 / 7) == found.units.least
    assert found.dates.p == found.dates.least == pytest.approx(1 / 14)  # starts 6 to 18 of 24


def test_the_order_of_the_sisters_does_not_matter():
    unit, others = sisters(np.random.default_rng(6), 36, 5, shared=1.0, level=1.0, start=18)
    turned = dict(reversed(others.items()))

    assert controlled(unit, others, start=18, spec=SPEC) == controlled(unit, turned, start=18, spec=SPEC)


@pytest.mark.slow
def test_without_a_change_hardly_any_comparison_excludes_chance():
    rng = np.random.default_rng(7)
    claimed = 0
    for _ in range(200):
        unit, others = sisters(rng, 36, 4, shared=1.0, level=0.0, start=18)
        claimed += controlled(unit, others, start=18, spec=SPEC).excludes_chance("up")

    # One in forty by the interval alone, so 5 of 200; 12 would come less than once in 100 times.
    assert claimed <= 11


def test_placebo_dates_of_a_quiet_series_are_as_a_rule_no_effects():
    rng = np.random.default_rng(8)
    clear = total = 0
    for _ in range(20):
        unit, others = sisters(rng, 48, 3, shared=0.0, level=5.0, start=24)
        found = controlled(unit, others, start=24, spec=ItsSpec(method="ols", trend=False, slope_change=False))
        clear += sum(one.effect.p < 0.05 for one in found.dates.found)
        total += len(found.dates.found)

    assert total == 20 * 13
    # 5% are awaited; dates of one series hang together, so the share scatters about twice as wide as 260 draws would.
    assert clear / total < 0.12
