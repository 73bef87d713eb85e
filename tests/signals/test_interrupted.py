"""Segmented regression: textbook examples, slow references, and what is refused."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from knitwork.model.errors import BadDefinition
from knitwork.signals import BadSeries, Series
from knitwork.signals.interrupted import ItsSpec, TooEarly, interrupted, still_needed
from knitwork.signals.interrupted.linear import newey_west
from knitwork.signals.interrupted.quasi import quasi_poisson

STEP = {"trend": False, "slope_change": False}


def months(count, year=2023):
    return [f"{year + at // 12}-{at % 12 + 1:02d}-01" for at in range(count)]


def drifting(rng, n, *, rho=0.0, level=0.0, slope=0.0, base=50.0, start=None):
    """A series with errors of unit spread that hang together by `rho`, and a change half-way."""
    start = n // 2 if start is None else start
    errors = rng.standard_normal(n + 60)
    for at in range(1, n + 60):
        errors[at] += rho * errors[at - 1]
    time = np.arange(n) - start
    values = base + 0.1 * time + errors[60:] + np.where(time >= 0, level + slope * time, 0.0)
    return Series(values=values.tolist())


# Published examples


def test_a_step_by_least_squares_is_the_two_sample_t_test_of_students_sleep():
    # Student 1908, Biometrika 6: 1-25, p. 20; R's help of t.test: t = -1.8608, df = 18, p = 0.07919,
    # 95% from -3.363874 to 0.203874 for drug 1 less drug 2.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    spec = ItsSpec(method="ols", least_before=10, least_after=10, **STEP)
    its = interrupted(Series(values=first + second), start=10, spec=spec)

    assert its.level.value == pytest.approx(1.58)
    assert its.level.p == pytest.approx(0.07919, abs=5e-6)
    assert (its.level.low, its.level.high) == pytest.approx((-0.203874, 3.363874), abs=5e-7)
    assert its.average.absolute.high == pytest.approx(its.level.high)
    assert its.average.expected == pytest.approx(0.75)


def test_quasi_poisson_gives_the_randomised_trial_of_dobson():
    # Dobson 1990, An Introduction to Generalized Linear Models, p. 93; R's help of glm prints these coefficients and
    # standard errors, and Pearson's chi-squared over 4 degrees of freedom is 1.2933 (5.1732 by hand from fitted
    # counts 21, 13 1/3 and 15 2/3).
    counts = np.array([18, 17, 15, 20, 10, 20, 25, 13, 12], dtype=float)
    outcome, treatment = np.tile([1, 2, 3], 3), np.repeat([1, 2, 3], 3)
    x = np.column_stack([np.ones(9), outcome == 2, outcome == 3, treatment == 2, treatment == 3]).astype(float)
    fit = quasi_poisson(x, counts, np.ones(9), floor=0.0)

    assert fit.dispersion == pytest.approx(5.1732 / 4, abs=5e-5)
    assert fit.coef == pytest.approx([3.045, -0.4543, -0.2930, 0, 0], abs=5e-4)
    pure = np.sqrt(np.diag(fit.cov) / fit.dispersion)
    assert pure == pytest.approx([0.1709, 0.2022, 0.1927, 0.2, 0.2], abs=5e-5)


def test_a_step_of_counts_is_the_rate_ratio_with_the_error_of_the_epidemiologists():
    # ln(rate ratio) has the standard error sqrt(1/a + 1/b) (Rothman 2012, Epidemiology: An Introduction, 2nd ed., ch. 9).
    before, after, beds = [8, 12] * 6, [4, 6] * 6, [100.0] * 24
    spec = ItsSpec(method="quasi_poisson", factor=1000, **STEP)
    its = interrupted(Series(numerators=before + after, denominators=beds), start=12, spec=spec)
    reach = stats.t.ppf(0.975, 22) * math.sqrt(1 / 120 + 1 / 60)

    assert its.scale == "rate_ratio"
    assert its.dispersion == 1  # the counts vary less than chance and the floor holds
    assert its.level.value == pytest.approx(0.5)
    assert (its.level.low, its.level.high) == pytest.approx((0.5 * math.exp(-reach), 0.5 * math.exp(reach)))
    assert its.average.expected == pytest.approx(100)  # 10 in 100 bed days, by 1,000
    assert its.average.absolute.value == pytest.approx(-50)
    assert its.average.relative.value == pytest.approx(-0.5)
    assert its.average.relative.high == pytest.approx(0.5 * math.exp(reach) - 1)


def test_a_step_of_shares_is_the_odds_ratio_with_the_error_of_woolf():
    # Woolf 1955, Ann Hum Genet 19: 251-253: sqrt(1/a + 1/b + 1/c + 1/d).
    yes, of = [20] * 12 + [10] * 12, [50] * 24
    its = interrupted(
        Series(numerators=yes, denominators=of), start=12, spec=ItsSpec(method="quasi_binomial", factor=100, **STEP)
    )
    reach = stats.t.ppf(0.975, 22) * math.sqrt(1 / 240 + 1 / 360 + 1 / 120 + 1 / 480)
    odds = (120 / 480) / (240 / 360)

    assert its.scale == "odds_ratio"
    assert its.level.value == pytest.approx(odds)
    assert (its.level.low, its.level.high) == pytest.approx((odds * math.exp(-reach), odds * math.exp(reach)))
    assert its.average.absolute.value == pytest.approx(-20)
    assert its.expected[-1] == pytest.approx(40)
    assert its.expected_low[-1] < 40 < its.expected_high[-1]


# Independent references


def test_two_segments_are_the_two_lines_fitted_apart():
    series = drifting(np.random.default_rng(1), 30, level=3, slope=-0.4, start=14)
    its = interrupted(series, start=14, spec=ItsSpec(method="ols"))
    before = stats.linregress(np.arange(14), series.values[:14])
    after = stats.linregress(np.arange(14, 30), series.values[14:])

    assert its.trend.value == pytest.approx(before.slope)
    assert its.slope.value == pytest.approx(after.slope - before.slope)
    assert its.expected[14:] == pytest.approx([before.intercept + before.slope * at for at in range(14, 30)])
    assert its.fitted[14:] == pytest.approx([after.intercept + after.slope * at for at in range(14, 30)])
    assert its.level.value == pytest.approx(its.fitted[14] - its.expected[14])
    assert [one.absolute.value for one in its.moments] == pytest.approx(
        [line - other for line, other in zip(its.fitted[14:], its.expected[14:], strict=True)]
    )


def test_newey_west_is_the_sum_written_out():
    rng = np.random.default_rng(2)
    place = np.array([0, 1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17], dtype=float)
    x, y = np.column_stack([np.ones(15), place, place >= 8]), rng.standard_normal(15)
    fit = newey_west(x, y, place, lags=2)
    residual = y - x @ np.linalg.solve(x.T @ x, x.T @ y)
    meat = np.zeros((3, 3))
    for i in range(15):
        for j in range(15):
            apart = abs(place[i] - place[j])
            if apart <= 2:
                meat += (1 - apart / 3) * residual[i] * residual[j] * np.outer(x[i], x[j])
    bread = np.linalg.inv(x.T @ x)

    assert fit.cov == pytest.approx(bread @ meat @ bread * 15 / 12)


def slow_reml(x, y, place):
    """Search the restricted likelihood with whole matrices, in the plainest way."""
    n, k = x.shape

    def loss(rho):
        v = rho ** np.abs(place[:, None] - place[None, :])
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        coef = np.linalg.solve(information, x.T @ inverse @ y)
        off = y - x @ coef
        s2 = off @ inverse @ off / (n - k)
        value = (n - k) * np.log(s2) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return value, coef, s2 * np.linalg.inv(information)

    grid = np.linspace(-0.9, 0.9, 3601)
    best = min(grid, key=lambda rho: loss(rho)[0])
    return best, *loss(best)[1:]


@pytest.mark.parametrize("missing", [[], [3, 4, 17, 22]])
def test_ar1_is_the_restricted_likelihood_of_whole_matrices(missing):
    series = drifting(np.random.default_rng(7), 34, rho=0.5, level=2, start=16)
    values = [None if at in missing else value for at, value in enumerate(series.values)]
    its = interrupted(Series(values=values), start=16, spec=ItsSpec(method="ar1", least_before=10))
    place = np.array([at for at, value in enumerate(values) if value is not None], dtype=float)
    x = np.column_stack([np.ones_like(place), place - 16, place >= 16, (place >= 16) * (place - 16)])
    rho, coef, cov = slow_reml(x, np.array([value for value in values if value is not None]), place)

    assert its.rho == pytest.approx(rho, abs=5e-4)
    assert its.level.value == pytest.approx(coef[2], abs=1e-3)
    assert its.slope.value == pytest.approx(coef[3], abs=1e-4)
    # The interval is some t of 2 to n - k degrees of freedom times this error.
    times = (its.level.high - its.level.value) / math.sqrt(cov[2, 2])
    assert stats.t.ppf(0.975, len(place) - 4) * 0.999 < times < stats.t.ppf(0.975, 2) * 1.001


def test_with_independent_errors_ar1_and_least_squares_agree_in_the_long_run():
    series = drifting(np.random.default_rng(11), 400, level=5)
    ar1, ols = (interrupted(series, start=200, spec=ItsSpec(method=method)) for method in ("ar1", "ols"))

    assert abs(ar1.rho) < 0.15
    assert ar1.level.value == pytest.approx(ols.level.value, abs=0.1)
    assert ar1.level.high - ar1.level.low == pytest.approx(ols.level.high - ols.level.low, rel=0.2)


def test_a_season_is_found_and_does_not_count_as_a_change():
    at = np.arange(48)
    rng = np.random.default_rng(3)
    wave = 10 * np.cos(2 * np.pi * at / 12) + 4 * np.sin(4 * np.pi * at / 12)
    values = 100 + wave + rng.standard_normal(48) + np.where(at >= 30, -6.0, 0.0)
    series = Series(labels=months(48), values=values.tolist())
    blind, seeing = (
        interrupted(series, start=30, spec=ItsSpec(method="ols", slope_change=False, season=season))
        for season in ("none", "annual")
    )

    assert seeing.level.low < -6 < seeing.level.high
    assert seeing.level.high - seeing.level.low < (blind.level.high - blind.level.low) / 4
    assert "autocorrelated" in blind.reasons and "autocorrelated" not in seeing.reasons


def test_a_season_of_named_periods_asks_for_their_number_in_a_year():
    rng = np.random.default_rng(4)
    series = drifting(rng, 30)
    with pytest.raises(BadDefinition, match="give year"):
        interrupted(series, start=15, spec=ItsSpec(season="annual"))

    dated = Series(labels=months(30), values=series.values)
    given = interrupted(series, start=15, spec=ItsSpec(season="annual", harmonics=1, year=12))
    assert given.level.value == pytest.approx(
        interrupted(dated, start=15, spec=ItsSpec(season="annual", harmonics=1)).level.value, abs=1e-6
    )


# What is told, and when


def test_the_effect_is_told_after_3_6_and_12_periods_and_never_beyond_the_series():
    series = drifting(np.random.default_rng(5), 26, level=4, slope=1.0, start=14)
    its = interrupted(series, start=14, spec=ItsSpec(method="ols"))

    assert set(its.horizons) == {3, 6, 12}
    assert its.at(13) is None and its.at(0) is None
    assert its.at(1) == its.moments[0]
    assert its.horizons[3].absolute.value == pytest.approx(its.level.value + 2 * its.slope.value)
    assert its.horizons[6].relative.value == pytest.approx(its.fitted[19] / its.expected[19] - 1)
    assert its.average.absolute.value == pytest.approx(np.mean([one.absolute.value for one in its.moments]))


def test_washed_out_periods_are_left_out_and_the_rest_stays_what_it_was():
    series = drifting(np.random.default_rng(6), 30, level=4, start=14)
    wild = [1000.0 if at in (14, 15) else value for at, value in enumerate(series.values)]
    spec = ItsSpec(method="ar1", wash_out=2)
    calm, strange = (interrupted(Series(values=values), start=14, spec=spec) for values in (series.values, wild))

    assert strange.level == calm.level
    assert strange.fitted[14:16] == (None, None) and strange.expected[14] is not None
    assert (strange.n_before, strange.n_after, strange.first) == (14, 14, 16)
    assert strange.at(1) is None and strange.at(3) == strange.moments[0]
    assert "washed_out" in strange.reasons


def test_an_incomplete_last_period_is_not_measured():
    series = drifting(np.random.default_rng(8), 30)
    wild = Series(values=[*series.values, 900.0], incomplete_last=True)

    assert interrupted(wild, start=15).level == interrupted(series, start=15).level
    assert interrupted(wild, start=15).used[-1] is False


def test_what_comes_later_never_changes_the_line_that_would_have_gone_on():
    series = drifting(np.random.default_rng(9), 30)
    spec = ItsSpec(method="ols")
    other = Series(values=[value if at < 15 else value * 3 for at, value in enumerate(series.values)])

    # With a slope of its own after the start the line before hangs on the points before alone.
    assert interrupted(other, start=15, spec=spec).expected[15:] == pytest.approx(
        interrupted(series, start=15, spec=spec).expected[15:]
    )


def test_a_series_that_walks_at_random_is_called_unsettled():
    rng = np.random.default_rng(0)
    walk = Series(values=np.cumsum(rng.standard_normal(200)).tolist())

    assert "unsettled" in interrupted(walk, start=100, spec=ItsSpec(trend=False, slope_change=False)).reasons
    assert "unsettled" not in interrupted(drifting(rng, 200, rho=0.5), start=100).reasons


def test_no_share_is_told_of_what_may_have_been_nought():
    its = interrupted(drifting(np.random.default_rng(10), 30, base=0.0), start=15, spec=ItsSpec(method="ols"))

    assert its.average.relative is None
    assert "relative_unknown" in its.reasons


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 1000),
    st.integers(-500, 500),
    st.sampled_from(["ols", "ols_newey_west", "ar1"]),
)
@settings(max_examples=25, deadline=None)
def test_effects_move_with_the_unit_of_measurement_and_not_with_where_nought_is(seed, factor, shift, method):
    series = drifting(np.random.default_rng(seed), 28, rho=0.3, level=1)
    other = Series(values=[value * factor + shift for value in series.values])
    own, its = (interrupted(one, start=13, spec=ItsSpec(method=method)) for one in (series, other))

    for mine, theirs in ((own.level, its.level), (own.average.absolute, its.average.absolute)):
        assert theirs.value == pytest.approx(mine.value * factor, rel=1e-3, abs=1e-3 * factor)
        assert theirs.high == pytest.approx(mine.high * factor, rel=2e-3, abs=2e-3 * factor)
    assert its.lag1 == pytest.approx(own.lag1, abs=1e-5)


def test_the_record_is_whole_in_json():
    its = interrupted(drifting(np.random.default_rng(12), 30), start=15)
    plain = json.loads(its.to_json())

    assert plain["spec"]["method"] == "ar1"
    assert list(plain["horizons"]) == ["3", "6", "12"]
    assert plain["expected"][:15] == [None] * 15
    assert "ar1 on 15 points before and 15 after" in str(its)


# Stated in advance


@pytest.mark.parametrize(("points", "method"), [(8, "ols"), (11, "ols"), (12, "ar1"), (60, "ar1")])
def test_the_method_hangs_on_the_number_of_points_and_is_stored_by_name(points, method):
    rng = np.random.default_rng(points)
    spec = ItsSpec(least_before=3, least_after=3, slope_change=False)
    its = interrupted(Series(values=rng.standard_normal(points).tolist()), start=points // 2, spec=spec)

    assert its.spec.method == method == spec.resolved(points).method
    assert its.rho is None or method == "ar1"


def test_the_lags_of_newey_and_west_are_stored():
    its = interrupted(drifting(np.random.default_rng(1), 30), start=15, spec=ItsSpec(method="ols_newey_west"))

    assert its.spec.lags == 3  # 4 (30 / 100)^(2/9) = 3.06
    assert "with 3 lags" in its.formula


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({"method": "arima"}, "choose one of policy, ols"),
        ({"trend": False}, "needs a trend"),
        ({"alpha": 0.7}, "intervals of 95%"),
        ({"alpha": True}, "intervals of 95%"),
        ({"wash_out": -1}, "0 or more"),
        ({"least_after": 2}, "3 or more"),
        ({"harmonics": 0}, "1 or more"),
        ({"lags": 1.5}, "whole number"),
        ({"factor": 0}, "above 0"),
        ({"year": 1}, "above 2"),
        ({"season": "weekly"}, "choose one of none, annual"),
        ({"trend": 1}, "say true or false"),
        ({"dispersion_floor": -1}, "0 for no floor"),
        ({"unit": None}, "give a word"),
        ({"version": 2}, "newer Knitwork"),
    ],
)
def test_a_definition_that_makes_no_sense_says_what_would(field, says):
    with pytest.raises(BadDefinition, match=says):
        ItsSpec(**field)


def test_a_stored_definition_is_read_back_and_unknown_fields_are_refused():
    spec = ItsSpec(method="quasi_poisson", season="annual", wash_out=1)

    assert ItsSpec.from_json(spec.to_json()) == spec
    with pytest.raises(BadDefinition, match="no field 'p_value'"):
        ItsSpec.from_dict({"p_value": 0.05})
    with pytest.raises(BadDefinition, match="not JSON"):
        ItsSpec.from_json("{")
    with pytest.raises(BadDefinition, match="JSON object"):
        ItsSpec.from_json("[]")


# Bad input

GOOD = drifting(np.random.default_rng(20), 30).values


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (30, "position 30 and the series has 30 periods"),
        (-1, "position -1"),
        (0, r"starts at the first period \(2023-01-01\), so nothing came before"),
        ("2022-05-01", "begins with 2023-01-01"),
        ("2024-03-17", "falls into 2024-03-01, so name that one and leave it out with wash_out=1"),
        ("2027-01-01", "last period is 2025-06-01"),
        ("spring", "is called spring"),
        (2.5, "name of a period"),
    ],
)
def test_a_start_that_is_not_there_is_refused_with_a_way_out(start, says):
    with pytest.raises(BadSeries, match=says):
        interrupted(Series(labels=months(30), values=GOOD), start=start)


def test_too_few_points_say_how_many_more_are_needed():
    series = Series(values=[*GOOD[:9], None, None, *GOOD[11:20]])
    with pytest.raises(TooEarly, match="3 more before the start and 3 more after the start are needed") as early:
        interrupted(series, start=10)

    assert (early.value.before, early.value.after) == (3, 3)
    assert still_needed(series, start=10, spec=ItsSpec()) == (3, 3)
    assert still_needed(Series(values=GOOD), start=15, spec=ItsSpec()) == (0, 0)


def test_a_season_needs_two_whole_years():
    series = Series(labels=[f"2025-{at // 4 + 1:02d}-{at % 4 * 7 + 1:02d}" for at in range(4)], values=GOOD[:4])
    assert len(series) == 4
    weekly = Series(labels=np.arange("2025-01-06", "2025-12-29", 7, dtype="datetime64[D]").astype(str).tolist(),
                    values=(GOOD * 2)[:51])  # fmt: skip
    with pytest.raises(TooEarly, match="takes 2 whole years and 53 more periods") as early:
        interrupted(weekly, start=25, spec=ItsSpec(season="annual"))

    assert early.value.after == 53


def test_months_that_are_left_out_are_asked_for():
    labels = [label for label in months(31) if label != "2023-08-01"]
    with pytest.raises(BadSeries, match=r"row 8 \(2023-09-01\) does not follow 2023-07-01.*with None"):
        interrupted(Series(labels=labels, values=GOOD), start=15)


def test_repeated_dates_are_refused():
    labels = [*months(15), *months(15)]
    with pytest.raises(BadSeries, match=r"sort the rows|again"):
        interrupted(Series(labels=labels, values=GOOD), start=15)
    with pytest.raises(BadSeries, match="again"):
        interrupted(Series(labels=[f"2023-{at // 2 + 1:02d}" for at in range(24)], values=GOOD[:24]), start=12)


@pytest.mark.parametrize("values", [[5.0] * 30, [0.0] * 30])
def test_a_constant_series_has_no_change_to_measure(values):
    with pytest.raises(BadSeries, match="all values are the same"):
        interrupted(Series(values=values), start=15)


def test_values_on_straight_lines_leave_chance_no_trace():
    with pytest.raises(BadSeries, match="lie on straight lines exactly"):
        interrupted(Series(values=[3.0] * 15 + [4.0] * 15), start=15)


def test_missing_values_are_gaps_and_only_missing_is_too_early():
    values = list(GOOD)
    values[4] = values[20] = None
    its = interrupted(Series(values=values), start=15)

    assert (its.n_before, its.n_after) == (14, 14)
    assert its.values[4] is None and its.fitted[4] is not None
    assert "missing_points" in its.reasons
    with pytest.raises(TooEarly, match="12 more before"):
        interrupted(Series(values=[None] * 30), start=15)


@pytest.mark.parametrize(
    ("series", "method", "says"),
    [
        (Series(values=GOOD), "quasi_poisson", "needs counts"),
        (Series(numerators=[3, 4] * 15), "quasi_binomial", "needs numerators and denominators"),
        (Series(numerators=[3, -4] * 15, denominators=[9] * 30), "quasi_poisson", "row 2 has a count below zero"),
        (Series(numerators=[3, 14] * 15, denominators=[9] * 30), "quasi_binomial", "row 2 has a numerator above"),
        (Series(numerators=[3, 4] * 7 + [0] * 16), "quasi_poisson", "no event after the start"),
        (Series(numerators=[0] * 15 + [3, 4] * 8), "quasi_poisson", "no event before the start"),
        (Series(numerators=[3, 4] * 7 + [9] * 16, denominators=[9] * 30), "quasi_binomial", "no finite fit"),
    ],
)
def test_counts_that_cannot_be_fitted_say_why(series, method, says):
    with pytest.raises((BadSeries, BadDefinition), match=says):
        interrupted(series, start=14, spec=ItsSpec(method=method))


def test_a_period_without_denominator_is_a_gap_for_counts_too():
    series = Series(numerators=[3, 4, 5] * 10, denominators=[0 if at == 7 else 90 for at in range(30)])
    its = interrupted(series, start=15, spec=ItsSpec(method="quasi_poisson"))

    assert its.n_before == 14
    assert its.values[7] is None
