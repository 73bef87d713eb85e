"""The record of one cumulative chart, from which picture, table and sentence are all made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from knitwork.signals.cumulative.checks import Floats, plain
from knitwork.signals.cumulative.spec import CusumSpec
from knitwork.signals.evaluation import Verdict, verdict_of
from knitwork.signals.series import Numbers
from knitwork.signals.spec import Direction

Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class CusumSignal:
    """One time that a sum passed its limit: from position `at` to `end` (counted from 0), on one side.

    `zero` is the last position at which the sum stood at zero before, or started anew; None where it never did.
    `start` is the first known position after it: the estimate of when the change began (Montgomery, section 9.1.2).
    """

    at: int
    end: int
    zero: int | None
    start: int
    side: Side
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumRecord:
    """One series, summed and judged. Columns have one entry a case or period; `None` where there is nothing.

    `up` is never below zero and `down` never above it; `upper` and `lower` are their limits, with the same signs.
    Each holds the height that the sum reached, also where it starts anew afterwards. A sum on its limit is inside.
    `expected` are the chances of the cases on a chart of outcomes; on a Bernoulli chart they are all the baseline rate.
    `n` counts the cases with a value.
    """

    spec: CusumSpec
    labels: tuple[str, ...]
    values: Numbers
    expected: Numbers | None
    up: Numbers
    down: Numbers
    upper: float
    lower: float
    signals: tuple[CusumSignal, ...]
    n: int
    formula: str

    def __len__(self) -> int:
        return len(self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole record as plain values; each signal with its labels and case numbers (from 1)."""
        return {
            "spec": self.spec.to_dict(),
            "chart": self.spec.chart,
            "n": self.n,
            "upper": self.upper,
            "lower": self.lower,
            "formula": self.formula,
            "signals": [self._signal(one) for one in self.signals],
            "labels": list(self.labels),
            "values": list(self.values),
            "expected": None if self.expected is None else list(self.expected),
            "up": list(self.up),
            "down": list(self.down),
        }

    def _signal(self, one: CusumSignal) -> dict[str, Any]:
        return asdict(one) | {
            "case": one.at + 1,
            "label": self.labels[one.at],
            "end_label": self.labels[one.end],
            "start_case": one.start + 1,
            "start_label": self.labels[one.start],
        }

    def to_json(self) -> str:
        """Return the record as JSON, missing numbers as null."""
        return json.dumps(self.to_dict(), allow_nan=False)


def judge_sums(
    spec: CusumSpec,
    *,
    labels: tuple[str, ...],
    values: Floats,
    expected: Floats | None,
    up: Floats,
    down: Floats,
    upper: float,
    lower: float,
    reset: bool,
    formula: str,
) -> CusumRecord:
    """Return the record of one series whose sums are known; limits and sums carry their signs."""
    known = ~np.isnan(values)
    found = [
        *_signals(up, known, limit=upper, side="high", reset=reset, direction=spec.direction),
        *_signals(-down, known, limit=-lower, side="low", reset=reset, direction=spec.direction),
    ]
    return CusumRecord(
        spec=spec,
        labels=labels,
        values=plain(values),
        expected=None if expected is None else plain(expected),
        up=plain(np.where(known, up, np.nan)),
        down=plain(np.where(known, down, np.nan)),
        upper=upper,
        lower=lower,
        signals=tuple(sorted(found, key=lambda one: (one.at, one.side))),
        n=int(known.sum()),
        formula=formula,
    )


def _signals(
    sums: Floats, known: np.ndarray, *, limit: float, side: Side, reset: bool, direction: Direction
) -> list[CusumSignal]:
    """Walk along the sums and note where each stretch beyond the limit began to grow.

    Neighbours beyond the limit are one signal, unless the sum starts anew after each.
    """
    found: list[CusumSignal] = []
    zero: int | None = None
    start, fresh, was_beyond = 0, True, False
    for at in np.flatnonzero(known).tolist():
        if fresh:
            start = at
        beyond = bool(sums[at] > limit)
        if beyond and was_beyond and not reset:
            last = found.pop()
            found.append(CusumSignal(last.at, at, last.zero, last.start, side, last.verdict))
        elif beyond:
            found.append(CusumSignal(at, at, zero, start, side, verdict_of(side, direction)))
        fresh = bool(sums[at] == 0) or (reset and beyond)
        zero = at if fresh else zero
        was_beyond = beyond
    return found
