"""Tables, strips, neighbourhoods, notebook figures, files of their own, and the style sheet."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given, settings

from knitwork.draw.chart import chart_svg
from knitwork.draw.flow import BOX, HERE, SIDE, WIDTH, Stream, flow_svg, neighbourhood
from knitwork.draw.labels import text_width
from knitwork.draw.notebook import evaluation_html
from knitwork.draw.spark import spark_svg
from knitwork.draw.standalone import TOKENS, standalone_svg
from knitwork.draw.strip import strip_layout, strip_svg
from knitwork.draw.table import csv_text, value_rows

from .records import evaluations, quiet, worse

names = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60)
streams = st.lists(st.builds(Stream, name=names, patients=st.integers(0, 10**6), worse=st.booleans()), max_size=20)


def test_a_row_of_the_table_says_what_the_point_says():
    last = value_rows(quiet())[-1]

    assert (last.period, last.value, last.numerator, last.denominator) == ("Oct 2026", "4.2%", "5", "120")
    assert last.note == "not complete"
    assert [row.signal for row in value_rows(worse())].count("worse") == 9


@given(evaluations())
@settings(max_examples=50, deadline=None)
def test_the_csv_gives_back_every_value_exactly(evaluation):
    rows = list(csv.DictReader(io.StringIO(csv_text(evaluation))))

    assert [row["period"] for row in rows] == list(evaluation.labels)
    assert [float(row["value"]) if row["value"] else None for row in rows] == list(evaluation.values)
    assert [row["signal"] for row in rows] == list(evaluation.point_marks)


def test_a_strip_stands_where_its_times_are():
    strip = strip_layout(least=0, median=39, p90=78, unit="min")

    assert (strip.least, strip.median, strip.most) == (4, 160, 316)
    assert strip.median_text == "half within 39\u00a0min"


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(["min", "patients per bed day"]))
def test_the_words_of_a_strip_stay_in_it(one, other, third, unit):
    least, median, p90 = sorted([one, other, third])
    strip = strip_layout(least=least, median=median, p90=p90, unit=unit)

    assert strip.median_x >= 0 and strip.median_x + text_width(strip.median_text, 14, bold=True) <= 320.1
    assert strip.most_x >= 0 and strip.most_x + text_width(strip.most_text, 14) <= 320.1
    ET.fromstring(strip_svg(least=least, median=median, p90=p90, unit=unit))


@given(names, streams, streams)
@settings(max_examples=80, deadline=None)
def test_a_neighbourhood_keeps_its_boxes_apart_its_names_inside_and_its_streams_in_order(here, arriving, leaving):
    place = neighbourhood(here, arriving=arriving, leaving=leaving)

    for side, given_side in ((4.0, arriving), (WIDTH - 4.0 - SIDE, leaving)):
        boxes = [box for box in place.boxes if box.x == side]
        assert len(boxes) == min(len(given_side), 12)
        assert all(box.y >= 0 and box.y + BOX <= place.height for box in boxes)
        assert all(after.y - before.y > BOX for before, after in pairwise(boxes))
        assert [box.stream.patients for box in boxes] == sorted(
            (stream.patients for stream in given_side), reverse=True
        )[:12]
    for box in place.boxes:
        widest = max(text_width(line, 14) for line in box.name)
        assert len(box.name) <= 2
        assert 10 + widest + text_width(box.patients, 14) + 10 <= SIDE
    assert all(text_width(line, 14, bold=True) <= HERE for line in place.here)
    for into in (True, False):
        ends = [(r.end if into else r.start)[1] for r in place.ribbons if (r.start[0] == 4.0 + SIDE) == into]
        assert ends == sorted(ends)
        assert all(place.here_y <= end <= place.here_y + place.here_height for end in ends)
    ET.fromstring(flow_svg(here, arriving=arriving, leaving=leaving))


def test_neighbours_beyond_twelve_are_counted_and_said():
    many = [Stream(f"Ward {at}", at) for at in range(15)]
    svg = flow_svg("Coronary care", arriving=many, leaving=[])

    assert "and 3 more" in svg
    assert "Ward 14" in svg and "Ward 2<" not in svg


def test_neighbours_with_an_address_are_links_in_reading_order():
    svg = flow_svg(
        "Here", arriving=[Stream("A", 1, href="/units/a?x=1&y=2")], leaving=[Stream("B", 2, href="/units/b")]
    )

    assert re.findall(r'href="([^"]+)"', svg) == ["/units/a?x=1&amp;y=2", "/units/b"]
    assert 'role="group"' in svg


def test_a_picture_of_its_own_has_its_colours_and_no_variables():
    alone = standalone_svg(chart_svg(worse(), title="Wait"))
    root = ET.fromstring(alone)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("640", "296")
    assert "var(" not in alone and TOKENS["worse"] in alone


def test_a_notebook_figure_has_the_sentence_the_picture_and_the_table():
    html = evaluation_html(worse(), title="ED to cath lab, wait")

    assert "Worse since July 2026" in html
    assert "<svg" in html and html.count("<tr>") == 30


def test_every_class_and_colour_of_the_pictures_is_in_the_style_sheet():
    sheet = files("knitwork").joinpath("web/static/knitwork/chart.css").read_text(encoding="utf-8")
    pictures = "".join(
        [
            chart_svg(worse()),
            chart_svg(quiet()),
            spark_svg(worse()),
            strip_svg(least=0, median=1, p90=2, unit="h"),
            flow_svg("Here", arriving=[Stream("A", 1, worse=True)] * 14, leaving=[]),
        ]
    )
    classes = {name for names in re.findall(r'class="([^"]+)"', pictures) for name in names.split()} - {"when"}

    assert {name for name in classes if f".{name}" not in sheet} == set()
    assert set(re.findall(r"var\(--([a-z]+)\)", sheet)) <= set(TOKENS)
    assert sheet.count("{") == sheet.count("}")
    assert "forced-colors: active" in sheet and "@media print" in sheet
