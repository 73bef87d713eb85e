"""Critical values of the rules that look at a whole series: its longest run and how often it crosses the centre.

Anhøj: with n useful points (those off the centre line) a run is long when it has more than round(log2 n) + 3 points, and
crossings are few when there are fewer than the 5% quantile of the binomial distribution of n - 1 trials at one half.
Best box: of all pairs of limits that leave at least 92.5% of stable charts without a signal, the pair that leaves fewest
charts with a shift of 0.8 sigma without one. Cut box: the best box without so much of its two borders, from their
corner on, as can be taken away while 92.5% are kept. Both are known for 10 to 100 useful points; beyond that, Anhøj's.
Sources: Anhøj & Olesen 2014, doi:10.1371/journal.pone.0113825; Anhøj & Wentzel-Larsen 2020,
doi:10.1371/journal.pone.0233920. Runs: Swed & Eisenhart 1943, Ann. Math. Statist. 14:66-87.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, log2

from knitwork.signals.rules.critical_table import BOXES, FEWEST_BOXED


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
    enough = -(-(2**trials) // 20)
    # Each coefficient is made from the one before: a century by day has tens of thousands of them, of as many digits.
    ways, reached, crossings = 1, 1, 0
    while reached < enough:
        ways = ways * (trials - crossings) // (crossings + 1)
        reached += ways
        crossings += 1
    return crossings


def best_box(useful: int) -> tuple[int, int]:
    """Return the fewest crossings and the longest run that are still usual, chosen together.

    >>> best_box(21)
    (7, 8)
    """
    if not 0 <= useful - FEWEST_BOXED < len(BOXES):
        return crossings_limit(useful), longest_run_limit(useful)
    fewest, longest, _, _ = BOXES[useful - FEWEST_BOXED]
    return fewest, longest


def cut_box(useful: int) -> tuple[int, int, int, int]:
    """Return the best box, and what of its borders stays within: from how many crossings on, up to how long a run.

    A longest run of the limit is usual from so many crossings on; the fewest crossings up to so long a run.
    """
    if not 0 <= useful - FEWEST_BOXED < len(BOXES):
        fewest, longest = best_box(useful)
        return fewest, longest, fewest, longest
    return BOXES[useful - FEWEST_BOXED]


@lru_cache(maxsize=65536)
def usual_runs(high: int, low: int) -> tuple[int, int]:
    """Return the fewest and most runs that are still usual with so many points on either side, 2.5% beyond each.

    >>> usual_runs(5, 5), usual_runs(8, 8)
    ((3, 9), (5, 13))
    """
    if not high or not low:
        return 1, 1
    whole = comb(high + low, high)
    ways = [0, 0] + [_ways(runs, high, low) for runs in range(2, high + low + 1)]
    fewest, below = 2, 0
    while (below + ways[fewest]) * 40 <= whole:
        below += ways[fewest]
        fewest += 1
    most, above = high + low, 0
    while (above + ways[most]) * 40 <= whole:
        above += ways[most]
        most -= 1
    return fewest, most


def _ways(runs: int, high: int, low: int) -> int:
    """Count the orders of so many high and low points that have so many runs."""
    half = runs // 2
    if runs % 2 == 0:
        return 2 * comb(high - 1, half - 1) * comb(low - 1, half - 1)
    return comb(high - 1, half) * comb(low - 1, half - 1) + comb(high - 1, half - 1) * comb(low - 1, half)
