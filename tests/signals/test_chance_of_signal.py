"""How often stable charts signal: against an independent simulation, the literature, and itself."""

from __future__ import annotations

import time
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from knitwork.signals import Series, Spec, chance_in_any_order, chance_of_signal, evaluate_many, expected_by_chance
from knitwork.signals.chance import FEWER_DRAWS, chance_of, expected_new_by_chance, new_row, table_row
from knitwork.signals.chance_table import CHART_COLUMNS, NEW_BY_POINTS, RECENT_BY_POINTS
from knitwork.signals.charts import CHARTS
from knitwork.signals.judge import judge
from knitwork.signals.newness import new_signals
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import SPREADABLE, Phase
from knitwork.signals.stable import TRUTHS, draw, twin

CHARTS_DRAWN = 4000


def rate(spec, points=36, seed=99):
    """Return how many of many stable series have a signal, through the public door."""
    rng = np.random.default_rng(seed)
    some = [Series(values=row) for row in rng.normal(50, 5, (CHARTS_DRAWN, points)).tolist()]
    many = evaluate_many(some, spec)
    return sum(bool(one.signals) for one in many) / len(many), sum(bool(one.recent) for one in many) / len(many)


def error(share):
    """Return four standard errors of a share of the charts drawn here."""
    return 4 * sqrt(share * (1 - share) / CHARTS_DRAWN)


@pytest.mark.parametrize(
    ("chart", "rules", "published"),
    [
        ("xmr", ("shewhart", "anhoej"), 0.16),  # signals.md 7.3, 36 points, limits from all of them
        ("xmr", ("shewhart",), 0.13),
        ("run", ("anhoej",), 0.038),
    ],
)
def test_the_false_alarm_rate_at_36_points_is_the_published_one(chart, rules, published):
    share, _ = rate(Spec(chart=chart, rules=rules, limits="all"))

    assert share == pytest.approx(published, abs=error(published) + 0.005)


@pytest.mark.parametrize("limits", ["policy", "all"])
@pytest.mark.parametrize("points", [15, 36])
def test_the_chance_agrees_with_evaluating_other_stable_series(limits, points):
    chance = chance_of_signal(points, limits=limits)
    overall, recent = rate(Spec(limits=limits), points=points)

    assert overall == pytest.approx(chance.overall, abs=error(chance.overall))
    assert recent == pytest.approx(chance.recent, abs=error(chance.recent))


def test_the_chance_is_the_same_every_time_and_recent_signals_are_rarer():
    first, again = chance_of_signal(24, ("anhoej",)), chance_of_signal(24, ["anhoej"])

    assert first == again
    assert 0 < first.recent < first.overall < 0.1
    assert first.standard_error < 0.002


@pytest.mark.parametrize("chart", ["p", "p_prime", "u", "u_prime", "c", "run"])
def test_every_kind_of_chart_has_a_chance_of_its_own(chart):
    chance = chance_of_signal(36, chart=chart, limits="all", draws=4000)

    assert 0.02 < chance.overall < 0.25


def test_without_points_or_rules_there_is_no_chance():
    assert chance_of_signal(0).overall == 0
    assert chance_of_signal(36, ()).overall == 0


def test_a_wall_is_told_how_many_signals_to_expect_by_chance():
    rng = np.random.default_rng(3)
    wall = [Series(values=row) for row in rng.normal(50, 5, (1000, 36)).tolist()]
    many = evaluate_many(wall, Spec())

    expected = expected_by_chance(many)

    assert sum(bool(one.recent) for one in many) == pytest.approx(expected, abs=4 * sqrt(expected))
    assert expected == pytest.approx(1000 * chance_of_signal(36).recent, abs=0.1)
    assert expected_by_chance([]) == 0


@pytest.mark.parametrize("points", [10, 12])
def test_the_table_of_chances_is_what_its_maker_makes(points):
    (kept,) = [row for row in RECENT_BY_POINTS if row[0] == points]

    # the seed is fixed; the room is for another release of numpy drawing other numbers
    assert kept == pytest.approx(table_row(points), abs=0.008)


def test_every_length_up_to_sixty_is_reckoned_as_it_is_for_the_chance_jumps_from_one_to_the_next():
    rng = np.random.default_rng(5)
    by_length = {n: evaluate_many([Series(values=rng.normal(50, 5, n).tolist())], Spec()) for n in (21, 22, 23, 24)}
    chances = {n: expected_by_chance(some) for n, some in by_length.items()}

    assert [row[0] for row in RECENT_BY_POINTS[:53]] == list(range(8, 61))
    assert chances[23] < 0.8 * chances[24]
    assert chances[21] < 0.8 * chances[22]
    assert chances[23] == pytest.approx(chance_of_signal(23).recent, abs=0.001)


def test_the_values_of_a_steady_chart_in_other_orders_signal_as_the_table_says():
    rng = np.random.default_rng(7)
    many = evaluate_many([Series(values=row) for row in rng.normal(50, 5, (300, 24)).tolist()], Spec())
    shuffled = sum(chance_in_any_order(one) for one in many)

    assert shuffled == pytest.approx(expected_by_chance(many), abs=4 * sqrt(expected_by_chance(many)) / 2)
    assert [chance_in_any_order(one) for one in many[:5]] == [chance_in_any_order(one) for one in many[:5]]


def test_values_with_ties_or_long_tails_are_known_to_signal_more_often_than_normal_ones():
    rng = np.random.default_rng(7)
    tailed = evaluate_many([Series(values=row) for row in rng.pareto(1.5, (50, 23)).tolist()], Spec())
    tied = evaluate_many([Series(values=[30.0] * 14 + [25.0] + [35.0] * 8)], Spec(chart="run"))

    assert sum(map(chance_in_any_order, tailed)) > 2 * expected_by_chance(tailed)
    assert chance_in_any_order(tied[0]) > 2 * expected_by_chance(tied)


def test_counts_hidden_values_and_long_series_are_left_to_the_table():
    counts = evaluate_many([Series(numerators=[9.0] * 20)], Spec(chart="c"))[0]
    long = evaluate_many([Series(values=[3.0, 4.0, 5.0] * 40)], Spec())[0]
    known = evaluate_many([Series(values=[3.0, 4.0, 5.0] * 8)], Spec())[0]
    withheld = replace(known, values=(None, *known.values[1:]))

    assert [chance_in_any_order(one) for one in (counts, long, withheld)] == [None] * 3
    assert chance_in_any_order(known) is not None


@pytest.mark.slow
def test_the_whole_table_of_chances_is_what_its_maker_makes():
    for kept in RECENT_BY_POINTS:
        if kept[0] <= 104:
            assert kept == pytest.approx(table_row(int(kept[0])), abs=0.008)


def test_the_table_of_chances_has_a_column_for_every_chart():
    assert list(CHART_COLUMNS) == list(CHARTS)


def test_other_rules_than_the_usual_are_counted_by_drawing():
    some = [Series(values=[3, 4, 5] * 12)] * 10

    runs_only = expected_by_chance(evaluate_many(some, Spec(rules=("anhoej",), limits="all")))

    drawn = chance_of_signal(36, ("anhoej",), limits="all", draws=FEWER_DRAWS).recent
    assert runs_only == pytest.approx(10 * drawn)
    assert drawn == pytest.approx(chance_of_signal(36, ("anhoej",), limits="all").recent, abs=0.012)


THREE_UP = Rule(name="three_up", kind="trend", length=4)


@pytest.mark.parametrize(
    "spec",
    [
        Spec(rules=("mdc_2023",), phases=(Phase(start="21"),)),
        Spec(phases=(Phase(start="31"),)),  # six points say nothing yet
        Spec(rules=("custom",), custom=(THREE_UP,), phases=(Phase(start="31", limits=5),)),
        Spec(centre=50, spread=5),  # limits as published: the truth, so nothing is lost in estimating them
        Spec(sigma="median_mr", middle="median", width=2.5),
        Spec(chart="ewma", weight=0.4),
        Spec(chart="ma", span=5),
        Spec(chart="mr", rules=("nelson",)),
    ],
)
def test_charts_with_phases_rules_and_limits_of_their_own_are_counted_as_they_are(spec):
    rng = np.random.default_rng(31)
    some = [Series(values=row) for row in rng.normal(50, 5, (600, 36)).tolist()]
    many = evaluate_many(some, spec)

    signalling = sum(bool(one.signals) for one in many) / 600
    recent = sum(bool(one.recent) for one in many) / 600

    # two draws, of 600 here and 4,000 there: three standard errors
    room = 3 * sqrt(0.25 * (1 / 600 + 1 / 4000))
    assert chance_of(many[0]).overall == pytest.approx(signalling, abs=room)
    room = 3 * sqrt(max(recent, 0.02) * (1 / 600 + 1 / 4000))
    assert chance_of(many[0]).recent == pytest.approx(recent, abs=room)
    assert expected_by_chance(many) / 600 == pytest.approx(chance_of(many[0]).recent, abs=0.01)


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_units_targets_and_directions_do_not_take_a_chart_out_of_the_table(chart):
    shown = Spec(
        chart=chart, direction="down", factor=100, unit="%", floor=0, target=5, exclude=(3,), span=9, weight=0.9
    )

    assert twin(replace(shown, span=3, weight=0.2)) == Spec(chart=chart)
    assert (twin(shown) == Spec(chart=chart)) == (chart not in ("ewma", "ma"))


@pytest.mark.parametrize("chart", sorted(CHARTS))
def test_the_truth_of_what_is_drawn_is_the_average_of_many_draws(chart):
    panel = draw(np.random.default_rng(1), chart, rows=4000, n_points=40)

    judged = judge(panel, Spec(chart=chart, limits="all"))
    centre, spread = TRUTHS[chart]

    assert float(np.nanmean(judged.centre)) == pytest.approx(centre, rel=0.03, abs=0.03)
    fixed = judge(panel, Spec(chart=chart, centre=centre, spread=spread if chart in SPREADABLE else None, limits="all"))
    # the limits that the truth makes are those that many points make
    if chart not in ("run", "p_prime", "u_prime", "c_prime"):
        reach = float(np.nanmean(judged.upper - judged.level))
        assert float(np.nanmean(fixed.upper - fixed.level)) == pytest.approx(reach, rel=0.05)


def test_long_charts_of_other_rules_lie_between_their_neighbours():
    some = [Series(values=[3, 4, 5, 4] * 16 + [3, 4])] * 10
    between = expected_by_chance(evaluate_many(some, Spec(rules=("nelson",)))) / 10

    ends = [chance_of_signal(n, ("nelson",), draws=FEWER_DRAWS).recent for n in (60, 72)]

    assert min(ends) <= between <= max(ends)


def test_a_wall_is_told_how_many_new_signals_to_expect_by_chance():
    rng = np.random.default_rng(3)
    rows = rng.normal(50, 5, (2000, 30)).tolist()
    whole = evaluate_many([Series(values=row) for row in rows], Spec())
    before = evaluate_many([Series(values=row[:-1]) for row in rows], Spec())

    new = sum(bool(new_signals(one, other)) for one, other in zip(whole, before, strict=True))

    assert expected_new_by_chance(whole) == pytest.approx(new, abs=4 * sqrt(new * 1.5))


@pytest.mark.parametrize("points", [12, 24])
def test_the_table_of_new_signals_is_what_its_maker_makes(points):
    (kept,) = [row for row in NEW_BY_POINTS if row[0] == points]

    assert kept == pytest.approx(new_row(points), abs=0.01)


def test_a_page_of_usual_charts_waits_for_no_draw():
    rng = np.random.default_rng(3)
    specs = [Spec(chart=chart, floor=0, direction="down", unit="min") for chart in ("run", "xmr", "mr", "ewma", "ma")]
    series = [Series(values=rng.normal(50, 5, 8 + place % 53).tolist()) for place in range(200)]
    many = list(evaluate_many(series, [specs[place % 5] for place in range(200)]))

    start = time.perf_counter()
    expected_by_chance(many)
    expected_new_by_chance(many)

    assert time.perf_counter() - start < 0.5
