"""The hour that autumn repeats: which of its two readings a message means, where it names no offset.

The reader takes the first. Here the order of the control numbers and the visit's own order show where the second is
meant. Like all of the fold it depends on the set of messages alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from knitwork.intake.fold.words import Move
from knitwork.model.tables import FLAGS

HOUR_US = 3_600_000_000
# A clock may run so much ahead of what happened.
_AHEAD_US = 300_000_000
# In a row of `landed_move`: when it happened, and when it was said, lies in such an hour.
HAPPENED, SAID = FLAGS["dst_fold_start"], FLAGS["dst_fold_end"]
_OPENS = frozenset({"A01", "A04", "A05", "A14"})
_NUMBERED = re.compile(r"(\D*)(\d{1,30})")


def settled(moves: list[Move]) -> list[Move]:
    """Return different messages of a visit, those that mean the second of two readings an hour later."""
    doubtful = [move for move in moves if move.flags and move.flags & (HAPPENED | SAID)]
    if not doubtful:
        return moves
    later = {name for some in _hours(doubtful) for name in _said_later(some)}
    found = [_an_hour_on(move) if move.message in later else move for move in moves]
    return _in_visit_order(found)


def _hours(doubtful: list[Move]) -> Iterator[list[Move]]:
    """Yield the messages that were said in one hour that is repeated, year by year."""
    some: list[tuple[int, Move]] = []
    said = [(move.said_us, move.message, move) for move in doubtful if move.said_us is not None]
    for said_us, _message, move in sorted((one for one in said if one[2].flags and one[2].flags & SAID), key=_by_said):
        if some and said_us - some[0][0] >= HOUR_US:
            yield [one for _, one in some]
            some = []
        some.append((said_us, move))
    if some:
        yield [one for _, one in some]


def _by_said(one: tuple[int, str, Move]) -> tuple[int, str]:
    return one[:2]


def _said_later(some: list[Move]) -> list[str]:
    """Return which messages of one repeated hour were said in its second half: there the clock goes back.

    Where control numbers do not count, an admission comes before what follows, and a discharge after it.
    """
    so_far: int | None = None
    later: list[str] = []
    for move in _in_turn(some):
        said = move.said_us or 0
        if so_far is not None and said < so_far <= said + HOUR_US:
            later.append(move.message)
            said += HOUR_US
        so_far = said if so_far is None else max(so_far, said)
    return later


def _in_turn(some: list[Move]) -> list[Move]:
    numbers = [found for move in some if (found := _NUMBERED.fullmatch(move.control or ""))]
    counts = len(numbers) == len(some) and len({found[1] for found in numbers}) == 1
    places = [int(found[2]) for found in numbers] if counts else [_rank(move) for move in some]
    placed = sorted(zip(places, some, strict=True), key=lambda one: (one[0], one[1].said_us or 0, one[1].message))
    return [move for _, move in placed]


def _rank(move: Move) -> int:
    return 0 if move.event in _OPENS else 2 if move.event == "A03" else 1


def _an_hour_on(move: Move) -> Move:
    said_us = (move.said_us or 0) + HOUR_US
    return _happened_later(replace(move, said_us=said_us), said_us)


def _happened_later(move: Move, until_us: int) -> Move:
    """Return a message whose time is an hour later, if that is in doubt and not after what `until_us` says."""
    at = move.at_us
    if at is None or not (move.flags or 0) & HAPPENED or at + HOUR_US > until_us + _AHEAD_US:
        return move
    return replace(move, at_us=at + HOUR_US, flags=(move.flags or 0) & ~HAPPENED)


def _in_visit_order(moves: list[Move]) -> list[Move]:
    """Let what was said later have happened later, where only the second reading of its time makes it so."""
    found: list[Move] = []
    so_far: int | None = None
    for move in sorted(moves, key=lambda move: (move.said_us or 0, move.message)):
        meant, at = move, move.at_us
        if at is not None and so_far is not None and at < so_far <= at + HOUR_US and move.said_us is not None:
            meant = _happened_later(move, move.said_us)
        if meant.at_us is not None:
            so_far = meant.at_us if so_far is None else max(so_far, meant.at_us)
        found.append(meant)
    return found
