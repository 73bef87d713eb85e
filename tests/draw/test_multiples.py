"""Small multiples: one scale, the same periods, each unit with its own centre and limits."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.draw.labels import text_width
from knitwork.draw.multiples import (
    EDGE,
    FONT,
    HEIGHT,
    WIDTH,
    common_periods,
    common_range,
    label_room,
    small_layout,
    small_svg,
)
from knitwork.signals import Series, Spec, evaluate

MONTHS = tuple(f"{2024 + at // 12}-{at % 12 + 1:02}-01" for at in range(24))
SPEC = Spec(direction="down", unit="min")
numbers = st.lists(st.one_of(st.none(), st.floats(0, 500)), min_size=1, max_size=24)


def judged(values, *, spec=SPEC, labels=None, **more):
    return evaluate(Series(labels=labels or MONTHS[: len(values)], values=values, **more), spec)


def ward(level, change=0):
    return judged([level + (3 if at % 2 else -3) + (change if at > 20 else 0) for at in range(24)])


def test_the_same_value_stands_at_the_same_height_in_every_picture():
    wards = [ward(30), ward(60)]
    within, labels = common_range(wards), common_periods(wards, 24)

    low, high = (small_layout(one, within=within, labels=labels) for one in wards)

    # 33 is a high month of the one, 57 a low month of the other; the scale runs from 27 to 63.
    assert within == (27, 63)
    of_33, of_57 = low.dots[1].y, high.dots[0].y
    assert of_33 - of_57 == pytest.approx((57 - 33) / (63 - 27) * (HEIGHT - 2 * EDGE), abs=0.2)
    assert low.x == high.x


@settings(deadline=None)  # the first drawing warms what judging needs
@given(st.lists(numbers, min_size=1, max_size=5))
def test_no_point_leaves_its_picture_and_every_known_one_is_there(columns):
    units = [judged(values) for values in columns]
    within, labels = common_range(units), common_periods(units, 24)

    for one in units:
        place = small_layout(one, within=within, labels=labels)
        known = [dot for dot in place.dots if dot]
        assert len(known) == sum(value is not None for value in one.values)
        assert all(EDGE <= dot.y <= HEIGHT - EDGE and EDGE <= dot.x <= WIDTH for dot in known)
        svg = small_svg(one, within=within, labels=labels, name="Ward")
        ET.fromstring(svg)


def test_a_unit_of_a_few_patients_does_not_press_the_others_flat():
    few = judged([0, 100] * 12, spec=Spec(direction="down", unit="min", rules=()))
    wards = [ward(30), few]
    within, labels = common_range(wards), common_periods(wards, 24)

    place = small_layout(few, within=within, labels=labels)

    assert within == (27, 33)
    assert place.centre is None  # its centre of 50 lies beyond: named, and no line at a wrong place
    assert place.label.startswith("50")
    assert all(dot.beyond for dot in place.dots)
    assert small_svg(few, within=within, labels=labels, name="Few").count('class="beyond"') == 24


def test_a_unit_that_opened_later_begins_later_under_the_same_periods():
    late = judged([40.0] * 6, labels=MONTHS[18:])
    wards = [ward(30), late]

    place = small_layout(late, within=common_range(wards), labels=common_periods(wards, 24))

    assert place.dots[:18] == (None,) * 18
    assert [dot.x for dot in place.dots[18:]] == list(place.x[18:])


def test_a_signal_keeps_its_shape_and_a_month_that_is_not_over_is_hollow():
    values = [30 + (3 if at % 2 else -3) for at in range(22)] + [90, 31]
    one = judged(values, incomplete_last=True)
    svg = small_svg(one, within=common_range([one]), labels=MONTHS, name="Ward 7: worse")

    assert svg.count('class="worse"') == 1
    assert svg.count('class="hollow"') == 1
    assert 'aria-label="Ward 7: worse"' in svg


@pytest.mark.parametrize("values", [[4.0], [None, None], [12345.678] * 24])
def test_the_number_at_the_end_stays_in_the_picture(values):
    one = judged(values)
    room = label_room([one])
    place = small_layout(one, within=common_range([one]), labels=common_periods([one], 24), room=room)

    assert place.label_x + text_width(place.label, FONT, True) <= WIDTH


def test_a_name_with_odd_letters_is_escaped_and_nothing_is_styled_in_place():
    svg = small_svg(ward(30), within=(0, 60), labels=MONTHS, name='A & "B" <c>')

    assert 'aria-label="A &amp; &quot;B&quot; &lt;c&gt;"' in svg
    assert "style=" not in svg
    assert not re.search(r"#[0-9a-f]{3}", svg)
