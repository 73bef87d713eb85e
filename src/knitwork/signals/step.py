"""Where one level gives way to another: the split of a series into two levels that fits it best.

A rule says that a process changed; a run begins where the first point happens to lie on the other side, so it may begin
before the change and, where the centre already holds some of the change, after it. This says when, as an estimate: the
two means with the least sum of squares (the maximum likelihood under normal noise; Hinkley 1970, Biometrika 57: 1-17).
It judges nothing: ask it only of a series on which a rule fired.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

# A level is a level from so many points on; fewer are a blip.
LEAST = 3
# Places whose likelihood ratio lies under this may be the one, at 95%: the quantile of (1 - exp(-x/2))^2, the law of
# the ratio at a change point (Hansen 2000, Econometrica 68: 575-603, table 1). Chi-squared would promise too much.
LIKELY = 7.35
# Smaller sums of squares than this share of the largest are rounding.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Step:
    """Two levels of a series, in its own units: `at` is the position of the first point at the new level.

    `first` and `last` are the earliest and latest position that fit nearly as well: the change lies between them.
    """

    at: int
    first: int
    last: int
    before: float
    after: float

    @property
    def is_sharp(self) -> bool:
        """Say whether no other place fits nearly as well, give or take one."""
        return self.last - self.first <= 1


def steepest(values: Sequence[float | None], *, least: int = LEAST) -> Step | None:
    """Return the split of `values` into two levels that fits best; None where there is none to tell.

    Missing values are skipped. Of equally good places the earliest is taken.

    >>> steepest([29, 31, 30, 29, 41, 40, 42])
    Step(at=4, first=4, last=4, before=29.75, after=41.0)
    >>> steepest([30, 30, 30, 30, 30, 30, 30]) is None
    True
    """
    known = [(at, float(value)) for at, value in enumerate(values) if value is not None and math.isfinite(value)]
    if len(known) < 2 * least:
        return None
    numbers = [value for _, value in known]
    # Taken from their mean first: squares of large numbers would lose the small differences that count here.
    middle = fmean(numbers)
    centred = [value - middle for value in numbers]
    whole = math.fsum(value * value for value in centred)
    scale = max(abs(value) for value in numbers)
    if whole <= NOTHING * scale * scale * len(numbers):
        return None
    cuts = range(least, len(known) - least + 1)
    misfit = {cut: _misfit(centred[:cut]) + _misfit(centred[cut:]) for cut in cuts}
    floor = NOTHING * whole
    best = min(cuts, key=lambda cut: (max(misfit[cut], floor), cut))
    if misfit[best] >= whole * (1 - NOTHING):
        return None
    smallest = max(misfit[best], floor)
    near = [cut for cut in cuts if len(known) * math.log(max(misfit[cut], floor) / smallest) <= LIKELY]
    return Step(
        at=known[best][0],
        first=known[near[0]][0],
        last=known[near[-1]][0],
        before=fmean(numbers[:best]),
        after=fmean(numbers[best:]),
    )


def _misfit(centred: Sequence[float]) -> float:
    """Return the sum of squares about the mean."""
    mean = fmean(centred)
    return math.fsum((value - mean) ** 2 for value in centred)
