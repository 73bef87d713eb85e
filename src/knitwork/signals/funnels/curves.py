"""The limits as lines over the range of denominators, for drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knitwork.signals.funnels.limits import chance_limits, spread_limits
from knitwork.signals.funnels.record import Funnel
from knitwork.signals.panel import Floats

Line = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """Limits in the units shown at each of `denominators`: a pair of lines, lower and upper, for each level."""

    denominators: Line
    levels: Line
    chance: tuple[tuple[Line, Line], ...]
    spread: tuple[tuple[Line, Line], ...]


def limit_curves(funnel: Funnel, *, points: int = 80) -> Curves:
    """Return the limits from the smallest to the largest judged denominator; empty where there are none."""
    spec, sizes = funnel.spec, [unit.denominator for unit in funnel.units if unit.chance and unit.denominator]
    if not sizes or funnel.centre is None:
        return Curves((), spec.levels, (), ())
    # Limits bend most where denominators are small: steps that grow alike follow them best.
    at = np.geomspace(min(sizes), max(sizes), points) if min(sizes) < max(sizes) else np.array([sizes[0]])
    theta = funnel.centre / spec.factor
    chance = [chance_limits(at, theta, level, spec) for level in spec.levels]
    spread = []
    if funnel.has_spread and funnel.phi is not None and funnel.tau2 is not None:
        spread = [
            spread_limits(at, theta, level, spec, inside, phi=funnel.phi, tau2=funnel.tau2)
            for level, inside in zip(spec.levels, chance, strict=True)
        ]
    shown = [tuple(_pair(limits, spec.factor) for limits in some) for some in (chance, spread)]
    return Curves(tuple(at.tolist()), spec.levels, *shown)


def _pair(limits: tuple[Floats, Floats], factor: float) -> tuple[Line, Line]:
    low, high = limits
    return tuple((low * factor).tolist()), tuple((high * factor).tolist())
