"""Stays as columns: the form in which Riverbend's patients are made and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.demo.period import Ints

# Still here when the period ends.
OPEN = np.int64(2**62)
NO_VISIT = 0
NO_UNIT = -1


@dataclass(frozen=True, slots=True)
class Stays:
    """One row a stay, times in UTC seconds. Patients below zero are named (`write.NAMED`)."""

    patient: Ints
    unit: Ints
    start: Ints
    end: Ints
    visit: Ints
    overlaps: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.patient)

    def take(self, which: NDArray[np.bool_] | Ints | slice) -> Stays:
        return Stays(
            self.patient[which],
            self.unit[which],
            self.start[which],
            self.end[which],
            self.visit[which],
            self.overlaps[which],
        )

    def by_time(self) -> Stays:
        """Return the stays in the order in which a system would list them."""
        return self.take(np.lexsort((self.unit, self.patient, self.start)))


def join(parts: Sequence[Stays]) -> Stays:
    """Return the stays of all parts, in their order."""
    return Stays(
        np.concatenate([p.patient for p in parts]),
        np.concatenate([p.unit for p in parts]),
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.end for p in parts]),
        np.concatenate([p.visit for p in parts]),
        np.concatenate([p.overlaps for p in parts]),
    )


def rows(found: Sequence[tuple[int, int, int, int, int]]) -> Stays:
    """Return stays from rows of patient, unit, start, end, visit."""
    patient, unit, start, end, visit = np.array(found, dtype=np.int64).reshape(-1, 5).T
    return Stays(patient, unit, start, end, visit, np.zeros(len(found), dtype=bool))
