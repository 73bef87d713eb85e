"""From and to as a table: a row for each sender, a column for each receiver, shaded by how many or how long.

A table and no picture: its heads stay in sight, a screen reader says where it stands, and it holds 200 units. Where
units are many, cells with nothing in them are drawn together as one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

SHADES = 5
MOST_UNITS = 200
# Beyond so many units figures would make the table too wide: cells are shaded only, and say their figure when pointed at.
WITH_FIGURES = 40
# Beyond so many units empty neighbours are one cell: 200 units have 40,000 cells and some 600 with anything in them.
ONE_BY_ONE = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands between two units.

    `weight` shades it (None: not shaded), `text` is what is read, `hint` says it in full, `verdict` marks a change.
    """

    weight: float | None
    text: str
    hint: str
    href: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One sender: for each receiver a shade and a cell, or how many receivers in a row it sends nobody to."""

    key: str
    cells: tuple[tuple[int, Cell] | int, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows, in the order of `keys`, which is that of the columns too; `edges` are the least weights of each shade."""

    keys: tuple[str, ...]
    rows: tuple[Row, ...]
    edges: tuple[float, ...]
    with_figures: bool


def edges_of(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the least weight of each shade after the first: equal steps of proportion, in round numbers.

    Hand-offs and waits run over several powers of ten, so equal steps of number would leave nearly all in one shade.

    >>> edges_of([1, 3491]), edges_of([540, 72_000]), edges_of([7, 7]), edges_of([])
    ((5, 26, 130, 680), (1400, 3800, 10000, 27000), (), ())
    """
    known = [weight for weight in weights if weight > 0]
    if not known:
        return ()
    least, most = min(known), max(known)
    edges = [_rounded(least * (most / least) ** (at / SHADES)) for at in range(1, SHADES)]
    return tuple(dict.fromkeys(edge for edge in edges if least < edge <= most))


def _rounded(value: float) -> float:
    """Return a number with two figures that count."""
    return float(f"{value:.2g}") if value < 1 else int(float(f"{value:.2g}"))


def matrix(keys: Sequence[str], cells: Mapping[tuple[str, str], Cell], *, with_figures: int = WITH_FIGURES) -> Matrix:
    """Return the rows and shades of a matrix; senders and receivers stand in the order of `keys`.

    With more than `with_figures` units the figures are left to the pointer and to screen readers.
    """
    weights = [cell.weight for cell in cells.values() if cell.weight is not None]
    edges = edges_of(weights)
    rows = []
    for sender in keys:
        line: list[tuple[int, Cell] | int] = []
        for receiver in keys:
            cell = cells.get((sender, receiver))
            line.append(1 if cell is None else (_shade(cell, edges), cell))
        rows.append(Row(sender, tuple(_together(line) if len(keys) > ONE_BY_ONE else line)))
    return Matrix(tuple(keys), tuple(rows), edges, len(keys) <= with_figures)


def _shade(cell: Cell, edges: tuple[float, ...]) -> int:
    """Return the shade of a cell: 0 for none, 1 for the least, 5 for the most."""
    return 0 if cell.weight is None else 1 + bisect_right(edges, cell.weight)


def _together(line: list[tuple[int, Cell] | int]) -> list[tuple[int, Cell] | int]:
    found: list[tuple[int, Cell] | int] = []
    for empty, some in groupby(line, key=lambda one: isinstance(one, int)):
        group = list(some)
        found += [len(group)] if empty else group
    return found


def matrix_table(
    found: Matrix,
    *,
    names: Mapping[str, str],
    hrefs: Mapping[str, str],
    caption: str,
    corner: str,
    marks: Mapping[str, str],
) -> str:
    """Return the matrix as a table; `marks` say each verdict in a word for those who do not see its shape."""
    heads = "".join([f'<th scope="col">{_named(key, names, hrefs)}</th>' for key in found.keys])
    rows = "".join([
        f'<tr><th scope="row">{_named(row.key, names, hrefs)}</th>'
        f"{''.join([_cell(one, found.with_figures, marks) for one in row.cells])}</tr>"
        for row in found.rows
    ])  # fmt: skip
    kind = "matrix" if found.with_figures else "matrix dense"
    return (
        f'<table class="{kind}"><caption class="unseen">{escape(caption, quote=False)}</caption>'
        f'<thead><tr><th class="corner">{escape(corner, quote=False)}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _named(key: str, names: Mapping[str, str], hrefs: Mapping[str, str]) -> str:
    name = escape(names.get(key, key), quote=False)
    return f'<a href="{escape(hrefs[key])}"><span>{name}</span></a>' if key in hrefs else f"<span>{name}</span>"


SHAPES = {"worse": "◆", "better": "●", "neither": "■"}


def _cell(one: tuple[int, Cell] | int, with_figures: bool, marks: Mapping[str, str]) -> str:
    if isinstance(one, int):
        return "<td></td>" if one == 1 else f'<td colspan="{one}"></td>'
    shade, cell = one
    shape = ""
    if cell.verdict:
        said = escape(marks.get(cell.verdict, cell.verdict), quote=False)
        shape = (
            f'<span class="mark {cell.verdict}" aria-hidden="true">{SHAPES.get(cell.verdict, "■")}</span>'
            f'<span class="unseen">{said} </span>'
        )
    figure = escape(cell.text, quote=False)
    text = figure if with_figures else f'<span class="unseen">{figure}</span>'
    inner = f"{shape}{text}"
    hint = escape(cell.hint)
    body = (
        f'<a href="{escape(cell.href)}" title="{hint}">{inner}</a>'
        if cell.href
        else f'<span title="{hint}">{inner}</span>'
    )
    return f'<td class="s{shade}">{body}</td>'
