"""A chart whose periods are links: a click on a point leads to what stands behind it.

The whole height above a period is the link, so that a finger finds it. Keyboards go by the table beside the chart,
which holds the same links in words: the picture's own are left out of the order in which a key walks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from knitwork.draw.chart import chart_svg, evaluation_layout
from knitwork.draw.geometry import FRAMES
from knitwork.draw.labels import value_text
from knitwork.draw.periods import Period, Translate, as_written, short_name
from knitwork.draw.record import value_decimals
from knitwork.draw.words import Plural, as_counted
from knitwork.signals import Evaluation

# Narrower columns are no target for a finger: at the desk one unit of the picture is about a pixel and a third.
NARROWEST = 19.0


def linked_chart_svg(
    evaluation: Evaluation,
    *,
    addresses: Sequence[str],
    title: str,
    sentence: str,
    period: Period,
    size: str = "page",
    notes: Sequence[tuple[int, str]] = (),
    was: Mapping[int, float] | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Return the chart with a link over each period that has an address (one for each, or an empty text).

    Where the periods stand too close for a finger the chart comes without links.
    """
    svg = chart_svg(
        evaluation, size, title=title, sentence=sentence, period=period, notes=notes, was=was, _=_, ngettext=ngettext
    )
    columns = link_columns(evaluation, size, _=_)
    if not columns or min(width for _x, width in columns) < NARROWEST:
        return svg
    frame = FRAMES[size]
    names = [short_name(label, period, _) for label in evaluation.labels]
    values = [value_text(one, evaluation.spec.unit, value_decimals(evaluation)) for one in evaluation.values]
    links = [
        f'<a class="point" href="{escape(address)}" tabindex="-1">'
        f"<title>{escape(f'{name}: {value}', quote=False)}</title>"
        f'<rect x="{x:g}" y="0" width="{width:g}" height="{frame.bottom:g}"/></a>'
        for (x, width), address, name, value, known in zip(
            columns, addresses, names, values, evaluation.values, strict=True
        )
        if address and known is not None
    ]
    # A picture with links in it is a group: an img would hide them from a screen reader.
    return svg.replace('role="img"', 'role="group"', 1).removesuffix("</svg>") + "".join(links) + "</svg>"


def link_columns(evaluation: Evaluation, size: str, *, _: Translate = as_written) -> list[tuple[float, float]]:
    """Return left edge and width of the column over each period: half-way to its neighbours on both sides."""
    places = evaluation_layout(evaluation, FRAMES[size], _=_).x
    if len(places) < 2:
        return [(max(place - NARROWEST, 0.0), 2 * NARROWEST) for place in places]
    step = places[1] - places[0]
    edges = [places[0] - step / 2, *((a + b) / 2 for a, b in pairwise(places)), places[-1] + step / 2]
    return [(round(max(a, 0.0), 1), round(b - max(a, 0.0), 1)) for a, b in pairwise(edges)]
