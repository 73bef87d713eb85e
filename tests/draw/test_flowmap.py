"""The flow map: by numbers, whatever the units and the flows."""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.draw.flowmap import (
    LEAST_FLOWS,
    SHEETS,
    THINNEST,
    Flow,
    Unit,
    fits,
    flow_map,
    largest,
    whole_lines,
)
from knitwork.draw.flowpicture import flow_map_svg, ribbon
from knitwork.draw.labels import text_width
from knitwork.draw.layers import crossings, rising

NAMES = st.text("abcdefgh WMi,-ЖÅ", min_size=1, max_size=80)


@st.composite
def systems(draw):
    """Draw up to fourteen units in up to five columns, and flows between them in every direction."""
    count = draw(st.integers(2, 14))
    units = [Unit(f"u{at}", draw(NAMES), draw(st.integers(0, 4)) * 3) for at in range(count)]
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), unique=True, max_size=30))
    flows = [Flow(f"u{one}", f"u{other}", draw(st.integers(0, 4000)), draw(st.booleans())) for one, other in pairs]
    return units, flows


def big(units, flows, seed=1):
    """Return a system of so many units and flows, most of them forwards."""
    rng = random.Random(seed)
    made = [Unit(f"u{at}", f"Ward {at} of the General Hospital", rng.randrange(6)) for at in range(units)]
    pairs = set()
    while len(pairs) < flows:
        pairs.add(tuple(rng.sample(range(units), 2)))
    return made, [Flow(f"u{a}", f"u{b}", rng.randrange(1, 3000)) for a, b in sorted(pairs)]


@settings(deadline=None)
@given(systems(), st.sampled_from(list(SHEETS)), st.booleans())
def test_no_two_boxes_overlap_and_all_stand_inside_the_picture(system, size, heads):
    place = flow_map(*system, size=size, heads=heads)

    for box in place.boxes:
        assert box.x >= 0
        assert box.x + box.width <= place.width + 0.2
        assert box.y >= place.head - 0.1
        assert box.y + box.height <= place.height + 0.1
    for at, one in enumerate(place.boxes):
        for other in place.boxes[at + 1 :]:
            apart = abs(one.x - other.x) > 0.1 and abs(one.x - other.x) >= one.width
            assert apart or one.y + one.height <= other.y + 0.1 or other.y + other.height <= one.y + 0.1


@settings(deadline=None)
@given(systems(), st.sampled_from(list(SHEETS)))
def test_every_letter_of_a_name_stands_inside_its_box(system, size):
    place = flow_map(*system, size=size)
    sheet = place.sheet

    for box in place.boxes:
        assert "".join(box.lines).replace(" ", "") == box.unit.name.replace(" ", "")
        assert len(box.lines) * sheet.line <= box.height - 2 * sheet.pad + 0.1
        for line in box.lines:
            assert len(line) == 1 or text_width(line, sheet.font) <= box.width - 2 * sheet.pad + 0.2


@settings(deadline=None)
@given(systems(), st.sampled_from(list(SHEETS)))
def test_every_stream_touches_its_two_boxes_and_lies_beside_the_others(system, size):
    units, flows = system
    place = flow_map(units, flows, size=size)
    boxes = {box.unit.key: box for box in place.boxes}
    ends = defaultdict(list)

    assert Counter((s.flow.sender, s.flow.receiver) for s in place.streams) == Counter(
        (f.sender, f.receiver) for f in flows if f.patients and f.sender != f.receiver
    )
    for stream in place.streams:
        for key, (x, y) in ((stream.flow.sender, stream.points[0]), (stream.flow.receiver, stream.points[-1])):
            box = boxes[key]
            side = min((box.x, box.x + box.width), key=lambda edge: abs(edge - x))
            assert x == pytest.approx(side, abs=0.2)
            assert box.y - 0.1 <= y - stream.width / 2
            assert y + stream.width / 2 <= box.y + box.height + 0.1
            ends[key, side].append((y - stream.width / 2, y + stream.width / 2))
    for spans in ends.values():
        for (_, until), (since, _) in zip(sorted(spans), sorted(spans)[1:], strict=False):
            assert until <= since + 0.1


@settings(deadline=None)
@given(systems(), st.sampled_from(list(SHEETS)))
def test_a_stream_never_runs_under_a_box_it_does_not_stop_at(system, size):
    place = flow_map(*system, size=size)

    for stream in place.streams:
        for (x0, y0), (x1, y1) in zip(stream.points[1:-1:2], stream.points[2:-1:2], strict=True):
            assert y0 == y1
            for box in place.boxes:
                if min(x0, x1) - 0.2 <= box.x <= max(x0, x1) - 1:
                    assert y0 + stream.width / 2 <= box.y + 0.1 or y0 - stream.width / 2 >= box.y + box.height - 0.1


@settings(deadline=None)
@given(systems(), st.sampled_from(list(SHEETS)))
def test_more_patients_never_make_a_thinner_stream_and_none_is_too_thin_to_see(system, size):
    streams = sorted(flow_map(*system, size=size).streams, key=lambda stream: stream.flow.patients)

    assert [s.width for s in streams] == sorted(s.width for s in streams)
    assert all(stream.width >= THINNEST for stream in streams)


@settings(deadline=None)
@given(systems(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(system, rng):
    units, flows = system
    first = flow_map_svg(units, flows, title="map")
    rng.shuffle(units)
    rng.shuffle(flows)

    assert flow_map_svg(units, flows, title="map") == first


@settings(deadline=None)
@given(systems())
def test_a_stream_against_the_map_or_within_a_column_says_so_by_its_point(system):
    units, flows = system
    column = {unit.key: unit.column for unit in units}
    place = flow_map(units, flows)
    svg = flow_map_svg(units, flows, title="map")

    for stream in place.streams:
        assert stream.back == (column[stream.flow.receiver] <= column[stream.flow.sender])
    assert svg.count('class="tip') == sum(stream.back for stream in place.streams)


def test_streams_are_ordered_so_that_they_cross_less_than_in_the_order_they_came():
    place = flow_map(
        [Unit(f"a{at}", f"A{at}", 0) for at in range(5)] + [Unit(f"b{at}", f"B{at}", 1) for at in range(5)],
        [Flow(f"a{at}", f"b{4 - at}", 100 - at) for at in range(5)],
    )
    starts = [stream.points[0][1] for stream in sorted(place.streams, key=lambda s: s.points[-1][1])]

    assert starts == sorted(starts)


def test_crossings_are_counted_as_by_looking_at_every_two():
    rng = random.Random(4)
    for _ in range(50):
        left, right = [f"l{at}" for at in range(6)], [f"r{at}" for at in range(6)]
        links = list({(rng.choice(left), rng.choice(right)) for _ in range(12)})
        slow = sum(
            1
            for at, (a, b) in enumerate(links)
            for c, d in links[at + 1 :]
            if (left.index(a) - left.index(c)) * (right.index(b) - right.index(d)) < 0
        )

        assert crossings([left, right], [links]) == slow


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), min_size=1, max_size=12))
def test_places_pooled_never_fall_and_keep_the_mean(wished):
    found = rising(wished)

    assert all(one <= other + 1e-9 for one, other in pairwise(found))
    total = sum(weight for _, weight in wished)
    mean = sum(value * weight for value, weight in wished) / total
    assert sum(f * w for f, (_, w) in zip(found, wished, strict=True)) / total == pytest.approx(mean, abs=1e-6)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=60), st.floats(0.1, 1))
def test_the_flows_drawn_carry_the_share_and_none_left_out_is_larger(patients, share):
    flows = [Flow(f"a{at}", f"b{at}", count) for at, count in enumerate(patients)]

    drawn, rest = largest(flows, share)

    assert sorted(f.patients for f in drawn + rest) == sorted(patients)
    assert sum(f.patients for f in drawn) >= share * sum(patients) - 1e-9
    assert not rest or min(f.patients for f in drawn) >= max(f.patients for f in rest)
    if len(drawn) > LEAST_FLOWS:
        assert sum(f.patients for f in drawn[:-1]) < share * sum(patients)


def test_a_wall_takes_25_units_and_a_desk_60():
    def of(units):
        return [Flow(f"u{at}", f"u{at + 1}", 5) for at in range(units - 1)]

    assert [fits(of(n), "wall") for n in (25, 26)] == [True, False]
    assert [fits(of(n), "desk") for n in (60, 61)] == [True, False]


def test_sixty_units_and_170_flows_are_laid_out_in_less_than_a_page_may_take():
    units, flows = big(60, 170)
    flow_map_svg(units, flows, title="map")
    began = time.perf_counter()

    svg = flow_map_svg(units, flows, title="map")

    # Some 30 ms on a quiet machine; a page has 100.
    assert time.perf_counter() - began < 0.4
    assert len(svg) < 90_000


def test_a_path_is_drawn_from_its_sender_to_its_receiver_and_as_wide_at_both_ends():
    place = flow_map(
        [Unit("a", "A", 0), Unit("b", "B", 1), Unit("c", "C", 2)], [Flow("a", "c", 90), Flow("b", "c", 10)]
    )
    wide = place.streams[0]

    path = ribbon(wide, 40)
    x, y = map(float, re.match(r"M([\d.]+) ([\d.]+)", path).groups())

    assert (x, y) == (wide.points[0][0], pytest.approx(wide.points[0][1] - wide.width / 2, abs=0.06))
    assert path.endswith("z")


def test_everything_a_person_typed_is_escaped():
    svg = flow_map_svg(
        [Unit("a", "<b>&", 0, href='/x?"'), Unit("b", "B", 1)],
        [Flow("a", "b", 90)],
        title='<i>"',
        heads={0: "<head>"},
        hints={("a", "b"): "<hint>"},
    )

    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "<head>" not in svg
    assert "<hint>" not in svg
    assert 'x?"' not in svg


def test_worse_is_told_by_a_mark_beside_its_colour():
    svg = flow_map_svg([Unit("a", "A", 0), Unit("b", "B", 1)], [Flow("a", "b", 90, worse=True)], title="map")

    assert 'class="stream worse"' in svg
    assert 'class="worse"' in svg


@pytest.mark.parametrize("size", SHEETS)
def test_streams_are_thinned_until_the_map_is_no_higher_than_its_sheet(size):
    units = [Unit(f"u{at}", "Ward", at % 5) for at in range(24)]
    flows = [Flow(f"u{at}", f"u{(at + step) % 24}", 500) for at in range(24) for step in (1, 3)]
    alone = flow_map(units[:2], flows[:1], size=size)

    place = flow_map(units, flows, size=size)

    assert place.height <= SHEETS[size].highest
    assert place.streams[0].width < alone.streams[0].width


def test_a_name_is_broken_and_never_cut():
    name = "The Ward of Our Lady of Perpetual Help for the Care of Convalescent Seafarers, East/West"

    lines = whole_lines(name, 110, 14)

    assert " ".join(lines) == name
    assert all(text_width(line, 14) <= 110 for line in lines)
    assert "".join(whole_lines("Otorhinolaryngologie", 60, 14)) == "Otorhinolaryngologie"


def test_nothing_to_draw_is_an_empty_picture():
    assert flow_map([], []).boxes == ()
    assert flow_map([Unit("a", "A", 0)], [Flow("a", "a", 5)]).streams == ()
