"""The flow map: units in columns by where journeys usually pass, the width of a stream by patients.

The column of a unit is given; only the order within columns is laid out here (barycentre sweeps, the fewest crossings
kept). A stream that passes a column it does not stop in has a place of its own there, so that it never runs under a box.
Names are broken into as many lines as they need and never cut.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from knitwork.draw.labels import text_width
from knitwork.draw.layers import Node, Ways, ordered, placed

# The largest flows that carry this share of all moves are drawn; more would not be read (reference/web.md B.3).
SHARE = 0.85
# A map of few flows is read whole, however small some are.
LEAST_FLOWS = 12
PIECES = re.compile(r"[^/-]*[/-]+|[^/-]+")
THINNEST = 1.5
THINNER = (1.0, 0.7, 0.5, 0.35, 0.2)


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
    tall: float  # how high all boxes of a column may grow by their streams
    highest: float  # streams are thinned until the map is no higher than this
    pad: float

    @property
    def line(self) -> float:
        return self.font * 1.25


SHEETS = {
    "desk": Sheet("desk", 1240, 14, 60, 200, 124, 56, 12, 132, 560, 900, 8),
    "wall": Sheet("wall", 1800, 21, 25, 300, 190, 80, 18, 170, 480, 936, 12),
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
    >>> whole_lines("Hematology/Oncology", 110, 14)
    ('Hematology/', 'Oncology')
    """
    lines = [""]
    for word in text.split() or [""]:
        if text_width(f"{lines[-1]} {word}".strip(), size) <= width:
            lines[-1] = f"{lines[-1]} {word}".strip()
            continue
        if lines[-1]:
            lines.append("")
        # A word too long for a line is broken after a stroke or a hyphen, and else where the line is full.
        for piece in PIECES.findall(word) if text_width(word, size) > width else [word]:
            if lines[-1] and text_width(lines[-1] + piece, size) > width:
                lines.append("")
            for letter in piece:
                if lines[-1] and text_width(lines[-1] + letter, size) > width:
                    lines.append("")
                lines[-1] += letter
    return tuple(lines)


class Grid(NamedTuple):
    """Where the columns stand: the place of each unit's, how far they are apart, how wide each is, and all of them."""

    numbers: list[int]
    column: dict[str, int]
    step: float
    wide: float
    across: float


def flow_map(units: Iterable[Unit], flows: Iterable[Flow], *, size: str = "desk", heads: bool = False) -> FlowMap:
    """Return the places of every unit that a flow touches, and of the flows; the order of the input does not matter.

    Streams are made thinner, in steps, until the map is no higher than its sheet; names keep their size.
    """
    sheet = SHEETS[size]
    drawn = in_order(flows)
    touched = {end for flow in drawn for end in (flow.sender, flow.receiver)}
    known = {unit.key: unit for unit in sorted(units, key=lambda unit: unit.key) if unit.key in touched}
    grid = _grid(known, sheet)
    lines = {key: whole_lines(unit.name, grid.wide - 2 * sheet.pad, sheet.font) for key, unit in known.items()}
    head = sheet.line * 2 + sheet.gap if heads else sheet.pad
    for thinner in THINNER:
        found = _laid(known, drawn, lines, grid, sheet, head, thinner)
        if found.height <= sheet.highest:
            break
    return found


def _grid(units: dict[str, Unit], sheet: Sheet) -> Grid:
    numbers = sorted({unit.column for unit in units.values()})
    column = {key: numbers.index(unit.column) for key, unit in units.items()}
    count = max(len(numbers), 1)
    wide = min(sheet.box, max(sheet.narrowest, (sheet.width - (count - 1) * sheet.between) / count))
    if count == 1:
        # One column has nothing to its right but its own arcs.
        return Grid(numbers, column, 0.0, wide, wide + sheet.between)
    across = max(sheet.width, count * wide + (count - 1) * sheet.between)
    return Grid(numbers, column, (across - wide) / (count - 1), wide, across)


def _laid(
    units: dict[str, Unit],
    flows: Sequence[Flow],
    lines: dict[str, tuple[str, ...]],
    grid: Grid,
    sheet: Sheet,
    head: float,
    thinner: float,
) -> FlowMap:
    """Return the map with its streams at a share of their full width."""
    column = grid.column
    widths = _widths(flows, column, sheet, thinner)
    ways = {at: _way(flow, at, column) for at, flow in enumerate(flows)}
    heights = _heights(flows, widths, column, lines, sheet)
    for at, way in ways.items():
        heights.update(dict.fromkeys(way[1:-1], widths[at]))
    middles, room = placed(ordered(ways, column, heights), ways, widths, heights, sheet.gap)
    boxes = {
        key: Box(unit, round(column[key] * grid.step, 1), round(head + middles[key] - heights[key] / 2, 1),
                 round(grid.wide, 1), round(heights[key], 1), lines[key])
        for key, unit in units.items()
    }  # fmt: skip
    ends = _ends(flows, ways, widths, middles, boxes, column)
    streams = tuple(
        Stream(flow, _points(at, ways[at], ends, middles, boxes, grid, head), widths[at],
               column[flow.receiver] <= column[flow.sender])
        for at, flow in enumerate(flows)
    )  # fmt: skip
    return FlowMap(
        sheet=sheet,
        width=round(grid.across, 1),
        height=round(head + room + sheet.pad, 1),
        head=head,
        columns=tuple((n, round(at * grid.step, 1), round(grid.wide, 1)) for at, n in enumerate(grid.numbers)),
        boxes=tuple(boxes.values()),
        streams=streams,
    )


def _widths(flows: Sequence[Flow], column: dict[str, int], sheet: Sheet, thinner: float) -> dict[int, float]:
    """Return the width of every stream: by patients, so that no side of a box and no column grows beyond its room."""
    sides: Counter[tuple[str, int]] = Counter()
    for flow in flows:
        for key in (flow.sender, flow.receiver):
            sides[key, _side(flow, key, column)] += flow.patients
    tall: Counter[int] = Counter()
    for key, at in column.items():
        tall[at] += max(sides[key, 0], sides[key, 1])
    scale = min(sheet.thickest / max(sides.values(), default=1), sheet.tall / max(tall.values(), default=1))
    scale *= thinner
    return {at: max(THINNEST, round(flow.patients * scale, 2)) for at, flow in enumerate(flows)}


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
    grid: Grid,
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
            near, far = node[1] * grid.step, node[1] * grid.step + grid.wide
            y = round(head + middles[node], 2)
            found += [(round(x, 1), y) for x in ((near, far) if goes_right else (far, near))]
    return (*found, (round(into, 1), round(ends[at, True], 2)))
