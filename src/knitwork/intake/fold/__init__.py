"""Fold the messages of a visit into its stays: a pure function of the set, whatever the order of arrival.

`docs/reference/fold.md` says which message does what.
"""

from __future__ import annotations

from knitwork.intake.fold.hours import SAID
from knitwork.intake.fold.visits import fold_visit, restated, taken_back, visits_of
from knitwork.intake.fold.words import (
    WHY,
    Folded,
    FoldedDuty,
    FoldedEvent,
    FoldedStay,
    Move,
    Parked,
    TakenBack,
    Waiting,
)

__all__ = [
    "SAID",
    "WHY",
    "Folded",
    "FoldedDuty",
    "FoldedEvent",
    "FoldedStay",
    "Move",
    "Parked",
    "TakenBack",
    "Waiting",
    "fold_visit",
    "restated",
    "taken_back",
    "visits_of",
]
