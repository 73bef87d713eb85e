"""Which of many charts to look at first: ranked by how surprising their signals are, with false discoveries held down.

A wall of ten thousand stable charts shows hundreds of signals. Each chart keeps its own rules and its own picture; only
the list is thinned. Of the charts that the list calls found, at most a share `q` is expected to be false, by the method
of Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289-300; that holds for charts that are independent or, as units and
their sums are, positively related (Benjamini & Yekutieli 2001, Ann. Stat. 29:1165-1188).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knitwork.model.errors import BadDefinition
from knitwork.signals.chance import expected_by_chance
from knitwork.signals.evaluation import Evaluation, Signal, Verdict
from knitwork.signals.panel import Floats
from knitwork.signals.score import scores

# One in ten of the charts that are called found may be false: common where a look costs little.
Q = 0.1


@dataclass(frozen=True, slots=True)
class Entry:
    """A chart with a recent signal: `place` counts from 0 in what was given.

    `score` is the chance that a stable chart shows a signal as strong, `adjusted` the smallest share of false ones among
    the charts found at which this one is found. `signal` is the most surprising one, `verdict` what the chart itself says
    (`Evaluation.variation`), `found` whether it passes at the `q` of the list.
    """

    place: int
    key: str
    score: float
    adjusted: float
    signal: Signal
    verdict: Verdict
    found: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """Charts with a recent signal, the most surprising first, out of `charts` that were judged.

    `expected` is how many of all charts would show a recent signal by chance alone.
    """

    entries: tuple[Entry, ...]
    charts: int
    q: float
    expected: float

    @property
    def found(self) -> tuple[Entry, ...]:
        """Return the entries that pass."""
        return tuple(entry for entry in self.entries if entry.found)

    @property
    def false_among_found(self) -> float:
        """Return how many of the charts found are false, at most, on average."""
        return self.q * len(self.found)


def triage(evaluations: Sequence[Evaluation], *, keys: Sequence[str] = (), q: float = Q) -> Triage:
    """Rank the charts that have a recent signal; `keys` name the charts, in their order.

    A chart without a point or without rules is not counted. Raises `BadDefinition` where `q` is no share.
    """
    if not 0 < q < 1:
        raise BadDefinition(
            f"the share of false ones among those found is {q!r}: give one between 0 and 1, such as 0.1"
        )
    if keys and len(keys) != len(evaluations):
        raise BadDefinition(f"there are {len(evaluations)} charts and {len(keys)} keys: give one each")
    every = list(evaluations)
    judged = [place for place, one in enumerate(every) if one.spec.rules and one.n_useful]
    scored = scores([every[place] for place in judged])
    adjusted = benjamini_hochberg(np.array([one.score for one in scored]))
    entries = []
    for place, one, share in zip(judged, scored, adjusted.tolist(), strict=True):
        verdict = every[place].variation if one.signal else "none"
        if one.signal is not None and verdict != "none":
            key = keys[place] if keys else str(place)
            entries.append(Entry(place, key, one.score, share, one.signal, verdict, share <= q))
    entries.sort(key=lambda entry: (entry.score, entry.place))
    return Triage(tuple(entries), len(judged), q, expected_by_chance(every[place] for place in judged))


def benjamini_hochberg(chances: Floats) -> Floats:
    """Return each chance adjusted: found at q are those at most q.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    n = len(chances)
    order = np.argsort(chances, kind="stable")
    steps = chances[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted
