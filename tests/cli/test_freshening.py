"""A refresh beside a listener: done by a process of its own, broken off at once, and refused in one sentence."""

from __future__ import annotations

import datetime as dt
import logging
import re
import threading
import time

import pytest

from knitwork.cli.freshening import keep_fresh, refreshed
from knitwork.home import open_home
from knitwork.intake.lock import one_writer
from knitwork.intake.messages import Messages
from knitwork.model.errors import CannotDo
from tests.home.adt_messages import adt, store

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path):
    """A home in which messages wait that no refresh has seen."""
    made = open_home(tmp_path / "home")
    made.place.create()
    messages = Messages(made.place.inbox.folder)
    store(messages, *(adt("A01", f"P{n}", NOW, "ICU", visit=f"V{n}") for n in range(5)), came=NOW)
    messages.close()
    return made


@pytest.mark.slow
def test_what_came_is_in_the_records_after_it(home):
    assert home.has_news

    said = refreshed(home, threading.Event())

    assert re.fullmatch(rf"generation {home.answers().generation}: 1 buckets in [\d.]+ s", said)
    assert home.stays().num_rows == 5
    assert not home.has_news


@pytest.mark.slow
def test_without_news_no_process_is_begun(home, monkeypatch):
    refreshed(home, threading.Event())
    began = []
    monkeypatch.setattr("knitwork.cli.freshening.refreshed", lambda *_: began.append(1))
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()

    keep_fresh(home, 0.01, stop)

    assert began == []


@pytest.mark.slow
def test_a_stop_breaks_it_off_and_the_next_one_has_everything(home):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()

    assert refreshed(home, stop) == ""

    assert time.monotonic() - began < 20
    assert refreshed(home, threading.Event()).startswith("generation ")
    assert home.stays().num_rows == 5


def test_what_is_in_its_way_is_one_sentence(home):
    wanted = r"^another load is at work in [^\n]*: wait until it has finished and try again$"
    with one_writer(home.path), pytest.raises(CannotDo, match=wanted):
        refreshed(home, threading.Event())


def test_what_stays_in_the_way_is_logged_once(home, monkeypatch, caplog):
    stop, tries = threading.Event(), []

    def refused(*_):
        tries.append(1)
        if len(tries) == 3:
            stop.set()
        raise CannotDo("another load is at work")

    monkeypatch.setattr("knitwork.cli.freshening.refreshed", refused)
    with caplog.at_level(logging.WARNING, "knitwork.listen"):
        keep_fresh(home, 0.01, stop)

    assert len(tries) == 3
    assert [r.getMessage() for r in caplog.records] == ["the records are not refreshed now: another load is at work"]
