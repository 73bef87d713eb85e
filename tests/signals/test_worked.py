"""What may be said of a change: each claim, and what it takes."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from knitwork.model.errors import BadDefinition
from knitwork.signals import BadSeries, Series, Spec, evaluate
from knitwork.signals.interrupted import ItsSpec, controlled
from knitwork.signals.spec import Phase
from knitwork.signals.worked import did_it_work, freeze_before

# Twenty steady periods about 30; the order is arbitrary and no rule fires on them.
BEFORE = [30, 32, 29, 31, 28, 30, 33, 29, 31, 30, 28, 32, 30, 29, 31, 30, 32, 28, 29, 31]
START = len(BEFORE)
LOW, HIGH, LIKE = [24, 26, 25, 23, 25, 24, 26, 25, 24, 25], [36, 35, 37, 36, 38, 36, 35, 37, 36, 36], [30, 31, 29, 32]


def months(count, year=2023):
    return [f"{year + at // 12}-{at % 12 + 1:02d}-01" for at in range(count)]


def ask(after, *, before=BEFORE, direction="down", start=None, chart="xmr", **more):
    series = Series(labels=months(len(before) + len(after)), values=[*before, *after])
    start = len(before) if start is None else start
    record = freeze_before(series, Spec(chart=chart, direction=direction), start=start)
    return did_it_work(record, start=start, **more)


def sisters(after_unit, after_others, count=4):
    """A comparison in which the sisters wander by chance about what is given."""
    rng = np.random.default_rng(1)
    labels = months(START + len(after_unit))
    unit = Series(labels=labels, values=[*BEFORE, *after_unit])
    others = {
        f"Ward {which}": Series(
            labels=labels, values=(np.array([*BEFORE[::-1], *after_others]) + rng.normal(0, 1, len(labels))).tolist()
        )
        for which in range(count)
    }
    return controlled(unit, others, start=START, spec=ItsSpec(slope_change=False, trend=False, least_after=10))


def test_a_few_quiet_points_after_the_start_are_too_early():
    answer = ask(LIKE)

    assert answer.verdict == "too_early"
    assert (answer.n_before, answer.n_after, answer.before_needed, answer.after_needed) == (20, 4, 0, 4)


def test_too_few_points_before_are_too_early_whatever_came_after():
    answer = ask(LOW, before=BEFORE[:9])

    assert answer.verdict == "too_early"
    assert answer.before_needed == 3


def test_eight_quiet_points_are_no_change_yet():
    assert ask(LIKE + LIKE).verdict == "none_yet"


def test_one_point_beyond_the_limit_is_a_signal_and_no_more():
    answer = ask([*LIKE, 20])

    assert answer.verdict == "signal"
    assert not answer.may_say_better
    assert (answer.since, answer.held) == (START + 4, 1)


@pytest.mark.parametrize(("count", "verdict"), [(7, "signal"), (8, "sustained"), (10, "sustained")])
def test_a_signal_lasts_once_eight_points_hold(count, verdict):
    answer = ask(LOW[:count])

    assert answer.verdict == verdict
    assert answer.held == count
    assert answer.may_say_better is (verdict == "sustained")


def test_how_many_points_make_it_lasting_is_settable():
    assert ask(LOW, hold=12).verdict == "signal"
    assert ask(LOW[:5], hold=5).verdict == "sustained"


def test_a_point_back_on_the_old_side_ends_what_held():
    answer = ask([*LOW, 32])

    assert (answer.verdict, answer.held) == ("signal", 0)


def test_a_point_on_the_old_centre_neither_counts_nor_breaks():
    record = freeze_before(Series(values=[*[29, 31] * 8, *[24] * 7, 30, 24]), Spec(direction="down"), start=16)
    answer = did_it_work(record, start=16)

    assert record.centre == 30
    assert (answer.verdict, answer.held) == ("sustained", 8)


def test_a_signal_the_other_way_is_worse():
    assert ask(HIGH).verdict == "worse"
    assert ask(HIGH, direction="up").verdict == "sustained"


def test_harm_is_not_hidden_behind_the_good_news_before_it():
    answer = ask([*LOW, 40])

    assert answer.verdict == "worse"
    assert answer.wanted and answer.reverse


def test_what_was_worse_for_a_while_and_then_lasts_is_sustained_and_says_so():
    answer = ask([40, *LOW])

    assert answer.verdict == "sustained"
    assert "worse_between" in answer.notes


def test_a_run_that_began_before_the_start_counts_for_what_came_after():
    early = ask([28, 28, 29, 28, 29, 28, 28], before=[*BEFORE, 28, 28, 29])
    late = ask([28, 28, 29, 28, 29, 28, 28, 28], before=[*BEFORE, 28, 28, 29])

    assert early.wanted == () and early.verdict == "too_early"
    assert late.verdict == "sustained"
    assert "began_before" in late.notes and late.since == late.start


def test_what_had_moved_before_the_change_is_not_put_down_to_it():
    answer = ask([25, 26, 24, 25, 26, 24, 25, 26, 24, 25], before=[*BEFORE, *BEFORE, *[26, 25] * 5])

    assert answer.verdict == "none_yet"
    assert answer.notes == ("moving_before",)


def test_only_a_comparison_that_excludes_chance_attributes():
    alone, alike = sisters(LOW, [30.0] * 10), sisters(LOW, LOW)

    assert ask(LOW).notes == ("not_compared",)
    assert ask(LOW, compared=alone).verdict == "attributed"
    assert ask(LOW, compared=alone).notes == ()
    assert ask(LOW, compared=alike).verdict == "sustained"
    assert ask(LOW, compared=alike).notes == ("chance_not_excluded",)


def test_a_comparison_attributes_nothing_that_does_not_last():
    alone = sisters(LOW, [30.0] * 10)

    assert ask([*LOW[:9], 32], compared=alone).verdict == "signal"


def test_a_comparison_from_another_start_is_refused():
    with pytest.raises(BadDefinition, match="comparison starts at 2024-09-01 and the question at 2024-10-01"):
        ask(LOW[1:], before=[*BEFORE, LOW[0]], compared=sisters(LOW, [30.0] * 10))


def balance(after, direction="down", before=BEFORE, labels=None):
    labels = labels or months(len(before) + len(after))
    return evaluate(
        Series(labels=labels, values=[*before, *after]), Spec(direction=direction, limits=min(len(before), 12))
    )


def test_a_balancing_measure_that_got_worse_is_named_and_one_that_is_unknown_too():
    answer = ask(
        LOW,
        balancing={
            "Falls": balance(HIGH),
            "Returns": balance(LIKE + LIKE + [30, 31]),
            "Staff": balance(HIGH, direction="neither"),
            "Costs": balance(LIKE),
        },
    )

    assert answer.verdict == "sustained"
    assert answer.balancing_worse == ("Falls",)
    assert answer.balancing_unknown == ("Staff", "Costs")


def test_a_balancing_measure_that_was_worse_for_a_month_long_ago_is_not_worse():
    once = [38, 30, 31, 29, 32, 30, 31, 29, 30, 31]
    last = [30, 31, 29, 32, 30, 31, 29, 30, 38, 30]

    answer = ask(LOW, balancing={"Long ago": balance(once), "Of late": balance(last)})

    assert answer.balancing_worse == ("Of late",)
    assert answer.balancing_unknown == ()


def test_a_balancing_measure_by_the_week_is_read_from_the_same_day_on():
    weeks = np.arange("2024-01-01", "2025-12-29", 7, dtype="datetime64[D]").astype(str).tolist()
    first = next(at for at, label in enumerate(weeks) if label >= "2024-09-01")
    values = [*(BEFORE * 6)[:first], *[50] * (len(weeks) - first)]
    answer = ask(LOW, balancing={"Falls": balance([], before=values, labels=weeks)})

    assert answer.balancing_worse == ("Falls",)
    with pytest.raises(BadSeries, match="Falls has no period before and after 2024-09-01"):
        ask(LOW, balancing={"Falls": balance(LIKE, before=BEFORE, labels=months(24, year=2020))})


def test_limits_that_saw_the_change_are_refused():
    series = Series(labels=months(25), values=[*BEFORE[:15], *LOW])
    with pytest.raises(BadDefinition, match="limits of this chart are set by points after the start"):
        did_it_work(evaluate(series, Spec(direction="down")), start=15)
    with pytest.raises(BadDefinition, match="limits of Falls"):
        ask(LOW, balancing={"Falls": evaluate(Series(labels=months(30), values=[*BEFORE, *LOW]), Spec(limits="all"))})


DOUBLED = Series(labels=months(44), values=[*[value + 10 for value in BEFORE], *BEFORE, *LIKE])


@pytest.mark.parametrize("phase", ["2024-09-01", "2024-11-01"])
def test_a_phase_that_starts_with_the_change_or_after_it_hides_it_from_nobody(phase):
    series = Series(labels=months(40), values=[*BEFORE, *[2 * value for value in BEFORE]])
    spec = Spec(direction="down", phases=(Phase(start=phase),))
    answer = did_it_work(freeze_before(series, spec, start=START), start=START)

    assert answer.verdict == "worse"
    assert answer.evaluation.spec.phases == () and answer.evaluation.centre == pytest.approx(np.mean(BEFORE))
    with pytest.raises(BadDefinition, match="limits of this chart are set by points after the start"):
        did_it_work(evaluate(series, spec), start=START)


def test_the_last_phase_before_the_change_says_what_was_usual():
    phases = (Phase(start="2024-09-01"), Phase(start="2026-07-01"))
    record = freeze_before(DOUBLED, Spec(direction="down", phases=phases), start=40)
    answer = did_it_work(record, start=40)

    assert [phase.start for phase in record.spec.phases] == ["2024-09-01"]
    assert record.centre == pytest.approx(np.mean(BEFORE)) and record.baseline_end == 39
    assert (answer.n_before, answer.verdict, answer.notes) == (20, "too_early", ())
    # Without the phase the move of 2024-09 is one that the change only joined.
    alone = did_it_work(freeze_before(DOUBLED, Spec(direction="down"), start=40), start=40)
    assert alone.notes == ("moving_before",)


def test_a_phase_too_young_at_the_start_of_the_change_does_not_say_what_was_usual():
    young = Spec(direction="down", phases=(Phase(start="2026-04-01"),))

    with pytest.raises(BadSeries, match="1 points with a value before 2026-05-01"):
        freeze_before(DOUBLED, young, start=40)
    younger = did_it_work(freeze_before(DOUBLED, young, start=42), start=42)
    assert (younger.verdict, younger.before_needed) == ("too_early", 9)


def test_a_point_that_was_left_out_counts_for_nothing():
    early, late = [*BEFORE, 10, *BEFORE[:4]], [10, *LIKE, *LIKE]
    spec = Spec(direction="down", exclude=(20, 25))
    series = Series(values=[*early, *late])
    answer = did_it_work(freeze_before(series, spec, start=25), start=25)

    assert {one.start for one in answer.evaluation.signals} == {20, 25}
    assert (answer.verdict, answer.notes, answer.wanted) == ("none_yet", (), ())
    harmed = evaluate(series, Spec(direction="up", exclude=(20, 25)))
    calm = did_it_work(freeze_before(series, spec, start=25), start=25, balancing={"Falls": harmed})
    assert calm.balancing_worse == ()


def test_limits_that_the_house_rule_locked_before_the_start_are_good_enough():
    series = Series(labels=months(30), values=[*BEFORE, *LOW])

    assert did_it_work(evaluate(series, Spec(direction="down")), start=START).verdict == "sustained"


def test_a_measure_without_a_wanted_direction_has_no_answer():
    with pytest.raises(BadDefinition, match="say up or down"):
        ask(LOW, direction="neither")
    record = freeze_before(Series(values=[*BEFORE, *LOW]), Spec(), start=START)
    assert did_it_work(record, start=START, direction="down").verdict == "sustained"


@pytest.mark.parametrize(
    ("start", "says"),
    [(0, "nothing came before"), (99, "counted from 0"), ("2030-01-01", "last period"), (1, "1 points with a value")],
)
def test_a_start_that_makes_no_sense_is_refused(start, says):
    series = Series(labels=months(30), values=[*BEFORE, *LOW])
    with pytest.raises(BadSeries, match=says):
        did_it_work(freeze_before(series, Spec(direction="down"), start=start), start=start)


def test_a_series_that_never_varies_shows_no_change():
    assert ask([30] * 10, before=[30] * 20).verdict == "none_yet"


def test_missing_and_incomplete_periods_count_nowhere():
    answer = ask([24, None, 26, 25, None, 23, 25, 24, 26])

    assert (answer.n_after, answer.held, answer.verdict) == (7, 7, "signal")
    series = Series(values=[*BEFORE, *LOW[:8]], incomplete_last=True)
    assert did_it_work(freeze_before(series, Spec(direction="down"), start=START), start=START).held == 7


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1000), st.integers(-1000, 1000))
@settings(max_examples=40, deadline=None)
def test_the_answer_does_not_hang_on_the_unit_of_measurement_nor_on_where_nought_is(seed, factor, shift):
    rng = np.random.default_rng(seed)
    values = [round(value, 2) for value in rng.normal(30, 2, 36)]
    values[20:] = [value - 3 for value in values[20:]]
    spec = Spec(direction="down")
    own = freeze_before(Series(values=values), spec, start=20)
    other = freeze_before(Series(values=[value * factor + shift for value in values]), spec, start=20)
    first, second = did_it_work(own, start=20), did_it_work(other, start=20)

    assert (first.verdict, first.held, first.since) == (second.verdict, second.held, second.since)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_turned_upside_down_the_answer_is_the_same(seed):
    values = np.random.default_rng(seed).normal(0, 1, 36).round(3)
    values[18:] += 1.5
    up, down = (
        did_it_work(freeze_before(Series(values=side.tolist()), Spec(direction=way), start=18), start=18)
        for side, way in ((values, "up"), (-values, "down"))
    )

    assert (up.verdict, up.held, up.since, up.notes) == (down.verdict, down.held, down.since, down.notes)


def test_chance_alone_is_called_lasting_hardly_ever():
    rng = np.random.default_rng(5)
    verdicts = [ask(rng.normal(0, 1, 12).tolist(), before=rng.normal(0, 1, 20).tolist()).verdict for _ in range(300)]

    # Eight in a row on one side come by chance once in 256, a little more about a centre from 20 points.
    assert verdicts.count("sustained") <= 9
    assert verdicts.count("none_yet") >= 200
    assert "attributed" not in verdicts
