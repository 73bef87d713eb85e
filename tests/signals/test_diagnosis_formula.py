"""The worked formula ends where the chart is, and other settings give what other tools give."""

import itertools
from statistics import mean, median

import numpy as np
import pytest

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.charts import CHARTS
from knitwork.signals.diagnosis import diagnose, limits_by_settings
from knitwork.signals.diagnosis.settings import other_settings
from knitwork.signals.spec import SIGMAS, Phase


def months(n):
    return tuple(f"{2018 + at // 12}-{at % 12 + 1:02d}-01" for at in range(n))


def series_for(chart, *, n=30, seed=1):
    """Draw a series that this chart reads, with denominators that vary and one value missing."""
    rng = np.random.default_rng(seed)
    reads = CHARTS[chart].reads
    if reads == "subgroups":
        return Series.of_samples([rng.normal(50, 5, rng.integers(3, 9)).tolist() for _ in range(n)], labels=months(n))
    if reads in ("ratio", "proportion"):
        sizes = rng.integers(150, 300, n)
        events = rng.binomial(sizes, rng.beta(30, 70, n)).tolist()
        return Series(labels=months(n), numerators=[*events[:5], None, *events[6:]], denominators=sizes)
    if reads == "counts":
        return Series(labels=months(n), values=rng.poisson(rng.gamma(40, 0.5, n)))
    if reads == "between":
        return Series(labels=months(n), values=rng.geometric(0.05, n) - 1)
    values = rng.normal(50, 5, n).tolist()
    return Series(labels=months(n), values=[*values[:5], None, *values[6:12], 95, *values[13:]])


def step(found, key):
    return next(one for one in found.worked if one.key == key)


OPTIONS = [
    {},
    {"limits": "all"},
    {"factor": 100},
    {"width": 2},
    {"floor": 0.2},
    {"exclude": (3, 12)},
    {"phases": (Phase(start="2019-01-01"),), "limits": 10},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda one: next(iter(one), "plain"))
@pytest.mark.parametrize("chart", CHARTS)
def test_the_last_two_steps_are_the_limits_of_the_chart_reckoned_anew(chart, options):
    for sigma in SIGMAS[chart]:
        record = evaluate(series_for(chart), Spec(chart=chart, sigma=sigma, **options))
        steps = diagnose(record).worked

        assert steps
        if record.has_limits:
            lower, upper = steps[-2:]
            assert lower.key.startswith("lower") and upper.key.startswith("upper")
            assert lower.result == pytest.approx(record.lowers[-1], rel=1e-9, abs=1e-12)
            assert upper.result == pytest.approx(record.uppers[-1], rel=1e-9, abs=1e-12)
        else:
            assert steps[-1].result == pytest.approx(record.centre)


@pytest.mark.parametrize("chart", ["xmr", "p", "np", "u_prime", "c", "i_prime", "t", "ewma", "mr", "g"])
def test_a_centre_fixed_by_hand_is_the_first_step(chart):
    record = evaluate(
        series_for(chart), Spec(chart=chart, centre=0.3 if chart in ("p", "u_prime", "i_prime", "np") else 15)
    )
    first, *_, lower, upper = diagnose(record).worked

    assert (first.key, first.result) == ("centre_fixed", record.spec.centre)
    assert lower.result == pytest.approx(record.lowers[-1]) and upper.result == pytest.approx(record.uppers[-1])


@pytest.mark.parametrize(
    ("chart", "spread"), [("xmr", 4.0), ("p_prime", 2.5), ("i_prime", 6.0), ("ewma", 4.0), ("t", 0.4)]
)
def test_a_published_spread_is_named_as_such(chart, spread):
    record = evaluate(series_for(chart), Spec(chart=chart, spread=spread))
    steps = diagnose(record).worked

    assert any(one.key in ("sigma_fixed", "sigma_z_fixed") and one.result == spread for one in steps)
    assert steps[-1].result == pytest.approx(record.uppers[-1])


def test_the_steps_of_single_values_by_hand():
    # Ranges 2, 1, 2, 1 average 1.5; nothing reaches 3.267 × 1.5; sigma 1.5 ÷ 1.128 = 1.3298.
    found = diagnose(evaluate(Series(values=[4, 6, 5, 7, 6]), Spec(limits="all")))

    assert [(one.key, one.reckoned) for one in found.worked] == [
        ("centre_mean", "28 ÷ 5"),
        ("ranges_mean", "6 ÷ 4"),
        ("screened_none", "3.267 × 1.5"),
        ("sigma_from_ranges", "1.5 ÷ 1.128"),
        ("lower", "5.6 − 3 × 1.33"),
        ("upper", "5.6 + 3 × 1.33"),
    ]
    assert step(found, "upper").result == pytest.approx(5.6 + 3 * 1.5 / 1.128)


def test_ranges_left_out_by_screening_are_counted():
    values = [10, 11, 10, 11, 10, 11, 10, 30, 10, 11, 10, 11, 10]
    found = diagnose(evaluate(Series(values=values), Spec(limits="all")))
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]

    assert step(found, "screened").reckoned == f"2 ≥ 3.267 × {mean(ranges):.3g}"
    assert step(found, "ranges_again").result == pytest.approx(1.0)


def test_the_steps_of_a_proportion_by_hand():
    found = diagnose(
        evaluate(Series(numerators=[10, 12, 8], denominators=[100, 100, 50]), Spec(chart="p", limits="all"))
    )

    assert step(found, "centre_ratio").reckoned == "30 ÷ 250"
    assert step(found, "sigma_binomial").result == pytest.approx((0.12 * 0.88 / 50) ** 0.5)
    assert step(found, "lower_kept").result == 0


def test_a_floor_under_sigma_z_is_a_step_of_its_own():
    same = evaluate(Series(numerators=[30, 31, 30, 31] * 6, denominators=[100] * 24), Spec(chart="p_prime"))
    found = diagnose(same)

    assert step(found, "sigma_z").result < 1
    assert step(found, "sigma_z_floor").result == 1


def test_a_chart_without_limits_shows_how_its_centre_came_about():
    found = diagnose(evaluate(Series(values=[3, 9, 4, 5]), Spec()))

    assert [(one.key, one.result) for one in found.worked] == [("centre_median", median([3, 9, 4, 5]))]


def test_a_chart_without_a_point_has_no_formula():
    assert diagnose(evaluate(Series(values=[None, None]), Spec())).worked == ()


# Other settings


@pytest.mark.parametrize("chart", CHARTS)
def test_each_setting_is_the_chart_under_another_definition(chart):
    series = series_for(chart)
    spec = Spec(chart=chart)
    settings = {one.key: one for one in limits_by_settings(evaluate(series, spec), series=series)}

    assert settings.pop("in_use").in_use and settings.keys() == other_settings(spec).keys()
    for key, other in other_settings(spec).items():
        record = evaluate(series, other)
        assert (settings[key].centre, settings[key].lower, settings[key].upper) == pytest.approx(
            (record.centres[-1], record.lowers[-1], record.uppers[-1])
        )


def test_the_factor_and_the_screening_of_other_tools_are_among_the_settings():
    values = [10, 11, 10, 12, 10, 11, 10, 30, 10, 11, 10, 11, 10]
    record = evaluate(Series(values=values), Spec(limits="all"))
    settings = {one.key: one for one in limits_by_settings(record)}
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]
    screened = [one for one in ranges if one < 3.267 * mean(ranges)]

    assert settings["factor_2_66"].upper == pytest.approx(mean(values) + 2.66 * mean(screened))
    assert settings["unscreened"].upper == pytest.approx(mean(values) + 3 * mean(ranges) / 1.128)
    assert settings["median_ranges"].upper == pytest.approx(mean(values) + 3 * median(ranges) / 0.954)
    assert settings["first_20"].upper == settings["in_use"].upper  # fewer than 20: all so far
    assert settings["in_use"].beyond == 1 and settings["unscreened"].beyond == 1


@pytest.mark.real_data
def test_the_same_numbers_come_of_attaching_a_package_or_not(shared):
    # Signals 3.1: qicharts2 gives 4594.02 when it is attached and 5176.32 when it is not; both are settings here.
    import csv

    with (shared / "oracles/spc/qicharts2-i-ae-rrk/input.csv").open(newline="", encoding="utf-8") as file:
        values = [float(row["breaches"]) for row in csv.DictReader(file)]
    settings = {one.key: one for one in limits_by_settings(evaluate(Series(values=values), Spec(limits="all")))}

    assert settings["in_use"].upper == pytest.approx(4594.02, abs=0.01)
    assert settings["unscreened"].upper == pytest.approx(5176.32, abs=0.01)


def test_freezing_excluding_and_splitting_are_settings_too():
    spec = Spec(limits=12, exclude=(3,), phases=(Phase(start="2019-01-01"),))
    settings = {one.key: one for one in limits_by_settings(evaluate(series_for("xmr"), spec))}

    assert {"all_points", "first_20", "none_excluded", "one_phase"} <= settings.keys()


def test_a_chart_of_subgroups_needs_its_series_to_be_compared():
    series = series_for("xbar")
    record = evaluate(series, Spec(chart="xbar"))

    assert [one.key for one in limits_by_settings(record)] == ["in_use"]
    assert len(limits_by_settings(record, series=series)) > 1
