"""Mix and rate: the split is exact, and a reversal is said only where the cases bear it out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.measures.mix import FEWEST_CASES, Part, Span, decompose, reversal


@st.composite
def spans(draw):
    cases = draw(st.integers(0, 400))
    return Span(draw(st.integers(0, cases)), cases)


parts = st.lists(
    st.builds(lambda n, before, after: Part(f"U{n}", before, after), st.integers(0, 10**6), spans(), spans()),
    min_size=1,
    max_size=12,
    unique_by=lambda part: part.unit,
)


@given(parts)
def test_mix_and_rate_add_up_to_the_change_to_the_last_bit(parts):
    found = decompose(parts)
    if found is None:
        assert not sum(p.before.cases for p in parts) or not sum(p.after.cases for p in parts)
        return

    before = Fraction(sum(p.before.counted for p in parts), sum(p.before.cases for p in parts))
    after = Fraction(sum(p.after.counted for p in parts), sum(p.after.cases for p in parts))
    assert found.rate + found.mix == after - before == found.change
    assert sum(s.rate for s in found.shares) == found.rate
    assert sum(s.mix for s in found.shares) == found.mix


@given(parts)
def test_turned_in_time_each_part_changes_its_sign(parts):
    forth = decompose(parts)
    back = decompose([Part(p.unit, p.after, p.before) for p in parts])

    assert (forth is None) == (back is None)
    if forth is not None:
        assert (forth.rate, forth.mix) == (-back.rate, -back.mix)


@given(parts)
def test_without_a_change_of_mix_all_is_rate(parts):
    same = [Part(p.unit, p.before, Span(min(p.after.counted, p.before.cases), p.before.cases)) for p in parts]
    found = decompose(same)

    assert found is None or found.mix == 0


@given(parts)
def test_without_a_change_of_rates_all_is_mix(parts):
    same = [Part(p.unit, p.before, Span(p.before.counted * 3, p.before.cases * 3)) for p in parts]
    found = decompose(same)

    assert found is None or found.rate == found.mix == 0


def test_a_worked_example():
    # Shares of 1/2 and 1/2 become 4/5 and 1/5; rates of 10% and 30% become 8% and 24%.
    found = decompose([Part("A", Span(10, 100), Span(16, 200)), Part("B", Span(30, 100), Span(12, 50))])

    assert found.before == Fraction(40, 200)
    assert found.after == Fraction(28, 250)
    assert found.rate == Fraction(-2, 100) * Fraction(65, 100) + Fraction(-6, 100) * Fraction(35, 100)
    assert found.mix == Fraction(3, 10) * Fraction(9, 100) - Fraction(3, 10) * Fraction(27, 100)


# The admissions of 1973 to Berkeley in reverse: every unit falls, the whole rises.
REVERSED = (Part("A", Span(180, 900), Span(60, 400)), Part("B", Span(50, 100), Span(270, 600)))


def test_a_whole_that_rises_while_every_unit_falls_is_a_reversal():
    found = reversal(decompose(REVERSED))

    assert found is not None
    assert found.rose
    assert found.every
    assert (found.against, found.asked) == (2, 2)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((Part("A", Span(20, 100), Span(60, 200)), Part("B", Span(30, 100), Span(40, 100))), "both rise with the whole"),
        ((REVERSED[0],), "one unit is no mix"),
        (tuple(Part(p.unit, Span(p.before.counted // 40, p.before.cases // 40),
                    Span(p.after.counted // 40, p.after.cases // 40)) for p in REVERSED), "too few cases"),
        ((*REVERSED, Part("C", Span(400, 1000), Span(1, FEWEST_CASES - 1))), "most cases are in a unit not asked"),
        ((Part("A", Span(180, 900), Span(79, 400)), Part("B", Span(50, 100), Span(299, 600))),
         "the units hardly moved: chance may do that"),
    ],
)  # fmt: skip
def test_where_the_cases_do_not_bear_it_out_nothing_is_said(parts, why):
    assert reversal(decompose(parts)) is None, why


@given(parts, st.booleans())
def test_a_reversal_is_never_said_of_a_whole_that_moved_with_its_units(parts, proportion):
    found = reversal(decompose(parts), proportion=proportion)

    if found is not None:
        assert found.change.change * found.change.rate < 0
        assert found.against > 0
        assert found.asked >= 2


def test_without_cases_in_one_span_there_is_nothing_to_split():
    assert decompose([Part("A", Span(0, 0), Span(3, 9))]) is None
    assert reversal(None) is None
