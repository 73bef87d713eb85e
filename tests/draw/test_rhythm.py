"""Rounds of a day, a week and a year: nothing leaves its picture, no label covers another, equal values stand level."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from knitwork.draw.labels import text_width
from knitwork.draw.rhythm import BASE, FONT, TOP, WIDTH, bars_svg, layout, level_svg

HOURS = [str(hour) for hour in range(24)]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
values = st.floats(0, 1e6) | st.none()
names = st.text("abcdefgh <&é", max_size=30)


@st.composite
def rounds(draw):
    size = draw(st.sampled_from([7, 12, 24]))
    return draw(st.lists(values, min_size=size, max_size=size)), draw(st.lists(names, min_size=size, max_size=size))


@given(rounds())
@settings(max_examples=150, deadline=None)
def test_nothing_leaves_the_picture_and_no_name_covers_another(drawn):
    found = layout(*drawn)

    for bar in found.bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH
        assert TOP <= bar.top <= BASE
    for label in found.names:
        assert 0 <= label.x <= WIDTH - text_width(label.text, FONT) + 0.1
    if found.value:
        assert 0 <= found.value.x <= WIDTH - text_width(found.value.text, FONT, True) + 0.1
    for a, b in pairwise(found.names):
        assert a.x + text_width(a.text, FONT) <= b.x


@given(rounds())
@settings(max_examples=80, deadline=None)
def test_a_higher_value_never_stands_lower(drawn):
    parts, texts = drawn
    found = layout(parts, texts)
    known = sorted((value, bar.top) for value, bar in zip(parts, found.bars, strict=True) if value is not None)

    assert all(a[1] >= b[1] for a, b in pairwise(known))
    assert all(not bar.known for value, bar in zip(parts, found.bars, strict=True) if value is None)


@given(rounds())
@settings(max_examples=80, deadline=None)
def test_the_picture_is_well_formed_and_says_its_sentence(drawn):
    parts, texts = drawn

    for svg in (
        bars_svg(parts, texts, said="a <b> & c"),
        level_svg([v or 0.0 for v in parts], texts, said="a <b> & c"),
    ):
        root = ElementTree.fromstring(svg)
        assert root.get("aria-label") == "a <b> & c"
        assert root.get("role") == "img"
        assert "style" not in svg


def test_a_bar_is_drawn_for_every_part_where_someone_came_and_the_named_ones_are_dark():
    svg = bars_svg([0, 1, 2, 3, None, 4, 0], DAYS, said="", marked=[5])

    assert svg.count('class="bar"') == 3
    assert svg.count('class="most"') == 1
    assert ">4.0<" in svg


def test_hours_are_named_every_second_and_days_all():
    assert [label.text for label in layout([1.0] * 24, HOURS).names] == HOURS[::2]
    assert [label.text for label in layout([1.0] * 7, DAYS).names] == DAYS


def test_a_level_does_not_begin_at_nought_and_a_flat_one_stands():
    high = layout([90.0, 100.0], ["a", "b"], least=87.5)

    assert high.bars[0].top == pytest.approx(BASE - (BASE - TOP) * 0.2)
    assert re.search(r'class="level" d="M[\d.]+ 24L', level_svg([3.0] * 24, HOURS, said=""))


def test_an_empty_round_has_neither_value_nor_bars():
    assert layout([0.0] * 7, DAYS).value is None
    assert "path class" in bars_svg([None] * 7, DAYS, said="")


def test_names_must_be_as_many_as_parts():
    with pytest.raises(ValueError, match="needs as many names"):
        layout([1.0], [])
