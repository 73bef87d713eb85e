"""The common way of many journeys: units in columns by the order of the way, the width of a stream by journeys.

Only the strongest streams are drawn, over at most twelve units. Streams that lead back or sideways are left to words.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from knitwork.draw.labels import number, wrap
from knitwork.draw.swimlane import natural

FONT = 14
BOX, APART, GAP, EDGE = 140, 54, 16, 4
LEAST_HEIGHT = 58
LINE = FONT * 1.16
MOST_UNITS, MOST_STREAMS, MOST_COLUMNS = 12, 18, 7
# A stream that is thinner than this share of the thickest says nothing of the common way.
THIN = 0.05
THICKEST, THINNEST = 30.0, 1.5
SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Stop:
    """A unit on the way: its name, how many journeys passed it, and its address."""

    name: str
    journeys: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How many journeys went from one stop straight on to another; stops by their number."""

    before: int
    after: int
    journeys: int


class Box(NamedTuple):
    """A unit in its place."""

    x: float
    y: float
    height: float
    name: tuple[str, ...]
    stop: Stop


class Ribbon(NamedTuple):
    """A stream in its place: the points it passes through, and its width."""

    points: tuple[tuple[float, float], ...]
    width: float
    way: Way


@dataclass(frozen=True, slots=True)
class Path:
    """Every place in the picture, and the streams that are left to words."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]
    back: tuple[Way, ...]
    left_out: tuple[Way, ...]


def path_of(stops: Sequence[Stop], ways: Sequence[Way]) -> Path:
    """Return the places of the strongest streams and their units."""
    strongest = sorted((w for w in ways if w.before != w.after), key=lambda w: (-w.journeys, w.before, w.after))
    kept, left_out = _strongest(strongest)
    column = _columns(kept)
    forward = [way for way in kept if column[way.before] < column[way.after]]
    back = [way for way in kept if column[way.before] >= column[way.after]]
    scale = THICKEST / max([way.journeys for way in forward], default=1)
    widths = {way: max(round(way.journeys * scale, 1), THINNEST) for way in forward}
    names = {stop: wrap(stops[stop].name, BOX - 16, FONT, lines=3) for stop in column}
    heights = _heights(column, forward, widths)
    heights |= {(s, None): max(heights[s, None], (len(n) + 1) * LINE + 12) for s, n in names.items()}
    rows = _ordered(column, forward)
    tops, height = _stacked(rows, heights)
    boxes = tuple(
        Box(
            x=float(EDGE + column[stop] * (BOX + APART)),
            y=tops[stop, None],
            height=heights[stop, None],
            name=names[stop],
            stop=stops[stop],
        )
        for stop in sorted(column, key=lambda stop: (column[stop], tops[stop, None]))
    )
    ribbons = _ribbons(column, forward, widths, tops, heights)
    columns = max(column.values(), default=0) + 1
    return Path(2 * EDGE + columns * BOX + (columns - 1) * APART, height, boxes, ribbons, tuple(back), tuple(left_out))


# A place in a column: a stop, or the point where a stream passes a column between its ends.
Spot = tuple[int, Way | None]


def _strongest(ways: Sequence[Way]) -> tuple[list[Way], list[Way]]:
    stops: set[int] = set()
    kept: list[Way] = []
    left_out: list[Way] = []
    for way in ways:
        more = stops | {way.before, way.after}
        thick = way.journeys >= THIN * ways[0].journeys
        if thick and len(more) <= MOST_UNITS and len(kept) < MOST_STREAMS:
            stops = more
            kept.append(way)
        else:
            left_out.append(way)
    return kept, left_out


def _columns(ways: Sequence[Way]) -> dict[int, int]:
    """Return the column of each stop: one after the stop from which, or before the stop to which, most came.

    The strongest stream into and out of each stop make the backbone; one that would close a circle is left out.
    """
    after: dict[int, set[int]] = {}
    backbone: list[Way] = []
    entered: set[int] = set()
    passed: set[int] = set()
    for way in ways:
        after.setdefault(way.before, set())
        after.setdefault(way.after, set())
        if (way.after in entered and way.before in passed) or _reaches(after, way.after, way.before):
            continue
        entered.add(way.after)
        passed.add(way.before)
        after[way.before].add(way.after)
        backbone.append(way)
    column = dict.fromkeys(after, 0)
    for _round in column:
        for way in backbone:
            column[way.after] = max(column[way.after], column[way.before] + 1)
    # A stop that nothing leads to stands close before the first it leads to, not at the far left.
    for stop in column:
        nexts = [column[follower] for follower in after[stop]]
        if nexts and stop not in entered:
            column[stop] = max(min(nexts) - 1, 0)
    return {stop: min(at, MOST_COLUMNS - 1) for stop, at in column.items()}


def _reaches(after: dict[int, set[int]], start: int, goal: int) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        stop = waiting.pop()
        if stop == goal:
            return True
        if stop not in seen:
            seen.add(stop)
            waiting += after.get(stop, ())
    return False


def _heights(column: dict[int, int], ways: Sequence[Way], widths: dict[Way, float]) -> dict[Spot, float]:
    heights: dict[Spot, float] = {}
    for stop in column:
        sides = (
            sum(widths[w] for w in ways if w.after == stop),
            sum(widths[w] for w in ways if w.before == stop),
        )
        heights[stop, None] = max(float(LEAST_HEIGHT), *(side + 8 for side in sides))
    for way in ways:
        for at in range(column[way.before] + 1, column[way.after]):
            heights[-at - 1, way] = widths[way]
    return heights


def _ordered(column: dict[int, int], ways: Sequence[Way]) -> list[list[Spot]]:
    """Return the spots of each column from top to bottom, near those they are joined to (barycentres, both ways)."""
    rows: list[list[Spot]] = [[] for _at in range(max(column.values(), default=0) + 1)]
    for stop in sorted(column):
        rows[column[stop]].append((stop, None))
    joined: dict[Spot, list[Spot]] = {}
    for way in ways:
        chain = _chain(column, way)
        for at, spot in enumerate(chain[1:-1], start=column[way.before] + 1):
            rows[at].append(spot)
        for one, other in itertools.pairwise(chain):
            joined.setdefault(one, []).append(other)
            joined.setdefault(other, []).append(one)
    for sweep in range(SWEEPS):
        place = {spot: (at + 0.5) / len(row) for row in rows for at, spot in enumerate(row)}
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda spot: _mean([place[other] for other in joined.get(spot, [])], place[spot]))
            place.update({spot: (at + 0.5) / len(row) for at, spot in enumerate(row)})
    return rows


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _chain(column: dict[int, int], way: Way) -> list[Spot]:
    between: list[Spot] = [(-at - 1, way) for at in range(column[way.before] + 1, column[way.after])]
    return [(way.before, None), *between, (way.after, None)]


def _stacked(rows: Sequence[Sequence[Spot]], heights: dict[Spot, float]) -> tuple[dict[Spot, float], float]:
    """Return the top of each spot, every column in the middle of the picture, and the height of the picture."""
    totals = [sum(heights[spot] for spot in row) + GAP * (len(row) - 1) for row in rows]
    height = max(totals, default=0.0) + 2 * EDGE
    tops: dict[Spot, float] = {}
    for row, total in zip(rows, totals, strict=True):
        y = (height - total) / 2
        for spot in row:
            tops[spot] = round(y, 1)
            y += heights[spot] + GAP
    return tops, round(height, 1)


def _ribbons(
    column: dict[int, int],
    ways: Sequence[Way],
    widths: dict[Way, float],
    tops: dict[Spot, float],
    heights: dict[Spot, float],
) -> tuple[Ribbon, ...]:
    """Return each stream through its points; at a box the streams lie side by side in the order of their other ends."""

    def ends(stop: int, side: str) -> dict[Way, float]:
        mine = [way for way in ways if (way.after if side == "in" else way.before) == stop]
        # the neighbouring point of each stream decides the order
        chains = {way: _chain(column, way) for way in mine}
        mine.sort(key=lambda way: tops[chains[way][-2 if side == "in" else 1]])
        y = tops[stop, None] + (heights[stop, None] - sum(widths[way] for way in mine)) / 2
        places = {}
        for way in mine:
            places[way] = y + widths[way] / 2
            y += widths[way]
        return places

    left = {stop: ends(stop, "in") for stop in column}
    right = {stop: ends(stop, "out") for stop in column}
    made = []
    for way in ways:
        points = [(float(EDGE + column[way.before] * (BOX + APART) + BOX), right[way.before][way])]
        for at, spot in enumerate(_chain(column, way)[1:-1], start=column[way.before] + 1):
            x, y = float(EDGE + at * (BOX + APART)), tops[spot] + heights[spot] / 2
            points += [(x, y), (x + BOX, y)]
        points.append((float(EDGE + column[way.after] * (BOX + APART)), left[way.after][way]))
        made.append(Ribbon(tuple((x, round(y, 1)) for x, y in points), widths[way], way))
    return tuple(made)


def path_svg(path: Path, said: str) -> str:
    """Return the way as SVG, its units as links where they have an address."""
    role = "group" if any(box.stop.href for box in path.boxes) else "img"
    return "".join([
        f'<svg class="kw-path {natural(path.width)}" viewBox="0 0 {path.width:g} {path.height:g}" role="{role}" '
        f'aria-label="{escape(said)}">',
        *[_ribbon_svg(ribbon) for ribbon in path.ribbons],
        *[_box_svg(box) for box in path.boxes],
        "</svg>",
    ])  # fmt: skip


def _ribbon_svg(ribbon: Ribbon) -> str:
    (x, y), *rest = ribbon.points
    drawn = [f"M{x:g} {y:g}"]
    for to_x, to_y in rest:
        bend = (x + to_x) / 2
        drawn.append(f"C{bend:g} {y:g} {bend:g} {to_y:g} {to_x:g} {to_y:g}" if to_y != y else f"H{to_x:g}")
        x, y = to_x, to_y
    return f'<path class="stream" stroke-width="{ribbon.width:g}" d="{"".join(drawn)}"/>'


def _box_svg(box: Box) -> str:
    lines = len(box.name) + 1
    first = box.y + box.height / 2 - (lines - 1) * LINE / 2 + FONT * 0.35
    count = number(box.stop.journeys)
    texts = [
        f'<text x="{box.x + 8:g}" y="{first + at * LINE:.1f}"{kind}>{escape(line, quote=False)}</text>'
        for at, (line, kind) in enumerate([*((name, "") for name in box.name), (count, ' class="count"')])
    ]
    drawn = (
        f"<title>{escape(f'{box.stop.name}: {count}', quote=False)}</title>"
        f'<rect class="box" x="{box.x:g}" y="{box.y:g}" width="{BOX}" height="{box.height:g}" rx="6"/>{"".join(texts)}'
    )
    return f'<a href="{escape(box.stop.href)}">{drawn}</a>' if box.stop.href else f"<g>{drawn}</g>"
