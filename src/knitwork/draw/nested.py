"""The map of nested units: which groups stand beside each other, and how wide each is. Numbers in, places out.

A page is so many columns wide and a unit takes one cell. Groups stand in shelves, in the order in which they come,
so that reading order and picture agree; on a shelf each group is as wide as keeps the shelf low, and the shelves are
broken where that makes the whole lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

COLUMNS = 6
# A group's name takes about as much height as half a row of units.
HEAD = 0.5


@dataclass(frozen=True, slots=True)
class Shelf:
    """Neighbouring groups: the place of the first among all, and how many columns each takes."""

    first: int
    widths: tuple[int, ...]
    rows: int


def shelves(sizes: Sequence[int], *, columns: int = COLUMNS) -> tuple[Shelf, ...]:
    """Return the shelves on which groups of so many units stand.

    >>> shelves([18, 6, 9])
    (Shelf(first=0, widths=(3, 1, 2), rows=6),)
    """
    counts = tuple(max(size, 1) for size in sizes)

    @cache
    def best(first: int) -> tuple[float, tuple[Shelf, ...]]:
        """Return the least height of all groups from `first` on, and its shelves."""
        if first == len(counts):
            return 0.0, ()
        found: list[tuple[float, tuple[Shelf, ...]]] = []
        for last in range(first + 1, min(first + columns, len(counts)) + 1):
            widths, rows = shared(counts[first:last], columns)
            height, after = best(last)
            found.append((rows + HEAD + height, (Shelf(first, widths, rows), *after)))
        return min(found, key=lambda one: (one[0], len(one[1])))

    # From the back, so that no call goes deeper than one shelf.
    for first in range(len(counts) - 1, -1, -1):
        best(first)
    return best(0)[1]


def shared(counts: Sequence[int], columns: int) -> tuple[tuple[int, ...], int]:
    """Share columns among groups on one shelf so that it is as low as can be; return the widths and the rows.

    All columns are given out, so that no shelf ends in the middle of the page.

    >>> shared([10, 2], 6)
    ((5, 1), 2)
    """
    widths = [1] * len(counts)
    for _spare in range(columns - len(counts)):
        tallest = max(range(len(counts)), key=lambda at: (-(-counts[at] // widths[at]), counts[at] / widths[at], -at))
        widths[tallest] += 1
    return tuple(widths), max(-(-count // width) for count, width in zip(counts, widths, strict=True))
