"""Numbers that were told otherwise once: beside the number, on the chart and over the patients behind it."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from . import fake_answers

PAGE = "/units/CCU/measures/gap_median/?period=month"
WHEN = int(dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC).timestamp() * 1e6)


def told(value, **more):
    row = {
        "numerator": None,
        "denominator": None,
        "value": value,
        "n": 40,
        "first_us": WHEN,
        "last_us": WHEN,
        "why": "records",
    }
    return row | more


def text(response):
    return response.content.decode().replace("\xa0", " ")


@pytest.fixture
def restated(invented_system):
    """The second last month of the chart was told as 77 once."""
    start = fake_answers.starts("month", 24)[-2]
    days = fake_answers.CURRENT["answers"].series(["gap_median"], "CCU", "micro", "month")["gap_median"]
    start = days[-2]["start_day"]
    once = {start: told(77.0)}
    fake_answers.CURRENT["answers"].told_once[("gap_median", "CCU", "micro", "month")] = once
    return once


def test_a_page_without_restated_numbers_says_nothing_of_them(ada):
    page = text(ada.get(PAGE))
    assert 'class="was"' not in page
    assert "first told" not in page


def test_the_table_says_what_was_told_and_until_when_and_the_chart_shows_where_the_point_stood(ada, restated):
    page = text(ada.get(PAGE))

    assert re.findall(r'<span class="note was">([^<]+)</span>', page) == ["was 77.0 min until 3 March 2026"]
    assert "1 number here was another one when it was first told" in page
    assert "An open ring shows where a point stood." in page
    # in the picture for wide pages and in the one for narrow ones
    assert len(re.findall(r'<g class="was"><path d="M[\d.]+ [\d.]+V[\d.]+"/><circle', page)) == 2


def test_a_number_where_there_was_none_and_the_reason_are_said(ada, restated):
    (start,) = restated
    restated[start] = told(None, why="set-up")
    page = text(ada.get(PAGE))

    assert "there was no number until 3 March 2026, when units, settings or Knitwork itself changed" in page
    assert '<g class="was">' not in page
    assert "An open ring" not in page


def test_who_may_see_no_patients_is_told_when_and_not_what(ben, restated):
    page = text(ben.get(PAGE))

    assert "changed on 3 March 2026" in page
    assert "77" not in re.sub(r'd="[^"]*"|[xy]="[^"]*"', "", page.split("<main")[1].split("numbers-title")[1])
    assert '<g class="was">' not in page


def test_the_patients_behind_a_point_stand_under_what_was_told(ada, restated):
    (start,) = restated
    day = dt.date(1970, 1, 1) + dt.timedelta(days=start)

    assert '<p class="note">Was 77.0 min until 3 March 2026.</p>' in text(
        ada.get(f"/units/CCU/measures/gap_median/behind/{day}/?period=month")
    )
