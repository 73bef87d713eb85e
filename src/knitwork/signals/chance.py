"""How often a chart on which nothing happens shows a signal all the same.

A wall of many charts always shows some. The chance is found by drawing stable charts with a fixed seed and judging
them with the same code that judges the real ones. The table in `chance_table.py` is made by `table_row`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod, sqrt
from zlib import crc32

import numpy as np

from knitwork.signals.chance_table import CHART_COLUMNS, NEW_BY_POINTS, RECENT_BY_POINTS, Table
from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import plain_panel
from knitwork.signals.evaluation import RECENT, Evaluation
from knitwork.signals.judge import judge
from knitwork.signals.newness import chance_of_new
from knitwork.signals.spec import Chart, RuleSetName, Spec
from knitwork.signals.stable import SEED, draw, phases_of, twin

# 20,000 charts put the standard error of a chance of 10% at 0.2 percentage points, 4,000 at 0.5.
DRAWS = 20_000
# Drawn while somebody waits: what the table does not hold.
FEWER_DRAWS = 4_000
# A chart's own values are put in so many other orders; on a wall of many charts the errors average out.
SHUFFLES = 400
LONGEST_SHUFFLED = 60
CELLS_AT_A_TIME = 100_000

# The lengths that are reckoned by themselves: all up to 60, and of longer charts some.
LENGTHS = tuple(int(row[0]) for row in RECENT_BY_POINTS)


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
    spec: Spec | None = None,
    draws: int = DRAWS,
) -> Chance:
    """Return the chance of a false signal on a stable chart of `n_points`; the same numbers every time.

    `spec` is a whole definition in place of rules, chart and limits; its phases are left out.
    The draws are independent from period to period: normal values, subgroups of five, binomial counts of 200 at 30%,
    Poisson counts of 25, one event in 30 cases, exponential times. Real series that drift or have seasons give more
    false signals than this.
    """
    asked = spec or Spec(chart=chart, rules=tuple(rules), limits=limits)  # type: ignore[arg-type]  # Spec checks it
    return _chance(int(n_points), twin(asked), draws)


@lru_cache(maxsize=4096)
def _chance(n_points: int, spec: Spec, draws: int) -> Chance:
    if n_points < 1 or not spec.rules:
        return Chance(0.0, 0.0, draws)
    rng = np.random.default_rng([SEED, n_points])
    anywhere, recently, left = 0, 0, draws
    while left > 0:
        rows = min(left, max(1, CELLS_AT_A_TIME // n_points))
        panel = draw(rng, spec.chart, rows=rows, n_points=n_points)
        judgement = judge(panel, spec)
        anywhere += int(judgement.signalling().sum())
        recently += int(judgement.signalling(from_column=panel.value.shape[1] - RECENT).sum())
        left -= rows
    return Chance(anywhere / draws, recently / draws, draws)


def chance_of(evaluation: Evaluation, *, draws: int = FEWER_DRAWS) -> Chance:
    """Return the chance that a stable chart like this one has a signal: in any of its phases, and recently in the last.

    Each phase counts with its own length, limits and kind, and by itself, for no rule runs across.
    """
    each = [_chance(n, spec, draws) for n, spec in phases_of(evaluation)]
    return Chance(1 - prod(1 - one.overall for one in each), each[-1].recent, draws)


def expected_by_chance(evaluations: Iterable[Evaluation]) -> float:
    """Return how many of these charts would show a recent signal if nothing were happening on any of them.

    This is the N of "by chance alone we expect about N of M". Each chart counts with its own kind, rules, limits and
    length, of its last phase where it has phases: recent signals are of that. The default rules and limits are looked
    up in a table; others are drawn, once in the life of a program.
    """
    return _summed(evaluations, RECENT_BY_POINTS, lambda n, spec: _chance(n, spec, FEWER_DRAWS).recent)


def expected_new_by_chance(evaluations: Iterable[Evaluation]) -> float:
    """Return how many of these charts their last points would make a signal of if nothing were happening on any."""
    return _summed(evaluations, NEW_BY_POINTS, lambda n, spec: chance_of_new(n, spec=spec))


def _summed(evaluations: Iterable[Evaluation], table: Table, drawn: Callable[[int, Spec], float]) -> float:
    alike = Counter(list(phases_of(one))[-1] for one in evaluations)
    return sum(many * _looked_up(n, spec, table, drawn) for (n, spec), many in alike.items())


def _looked_up(n_points: int, spec: Spec, table: Table, drawn: Callable[[int, Spec], float]) -> float:
    """Return a chance of the table, or one drawn where the definition is not the usual one of its chart."""
    if spec == Spec(chart=spec.chart):
        column = CHART_COLUMNS.index(spec.chart) + 1
        return float(np.interp(n_points, LENGTHS, [row[column] for row in table]))
    if n_points in LENGTHS or n_points <= LENGTHS[0]:
        return drawn(n_points, spec)
    above = next((at for at, length in enumerate(LENGTHS) if length > n_points), None)
    if above is None:
        return drawn(LENGTHS[-1], spec)
    ends = LENGTHS[above - 1], LENGTHS[above]
    return float(np.interp(n_points, ends, [drawn(end, spec) for end in ends]))


def chance_in_any_order(evaluation: Evaluation) -> float | None:
    """Return how often these very values, put in another order, signal on their last three points; None where unknown.

    For charts of single values. The table knows stable charts of normal values only: a chart of medians with many ties,
    or of shares of time that are mostly nought, signals more often than that though nothing changes. Of long series
    the table is good enough, and it is used too where a value is withheld.
    """
    spec, kind = evaluation.spec, CHARTS[evaluation.spec.chart]
    single = kind.reads == "values" and kind.plot is None and kind.smooth is None
    if not single or spec.phases or spec.exclude or evaluation.n_useful > LONGEST_SHUFFLED:
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
    return float(judge(panel, spec).signalling(from_column=len(values) - RECENT).sum()) / SHUFFLES


def table_row(n_points: int) -> tuple[float, ...]:
    """Return the row of `RECENT_BY_POINTS` for `n_points`: how that table was made, and how a test checks it."""
    return (n_points, *(round(chance_of_signal(n_points, chart=chart).recent, 4) for chart in CHART_COLUMNS))


def new_row(n_points: int) -> tuple[float, ...]:
    """Return the row of `NEW_BY_POINTS` for `n_points`."""
    return (n_points, *(round(chance_of_new(n_points, chart=chart), 4) for chart in CHART_COLUMNS))
