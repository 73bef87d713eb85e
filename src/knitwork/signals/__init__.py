"""Numbers in; centre lines, limits, rules and signals out. Nothing here reads or writes."""

from __future__ import annotations

from knitwork.signals.chance import Chance, chance_in_any_order, chance_of_signal, expected_by_chance
from knitwork.signals.evaluate import evaluate, evaluate_many
from knitwork.signals.evaluation import Evaluation, Point, Signal
from knitwork.signals.series import BadSeries, Series
from knitwork.signals.spec import Spec

__all__ = [
    "BadSeries",
    "Chance",
    "Evaluation",
    "Point",
    "Series",
    "Signal",
    "Spec",
    "chance_in_any_order",
    "chance_of_signal",
    "evaluate",
    "evaluate_many",
    "expected_by_chance",
]
