"""How long a sum goes on before it passes its limit, on average, when nothing has changed or something has.

An average run length in control says how often a false signal comes. It is solved for, not drawn: no seed, no error
of sampling, the same number every time.
"""

from __future__ import annotations

import math

import numpy as np

from knitwork.signals.cumulative.checks import Floats

# Cells that the way to the limit is cut into. Halving them moves the answers that the tests try by under 1%.
CELLS = 1000
# Nodes for one sigma of the limit, and the least and the most of them: beyond that more nodes change nothing.
NODES_A_SIGMA, LEAST_NODES, MOST_NODES = 8, 48, 600
# Longer than this is never: the solver has no figures left to tell more.
NEVER = 1e12


def normal_run_length(*, k: float, h: float, shift: float = 0.0, head_start: float = 0.0) -> float:
    """Return the average run length of one sum of normal values, `shift` sigmas off towards its side.

    Solves L(z) = 1 + L(0) Φ(k − z − shift) + ∫₀ʰ L(x) φ(x + k − z − shift) dx with Gauss and Legendre's nodes.
    Source: Page 1954, Biometrika 41: 100-115; Goel & Wu 1971, Technometrics 13: 221-230.
    """
    from scipy.special import ndtr

    count = min(max(math.ceil(NODES_A_SIGMA * h), LEAST_NODES), MOST_NODES)
    nodes, weights = np.polynomial.legendre.leggauss(count)
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


def score_run_length(scores: Floats, weights: Floats, *, limit: float, cells: int = CELLS) -> float:
    """Return the average run length of one sum whose scores come with these probabilities.

    A Markov chain over `cells` equal steps up to the limit; a score between two steps goes to either with the
    probabilities that keep its mean. Source: Brook & Evans 1972, Biometrika 59: 539-549.
    """
    step = limit / cells
    whole = np.floor(scores / step)
    upper = scores / step - whole
    low, high = int(min(whole.min(), -cells)), int(max(whole.max() + 1, cells))
    kernel = np.zeros(high - low + 1)
    np.add.at(kernel, whole.astype(int) - low, weights * (1 - upper))
    np.add.at(kernel, whole.astype(int) + 1 - low, weights * upper)
    states = np.arange(cells + 1)
    chain = kernel[states[None, :] - states[:, None] - low]
    chain[:, 0] = np.cumsum(kernel)[-states - low]  # all that would fall below zero stays there
    lengths = np.linalg.solve(np.eye(cells + 1) - chain, np.ones(cells + 1))
    return float(lengths[0]) if 0 < lengths[0] < NEVER else math.inf


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
