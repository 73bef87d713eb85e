"""A chart whose points are links: each period is covered once, and leads where it should."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from knitwork.draw.chart import evaluation_layout
from knitwork.draw.geometry import FRAMES
from knitwork.draw.linked import NARROWEST, link_columns, linked_chart_svg
from knitwork.signals import Series, Spec, evaluate

MONTHS = tuple(f"{2024 + at // 12}-{at % 12 + 1:02}-01" for at in range(24))


def drawn(values, addresses=None, **more):
    one = evaluate(Series(labels=MONTHS[: len(values)], values=values, **more), Spec(direction="down", unit="min"))
    where = addresses or [f"/behind/{label}/" for label in one.labels]
    return one, linked_chart_svg(one, addresses=where, title="Wait", sentence="No signal", period="month")


@pytest.mark.parametrize("count", [1, 2, 12, 24])
def test_each_point_lies_in_its_own_column_and_columns_do_not_overlap(count):
    one, _svg = drawn([30 + at % 5 for at in range(count)])
    columns = link_columns(one, "page")

    for x, (left, width) in zip(evaluation_layout(one, FRAMES["page"]).x, columns, strict=True):
        assert left <= x <= left + width
    for (left, width), (after, _width) in pairwise(columns):
        assert left + width == pytest.approx(after, abs=0.2)


def test_a_click_on_a_period_leads_to_its_own_page_and_says_its_value():
    _one, svg = drawn([30, None, 41], ["/a/", "/b/", "/c/?x=1&y=2"])

    links = re.findall(r'<a class="point" href="([^"]+)" tabindex="-1"><title>([^<]+)</title>', svg)
    assert links == [
        ("/a/", "Jan 2024: 30\u00a0min"),
        ("/c/?x=1&amp;y=2", "Mar 2024: 41\u00a0min"),
    ]
    assert 'role="group"' in svg
    ET.fromstring(svg)


def test_without_addresses_nothing_is_a_link():
    _one, svg = drawn([30, 31, 32], ["", "", ""])

    assert "<a " not in svg


def test_points_that_stand_too_close_for_a_finger_are_no_links():
    labels = [f"d{at}" for at in range(60)]
    one = evaluate(Series(labels=labels, values=[5.0 + at % 3 for at in range(60)]), Spec())
    svg = linked_chart_svg(one, addresses=["/x/"] * 60, title="", sentence="", period="point")

    assert min(width for _x, width in link_columns(one, "page")) < NARROWEST
    assert "<a " not in svg
    assert 'role="img"' in svg
