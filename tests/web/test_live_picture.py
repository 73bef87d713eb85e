"""What is live of a unit on its wall and its page: told soon, to its own screens alone, and to outsiders without small numbers."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
from types import SimpleNamespace

import pytest
from django.utils.safestring import mark_safe

from knitwork.home.live_feeds import FeedNow
from knitwork.home.live_visits import Wait
from knitwork.web.walls import live as live_module
from knitwork.web.walls import strips
from knitwork.web.walls.live import STRIP, Live, LookOut, Reader
from knitwork.web.walls.render import Wanted
from knitwork.web.walls.strips import Strip, strip_of

from . import fake_answers
from .fake_today import seen
from .test_live import Home, Pages, Screen

NOW = dt.datetime(2026, 11, 28, 6, 12, 31, tzinfo=dt.UTC)
NOW_US = (NOW - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
HOUR_US = 3_600_000_000


class FakePicture:
    """A live picture of one unit: three here, one came today, one waits for another unit since four o'clock."""

    behind, knows_who_waits, is_live = 0, True, True

    def __init__(self, waits=True, came_us=NOW_US, here=3):
        self.messages = SimpleNamespace(file=SimpleNamespace(exists=lambda: True))
        self._waits, self.came_us, self.here = waits, came_us, here

    def look(self, _edition):
        return 1

    def feeds(self):
        return {"adt": FeedNow("adt", self.came_us, self.came_us, self.came_us + 120_000_000)}

    def feeds_of(self, _unit, _level):
        return {"adt"}

    def lately(self, _unit, _level, *, until_us, last_day):
        rows = [seen(f"SECRET-{at}", until_us - 30 * HOUR_US - at, is_open=True) for at in range(self.here - 1)]
        return [*rows, seen("SECRET-9", until_us - HOUR_US, is_open=True)]

    def waits(self, unit, _level):
        return [Wait("SECRET-1", "transfer", NOW_US - 2 * HOUR_US, unit, "W7")] if self._waits else []


@pytest.fixture
def strip(monkeypatch, db):
    """Make the strip of a unit from a fake picture at a fixed moment."""
    monkeypatch.setattr(strips.timezone, "now", lambda: NOW)

    def make(wanted, picture, at=NOW):
        monkeypatch.setattr(strips.timezone, "now", lambda: at)
        return strip_of(dataclasses.replace(fake_answers.fake_source(), live=picture), wanted)

    return make


def test_the_team_sees_who_waits_and_since_when(strip):
    made = strip(Wanted("CCU", page="today", whole=True), FakePicture()).html

    assert "3 here" in made
    assert "today 1 arrived" in made
    assert "longest since" in made
    assert "SECRET" not in made


def test_a_wall_shows_no_small_number_and_no_time_of_one_patient(strip):
    made = strip(Wanted("CCU"), FakePicture()).html

    assert "fewer than 11 here" in made
    assert "today fewer than 11 arrived" in made
    assert "Waiting:" in made
    assert "since" not in made.split('class="strip-waits"')[1].split("</p>")[0]
    assert strip(Wanted("CCU"), FakePicture(here=40)).html.count("40 here") == 1


def test_a_feed_that_is_silent_too_long_is_never_calm(strip):
    quiet = FakePicture(waits=False)
    on_time = strip(Wanted("CCU", page="today", whole=True), quiet).html
    late = strip(Wanted("CCU", page="today", whole=True), quiet, at=NOW + dt.timedelta(minutes=3)).html

    assert "No message says that somebody waits here" in on_time
    assert 'strip-silent" hidden' in on_time
    assert "No message says" not in late
    assert 'strip-fresh" hidden' in late
    assert "Nothing from adt since" in late


def test_a_unit_without_a_live_feed_has_no_strip(strip):
    assert strip(Wanted("CCU"), None) is None


class Beats:
    """Turns of units that a test moves on, and the strips that were made."""

    def __init__(self):
        self.version, self.turns, self.made = 1, {"CCU": 1, "W7": 1}, []

    def strips(self, keys):
        made = {}
        for wanted, language in keys:
            self.made.append(wanted.unit)
            text = f"{wanted.unit} {self.turns[wanted.unit]}"
            made[wanted, language] = Strip(mark_safe(text), text)
        return made


@pytest.mark.enable_socket
def test_only_the_screens_of_a_touched_unit_are_told_and_no_chart_is_made_anew(monkeypatch):
    for name, value in {"POLL_S": 0.01, "ALIVE_S": 0.1, "PULSE_S": 0.01, "SOONEST_S": 0.05}.items():
        monkeypatch.setattr(live_module, name, value)
    beats, home = Beats(), Home()

    async def scenario():
        look_out = LookOut(
            seen=home.seen, make=home.make, pulse=lambda: beats.version, turn=lambda w: beats.turns[w.unit],
            strips=beats.strips,
        )  # fmt: skip
        ccu, ward = (Screen(Live(Pages(Wanted(unit)), look_out)) for unit in ("CCU", "W7"))
        for screen in (ccu, ward):
            await screen.until(lambda s: s.events("live"))
        await asyncio.sleep(0.2)
        charts, told = len(home.made), len(ward.events("live"))

        beats.turns["CCU"], beats.version = 2, 2
        await ccu.until(lambda s: json.loads(s.events("live")[-1])["tag"] == "CCU 2")
        await asyncio.sleep(0.1)

        assert len(home.made) == charts
        assert len(ward.events("live")) == told
        await ccu.leave()
        await ward.leave()

    asyncio.run(scenario())


@pytest.mark.enable_socket
def test_a_strip_waits_once_and_pushes_no_chart_out():
    async def scenario():
        reader = Reader(Wanted("CCU"), "en-gb", "")
        reader.put("charts")
        for at in range(20):
            reader.put_strip(f"strip {at}")

        assert reader.queue.get_nowait() == "charts"
        assert reader.queue.get_nowait() == STRIP
        assert reader.taken_strip() == "strip 19"
        assert reader.queue.empty()

    asyncio.run(scenario())
