import xml.etree.ElementTree as ET
from itertools import combinations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from knitwork.draw.funnel import funnel_svg
from knitwork.draw.funnel_geometry import clipped, funnel_layout
from knitwork.draw.funnel_words import hint, sentence, unit_sentence
from knitwork.draw.geometry import FRAMES
from knitwork.draw.labels import text_width
from knitwork.signals.funnels import FunnelSpec, funnel

PERCENT = {"factor": 100, "unit": "%", "direction": "down"}


def wards(above, below, **spec):
    return funnel([f"Ward {at:02d}" for at in range(len(above))], above, below, FunnelSpec(**spec))


def steady(**spec):
    """Fifteen wards of one share, the last but one far above it."""
    below = [50 + 20 * at for at in range(15)]
    above = [round(n * (0.2 if at != 13 else 0.45)) for at, n in enumerate(below)]
    return wards(above, below, **{**PERCENT, **spec})


def spread(**spec):
    rng = np.random.default_rng(4)
    below = rng.integers(200, 3000, 40)
    return wards(rng.binomial(below, rng.uniform(0.1, 0.3, 40)).tolist(), below.tolist(), **{**PERCENT, **spec})


def drawn(svg):
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns:x="x" ', 1))


def classed(svg, name):
    return [node for node in drawn(svg).iter() if name in (node.get("class") or "").split()]


def boxes(svg, frame):
    for text in drawn(svg).iter("text"):
        kinds = (text.get("class") or "").split()
        width = text_width(text.text or "", frame.font, bool({"centre", "here"} & set(kinds)))
        x = float(text.get("x")) - (width if "end" in kinds else width / 2 if "mid" in kinds else 0)
        yield x, x + width, float(text.get("y")) - frame.font * 0.8, float(text.get("y")) + frame.font * 0.2, text


@st.composite
def funnels(draw):
    kind = draw(st.sampled_from(["proportion", "rate", "ratio"]))
    count = draw(st.integers(0, 24))
    below = draw(st.lists(st.integers(0, 400), min_size=count, max_size=count))
    above = [draw(st.integers(0, n if kind == "proportion" else 40)) for n in below]
    names = [f"{draw(st.sampled_from(['Bed', 'Emergency department of the east', 'X']))} {at}" for at in range(count)]
    highlight = draw(st.sampled_from(names)) if names and draw(st.booleans()) else None
    spec = FunnelSpec(
        kind=kind, highlight=highlight, direction=draw(st.sampled_from(["up", "down", "neither"])),
        factor=draw(st.sampled_from([1, 100, 10_000])), unit=draw(st.sampled_from(["", "%", "per 1,000 bed days"])),
    )  # fmt: skip
    return funnel(names, above, below, spec)


@given(funnels())
@settings(max_examples=40, deadline=None)
def test_no_text_leaves_its_box_or_covers_another_or_a_point(record):
    for size in ("desk", "page", "wall", "print"):
        frame = FRAMES[size]
        found = list(boxes(funnel_svg(record, size, denominators="patients"), frame))
        layout = funnel_layout(record, frame)

        for left, right, top, bottom, text in found:
            assert left >= 0 and right <= frame.width + 0.2, text.text
            assert top >= -0.2 and bottom <= frame.height + 0.2, text.text
            for x, y in layout.points:
                assert not (left < x < right and top < y < bottom), text.text
        for one, other in combinations(found, 2):
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] + 1 or other[3] <= one[2] + 1
            assert apart or "when" not in one[4].get("class") + other[4].get("class")


@given(funnels())
@settings(max_examples=30, deadline=None)
def test_marks_in_the_picture_are_those_of_the_record(record):
    svg = funnel_svg(record, "page")

    for verdict in ("better", "worse", "neither"):
        marked = [unit for unit in record.units if (answer := record.read(unit)) and answer.mark == verdict]
        assert len(classed(svg, verdict)) == len(marked)
    shown = [unit for unit in record.units if unit.value is not None]
    assert svg.count("<title>") == len(shown)
    for line in funnel_layout(record, FRAMES["page"]).lines:
        for run in line.runs:
            assert all(-0.1 <= x <= 760.1 and -0.1 <= y <= 280.1 for x, y in run)


@given(funnels())
@settings(max_examples=20, deadline=None)
def test_the_picture_holds_classes_and_places_only(record):
    allowed = {"class", "viewBox", "role", "aria-label", "d", "x", "y", "cx", "cy", "r"}

    for size in FRAMES:
        assert {name for node in drawn(funnel_svg(record, size)).iter() for name in node.attrib} <= allowed


def test_limits_of_chance_are_lines_and_those_of_the_spread_are_dashed_by_class():
    svg = funnel_svg(spread(), "page")

    for kind in ("limit", "spread"):
        assert [node.tag for node in classed(svg, kind)] == ["path", "path", "text", "text"]
    texts = [node.text for node in drawn(svg).iter("text")]
    assert {"chance 95%", "chance 99.8%", "spread 95%", "spread 99.8%"} <= set(texts)


def test_a_small_picture_draws_the_outermost_limits_alone():
    svg = funnel_svg(spread(), "desk")

    assert not classed(svg, "inner")
    assert {"chance", "spread"} <= {node.text for node in drawn(svg).iter("text")}


def test_where_both_answers_are_one_one_is_drawn():
    record = wards([10, 21, 29, 40, 52, 58, 70, 81, 90, 99, 110, 120], [100 * n for n in range(1, 13)], **PERCENT)

    assert record.tau2 == 0
    assert not classed(funnel_svg(record, "page"), "spread")


def test_the_highlighted_unit_has_a_ring_and_its_name():
    svg = funnel_svg(steady(highlight="Ward 13"))

    ring, name = classed(svg, "here")
    assert ring.tag == "circle" and name.text == "Ward 13"


def test_few_units_show_their_own_intervals():
    few = wards([4, 30, 9], [100, 100, 90], **PERCENT)

    assert len(classed(funnel_svg(few), "interval")) == 3
    assert not classed(funnel_svg(steady()), "interval")


def test_a_unit_that_is_not_judged_is_not_drawn():
    record = wards([4, 0, 9], [100, 0, 90], **PERCENT)

    assert len(funnel_layout(record, FRAMES["desk"]).points) == 2


def test_units_stand_by_their_size():
    layout = funnel_layout(steady(), FRAMES["page"])
    places = [x for x, _y in layout.points]

    assert places == sorted(places)
    assert [unit.denominator for unit in layout.units] == sorted(unit.denominator for unit in layout.units)


def test_a_line_is_cut_where_it_leaves_the_picture_and_goes_on_where_it_comes_back():
    assert clipped([(0, 0), (2, 4), (4, 0)], -1, 2) == [((0, 0), (1.0, 2.0)), ((3.0, 2.0), (4, 0))]
    assert clipped([(0, -5), (10, 5)], -1, 1) == [((4.0, -1.0), (6.0, 1.0))]
    assert clipped([(0, 2), (1, 3), (2, 2), (3, 1)], 0, 2) == [((2, 2), (3, 1))]
    assert clipped([], 0, 1) == []


def test_the_sentence_names_what_differs_by_more_than_chance():
    assert sentence(steady()) == (
        "1 of 15 units differs from 23% by more than chance makes: Ward 13 (45%); by chance alone hardly any would"
    )


def test_the_sentence_of_a_spread_says_that_nobody_is_unusual_against_it():
    record = spread()
    beyond = len(record.flagged_chance)

    assert record.flagged_spread == () and beyond > 10
    assert sentence(record) == (
        f"The units differ by more than chance makes ({beyond} of 40 units lie outside its limits), "
        "and none is unusual against that spread"
    )


def test_flagged_units_are_named_by_name_and_never_by_rank():
    below = [100 + at for at in range(30)]
    above = [10] * 30
    above[20], above[3], above[11], above[7] = 60, 40, 50, 70
    said = sentence(wards(above, below, **{**PERCENT, "overdispersion": "none"}))

    assert said.startswith("4 of 30 units differ from 14% by more than chance makes: Ward 03 (39%), Ward 07 (65%), ")
    assert "and 1 more" in said


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        ([], [], "No units yet: they stand here when they have a numerator and a denominator"),
        ([3], [10], "One unit alone has no others to be held against"),
        ([0, 0], [10, 12], "Not one event in 2 units, so nothing can be told apart"),
        ([10, 12], [10, 12], "Every case counts in 2 units, so nothing can be told apart"),
        ([2, 3], [10, 12], "None of 2 units differs from 23% by more than chance makes; too few units to tell"),
    ],
)
def test_a_funnel_that_cannot_judge_says_why(above, below, said):
    assert sentence(wards(above, below, **PERCENT)).startswith(said)
    assert "aria-label" in funnel_svg(wards(above, below, **PERCENT))


def test_a_unit_says_its_counts_its_place_and_what_it_could_not_have_shown():
    record = steady()

    assert unit_sentence(record, record["Ward 13"]) == (
        "Ward 13: 45% (140 of 310), outside the limits of chance and of the spread between units"
    )
    assert unit_sentence(record, record["Ward 00"]).startswith(
        "Ward 00: 20% (10 of 50), inside both limits; odds 2 times the usual would show here with a chance of "
    )
    listed = wards([1, 0, None], [10, 0, 4], **PERCENT)
    assert unit_sentence(listed, listed["Ward 01"]).endswith("listed and not judged, for its denominator is zero")
    assert unit_sentence(listed, listed["Ward 02"]).endswith("listed and not judged, for a number is missing")


def test_a_ratio_says_what_was_observed_and_expected():
    record = wards([5, 9], [4.1, 10], kind="ratio")

    assert hint(record, record["Ward 00"]) == "Ward 00: 1.2 (5 observed, 4.1 expected)"


def test_every_text_goes_through_the_translation():
    record, asked = spread(highlight="Ward 01"), []

    def translate(text):
        asked.append(text)
        return text.replace("chance", "kans")

    svg = funnel_svg(record, "page", _=translate)

    assert "kans 99.8%" in svg and ">chance" not in svg
    assert any("inside" in text for text in asked)
