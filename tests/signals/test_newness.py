"""What is new: a signal that the last point made, and how often chance makes one."""

from __future__ import annotations

import numpy as np
import pytest

from knitwork.signals import Series, Spec, evaluate, evaluate_many
from knitwork.signals.newness import chance_of_new, last_tested, new_signals

STEADY = [5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6, 8, 6, 7, 5, 6]
SPEC = Spec(direction="down")


def new_of(values, **more):
    whole = evaluate(Series(values=values, **more), SPEC)
    before = evaluate(Series(values=values[: last_tested(whole)]), SPEC)
    return [(one.rule, one.verdict) for one in new_signals(whole, before)]


@pytest.mark.parametrize(
    ("after", "new"),
    [
        ([6], []),
        ([30], [("beyond_limits", "worse")]),
        ([30, 30], []),  # the month before said it already
        ([30, 6], []),  # it is over
        ([30, 6, 30], [("beyond_limits", "worse")]),  # once more, and a month lay between
        ([9] * 8, []),  # eight above the centre are not yet a run of twenty-eight points
        ([9] * 9, [("longest_run", "worse")]),  # the ninth makes it
        ([9] * 10, []),
    ],
)
def test_only_what_the_last_point_made_is_new(after, new):
    found = new_of(STEADY + after)

    assert [one for one in found if one[0] != "few_crossings"] == new


def test_a_month_that_is_not_over_makes_nothing_new():
    assert new_of([*STEADY, 6, 30], incomplete_last=True) == []
    assert new_of([*STEADY, 30, 6], incomplete_last=True) == [("beyond_limits", "worse")]


def test_without_a_point_there_is_nothing_new():
    nothing = evaluate(Series(values=[None, None]), SPEC)

    assert new_signals(nothing, nothing) == ()


@pytest.mark.parametrize("points", [20, 24, 36])
def test_the_chance_is_that_of_charts_judged_one_by_one(points):
    # The slow way: whole records made of values drawn here, with another seed.
    rng = np.random.default_rng(7)
    values = rng.normal(size=(1500, points)).tolist()
    whole = evaluate_many([Series(values=row) for row in values], Spec())
    before = evaluate_many([Series(values=row[:-1]) for row in values], Spec())

    counted = sum(bool(new_signals(one, other)) for one, other in zip(whole, before, strict=True)) / len(values)

    # Two draws of 1,500 and 4,000: three standard errors of a chance of 2 to 3%.
    assert chance_of_new(points) == pytest.approx(counted, abs=0.015)
    assert 0.001 < chance_of_new(points) < 0.06
