"""Which points set the limits, and what is never counted."""

from __future__ import annotations

import pytest

from knitwork.model.errors import BadDefinition
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.spec import Phase

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


@pytest.mark.parametrize("chart", ["p", "u", "c", "xmr", "p_prime"])
def test_harm_that_begins_after_a_baseline_of_nothing_signals_at_once(chart):
    counts, whole = [0] * 22 + [60] * 2, [100] * 24
    ratio = chart in ("p", "u", "p_prime")
    series = Series(numerators=counts, denominators=whole) if ratio else Series(values=counts)

    ours = evaluate(series, Spec(chart=chart, direction="down", floor=0))

    assert ours.variation == "worse"
    assert ours.centre == 0 and ours.limits_kind == "trial"
    assert "constant_baseline" in ours.reasons and ours.assurance is None


def test_published_limits_hold_whatever_the_number_of_points_and_whatever_was_corrected():
    values = [31, 28, 35, 30, 33, 29, 34, 27]
    fixed = {"centre": 30.0, "spread": 2.5}

    ours, corrected = (
        evaluate(Series(values=values), Spec(**fixed)),
        evaluate(Series(values=[60, *values]), Spec(**fixed)),
    )

    assert (ours.lowers[0], ours.uppers[0]) == (22.5, 37.5) == (corrected.lowers[-1], corrected.uppers[-1])
    assert corrected.signals[0].points == (0,)


@pytest.mark.parametrize(
    ("chart", "series"),
    [
        ("g", Series(values=[22, 38, 14, 9, 30, 41, 3, 17, 25, 12] * 2)),
        ("t", Series(values=[22, 38, 14, 9, 30, 41, 3, 17, 25, 12] * 2)),
        ("i_prime", Series(numerators=[12, 15, 9, 14, 11] * 4, denominators=[50, 64, 70, 58, 61] * 4)),
        ("p_prime", Series(numerators=[12, 15, 9, 14, 11] * 4, denominators=[500, 640, 700, 580, 610] * 4)),
        ("xbar", Series.of_samples([[4, 6, 5], [7, 5, 6, 4], [5, 5, 8], [6, 4, 7]] * 5)),
        ("ewma", Series(values=[22, 38, 14, 9, 30, 41, 3, 17, 25, 12] * 2)),
    ],
)
@pytest.mark.parametrize("factor", [1.0, 24.0])
def test_what_the_record_says_of_its_limits_redraws_them_on_other_numbers(chart, series, factor):
    made = evaluate(series, Spec(chart=chart, factor=factor))
    fixed = Spec(chart=chart, factor=factor, centre=made.centre, spread=made.sigma_z or made.sigma)
    again = evaluate(series, fixed)
    shorter = evaluate(series.cut(0, 13), fixed)

    assert again.uppers == pytest.approx(made.uppers) and again.lowers == pytest.approx(made.lowers)
    assert shorter.uppers == pytest.approx(made.uppers[:13])
    assert "published" in again.formula


@pytest.mark.parametrize("chart", ["run", "mr", "p", "np", "c", "u"])
def test_a_spread_that_a_chart_has_no_use_for_is_refused(chart):
    with pytest.raises(BadDefinition, match="has no spread of its own"):
        Spec(chart=chart, spread=2.0)


def test_a_wait_of_nothing_is_the_shortest_whatever_the_unit():
    ours = evaluate(Series(values=[0.1, 0.4, 0.2, 0.3] * 4 + [0.0]), Spec(chart="t", limits="all"))

    assert 0 < ours.values[-1] < min(ours.values[:-1])


def test_a_phase_without_a_point_yet_leaves_the_word_to_the_one_before():
    labels = (*[f"2024-{month:02d}-01" for month in range(1, 13)], "2025-01-01")
    series = Series(labels=labels, values=[5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 30, 6], incomplete_last=True)

    ours = evaluate(series, Spec(direction="down", phases=(Phase(start="2025-01-01"),)))

    assert ours.centre is not None and ours.n_useful == 12
    assert ours.variation == "worse"


def test_what_is_left_out_is_no_news():
    ours = evaluate(Series(values=[5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 19]), Spec(direction="down", exclude=(12,)))

    assert ours.signals and not ours.recent and ours.variation == "none"


@pytest.mark.parametrize(("rules", "icon"), [("mdc_2023", "none"), ("nelson", "worse")])
def test_there_is_no_icon_under_12_points_or_13_by_making_data_count(rules, icon):
    ours = evaluate(Series(values=[5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 19]), Spec(direction="down", rules=(rules,)))
    short = evaluate(Series(values=[1, 2, 3, 4, 5]), Spec(chart="run", direction="up", rules=("ihi_perla",)))

    assert ours.variation == icon
    assert short.signals and short.variation == "none"
