"""Units of a funnel from the rows of an input: rows of one unit put together."""

from __future__ import annotations

import math
from typing import Any

from conformance.frame import Column
from conformance.rows import as_label
from knitwork.signals.funnels import Against, Funnel, FunnelSpec, funnel

# What the tools call a level, and the level.
LEVELS = {"68": 0.68, "95": 0.95, "99": 0.998}


def judged(names: Column, above: Column, below: Column, spec: FunnelSpec, *, digits: int | None = None) -> Funnel:
    """Judge units, the rows of each summed; `digits` rounds the sums of denominators, as one tool does."""
    sums: dict[str, tuple[list[Any], list[Any]]] = {}
    for name, x, n in zip(names, above, below, strict=True):
        if x is not None and n is not None:
            some = sums.setdefault(as_label(name), ([], []))
            some[0].append(float(x))
            some[1].append(float(n))
    denominators = [math.fsum(n) for _, n in sums.values()]
    if digits is not None:
        denominators = [round(n, digits) for n in denominators]
    return funnel(list(sums), [math.fsum(x) for x, _ in sums.values()], denominators, spec)


def limits(against: Against | None, spec: FunnelSpec, level: float) -> tuple[float | None, float | None]:
    """Return the lower and the upper limit of one answer at a level."""
    if against is None or level not in spec.levels:
        return None, None
    at = spec.levels.index(level)
    return against.lowers[at], against.uppers[at]
