"""An evaluation as a notebook shows it: the sentence, the chart, and the values folded away."""

from __future__ import annotations

from html import escape

from knitwork.draw.chart import chart_svg
from knitwork.draw.standalone import standalone_svg
from knitwork.draw.table import Row, value_rows
from knitwork.draw.words import sentence
from knitwork.signals import Evaluation

HEADS = ("Period", "Value", "Numerator", "Denominator", "Centre", "Lower limit", "Upper limit", "Signal", "Note")


def evaluation_html(evaluation: Evaluation, *, title: str = "") -> str:
    """Return a figure that needs no style sheet and no script."""
    said = sentence(evaluation)
    svg = standalone_svg(chart_svg(evaluation, "print", title=title, sentence=said), scale=1.25)
    heading = f"<strong>{escape(title)}</strong><br>" if title else ""
    return (
        f"<figure><figcaption>{heading}{escape(said)}.</figcaption>{svg}"
        f"<details><summary>Values</summary>{_table(value_rows(evaluation))}</details></figure>"
    )


def _table(rows: list[Row]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(getattr(row, name))}</td>" for name in Row.__slots__) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
