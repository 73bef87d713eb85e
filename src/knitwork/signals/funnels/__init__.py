"""Funnels: many units in one period, each held against chance and against the spread between units."""

from __future__ import annotations

from knitwork.signals.funnels.curves import Curves, limit_curves
from knitwork.signals.funnels.judge import funnel
from knitwork.signals.funnels.record import Against, Funnel, Unit
from knitwork.signals.funnels.spec import FunnelSpec

__all__ = ["Against", "Curves", "Funnel", "FunnelSpec", "Unit", "funnel", "limit_curves"]
