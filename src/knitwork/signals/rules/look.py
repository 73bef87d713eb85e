"""What rules look at: the points of many series, packed so that those which do not count stand aside."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import Flags, Floats, Whole

Scalar = TypeVar("Scalar", bound=np.generic)
Found = TypeVar("Found")

Side = Literal["high", "low"]

# Series up to this long are counted in half the memory, which is most of the time that counting takes.
SHORT = 32_000
# Above, and below, the lines so many sigmas from the centre.
Zones = Callable[[float], tuple[Flags, Flags]]


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs and crossings of each row. Points on the centre line neither break a run nor count in it."""

    number: Whole  # of the run that each point belongs to, from 1
    length: Whole  # of that run, on all its points
    useful: Whole  # points that count in runs: those off the centre line
    high: Whole  # of these, those above it
    longest: Whole
    crossings: Whole


@dataclass(frozen=True)
class Look:
    """Points and what is known of them. Untested points lie beyond nothing; points that do not count have side 0.

    `tested` points are laid against limits; `usable` ones count in patterns too, which excluded points do not.
    `limited` rows have limits, `zones` gives the points beyond the lines so many sigmas out. What several rules look at
    is worked out once.
    """

    value: Floats
    tested: Flags
    usable: Flags
    side: NDArray[np.int8]
    limited: Flags
    zones: Zones
    runs: Runs
    known: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return what `make` gives, made when it is first asked for."""
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]  # type: ignore[no-any-return]  # what was made under this key

    def beyond(self, sigmas: float) -> tuple[Flags, Flags]:
        """Return the points above, and those below, the lines so many sigmas out."""
        return self.once(("beyond", sigmas), lambda: self.zones(sigmas))

    def packed(self, which: Literal["tested", "usable", "off_centre"]) -> Packed:
        """Return a packing of the points that are tested, that count, or that count and lie off the centre line."""
        flags = {"tested": self.tested, "usable": self.usable}.get(which)
        return self.once(("packed", which), lambda: pack(self.usable & (self.side != 0) if flags is None else flags))


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns of some points only, moved to the left: `order` says where each came from, `there` where one is."""

    order: Whole
    there: Flags
    whole: bool = False  # every point is there, so nothing moves

    def take(self, matrix: NDArray[Scalar]) -> NDArray[Scalar]:
        """Return a matrix in packed columns."""
        return matrix if self.whole else np.take_along_axis(matrix, self.order, axis=1)


def pack(keep: Flags) -> Packed:
    """Pack the points in `keep`, in their order."""
    if keep.all():
        return Packed(np.broadcast_to(np.arange(keep.shape[1]), keep.shape), keep, whole=True)
    order = np.argsort(~keep, axis=1, kind="stable")
    there = np.arange(keep.shape[1]) < keep.sum(axis=1)[:, None]
    return Packed(order, there)


def streak(flags: Flags) -> NDArray[np.int16 | np.int32]:
    """Return how many flags in a row end at each column.

    >>> streak(np.array([[True, True, False, True]])).tolist()
    [[1, 2, 0, 1]]
    """
    columns = np.arange(flags.shape[1], dtype=np.int16 if flags.shape[1] <= SHORT else np.int32)
    last_unset = np.maximum.accumulate(np.where(flags, -1, columns), axis=1)
    return np.where(flags, columns - last_unset, 0)


def windowed(flags: Flags, length: int) -> NDArray[np.int32]:
    """Return how many of the last `length` columns are set; 0 where there are not so many columns yet."""
    sums = np.cumsum(flags, axis=1, dtype=np.int32)
    counts = np.zeros(flags.shape, dtype=np.int32)
    if flags.shape[1] >= length:
        counts[:, length - 1] = sums[:, length - 1]
        counts[:, length:] = sums[:, length:] - sums[:, :-length]
    return counts


def count_runs(side: NDArray[np.int8]) -> Runs:
    """Count runs and crossings of every row; `side` is 0 where a point does not count."""
    useful = side != 0
    columns = np.arange(side.shape[1])
    last = np.maximum.accumulate(np.where(useful, columns, -1), axis=1)
    before = np.concatenate([np.full((len(side), 1), -1), last[:, :-1]], axis=1)
    side_before = np.where(before >= 0, np.take_along_axis(side, np.maximum(before, 0), axis=1), 0)
    crossed = useful & (side_before == -side)
    starts = useful & (side_before != side)
    number = np.where(useful, np.cumsum(starts, axis=1), 0)
    flat = number + np.arange(len(side))[:, None] * (side.shape[1] + 1)
    lengths = np.bincount(flat.ravel(), minlength=len(side) * (side.shape[1] + 1))
    length = np.where(useful, lengths[flat], 0)
    return Runs(
        number=number,
        length=length,
        useful=useful.sum(axis=1),
        high=(side > 0).sum(axis=1),
        longest=length.max(axis=1, initial=0),
        crossings=crossed.sum(axis=1),
    )


def side_of(sign: int) -> Side | None:
    """Name the side of the centre line that a sign stands for."""
    return None if sign == 0 else "high" if sign > 0 else "low"
