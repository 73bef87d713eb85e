"""Triage over many charts: scores hold on stable charts, planted shifts are found, and few of those found are false."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import comb, erfc, exp, factorial, sqrt

import numpy as np
import pytest

from knitwork.model.errors import BadDefinition
from knitwork.signals import Series, Spec, chance_of_signal, evaluate, evaluate_many
from knitwork.signals.charts import CHARTS
from knitwork.signals.rules.rule import Rule
from knitwork.signals.score import chance_of_crossings, chance_of_run, scores
from knitwork.signals.spec import Phase
from knitwork.signals.stable import TRUTHS, draw
from knitwork.signals.tails import TAILS
from knitwork.signals.triage import benjamini_hochberg, triage


def stable_series(chart, n_points, many, seed=5):
    """Draw stable series; means on denominators lie well above nought, for counts cannot be below."""
    panel = draw(np.random.default_rng(seed), chart, rows=many, n_points=n_points)
    if panel.size is not None:
        columns = (panel.value, panel.size, panel.sd, panel.spread)
        return [
            Series(values=value, sizes=size, sds=sd, ranges=spread)
            for value, size, sd, spread in zip(*(column.tolist() for column in columns), strict=True)
        ]
    if panel.denominator is None:
        return [Series(values=row) for row in panel.value.tolist()]
    numerator = panel.numerator + (10 * panel.denominator if chart == "i_prime" else 0)
    return [
        Series(numerators=above, denominators=below)
        for above, below in zip(numerator.tolist(), panel.denominator.tolist(), strict=True)
    ]


def share_at_most(scored, level):
    return sum(one.score <= level for one in scored) / len(scored)


def assert_no_more_than_promised(scored):
    for level in (0.2, 0.1, 0.05, 0.01):
        assert share_at_most(scored, level) <= level + 3 * sqrt(level / len(scored)), level


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_on_stable_charts_a_score_is_no_smaller_than_it_says(chart):
    for n_points, limits in ((15, "policy"), (40, "policy"), (36, "all")):
        records = evaluate_many(stable_series(chart, n_points, 600), Spec(chart=chart, limits=limits))

        assert_no_more_than_promised(scores(records))


@pytest.mark.parametrize("chart", ["xmr", "p", "np", "u", "c", "i_prime", "xbar", "t"])
def test_on_stable_charts_a_score_holds_where_centre_and_spread_are_fixed_at_the_truth(chart):
    centre, spread = TRUTHS[chart]
    spread = spread if chart in ("xmr", "i_prime", "xbar", "t") else None
    series = stable_series(chart, 40, 800)
    if chart == "i_prime":  # lifted, for counts cannot be below nought
        centre += 10
    phase = Phase(start="1", centre=centre, spread=spread)

    assert_no_more_than_promised(scores(evaluate_many(series, Spec(chart=chart, phases=(phase,)))))


@pytest.mark.parametrize("rules", ["mdc_2023", "nelson", "ihi_perla", "western_electric", "best_box"])
def test_on_stable_charts_a_score_holds_for_every_rule_set(rules):
    records = evaluate_many(stable_series("xmr", 36, 800), Spec(rules=(rules,)))

    assert_no_more_than_promised(scores(records))


@pytest.mark.slow
@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_scores_hold_far_out_too(chart):
    records = evaluate_many(stable_series(chart, 40, 20_000), Spec(chart=chart))
    scored = scores(records)

    for level in (0.1, 0.01, 0.001):
        assert share_at_most(scored, level) <= level + 3 * sqrt(level / len(scored)), level


def test_scores_are_not_wasteful_where_points_and_runs_are_judged_exactly():
    scored = scores(evaluate_many(stable_series("xmr", 40, 3000), Spec()))

    assert share_at_most(scored, 0.05) > 0.015


def shifted(rng, rows, sigmas):
    """Draw charts of a locked baseline of 20 and ten points after a shift."""
    values = rng.normal(50, 5, (rows, 30))
    values[:, 20:] += 5 * sigmas
    return values


def test_planted_shifts_are_found_at_the_stated_rate_of_false_discoveries():
    rng = np.random.default_rng(8)
    false, found, planted = 0, 0, 40
    for _ in range(10):
        values = np.concatenate([shifted(rng, planted, 4.0), rng.normal(50, 5, (260, 30))])
        listed = triage(evaluate_many([Series(values=row) for row in values.tolist()], Spec()), q=0.1)
        found += sum(entry.place < planted for entry in listed.found)
        false += sum(entry.place >= planted for entry in listed.found)

    assert found > 0.5 * 10 * planted
    assert false / (found + false) < 0.1 + 3 * sqrt(0.1 * 0.9 / (found + false))


def test_the_list_says_how_many_signals_chance_brings_and_leaves_the_charts_alone():
    rng = np.random.default_rng(8)
    values = np.concatenate([shifted(rng, 10, 5.0), rng.normal(50, 5, (490, 30))])
    records = evaluate_many([Series(values=row) for row in values.tolist()], Spec(direction="down"))

    listed = triage(records, keys=[f"chart {place}" for place in range(500)])

    assert listed.charts == 500
    assert {entry.place for entry in listed.entries} == {place for place, one in enumerate(records) if one.recent}
    assert listed.expected == pytest.approx(500 * chance_of_signal(30).recent, rel=0.02)
    assert [entry.score for entry in listed.entries] == sorted(entry.score for entry in listed.entries)
    assert all(entry.score <= entry.adjusted <= 1 for entry in listed.entries)
    assert len({entry.key for entry in listed.found} & {f"chart {place}" for place in range(10)}) >= 9
    assert listed.false_among_found == pytest.approx(0.1 * len(listed.found))
    for entry in listed.entries:
        assert entry.signal in records[entry.place].recent
        assert entry.verdict == records[entry.place].variation


def test_charts_without_points_or_rules_are_not_counted():
    empty, unruled = evaluate(Series(values=[None] * 20), Spec()), evaluate(Series(values=[1, 2] * 9), Spec(rules=()))

    listed = triage([empty, unruled])

    assert (listed.entries, listed.charts, listed.expected) == ((), 0, 0)


@pytest.mark.parametrize("q", [0, 1, 5])
def test_a_share_that_is_none_is_refused(q):
    with pytest.raises(BadDefinition, match="between 0 and 1"):
        triage([], q=q)


def test_a_name_for_each_chart_is_asked_for():
    with pytest.raises(BadDefinition, match="give one each"):
        triage([], keys=["a"])


def slow_adjusted(chances):
    """Adjust by the definition: a chance is found at q where some rank k has p(k) <= k q / n and it is at most p(k)."""
    n = len(chances)
    return [
        min(min(1.0, n * other / sum(p <= other for p in chances)) for other in chances if other >= chance)
        for chance in chances
    ]


def test_adjusting_is_that_of_benjamini_and_hochberg():
    # The fifteen chances of their paper (1995, section 3.2): at 0.05 the four smallest pass.
    printed = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
    ]  # fmt: skip
    rng = np.random.default_rng(2)

    assert [share <= 0.05 for share in benjamini_hochberg(np.array(printed))] == [True] * 4 + [False] * 11
    for n in (1, 2, 7, 40):
        chances = np.round(rng.random(n), 2)
        assert benjamini_hochberg(chances) == pytest.approx(slow_adjusted(chances.tolist()))


def test_the_adjusting_agrees_with_scipy():
    from scipy.stats import false_discovery_control

    chances = np.random.default_rng(4).random(500) ** 3

    assert benjamini_hochberg(chances) == pytest.approx(false_discovery_control(chances))


@pytest.mark.parametrize("n", [4, 7, 10])
def test_crossings_and_runs_are_as_rare_as_counting_all_orders_says(n):
    orders = list(product((0, 1), repeat=n))
    for few in range(n):
        count = sum(sum(a != b for a, b in pairwise(one)) <= few for one in orders)
        assert chance_of_crossings(few, n, n, 0.0) == pytest.approx(count / len(orders))
    for length in range(3, n - 1):
        # a run of so many ends at the last point, or one or two before it
        count = sum(
            any(len(set(one[n - back - length : n - back])) == 1 for back in range(3) if n - back - length >= 0)
            for one in orders
        )
        assert chance_of_run(length, 0.0) >= count / len(orders) - 1e-12
        assert chance_of_run(length, 0.0) <= 1.5 * count / len(orders)


def test_points_behind_a_locked_centre_run_longer_than_coins():
    rng = np.random.default_rng(6)
    centre, after = rng.normal(0, 1 / sqrt(20), 200_000), rng.normal(size=(9, 200_000))
    one_side = np.all(after > centre, axis=0) | np.all(after < centre, axis=0)

    # nine at the end; those that end one or two points earlier come on top
    assert chance_of_run(9, 1 / sqrt(20)) > float(one_side.mean())
    assert chance_of_run(9, 1 / sqrt(20)) < 2.2 * float(one_side.mean())
    assert chance_of_run(9, 1 / sqrt(20)) > 2 * chance_of_run(9, 0.0)


def test_a_count_is_held_against_its_baseline_by_how_they_share_their_sum():
    # 9 of 10 here and 11 of 30 before: 20 events over 40 patients, 10 of them here (hypergeometric, counted out).
    chance = Fraction(sum(comb(20, k) * comb(20, 10 - k) for k in (9, 10)), comb(40, 10))
    # 7 here, 9 in three like periods before: 16 events over four periods, each as likely.
    rate = Fraction(sum(comb(16, k) * 3 ** (16 - k) for k in range(7, 17)), 4**16)
    # 5 cases before this event and 3 before three others: of all ways to part 8 cases among four gaps, those with 5 here.
    ways = [gaps for gaps in product(range(9), repeat=4) if sum(gaps) == 8]
    cases = Fraction(sum(gaps[0] >= 5 for gaps in ways), len(ways))
    fewer = Fraction(sum(gaps[0] <= 5 for gaps in ways), len(ways))

    assert TAILS["proportion"]([(9, 10, 11, 30, 1)])[0] == pytest.approx(float(chance))
    assert TAILS["rate"]([(7, 1, 9, 3, 1)])[0] == pytest.approx(float(rate))
    assert TAILS["cases"]([(5, 1, 3, 3, 1)])[0] == pytest.approx(float(cases))
    assert TAILS["cases"]([(5, 1, 3, 3, -1)])[0] == pytest.approx(float(fewer))


def law(chart, centre, numerators, denominators=None, spread=None, **more):
    """Score a chart of one far point at its end whose limits are fixed."""
    given = {"values": numerators} if denominators is None else {"numerators": numerators, "denominators": denominators}
    spec = Spec(chart=chart, rules=("shewhart",), phases=(Phase(start="1", centre=centre, spread=spread),), **more)
    return scores([evaluate(Series(**given), spec)])[0].score


def test_a_point_beyond_fixed_limits_is_held_against_their_own_law():
    steady = [4, 6, 5, 5] * 5
    # Six times the tail: two sides and three recent points.
    binomial = sum(Fraction(comb(50, k) * 9 ** (50 - k), 10**50) for k in range(17, 51))
    poisson = 1 - sum(exp(-5) * 5**k / factorial(k) for k in range(15))
    normal = erfc(4 / sqrt(2)) / 2

    assert law("p", 10, [*steady, 17], [50] * 21, factor=100) == pytest.approx(6 * float(binomial))
    assert law("np", 0.1, [*steady, 17], [50] * 21) == pytest.approx(6 * float(binomial))
    assert law("c", 5, [*steady, 15]) == pytest.approx(6 * poisson)
    assert law("u", 0.5, [*steady, 15], [10] * 21) == pytest.approx(6 * poisson)
    assert law("xmr", 5, [*steady, 9], spread=1) == pytest.approx(6 * normal)


def test_a_fixed_spread_of_cases_between_events_names_their_mean():
    # A mean of 20 has a sigma of √420; 0.952 to the power k is the chance of k cases or more.
    far = TAILS["geometric"]([(100, 20, 1), (3, 20, -1)])

    assert far == pytest.approx([(20 / 21) ** 100, 1 - (20 / 21) ** 4])
    assert law("g", 14, [14, 22, 9, 30] * 5 + [150], spread=sqrt(420)) == pytest.approx(6 * (20 / 21) ** 150)


@pytest.mark.parametrize("chart", ["xmr", "p", "u", "c"])
def test_publishing_the_very_same_limits_makes_a_chart_no_less_surprising(chart):
    steady, worse = [40, 46, 43, 38, 44, 41, 45, 39, 42, 44] * 2, [70, 66, 72, 68, 71, 69]
    series = {
        "xmr": Series(values=[*steady, *worse]),
        "c": Series(values=[*steady, *worse]),
    }.get(chart, Series(numerators=[*steady, *worse], denominators=[100] * 26))
    made = evaluate(series, Spec(chart=chart))
    phase = Phase(start="1", limits="policy", centre=made.centre, spread=made.sigma if chart == "xmr" else None)
    published = evaluate(series, Spec(chart=chart, phases=(phase,)))

    assert published.uppers == pytest.approx(made.uppers)
    assert scores([published])[0].score <= scores([made])[0].score < 0.001


def test_a_run_about_a_fixed_centre_is_one_of_coins():
    values = [5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6, 8, 6, 7, 5, 6, *[7] * 14]
    rules = {"rules": ("custom",), "custom": (Rule(name="shift_9", kind="run", length=9),)}
    fixed = evaluate(Series(values=values), Spec(chart="run", centre=6.5, **rules))
    learned = evaluate(Series(values=values), Spec(chart="run", **rules))

    # Fourteen at the end, or one or two points before it, on either side of a known centre.
    assert scores([fixed])[0].score == pytest.approx(chance_of_run(14, 0.0)) == pytest.approx(4 * 2.0**-14)
    assert scores([learned])[0].score > scores([fixed])[0].score


def test_a_farther_point_and_a_longer_run_score_less():
    steady = [5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6, 8, 6, 7, 5, 6]
    out = [scores([evaluate(Series(values=[*steady, far]), Spec())])[0].score for far in (12, 15, 25)]
    long = [scores([evaluate(Series(values=[*steady, *[8] * many]), Spec())])[0].score for many in (9, 12, 16)]

    assert out == sorted(out, reverse=True) and out[-1] < 0.001
    assert long == sorted(long, reverse=True)


def test_only_the_last_phase_is_ranked():
    values = [*[5, 7, 6, 8, 6, 7, 5, 6] * 3, 40, *[15, 17, 16, 18, 16, 17, 15, 16] * 3]
    spec = Spec(phases=(Phase(start="26"),))

    assert triage([evaluate(Series(values=values), spec)]).entries == ()
    assert triage([evaluate(Series(values=[*values, 40]), spec)]).entries[0].signal.start == len(values)


def test_other_rules_are_scored_by_how_often_they_fire_on_stable_charts():
    rule = Rule(name="three_up", kind="trend", length=3)
    spec = Spec(rules=("custom",), custom=(rule,))
    record = evaluate(Series(values=[5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6, 8, 6, 7, 5, 6, 7, 8]), spec)

    chance = chance_of_signal(22, spec=spec).recent

    assert scores([record])[0].score == pytest.approx(chance, abs=0.03)
