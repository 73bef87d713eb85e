"""Bad input gets a sentence that names the row and what to do; never a wrong picture."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from knitwork.signals import BadSeries, Series, Spec, evaluate, evaluate_many


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "has no values: give values, or numerators and denominators"),
        ({"values": [1, "two"]}, "row 2 of the values is 'two': give a number, or None"),
        ({"values": [1, object()]}, "row 2 of the values"),
        ({"values": "12"}, "the values are a piece of text"),
        ({"values": [1, float("inf")]}, "row 2 of the values is infinite"),
        ({"values": [1], "numerators": [1]}, "give one or the other"),
        ({"denominators": [1]}, "add the numerators"),
        ({"numerators": [1, 2], "denominators": [3]}, "2 periods and 1 denominators"),
        ({"labels": ["a"], "values": [1, 2]}, "1 periods and 2 values"),
        ({"labels": ["2024-02-01", "2024-01-01"], "values": [1, 2]}, "row 2 (2024-01-01) comes after 2024-02-01: sort"),
        ({"labels": ["2024-02-01", "2024-02-01"], "values": [1, 2]}, "row 2 has the date 2024-02-01 again"),
    ],
)
def test_a_series_that_cannot_be_charted_is_refused_in_a_sentence(columns, sentence):
    with pytest.raises(BadSeries) as refused:
        Series(**columns)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("chart", "columns", "sentence"),
    [
        ("p", {"values": [0.5, 0.6]}, "needs numerators and denominators"),
        ("u", {"numerators": [1, 2]}, "needs numerators and denominators"),
        ("p", {"numerators": [1, 7], "denominators": [5, 5]}, "row 2 (2) has a numerator above its denominator"),
        ("p", {"numerators": [1, -1], "denominators": [5, 5]}, "row 2 (2) is below 0"),
        ("u", {"numerators": [1, 1], "denominators": [5, -5]}, "row 2 (2)"),
        ("c", {"values": [3, -2]}, "row 2 (2) is below 0"),
    ],
)
def test_a_series_that_does_not_fit_its_chart_is_refused_with_its_row(chart, columns, sentence):
    with pytest.raises(BadSeries) as refused:
        evaluate(Series(**columns), Spec(chart=chart))

    assert sentence in str(refused.value)


def test_a_point_that_is_not_there_cannot_be_left_out():
    with pytest.raises(BadSeries, match="leaves out position 5 and the series has 3 periods"):
        evaluate(Series(values=[1, 2, 3]), Spec(exclude=(5,)))


def test_each_series_needs_a_definition():
    with pytest.raises(BadSeries, match="2 series and 1 definitions"):
        evaluate_many([Series(values=[1]), Series(values=[2])], [Spec()])


def test_numbers_of_any_make_are_taken_and_nan_is_missing():
    series = Series(values=[np.int64(3), np.float32(0.5), Decimal("1.5"), float("nan"), None, True])

    assert series.values == (3.0, 0.5, 1.5, None, None, 1.0)


@pytest.mark.parametrize("chart", ["run", "xmr", "c"])
@pytest.mark.parametrize("values", [[], [None], [None, None], [4], [4, None]])
def test_next_to_nothing_gives_an_empty_chart_and_says_why(chart, values):
    ours = evaluate(Series(values=values), Spec(chart=chart))

    assert not ours.signals and not ours.has_limits
    assert ours.reasons[0] == ("too_few_points" if 4 in values else "no_points")


def test_a_run_or_xmr_chart_takes_numerators_and_denominators_as_their_ratio():
    ours = evaluate(Series(numerators=[1, 2, 3], denominators=[4, 4, 0]), Spec(chart="run", factor=100))

    assert ours.values == (25.0, 50.0, None)
    assert "zero_denominators" in ours.reasons


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (("2026-03", "2026-01"), r"row 2 \(2026-01\) comes after 2026-03"),
        (("2026-W10", "2026-W10"), "row 2 has the date 2026-W10 again"),
        (("2026-02-28", "2026-02-30"), "row 2 has '2026-02-30', which is no date"),
        (("2026-01-01", "total"), "row 2 has 'total', which is no date"),
    ],
)
def test_months_and_weeks_that_repeat_go_back_or_do_not_exist_are_refused(labels, sentence):
    with pytest.raises(BadSeries, match=sentence):
        Series(labels=labels, values=[1, 2])
