"""Nodes in columns: their order with few crossings, and their places with none upon another.

The steps of Sugiyama's method (1981) after the columns are known: barycentre sweeps, of which the order with the
fewest crossings is kept, and places near the neighbours by isotonic regression. Pure and deterministic.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

SWEEPS = 12

# A unit by its key, or (number of the flow, column) where a flow passes a column that it does not stop in.
Node = str | tuple[int, int]
# The nodes that each flow passes, from its sender to its receiver.
Ways = dict[int, list[Node]]


def _column_of(node: Node, column: dict[str, int]) -> int:
    return column[node] if isinstance(node, str) else node[1]


def ordered(ways: Ways, column: dict[str, int], heights: dict[Node, float]) -> list[list[Node]]:
    """Return the nodes of each column from top to bottom, with as few crossings as the sweeps found."""
    columns: list[list[Node]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for node in heights:
        columns[_column_of(node, column)].append(node)
    for nodes in columns:
        nodes.sort(key=lambda node: (-heights[node], str(node)))
    links = _links(ways, column)
    best, fewest = [list(nodes) for nodes in columns], crossings(columns, links)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for at in range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1):
            beside = columns[at - 1 if forward else at + 1]
            place = {node: order / max(len(beside) - 1, 1) for order, node in enumerate(beside)}
            _sort_by_neighbours(columns[at], links[at - 1 if forward else at], place, forward)
        found = crossings(columns, links)
        if found < fewest:
            best, fewest = [list(nodes) for nodes in columns], found
    return best


def _links(ways: Ways, column: dict[str, int]) -> list[list[tuple[Node, Node]]]:
    """Return the stretches between each column and the next, the left end first."""
    found: list[list[tuple[Node, Node]]] = [[] for _ in range(max(column.values(), default=0))]
    for way in ways.values():
        for one, other in pairwise(way):
            left, right = sorted((one, other), key=lambda node: _column_of(node, column))
            if _column_of(left, column) != _column_of(right, column):
                found[_column_of(left, column)].append((left, right))
    return found


def _sort_by_neighbours(
    nodes: list[Node], links: list[tuple[Node, Node]], place: dict[Node, float], forward: bool
) -> None:
    """Sort a column by the mean place of its neighbours; a node without any stays about where it is."""
    near: defaultdict[Node, list[float]] = defaultdict(list)
    for left, right in links:
        here, there = (right, left) if forward else (left, right)
        near[here].append(place[there])
    now = {node: order / max(len(nodes) - 1, 1) for order, node in enumerate(nodes)}
    nodes.sort(key=lambda node: (sum(near[node]) / len(near[node]) if near[node] else now[node], now[node]))


def crossings(columns: list[list[Node]], links: list[list[tuple[Node, Node]]]) -> int:
    """Count the pairs of stretches that cross."""
    total = 0
    for at, some in enumerate(links):
        left = {node: order for order, node in enumerate(columns[at])}
        right = {node: order for order, node in enumerate(columns[at + 1])}
        seen: list[int] = []
        for _, end in sorted((left[one], right[other]) for one, other in some):
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total


def placed(
    columns: list[list[Node]], ways: Ways, widths: dict[int, float], heights: dict[Node, float], gap: float
) -> tuple[dict[Node, float], float]:
    """Return the middle of every node and the height of all: each near its neighbours, in order, none on another."""
    offsets = [_offsets(nodes, heights, gap) for nodes in columns]
    room = max((total for _, total in offsets), default=0.0)
    middles: dict[Node, float] = {}
    for nodes, (places, total) in zip(columns, offsets, strict=True):
        middles.update({node: place + (room - total) / 2 for node, place in zip(nodes, places, strict=True)})
    near: defaultdict[Node, list[tuple[Node, float]]] = defaultdict(list)
    for at, way in ways.items():
        for one, other in pairwise(way):
            near[one].append((other, widths[at]))
            near[other].append((one, widths[at]))
    for sweep in range(SWEEPS):
        for at in range(len(columns)) if sweep % 2 == 0 else reversed(range(len(columns))):
            nodes, (places, total) = columns[at], offsets[at]
            wished = []
            for node, place in zip(nodes, places, strict=True):
                weight = sum(w for _, w in near[node])
                wish = sum(middles[other] * w for other, w in near[node]) / weight if weight else middles[node]
                wished.append((wish - place, weight or 1.0))
            shifts = [min(max(shift, 0.0), room - total) for shift in rising(wished)]
            middles.update({n: p + shift for n, p, shift in zip(nodes, places, shifts, strict=True)})
    return middles, room


def _offsets(nodes: list[Node], heights: dict[Node, float], gap: float) -> tuple[list[float], float]:
    """Return the middles of a column packed from the top, and its height; streams that only pass may lie closer."""
    places: list[float] = []
    y, before = 0.0, None
    for node in nodes:
        if before is not None:
            y += gap / 3 if isinstance(node, tuple) and isinstance(before, tuple) else gap
        places.append(y + heights[node] / 2)
        y += heights[node]
        before = node
    return places, y


def rising(wished: Sequence[tuple[float, float]]) -> list[float]:
    """Return the numbers nearest to `wished` (value, weight) that never fall: pooled neighbours (Ayer 1955)."""
    pools: list[list[float]] = []
    for value, weight in wished:
        pools.append([value, weight, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            last, before = pools.pop(), pools.pop()
            both = before[1] + last[1]
            pools.append([(before[0] * before[1] + last[0] * last[1]) / both, both, before[2] + last[2]])
    return [value for value, _, many in pools for _ in range(int(many))]
