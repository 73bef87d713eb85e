"""From values to places in a picture: straight-line scales and the range that a chart must show."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from an interval of values to an interval of places."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of `value`, to a tenth of a unit; all values stand in the middle of an empty interval.

        >>> Scale(0, 10, 100, 0)(2.5)
        75.0
        """
        if self.high == self.low:
            return round((self.start + self.end) / 2, 1)
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def holds(self, value: float) -> bool:
        """Say whether `value` lies in the interval that is shown."""
        return self.low <= value <= self.high


def extent(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Return the least and the greatest of the known values, or None where there is none."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return (min(known), max(known)) if known else None


def shown_range(must: Iterable[float | None], *, wish: float | None = None) -> tuple[float, float]:
    """Return the interval to show: all of `must`, and `wish` (a target) unless it would halve the rest.

    A flat series gets a little room on both sides, so that its line stands in the middle.

    >>> shown_range([3.0, 5.0], wish=6.0)
    (3.0, 6.0)
    >>> shown_range([3.0, 5.0], wish=60.0)
    (3.0, 5.0)
    """
    low, high = extent(must) or (0.0, 1.0)
    if wish is not None and math.isfinite(wish):
        with_wish = (min(low, wish), max(high, wish))
        if with_wish[1] - with_wish[0] <= 2 * (high - low):
            low, high = with_wish
    # Far below the precision of a picture the difference is noise of the arithmetic.
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(high) * 0.05 or 1.0
        return low - room, high + room
    return low, high


def spread(wanted: list[float], *, gap: float, low: float, high: float) -> list[float]:
    """Return places near `wanted` (sorted) that are at least `gap` apart and inside `low` to `high`.

    The order is kept. Where there is too little room for all, the gaps shrink alike.

    >>> spread([10.0, 12.0, 50.0], gap=10, low=0, high=100)
    [6.0, 16.0, 50.0]
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    blocks: list[tuple[float, int]] = []  # (first place, how many): touching labels move as one block
    for place in wanted:
        first, size = place, 1
        while blocks and blocks[-1][0] + blocks[-1][1] * gap > first:
            before, count = blocks.pop()
            first = (before * count + (first - count * gap) * size) / (count + size)
            size += count
        first = min(max(first, low), high - (size - 1) * gap)
        blocks.append((first, size))
    places = [first + step * gap for first, size in blocks for step in range(size)]
    for at in range(len(places) - 2, -1, -1):  # a block pushed in from the edge may touch the one before it
        places[at] = min(places[at], places[at + 1] - gap)
    return [round(place, 1) for place in places]
