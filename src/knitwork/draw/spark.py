"""The sparkline: a chart without words, small enough for a row of a table."""

from __future__ import annotations

from knitwork.draw.chart import chart_svg
from knitwork.draw.periods import Translate, as_written
from knitwork.signals import Evaluation


def spark_svg(evaluation: Evaluation, *, title: str = "", _: Translate = as_written) -> str:
    """Return the sparkline of an evaluation: line, centre, band, and signals by shape."""
    return chart_svg(evaluation, "spark", title=title, _=_)
