"""What users of other chart tools asked for, and get here (docs/reference/asked-for.md lists all of it)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from knitwork.draw.chart import chart_svg
from knitwork.draw.icon import icon_svg
from knitwork.draw.words import sentence
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import Chart, Phase

MONTHS = tuple(f"{2024 + at // 12}-{at % 12 + 1:02d}-01" for at in range(36))
# 24 months about 50, then 12 about 70: a step that everybody sees.
BEFORE = [50, 53, 47, 51, 49, 54, 46, 52, 48, 50, 53, 49] * 2
AFTER = [70, 73, 67, 71, 69, 74, 66, 72, 68, 70, 73, 69]
STEPPED = Series(labels=MONTHS, values=BEFORE + AFTER)
SPLIT = Phase(start=MONTHS[24], limits=12, reason="the second theatre opened")


def shares(numerators, denominators=None):
    whole = denominators or [100] * len(numerators)
    return Series(labels=MONTHS[: len(numerators)], numerators=numerators, denominators=whole)


def test_assurance_lays_the_latest_target_against_the_limits_of_the_latest_phase():
    spec = Spec(direction="up", target=66)

    whole = evaluate(STEPPED, spec)
    split = evaluate(STEPPED, replace(spec, phases=(SPLIT,)))
    moved = evaluate(STEPPED, replace(spec, phases=(SPLIT,), target=None, targets=((MONTHS[0], 40), (MONTHS[30], 95))))

    assert whole.assurance == "fail"
    assert split.assurance == "hit_or_miss"
    assert (moved.target, moved.assurance) == (95, "fail")


def test_a_target_that_some_periods_lack_still_gives_an_answer():
    late = Spec(direction="up", targets=((MONTHS[30], 40),), phases=(SPLIT,))

    ours = evaluate(STEPPED, late)

    assert ours.targets[29] is None and ours.targets[30] == 40
    assert ours.assurance == "pass"


@pytest.mark.parametrize(("target", "answer"), [(95, "pass"), (100, "pass"), (100.5, "fail")])
def test_a_share_that_is_always_100_per_cent_is_held_against_its_target_and_never_flagged(target, answer):
    ours = evaluate(shares([100] * 24), Spec(chart="p", direction="up", factor=100, unit="%", target=target))

    assert ours.assurance == answer
    assert not ours.has_limits and not ours.signals and ours.centre == 100
    assert "NaN" not in ours.to_json()


def test_a_new_phase_a_fixed_baseline_and_an_excluded_point_go_together():
    ours = evaluate(STEPPED, Spec(limits=12, phases=(SPLIT,), exclude=(MONTHS[3], MONTHS[25])))
    alone = evaluate(STEPPED.cut(24, 36), Spec(limits=12, exclude=(1,)))

    first, second = ours.phases
    assert (first.baseline_n, first.baseline_end) == (12, 12)  # the excluded point does not count among the twelve
    assert (second.baseline_n, second.reason) == (11, "the second theatre opened")
    assert second.centre == alone.centre and ours.uppers[-1] == alone.uppers[-1]
    assert not ours.included[3] and not ours.included[25]


def test_limits_may_be_split_at_several_dates():
    starts = [MONTHS[8], MONTHS[16], MONTHS[24]]

    ours = evaluate(STEPPED, Spec(limits="all", phases=tuple(Phase(start=start) for start in starts)))

    assert [phase.label for phase in ours.phases] == [MONTHS[0], *starts]
    assert len(set(ours.centres)) >= 3


@pytest.mark.parametrize(
    "chart", ["p", "p_prime", "np", "u", "u_prime", "c", "c_prime", "g", "t", "xmr", "run", "i_prime"]
)
def test_phases_work_on_every_chart_and_give_what_each_part_gives_alone(chart):
    counts = BEFORE + AFTER
    ratio = chart in ("p", "p_prime", "np", "u", "u_prime", "i_prime")
    series = shares(counts) if ratio else Series(labels=MONTHS, values=counts)
    spec = Spec(chart=chart, limits="all", phases=(Phase(start=MONTHS[24]),))

    ours = evaluate(series, spec)

    for phase, (first, after) in zip(ours.phases, [(0, 24), (24, 36)], strict=True):
        alone = evaluate(series.cut(first, after), replace(spec, phases=()))
        assert (phase.centre, phase.sigma, phase.sigma_z) == (alone.centre, alone.sigma, alone.sigma_z)
        assert ours.uppers[first:after] == alone.uppers


def test_each_rule_can_be_chosen_its_length_set_and_it_says_that_it_fired():
    run_of = {n: Spec(rules=("custom",), custom=(Rule(name=f"shift_{n}", kind="run", length=n),)) for n in (6, 7, 8)}
    seven = Series(values=[1, 9] * 9 + [9] * 6 + [1, 9] * 3)

    fired = {n: [one.rule for one in evaluate(seven, spec).signals] for n, spec in run_of.items()}

    assert fired == {6: ["shift_6"], 7: ["shift_7"], 8: []}


def test_every_rule_that_fired_is_listed_though_a_point_has_one_colour():
    # the last point lies beyond the limit and ends a run: both are told, worse before better or the other way
    both = Series(values=[10, 12, 9, 11, 10, 8, 12, 11, 9, 10, 12, 8] + [11.5] * 9 + [30])
    worse = evaluate(both, Spec(limits=12, direction="down", rules=("mdc_2023",)))

    rules = worse.points[-1].rules
    assert {"beyond_limits", "shift_7"} <= set(rules)
    assert worse.points[-1].mark == "worse"


def test_which_verdict_colours_a_point_that_breaks_rules_both_ways_is_a_choice_of_its_own():
    rising = Series(values=[5, 6, 5, 4, 5, 6, 4, 5, 6, 5, 4, 5, -9, -8, -7, -6, -5, -4, -3])
    spec = Spec(limits=12, direction="up", rules=("mdc_2023",))

    first, other = evaluate(rising, spec), evaluate(rising, replace(spec, precedence="better_first"))

    assert first.signals == other.signals
    assert {one.verdict for one in first.signals if 15 in one.points} == {"better", "worse"}
    assert (first.point_marks[15], other.point_marks[15]) == ("worse", "better")


@pytest.mark.parametrize("chart", [name for name in get_args(Chart) if name not in ("xbar", "s", "r")])
def test_every_chart_has_a_variation_icon_a_sentence_and_a_formula_from_one_record(chart):
    ratio = chart in ("p", "p_prime", "np", "u", "u_prime", "i_prime")
    counts = BEFORE + AFTER
    ours = evaluate(
        shares(counts) if ratio else Series(labels=MONTHS, values=counts),
        Spec(chart=chart, direction="up", rules=("mdc_2023",)),
    )

    record = json.loads(ours.to_json())
    assert record["variation"] == ours.variation
    assert icon_svg(ours).count("<svg") == 1 and sentence(ours) and "=" in ours.formula
    marks = {point.mark for point in ours.points}
    drawn = chart_svg(ours)
    assert all((f'class="{mark}"' in drawn) == (mark in marks) for mark in ("better", "worse"))


def test_targets_change_with_time_and_a_trajectory_may_lead_into_the_future():
    ours = evaluate(
        STEPPED,
        Spec(targets=((MONTHS[0], 55), (MONTHS[12], 60)), trajectory=((MONTHS[24], 60), ("2028-01-01", 84))),
    )

    assert ours.targets[11:13] == (55, 60)
    # 24 months from 60 to 84: one more each month
    assert ours.trajectory[23] is None
    assert [round(one, 9) for one in ours.trajectory[24:27]] == [60, 61, 62]


def test_a_missing_month_and_one_without_a_denominator_are_gaps_and_are_said():
    ours = evaluate(
        shares([5, None, 6, 4, 5, 6, 4, 5, 6, 5, 4, 5, 6], [50, None, 0, *[50] * 10]), Spec(chart="p", direction="down")
    )

    assert ours.values[1] is None and ours.values[2] is None
    assert {"missing_points", "zero_denominators"} <= set(ours.reasons)
    assert ours.n_useful == 11


def test_an_excluded_point_is_drawn_aside_and_comes_back_when_it_is_counted_again():
    spec = Spec(limits="all")
    with_it = evaluate(STEPPED, spec)
    without = evaluate(STEPPED, replace(spec, exclude=(30,)))

    assert 'class="aside"' in chart_svg(without) or without.point_marks[30]
    assert without.values[30] == with_it.values[30] and without.centre != with_it.centre
    assert evaluate(STEPPED, replace(spec, exclude=())) == with_it


def test_a_chart_says_how_its_limits_came_about_with_its_numbers():
    ours = evaluate(STEPPED, Spec(limits=24, unit="min"))

    assert "centre 50.2 min = mean of the first 24 points" in ours.formula
    assert "2.66 × mean moving range" in ours.formula
    assert "3.267" in ours.formula


def test_single_values_may_have_a_median_for_a_centre_and_a_baseline_that_stays():
    then = evaluate(STEPPED.cut(0, 24), Spec(middle="median", limits=20))
    now = evaluate(STEPPED, Spec(middle="median", limits=20))

    assert then.centre == now.centre == 50
    assert then.uppers[0] == now.uppers[-1]


def test_a_share_that_was_always_100_per_cent_and_fell_is_not_called_met():
    fell = evaluate(shares([100] * 20 + [60]), Spec(chart="p", direction="up", factor=100, unit="%", target=95))

    assert fell.assurance is None


@pytest.mark.parametrize("chart", get_args(Chart))
def test_splitting_freezing_and_leaving_out_go_together_on_every_chart(chart):
    counts = BEFORE + AFTER
    if chart in ("p", "p_prime", "np", "u", "u_prime", "i_prime"):
        series = shares(counts)
    elif chart in ("xbar", "s", "r"):
        series = Series.of_samples([[v - 1, v, v + 2 + v % 3] for v in counts], labels=MONTHS)
    else:
        series = Series(labels=MONTHS, values=counts)
    whole = evaluate(series, Spec(chart=chart, limits=12, phases=(Phase(start=MONTHS[24], limits=8),), exclude=(3, 26)))

    first = evaluate(series.cut(0, 24), Spec(chart=chart, limits=12, exclude=(3,)))
    second = evaluate(series.cut(24, 36), Spec(chart=chart, limits=8, exclude=(2,)))
    for name in ("values", "centres", "lowers", "uppers", "included"):
        assert getattr(whole, name) == getattr(first, name) + getattr(second, name), name
    assert [phase.baseline_n for phase in whole.phases] == [first.baseline_n, second.baseline_n]
    assert [one.rule for one in whole.signals] == [one.rule for one in (*first.signals, *second.signals)]
