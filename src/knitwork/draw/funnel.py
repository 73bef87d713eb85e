"""A funnel as SVG: units by their size, limits of chance as lines, limits of the spread between units dashed.

As in every chart the picture holds classes and places only. A unit outside the limits of the answer to read first has
the shape of its verdict: a circle better, a diamond worse, a square neither. The highlighted unit has a ring and its
name. Units stand by their denominators: there is no order in which one could be first.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from knitwork.draw.chart import mark
from knitwork.draw.funnel_geometry import FunnelLayout, LimitLine, Run, foot_of_ends, funnel_layout, size_words
from knitwork.draw.funnel_words import hint, sentence, unit_sentence
from knitwork.draw.geometry import FRAMES, Frame
from knitwork.draw.labels import fit, text_width
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.told import Plural, as_counted
from knitwork.signals.funnels import Funnel


def funnel_svg(
    funnel: Funnel,
    size: str | Frame = "desk",
    *,
    title: str = "",
    denominators: str = "",
    said: str | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Return the funnel as one `<svg>` element, named for screen readers by its title and sentence.

    `size` is desk, page, wall, print, spark, or a `Frame` of one's own. `denominators` names what the units are
    measured by, such as "patients". `said` is generated from the record when it is not given.
    """
    frame = FRAMES[size] if isinstance(size, str) else size
    layout = funnel_layout(funnel, frame, _=_)
    words = _said(funnel, _, ngettext) if said is None else said
    name = escape(f"{title}. {words}" if title else words)
    hints = [escape(hint(funnel, unit, _), quote=False) for unit in layout.units] if frame.titled else []
    return "".join([
        f'<svg class="kw-chart kw-funnel kw-{frame.name}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{name}">',
        _band(layout),
        *[_limits(line) for line in layout.lines],
        _centre(layout),
        *[f'<path class="interval" d="M{x:g} {low:g}V{high:g}"/>' for x, low, high in layout.whiskers],
        _points(funnel, layout, hints),
        _labels(layout),
        _ends(layout, denominators),
        "</svg>",
    ])  # fmt: skip


def _said(funnel: Funnel, _: Translate, ngettext: Plural) -> str:
    words = sentence(funnel, _=_, ngettext=ngettext)
    here = funnel.highlighted
    return words if here is None else f"{words}. {unit_sentence(funnel, here, _=_)}"


def _path(run: Run) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in run)


def _band(layout: FunnelLayout) -> str:
    if layout.band is None:
        return ""
    low, high = layout.band
    return f'<path class="band" d="{_path((*high, *reversed(low)))}z"/>'


def _limits(line: LimitLine) -> str:
    return f'<path class="{line.kind}" d="{"".join(map(_path, line.runs))}"/>' if line.runs else ""


def _centre(layout: FunnelLayout) -> str:
    if layout.centre is None:
        return ""
    return f'<path class="centre" d="M{layout.start:g} {layout.centre:g}H{layout.end:g}"/>'


def _points(funnel: Funnel, layout: FunnelLayout, hints: Sequence[str]) -> str:
    """Draw plain units first, flagged ones over them, and the ring of the highlighted unit last."""
    frame = layout.frame
    plain, flagged, here = [], [], ""
    for at, (unit, (x, y)) in enumerate(zip(layout.units, layout.points, strict=True)):
        answer, said = funnel.read(unit), hints[at] if hints else ""
        if answer and answer.mark:
            flagged.append(mark(answer.mark, x, y, frame.mark, said))
        else:
            named = f"><title>{said}</title></circle>" if said else "/>"
            plain.append(f'<circle cx="{x:g}" cy="{y:g}" r="{frame.dot or 1.2:.2g}"{named}')
        if unit.highlighted:
            here = f'<circle class="here" cx="{x:g}" cy="{y:g}" r="{frame.mark * 1.6:.3g}"/>'
    dots = f'<g class="dots">{"".join(plain)}</g>' if plain else ""
    return here + dots + "".join(flagged)


def _labels(layout: FunnelLayout) -> str:
    drop = layout.frame.font * 0.35
    out = [
        f'<text class="{kind}" x="{layout.label_x:g}" y="{y + drop:.1f}">{escape(text, quote=False)}</text>'
        for y, text, kind in layout.labels
    ]
    if layout.name and layout.name.text:
        x, y, text, anchor = layout.name
        out.append(f'<text class="here{anchor}" x="{x:g}" y="{y:g}">{escape(text, quote=False)}</text>')
    return "".join(out)


def _ends(layout: FunnelLayout, denominators: str) -> str:
    """Name the smallest and the largest denominator below, as far as they leave room for each other and for a name."""
    frame, sizes = layout.frame, [unit.denominator or 0.0 for unit in layout.units]
    if not sizes or not frame.font:
        return ""
    y, end, used = foot_of_ends(frame), round(layout.end + frame.mark, 1), frame.left
    named = ""
    if layout.name and layout.name.y == y:
        used = layout.name.x + text_width(layout.name.text, frame.font, bold=True) + frame.font
    last = fit(f"{size_words(sizes[-1])} {denominators}".strip(), end - used, frame.font)
    if last:
        named = f'<text class="when end" x="{end:g}" y="{y:g}">{escape(last, quote=False)}</text>'
    first = size_words(sizes[0])
    room = end - used - text_width(last, frame.font) - frame.font
    if used == frame.left and sizes[0] < sizes[-1] and text_width(first, frame.font) <= room:
        named = f'<text class="when" x="{frame.left:g}" y="{y:g}">{first}</text>{named}'
    return named
