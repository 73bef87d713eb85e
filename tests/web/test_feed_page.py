"""The page of a feed, and the one line about it on every page that rests on it: there only when something is wrong."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.utils import timezone

from knitwork.home.quality.cadence import HOUR_US, Heartbeat
from knitwork.home.quality.drift import Change
from knitwork.web.audit.models import AuditEvent

from . import fake_answers
from .fake_quality import CAME_US, LAST, days, feed_quality

ASKS = (
    "/",
    "/units/CCU/",
    "/units/CCU/understand/",
    "/units/CCU/measures/gap_median/",
    "/units/CCU/wall/",
    "/units/CCU/measures/gap_over_60/funnel/",
    "/units/CCU/measures/gap_over_60/view/seasonal/",
    "/units/CCU/summary/",
    "/units/CCU/measures/gap_median/change/",
    "/handoffs/",
    "/handoffs/?view=matrix",
    "/handoffs/?view=map",
    "/handoffs/CCU/W7/",
    "/journeys/",
    "/measures/gap_median/",
)


def text(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def planted(invented_system):
    """Let a test say what is wrong with the feed."""

    def plant(**what):
        invented_system["answers"].told_of = feed_quality(**what)

    return plant


def test_a_clean_feed_is_quiet_everywhere(ada):
    for address in ASKS:
        said = ada.get(address).content.decode()
        assert "feed-wrong" not in said, address
        assert "fewer stays than usual" not in said, address
    said = text(ada.get("/feeds/adt/"))
    # the invented records end before today, which the head of the page says too
    assert "Its records end" in said
    assert "Nothing is wrong with this feed" not in said


def test_half_of_the_usual_number_is_said_beside_every_chart_that_uses_the_feed(ada, planted):
    planted(days=days(half_from=LAST - 12))

    for address in (*ASKS, "/feeds/adt/"):
        assert "adt: fewer stays than usual since 2 October 2026" in text(ada.get(address)), address


def test_the_page_of_a_feed_draws_each_chart_with_the_sentence_of_its_record(ada):
    said = ada.get("/feeds/adt/").content.decode()

    assert said.count('<figure class="card"') == said.count("kw-chart")
    assert 'id="volume"' in said
    assert 'id="ended"' in said
    assert "No signal in" in said


def test_the_period_can_be_chosen_and_the_usual_one_is_the_finest_that_would_show_a_halving(ada):
    assert 'href="?period=day" aria-current="true"' in ada.get("/feeds/adt/").content.decode()
    assert 'href="?period=month" aria-current="true"' in ada.get("/feeds/adt/?period=month").content.decode()


def test_what_drifted_is_said_in_words_and_by_delivery(ada, planted):
    what = ("adt", "d40", "night-40.csv", "night-39.csv")
    planted(changes=[
        Change("renamed", *what, column="ward", was="ward", now="ward_code"),
        Change("units", *what, column="the lengths of stays", was="hours", now="minutes", factor=60.0),
    ])  # fmt: skip

    said = text(ada.get("/feeds/adt/"))
    assert "The column 'ward' is gone and 'ward_code' looks like its new name." in said
    assert "about 60 times as large as before: it looks like hours became minutes." in said
    assert "night-40.csv against night-39.csv" in said
    assert "adt: in night-40.csv the column 'ward' is gone" in text(ada.get("/units/CCU/measures/gap_median/"))


def test_what_drifted_long_ago_is_told_on_the_page_of_the_feed_alone(ada, planted):
    planted(changes=[Change("gone", "adt", "d7", "night-7.csv", "night-6.csv", column="bed", was="bed")])

    assert "The column 'bed' is gone." in text(ada.get("/feeds/adt/"))
    assert "'bed'" not in text(ada.get("/"))


def test_a_set_cadence_raises_the_alarm_at_twice_its_length_and_not_before(ada, invented_system, monkeypatch):
    invented_system["answers"].beat = Heartbeat("adt", CAME_US, 4 * HOUR_US, is_set=True)
    came = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=CAME_US)

    monkeypatch.setattr(timezone, "now", lambda: came + dt.timedelta(hours=8))
    assert "Nothing came from adt" not in text(ada.get("/"))
    monkeypatch.setattr(timezone, "now", lambda: came + dt.timedelta(hours=8, minutes=1))
    for address in (*(one for one in ASKS if not one.endswith("/wall/")), "/feeds/adt/"):
        said = text(ada.get(address)).replace("\xa0", " ")
        assert "Nothing came from adt for 8.0 h" in said, address
        assert "it should come every 4 hours." in said, address


def test_a_wall_knows_from_when_on_silence_is_an_alarm(ada, invented_system):
    invented_system["answers"].beat = Heartbeat("adt", CAME_US, 4 * HOUR_US, is_set=True)

    said = ada.get("/units/CCU/wall/").content.decode()
    assert f'data-silent="{(CAME_US + 8 * HOUR_US) // 1000}" hidden' in said


def test_rules_are_counted_and_lead_to_the_rows_that_break_them(ada, planted):
    planted(days=days(breaking=7))

    page = ada.get("/feeds/adt/").content.decode()
    assert "/feeds/adt/rules/two_beds/" in page
    assert "/feeds/adt/rules/open_long/" not in page
    said = text(ada.get("/feeds/adt/rules/two_beds/"))
    assert "7 stays of adt" in said
    assert "stays-2026.csv 4,711 P-0042" in said


def test_that_rows_were_read_is_written_down(tess):
    tess.get("/feeds/adt/rules/two_beds/")

    assert AuditEvent.objects.filter(action="read patients", about="stays of adt that break two_beds").count() == 1


def test_a_reader_sees_where_rows_stand_and_not_whose_they_are(ben):
    said = ben.get("/feeds/adt/rules/two_beds/").content.decode()

    assert "4,711" in said
    assert "P-0042" not in said
    assert not AuditEvent.objects.filter(action="read patients").exists()


def test_rows_set_aside_come_as_a_file_and_without_their_values_for_a_reader(ada, ben):
    whole, less = (who.get("/feeds/adt/set-aside.csv").content.decode() for who in (ada, ben))

    assert whole.splitlines()[0] == "feed,delivery,row,field,rule,message"
    assert less.splitlines()[0] == "feed,delivery,row,field,rule"
    assert len(whole.splitlines()) == len(less.splitlines()) == 13
    assert "2026-01-02" not in less


def test_there_is_no_page_of_a_feed_or_rule_that_is_not_there(ada):
    assert ada.get("/feeds/nothing/").status_code == 404
    assert ada.get("/feeds/adt/rules/nothing/").status_code == 404


def test_a_feed_with_shifted_dates_has_no_charts_by_date(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    said = ada.get("/feeds/adt/").content.decode()
    assert "kw-chart" not in said
    assert "Dates were shifted for privacy" in said


def test_a_feed_with_stays_that_cannot_be_is_not_said_to_be_in_order(ada, planted):
    found = days()
    found.counts[LAST - 3]["after_death"] = 2
    planted(days=found)

    said = text(ada.get("/feeds/adt/"))
    assert "Some stays cannot be as they are told: begins after death (2)." in said
    assert "Nothing is wrong with this feed" not in said


def test_a_feed_with_shifted_dates_is_not_asked_what_needs_the_calendar(ada, invented_system):
    invented_system["answers"].shifted = True

    said = text(ada.get("/feeds/adt/"))
    assert "Begins after it came" not in said
    assert "In two beds at once" in said
    assert "Its records go up to" not in said
