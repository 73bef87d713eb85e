"""The page of feeds: per delivery what was taken, known, late and odd, in words; and what the last one changed."""

from __future__ import annotations

import re

import pytest

from knitwork.home.beginning import Beginning
from knitwork.intake.fold import WHY
from knitwork.intake.quality import RULES
from knitwork.journeys.persons import ASIDE
from knitwork.web import delivered

from . import fake_answers
from .fake_feeds import FIRST, LATE, delivery


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def came(invented_system):
    """Let a test say which deliveries came, the newest first."""

    def said(*deliveries):
        invented_system["answers"].came = deliveries

    return said


def test_the_page_opens_with_what_the_last_delivery_changed(ada):
    said = text(ada.get("/feeds/"))

    assert "The last delivery, stays-late.csv, brought 40 new rows, 38 of them late" in said
    assert "it changed March 2026 (25 rows) and October 2026 (15 rows)." in said


def test_each_delivery_says_what_was_known_already_and_what_came_late(ada):
    said = text(ada.get("/feeds/"))

    assert "48,211 rows were taken. 120 of them were known already: they stand in the file twice." in said
    assert "12 rows were refused." in said
    assert "52 rows were taken. 12 of them were known already." in said
    assert "38 rows came late: their stays began more than 2 days before 14 October 2026" in said
    assert "It changed March 2026 (25 rows) and October 2026 (15 rows), in 7 units." in said


def test_the_hours_that_clocks_repeat_and_skip_are_said_in_words(ada):
    said = text(ada.get("/feeds/"))

    assert "13 rows have a time in the hour that autumn repeats: order decides which." in said
    assert "1 row has a time in the hour that spring skips: it was moved forward." in said
    assert "61 rows have no end" in said


def test_no_row_is_said_to_be_usable_that_a_live_feed_refused(ada, came):
    came()

    assert "Every row could be used" not in text(ada.get("/feeds/"))
    assert "12 rows could not be used." in text(ada.get("/feeds/"))


def test_a_first_delivery_changed_nothing_that_was_known(ada, came):
    came(FIRST)

    said = text(ada.get("/feeds/"))
    assert "The last delivery" not in said
    assert "came late" not in said


def test_a_delivery_that_told_nothing_new_says_so(ada, came):
    came(delivery(delivery="d3", name="again.csv", taken=20, new=0, is_first=False), FIRST)

    said = text(ada.get("/feeds/"))
    assert "The last delivery, again.csv, told nothing that was not known." in said
    assert "20 rows were taken. All of them were known already." in said


def test_many_deliveries_are_cut_and_counted(ada, came):
    came(
        *(delivery(delivery=f"n{i}", name=f"night-{i}.csv", is_first=False, new=1, taken=1) for i in range(400)), FIRST
    )

    response = ada.get("/feeds/")
    assert "341 earlier deliveries are not listed." in text(response)
    assert len(response.content) < 120_000


def test_links_between_numbers_are_counted(ada, invented_system):
    answers = fake_answers.FakeAnswers()
    answers.given_up = {}
    invented_system["answers"] = answers
    assert "between patient numbers" not in text(ada.get("/feeds/"))

    answers = fake_answers.FakeAnswers()
    answers.given_up = {"HS-1": "RB-1"}
    invented_system["answers"] = answers
    said = text(ada.get("/feeds/"))
    assert "1 link between patient numbers" in said
    assert "HS-1" not in said


def test_one_row_that_could_not_be_used_is_one(ada, invented_system):
    answers = fake_answers.FakeAnswers()
    answers.came = (delivery(refused=1),)
    invented_system["answers"] = answers

    assert "1 row could not be used." in text(ada.get("/feeds/"))


def test_every_rule_by_which_a_row_is_set_aside_is_said_in_words():
    assert delivered.rule_names().keys() == RULES.keys() | ASIDE.keys() | WHY.keys()


def test_a_message_without_effect_is_said_where_no_row_was_refused(ada, invented_system):
    answers = fake_answers.FakeAnswers()
    answers.came, answers.idle = (delivery(),), 2
    invented_system["answers"] = answers

    said = text(ada.get("/feeds/"))
    assert "2 messages were read and had no effect" in said
    assert "Every row could be used" not in said
    said = text(ada.get("/feeds/adt/"))
    assert "2 messages were read and had no effect" in said
    assert "Nothing is wrong with this feed" not in said


def test_stays_from_before_the_records_begin_are_counted(ada, invented_system):
    assert "under way" not in text(ada.get("/feeds/"))

    answers = fake_answers.FakeAnswers()
    answers.beginnings = {"adt": Beginning(day=20_022, earlier=3, stays=48_000)}
    invented_system["answers"] = answers
    said = text(ada.get("/feeds/"))

    assert "3 stays began before 26 October 2024, when these records are under way: they count in totals" in said


def test_a_reader_sees_counts_and_no_row(ben):
    said = text(ben.get("/feeds/"))

    assert "12 rows could not be used" in said
    assert "Row by row" not in said


def test_a_shifted_feed_has_no_dates(ada, invented_system):
    answers = fake_answers.FakeAnswers(shifted=True)
    answers.came = (FIRST,)
    invented_system["answers"] = answers

    said = text(ada.get("/feeds/"))
    assert "Dates were shifted for privacy" in said
    assert "Records from" not in said


def test_months_beyond_four_are_counted(ada, came):
    from knitwork.home.lateness import Month

    months = tuple(Month(f"2026-0{m}-01", m, m) for m in range(1, 8))
    came(delivery(name="l.csv", is_first=False, taken=28, new=28, late=28, units=3, months=months), FIRST)

    assert "April 2026 (4 rows), May 2026 (5 rows), June 2026 (6 rows), July 2026 (7 rows) and 3 more months" in text(
        ada.get("/feeds/")
    )
    assert LATE.known == 12


def test_rows_that_were_taken_in_part_are_said_beside_those_that_were_refused(ada, came):
    came(delivery(partly=5, refused=3))

    said = text(ada.get("/feeds/"))
    assert "3 rows could not be used. Of 5 more only a part could be used." in said
    assert "5 rows were taken in part, and the rest of them set aside." in said


def test_live_messages_are_called_so_in_the_reader_s_language(ada, came):
    came(delivery(delivery="stream", name="live messages"))

    assert "live messages" in text(ada.get("/feeds/"))
    assert "live berichten" in text(ada.get("/feeds/", headers={"accept-language": "nl"}))
