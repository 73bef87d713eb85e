"""The vectorised rules against a slow reference in plain Python, and their edges."""

from __future__ import annotations

from math import comb, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.rules.critical import crossings_limit, longest_run_limit
from knitwork.signals.rules.find import runs_limits
from knitwork.signals.rules.look import count_runs


def reference(sides):
    """Count as a person would with a pencil: strike out the points on the line, then walk along."""
    useful = [(place, side) for place, side in enumerate(sides) if side != 0]
    runs = []
    for place, side in useful:
        if runs and runs[-1][0] == side:
            runs[-1][1].append(place)
        else:
            runs.append((side, [place]))
    n = len(useful)
    few = 0
    while n and sum(comb(n - 1, k) for k in range(few + 1)) / 2 ** (n - 1) < 0.05:
        few += 1
    return {
        "runs": runs,
        "useful": n,
        "longest": max((len(points) for _, points in runs), default=0),
        "longest_limit": round(log2(n)) + 3 if n else 0,
        "crossings": max(len(runs) - 1, 0),
        "crossings_limit": few,
    }


@given(st.lists(st.lists(st.sampled_from([-1, 0, 1]), min_size=40, max_size=40), min_size=1, max_size=6))
def test_runs_and_crossings_equal_those_of_a_slow_count(rows):
    runs = count_runs(np.array(rows, dtype=np.int8))
    longest, fewest = runs_limits(runs, "anhoej")

    for row, sides in enumerate(rows):
        slow = reference(sides)
        for name in ("useful", "longest", "crossings"):
            assert getattr(runs, name)[row] == slow[name], name
        assert (longest[row], fewest[row]) == (slow["longest_limit"], slow["crossings_limit"])


def test_the_fewest_crossings_are_the_quantile_that_scipy_gives_also_for_a_century_of_days():
    # the last two took 20 seconds each when every coefficient was worked out from nothing
    for useful in (*range(2, 400), 1_001, 5_000, 37_000, 40_000):
        assert crossings_limit(useful) == binom.ppf(0.05, useful - 1, 0.5), useful


small = st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=60)


@given(small, st.booleans())
def test_signals_equal_those_of_a_slow_reference(values, incomplete_last):
    ours = evaluate(
        Series(values=values, incomplete_last=incomplete_last), Spec(chart="run", limits="all", direction="down")
    )

    counted = values[:-1] if incomplete_last else values
    middle = sorted(value for value in counted if value is not None)
    if not middle:
        assert not ours.signals
        return
    centre = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
    slow = reference([0 if value is None else int(np.sign(value - centre)) for value in counted])
    long_runs = [
        ("longest_run", points[0], points[-1], tuple(points), "high" if side > 0 else "low")
        for side, points in slow["runs"]
        if len(points) > slow["longest_limit"]
    ]
    found = [(one.rule, one.start, one.end, one.points, one.side) for one in ours.signals if one.rule == "longest_run"]
    assert found == long_runs
    few = [one for one in ours.signals if one.rule == "few_crossings"]
    assert bool(few) == (slow["crossings"] < slow["crossings_limit"])
    assert all((one.side, one.verdict, one.points) == (None, "neither", ()) for one in few)


def test_points_on_the_centre_line_neither_break_a_run_nor_count_in_it():
    values = [1, 9, 1, 9, 1, 9, 1, 9, 1, 9, 6, 7, 5, 6, 7, 5, 6, 7, 6, 7, 1, 3, 1, 3, 2, 4, 1, 9, 1, 9]

    ours = evaluate(Series(values=values), Spec(chart="run", centre=5))

    (run,) = [one for one in ours.signals if one.rule == "longest_run"]
    assert (run.start, run.end) == (9, 19)
    assert 12 not in run.points and 15 not in run.points
    assert len(run.points) == 9 > ours.longest_run_limit


def test_each_long_run_is_a_signal_of_its_own():
    ours = evaluate(Series(values=[3, 4] * 6 + [8, 9] * 6), Spec(chart="run", direction="up", limits="all"))

    assert [(one.side, one.verdict) for one in ours.signals if one.rule == "longest_run"] == [
        ("low", "worse"),
        ("high", "better"),
    ]


def test_a_point_on_the_limit_is_inside_and_neighbours_beyond_it_are_one_signal():
    ours = evaluate(Series(values=[16, 28, 4, 16, 29, None, 30, 16, 3, 31, 3]), Spec(chart="c", limits=4, centre=16))

    found = [one for one in ours.signals if one.rule == "beyond_limits"]
    assert [(one.points, one.side) for one in found] == [
        ((4, 6), "high"),
        ((8,), "low"),
        ((9,), "high"),
        ((10,), "low"),
    ]


def test_an_excluded_point_is_laid_against_the_limits_and_left_out_of_runs():
    values = [5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 19]

    ours = evaluate(Series(values=values), Spec(exclude=(12,)))

    assert ours.included[12] is False
    assert [one.points for one in ours.signals] == [(12,)]
    assert ours.n_useful == 12 and ours.mean_range == pytest.approx(17 / 11)


@pytest.mark.parametrize("n", [1, 2, 5, 12, 36, 300])
def test_a_run_or_crossings_at_the_limit_are_usual(n):
    assert longest_run_limit(n) == round(log2(n)) + 3
    below = sum(comb(n - 1, k) for k in range(crossings_limit(n)))
    assert below * 20 < 2 ** (n - 1) <= (below + comb(n - 1, crossings_limit(n))) * 20


def test_only_the_rules_that_were_asked_for_are_used():
    series = Series(values=[3, 4] * 10 + [80, 90] * 6)

    for names in ((), ("shewhart",), ("anhoej",)):
        allowed = {rule.name for name in names for rule in RULE_SETS[name].rules}
        found = {one.rule for one in evaluate(series, Spec(rules=names)).signals}
        assert found <= allowed
        assert bool(found) == bool(names)
