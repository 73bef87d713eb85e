"""What is new: signals that the last point made, told from those that were there before it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from knitwork.signals.chance import SEED
from knitwork.signals.charts import CHARTS
from knitwork.signals.evaluation import Evaluation, Signal
from knitwork.signals.judge import judge
from knitwork.signals.panel import Panel
from knitwork.signals.spec import Chart, Spec

# 4,000 charts put the standard error of a chance of 2% at 0.2 percentage points.
DRAWS = 4_000


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


@lru_cache(maxsize=1024)
def chance_of_new(n_points: int, *, chart: Chart = "xmr", draws: int = DRAWS) -> float:
    """Return the chance that the last point of a stable chart of `n_points` makes a signal; the same every time.

    The draws are those of `chance_of_signal`, judged twice: whole, and without their last point.
    """
    if n_points < 2:
        return 0.0
    spec, rng = Spec(chart=chart), np.random.default_rng([SEED, n_points, 1])
    panel = CHARTS[chart].stable(rng, (draws, n_points))
    whole = _by_row(panel, spec)
    ending = {row: some for row, some in whole.items() if any(one.end >= n_points - 1 for one in some)}
    before = _by_row(_without_last(panel), spec)
    new = sum(any(is_new(one, before.get(row, ()), last=n_points - 1) for one in some) for row, some in ending.items())
    return new / draws


def _by_row(panel: Panel, spec: Spec) -> dict[int, list[Found]]:
    found: dict[int, list[Found]] = {}
    for row, one in judge(panel, spec).findings(spec):
        found.setdefault(row, []).append(one)
    return found


def _without_last(panel: Panel) -> Panel:
    return Panel(
        panel.value[:, :-1],
        None if panel.numerator is None else panel.numerator[:, :-1],
        None if panel.denominator is None else panel.denominator[:, :-1],
        present=panel.present[:, :-1],
        hollow=panel.hollow[:, :-1],
    )
