"""How often a chart on which nothing happens shows a signal all the same.

A wall of many charts always shows some. The chance is found by drawing stable charts with a fixed seed and judging
them with the same code that judges the real ones. The table in `chance_table.py` is made by `table_row`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from zlib import crc32

import numpy as np

from knitwork.signals.chance_table import CHART_COLUMNS, RECENT_BY_POINTS
from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import plain_panel
from knitwork.signals.evaluation import RECENT, Evaluation
from knitwork.signals.judge import judge
from knitwork.signals.spec import Chart, RuleSetName, Spec

# 20,000 charts put the standard error of a chance of 10% at 0.2 percentage points.
DRAWS = 20_000
# A chart's own values are put in so many other orders; on a wall of many charts the errors average out.
SHUFFLES = 400
LONGEST_SHUFFLED = 60
CELLS_AT_A_TIME = 100_000
SEED = 20140917


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance of at least one signal on a stable chart: anywhere, and touching its last three tested points."""

    overall: float
    recent: float
    draws: int

    @property
    def standard_error(self) -> float:
        """Return the error of `overall` that is left from drawing a limited number of charts."""
        return sqrt(self.overall * (1 - self.overall) / self.draws)


def chance_of_signal(
    n_points: int,
    rules: Iterable[RuleSetName] = ("shewhart", "anhoej"),
    *,
    chart: Chart = "xmr",
    limits: str | int = "policy",
    draws: int = DRAWS,
) -> Chance:
    """Return the chance of a false signal on a stable chart of `n_points`; the same numbers every time.

    The draws are independent from period to period: normal values, binomial counts of 200 at 30%, Poisson counts of
    25. Real series that drift or have seasons give more false signals than this.
    """
    return _chance(int(n_points), Spec(chart=chart, rules=tuple(rules), limits=limits), draws)  # type: ignore[arg-type]  # Spec checks it


@lru_cache(maxsize=1024)
def _chance(n_points: int, spec: Spec, draws: int) -> Chance:
    if n_points < 1:
        return Chance(0.0, 0.0, draws)
    rng = np.random.default_rng([SEED, n_points])
    anywhere, recently, left = 0, 0, draws
    while left > 0:
        rows = min(left, max(1, CELLS_AT_A_TIME // n_points))
        panel = CHARTS[spec.chart].stable(rng, (rows, n_points))
        found = list(judge(panel, spec).findings(spec))
        anywhere += len({row for row, _ in found})
        recently += len({row for row, one in found if one.end >= n_points - RECENT})
        left -= rows
    return Chance(anywhere / draws, recently / draws, draws)


def expected_by_chance(evaluations: Iterable[Evaluation]) -> float:
    """Return how many of these charts would show a recent signal if nothing were happening on any of them.

    This is the N of "by chance alone we expect about N of M". Each chart counts with its own kind, rules and length.
    The default rules and limits are looked up in a table; others are drawn, once in the life of a program.
    """
    alike = Counter((one.n_useful, one.spec.rules, one.spec.chart, one.spec.limits) for one in evaluations)
    return sum(many * _recent(*what) for what, many in alike.items())


def _recent(n_points: int, rules: tuple[RuleSetName, ...], chart: Chart, limits: str | int) -> float:
    usual = Spec(chart=chart)
    if (rules, limits) == (usual.rules, usual.limits):
        column = CHART_COLUMNS.index(chart) + 1
        return float(
            np.interp(n_points, [row[0] for row in RECENT_BY_POINTS], [row[column] for row in RECENT_BY_POINTS])
        )
    return chance_of_signal(n_points, rules, chart=chart, limits=limits).recent


def chance_in_any_order(evaluation: Evaluation) -> float | None:
    """Return how often these very values, put in another order, signal on their last three points; None where unknown.

    For charts of single values. The table knows stable charts of normal values only: a chart of medians with many ties,
    or of shares of time that are mostly nought, signals more often than that though nothing changes. Of long series
    the table is good enough, and it is used too where a value is withheld.
    """
    spec, kind = evaluation.spec, CHARTS[evaluation.spec.chart]
    if kind.counts or kind.ratio or spec.exclude or evaluation.n_useful > LONGEST_SHUFFLED:
        return None
    known = zip(evaluation.values, evaluation.tested, strict=True)
    values = tuple(value / spec.factor for value, tested in known if tested and value is not None)
    if len(values) != evaluation.n_useful:
        return None
    return _shuffled(values, spec)


@lru_cache(maxsize=8192)
def _shuffled(values: tuple[float, ...], spec: Spec) -> float:
    if not values or not spec.rules:
        return 0.0
    as_they_came = np.array(values)
    # A seed of its own for each chart: with one for all, what is left of chance in the draws would not average out.
    rng = np.random.default_rng([SEED, crc32(as_they_came.tobytes())])
    panel = plain_panel(rng.permuted(np.tile(as_they_came, (SHUFFLES, 1)), axis=1))
    found = judge(panel, spec).findings(spec)
    return len({row for row, one in found if one.end >= len(values) - RECENT}) / SHUFFLES


def table_row(n_points: int) -> tuple[float, ...]:
    """Return the row of `chance_table.py` for `n_points`: how that table was made, and how a test checks it."""
    return (n_points, *(round(chance_of_signal(n_points, chart=chart).recent, 4) for chart in CHART_COLUMNS))
