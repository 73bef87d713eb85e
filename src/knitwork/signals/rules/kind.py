"""What every rule set consists of, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import Flags, Whole

Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired in one row: from which point to which, on which side, and the points it marks."""

    rule: str
    start: int
    end: int
    side: Side | None
    points: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs and crossings of each row. Points on the centre line neither break a run nor count in it."""

    number: Whole  # of the run that each point belongs to, from 1
    useful: Whole  # points that count in runs: those off the centre line
    longest: Whole
    longest_limit: Whole
    crossings: Whole
    crossings_limit: Whole


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules look at. Untested points lie beyond nothing; points that do not count have side 0."""

    tested: Flags
    side: NDArray[np.int8]
    beyond: NDArray[np.int8]
    runs: Runs


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named set of rules, each with a sentence that says when it fires."""

    name: str
    title: str
    rules: dict[str, str]
    find: Callable[[Judged], Iterator[tuple[int, Finding]]]


def side_of(sign: int) -> Side:
    """Name the side of the centre line that a sign stands for."""
    return "high" if sign > 0 else "low"
