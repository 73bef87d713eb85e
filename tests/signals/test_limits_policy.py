"""Which points set the limits, and what is never counted."""

from __future__ import annotations

import pytest

from knitwork.signals import Series, Spec, evaluate

WAITS = [31, 28, 35, 30, 33, 29, 34, 27, 32, 30, 36, 28, 31, 33, 29, 30, 34, 32, 28, 31, 60, 61, 62, 63]


def waits(points, **more):
    return Series(values=WAITS[:points], **more)


@pytest.mark.parametrize(
    ("points", "chart", "baseline_kind", "limits_kind", "baseline_n"),
    [
        (1, "run", "few", "none", 1),
        (11, "run", "few", "none", 11),
        (12, "xmr", "trial", "trial", 12),
        (19, "xmr", "trial", "trial", 19),
        (20, "xmr", "locked", "locked", 20),
        (24, "xmr", "locked", "locked", 20),
    ],
)
def test_limits_come_at_12_points_and_are_locked_at_20(points, chart, baseline_kind, limits_kind, baseline_n):
    ours = evaluate(waits(points), Spec(chart="xmr"))

    assert (ours.chart, ours.baseline_kind, ours.limits_kind, ours.baseline_n) == (
        chart,
        baseline_kind,
        limits_kind,
        baseline_n,
    )


def test_a_later_point_never_changes_a_locked_limit():
    early, late = (evaluate(waits(points), Spec()) for points in (20, 24))

    assert (early.centre, early.uppers[0], early.formula) == (late.centre, late.uppers[0], late.formula)


def test_under_12_points_the_centre_is_the_median_and_the_reason_is_given():
    ours = evaluate(waits(5), Spec())

    assert ours.centre == 31
    assert "too_few_points" in ours.reasons
    assert ours.formula == (
        "centre 31 = median of the 5 points so far; "
        "no limits: there are fewer than 12 points, too few for limits: a run chart is shown"
    )


def test_a_run_chart_locks_its_median_on_the_first_20_points():
    ours = evaluate(waits(24), Spec(chart="run"))

    assert (ours.centre, ours.baseline_kind, ours.limits_kind) == (31, "locked", "none")


def test_missing_incomplete_and_excluded_points_are_not_useful():
    series = Series(values=[None, *WAITS[:20], 99], incomplete_last=True)

    ours = evaluate(series, Spec(exclude=(3,)))

    assert ours.n_useful == 19
    assert ours.limits_kind == "trial"
    assert ours.baseline_end == 20
    assert {"missing_points", "incomplete_last", "excluded_points"} < set(ours.reasons)


def test_a_baseline_longer_than_the_series_moves_until_it_is_full():
    ours = evaluate(waits(15), Spec(limits=24))

    assert ours.limits_kind == "trial"
    assert "baseline_short" in ours.reasons


def test_a_moving_range_does_not_bridge_a_gap():
    bridged = evaluate(Series(values=[1, 3, 9, 11]), Spec(limits="all", sigma="mr"))
    gapped = evaluate(Series(values=[1, 3, None, 9, 11]), Spec(limits="all", sigma="mr"))

    assert bridged.mean_range == pytest.approx((2 + 6 + 2) / 3)
    assert gapped.mean_range == pytest.approx((2 + 2) / 2)


def test_large_moving_ranges_are_left_out_once_if_the_estimator_says_so():
    step = Series(values=[10, 12, 11, 13, 12, 11, 13, 12, 52, 53, 51, 52, 54, 53, 51, 52])
    ranges = [2, 1, 2, 1, 1, 2, 1, 40, 1, 2, 1, 2, 1, 2, 1]

    plain, screened = (evaluate(step, Spec(limits="all", sigma=name)) for name in ("mr", "mr_screened_once"))

    assert plain.mean_range == pytest.approx(sum(ranges) / 15)
    assert screened.mean_range == pytest.approx((sum(ranges) - 40) / 14)


@pytest.mark.parametrize("chart", ["xmr", "run"])
def test_a_constant_series_has_no_limits_and_says_so(chart):
    ours = evaluate(Series(values=[100.0] * 24), Spec(chart=chart, direction="up", target=95))

    assert not ours.has_limits and not ours.signals
    assert "constant" in ours.reasons
    assert ours.centre == 100
    assert ours.lag1 is None
    assert ours.assurance == "pass"


def test_a_constant_share_of_all_has_no_limits():
    ours = evaluate(Series(numerators=[30] * 24, denominators=[30] * 24), Spec(chart="p", factor=100, unit="%"))

    assert not ours.has_limits and ours.centre == 100


def test_ranges_that_are_all_screened_away_leave_no_limits():
    ours = evaluate(Series(values=[5.0] * 12 + [6.0] * 12), Spec(limits="all"))

    assert not ours.has_limits
    assert "no_spread" in ours.reasons


@pytest.mark.parametrize(
    ("chart", "floor", "ceiling"), [("p", 0, 100), ("p_prime", 0, 100), ("u", 0, None), ("u_prime", 0, None)]
)
def test_limits_stay_where_values_can_be(chart, floor, ceiling):
    shares = Series(numerators=[0, 1, 0, 2, 1, 0, 3, 3, 3, 2, 1, 3], denominators=[3] * 12)

    ours = evaluate(shares, Spec(chart=chart, factor=100))

    assert min(ours.lowers) == floor
    if ceiling is not None:
        assert max(ours.uppers) == ceiling


def test_sigma_z_never_narrows_the_limits():
    steady = Series(numerators=[30, 31] * 12, denominators=[100] * 24)

    plain, prime = (evaluate(steady, Spec(chart=chart)) for chart in ("p", "p_prime"))

    assert prime.sigma_z == 1
    assert prime.uppers == plain.uppers


def test_the_formula_shows_the_numbers():
    ours = evaluate(waits(24), Spec(unit="min", sigma="mr"))

    assert ours.formula == (
        "centre 31.1 min = mean of the first 20 points; "
        f"limits = centre ± 2.66 × mean moving range {ours.mean_range:.3g} min"
    )


def test_a_centre_fixed_by_hand_is_kept_and_said():
    ours = evaluate(waits(24), Spec(centre=30, factor=2))

    assert ours.centre == 30
    assert ours.formula.startswith("centre 30, fixed by hand; limits = ")


@pytest.mark.parametrize(
    ("chart", "series"),
    [
        ("c", Series(values=[7] * 24)),
        ("g", Series(values=[7] * 24)),
        ("p", Series(numerators=[20] * 24, denominators=[100] * 24)),
        ("u", Series(numerators=[20] * 24, denominators=[100] * 24)),
        ("p_prime", Series(numerators=[20] * 24, denominators=[100] * 24)),
        ("xbar", Series(values=[7] * 24, sizes=[5] * 24, sds=[1.5] * 24)),
    ],
)
def test_a_series_that_never_varies_has_the_limits_of_its_distribution(chart, series):
    ours = evaluate(series, Spec(chart=chart))

    assert ours.has_limits and "constant" not in ours.reasons
    assert ours.lowers[0] < ours.values[0] < ours.uppers[0]
    assert not ours.signals


@pytest.mark.parametrize("chart", ["xmr", "mr", "t", "ewma", "ma"])
def test_a_series_that_never_varies_has_no_limits_of_its_own(chart):
    ours = evaluate(Series(values=[7] * 24), Spec(chart=chart))

    assert not ours.has_limits and not ours.signals
    assert {"constant", "no_spread"} & set(ours.reasons)
