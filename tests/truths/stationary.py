"""Stationary copies of real charts: the same sizes and shapes, and nothing happening on any of them.

Counts are drawn again with the chart's own pooled rate: binomial for shares, Poisson for rates and counts, each at
the denominators that the chart has. Values (medians, means, times) are put in another order. Then the product's own
code judges the copies, and a signal on one of them is false.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import sqrt

import numpy as np

from knitwork.signals import Evaluation, Series, evaluate_many
from knitwork.signals.spec import Spec
from knitwork.web import judging, present

BINOMIAL, POISSON = ("p", "p_prime"), ("u", "c")


@dataclass(frozen=True)
class Chart:
    """One measure of one unit as the pages judge it."""

    unit: str
    measure: str
    series: Series
    spec: Spec
    evaluation: Evaluation


def charts_of(source, period="month") -> list[Chart]:
    """Return every chart of a home: all units and all measures that have values, as the first page counts them."""
    registry = source.answers.registry
    found = []
    for unit in dict.fromkeys([*registry.roots(), *(u.unit for u in registry.units)]):
        rows = judging.rows_of(source, unit, registry.level_of(unit), period)
        for measure, evaluation in judging.evaluate_rows(source, rows).items():
            if evaluation.n_useful:
                definition = source.measures[measure]
                series = judging.series_of(definition, rows[measure])
                spec = judging.spec_of(definition, rows[measure])
                found.append(Chart(unit, measure, series, spec, evaluation))
    return found


def copy_of(chart: Chart, rng: np.random.Generator) -> Series:
    """Return a stationary copy: drawn again where counts are judged, put in another order where values are."""
    series = chart.series
    if series.values is not None:
        values = list(series.values)
        places = [at for at, ok in enumerate(complete(series)) if ok and values[at] is not None]
        shuffled = rng.permutation([values[at] for at in places]).tolist()
        for at, value in zip(places, shuffled, strict=True):
            values[at] = value
        return replace(series, values=tuple(values))
    counted = series.numerators
    sizes = series.denominators or (1,) * len(counted)
    ok = [a is not None and b is not None and b > 0 for a, b in zip(counted, sizes, strict=True)]
    used = [at for at, whole in enumerate(complete(series)) if whole and ok[at]]
    rate = sum(counted[at] for at in used) / sum(sizes[at] for at in used)
    again = list(counted)
    for at, has in enumerate(ok):
        if has and chart.spec.chart in BINOMIAL:
            again[at] = int(rng.binomial(round(sizes[at]), min(rate, 1.0)))
        elif has:
            again[at] = int(rng.poisson(rate * sizes[at]))
    return replace(series, numerators=tuple(again))


def complete(series: Series) -> list[bool]:
    n = len(series.labels)
    return [not (series.incomplete_last and at == n - 1) for at in range(n)]


@dataclass
class Tally:
    """How many copies were judged, how many signal now, and how many were expected to by the pages' own chance."""

    copies: int = 0
    signals: int = 0
    expected: float = 0.0
    charts: int = 0
    # Of each simulation by which a chance was found: how many copies it was used for, and the chance.
    simulated: Counter[float] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return self.signals / self.copies

    @property
    def chance(self) -> float:
        return self.expected / self.copies

    @property
    def error(self) -> float:
        """Return the binomial standard error of the rate, were the chance right."""
        return sqrt(self.chance * (1 - self.chance) / self.copies)

    def error_of_chance(self, draws: int) -> float:
        """Return the standard error of the chance itself, each simulation being of so many charts."""
        return sqrt(sum((n / self.copies) ** 2 * c * (1 - c) / draws for c, n in self.simulated.items()))


def judge_copies(charts: Iterable[Chart], *, copies: int, seed: int) -> dict[str, Tally]:
    """Judge `copies` stationary copies of every chart that any rule judges; return a tally for each kind, and `all`."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    judged = [chart for chart in charts if chart.spec.rules]
    for chart in judged:
        tallies[chart.spec.chart].charts += 1
    for again in range(copies):
        rng = np.random.default_rng([seed, again])
        series = [copy_of(chart, rng) for chart in judged]
        for chart, evaluation in zip(judged, evaluate_many(series, [c.spec for c in judged]), strict=True):
            tally = tallies[chart.spec.chart]
            tally.copies += 1
            tally.signals += bool(evaluation.recent)
            chance = present.chance_now(chart.evaluation)
            tally.expected += chance
            tally.simulated[chance] += 1
    whole = Tally()
    for tally in tallies.values():
        whole.copies += tally.copies
        whole.signals += tally.signals
        whole.expected += tally.expected
        whole.charts += tally.charts
        whole.simulated += tally.simulated
    return {**tallies, "all": whole}
