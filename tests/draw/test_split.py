"""Bars of months and the parts of an interval, by their numbers."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
import pytest
from hypothesis import given

from knitwork.draw.labels import text_width
from knitwork.draw.split import (
    FONT,
    LEFT,
    NAMES,
    PANEL,
    RIGHT,
    WIDTH,
    WORDS,
    Month,
    Part,
    interval_svg,
    months_of,
    months_svg,
    pieces_of,
)  # fmt: skip

seconds = st.floats(0, 1e7)
months = st.lists(
    st.builds(Month, name=st.just("May 2026"), there=st.none() | seconds, between=st.none() | seconds,
              unknown=st.none() | seconds, complete=st.booleans()),
    max_size=24,
)  # fmt: skip


@given(months)
def test_bars_stand_on_their_base_and_inside_their_row(made):
    place = months_of(made, ("In units", "Between units"))

    for column in place.columns:
        assert column.x >= LEFT
        assert column.x + column.width <= WIDTH - RIGHT + 0.2
        panel = next(p for p in place.panels if p.top - 0.2 <= column.y <= p.base + 0.2)
        assert column.y + column.height <= panel.base + 0.3
    ET.fromstring(months_svg(place, "said", most=("9 days", "3 h")))


def test_heights_are_as_the_values_and_each_row_has_its_own_scale():
    made = [Month("May", 1000, 10), Month("June", 500, 40, unknown=250, complete=False)]
    place = months_of(made, ("In units", "Between units"))

    heights = {(c.kind, round(c.x)): c.height for c in place.columns}
    tall = sorted(heights.values())
    assert tall == pytest.approx(sorted([PANEL, PANEL / 2, PANEL / 4, PANEL / 4, PANEL]))
    assert [c.kind for c in place.columns] == ["there", "there hollow", "unknown", "between", "between hollow"]


def test_no_month_and_nothing_but_unknown_months_draw_no_bar():
    assert months_of([], ("a", "b")).columns == ()
    assert months_of([Month("May", None, None)], ("a", "b")).columns == ()


@given(
    st.lists(
        st.builds(Part, name=st.text(max_size=80), seconds=st.floats(1, 1e6), words=st.just("2 h 35 min")), max_size=12
    )
)
def test_parts_follow_one_another_and_fill_the_width_together(parts):
    pieces = pieces_of(parts)

    room = WIDTH - NAMES - WORDS
    for before, after in itertools.pairwise(pieces):
        assert after.x == pytest.approx(before.x + room * before.part.seconds / sum(p.seconds for p in parts), abs=0.2)
        assert after.y > before.y
    if pieces:
        assert pieces[-1].x + room * parts[-1].seconds / sum(p.seconds for p in parts) == pytest.approx(
            NAMES + room, abs=0.3
        )
    assert all(text_width(line, FONT) <= NAMES for piece in pieces for line in piece.name)
    assert interval_svg(parts, "<said>").count("<rect") == len(parts)
