"""Small numbers do not reach walls or people outside the team."""

from __future__ import annotations

import random
import re

import pytest

from knitwork.web import judging, present, say, small

from . import fake_answers


@pytest.mark.parametrize(
    ("counts", "row", "hidden"),
    [
        ("people", {"numerator": 0, "denominator": 200}, False),
        ("people", {"numerator": 1, "denominator": 200}, True),
        ("people", {"numerator": 10, "denominator": 200}, True),
        ("people", {"numerator": 11, "denominator": 200}, False),
        ("people", {"numerator": 0, "denominator": 10}, True),  # a rate of nought among few still points at them
        ("people", {"numerator": None, "denominator": 0}, False),
        ("people", {"numerator": None, "denominator": 10, "value": 3.5}, True),  # a median of ten values
        ("people", {"numerator": None, "denominator": 11, "value": 3.5}, False),
        ("people", {"numerator": 10, "denominator": None, "value": 10.0}, True),
        ("people", {"numerator": 0, "denominator": None, "value": 0.0}, False),
        # three patients a night through April are 90 patient-midnights: a mean, and no list of three persons
        ("midnights", {"numerator": 90, "denominator": 30, "value": 3.0}, False),
        ("midnights", {"numerator": 10, "denominator": 30, "value": 0.3}, True),
        (
            "midnights",
            {"numerator": 14, "denominator": 1, "value": 14.0},
            False,
        ),  # one midnight is no small denominator
        ("midnights", {"numerator": 7, "denominator": 1, "value": 7.0}, True),
        # seconds are many where patients are few
        ("time", {"numerator": 5400, "denominator": 86_400, "people": 9}, True),
        ("time", {"numerator": 5, "denominator": 86_400, "people": 11}, False),
    ],
)
def test_what_is_small(counts, row, hidden):
    assert small.row_is_small(counts, row) == hidden


def rows_of(numerators, denominator=200, days=30):
    return [
        {"start_day": 20_000 + days * i, "numerator": n, "denominator": denominator, "value": n / 2, "label": str(i)}
        for i, n in enumerate(numerators)
    ]  # fmt: skip


def test_a_single_small_period_takes_the_next_smallest_with_it():
    """Else the total of a longer period less all the others is the hidden count."""
    assert small.hidden_rows("people", rows_of([30, 4, 22, 40]), "month") == {1, 2}
    assert small.hidden_rows("people", rows_of([30, 4, 22, 6]), "month") == {1, 3}
    assert small.hidden_rows("people", rows_of([30, 40]), "month") == set()


def test_days_are_hidden_so_that_no_week_and_no_month_gives_them_away():
    rows = rows_of([20, 21, 4, 22, 23, 24, 25, 26, 27, 28, 29, 30], days=1)
    hidden = small.hidden_rows("people", rows, "day")

    for length, first in (("week", lambda d: (d + 3) // 7), ("month", lambda d: say.iso_day(d)[:7])):
        groups = [first(rows[at]["start_day"]) for at in hidden]
        assert all(groups.count(group) != 1 for group in groups), length


def test_limits_and_signals_are_those_of_the_full_record_and_hidden_counts_are_gone():
    rng = random.Random(3)
    numerators = [rng.randrange(12, 20) for _ in range(20)] + [8, 40, 41]
    rows = rows_of(numerators)
    full = judging.evaluate_rows(fake_answers.fake_source(), {"return_rate": rows})["return_rate"]

    hidden = small.hidden_rows("people", rows, "month")
    masked = small.masked(full, hidden)

    assert 20 in hidden
    assert (masked.centre, masked.limits_kind, masked.signals) == (full.centre, full.limits_kind, full.signals)
    for at in hidden:
        columns = (masked.values, masked.numerators, masked.denominators, masked.lowers, masked.uppers)
        assert [column[at] for column in columns] == [None] * 5
        assert small.emptied(rows, hidden)[at]["value"] is None


def test_a_wall_and_the_units_own_page_say_the_same(ada, invented_system):
    """The walls once dropped small periods first: the same measure was "worse since" here and "not steady" there."""
    invented_system["answers"] = fake_answers.FakeAnswers(scale=1.0)
    source = fake_answers.fake_source()

    desk = {c.measure: c for c in present.cards(source, "CCU", period="month")}
    wall = {c.measure: c for c in present.cards(source, "CCU", period="month", hide=True)}

    assert desk.keys() == wall.keys()
    some_hidden = [m for m in wall if wall[m].hidden and not wall[m].too_small]
    assert some_hidden
    for measure, full in desk.items():
        assert wall[measure].verdict == full.verdict
        assert wall[measure].evaluation.centres == full.evaluation.centres
        assert wall[measure].evaluation.signals == full.evaluation.signals


def test_a_chart_with_more_than_a_third_of_its_points_hidden_is_named_at_the_foot_of_the_wall(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=1.0)
    wall = present.cards(fake_answers.fake_source(), "CCU", period="month", size="wall", hide=True)

    page = ada.get("/units/CCU/wall/").content.decode()
    foot = page[page.index("wall-foot") :]

    left_off = [card for card in wall if card.too_small]
    assert left_off
    for card in left_off:
        assert card.svg == ""
        assert card.title in foot
        assert f"{card.title}</a>" not in page


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
