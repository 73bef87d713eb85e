"""Shewhart's rule: a point beyond the three sigma limits. A point on the limit is inside.

Neighbouring tested points beyond the same limit are one finding. Source: Shewhart 1931.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from knitwork.signals.rules.kind import Finding, Judged, RuleSet, side_of


def find(judged: Judged) -> Iterator[tuple[int, Finding]]:
    """Return each row's stretches beyond a limit."""
    for row in np.flatnonzero(judged.beyond.any(axis=1)).tolist():
        beyond = judged.beyond[row]
        columns = np.flatnonzero(beyond)
        order = np.cumsum(judged.tested[row])[columns]
        breaks = np.flatnonzero((np.diff(order) > 1) | (np.diff(beyond[columns]) != 0)) + 1
        edges = [0, *breaks.tolist(), len(columns)]
        places = columns.tolist()
        for first, after in pairwise(edges):
            points = tuple(places[first:after])
            yield row, Finding("beyond_limits", points[0], points[-1], side_of(beyond[points[0]]), points)


SHEWHART = RuleSet(
    name="shewhart",
    title="Three sigma limits",
    rules={"beyond_limits": "a point lies beyond the limits"},
    find=find,
)
