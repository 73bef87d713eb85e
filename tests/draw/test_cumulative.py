"""Pictures of cumulative sums and of Pareto tables, by their records."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from knitwork.draw.cumulative import cusum_layout, cusum_svg, vlad_layout, vlad_svg
from knitwork.draw.geometry import FRAMES
from knitwork.draw.labels import text_width
from knitwork.draw.pareto import pareto_layout, pareto_svg
from knitwork.signals.cumulative import (
    BernoulliSpec,
    TabularSpec,
    bernoulli_cusum,
    risk_adjusted_cusum,
    tabular_cusum,
    vlad_record,
)
from knitwork.signals.pareto import ParetoSpec, pareto

ALLOWED = {"class", "viewBox", "role", "aria-label", "d", "x", "y", "cx", "cy", "r", "width", "height"}
SHAPES = {"better": "circle", "worse": "path", "neither": "path"}

# What stands under a picture: case numbers, months, or names that are far too long.
NAMES = (
    lambda at: str(at + 1),
    lambda at: f"{2020 + at // 12}-{at % 12 + 1:02d}-01",
    lambda at: f"Case {at} of a ward whose name goes on and on and on and on",
)


@st.composite
def cusums(draw):
    values = draw(st.lists(st.none() | st.floats(-1e4, 1e4), min_size=1, max_size=40).filter(any))
    spec = TabularSpec(
        centre=0, sigma=draw(st.floats(0.5, 100)), h=draw(st.floats(0.1, 40)),
        direction=draw(st.sampled_from(["up", "down", "neither"])),
    )  # fmt: skip
    return tabular_cusum(values, spec, labels=map(draw(st.sampled_from(NAMES)), range(len(values))))


@st.composite
def vlads(draw):
    cases = draw(st.lists(st.tuples(st.sampled_from([0, 1, None]), st.floats(0.01, 0.99)), max_size=60))
    cases.append((draw(st.sampled_from([0, 1])), 0.5))
    names = map(draw(st.sampled_from(NAMES)), range(len(cases)))
    return vlad_record([y for y, _ in cases], [p for _, p in cases], labels=names)


tables = st.builds(
    lambda counts, share: pareto(counts, ParetoSpec(share=share)),
    st.dictionaries(st.text(min_size=1, max_size=50).filter(str.strip), st.integers(1, 10**9), min_size=1, max_size=16),
    st.floats(0.01, 1),
)


def drawn(svg):
    return ET.fromstring(svg)


def words(picture, frame):
    """Return the box of every text: left, right, top, bottom and the text."""
    for node in picture.iter("text"):
        kinds = (node.get("class") or "").split()
        width = text_width(node.text or "", frame.font, "centre" in kinds)
        left = float(node.get("x")) - (width if "end" in kinds else 0)
        y = float(node.get("y"))
        yield left, left + width, y - frame.font * 0.8, y + frame.font * 0.2, node.text or ""


def places(picture):
    """Return every place that a line or a mark touches."""
    for node in picture.iter("path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", node.get("d")):
            yield float(x), float(y)
    for node in picture.iter("circle"):
        yield float(node.get("cx")), float(node.get("cy"))


def assert_all_in_the_box(svg, frame):
    picture = drawn(svg)
    width, height = map(float, picture.get("viewBox").split()[2:])
    for left, right, top, bottom, text in words(picture, frame):
        assert left >= -0.1 and right <= width + 0.1, text
        assert top >= -1 and bottom <= height + 0.1, text
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places(picture))
    assert {name for node in picture.iter() for name in node.attrib} <= ALLOWED
    return picture


def boxes_touch(one, other):
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


@given(cusums())
@settings(deadline=None)
def test_every_sum_and_every_word_stands_inside_and_marks_are_those_of_the_record(record):
    for size, frame in FRAMES.items():
        picture = assert_all_in_the_box(cusum_svg(record, size, title="Wait"), frame)

        for verdict, shape in SHAPES.items():
            found = [node for node in picture.iter() if node.get("class") == verdict]
            assert len(found) == sum(one.verdict == verdict for one in record.signals)
            assert all(node.tag == shape for node in found)
        beside = sorted(box[2] for box in words(picture, frame) if box[0] > cusum_layout(record, frame).x[-1] + 1)
        assert all(after - before >= frame.font for before, after in pairwise(beside))


@given(vlads())
@settings(deadline=None)
def test_a_vlad_has_one_line_and_nothing_that_looks_like_a_verdict(record):
    for size, frame in FRAMES.items():
        picture = assert_all_in_the_box(vlad_svg(record, size), frame)

        classes = {name for node in picture.iter() for name in (node.get("class") or "").split()}
        assert not classes & {"better", "worse", "neither", "band", "target"}
        assert [node.get("class") for node in picture.iter("path")] == ["centre", "line"]
        below = [box for box in words(picture, frame) if box[3] > frame.height - frame.font]
        assert not any(boxes_touch(one, other) for one, other in pairwise(below))


@given(tables)
@settings(deadline=None, max_examples=60)
def test_every_bar_and_every_word_of_a_pareto_table_stands_inside_and_none_covers_another(table):
    for size, frame in FRAMES.items():
        picture = assert_all_in_the_box(pareto_svg(table, size), frame)
        layout = pareto_layout(table, frame)

        assert len(list(picture.iter("rect"))) == min(len(table), 12)
        for bar in layout.bars:
            assert layout.start + bar.length <= bar.so_far + 0.15
            assert bar.so_far <= layout.end + 0.05
        boxes = list(words(picture, frame))
        assert not any(boxes_touch(one, other) for at, one in enumerate(boxes) for other in boxes[at + 1 :])


def test_the_places_of_a_small_cusum_are_those_reckoned_by_hand():
    record = tabular_cusum([11.5, 11.5, None, 8.0], TabularSpec(centre=10, sigma=1, h=2))
    layout = cusum_layout(record, FRAMES["desk"])

    # sums 1, 2, none, 0 and 0, 0, none, -1.5 on a scale from -2 (124) to 2 (8.4)
    assert layout.x == (6.5, 94.3, 182.2, 270.0)
    assert layout.lines == ((37.3, 8.4, None, 66.2), (66.2, 66.2, None, 109.5))
    assert (layout.zero, layout.limits) == (66.2, (8.4, 124.0))
    assert [(text, kind) for _, text, kind in layout.labels] == [("2", "limit"), ("0", "centre"), ("−2", "limit")]


def test_a_missing_case_is_a_gap_in_both_lines():
    svg = cusum_svg(tabular_cusum([11.0, 12.0, None, 12.0, 11.0], TabularSpec(centre=10, sigma=1)))

    assert [line.count("M") for line in re.findall(r'class="line" d="([^"]+)"', svg)] == [2, 2]


def test_a_signal_says_its_case_and_a_stroke_shows_where_it_began():
    record = bernoulli_cusum([0, 0, 1, 1, 1], BernoulliSpec(baseline=0.1, limit=1.5, direction="down"))
    layout = cusum_layout(record, FRAMES["page"])
    picture = drawn(cusum_svg(record))

    (stroke,) = [node for node in picture.iter("path") if node.get("class") == "aside"]
    assert stroke.get("d").startswith(f"M{layout.x[2]:g} ")
    (worse,) = [node for node in picture.iter("path") if node.get("class") == "worse"]
    assert worse.get("d").startswith(f"M{layout.x[4]:g} ")
    assert worse.find("title").text == "5"


def test_a_signal_stands_on_its_own_sum():
    record = tabular_cusum([13.0, 13.0, 6.0, 6.0], TabularSpec(centre=10, sigma=1, h=4, direction="up"))
    layout = cusum_layout(record, FRAMES["page"])
    picture = drawn(cusum_svg(record))

    # the upper sum passes 4 at the second value, the lower at the fourth: 7 sigmas
    (better,) = [node for node in picture.iter("circle") if node.get("class") == "better"]
    (worse,) = [node for node in picture.iter("path") if node.get("class") == "worse"]
    assert (float(better.get("cx")), float(better.get("cy"))) == (layout.x[1], layout.lines[0][1])
    x, top = map(float, re.match(r"M([\d.]+) ([\d.]+)", worse.get("d")).groups())
    assert x == layout.x[3]
    assert top == pytest.approx(layout.lines[1][3] - 1.25 * FRAMES["page"].mark, abs=0.06)


def test_the_name_is_title_and_sentence_or_the_formula_and_only_text():
    record = tabular_cusum([11.0], TabularSpec(centre=10, sigma=1))

    assert drawn(cusum_svg(record, title="<b>&", sentence="Steady")).get("aria-label") == "<b>&. Steady"
    assert drawn(cusum_svg(record)).get("aria-label") == record.formula


def test_a_long_series_is_thinned_without_losing_its_extremes():
    outcomes = [1 if at % 29 == 0 else 0 for at in range(6000)]
    risks = [0.03] * 6000
    record = risk_adjusted_cusum(outcomes, risks)
    svg = cusum_svg(record)

    tops = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", re.search(r'class="line" d="([^"]+)"', svg)[1])]
    assert min(tops) == min(cusum_layout(record, FRAMES["page"]).lines[0])
    assert len(svg) < 60_000


def test_a_vlad_is_named_by_what_it_has_come_to():
    layout = vlad_layout(vlad_record([1, 0], [0.2, 0.3]), FRAMES["desk"])

    assert [(text, kind) for _, text, kind in layout.labels] == [("0", "limit"), ("−0.50", "centre")]


def test_bars_and_shares_of_a_pareto_table_stand_on_one_scale():
    frame = FRAMES["page"]
    layout = pareto_layout(pareto({"a": 60, "b": 20, "c": 15, "d": 5}), frame)
    room = layout.end - layout.start

    assert [bar.length for bar in layout.bars] == pytest.approx([room * s for s in (0.6, 0.2, 0.15, 0.05)], abs=0.11)
    assert [bar.so_far - layout.start for bar in layout.bars] == pytest.approx(
        [room * s for s in (0.6, 0.8, 0.95, 1)], abs=0.11
    )
    assert (layout.wanted, layout.wanted_text) == (layout.bars[1].so_far, "80%")
    assert [bar.few for bar in layout.bars] == [True, True, False, False]
    assert [bar.so_far_text for bar in layout.bars] == ["60%", "80%", "95%", "100%"]


def test_a_share_just_under_the_whole_is_not_called_the_whole():
    bars = pareto_layout(pareto({"a": 9999, "b": 1}), FRAMES["page"]).bars

    assert [bar.so_far_text for bar in bars] == ["99%", "100%"]


def test_many_categories_share_the_last_row():
    table = pareto({f"reason {at:02d}": 100 - at for at in range(20)})
    layout = pareto_layout(table, FRAMES["page"], most=5)

    assert [bar.name for bar in layout.bars] == ["reason 00", "reason 01", "reason 02", "reason 03", "16 more"]
    assert layout.bars[-1].counted == f"{sum(100 - at for at in range(4, 20)):,}"
    assert layout.bars[-1].so_far_text == "100%"
    assert not layout.bars[-1].few


def test_every_class_of_these_pictures_is_in_the_style_sheet():
    sheet = files("knitwork").joinpath("web/static/knitwork/chart.css").read_text(encoding="utf-8")
    outcomes = [0, 1, 1, 1]
    pictures = "".join([
        cusum_svg(bernoulli_cusum(outcomes, BernoulliSpec(baseline=0.1, limit=1))),
        vlad_svg(vlad_record(outcomes, [0.1] * 4)),
        pareto_svg(pareto(["a", "a", "a", "a", "b"])),
    ])  # fmt: skip
    classes = {name for names in re.findall(r'class="([^"]+)"', pictures) for name in names.split()} - {"when"}

    assert {name for name in classes if f".{name}" not in sheet and f"text.{name}" not in sheet} == set()
