"""Small numbers do not reach walls or people outside the team."""

from __future__ import annotations

import re

import fake_answers
import pytest

from knitwork.web import small


@pytest.mark.parametrize(
    ("row", "hidden"),
    [
        ({"numerator": 0, "denominator": 200, "n": 200}, False),
        ({"numerator": 1, "denominator": 200, "n": 200}, True),
        ({"numerator": 10, "denominator": 200, "n": 200}, True),
        ({"numerator": 11, "denominator": 200, "n": 200}, False),
        ({"numerator": 0, "denominator": 10, "n": 10}, True),  # a rate of nought among few still points at them
        ({"numerator": None, "denominator": 0, "n": 0}, False),
        ({"numerator": None, "denominator": 7, "value": 3.5}, True),
    ],
)
def test_counts_of_one_to_ten_hide_their_period(row, hidden):
    kept, emptied = small.without_small([row])

    assert emptied == hidden
    assert (kept[0].get("value"), kept[0]["denominator"]) == ((None, None) if hidden else (None, row["denominator"]))


def test_a_census_of_one_to_ten_patients_is_small_though_it_counts_many_midnights():
    row = {"numerator": 210, "denominator": 30, "n": 30, "value": 7.0}

    assert not small.row_is_small(row)
    assert small.row_is_small(row, of_patients=True)


def few():
    """Return a system in which every period has about six patients."""
    return fake_answers.FakeAnswers(scale=0.03)


def test_a_wall_of_a_small_unit_shows_no_number_and_says_why(ada, invented_system):
    invented_system["answers"] = few()

    page = ada.get("/units/CCU/wall/").content.decode()

    assert "kw-chart" not in page
    assert "too few patients here to show a chart on a wall" in page


def test_ben_sees_no_small_number_where_tess_does(ben, tess, invented_system):
    invented_system["answers"] = few()
    address = "/units/CCU/measures/return_rate/"

    cells = re.findall(r'<td class="n">([^<]*)</td>', ben.get(address).content.decode())
    assert not [cell for cell in cells if cell.isdigit() and 0 < int(cell) < 11]
    assert "fewer than 11" in cells
    assert "fewer than 11" not in tess.get(address).content.decode()


def test_ben_sees_no_small_pair_of_units_and_no_rare_way(ben, ada):
    assert "too few patients to show" in ben.get("/handoffs/").content.decode()
    assert "too few patients to show" not in ada.get("/handoffs/").content.decode()
    assert "1 way taken by fewer than 11 is not shown" in ben.get("/journeys/").content.decode()


def test_ben_sees_which_rules_refused_rows_and_not_the_rows(ben, tess):
    assert "end before start" in ben.get("/feeds/").content.decode()
    assert "2026-01-02" not in ben.get("/feeds/").content.decode()
    assert "2026-01-02" in tess.get("/feeds/").content.decode()
