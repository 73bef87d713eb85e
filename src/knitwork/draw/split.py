"""Time in units and in gaps: month by month, and one interval cut into its parts.

Time in units is ten times as long as time between them and more, so each has its own row and its own scale: on one
scale the waits could not be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

from knitwork.draw.labels import fit, text_width, wrap
from knitwork.draw.periods import Translate, as_written

FONT = 14
WIDTH = 720
LEFT, RIGHT = 8, 120  # the right column holds the words of the highest bar
PANEL, HEAD, FOOT, BETWEEN = 88, 24, 24, 20
NAMES, WORDS = 252, 148
ROW, BAR = 38, 18

Kind = Literal["there", "between", "unknown", "all"]


@dataclass(frozen=True, slots=True)
class Month:
    """What a journey that ended in a month spent, in seconds on average; None where it is not shown."""

    name: str
    there: float | None
    between: float | None
    unknown: float | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an interval: its name, its seconds on average, how that is said, and what kind of time it is."""

    name: str
    seconds: float
    words: str
    kind: Kind = "there"


class Column(NamedTuple):
    """One bar of a month: left, top, width, height, and its class."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One row of bars with its own scale: its name, its base line, and the greatest value it shows."""

    name: str
    base: float
    most: float
    top: float


@dataclass(frozen=True, slots=True)
class Months:
    """Every place in the picture of months."""

    height: float
    panels: tuple[Panel, ...]
    columns: tuple[Column, ...]
    ends: tuple[tuple[float, str, str], ...]  # x, anchor, words


def months_of(months: Sequence[Month], names: tuple[str, str]) -> Months:
    """Return the bars of two rows, time in units above and between them below, each on its own scale from zero."""
    step = (WIDTH - LEFT - RIGHT) / max(len(months), 1)
    bar = min(step * 0.72, 40.0)
    upper = [None if m.there is None else m.there + (m.unknown or 0) for m in months]
    panels, columns = [], []
    for row, (name, values) in enumerate(zip(names, (upper, [m.between for m in months]), strict=True)):
        base = HEAD + PANEL + row * (PANEL + HEAD + BETWEEN)
        most = max([value for value in values if value is not None], default=0.0)
        panels.append(Panel(name, base, most, base - PANEL))
        if most <= 0:
            continue
        for at, (month, value) in enumerate(zip(months, values, strict=True)):
            if value is None:
                continue
            x = round(LEFT + at * step + (step - bar) / 2, 1)
            kind = ("there" if row == 0 else "between") + ("" if month.complete else " hollow")
            known = value - (month.unknown or 0) if row == 0 else value
            columns.append(_column(x, base, bar, 0, known, most, kind))
            if row == 0 and month.unknown:
                columns.append(_column(x, base, bar, known, value, most, "unknown"))
    ends = []
    if months:
        last = round(LEFT + (len(months) - 0.5) * step + bar / 2, 1)
        if len(months) > 1 and text_width(months[0].name + months[-1].name, FONT) + 24 < last:
            ends.append((float(LEFT), "", months[0].name))
        ends.append((last, "end", months[-1].name))
    return Months(panels[-1].base + FOOT, tuple(panels), tuple(columns), tuple(ends))


def _column(x: float, base: float, width: float, low: float, high: float, most: float, kind: str) -> Column:
    top, bottom = base - PANEL * high / most, base - PANEL * low / most
    return Column(x, round(top, 1), round(width, 1), round(bottom - top, 1), kind)


def months_svg(place: Months, said: str, *, most: tuple[str, str]) -> str:
    """Return the two rows as SVG; `most` says the greatest value of each in words."""
    panels = "".join(
        f'<text class="head" x="{LEFT}" y="{panel.top - 8:g}">{escape(panel.name, quote=False)}</text>'
        f'<path class="axis" d="M{LEFT} {panel.base:g}H{WIDTH - RIGHT}"/>'
        + (
            f'<path class="most" d="M{LEFT} {panel.top:g}H{WIDTH - RIGHT}"/>'
            f'<text x="{WIDTH - RIGHT + 8}" y="{panel.top + 5:g}">{escape(fit(words, RIGHT - 8, FONT), quote=False)}</text>'
            if panel.most > 0
            else ""
        )
        for panel, words in zip(place.panels, most, strict=True)
    )
    bars = "".join(
        f'<rect class="{c.kind}" x="{c.x:g}" y="{c.y:g}" width="{c.width:g}" height="{c.height:g}"/>'
        for c in place.columns
    )
    ends = "".join(
        f'<text class="{anchor}" x="{x:g}" y="{place.height - 6:g}">{escape(words, quote=False)}</text>'
        for x, anchor, words in place.ends
    )
    return (
        f'<svg class="kw-split" viewBox="0 0 {WIDTH} {place.height:g}" role="img" aria-label="{escape(said)}">'
        f"{panels}{bars}{ends}</svg>"
    )


class Piece(NamedTuple):
    """One part of an interval in its place: left, top, width, its name in lines, and the part."""

    x: float
    y: float
    width: float
    name: tuple[str, ...]
    part: Part


def pieces_of(parts: Sequence[Part]) -> tuple[Piece, ...]:
    """Return the parts one below the other, each beginning where the last one ended: together they fill the width."""
    whole = sum(part.seconds for part in parts) or 1.0
    room = WIDTH - NAMES - WORDS
    done, made = 0.0, []
    for at, part in enumerate(parts):
        x, width = NAMES + room * done / whole, room * part.seconds / whole
        name = wrap(part.name, NAMES - 16, FONT, lines=2)
        made.append(Piece(round(x, 1), at * ROW + (ROW - BAR) / 2, round(max(width, 1.5), 1), name, part))
        done += part.seconds
    return tuple(made)


def interval_svg(parts: Sequence[Part], said: str, *, _: Translate = as_written) -> str:
    """Return one interval as SVG: a row a part, in the order in which patients pass them."""
    rows = "".join(
        f"{_name_svg(piece)}"
        f'<rect class="{piece.part.kind}" x="{piece.x:g}" y="{piece.y:g}" width="{piece.width:g}" height="{BAR}"/>'
        f'<text x="{WIDTH - WORDS + 12}" y="{piece.y + BAR * 0.5 + FONT * 0.35:.1f}">'
        f"{escape(fit(piece.part.words, WORDS - 12, FONT), quote=False)}</text>"
        for piece in pieces_of(parts)
    )
    height = len(parts) * ROW + 4
    return (
        f'<svg class="kw-split" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said)}">'
        f'<path class="axis" d="M{NAMES} 0V{height}M{WIDTH - WORDS} 0V{height}"/>{rows}</svg>'
    )


def _name_svg(piece: Piece) -> str:
    first = piece.y + BAR / 2 + FONT * 0.35 - (len(piece.name) - 1) * FONT * 0.58
    return "".join(
        f'<text class="name" x="0" y="{first + at * FONT * 1.16:.1f}">{escape(line, quote=False)}</text>'
        for at, line in enumerate(piece.name)
    )
