import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings

from knitwork.draw.chart import chart_svg, evaluation_layout
from knitwork.draw.geometry import FRAMES, chart_layout
from knitwork.draw.labels import text_width
from knitwork.draw.record import tail

from .records import chart_of, evaluations, quiet, worse

SHAPES = {"better": "circle", "worse": "path", "neither": "path"}


def drawn(svg):
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns:x="x" ', 1))


def texts(svg, frame):
    for text in drawn(svg).iter("text"):
        kinds = (text.get("class") or "").split()
        width = text_width(text.text or "", frame.font, "centre" in kinds)
        x = float(text.get("x")) - (width if "end" in kinds else 0)
        yield x, x + width, float(text.get("y")) - frame.font * 0.8, float(text.get("y")) + frame.font * 0.2, text


def boxes_touch(one, other):
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def test_the_places_of_a_small_chart_are_those_reckoned_by_hand():
    frame = FRAMES["desk"]
    layout = chart_layout(
        frame, values=[10.0, 30.0, None, 20.0], centre=[20.0] * 4, lower=[10.0] * 4, upper=[30.0] * 4,
        target=None, unit="", decimals=0,
    )  # fmt: skip

    # mark 4.5 + 2 at the left; 0.6 x 14 above; 14 x 1.25 + 6.5 below; 50 kept at the right
    assert layout.x == (6.5, 94.3, 182.2, 270.0)
    assert layout.y == (124.0, 8.4, None, 66.2)
    assert [(label.text, label.kind) for label in layout.labels] == [("30", "limit"), ("20", "centre"), ("10", "limit")]
    assert [piece[:5] for piece in layout.pieces] == [(6.5, 270.0, 66.2, (124.0,), (8.4,))]


def test_one_point_alone_stands_at_the_right_end():
    layout = evaluation_layout(chart_of([41.0], unit="min"), FRAMES["desk"])

    assert len(layout.x) == 1
    assert layout.x[0] > 200
    assert 'class="line" d="M' in chart_svg(chart_of([41.0]))


def test_an_empty_chart_is_a_picture_with_a_sentence():
    svg = chart_svg(chart_of([None, None]), title="Wait")

    assert 'aria-label="Wait. No values yet' in svg
    assert drawn(svg).find("circle") is None


def test_a_period_without_a_value_is_a_gap_in_the_line():
    svg = chart_svg(chart_of([3.0, 4.0, None, 5.0, 6.0]))

    assert re.search(r'class="line" d="([^"]+)"', svg)[1].count("M") == 2


def test_a_change_of_the_centre_is_a_break_and_not_a_slope():
    layout = chart_layout(
        FRAMES["desk"], values=[1.0, 2.0, 7.0, 8.0], centre=[1.5, 1.5, 7.5, 7.5], lower=[0.0, 0.0, 6.0, 6.0],
        upper=[3.0, 3.0, 9.0, 9.0], target=None, unit="", decimals=1,
    )  # fmt: skip
    before, after = layout.pieces

    assert before.end == pytest.approx((layout.x[1] + layout.x[2]) / 2, abs=0.11)
    assert after.start == pytest.approx(before.end, abs=0.11)
    assert before.centre > after.centre


def test_limits_of_changing_denominators_are_steps_half_way_between_points():
    evaluation = quiet()
    svg = chart_svg(evaluation)
    layout = evaluation_layout(evaluation, FRAMES["desk"])
    steps = [float(x) for x in re.findall(r"H([\d.]+)V", re.search(r'class="limit" d="([^"]+)"', svg)[1])]

    assert steps[0] == pytest.approx((layout.x[0] + layout.x[1]) / 2, abs=0.51)


def test_a_run_chart_has_a_centre_and_no_limits():
    svg = chart_svg(chart_of([5.0, 6.0, 7.0] * 8, chart="run"))

    assert 'class="band"' not in svg
    assert 'class="limit"' not in svg
    assert 'class="centre"' in svg


def test_limits_on_trial_are_drawn_as_such():
    assert 'class="limit trial"' in chart_svg(chart_of([5.0, 6.0, 7.5] * 5))
    assert 'class="limit trial"' not in chart_svg(chart_of([5.0, 6.0, 7.5] * 7))


def test_the_incomplete_last_point_is_hollow_and_says_so_under_the_pointer():
    svg = chart_svg(quiet())

    assert svg.count('class="hollow"') == 1
    assert "Oct 2026: 4.2%, not complete" in svg


def test_a_target_is_a_line_with_its_name_and_number():
    svg = chart_svg(worse())

    assert 'class="target"' in svg
    assert "target\u00a030</text>" in svg


def test_the_name_of_the_picture_is_its_title_and_sentence():
    label = drawn(chart_svg(worse(), title="ED to cath lab, wait")).get("aria-label")

    assert label == (
        "ED to cath lab, wait. Worse since July 2026: 9 months above the centre, now 41\u00a0min against 29"
    )


def test_titles_with_markup_in_them_are_only_text():
    svg = chart_svg(worse(), title='<script>"&')

    assert "<script" not in svg
    assert drawn(svg).get("aria-label").startswith('<script>"&. ')


def test_the_tail_keeps_limits_and_moves_signals():
    whole, last = worse(), tail(worse(), 12)

    assert last.values == whole.values[-12:]
    assert last.point_marks == whole.point_marks[-12:]
    assert last.centre == whole.centre
    assert chart_svg(last).count('class="worse"') == 9


@given(evaluations())
@settings(max_examples=150, deadline=None)
def test_marks_in_the_picture_are_those_of_the_record(evaluation):
    picture = drawn(chart_svg(evaluation))
    marks = [
        mark
        for mark, value, hollow in zip(evaluation.point_marks, evaluation.values, evaluation.hollow, strict=True)
        if value is not None and not hollow
    ]

    for verdict, shape in SHAPES.items():
        found = [node for node in picture.iter() if node.get("class") == verdict]
        assert len(found) == marks.count(verdict)
        assert all(node.tag == shape for node in found)
    known = sum(value is not None for value in evaluation.values)
    assert len(list(picture.iter("title"))) == known


@given(evaluations())
@settings(max_examples=150, deadline=None)
def test_nothing_leaves_the_box_and_no_text_covers_another_or_a_point(evaluation):
    for frame in (FRAMES["desk"], FRAMES["wall"], FRAMES["print"]):
        svg = chart_svg(evaluation, frame)
        layout = evaluation_layout(evaluation, frame)
        words = list(texts(svg, frame))

        for left, right, top, bottom, text in words:
            assert left >= 0 and right <= frame.width + 0.1, text.text
            assert top >= -frame.font * 0.05 and bottom <= frame.height, text.text
        points = [(x, y) for x, y in zip(layout.x, layout.y, strict=True) if y is not None]
        assert all(frame.mark <= x <= frame.width - frame.mark for x, _ in points)
        assert all(frame.mark <= y <= frame.height - frame.mark for _, y in points)
        for left, right, top, bottom, text in words:
            covered = [(x, y) for x, y in points if left - frame.dot < x < right + frame.dot and top < y < bottom]
            assert not covered, text.text
        beside = sorted((word for word in words if "when" not in word[4].get("class")), key=lambda word: word[2])
        assert all(after[2] - before[2] >= frame.font for before, after in pairwise(beside))
        below = [word for word in words if "when" in word[4].get("class")]
        assert not any(boxes_touch(one, other) for one, other in pairwise(below))


@given(evaluations())
@settings(max_examples=60, deadline=None)
def test_no_picture_has_a_style_a_script_or_anything_but_classes_and_places(evaluation):
    allowed = {"class", "viewBox", "role", "aria-label", "d", "x", "y", "cx", "cy", "r"}

    for size in FRAMES:
        picture = drawn(chart_svg(evaluation, size, title="Wait"))
        assert {name for node in picture.iter() for name in node.attrib} <= allowed
        assert {node.tag for node in picture.iter()} <= {"svg", "path", "circle", "g", "text", "title"}


def test_a_sparkline_has_no_words_but_a_name_and_the_same_marks():
    picture = drawn(chart_svg(worse(), "spark"))

    assert not list(picture.iter("text"))
    assert picture.get("aria-label")
    assert sum(node.get("class") == "worse" for node in picture.iter()) == 9


def test_a_desk_chart_of_36_points_stays_small():
    evaluation = chart_of([30.0 + (at * 7) % 5 for at in range(28)] + [45.0] * 8, direction="down", unit="min")
    # limits that step at every point cost the most: 4 kB hold 24 of these
    shares = chart_of([at % 7 + 4 for at in range(24)], chart="p", denominators=[90 + at * 7 % 60 for at in range(24)])

    assert len(chart_svg(evaluation, title="ED to cath lab, wait").encode()) <= 4096
    assert len(chart_svg(shares, title="ED to cath lab, wait").encode()) <= 4096
