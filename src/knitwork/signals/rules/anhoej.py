"""The Anhøj rules: one unusually long run, or unusually few crossings of the centre line.

With n useful points (those off the centre line) a run is long when it has more than round(log2 n) + 3 points, and
crossings are few when there are fewer than the 5% quantile of the binomial distribution of n - 1 trials at one half.
Together they give a false signal on about 5% of stable run charts of any length.
Source: Anhøj & Olesen 2014, PLoS ONE 9(11): e113825, doi:10.1371/journal.pone.0113825.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import comb, log2

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import Whole
from knitwork.signals.rules.kind import Finding, Judged, RuleSet, Runs, side_of


@lru_cache(maxsize=4096)
def longest_run_limit(useful: int) -> int:
    """Return the longest run that is still usual among `useful` points.

    >>> [longest_run_limit(n) for n in (10, 12, 24, 36)]
    [6, 7, 8, 8]
    """
    return round(log2(useful)) + 3 if useful > 0 else 0


@lru_cache(maxsize=4096)
def crossings_limit(useful: int) -> int:
    """Return the fewest crossings that are still usual among `useful` points, in whole numbers throughout.

    >>> [crossings_limit(n) for n in (10, 12, 24, 36)]
    [2, 3, 8, 13]
    """
    trials = max(useful - 1, 0)
    reached, crossings = 1, 0
    while reached * 20 < 2**trials:
        crossings += 1
        reached += comb(trials, crossings)
    return crossings


def count(side: NDArray[np.int8]) -> Runs:
    """Count runs and crossings of every row; `side` is 0 where a point does not count."""
    useful = side != 0
    columns = np.arange(side.shape[1])
    last = np.maximum.accumulate(np.where(useful, columns, -1), axis=1)
    before = np.concatenate([np.full((len(side), 1), -1), last[:, :-1]], axis=1)
    side_before = np.where(before >= 0, np.take_along_axis(side, np.maximum(before, 0), axis=1), 0)
    crossed = useful & (side_before == -side)
    starts = useful & (side_before != side)
    rank = np.cumsum(useful, axis=1)
    rank_at_start = np.maximum.accumulate(np.where(starts, rank, 0), axis=1)
    length = np.where(useful, rank - rank_at_start + 1, 0)
    n = rank[:, -1]
    return Runs(
        number=np.where(useful, np.cumsum(starts, axis=1), 0),
        useful=n,
        longest=length.max(axis=1),
        longest_limit=_look_up(longest_run_limit, n),
        crossings=crossed.sum(axis=1),
        crossings_limit=_look_up(crossings_limit, n),
    )


def _look_up(limit: Callable[[int], int], n: Whole) -> Whole:
    kinds, where = np.unique(n, return_inverse=True)
    limits: Whole = np.array([limit(useful) for useful in kinds.tolist()], dtype=np.int64)[where]
    return limits


def find(judged: Judged) -> Iterator[tuple[int, Finding]]:
    """Return each row's long runs, and its crossings where they are too few. Few crossings mark no single point."""
    runs = judged.runs
    for row in np.flatnonzero(runs.longest > runs.longest_limit).tolist():
        lengths = np.bincount(runs.number[row])
        lengths[0] = 0
        for number in np.flatnonzero(lengths > runs.longest_limit[row]).tolist():
            points = tuple(np.flatnonzero(runs.number[row] == number).tolist())
            yield row, Finding("longest_run", points[0], points[-1], side_of(judged.side[row, points[0]]), points)
    for row in np.flatnonzero(runs.crossings < runs.crossings_limit).tolist():
        tested = np.flatnonzero(judged.tested[row])
        yield row, Finding("few_crossings", int(tested[0]), int(tested[-1]), None, ())


ANHOEJ = RuleSet(
    name="anhoej",
    title="Anhøj runs rules",
    rules={
        "longest_run": "more points in a row lie on one side of the centre line than chance would put there",
        "few_crossings": "the line crosses the centre less often than chance would have it",
    },
    find=find,
)
