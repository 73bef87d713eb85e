"""The matrix: every cell in its row and column, shaded by what it holds."""

from __future__ import annotations

import html.parser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knitwork.draw.matrix import ONE_BY_ONE, SHADES, Cell, edges_of, matrix, matrix_table

MARKS = {"worse": "worse", "better": "better", "neither": "changed"}


class Reader(html.parser.HTMLParser):
    """Reads a table back as rows of (shade, text) with spans laid out."""

    def __init__(self):
        super().__init__()
        self.rows, self.hrefs, self.cell = [], [], None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = [given.get("class", ""), ""]
            self.rows[-1] += [self.cell] * int(given.get("colspan", 1))
        elif tag == "a":
            self.hrefs.append(given["href"])

    def handle_data(self, text):
        if self.cell is not None:
            self.cell[1] += text


def read(found, **names):
    keys = found.keys
    reader = Reader()
    reader.feed(
        matrix_table(
            found, names=dict(zip(keys, keys, strict=True)) | names, hrefs={key: f"/{key}/" for key in keys},
            caption="Hand-offs", corner="from", marks=MARKS,
        )
    )  # fmt: skip
    return reader


@pytest.mark.parametrize("units", [2, 12, ONE_BY_ONE, ONE_BY_ONE + 1, 200])
def test_every_cell_stands_in_the_row_of_its_sender_and_the_column_of_its_receiver(units):
    keys = [f"u{at:03}" for at in range(units)]
    cells = {
        (one, other): Cell(float(at + there), f"{one}>{other}", "hint", href=f"/{one}/{other}/")
        for at, one in enumerate(keys)
        for there, other in enumerate(keys)
        if (at * 7 + there * 3) % 11 == 0 and at != there
    }

    rows = read(matrix(keys, cells)).rows

    assert [head[1] for head in rows[0][1:]] == keys
    for at, row in enumerate(rows[1:]):
        assert row[0][1] == keys[at]
        assert len(row) == units + 1
        for there, (_, text) in enumerate(row[1:]):
            assert text == (f"{keys[at]}>{keys[there]}" if (keys[at], keys[there]) in cells else "")


def test_two_hundred_units_are_not_forty_thousand_cells():
    keys = [f"u{at}" for at in range(200)]
    cells = {(keys[at % 200], keys[(at * 13 + 7) % 200]): Cell(1.0, "1", "one", href="/x/") for at in range(600)}

    table = matrix_table(matrix(keys, cells), names={}, hrefs={}, caption="Hand-offs", corner="from", marks=MARKS)

    assert table.count("<td") < 200 + 2 * len(cells)


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=60))
def test_shades_rise_with_the_weight(weights):
    keys = ["from", *(f"u{at}" for at in range(len(weights)))]
    cells = {("from", f"u{at}"): Cell(weight, str(at), "") for at, weight in enumerate(weights)}

    found = matrix(keys, cells)
    shades = {cell.weight: shade for shade, cell in (one for one in found.rows[0].cells if one != 1)}

    assert all(1 <= shade <= SHADES for shade in shades.values())
    ordered = [shades[weight] for weight in sorted(shades)]
    assert ordered == sorted(ordered)
    assert shades[min(weights)] == 1


@given(st.lists(st.floats(0.1, 1e6), max_size=60))
def test_edges_lie_within_the_weights_and_rise(weights):
    edges = edges_of(weights)

    assert list(edges) == sorted(set(edges))
    assert all(min(weights) < edge <= max(weights) for edge in edges)
    assert len(edges) < SHADES


def test_a_cell_without_a_weight_has_no_shade_and_a_change_is_told_in_a_word():
    cells = {
        ("a", "b"): Cell(None, "<11", "fewer than 11 patients"),
        ("b", "a"): Cell(9.0, "9", "nine", verdict="worse"),
    }
    rows = read(matrix(["a", "b"], cells)).rows

    assert rows[1][2] == ["s0", "<11"]
    assert rows[2][1][1] == "◆worse 9"


def test_many_units_leave_their_figures_to_the_pointer_and_to_screen_readers():
    keys = [f"u{at}" for at in range(5)]
    cells = {("u0", "u1"): Cell(7.0, "7", "seven")}

    table = matrix_table(
        matrix(keys, cells, with_figures=4), names={}, hrefs={}, caption="Hand-offs", corner="from", marks=MARKS
    )

    assert 'class="matrix dense"' in table
    assert '<span class="unseen">7</span>' in table


def test_everything_a_person_typed_is_escaped():
    cells = {("<a>", "b"): Cell(1.0, "<1>", '"><hint>', href='/"x', verdict="")}
    table = matrix_table(
        matrix(["<a>", "b"], cells), names={"b": "<B>"}, hrefs={"b": '/"b'}, caption="<cap>", corner="<c>", marks=MARKS
    )

    for text in ("<a>", "<1>", "<hint>", '/"x', "<B>", '/"b', "<cap>", "<c>"):
        assert text not in table
