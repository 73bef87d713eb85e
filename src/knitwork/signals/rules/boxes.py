"""How the best box and the cut box were found: the table in `critical_table.py` is made here, and a test makes it again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import Floats

# So many stable charts are to stay without a signal, and this shift, in sigmas, is to be found.
TARGET, SHIFT = 0.925, 0.8
# Each row has been made for this many useful points.
FEWEST, MOST = 10, 100


def boxes() -> list[tuple[int, int, int, int]]:
    """Return for 10 to 100 useful points: fewest crossings, longest run, and where the cut borders begin and end."""
    from scipy.stats import norm

    stable, shifted = _joint(0.5), _joint(float(norm.cdf(SHIFT)))
    return [_cut(stable[n], shifted[n], *_best(stable[n], shifted[n])) for n in range(FEWEST, MOST + 1)]


def _joint(share: float) -> list[Floats]:
    """Return for each length the chance of so many crossings (rows) and so long a longest run (columns, from 0).

    With no run longer than l, a run of k on one side follows one on the other; the chance of the longest run being l
    is what l allows and l - 1 does not.
    """
    within = np.zeros((MOST + 1, MOST + 1, MOST + 1))  # length, crossings, longest run allowed
    powers = np.array([share, 1 - share])[:, None] ** np.arange(MOST + 1)
    for longest in range(1, MOST + 1):
        ended = np.zeros((2, MOST + 1, MOST + 1))  # side of the last run, length, crossings
        for length in range(1, MOST + 1):
            for side in (0, 1):
                run = np.arange(1, min(longest, length) + 1)
                before = ended[1 - side, length - run, :-1]
                ended[side, length, 1:] = powers[side, run] @ before
                if length <= longest:
                    ended[side, length, 0] += powers[side, length]
        within[:, :, longest] = ended.sum(axis=0)
    return [np.diff(within[n], axis=1, prepend=0.0) for n in range(MOST + 1)]


def _boxed(chance: Floats) -> Floats:
    """Return the chance of so many crossings or more and so long a run or shorter."""
    summed: Floats = np.cumsum(np.cumsum(chance[::-1], axis=0)[::-1], axis=1)
    return summed


def _best(stable: Floats, shifted: Floats) -> tuple[int, int]:
    boxed, missed = _boxed(stable), _boxed(shifted)
    allowed: NDArray[np.bool_] = (stable > 0) & (boxed >= TARGET)
    crossings, run = np.unravel_index(np.argmin(np.where(allowed, missed, np.inf)), missed.shape)
    return int(crossings), int(run)


def _cut(stable: Floats, shifted: Floats, fewest: int, longest: int) -> tuple[int, int, int, int]:
    """Take cells off the borders of a box from its corner on, the likelier one under the shift first."""
    left = _boxed(stable)[fewest, longest] - stable[fewest, longest]
    if left < TARGET:
        return fewest, longest, fewest, longest
    from_crossings, up_to = fewest + 1, longest - 1
    while True:
        along_run, along_crossings = stable[from_crossings, longest], stable[fewest, up_to]
        can_run = along_run > 0 and left - along_run >= TARGET
        can_crossings = along_crossings > 0 and left - along_crossings >= TARGET
        if not can_run and not can_crossings:
            return fewest, longest, from_crossings, up_to
        if can_run and (not can_crossings or shifted[from_crossings, longest] >= shifted[fewest, up_to]):
            left -= along_run
            from_crossings += 1
        else:
            left -= along_crossings
            up_to -= 1
