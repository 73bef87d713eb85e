"""The units as nested boxes: which stand on which shelf of the map, made from the nested list of the first page."""

from __future__ import annotations

from typing import Any

from knitwork.draw.nested import shelves


def atlas(nested: list[dict[str, Any]], *, outlined: frozenset[str]) -> list[dict[str, Any]]:
    """Return each top as a box with its groups on shelves; `outlined` are the units that take part in a programme.

    A group on a shelf has `width` (columns of the map), `cells` (its own units) and `groups` (groups inside it).
    """
    tops = [top for top in nested if top["inside"]]
    alone = [top for top in nested if not top["inside"]]
    boxes = [_top(top, outlined) for top in tops]
    if alone:
        boxes.append(_top({"inside": alone}, outlined))
    return boxes


def _top(top: dict[str, Any], outlined: frozenset[str]) -> dict[str, Any]:
    groups = [_group(child, outlined) for child in top["inside"] if child["inside"]]
    cells = [_cell(child, outlined) for child in top["inside"] if not child["inside"]]
    if cells:
        groups.append({"cells": cells, "groups": [], "size": len(cells)})
    placed = [
        [one | {"width": width} for one, width in zip(groups[shelf.first :], shelf.widths, strict=False)]
        for shelf in shelves([one["size"] for one in groups])
    ]
    # Where nothing is grouped the units stand in the outer box itself, with no second box round them.
    return top | {"shelves": placed, "plain": len(groups) == 1 and bool(cells)}


def _group(node: dict[str, Any], outlined: frozenset[str]) -> dict[str, Any]:
    cells = [_cell(child, outlined) for child in node["inside"] if not child["inside"]]
    groups = [_group(child, outlined) for child in node["inside"] if child["inside"]]
    size = len(cells) + sum(group["size"] + 1 for group in groups)
    return node | {"cells": cells, "groups": groups, "size": size, "outlined": node["code"] in outlined}


def _cell(node: dict[str, Any], outlined: frozenset[str]) -> dict[str, Any]:
    return node | {"outlined": node["code"] in outlined}
