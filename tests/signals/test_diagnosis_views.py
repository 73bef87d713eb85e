"""Views beside a chart whose neighbours are alike: offered, never applied, and their own chart's limits never widened."""

import math

import numpy as np
import pytest

from knitwork.signals import BadSeries, Series, Spec, evaluate
from knitwork.signals.diagnosis import diagnose, residual_view, seasonal_view
from knitwork.signals.spec import Phase


def months(n):
    return tuple(f"{2016 + at // 12}-{at % 12 + 1:02d}-01" for at in range(n))


def record(values, **spec):
    return evaluate(Series(labels=months(len(values)), values=list(values)), Spec(**spec))


def ar1(seed, n, phi):
    rng = np.random.default_rng(seed)
    values = [rng.normal() / math.sqrt(1 - phi**2)]
    while len(values) < n:
        values.append(phi * values[-1] + rng.normal())
    return np.array(values) * 3 + 50


def test_a_residual_view_takes_from_each_point_what_the_one_before_let_expect():
    values = ar1(1, 60, 0.7)
    view = residual_view(record(values))
    off = values - values.mean()
    share = (off[1:] @ off[:-1]) / (off[:-1] @ off[:-1])

    assert view.kind == "residual" and view.alike == pytest.approx(share)
    assert view.series.values[0] is None
    assert view.series.values[1:] == pytest.approx(off[1:] - share * off[:-1])


def test_the_residuals_of_an_autocorrelated_series_know_little_of_one_another():
    alike, left, signals, signals_left = [], [], 0, 0
    for seed in range(40):
        chart = record(ar1(seed, 60, 0.7))
        view = residual_view(chart)
        residuals = evaluate(view.series, view.spec)
        alike.append(diagnose(chart).neighbours.r1)
        left.append(diagnose(residuals).neighbours.r1)
        signals += bool(chart.signals)
        signals_left += bool(residuals.signals)

    assert np.mean(alike) > 0.55 and abs(np.mean(left)) < 0.1
    assert (
        signals > 35 and signals_left < 20
    )  # stable charts of 60 points show a signal now and then (signals of the docs)


def test_no_residual_reaches_across_a_gap_or_from_one_phase_into_the_next():
    values = ar1(2, 60, 0.7).tolist()
    values[10] = None
    view = residual_view(record(values, phases=(Phase(start="2018-07-01"),)))

    assert [at for at, value in enumerate(view.series.values) if value is None] == [0, 10, 11, 30]
    assert [one.start for one in view.spec.phases] == ["2018-07-01"]


def test_a_seasonal_view_takes_the_seasons_away_and_leaves_the_rest():
    rng = np.random.default_rng(3)
    season = 10 * np.sin(np.arange(72) * 2 * np.pi / 12)
    noise = rng.normal(0, 2, 72)
    chart = record(100 + season + noise, target=105.0, direction="up")
    view = seasonal_view(chart)
    adjusted = evaluate(view.series, view.spec)

    assert np.corrcoef(adjusted.values, noise)[0, 1] > 0.85
    assert sum(effect for _, effect in view.effects) == pytest.approx(0, abs=1e-9)
    assert np.mean(adjusted.values) == pytest.approx(np.mean(chart.values))
    assert not diagnose(adjusted).seasonality.significant
    assert adjusted.target == 105.0


def test_views_are_offered_only_where_they_would_help():
    rng = np.random.default_rng(4)
    drifting = diagnose(record(ar1(5, 60, 0.7)))
    quiet = diagnose(record(np.random.default_rng(40).normal(50, 5, 60)))
    seasonal = diagnose(record(100 + 10 * np.sin(np.arange(72) * np.pi / 6) + rng.normal(0, 2, 72)))

    assert "residual" in drifting.offers
    assert quiet.offers == ()
    assert seasonal.offers[0] == "seasonal"


def test_a_view_leaves_the_chart_and_its_limits_as_they_are():
    chart = record(ar1(6, 60, 0.8))
    before = chart.to_json()
    residual_view(chart)
    seasonal_view(chart)

    assert chart.to_json() == before


def test_a_view_is_in_the_units_shown_and_keeps_rules_and_direction():
    plain, hundred = (
        residual_view(record(ar1(7, 40, 0.6), factor=factor, unit="%", direction="down", rules=("nelson",)))
        for factor in (1, 100)
    )

    assert hundred.series.values[1:] == pytest.approx([100 * value for value in plain.series.values[1:]])
    assert (plain.spec.unit, plain.spec.direction, plain.spec.rules, plain.spec.factor) == ("%", "down", ("nelson",), 1)


def test_the_view_of_a_proportion_is_one_of_single_values():
    rng = np.random.default_rng(8)
    events = rng.binomial(200, 0.3, 40)
    chart = evaluate(Series(labels=months(40), numerators=events, denominators=[200] * 40), Spec(chart="p", factor=100))

    assert residual_view(chart).spec.chart == "xmr"
    assert evaluate(residual_view(chart).series, residual_view(chart).spec).has_limits


@pytest.mark.parametrize("values", [[], [1, 2, 3], [5] * 40, [None] * 30])
def test_what_cannot_be_viewed_so_is_refused_in_a_sentence(values):
    with pytest.raises(BadSeries, match="too few to tell how alike"):
        residual_view(record(values))


def test_a_series_without_seasons_is_refused_in_a_sentence():
    with pytest.raises(BadSeries, match="needs two years of months or four weeks of days"):
        seasonal_view(record(range(20)))
