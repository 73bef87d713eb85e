"""Faults of the world around: clocks that jump, files that change or arrive by halves. See docs/reference/faults.md."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from knitwork.home import open_home, streams
from knitwork.intake import inbox
from knitwork.intake.mllp.framing import Frame
from knitwork.intake.mllp.hearing import hear
from knitwork.intake.mllp.keeping import Keeper
from tests.home.homes import TABLES, assert_same, extract, options, registry, rows_of, write
from tests.home.test_streams import CAME, visits
from tests.quick import first

DAY = dt.timedelta(days=1)
# What the tables say but for when each delivery came and which it was.
WITHOUT = ("delivery", "row", "feed", "came_us")


@dataclass
class Clock:
    """A clock that jumps by whole days between two looks."""

    chance: random.Random
    now: dt.datetime = CAME

    def __call__(self) -> dt.datetime:
        self.now += self.chance.choice([-DAY, dt.timedelta(seconds=1), DAY])
        return self.now


def heard(folder, payloads, now):
    home = open_home(folder)
    home.place.create()
    keeper = Keeper("adt", streams.messages_of(home.place), hear, now=now)
    for payload in payloads:
        assert b"MSA|AA|" in keeper.keep([Frame(payload)]).answers[0]
        home.land_messages()
    home.refresh(registry())
    return home


@pytest.mark.parametrize("seed", first(1, [1, 2]))
def test_a_clock_that_jumps_by_days_loses_and_doubles_nothing(tmp_path, seed):
    payloads = visits(4)
    calm = heard(tmp_path / "calm", payloads, lambda: CAME)
    jumping = heard(tmp_path / "jumping", payloads, Clock(random.Random(seed)))

    assert [m.payload for m in streams.messages_of(jumping.place).since(0)] == payloads
    assert rows_of(jumping, "stay", without=WITHOUT) == rows_of(calm, "stay", without=WITHOUT) != []
    for table in ("visit", "journey", "cell", "cell_pair"):
        assert rows_of(jumping, table, without=WITHOUT) == rows_of(calm, table, without=WITHOUT)


class Growing:
    """A hash of what is copied; while its first piece is, somebody writes on into the file."""

    def __init__(self, path, more: bytes) -> None:
        self.path, self.more, self.real = path, more, hashlib.sha256()

    def update(self, piece: bytes) -> None:
        self.real.update(piece)
        if self.more:
            with self.path.open("ab") as out:
                out.write(self.more)
            self.more = b""

    def hexdigest(self) -> str:
        return self.real.hexdigest()


def test_a_file_that_grows_while_it_is_copied_is_named_by_what_was_copied_and_read_from_the_copy(tmp_path, monkeypatch):
    rows = extract(5, patients=6)
    path = write(tmp_path / "growing.csv", rows[:-3])
    more = write(tmp_path / "all.csv", rows).read_bytes()[path.stat().st_size :]
    monkeypatch.setattr(inbox, "CHUNK", 256)
    monkeypatch.setattr(inbox, "hashlib", SimpleNamespace(sha256=lambda: Growing(path, more)))
    home = open_home(tmp_path / "home")

    home.load([path], options())
    monkeypatch.undo()
    (delivery,) = home.place.inbox.deliveries()
    copy = home.place.inbox.file(delivery).read_bytes()

    assert hashlib.sha256(copy).hexdigest() == delivery.delivery
    assert copy == path.read_bytes()
    home.refresh(registry())
    plain = open_home(tmp_path / "plain")
    plain.load([write(tmp_path / "copy.csv", rows)], options())
    plain.refresh(registry())
    assert_same(home, plain, tables=[table for table in TABLES if table != "feed_state"], without=WITHOUT)


def test_a_file_that_is_replaced_while_it_is_read_lands_as_it_was_copied(tmp_path, monkeypatch):
    rows = extract(5, patients=6)
    path = write(tmp_path / "stays.csv", rows)
    before = path.read_bytes()
    home = open_home(tmp_path / "home")

    def replaced(name: str) -> None:
        assert name
        if path.read_bytes() == before and list((home.place.inbox.folder / "incoming").glob("*")):
            path.write_text("patient,unit,start,end,visit\nQ,ED,2024-01-01 10:00,,\n")

    stage = inbox.Inbox.stage

    def staging(self, source):
        manager = stage(self, source)
        entered = manager.__enter__()
        replaced(source.name)

        class Held:
            def __enter__(self):
                return entered

            def __exit__(self, *told):
                return manager.__exit__(*told)

        return Held()

    monkeypatch.setattr(inbox.Inbox, "stage", staging)
    home.load([path], options())
    (delivery,) = home.place.inbox.deliveries()

    assert path.read_bytes() != before
    assert home.place.inbox.file(delivery).read_bytes() == before
    home.refresh(registry())
    assert not any("'Q'" in row for row in rows_of(home, "stay"))


@pytest.mark.parametrize("left_out", [1, 9, 17, 30, 41])
def test_half_a_file_that_arrives_first_is_put_right_by_the_whole(tmp_path, left_out):
    """A file without its last bytes: the row that was cut is set aside, or said anew by the whole file that follows."""
    rows = extract(8, patients=5)
    whole = write(tmp_path / "whole.csv", rows)
    half = tmp_path / "half.csv"
    half.write_bytes(whole.read_bytes()[:-left_out])
    straight, detour = open_home(tmp_path / "straight"), open_home(tmp_path / "detour")

    straight.load([whole], options())
    detour.load([half], options(received_at=CAME - DAY))
    detour.load([whole], options(received_at=CAME))
    straight.refresh(registry())
    detour.refresh(registry())

    for table in ("stay", "visit", "journey", "cell"):
        assert rows_of(detour, table, without=WITHOUT) == rows_of(straight, table, without=WITHOUT) != []
