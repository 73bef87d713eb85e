"""How often a cumulative chart signals by chance alone."""

from __future__ import annotations

from knitwork.signals.cumulative.bernoulli import bernoulli_run_length
from knitwork.signals.cumulative.record import CusumRecord
from knitwork.signals.cumulative.risk_adjusted import risk_adjusted_run_length
from knitwork.signals.cumulative.spec import BernoulliSpec, TabularSpec
from knitwork.signals.cumulative.tabular import tabular_run_length


def average_run_length(record: CusumRecord) -> float:
    """Return after how many cases or periods a false signal of this chart comes on average, on either side.

    Infinity stands for more than a million million. With a reset this is also the average way from one false signal
    to the next.
    """
    spec = record.spec
    if isinstance(spec, TabularSpec):
        return tabular_run_length(spec)
    chances = [chance for chance in record.expected or () if chance is not None]
    if isinstance(spec, BernoulliSpec):
        return bernoulli_run_length(spec, baseline=chances[0])
    return risk_adjusted_run_length(spec, chances)
