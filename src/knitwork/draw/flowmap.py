"""The flow map: units in columns by where journeys usually pass, the width of a stream by patients.

The column of a unit is given; only the order within columns is laid out here (barycentre sweeps, the fewest crossings
kept). A stream that passes a column it does not stop in has a place of its own there, so that it never runs under a box.
Names are broken into as many lines as they need and never cut.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import NamedTuple

from knitwork.draw.chart import mark
from knitwork.draw.labels import text_width
from knitwork.draw.layers import Node, Ways, ordered, placed

# The largest flows that carry this share of all moves are drawn; more would not be read (reference/web.md B.3).
SHARE = 0.85
# A map of few flows is read whole, however small some are.
LEAST_FLOWS = 12
THINNEST = 1.5


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with the column it stands in, the first being the smallest number; `href` makes its box a link."""

    key: str
    name: str
    column: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Patients who went from one unit to another; `worse` where their wait got worse."""

    sender: str
    receiver: str
    patients: int
    worse: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """How large a map is drawn: widths and type in the units of its own viewBox."""

    name: str
    width: float
    font: float
    most_units: int
    box: float  # the widest box, and the narrowest
    narrowest: float
    between: float  # the least room between two columns
    gap: float  # the least room between two boxes
    thickest: float  # what the busiest side of any box is wide
    pad: float

    @property
    def line(self) -> float:
        return self.font * 1.25


SHEETS = {
    "desk": Sheet("desk", 1240, 14, 60, 200, 124, 56, 12, 132, 8),
    "wall": Sheet("wall", 1800, 21, 25, 300, 190, 80, 18, 170, 12),
}


class Box(NamedTuple):
    """Where a unit stands: top left corner, size, and its name in lines."""

    unit: Unit
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


class Stream(NamedTuple):
    """A flow's way: the middles of its ends and of the places it passes, in pairs, left to right or back; and its width."""

    flow: Flow
    points: tuple[tuple[float, float], ...]
    width: float
    back: bool  # runs against the direction of the map, or within one column


@dataclass(frozen=True, slots=True)
class FlowMap:
    """Every place in a flow map."""

    sheet: Sheet
    width: float
    height: float
    head: float
    columns: tuple[tuple[int, float, float], ...]  # the number of each column, where it starts, and how wide it is
    boxes: tuple[Box, ...]
    streams: tuple[Stream, ...]


def largest(flows: Iterable[Flow], share: float = SHARE, *, least: int = LEAST_FLOWS) -> tuple[list[Flow], list[Flow]]:
    """Split flows into the largest that carry `share` of all moves, `least` of them in any case, and the rest.

    >>> drawn, rest = largest([Flow("a", "b", 90), Flow("b", "c", 6), Flow("c", "a", 4)], least=1)
    >>> len(drawn), len(rest)
    (1, 2)
    """
    ordered_flows = in_order(flows)
    wanted, carried = share * sum(flow.patients for flow in ordered_flows), 0
    for at, flow in enumerate(ordered_flows):
        if carried >= wanted and at >= least:
            return ordered_flows[:at], ordered_flows[at:]
        carried += flow.patients
    return ordered_flows, []


def in_order(flows: Iterable[Flow]) -> list[Flow]:
    """Return the flows that move anybody from one unit to another, the largest first."""
    some = [flow for flow in flows if flow.patients > 0 and flow.sender != flow.receiver]
    return sorted(some, key=lambda flow: (-flow.patients, flow.sender, flow.receiver))


def fits(flows: Iterable[Flow], size: str) -> bool:
    """Say whether the units of these flows are few enough for a map of a size."""
    return len({end for flow in flows for end in (flow.sender, flow.receiver)}) <= SHEETS[size].most_units


def whole_lines(text: str, width: float, size: float) -> tuple[str, ...]:
    """Return all of `text` in lines that fit into `width`: broken between words, and within one only where it must be.

    >>> whole_lines("Emergency Department, General", 110, 14)
    ('Emergency', 'Department,', 'General')
    """
    lines = [""]
    for word in text.split() or [""]:
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return tuple(lines)


def flow_map(units: Iterable[Unit], flows: Iterable[Flow], *, size: str = "desk", heads: bool = False) -> FlowMap:
    """Return the places of every unit that a flow touches, and of the flows; the order of the input does not matter."""
    sheet = SHEETS[size]
    drawn = in_order(flows)
    touched = {end for flow in drawn for end in (flow.sender, flow.receiver)}
    known = {unit.key: unit for unit in sorted(units, key=lambda unit: unit.key) if unit.key in touched}
    numbers = sorted({unit.column for unit in known.values()})
    column = {key: numbers.index(unit.column) for key, unit in known.items()}
    count = max(len(numbers), 1)
    wide = min(sheet.box, max(sheet.narrowest, (sheet.width - (count - 1) * sheet.between) / count))
    across = max(sheet.width, count * wide + (count - 1) * sheet.between)
    # One column has nothing to its right but its own arcs; several share what room there is.
    step = (across - wide) / (count - 1) if count > 1 else 0.0
    if count == 1:
        across = wide + sheet.between
    widths = _widths(drawn, sheet)
    ways = {at: _way(flow, at, column) for at, flow in enumerate(drawn)}
    lines = {key: whole_lines(unit.name, wide - 2 * sheet.pad, sheet.font) for key, unit in known.items()}
    heights = _heights(drawn, widths, column, lines, sheet)
    for at, way in ways.items():
        heights.update(dict.fromkeys(way[1:-1], widths[at]))
    columns = ordered(ways, column, heights)
    head = sheet.line * 2 + sheet.gap if heads else sheet.pad
    middles, room = placed(columns, ways, widths, heights, sheet.gap)
    boxes = {
        key: Box(
            unit, round(column[key] * step, 1), round(head + middles[key] - heights[key] / 2, 1), round(wide, 1),
            round(heights[key], 1), lines[key],
        )
        for key, unit in known.items()
    }  # fmt: skip
    ends = _ends(drawn, ways, widths, middles, boxes, column)
    streams = tuple(
        Stream(flow, _points(at, ways[at], ends, middles, boxes, step, wide, head), widths[at],
               column[flow.receiver] <= column[flow.sender])
        for at, flow in enumerate(drawn)
    )  # fmt: skip
    places = tuple((number, round(at * step, 1), round(wide, 1)) for at, number in enumerate(numbers))
    return FlowMap(
        sheet, round(across, 1), round(head + room + sheet.pad, 1), head, places, tuple(boxes.values()), streams
    )


def _widths(flows: Sequence[Flow], sheet: Sheet) -> dict[int, float]:
    """Return the width of every stream: by patients, so that the busiest side of any box is as wide as allowed."""
    out: Counter[str] = Counter()
    into: Counter[str] = Counter()
    for flow in flows:
        out[flow.sender] += flow.patients
        into[flow.receiver] += flow.patients
    busiest = max([*out.values(), *into.values()], default=1)
    return {at: max(THINNEST, round(flow.patients * sheet.thickest / busiest, 2)) for at, flow in enumerate(flows)}


def _way(flow: Flow, at: int, column: dict[str, int]) -> list[Node]:
    """Return the nodes that a flow passes, from its sender to its receiver."""
    first, last = column[flow.sender], column[flow.receiver]
    between = range(first + 1, last) if last > first else range(first - 1, last, -1)
    return [flow.sender, *((at, passed) for passed in between), flow.receiver]


def _side(flow: Flow, key: str, column: dict[str, int]) -> int:
    """Return on which side of a unit's box a flow ends: 0 is left, 1 right. Within one column both ends are right."""
    first, last = column[flow.sender], column[flow.receiver]
    if first == last:
        return 1
    return int((last > first) == (key == flow.sender))


def _heights(
    flows: Sequence[Flow],
    widths: dict[int, float],
    column: dict[str, int],
    lines: dict[str, tuple[str, ...]],
    sheet: Sheet,
) -> dict[Node, float]:
    """Return how high every box is: its name and its streams on either side must fit."""
    sides: defaultdict[tuple[str, int], float] = defaultdict(float)
    for at, flow in enumerate(flows):
        for key in (flow.sender, flow.receiver):
            sides[key, _side(flow, key, column)] += widths[at]
    return {
        key: max(len(names) * sheet.line + 2 * sheet.pad, *(sides[key, side] + 2 * sheet.pad for side in (0, 1)))
        for key, names in lines.items()
    }


def _ends(
    flows: Sequence[Flow],
    ways: Ways,
    widths: dict[int, float],
    middles: dict[Node, float],
    boxes: dict[str, Box],
    column: dict[str, int],
) -> dict[tuple[int, bool], float]:
    """Return where each stream meets its boxes: (flow, whether it arrives) to the middle of its end, side by side."""
    sides: defaultdict[tuple[str, int], list[tuple[float, int, bool]]] = defaultdict(list)
    for at, flow in enumerate(flows):
        for arrives, key, other in ((False, flow.sender, ways[at][1]), (True, flow.receiver, ways[at][-2])):
            sides[key, _side(flow, key, column)].append((middles[other], at, arrives))
    found: dict[tuple[int, bool], float] = {}
    for (key, _), ends in sides.items():
        box = boxes[key]
        y = box.y + box.height / 2 - sum(widths[at] for _wish, at, _arrives in ends) / 2
        for _wish, at, arrives in sorted(ends):
            found[at, arrives] = y + widths[at] / 2
            y += widths[at]
    return found


def _points(
    at: int,
    way: list[Node],
    ends: dict[tuple[int, bool], float],
    middles: dict[Node, float],
    boxes: dict[str, Box],
    step: float,
    wide: float,
    head: float,
) -> tuple[tuple[float, float], ...]:
    """Return the points that a stream goes through: out of a box, into and out of each column it passes, into a box."""
    first, last = boxes[str(way[0])], boxes[str(way[-1])]
    goes_right = last.x >= first.x
    out = first.x + first.width if goes_right else first.x
    into = last.x if last.x > first.x else last.x + last.width
    found = [(round(out, 1), round(ends[at, False], 2))]
    for node in way[1:-1]:
        if isinstance(node, tuple):
            near, far = node[1] * step, node[1] * step + wide
            y = round(head + middles[node], 2)
            found += [(round(x, 1), y) for x in ((near, far) if goes_right else (far, near))]
    return (*found, (round(into, 1), round(ends[at, True], 2)))


# The picture


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
    bulge = 40.0
    told = f"<title>{escape(hint, quote=False)}</title>" if hint else ""
    return f'<path class="{kinds}" d="{ribbon(stream, bulge)}">{told}</path>{_tip_svg(stream)}'


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
