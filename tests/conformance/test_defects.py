"""What is right where another tool is wrong: one test for each named defect, with the source of the right value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conformance.defects import DEFECTS
from scipy import stats

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.funnels import FunnelSpec, funnel


def test_each_named_defect_has_a_test_here_and_says_where_it_is_named():
    for one in DEFECTS.values():
        assert callable(globals()[one.test])
        assert one.place.startswith("signals.md ")


def test_events_of_a_period_without_exposure_do_not_count():
    # A rate is events over exposure, summed (Montgomery, section 7.3): a period without exposure adds to neither sum.
    series = Series(numerators=[2, 3, 1, 4], denominators=[100, 0, 50, 200])

    ours = evaluate(series, Spec(chart="u", limits="all", factor=1000))

    assert ours.centre == pytest.approx(1000 * 7 / 350)
    assert ours.values[1] is None and ours.uppers[1] is None
    assert "zero_denominators" in ours.reasons


def test_an_i_prime_chart_takes_sigma_from_its_baseline_alone():
    # Taylor 2018 (variation.com): sigma is √(π/2) times the mean of the ranges over √(1/n + 1/n before).
    value, n = [0.2, 0.5, 0.3, 0.6, 9.0, 1.0], [10, 20, 10, 40, 10, 20]
    series = Series(numerators=[a * b for a, b in zip(value, n, strict=True)], denominators=n)
    spec = Spec(chart="i_prime", limits=4, sigma="mr")

    frozen = evaluate(series, spec)
    alone = evaluate(series.cut(0, 4), spec)

    ranges = [abs(value[i] - value[i - 1]) / math.sqrt(1 / n[i] + 1 / n[i - 1]) for i in (1, 2, 3)]
    centre = sum(a * b for a, b in zip(value[:4], n[:4], strict=True)) / sum(n[:4])
    sigma = math.sqrt(math.pi / 2) * sum(ranges) / 3
    assert frozen.uppers[:4] == alone.uppers
    assert frozen.uppers[3] == pytest.approx(centre + 3 * sigma / math.sqrt(40))


@pytest.mark.parametrize(
    ("direction", "target", "assurance"),
    [("up", 95, "pass"), ("up", 100, "pass"), ("up", 101, "fail"), ("down", 100, "pass"), ("down", 99, "fail")],
)
def test_a_series_that_never_varies_is_held_against_its_target_itself(direction, target, assurance):
    # Decided in signals.md 3.5: limits undefined, assurance by comparing the constant to the target.
    ours = evaluate(Series(values=[100] * 15), Spec(direction=direction, target=target))

    assert not ours.has_limits and "constant" in ours.reasons
    assert ours.assurance == assurance


def test_a_g_chart_has_three_sigma_limits_about_its_mean():
    # Benneyan 2001, Health Care Manag. Sci. 4: 305-318: a geometric count of mean m has the variance m (m + 1).
    cases = [3, 18, 0, 7, 42, 11, 5, 26, 9, 14, 2, 31]
    mean = sum(cases) / len(cases)

    ours = evaluate(Series(values=cases), Spec(chart="g", limits="all", middle="mean"))

    assert ours.centre == pytest.approx(mean)
    assert ours.uppers[0] == pytest.approx(mean + 3 * math.sqrt(mean * (mean + 1)))
    assert ours.lowers[0] == 0


def test_the_quantiles_of_a_g_chart_are_those_of_counts_from_nought():
    # Counts from 0 with the mean m are geometric with p = 1 / (m + 1), counts from 1 with p = 1 / m (Benneyan 2001).
    cases = [3, 18, 0, 7, 42, 11, 5, 26, 9, 14, 2, 31]
    mean = sum(cases) / len(cases)
    beyond = stats.norm.sf(3)

    ours = evaluate(Series(values=cases), Spec(chart="g", limits="all", limit_kind="probability"))

    upper = ours.uppers[0]
    of_counts = stats.geom(1 / (mean + 1), loc=-1)
    assert of_counts.sf(upper) <= beyond < of_counts.sf(upper - 1)


def test_an_upper_limit_by_arcsine_stops_at_one():
    # The scale of the arcsine ends at a right angle, where a proportion is 1 (Spiegelhalter 2005, appendix A).
    spec = FunnelSpec.like("funnelplotr", data_type="PR")

    record = funnel(["few", "many", "more"], [1, 60, 70], [2, 300, 310], spec)

    middle = math.asin(math.sqrt(131 / 612))
    assert middle + 3.09 / math.sqrt(8) > math.pi / 2
    assert record["few"].chance.uppers[-1] == 1.0


def test_a_median_moving_range_is_divided_by_its_own_constant():
    # The median of the range of two normal values is √2 times the upper quartile, 0.954 (Wheeler & Chambers 1992, A.1).
    values = [5, 9, 4, 6, 7, 3, 8, 6, 5, 7, 4, 9]
    ranges = np.median(np.abs(np.diff(values)))

    ours = evaluate(Series(values=values), Spec(limits="all", middle="median", sigma="median_mr"))

    assert round(math.sqrt(2) * stats.norm.ppf(0.75), 3) == 0.954
    assert ours.centre == np.median(values)
    assert ours.uppers[0] == pytest.approx(np.median(values) + 3 * ranges / 0.954)


@pytest.mark.parametrize(("useful", "longest"), [(10, 6), (16, 7), (24, 8), (32, 8), (50, 9), (100, 10)])
def test_the_longest_usual_run_is_the_published_one(useful, longest):
    # Anhøj & Olesen 2014, doi:10.1371/journal.pone.0113825: a run is long with more than round(log2 n) + 3 points.
    rest = [1, -1] * ((useful - longest) // 2 + 1)
    usual = [1] * longest + rest[1 : useful - longest + 1]
    long = [1] * (longest + 1) + rest[1 : useful - longest]

    for values, signals in ((usual, False), (long, True)):
        ours = evaluate(Series(values=values), Spec(chart="run", limits="all", rules=("anhoej",), centre=0))
        assert ours.n_off_centre == useful and ours.longest_run_limit == longest
        assert any(one.rule == "longest_run" for one in ours.signals) == signals


def test_no_limit_of_a_proportion_lies_above_one():
    # No more than all can be (Montgomery, section 7.2, for the lower limit at 0).
    series = Series(numerators=[9, 10, 9, 8, 10], denominators=[10] * 5)

    ours = evaluate(series, Spec(chart="p", limits="all"))

    assert 0.92 + 3 * math.sqrt(0.92 * 0.08 / 10) > 1
    assert ours.uppers == (1.0,) * 5


def test_no_moving_range_bridges_a_missing_period():
    # Moving ranges are those of consecutive periods (Montgomery, section 6.4).
    ours = evaluate(Series(values=[4, 6, None, 20, 21]), Spec(limits="all", sigma="mr"))

    assert ours.mean_range == pytest.approx((2 + 1) / 2)


def test_a_time_of_nothing_counts_as_half_a_unit():
    # Two events within one unit of time lie half a unit apart on average (signals.md 7.2).
    ours = evaluate(Series(values=[4, 0, 9, 2]), Spec(chart="t", limits="all"))

    assert ours.values[1] == 0.5
    assert ours.centre == pytest.approx(np.mean(np.array([4, 0.5, 9, 2]) ** (1 / 3.6)) ** 3.6)


def test_a_period_without_a_numerator_is_a_gap():
    # A missing period is a gap, not nought (signals.md 7.6): 3 of 10 and 5 of 10 make 8 of 20.
    ours = evaluate(Series(numerators=[3, None, 5], denominators=[10, 10, 10]), Spec(chart="p", limits="all"))

    assert ours.values[1] is None
    assert ours.centre == pytest.approx(8 / 20)
