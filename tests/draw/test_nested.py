"""The map of nested units: every group stands once, in order, and no lower map can be made."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.draw.nested import HEAD, shared, shelves

groups = st.lists(st.integers(0, 60), min_size=0, max_size=12)


@given(groups, st.integers(1, 8))
def test_every_group_stands_once_and_in_order(sizes, columns):
    found = shelves(sizes, columns=columns)

    assert sum(len(shelf.widths) for shelf in found) == len(sizes)
    assert [shelf.first for shelf in found] == [sum(len(one.widths) for one in found[:at]) for at in range(len(found))]


@given(groups, st.integers(1, 8))
def test_no_shelf_is_wider_than_the_page_and_each_holds_its_units(sizes, columns):
    for shelf in shelves(sizes, columns=columns):
        assert sum(shelf.widths) == columns
        for at, width in enumerate(shelf.widths):
            assert width * shelf.rows >= sizes[shelf.first + at]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(4, 6))
def test_no_other_widths_make_a_shelf_lower(counts, columns):
    _widths, rows = shared(counts, columns)
    others = (w for w in product(range(1, columns + 1), repeat=len(counts)) if sum(w) <= columns)

    assert rows == min(max(-(-c // w) for c, w in zip(counts, widths, strict=True)) for widths in others)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_no_other_breaks_make_the_whole_lower(sizes):
    height = sum(shelf.rows + HEAD for shelf in shelves(sizes))
    cuts = [cut for n in range(len(sizes)) for cut in combinations(range(1, len(sizes)), n)]

    assert height == min(
        sum(shared(sizes[a:b], 6)[1] + HEAD for a, b in zip((0, *cut), (*cut, len(sizes)), strict=True)) for cut in cuts
    )


@pytest.mark.parametrize("sizes", [[], [0], [200], [25] * 8, [1] * 200])
def test_homes_of_any_size_have_a_map(sizes):
    assert sum(len(shelf.widths) for shelf in shelves(sizes)) == len(sizes)
