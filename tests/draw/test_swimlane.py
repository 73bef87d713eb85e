"""Swim-lanes by their numbers: order is kept, words stay in their boxes, gaps lie between the stays they part."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import hypothesis.strategies as st
from hypothesis import given

from knitwork.draw.labels import text_width
from knitwork.draw.swimlane import FONT, NAMES, ROOM, Bar, Gap, Span, lanes_of, natural, swimlane_svg
from knitwork.draw.timeline import timeline

lengths = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**5)), min_size=1, max_size=14)
names = st.text(min_size=1, max_size=80)


def way(steps):
    """Return bars and gaps of a way through new units: each step is (time there, time until the next)."""
    bars, gaps, at = [], [], 0
    for lane, (there, apart) in enumerate(steps):
        bars.append(Bar(lane, at, at + there, f"{there} min"))
        at += there
        if lane + 1 < len(steps):
            if apart:
                gaps.append(Gap(at, at + apart, lane, lane + 1, f"{apart} min"))
            at += apart
    return bars, gaps


@given(lengths)
def test_time_runs_to_the_right_and_every_gap_lies_between_the_stays_it_parts(steps):
    bars, gaps = way(steps)
    lanes = lanes_of([f"Unit {n}" for n in range(len(steps))], bars=bars, gaps=gaps)

    for before, after in pairwise(lanes.bars):
        assert before.x <= after.x
    for box in lanes.gaps:
        left, right = lanes.bars[box.of.before], lanes.bars[box.of.after]
        assert abs(left.x + left.width - box.x) <= 3.1
        assert abs(box.x + box.width - right.x) <= 1.6


@given(lengths)
def test_every_gap_and_every_stay_has_room_for_its_words(steps):
    bars, gaps = way(steps)
    lanes = lanes_of([f"Unit {n}" for n in range(len(steps))], bars=bars, gaps=gaps)

    for box in (*lanes.bars, *lanes.gaps):
        assert box.words
        assert text_width(box.words, FONT) <= box.width


@given(lengths)
def test_a_longer_step_is_never_drawn_narrower_where_words_do_not_ask_for_it(steps):
    instants = [0.0]
    for there, apart in steps:
        instants += [instants[-1] + there, instants[-1] + there + apart]
    line = timeline(instants, [], start=0, room=500, even=False)

    widths = [
        (b - a, y - x)
        for (a, b), (x, y) in zip(pairwise(line.instants), pairwise(line.places), strict=True)
    ]  # fmt: skip
    widths.sort()
    assert all(one[1] <= other[1] + 0.21 for one, other in pairwise(widths))


@given(lengths)
def test_an_even_line_is_straight(steps):
    bars, gaps = way(steps)
    lanes = lanes_of([f"Unit {n}" for n in range(len(steps))], bars=bars, gaps=gaps, even=True)

    whole = bars[-1].end
    assert lanes.even
    for box in lanes.bars:
        straight = NAMES + ROOM * box.of.start / whole
        assert abs(box.x - min(straight, NAMES + ROOM - box.width)) <= 0.2


def test_short_visits_keep_an_even_line_and_long_stays_give_way_to_short_ones():
    even = lanes_of(["A", "B"], bars=[Bar(0, 0, 60, "1 h"), Bar(1, 75, 135, "1 h")], gaps=[Gap(60, 75, 0, 1, "15 min")])
    uneven = lanes_of(
        ["A", "B"], bars=[Bar(0, 0, 10, "10 min"), Bar(1, 14, 4000, "3 days")], gaps=[Gap(10, 14, 0, 1, "4 min")]
    )

    assert even.even
    assert not uneven.even
    assert uneven.bars[1].width > uneven.gaps[0].width


@given(st.lists(names, min_size=1, max_size=6), st.lists(st.tuples(st.integers(0, 1000), names), max_size=8))
def test_names_and_moments_stay_in_their_places_and_everything_is_escaped(units, moments):
    bars = [Bar(lane, 10 * lane, 10 * lane + 5, hint="<&>") for lane in range(len(units))]
    lanes = lanes_of(units, bars=bars, ticks=sorted(moments))

    svg = swimlane_svg(lanes, "<said & so>")
    if not any(ord(c) < 32 or c in "\x7f\ufffe\uffff" or 0xD800 <= ord(c) < 0xE000 for c in svg):
        ET.fromstring(svg)
    assert all(text_width(line, FONT) <= NAMES for name in lanes.names for line in name.lines)
    named = sorted((tick for tick in lanes.ticks if tick.words), key=lambda tick: tick.x)
    spans = []
    for tick in named:
        wide = text_width(tick.words, FONT)
        left = {"": tick.x, "mid": tick.x - wide / 2, "end": tick.x - wide}[tick.anchor]
        spans.append((left, left + wide))
    assert all(one[1] < other[0] for one, other in pairwise(sorted(spans)))


def test_an_end_that_nobody_wrote_down_is_dashed_and_an_open_one_is_an_arrow():
    bars = [Bar(0, 0, 50, "end not known", "unknown"), Bar(1, 50, 100, "still there", "open")]
    svg = swimlane_svg(lanes_of(["A", "B"], bars=bars, gaps=[Gap(0, 50, 0, 1, "not known", known=False)]), "said")

    assert 'class="stay unknown"' in svg
    assert 'class="stay open"' in svg
    assert 'class="gap unknown"' in svg
    assert "not known" in svg


def test_the_longest_wait_and_a_named_stretch_are_marked():
    lanes = lanes_of(
        ["A", "B"],
        bars=[Bar(0, 0, 50), Bar(1, 80, 100)],
        gaps=[Gap(50, 80, 0, 1, "30 min", longest=True)],
        spans=[Span(0, 100, "in hospital")],
        between="Between units",
    )
    svg = swimlane_svg(lanes, "said")

    assert 'class="gap longest"' in svg
    assert ">in hospital<" in svg
    assert ">Between units<" in svg
    assert natural(lanes.width) == "w-9"
    assert 'style="' not in svg


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 200)), min_size=1, max_size=8))
def test_named_stretches_never_cover_each_others_names(found):
    spans = [Span(start, start + length, "in hospital") for start, length in found]
    lanes = lanes_of(["A"], bars=[Bar(0, 0, 1200)], spans=spans, even=True)

    named = [(x, x + text_width(words, FONT)) for x, _width, words in lanes.spans if words]
    assert len(lanes.spans) == len(spans)
    assert all(one[1] < other[0] for one, other in pairwise(named))
