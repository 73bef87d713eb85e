"""What pictures, tables and words read of an evaluation record: its shape, and one verdict for each point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from knitwork.draw.labels import decimals_to_show

Verdict = Literal["better", "worse", "neither"]


class Spec(Protocol):
    """How a measure is charted."""

    @property
    def chart(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def target(self) -> float | None: ...
    @property
    def unit(self) -> str: ...


class Point(Protocol):
    """One period of an evaluation."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def numerator(self) -> float | None: ...
    @property
    def denominator(self) -> float | None: ...
    @property
    def centre(self) -> float | None: ...
    @property
    def lower(self) -> float | None: ...
    @property
    def upper(self) -> float | None: ...
    @property
    def included(self) -> bool: ...
    @property
    def tested(self) -> bool: ...
    @property
    def hollow(self) -> bool: ...


class Signal(Protocol):
    """A rule that fired."""

    @property
    def rule(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def points(self) -> Sequence[int]: ...
    @property
    def side(self) -> str | None: ...
    @property
    def verdict(self) -> str: ...


class Evaluation(Protocol):
    """The one record from which chart, table, icon and sentence are made."""

    @property
    def spec(self) -> Spec: ...
    @property
    def points(self) -> Sequence[Point]: ...
    @property
    def signals(self) -> Sequence[Signal]: ...
    @property
    def recent(self) -> Sequence[Signal]: ...
    @property
    def limits_kind(self) -> str: ...
    @property
    def n_useful(self) -> int: ...
    @property
    def baseline_n(self) -> int: ...
    @property
    def crossings(self) -> int: ...
    @property
    def crossings_limit(self) -> int: ...


# A point that is both (a run on the wanted side with one point outside on the other) is shown as the graver.
_GRAVITY: dict[str, int] = {"neither": 1, "better": 2, "worse": 3}


def verdicts(evaluation: Evaluation) -> list[Verdict | None]:
    """Return for each point the verdict of the gravest signal that marks it, or None."""
    marks: list[Verdict | None] = [None] * len(evaluation.points)
    for signal in evaluation.signals:
        verdict: Verdict = signal.verdict if signal.verdict in _GRAVITY else "neither"  # type: ignore[assignment]
        for at in signal.points:
            if _GRAVITY[verdict] > _GRAVITY.get(marks[at] or "", 0):
                marks[at] = verdict
    return marks


def shown_decimals(evaluation: Evaluation) -> int:
    """Return the decimals with which this evaluation's numbers are written, the same in picture, table and words."""
    points = evaluation.points
    limits = [
        next((line for line in lines if line is not None), None)
        for lines in (
            (point.lower for point in reversed(points)),
            (point.centre for point in reversed(points)),
            (point.upper for point in reversed(points)),
        )
    ]
    return decimals_to_show([point.value for point in points], limits)
