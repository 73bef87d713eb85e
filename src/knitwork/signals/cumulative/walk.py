"""The sum that every cumulative chart keeps: add each score, never fall below zero, start anew after a signal."""

from __future__ import annotations

import math

import numpy as np

from knitwork.signals.cumulative.checks import Floats


def walk(scores: Floats, *, limit: float, reset: bool, head_start: float = 0.0) -> Floats:
    """Return max(0, sum before + score) along the last axis, all rows at once.

    A missing score (NaN) carries the sum over. With `reset` the sum is zero after it has passed `limit`; what is
    returned is the height it reached, so that the signal can be seen.
    """
    if scores.ndim == 1:
        return _one(scores, limit=limit, reset=reset, head_start=head_start)
    reached = np.empty_like(scores)
    held = np.full(len(scores), head_start)
    # Column by column: thousands of rows move in one step, and each row's sums round as they would alone.
    for column in range(scores.shape[1]):
        score = scores[:, column]
        held = np.where(np.isnan(score), held, np.maximum(held + score, 0.0))
        reached[:, column] = held
        if reset:
            held = np.where(held > limit, 0.0, held)
    return reached


def _one(scores: Floats, *, limit: float, reset: bool, head_start: float) -> Floats:
    """Walk along one row, which plain numbers do many times faster than columns of one."""
    reached, held = [], head_start
    for score in scores.tolist():
        if not math.isnan(score):
            held = max(held + score, 0.0)
        reached.append(held)
        if reset and held > limit:
            held = 0.0
    return np.array(reached)


def likelihood_scores(happened: Floats, chances: Floats | float, *, odds: float) -> Floats:
    """Return the log-likelihood ratio of each outcome: odds multiplied by `odds` against odds as expected.

    y log R − log(1 − p + R p). Source: Steiner, Cook, Farewell & Treasure 2000, Biostatistics 1(4): 441-452,
    doi:10.1093/biostatistics/1.4.441, equation 2.3 with the odds ratio under the null hypothesis equal to 1.
    """
    scores: Floats = happened * np.log(odds) - np.log1p((odds - 1) * np.asarray(chances))
    return scores
