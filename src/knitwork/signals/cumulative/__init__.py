"""Cumulative charts: sums that gather small lasting changes until chance no longer explains them.

Tabular CUSUM for values, Bernoulli CUSUM for the outcomes of cases, risk-adjusted CUSUM for cases that had different
chances, and VLAD, a display of the last that is never a test.
"""

from __future__ import annotations

from knitwork.signals.cumulative.bernoulli import bernoulli, bernoulli_cusum
from knitwork.signals.cumulative.often import average_run_length
from knitwork.signals.cumulative.record import CusumRecord, CusumSignal
from knitwork.signals.cumulative.risk_adjusted import (
    VladRecord,
    risk_adjusted,
    risk_adjusted_cusum,
    vlad,
    vlad_record,
)
from knitwork.signals.cumulative.spec import BernoulliSpec, RiskAdjustedSpec, TabularSpec, cusum_spec_from_json
from knitwork.signals.cumulative.tabular import tabular, tabular_cusum

__all__ = [
    "BernoulliSpec",
    "CusumRecord",
    "CusumSignal",
    "RiskAdjustedSpec",
    "TabularSpec",
    "VladRecord",
    "average_run_length",
    "bernoulli",
    "bernoulli_cusum",
    "cusum_spec_from_json",
    "risk_adjusted",
    "risk_adjusted_cusum",
    "tabular",
    "tabular_cusum",
    "vlad",
    "vlad_record",
]
