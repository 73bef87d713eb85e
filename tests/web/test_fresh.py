"""How old the records are: pages never look calm because nothing came."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.utils import timezone

from knitwork.home.quality import cadence
from knitwork.home.quality.cadence import Heartbeat
from knitwork.web import fresh

from . import fake_answers

DAY = dt.timedelta(days=1)
WEEKLY = [f"2026-09-{day:02}T06:00:00+00:00" for day in (9, 16, 23, 30)]


@pytest.fixture
def at(monkeypatch):
    """Set the clock of the pages to so long after the records end."""

    def set_clock(later):
        monkeypatch.setattr(timezone, "now", lambda: fake_answers.AS_OF + later)

    return set_clock


def text(response):
    return response.content.decode()


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (dt.timedelta(hours=1), "Records up to 14 October 2026, 08:10, from 1 feed"),
        (2 * DAY, "Records up to 14 October 2026, 08:10, from 1 feed"),
        (2 * DAY + dt.timedelta(minutes=1), "Records end on 14 October 2026, 08:10, 2 days ago"),
        (23 * DAY, "Records end on 14 October 2026, 08:10, 23 days ago"),
        (-30 * DAY, "Records up to 14 October 2026, 08:10, from 1 feed"),  # the demo may end after today
    ],
)
def test_every_page_says_how_old_its_records_are(ada, at, later, said):
    at(later)

    for address in ("/", "/units/CCU/", "/handoffs/"):
        assert said in text(ada.get(address)), address


def test_a_weekly_feed_is_late_after_two_weeks_and_not_after_two_days():
    week = cadence.usual_us(WEEKLY)

    assert week == 7 * fresh.DAY_US
    assert not fresh.is_late(0, cadence=week, at_us=14 * fresh.DAY_US)
    assert fresh.is_late(0, cadence=week, at_us=14 * fresh.DAY_US + 1)
    assert cadence.usual_us(WEEKLY[:2]) is None


def test_a_feed_of_which_too_few_deliveries_came_is_taken_for_a_daily_one():
    assert fresh.cadences(fake_answers.fake_source()) == {"adt": fresh.DAY_US}


class TwoFeeds(fake_answers.FakeAnswers):
    """The practice stopped delivering ten days before the hospital."""

    def feeds(self):
        stopped = self.as_of_us - 10 * fresh.DAY_US
        return [fake_answers.FakeFeed(), dataclasses.replace(fake_answers.FakeFeed(), feed="gp", last_us=stopped)]

    def feeds_by_unit(self):
        return super().feeds_by_unit() | {("micro", "REHAB"): ["gp"], ("micro", "ED"): ["adt", "gp"]}

    def unit_numbers(self, unit, level):
        return super().unit_numbers(unit, level) | {"here_now": 0}


def test_a_feed_that_stopped_is_named_and_its_units_do_not_look_empty(ada, at, invented_system):
    at(dt.timedelta(hours=1))
    invented_system["answers"] = TwoFeeds()

    page = text(ada.get("/"))
    unit = page[page.index(">Cardiac rehabilitation</a>") :].split("</li>")[0]
    stopped = text(ada.get("/units/REHAB/")).split('class="tiles"')[1].split("</dl>")[0]
    both = text(ada.get("/units/ED/")).split('class="tiles"')[1].split("</dl>")[0]

    assert "from 2 feeds; gp ends on 4 October 2026" in page
    assert "its records end on 4 October 2026" in unit
    assert "0 here" not in unit
    # The unit is told at the moment its own records end, and never at that of the others.
    assert "Patients here on 4 October 2026, 08:10" in stopped
    assert "Arrived on 4 October 2026" in stopped
    assert "14 October" not in stopped
    assert "Patients here on 14 October 2026, 08:10" in both


def test_numbers_of_a_moment_name_the_moment_and_never_now(ada, at):
    at(23 * DAY)

    page = text(ada.get("/units/CCU/"))

    assert "Patients here on 14 October 2026, 08:10" in page
    assert "Arrived on 14 October 2026" in page
    assert "here now" not in page


def test_the_page_of_feeds_says_which_feed_is_late(ada, at):
    at(23 * DAY)
    assert "Its records end 23 days ago" in text(ada.get("/feeds/"))
    at(DAY)
    assert "days ago" not in text(ada.get("/feeds/"))


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (dt.timedelta(minutes=20), "from 1 feed; last live message 08:12"),
        (dt.timedelta(hours=16), "from 1 feed; last live message 14 October 2026, 08:12"),
        (dt.timedelta(hours=17), "from 1 feed; nothing from ward since 14 October 2026, 08:12"),
        (23 * DAY, "23 days ago; nothing from ward since 14 October 2026, 08:12"),
    ],
)
def test_every_page_says_when_the_last_live_message_came_and_when_too_long_ago(ada, at, later, said, monkeypatch):
    came = fresh.us_of(fake_answers.AS_OF) + 2 * cadence.MINUTE_US
    monkeypatch.setattr(fresh, "beats", lambda _known: [Heartbeat("ward", came, 8 * cadence.HOUR_US + 1, live=True)])
    at(later)

    assert said in text(ada.get("/"))


def test_a_live_feed_of_which_nothing_could_be_read_hides_no_stale_records(ada, at, invented_system):
    class Unread(fake_answers.FakeAnswers):
        def feeds(self):
            return [*super().feeds(), dataclasses.replace(fake_answers.FakeFeed(), feed="ward", last_us=None)]

    invented_system["answers"] = Unread()
    at(23 * DAY)

    assert "Records end on 14 October 2026, 08:10, 23 days ago" in text(ada.get("/"))
