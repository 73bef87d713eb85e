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
from itertools import accumulate
from statistics import fmean

# A level is a level from so many points on; fewer are a blip.
LEAST = 3
# Places whose likelihood ratio lies under this may be the one, at 95%: the quantile of (1 - exp(-x/2))^2, the law of
# the ratio at a change point (Hansen 2000, Econometrica 68: 575-603, table 1). Chi-squared would promise too much.
LIKELY = 7.35
# A step is clear where its likelihood ratio reaches this: 1 in 100 for a step at an unknown place (Andrews 2003,
# Econometrica 71: 395-397, table 1, one mean, the middle 70%). Short series reach it a little more often.
CLEAR = 12.16
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

    def moved(self, by: int) -> Step:
        """Return the same step counted from another first point; what lies before that is put on it."""
        at, first, last = (max(place + by, 0) for place in (self.at, self.first, self.last))
        return Step(at, first, last, self.before, self.after)


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
    misfit = _misfits(centred, whole)
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


def _misfits(centred: Sequence[float], whole: float) -> list[float]:
    """Return for each place the sum of squares about the two means when it is cut there.

    `centred` has no mean, so the sums on either side are alike and each mean takes its share off `whole`.
    """
    sums = list(accumulate(centred, initial=0.0))
    n, left = len(centred), sums[-1]
    return [
        max(
            whole - (sums[cut] ** 2 / cut if cut else 0.0) - ((left - sums[cut]) ** 2 / (n - cut) if cut < n else 0.0),
            0.0,
        )
        for cut in range(n + 1)
    ]


def likelihood_ratio(values: Sequence[float | None], step: Step) -> float:
    """Return twice the logarithm of how much better two levels fit `values` than one does, under normal noise.

    >>> alike, apart = [29, 31, 30, 29, 31, 30], [29, 31, 30, 41, 40, 42]
    >>> [likelihood_ratio(some, steepest(some)) >= CLEAR for some in (alike[:5] + [33], apart)]
    [False, True]
    """
    known = [(at, float(value)) for at, value in enumerate(values) if value is not None and math.isfinite(value)]
    middle = fmean(value for _, value in known)
    one = math.fsum((value - middle) ** 2 for _, value in known)
    two = math.fsum((value - (step.before if at < step.at else step.after)) ** 2 for at, value in known)
    return len(known) * math.log(one / max(two, NOTHING * one))


def step_of_run(
    values: Sequence[float | None], *, start: int, end: int, higher: bool, least: int = LEAST
) -> Step | None:
    """Return the step that a run on one side of the centre tells of, from `start` to `end`; None where it has no date.

    The best split must go the same way, lie within the run or right before it, and be sharp: where more places than its
    neighbour fit nearly as well, the first point of the run is as good a date.
    """
    step = steepest(values, least=least)
    if step is None or not step.is_sharp:
        return None
    return step if (step.after > step.before) == higher and start - 1 <= step.at <= end else None
