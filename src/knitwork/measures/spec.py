"""How a measure's chart is made, as the arguments of `knitwork.signals.Spec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knitwork.measures.definition import QUANTILES, Measure

if TYPE_CHECKING:
    from knitwork.signals import Spec


def spec_for(measure: Measure) -> dict[str, object]:
    """Return the arguments of the chart's specification.

    Run and XmR charts take the cells' values, which are in the unit shown already: their
    factor is 1. The others take numerators and denominators.

    >>> from knitwork.measures.catalogue import measure
    >>> spec_for(measure("gap_over_60"))
    {'chart': 'p', 'direction': 'down', 'factor': 100.0, 'unit': '%', 'floor': 0.0}
    """
    of_values = measure.statistic in QUANTILES or measure.chart in ("run", "xmr")
    return {
        "chart": measure.chart,
        "direction": measure.direction,
        "factor": 1.0 if of_values else measure.factor,
        "unit": measure.unit,
        # no measure of stays can be negative
        "floor": 0.0,
    }


def to_spec(measure: Measure) -> Spec:
    """Return the chart's specification itself."""
    from knitwork.signals import Spec

    return Spec(**spec_for(measure))  # type: ignore[arg-type]  # the definition allows the same names
