"""A line of time that gives every step room for its words: even where it can be, shortened where it must be.

A hospital visit holds a wait of four minutes and a stay of two days. Where an even scale would make the short ones
invisible, long steps are drawn shorter than they were, and the picture says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# A step that lasts a thousand times as long is drawn ten times as wide.
SHORTENED = 1 / 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """From instants to places: straight between the instants at which something begins or ends."""

    instants: tuple[float, ...]
    places: tuple[float, ...]
    even: bool

    def __call__(self, instant: float) -> float:
        """Return the place of an instant; what lies outside stands at the edge.

        >>> Timeline((0, 10, 20), (100, 150, 250), False)(15)
        200.0
        """
        if instant <= self.instants[0]:
            return self.places[0]
        if instant >= self.instants[-1]:
            return self.places[-1]
        at = bisect_right(self.instants, instant)
        t0, t1, x0, x1 = self.instants[at - 1], self.instants[at], self.places[at - 1], self.places[at]
        return round(x0 + (x1 - x0) * (instant - t0) / (t1 - t0), 1)


def timeline(
    instants: Sequence[float], needs: Sequence[tuple[float, float, float]], *, start: float, room: float, even: bool
) -> Timeline:
    """Return the line through `instants`, from place `start` over `room`; wider where the needs ask for more.

    A need is (from, to, width): the picture of that time must be so wide. With `even` the needs are wishes only.
    """
    marks = sorted(set(instants))
    if len(marks) < 2:
        marks = [marks[0] if marks else 0.0, (marks[0] if marks else 0.0) + 1]
    lengths = [after - before for before, after in pairwise(marks)]
    whole = marks[-1] - marks[0]
    straight = [room * length / whole for length in lengths]
    least = _least(marks, needs)
    if even or all(width >= need for width, need in zip(straight, least, strict=True)):
        return _line(marks, straight, start, even=True)
    wanted = max(room, sum(least) * 1.1)
    return _line(marks, _filled(lengths, least, wanted), start, even=False)


def _least(marks: Sequence[float], needs: Sequence[tuple[float, float, float]]) -> list[float]:
    """Return how wide each piece must be: a need over several pieces is shared by them alike."""
    least = [4.0] * (len(marks) - 1)
    for low, high, width in needs:
        inside = [at for at in range(len(least)) if marks[at] >= low and marks[at + 1] <= high]
        for at in inside:
            least[at] = max(least[at], width / len(inside))
    return least


def _filled(lengths: Sequence[float], least: Sequence[float], room: float) -> list[float]:
    """Return widths that fill the room: each by the cube root of its length, and none below its least."""
    weights = [length**SHORTENED for length in lengths]
    low, high = 0.0, room / max(min(weights), 1e-9)
    for _step in range(60):
        middle = (low + high) / 2
        used = sum(max(need, middle * weight) for need, weight in zip(least, weights, strict=True))
        low, high = (middle, high) if used < room else (low, middle)
    return [max(need, low * weight) for need, weight in zip(least, weights, strict=True)]


def _line(marks: Sequence[float], widths: Sequence[float], start: float, *, even: bool) -> Timeline:
    places = [start]
    for width in widths:
        places.append(places[-1] + width)
    return Timeline(tuple(marks), tuple(round(place, 1) for place in places), even)
