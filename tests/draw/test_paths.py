"""The common way by its numbers: streams lead to the right, boxes do not touch, nothing is lost without a word."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
from hypothesis import given

from knitwork.draw.labels import text_width
from knitwork.draw.paths import (
    BOX,
    FONT,
    MOST_COLUMNS,
    MOST_STREAMS,
    MOST_UNITS,
    THICKEST,
    Stop,
    Way,
    path_of,
    path_svg,
)  # fmt: skip

STOPS = [Stop(f"Unit {n} <of> a long name & more", 100 + n, f"/units/{n}/") for n in range(20)]
ways = st.dictionaries(
    st.tuples(st.integers(0, 19), st.integers(0, 19)), st.integers(1, 5000), min_size=1, max_size=60
).map(lambda found: [Way(a, b, n) for (a, b), n in found.items()])


@given(ways)
def test_every_stream_is_drawn_to_the_right_or_told_or_left_out_and_counted(found):
    path = path_of(STOPS, found)

    drawn = [ribbon.way for ribbon in path.ribbons]
    parts = [*drawn, *path.back, *path.left_out]
    assert sorted(parts, key=repr) == sorted((w for w in found if w.before != w.after), key=repr)
    assert len(path.boxes) <= MOST_UNITS
    assert len(drawn) + len(path.back) <= MOST_STREAMS
    for ribbon in path.ribbons:
        xs = [x for x, _y in ribbon.points]
        assert xs == sorted(xs)
        assert ribbon.width <= THICKEST


@given(ways)
def test_boxes_lie_apart_and_inside_and_streams_touch_the_boxes_they_join(found):
    path = path_of(STOPS, found)

    columns = {}
    for box in path.boxes:
        columns.setdefault(box.x, []).append(box)
        assert box.y >= 0
        assert box.y + box.height <= path.height
        assert box.x + BOX <= path.width
        assert all(text_width(line, FONT) <= BOX - 16 for line in box.name)
    assert len(columns) <= MOST_COLUMNS
    for boxes in columns.values():
        for upper, lower in pairwise(sorted(boxes, key=lambda box: box.y)):
            assert upper.y + upper.height < lower.y
    by_stop = {box.stop: box for box in path.boxes}
    for ribbon in path.ribbons:
        first, last = by_stop[STOPS[ribbon.way.before]], by_stop[STOPS[ribbon.way.after]]
        assert first.y - 0.1 <= ribbon.points[0][1] <= first.y + first.height + 0.1
        assert last.y - 0.1 <= ribbon.points[-1][1] <= last.y + last.height + 0.1
        assert ribbon.points[0][0] == first.x + BOX
        assert ribbon.points[-1][0] == last.x


def test_a_way_through_four_units_stands_in_four_columns_in_its_order():
    path = path_of(STOPS, [Way(2, 0, 300), Way(0, 3, 250), Way(3, 1, 200), Way(2, 3, 40)])

    order = [box.stop.name for box in sorted(path.boxes, key=lambda box: box.x)]
    assert order == [STOPS[n].name for n in (2, 0, 3, 1)]
    assert len({box.x for box in path.boxes}) == 4
    assert path.back == ()


def test_there_and_back_is_drawn_once_and_told_once():
    path = path_of(STOPS, [Way(0, 1, 300), Way(1, 0, 120)])

    assert [ribbon.way for ribbon in path.ribbons] == [Way(0, 1, 300)]
    assert path.back == (Way(1, 0, 120),)


def test_the_picture_is_text_that_parses_with_links_and_without_style():
    svg = path_svg(path_of(STOPS, [Way(0, 1, 300), Way(1, 2, 100)]), "<said>")

    root = ET.fromstring(svg)
    assert root.get("role") == "group"
    assert [link.get("href") for link in root.iter("a")] == [f"/units/{n}/" for n in range(3)]
    assert "style=" not in svg
