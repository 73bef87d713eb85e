"""The inbox: whole files or none, once each."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from knitwork.intake.inbox import Inbox
from knitwork.intake.lock import one_writer
from knitwork.model.errors import CannotDo

from .conftest import NOON


@pytest.fixture
def stays(tmp_path):
    path = tmp_path / "stays.csv"
    path.write_bytes(b"patient,unit,start\n1,A,2024-01-01\n")
    return path


def test_a_file_is_kept_whole_under_the_hash_of_its_content(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")

    taken = inbox.take(stays, feed="ward", received_at=NOON, extracted_at=NOON - dt.timedelta(hours=1))

    assert taken.delivery == hashlib.sha256(stays.read_bytes()).hexdigest()
    assert inbox.file(taken).read_bytes() == stays.read_bytes()
    assert inbox.file(taken) == tmp_path / "inbox/files" / taken.delivery[:2] / taken.delivery
    (again,) = inbox.deliveries()
    assert (again.feed, again.name, again.bytes, again.state) == ("ward", "stays.csv", 34, "received")
    assert (again.received_at, again.extracted_at) == (NOON, NOON - dt.timedelta(hours=1))


def test_the_same_content_is_taken_once_whatever_it_is_called(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")
    renamed = stays.rename(tmp_path / "renamed.csv")
    first = inbox.take(renamed, feed="ward", received_at=NOON)
    second = inbox.take(renamed.rename(stays), feed="ward", received_at=NOON + dt.timedelta(days=1))

    assert (first.new, second.new) == (True, False)
    assert (second.name, second.received_at) == ("renamed.csv", NOON)
    assert len(inbox.deliveries()) == 1


def test_two_feeds_may_bring_the_same_content(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")
    one = inbox.take(stays, feed="one", received_at=NOON)
    two = inbox.take(stays, feed="two", received_at=NOON)
    assert two.new

    inbox.drop(one)

    assert [d.feed for d in inbox.deliveries()] == ["two"]
    assert inbox.file(two).exists()
    inbox.drop(two)
    assert not inbox.file(two).exists()


def test_a_file_that_is_staged_and_not_accepted_leaves_nothing(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")
    with inbox.stage(stays) as staged:
        assert staged.path.read_bytes() == stays.read_bytes()

    assert inbox.deliveries() == []
    assert [p for p in (tmp_path / "inbox").rglob("*") if p.is_file() and "sqlite" not in p.name] == []


def test_a_file_can_be_marked_as_landed(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")
    inbox.mark(inbox.take(stays, feed="ward", received_at=NOON), "landed")

    assert [d.state for d in Inbox(tmp_path / "inbox").deliveries("ward")] == ["landed"]
    assert inbox.deliveries("other") == []


def test_what_a_crash_left_behind_is_cleaned(tmp_path, stays):
    inbox = Inbox(tmp_path / "inbox")
    kept = inbox.take(stays, feed="ward", received_at=NOON)
    (tmp_path / "inbox/incoming/half").write_bytes(b"half")
    (tmp_path / "inbox/files/ab").mkdir()
    (tmp_path / "inbox/files/ab" / ("ab" * 32)).write_bytes(b"renamed, and not in the index")

    assert inbox.clean() == 2
    assert inbox.clean() == 0
    assert inbox.file(kept).exists()


def test_an_index_that_is_no_database_is_said(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "index.sqlite3").write_bytes(b"not a database at all, but long enough to be looked at")

    with pytest.raises(CannotDo, match="restore the home folder"):
        Inbox(folder)


def test_a_second_loader_is_told_who_is_at_work(tmp_path):
    words = f"another load is at work.*process {os.getpid()}"
    with one_writer(tmp_path), pytest.raises(CannotDo, match=words), one_writer(tmp_path):
        pass
    with one_writer(tmp_path):
        pass


LOADER = """
import datetime as dt, pathlib, sys
from knitwork.intake.inbox import Inbox
inbox = Inbox(pathlib.Path(sys.argv[1]))
inbox.clean()
print("ready", flush=True)
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    inbox.take(path, feed="ward", received_at=dt.datetime(2024, 6, 1, tzinfo=dt.UTC))
    print(path.name, flush=True)
"""


def kill_and_look(tmp_path, times: int) -> None:
    source = tmp_path / "source"
    source.mkdir()
    contents = {f"{i:03}": os.urandom(200_000) for i in range(40)}
    for name, content in contents.items():
        (source / name).write_bytes(content)
    chance = random.Random(7)
    acknowledged: set[str] = set()
    for _ in range(times):
        loader = subprocess.Popen(
            [sys.executable, "-c", LOADER, str(tmp_path / "inbox"), str(source)], stdout=subprocess.PIPE, text=True
        )
        loader.stdout.readline()
        time.sleep(chance.uniform(0, 0.12))
        loader.send_signal(signal.SIGKILL)
        acknowledged.update(loader.communicate()[0].split())
        inbox = Inbox(tmp_path / "inbox")
        inbox.clean()
        kept = {d.delivery for d in inbox.deliveries()}
        assert {hashlib.sha256(contents[name]).hexdigest() for name in acknowledged if name in contents} <= kept
        for delivery in kept:
            assert hashlib.sha256(inbox.file(delivery).read_bytes()).hexdigest() == delivery
        assert {p.name for p in (tmp_path / "inbox/files").glob("*/*")} == kept
        with sqlite3.connect(tmp_path / "inbox/index.sqlite3") as index:
            assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        index.close()


def test_a_kill_at_any_moment_leaves_whole_deliveries_or_none(tmp_path):
    kill_and_look(tmp_path, 5)


@pytest.mark.slow
def test_a_hundred_kills_lose_and_double_nothing(tmp_path):
    kill_and_look(tmp_path, 100)
