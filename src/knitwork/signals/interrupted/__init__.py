"""Interrupted time series: what a change did to a series, and whether sister units saw the same."""

from __future__ import annotations

from knitwork.signals.interrupted.analyse import interrupted
from knitwork.signals.interrupted.controlled import Controlled, controlled
from knitwork.signals.interrupted.design import TooEarly, still_needed
from knitwork.signals.interrupted.placebo import Placebo, Placebos
from knitwork.signals.interrupted.record import Effect, Its, Moment
from knitwork.signals.interrupted.spec import ItsSpec

__all__ = [
    "Controlled",
    "Effect",
    "Its",
    "ItsSpec",
    "Moment",
    "Placebo",
    "Placebos",
    "TooEarly",
    "controlled",
    "interrupted",
    "still_needed",
]
