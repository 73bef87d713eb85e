"""The flow map as SVG: classes and places only; worse is told by a mark as well as by its colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise

from knitwork.draw.chart import mark
from knitwork.draw.flowmap import Box, Flow, FlowMap, Sheet, Stream, Unit, flow_map, whole_lines

# How far an arc within one column stands out of it.
BULGE = 40.0


def flow_map_svg(
    units: Iterable[Unit],
    flows: Iterable[Flow],
    *,
    title: str,
    size: str = "desk",
    heads: Mapping[int, str] | None = None,
    hints: Mapping[tuple[str, str], str] | None = None,
) -> str:
    """Return the flow map as SVG, named by `title`; `heads` name columns, `hints` say of a flow what the pointer shows."""
    place = flow_map(units, flows, size=size, heads=bool(heads))
    role = "group" if any(box.unit.href for box in place.boxes) else "img"
    said = hints or {}
    # The thinnest last, so that none is lost under a wide one.
    streams = "".join(_stream_svg(one, said.get((one.flow.sender, one.flow.receiver), "")) for one in place.streams)
    marks = "".join(_worse_svg(one, place.sheet) for one in place.streams if one.flow.worse)
    boxes = "".join(_box_svg(box, place.sheet) for box in place.boxes)
    return (
        f'<svg class="kw-flow kw-map kw-map-{place.sheet.name}" viewBox="-1 0 {place.width + 2:g} {place.height:g}" '
        f'role="{role}" aria-label="{escape(title)}">{_heads_svg(place, heads or {})}{streams}{boxes}{marks}</svg>'
    )


def _heads_svg(place: FlowMap, heads: Mapping[int, str]) -> str:
    font, line = place.sheet.font, place.sheet.line
    out = []
    for number, x, width in place.columns:
        for at, text in enumerate(whole_lines(heads.get(number, ""), width, font)[:2]):
            out.append(f'<text class="more" x="{x:g}" y="{font + at * line:.1f}">{escape(text, quote=False)}</text>')
    return "".join(out)


def ribbon(stream: Stream, bulge: float) -> str:
    """Return the outline of a stream as a path: along its upper edge, and back along its lower one."""
    half = stream.width / 2
    points = stream.points
    if len(points) == 2 and points[0][0] == points[1][0]:
        (x, above), (_, below) = sorted(points, key=lambda point: point[1])
        # An arc beside its column: the outer edge bulges more, so that it stays as wide as its ends.
        return (
            f"M{x:g} {above - half:.1f}C{x + bulge + half:.1f} {above - half:.1f} {x + bulge + half:.1f} "
            f"{below + half:.1f} {x:g} {below + half:.1f}V{below - half:.1f}C{x + bulge - half:.1f} {below - half:.1f} "
            f"{x + bulge - half:.1f} {above + half:.1f} {x:g} {above + half:.1f}z"
        )
    forth = _edge(points, -half)
    return f"M{forth}L{_edge(points[::-1], half)}z"


def _edge(points: Sequence[tuple[float, float]], off: float) -> str:
    out = [f"{points[0][0]:g} {points[0][1] + off:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = round((x0 + x1) / 2, 1)
        level = abs(y0 - y1) < 0.05
        out.append(
            f"H{x1:g}" if level else f"C{middle:g} {y0 + off:.1f} {middle:g} {y1 + off:.1f} {x1:g} {y1 + off:.1f}"
        )
    return "".join(out)


def _stream_svg(stream: Stream, hint: str) -> str:
    kinds = "stream" + (" worse" if stream.flow.worse else "") + (" back" if stream.back else "")
    told = f"<title>{escape(hint, quote=False)}</title>" if hint else ""
    return f'<path class="{kinds}" d="{ribbon(stream, BULGE)}">{told}</path>{_tip_svg(stream)}'


def _tip_svg(stream: Stream) -> str:
    """Return the point of a stream that runs back or within a column: where it arrives, towards its box."""
    if not stream.back:
        return ""
    (x, y), half = stream.points[-1], max(stream.width / 2 + 3, 5)
    worse = " worse" if stream.flow.worse else ""
    # Both kinds arrive at the right side of a box.
    return f'<path class="tip{worse}" d="M{x:g} {y:.1f}l9 {-half:.1f}v{2 * half:.1f}z"/>'


def _worse_svg(stream: Stream, sheet: Sheet) -> str:
    """Return the mark of a flow that got worse: a diamond in the middle of its first stretch, so that colour is not alone."""
    (x0, y0), (x1, y1) = stream.points[0], stream.points[1]
    x = (x0 + x1) / 2 if x0 != x1 else x0 + 30
    return mark("worse", round(x, 1), round((y0 + y1) / 2, 1), sheet.font * 0.5)


def _box_svg(box: Box, sheet: Sheet) -> str:
    first = box.y + box.height / 2 + sheet.font * 0.35 - (len(box.lines) - 1) * sheet.line / 2
    text = "".join([
        f'<text x="{box.x + sheet.pad:g}" y="{first + at * sheet.line:.1f}">{escape(line, quote=False)}</text>'
        for at, line in enumerate(box.lines)
    ])  # fmt: skip
    drawn = (
        f'<rect class="box" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="6"/>{text}'
    )
    if not box.unit.href:
        return f"<g>{drawn}</g>"
    return f'<a href="{escape(box.unit.href)}" aria-label="{escape(box.unit.name)}">{drawn}</a>'
