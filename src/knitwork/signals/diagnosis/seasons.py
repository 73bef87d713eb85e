"""Tell whether months of the year, or days of the week, differ by more than chance.

The values are explained by a level for each phase and a straight line, then by these and the seasons; what the seasons
add is tested by F. The line keeps a drift over few years from looking like a season. Source: any textbook of linear
models, such as Montgomery, Peck & Vining, section 3.3 (extra sum of squares).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from knitwork.signals.calendar import day_of
from knitwork.signals.diagnosis.points import Points, last_tested
from knitwork.signals.diagnosis.record import Seasonality
from knitwork.signals.evaluation import Evaluation
from knitwork.signals.panel import SAME, Flags, Floats, Whole

SIGNIFICANT = 0.05
# Two of each season: two years of months, and four weeks of days, of which two would leave too little to judge by.
LEAST = {"month": 24, "weekday": 28}
KINDS = {"month": 12, "weekday": 7}


def seasonality(evaluation: Evaluation, points: Points) -> Seasonality | None:
    """Test the seasons of a chart of months or of days; None for others, or where points are few."""
    found = seasons_of(evaluation.labels)
    if found is None:
        return None
    season, number = found
    useful = points.useful & (number >= 0)
    kinds = len(np.unique(number[useful]))
    if useful.sum() < LEAST[season] or kinds < KINDS[season]:
        return None
    y = points.value[useful]
    plain, seasonal = _design(points, useful, number)
    before, _ = _misfit(plain, y)
    after, weights = _misfit(seasonal, y)
    freedom, added = len(y) - seasonal.shape[1], seasonal.shape[1] - plain.shape[1]
    if freedom < 1 or before <= (SAME * np.abs(y).max()) ** 2 * len(y):
        return None
    from scipy.special import fdtrc

    after = max(after, before * SAME)
    f = (before - after) / added / (after / freedom)
    share = max(0.0, 1 - (after / freedom) / (before / (freedom + added)))
    p = float(fdtrc(added, freedom, f))
    each = _effects(weights[plain.shape[1] :], kinds)
    names = range(1, 13) if season == "month" else range(7)
    effects = tuple((name, float(effect)) for name, effect in zip(names, each, strict=True))
    return Seasonality(
        season=season,
        points=int(useful.sum()),
        share=share,
        f=float(f),
        p=p,
        significant=p < SIGNIFICANT,
        effects=effects,
        highest=max(effects, key=lambda one: one[1])[0],
        lowest=min(effects, key=lambda one: one[1])[0],
        same_before=_same_before(evaluation, points, number),
    )


def seasons_of(labels: tuple[str, ...]) -> tuple[Literal["month", "weekday"], Whole] | None:
    """Return the season of each label, counted from 0; None where the labels are neither months nor days."""
    days = [day_of(label) for label in labels]
    known = [day for day in days if day is not None]
    if len(known) < 2 or len(known) < len(days):
        return None
    steps = sorted((after - before).days for before, after in pairwise(known))
    usual = steps[len(steps) // 2]
    if 28 <= usual <= 31:
        return "month", np.array([day.month - 1 for day in known], dtype=np.int64)
    if usual == 1:
        return "weekday", np.array([day.weekday() for day in known], dtype=np.int64)
    return None


def _design(points: Points, useful: Flags, number: Whole) -> tuple[Floats, Floats]:
    """Return what explains the values without seasons and with them, one column each; the first season is left out."""
    at = np.flatnonzero(useful).astype(np.float64)
    phases = [(points.phase[useful] == one).astype(np.float64) for one in np.unique(points.phase[useful])]
    plain = np.column_stack([*phases, (at - at.mean()) / max(at.std(), 1.0)])
    seasons = [(number[useful] == one).astype(np.float64) for one in np.unique(number[useful])[1:]]
    return plain, np.column_stack([plain, *seasons])


def _misfit(design: Floats, y: Floats) -> tuple[float, Floats]:
    weights: Floats = np.linalg.lstsq(design, y, rcond=None)[0].astype(np.float64)
    return float(((y - design @ weights) ** 2).sum()), weights


def _effects(weights: Floats, kinds: int) -> Floats:
    """Return what each season lies above or below the mean of all of them."""
    each = np.concatenate([[0.0], weights])
    level: Floats = each[:kinds] - each[:kinds].mean()
    return level


def _same_before(evaluation: Evaluation, points: Points, number: Whole) -> float | None:
    at = last_tested(evaluation)
    if at is None:
        return None
    same = points.useful & (number == number[at]) & (np.arange(len(number)) < at)
    return float(points.value[same].mean()) if same.any() else None
