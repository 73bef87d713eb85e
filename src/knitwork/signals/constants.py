"""The constants of control charts for subgroups of n normal values.

c4 is exact; d2 is rounded to three decimals, as every printed table has it, so that limits agree with those of books and
of the tools that use those tables. Source: Montgomery, Appendix VI; Harter 1960, Ann. Math. Statist. 31:1122-1131.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, sqrt

import numpy as np
from numpy.typing import NDArray

# Beyond this many a subgroup's range tells so little that no book tables it.
LARGEST = 1000
# Normal values further out than this many sigmas add nothing to sixteen figures.
REACH = 8.5


def c4(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean standard deviation of n standard normal values, for each n; NaN below 2.

    >>> c4(np.array([2.0, 5.0])).round(4).tolist()
    [0.7979, 0.94]
    """
    return _each(n, _c4)


def d2(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean range of n standard normal values as printed tables round it; NaN below 2.

    >>> d2(np.array([2.0, 5.0])).tolist()
    [1.128, 2.326]
    """
    return _each(n, lambda size: round(_range_moments(size)[0], 3))


def d3(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of the range of n standard normal values; NaN below 2.

    >>> d3(np.array([2.0, 5.0])).round(4).tolist()
    [0.8525, 0.8641]
    """
    return _each(n, lambda size: _range_moments(size)[1])


def _each(n: NDArray[np.float64], constant: object) -> NDArray[np.float64]:
    sizes, where = np.unique(np.asarray(n, dtype=np.float64), return_inverse=True)
    known = [constant(round(size)) if 2 <= size <= LARGEST else np.nan for size in sizes.tolist()]  # type: ignore[operator]
    return np.array(known, dtype=np.float64)[where].reshape(np.shape(n))


@lru_cache(maxsize=LARGEST)
def _c4(n: int) -> float:
    return sqrt(2 / (n - 1)) * exp(lgamma(n / 2) - lgamma((n - 1) / 2))


@lru_cache(maxsize=LARGEST)
def _range_moments(n: int) -> tuple[float, float]:
    """Return mean and standard deviation of the range, by integrating the chance that it reaches over a gap.

    The mean range is the integral over a of the chance that a lies within the range; half the mean square is that over
    a and w of the chance that both a and a + w do.
    """
    from scipy.special import ndtr

    at, weight = np.polynomial.legendre.leggauss(200)
    low, gap = at * REACH, (at + 1) * REACH
    below, above = ndtr(low), ndtr(low[:, None] + gap)
    mean = float(weight @ (1 - below**n - (1 - below) ** n)) * REACH
    both = 1 - (1 - below[:, None]) ** n - above**n + (above - below[:, None]) ** n
    square = 2 * float(weight @ both @ weight) * REACH**2
    return mean, sqrt(square - mean * mean)
