"""What is kept for a generation: made once, by one, and dropped with the generation."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from knitwork.web import kept as keeping
from knitwork.web.kept import kept
from knitwork.web.source import Source


@dataclass(frozen=True)
class Numbered:
    generation: int


def of(generation: int) -> Source:
    return Source(name="Home", tz="UTC", answers=Numbered(generation), measures={}, key="kept-test")


def test_what_is_kept_is_made_once_until_the_next_generation():
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    first = [kept(of(1), "n", make, "A"), kept(of(1), "n", make, "A")]
    other = kept(of(1), "n", make, "B")
    later = kept(of(2), "n", make, "A")

    assert (first, other, later) == ([1, 1], 2, 3)
    assert not [key for key in keeping._kept if key[:2] == ("kept-test", 1)]


def test_readers_at_the_same_time_wait_for_one_making():
    made: list[int] = []

    def slow() -> int:
        made.append(1)
        time.sleep(0.05)
        return 7

    found: list[int] = []
    readers = [threading.Thread(target=lambda: found.append(kept(of(3), "slow", slow))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert found == [7] * 8
    assert len(made) == 1


def test_a_making_that_fails_is_tried_again():
    def fails() -> int:
        raise OSError("no disk")

    for _ in range(2):
        try:
            kept(of(4), "fails", fails)
        except OSError:
            continue
        raise AssertionError("the error was swallowed")
    assert kept(of(4), "fails", lambda: 1) == 1


def test_no_more_is_kept_than_fits(monkeypatch):
    monkeypatch.setattr(keeping, "MOST", 5)
    keeping.forget()
    for at in range(20):
        kept(of(5), "many", lambda at=at: at, at)

    assert len(keeping._kept) == 5
