"""What is new: signals that the last point made, told from those that were there before it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from knitwork.signals.evaluation import Evaluation, Signal
from knitwork.signals.judge import judge
from knitwork.signals.panel import Panel
from knitwork.signals.spec import Chart, Spec
from knitwork.signals.stable import SEED, draw, twin, without_last

# 4,000 charts put the standard error of a chance of 2% at 0.2 percentage points.
DRAWS = 4_000
CELLS_AT_A_TIME = 200_000


class Found(Protocol):
    """A rule that fired: a signal of a record, or a finding before it became one."""

    @property
    def rule(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def side(self) -> Any: ...


def last_tested(evaluation: Evaluation) -> int | None:
    """Return the position of the last point that is tested, or None where none is."""
    return max((place for place, tested in enumerate(evaluation.tested) if tested), default=None)


def new_signals(whole: Evaluation, before: Evaluation) -> tuple[Signal, ...]:
    """Return the signals of `whole` that its last tested point made.

    `before` is the same series without that point and all after it. A signal is new where it touches that point and
    no signal of the same rule on the same side overlapped it before: a run that goes on is not new, one that has
    just become long enough is.
    """
    last = last_tested(whole)
    return () if last is None else tuple(one for one in whole.signals if is_new(one, before.signals, last=last))


def is_new(one: Found, before: Iterable[Found], *, last: int) -> bool:
    """Say whether a signal touches the last point and was not there without it."""
    return one.end >= last and not any(
        old.rule == one.rule and old.side == one.side and old.end >= one.start and old.start <= one.end
        for old in before
    )


def chance_of_new(n_points: int, *, chart: Chart = "xmr", spec: Spec | None = None, draws: int = DRAWS) -> float:
    """Return the chance that the last point of a stable chart of `n_points` makes a signal; the same every time.

    `spec` is a whole definition in place of the usual one of `chart`. Each draw is judged twice: whole, and without its
    last point.
    """
    return _chance_of_new(int(n_points), twin(spec or Spec(chart=chart)), draws)


@lru_cache(maxsize=4096)
def _chance_of_new(n_points: int, spec: Spec, draws: int) -> float:
    if n_points < 2 or not spec.rules:
        return 0.0
    rng, new, left = np.random.default_rng([SEED, n_points, 1]), 0, draws
    while left > 0:
        rows = min(left, max(1, CELLS_AT_A_TIME // n_points))
        panel = draw(rng, spec.chart, rows=rows, n_points=n_points)
        last = panel.value.shape[1] - 1
        whole, before = _by_row(panel, spec, reach=last), _by_row(without_last(panel), spec)
        new += sum(any(is_new(one, before.get(row, ()), last=last) for one in some) for row, some in whole.items())
        left -= rows
    return new / draws


def _by_row(panel: Panel, spec: Spec, *, reach: int = 0) -> dict[int, list[Found]]:
    """Return the findings of each row that reach to a column or beyond."""
    found: dict[int, list[Found]] = {}
    for row, one in judge(panel, spec).findings():
        if one.end >= reach:
            found.setdefault(row, []).append(one)
    return found
