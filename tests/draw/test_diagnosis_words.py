"""A diagnosis in words: first for a nurse, then with the numbers for the analyst."""

import math

import numpy as np
import pytest

from knitwork.draw import labels
from knitwork.draw.diagnosis_words import CHART_NAMES, diagnosis_said, p_value, suggestion_said
from knitwork.draw.formula_words import SETTINGS, STEPS, formula_lines, settings_rows
from knitwork.draw.labels import Writing
from knitwork.model.errors import BadDefinition
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.charts import CHARTS
from knitwork.signals.diagnosis import diagnose, limits_by_settings
from knitwork.signals.diagnosis.settings import other_settings
from knitwork.signals.spec import SIGMAS
from knitwork.signals.suggest import suggest_phase

from .records import WAIT, chart_of, months, quiet, worse

SPACE = "\u00a0"


def said_of(evaluation, topic, **words):
    return {one.topic: one for one in diagnosis_said(evaluation, diagnose(evaluation), **words)}[topic]


def plain(text):
    return text.replace(SPACE, " ")


def drifting(season=0):
    rng = np.random.default_rng(1)
    values = [50.0]
    for _ in range(59):
        values.append(50 + 0.7 * (values[-1] - 50) + 3 * rng.normal())
    return chart_of([value + season * math.sin(at * math.pi / 6) for at, value in enumerate(values)], unit="min")


def overdispersed(chart="p"):
    rng = np.random.default_rng(2)
    events = rng.binomial(1000, rng.beta(30, 170, 30)).tolist()
    return chart_of(events, chart=chart, denominators=[1000] * 30, factor=100, unit="%")


def test_a_drift_is_called_one_and_its_numbers_follow():
    found = said_of(drifting(), "neighbours")

    assert (
        found.plain == "Each point resembles the one before: this drifts like a trend, so a long run says little here."
    )
    assert found.numbers.startswith("The correlation of neighbours is 0.")
    assert "in 59 pairs; by chance alone it lies between −0." in found.numbers and "(p < 0.001)" in found.numbers
    assert found.matters


def test_a_change_of_level_that_would_explain_it_is_dated_and_no_drift():
    found = said_of(worse(), "neighbours")

    assert found.plain == (
        "Neighbours are alike, and one change of level about July 2026 would explain it; beside that each stands for itself."
    )
    assert not found.matters


def straddled(after, before=14):
    return chart_of([float(value) for value in WAIT[:before] + WAIT[20 : 20 + after]], direction="down", unit="min")


def test_limits_set_across_a_change_of_level_are_not_said_to_be_in_order():
    found = said_of(straddled(9), "baseline")

    assert found.matters and plain(found.plain) == (
        "The points that set the centre hold a change about January 2026 themselves, so it fits neither level: a new phase "
        "from then on would tell more, with limits once it has 12 points."
    )
    assert plain(found.numbers) == "The level is 29 min before and 41 min in the 9 months since."


def test_with_points_enough_after_it_a_new_phase_has_limits_at_once():
    long = chart_of([float(value) for value in [*WAIT[:14], *WAIT[20:], *WAIT[20:24]]])

    assert said_of(long, "baseline").plain.endswith("a new phase from then on would tell more.")


def test_a_change_behind_the_points_that_set_the_centre_is_left_to_the_rules():
    assert "baseline" not in {one.topic for one in diagnosis_said(worse(), diagnose(worse()))}


def test_points_that_stand_for_themselves_are_said_to():
    rng = np.random.default_rng(6)
    found = said_of(chart_of(rng.normal(50, 5, 30).tolist()), "neighbours")

    assert found.plain == "Each point stands for itself: neighbours resemble each other no more than chance makes."


def test_spread_beyond_chance_names_the_chart_that_allows_for_it():
    found = said_of(overdispersed(), "recommendation")

    assert found.plain == "A p′ chart would suit better: its limits allow for what differs beyond chance."
    assert "times as much as chance makes (sigma z)" in found.numbers
    assert said_of(overdispersed(), "dispersion").plain == (
        "Points differ by more than chance alone makes, so limits by chance alone may be far too narrow here."
    )


def test_a_chart_that_allows_for_spread_is_not_warned_of():
    found = said_of(overdispersed("p_prime"), "dispersion")

    assert found.plain == "Points differ by more than chance alone makes, and the limits of this chart allow for it."
    assert not found.matters


def test_a_season_names_its_months_in_the_readers_units():
    found = said_of(drifting(season=8), "seasonality")

    assert found.plain.startswith("There is a season: ") and "the same month of other years" in found.plain
    assert "min above the rest" in plain(found.numbers) and "The same season before: " in found.numbers


def test_sigma_z_is_told_apart_from_the_one_of_the_points_that_set_the_limits():
    rows = {row.name for row in settings_rows(overdispersed(), limits_by_settings(overdispersed()))}

    assert "Sigma z, from all neighbouring points of this phase, is " in said_of(overdispersed(), "dispersion").numbers
    assert "Limits times the sigma z of the points that set them, never narrower" in rows


def test_limits_times_a_sigma_z_below_its_floor_are_no_narrower():
    events = [20, 21, 20, 19, 20, 21, 20, 19, 20, 20] * 3
    record = chart_of(events, chart="p", denominators=[100] * 30, sigma_z_floor=0)
    limits = {one.key: (one.lower, one.upper) for one in limits_by_settings(record)}

    assert diagnose(record).dispersion.sigma_z < 0.5
    assert limits["widened"] == pytest.approx(limits["in_use"])


def test_views_are_offered_and_the_chart_is_said_to_stay_as_it_is():
    found = said_of(drifting(), "views")

    assert found.plain == "Look at what each point adds to the one before beside this chart."
    assert found.numbers == "Such a view has limits of its own; those of this chart stay as they are."


def test_power_is_told_in_the_units_and_periods_of_the_chart():
    found = said_of(worse(), "power")

    assert plain(found.plain) == (
        "A change of 4 min would probably show within 12 months; a smaller change may pass unseen."
    )
    assert "within 6 months a change of 7 min" in plain(found.numbers) and "from a centre of 29 min" in plain(
        found.numbers
    )
    assert found.numbers.endswith("Rules about trends, patterns and the whole series are not reckoned with.")


def test_shifts_of_percentages_are_told_in_points():
    assert "percentage points" in said_of(overdispersed(), "power").plain


def test_what_is_missing_is_listed_in_one_sentence():
    events, days = [1, 0, 2, 1, 0, None, 1, 1] * 4, [100, 90, 0, 80, 70, 90, 100, 120] * 4
    found = said_of(chart_of(events, chart="u", denominators=days, incomplete=True), "completeness")

    assert found.plain == (
        "23 months count of 32: 4 periods have no value; 4 have a denominator of zero; the last is not over."
    )
    assert found.numbers == "In 23 of 23 months fewer than 2 events are expected: their limits are rough."
    assert found.matters


def test_a_complete_chart_is_said_to_be_one():
    found = said_of(worse(), "completeness")

    assert found.plain == "All 29 months are there, with a value each." and not found.matters


def test_what_matters_is_said_first():
    order = [one.matters for one in diagnosis_said(drifting(season=8), diagnose(drifting(season=8)))]

    assert order == sorted(order, reverse=True) and order[0]


def test_a_chart_without_a_point_says_only_what_is_there():
    said = diagnosis_said(chart_of([None, None]), diagnose(chart_of([None, None])))

    assert [one.topic for one in said] == ["completeness"]


@pytest.mark.parametrize(
    "evaluation", [worse(), straddled(9), quiet(), drifting(8), overdispersed(), overdispersed("p_prime")]
)
def test_every_sentence_goes_through_the_translation(evaluation):
    found = diagnosis_said(evaluation, diagnose(evaluation), _=lambda text: "§" + text)

    for one in found:
        assert one.plain.startswith("§") and (one.numbers.startswith("§") or not one.numbers)


def test_p_values_are_written_as_papers_do():
    assert [p_value(p) for p in (0.2, 0.049, 0.0094, 0.0005)] == ["p 0.20", "p 0.05", "p 0.009", "p < 0.001"]


# Formula and settings


def test_every_step_of_every_chart_has_its_words():
    rng = np.random.default_rng(5)
    for name, kind in CHARTS.items():
        for sigma in SIGMAS[name]:
            for middle in ("mean", "median", "ratio", "transformed"):
                for kept in ("sigma", "probability"):
                    try:
                        spec = Spec(chart=name, sigma=sigma, middle=middle, limit_kind=kept)
                    except BadDefinition:
                        continue
                    evaluation = evaluate(series_for(kind, rng), spec)
                    lines = formula_lines(evaluation, diagnose(evaluation).worked)

                    assert lines and all(line.name and line.result for line in lines)


def series_for(kind, rng):
    panel = kind.stable(rng, (1, 24))
    if kind.reads == "subgroups":
        return Series.of_samples(rng.normal(50, 5, (24, 4)).tolist())
    if kind.reads in ("ratio", "proportion"):
        return Series(numerators=np.abs(panel.numerator[0]), denominators=panel.denominator[0])
    return Series(values=panel.value[0])


def test_every_setting_and_every_chart_that_is_recommended_has_its_words():
    for name in CHARTS:
        assert other_settings(Spec(chart=name, exclude=(1,), limits="all")).keys() <= SETTINGS.keys()
        assert other_settings(Spec(chart=name, limits=12)).keys() <= SETTINGS.keys()
    assert {"i_prime", "p_prime", "u_prime", "c_prime", "run", "g", "t"} <= CHART_NAMES.keys() <= CHARTS.keys()
    assert all(STEPS.values())


def test_the_formula_reads_as_one_would_reckon_it():
    evaluation = chart_of([4.0, 6.0, 5.0, 7.0, 6.0], limits="all", unit="min")
    lines = [
        (line.name, line.reckoned, plain(line.result))
        for line in formula_lines(evaluation, diagnose(evaluation).worked)
    ]

    assert lines[0] == ("Centre: the mean of the points that set it", "28 ÷ 5", "5.60 min")
    assert lines[3] == ("Sigma: the moving range over its mean in sigmas", "1.5 ÷ 1.128", "1.330")
    assert lines[-1] == ("Upper limit at the last point", "5.6 + 3 × 1.33", "9.59 min")


def test_settings_are_told_apart_by_one_more_decimal_and_name_who_uses_them():
    evaluation = worse()
    rows = {row.name: row for row in settings_rows(evaluation, limits_by_settings(evaluation))}

    assert rows["As this chart has it"].in_use and plain(rows["As this chart has it"].upper) == "38.1 min"
    assert rows["2.66 mean moving ranges, where 3 ÷ 1.128 is 2.6596"].used_by == "Making Data Count"
    assert plain(rows["All points set the limits"].centre) == "32.9 min"


def test_a_reckoning_is_written_with_the_marks_of_the_reader(monkeypatch):
    # Put back afterwards: the pages, whose tests may run in this process too, write as their reader's language does.
    monkeypatch.setattr(labels, "_asked", [lambda: Writing(thousands=".", decimal=",")])
    evaluation = chart_of([1004.5, 1006.5, 1005.5, 1007.5, 1006.5], limits="all")

    lines = formula_lines(evaluation, diagnose(evaluation).worked)

    assert lines[0].reckoned == "5.030 ÷ 5" and lines[3].reckoned == "1,5 ÷ 1,128"


# Suggestions


def suggested(direction):
    low = [21, 18, 24, 20, 22, 19, 23, 21, 17, 25, 20, 18, 19, 18]
    series = Series(labels=months(34), values=[value + 9 for value in low[:10] * 2] + low)
    spec = Spec(direction=direction, unit="min")
    return evaluate(series, spec), suggest_phase(series, spec)


def test_a_suggestion_asks_and_says_why():
    sentences = [plain(one) for one in suggestion_said(*suggested("down"))]

    assert sentences == [
        "Since July 2026 the level is lower: 20 min, before it was 30 min. Does a new phase begin there?",
        "Why: 14 months in a row on one side (8 make a shift), and no such run back since.",
    ]


def test_a_suggestion_after_a_change_for_the_worse_asks_for_a_second_person():
    assert suggestion_said(*suggested("up"))[-1] == (
        "It is a change for the worse: new limits would hide the harm, so a second person has to agree."
    )
