"""How long a sum goes on before it passes its limit, on average, when nothing has changed or something has.

An average run length in control says how often a false signal comes. It is solved for, not drawn: no seed, no error
of sampling, the same number every time.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from knitwork.signals.cumulative.checks import Floats

# Cells that the way to the limit is cut into. Halving them moves the answers that the tests try by under 1%.
CELLS = 2000
# Nodes for one sigma of the limit, and the least and the most of them: beyond that more nodes change nothing.
NODES_A_SIGMA, LEAST_NODES, MOST_NODES = 8, 48, 400
# Longer than this is never: the solver has no figures left to tell more.
NEVER = 1e12


def normal_run_length(*, k: float, h: float, shift: float = 0.0, head_start: float = 0.0) -> float:
    """Return the average run length of one sum of normal values, `shift` sigmas off towards its side.

    Solves L(z) = 1 + L(0) Φ(k − z − shift) + ∫₀ʰ L(x) φ(x + k − z − shift) dx with Gauss and Legendre's nodes.
    Source: Page 1954, Biometrika 41: 100-115; Goel & Wu 1971, Technometrics 13: 221-230.
    """
    from scipy.special import ndtr

    count = min(max(math.ceil(NODES_A_SIGMA * h), LEAST_NODES), MOST_NODES)
    nodes, weights = _nodes(count)
    x, weights = h * (nodes + 1) / 2, h * weights / 2
    states = np.concatenate([[0.0], x])

    def moves(start: Floats) -> Floats:
        to = x[None, :] + k - start[:, None] - shift
        density = np.exp(-to * to / 2) / math.sqrt(2 * math.pi)
        to_zero = ndtr(k - start - shift)[:, None]
        return np.concatenate([to_zero, density * weights], axis=1)

    lengths = np.linalg.solve(np.eye(count + 1) - moves(states), np.ones(count + 1))
    length = float(1 + (moves(np.array([head_start])) @ lengths)[0])
    return length if 0 < length < NEVER else math.inf


@lru_cache(maxsize=64)
def _nodes(count: int) -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(count)


def score_run_length(scores: Floats, weights: Floats, *, limit: float, cells: int = CELLS) -> float:
    """Return the average run length of one sum whose scores come with these probabilities.

    A Markov chain over `cells` equal steps up to the limit; a score between two steps goes to either with the
    probabilities that keep its mean. The sum goes in rounds that begin at zero and end at zero or beyond the limit:
    its run is as long as a round over the chance that a round ends beyond, which loses no figure where that is rare.
    Sources: Brook & Evans 1972, Biometrika 59: 539-549 (chain); Page 1954, Biometrika 41: 100-115 (rounds).
    """
    from scipy.linalg import solve_toeplitz

    kernel = _kernel(scores * cells / limit, weights, cells)
    still = cells + 1  # the place of a move by nothing
    # The chance to pass the limit from the last cell, from the one before, and so on down to zero.
    passing = np.cumsum(kernel[:still:-1])[::-1]
    column, row = kernel[still - cells + 1 : still + 1][::-1].copy(), kernel[still : still + cells].copy()
    column[0] = row[0] = kernel[still] - 1
    # Of each cell above zero: how long its round still takes, and its chance to end beyond the limit.
    ahead = solve_toeplitz((-column, -row), np.stack([np.ones(cells), passing[-2::-1]], axis=1))
    took, beyond = np.array([1.0, passing[-1]]) + kernel[still + 1 : still + cells + 1] @ ahead
    length = float(took / beyond) if beyond > 0 else math.inf
    return length if 0 < length < NEVER else math.inf


def _kernel(moves: Floats, weights: Floats, cells: int) -> Floats:
    """Return the chance of each move in whole cells, from one more down than there are to one more up."""
    lower = np.floor(moves)
    share = moves - lower
    kernel = np.zeros(2 * cells + 3)
    for ends, chances in ((lower, weights * (1 - share)), (lower + 1, weights * share)):
        np.add.at(kernel, np.clip(ends, -cells - 1, cells + 1).astype(int) + cells + 1, chances)
    return kernel


def two_sided(
    up: float, down: float, *, up_from_start: float | None = None, down_from_start: float | None = None
) -> float:
    """Return the average run length until either of two sums signals, from their own from zero (and from a head start).

    Source: Lucas & Crosier 1982, Technometrics 24: 199-205; without a head start it is 1/L = 1/L⁺ + 1/L⁻
    (Montgomery, section 9.1.4).

    >>> two_sided(930.0, 930.0)
    465.0
    """
    if math.isinf(up) or math.isinf(down):
        # One sum never signals by itself: the other decides.
        return min(up if up_from_start is None else up_from_start, down if down_from_start is None else down_from_start)
    begun_up = up if up_from_start is None else up_from_start
    begun_down = down if down_from_start is None else down_from_start
    return (begun_up * down + begun_down * up - up * down) / (up + down)
