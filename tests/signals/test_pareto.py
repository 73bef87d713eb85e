"""The Pareto table against another tool, a slow reference, and its edges."""

from __future__ import annotations

import csv
import json
import math
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from knitwork.model.errors import BadDefinition
from knitwork.signals.pareto import ParetoSpec, pareto
from knitwork.signals.series import BadSeries

names = st.lists(st.sampled_from(["fall", "drug", "Drug", "infection", "pressure ulcer", "other", "zoo"]), min_size=1)


@pytest.mark.real_data
def test_the_table_agrees_with_qicharts2(shared):
    folder = shared / "oracles" / "spc" / "qicharts2-pareto-gtt"
    with (folder / "input.csv").open(encoding="utf-8") as file:
        table = pareto([row["harm"] for row in csv.DictReader(file)])
    with (folder / "expected.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))

    assert [row.name for row in table.rows] == [row["x"] for row in expected]
    for ours, theirs in zip(table.rows, expected, strict=True):
        assert (ours.count, ours.cumulative) == (int(theirs["y"]), int(theirs["y.cum"]))
        assert ours.share == pytest.approx(float(theirs["p"]), rel=1e-9)
        assert ours.cumulative_share == pytest.approx(float(theirs["p.cum"]), rel=1e-9)
    # its third category brings 78.6%, its fourth 92.4%
    assert table.few == ("Gastrointestinal", "Infection", "Procedure", "Medication")


@given(names, st.sampled_from([Fraction(1, 2), Fraction(4, 5), Fraction(1)]))
def test_rows_and_the_few_are_those_of_exact_fractions(cases, share):
    table = pareto(cases, ParetoSpec(share=float(share)))

    counted = {name: cases.count(name) for name in cases}
    so_far, few = 0, []
    for row in table.rows:
        if Fraction(so_far, len(cases)) < share:
            few.append(row.name)
        so_far += counted[row.name]
        assert row.count == counted.pop(row.name)
        assert row.cumulative == so_far
        assert row.cumulative_share == pytest.approx(so_far / len(cases))
    assert not counted
    assert table.few == tuple(few)


@given(names, st.randoms())
def test_the_order_of_cases_does_not_matter(cases, chance):
    shuffled = cases.copy()
    chance.shuffle(shuffled)

    assert pareto(shuffled) == pareto(cases)


@given(names)
def test_counting_first_gives_the_same_table(cases):
    assert pareto({name: cases.count(name) for name in cases}) == pareto(cases)


@given(st.dictionaries(st.text("abcdef", min_size=1), st.floats(0, 1e9), min_size=1, max_size=12))
def test_shares_add_up_to_one_and_never_rise(counts):
    assume(math.fsum(counts.values()) > 0)
    rows = pareto(counts).rows

    assert rows[-1].cumulative_share == 1
    assert [row.share for row in rows] == sorted((row.share for row in rows), reverse=True)
    assert math.fsum(row.share for row in rows) == pytest.approx(1)


def test_ties_stand_in_order_of_their_names_whatever_their_case():
    assert [row.name for row in pareto(["b", "C", "a", "d", "d"]).rows] == ["d", "a", "b", "C"]


def test_a_share_that_is_met_exactly_is_met():
    assert pareto({"a": 28, "b": 7}).few == ("a",)
    assert pareto({"a": 0.1, "b": 0.1, "c": 0.1, "d": 0.1, "e": 0.1}).few == ("a", "b", "c", "d")


def test_cases_without_a_category_are_told_and_not_counted():
    table = pareto(["a", None, "", "  ", float("nan"), "a"])

    assert (table.total, table.missing) == (2, 4)
    assert len(table) == 1


def test_a_category_of_nothing_stands_last():
    assert [row.name for row in pareto({"none": 0, "a": 3}).rows] == ["a", "none"]


def test_the_formula_says_how_many_make_how_much():
    assert pareto({"a": 3, "b": 1}, ParetoSpec(unit="falls")).formula == (
        "2 of 2 categories make 4 of 4 falls, 100.0%: the fewest that reach 0.8"
    )


def test_definition_and_table_are_plain_values():
    spec = ParetoSpec(share=0.5, unit="falls")
    table = pareto(["a", "b", "a"], spec)

    assert ParetoSpec.from_json(spec.to_json()) == spec
    assert json.loads(table.to_json()) == table.to_dict()


@pytest.mark.parametrize("share", [0, -0.1, 1.01, math.nan, "0.8", True])
def test_a_share_outside_nought_to_one_is_refused(share):
    with pytest.raises(BadDefinition, match="give a number above 0 and up to 1"):
        ParetoSpec(share=share)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "there are no categories"),
        ([None, ""], "there are no categories"),
        ({}, "there are no categories"),
        ("fall", "one piece of text"),
        (["a", 3], "row 2 of the categories is 3: give a name"),
        ({"a": -1}, "the count of a is -1: a count is never below 0"),
        ({"a": math.inf}, "the count of a is inf"),
        ({"a": math.nan}, "the count of a is nan"),
        ({"a": "3"}, "the count of a is '3': give a number"),
        ({"a": None}, "the count of a is None"),
        ({"a": [1]}, r"the count of a is \[1\]"),
        ({"": 3}, "a category is called ''"),
        ({3: 3}, "a category is called 3"),
        ({"a": 0, "b": 0}, "all counts are 0"),
        ({"a": 1e308, "b": 1e308}, "the count of a is 1e.308: nobody counted so many"),
    ],
)
def test_what_is_no_category_or_count_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(BadSeries, match=sentence):
        pareto(given)
