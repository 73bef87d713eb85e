"""A Pareto table as SVG: a row a category, the most frequent first, and the share of the whole so far.

Bars and the line of the share so far stand on one scale, from nothing to the whole, so that no second axis is needed.
The few categories that make the share asked for are dark. Classes and places only: the style is in
`web/static/knitwork/chart.css`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from knitwork.draw.geometry import FRAMES, Frame
from knitwork.draw.labels import decimals_for, fit, number, text_width, with_unit
from knitwork.draw.scale import Scale
from knitwork.draw.told import Plural, as_counted
from knitwork.signals.pareto import ParetoRecord, ParetoRow

MOST = 12  # rows; the categories after them share the last
NAMES = 0.4  # of the width at most
BARS = 0.2  # of the width at least
PLAIN_ROW = 8  # the height of a row in a picture without words
ALL = "100%"


class Bar(NamedTuple):
    """One row: the middle of its height, its name, its count, its bar's length, and how far the share so far is."""

    y: float
    name: str
    counted: str
    length: float
    so_far: float
    so_far_text: str
    few: bool


@dataclass(frozen=True, slots=True)
class ParetoLayout:
    """Every place in the picture. Bars begin at `start`; `wanted` is the place of the share asked for."""

    frame: Frame
    height: int
    row: float
    top: float
    start: float
    end: float
    counts_x: float
    wanted: float
    wanted_text: str
    bars: tuple[Bar, ...]


def pareto_layout(
    record: ParetoRecord, frame: Frame, *, most: int = MOST, ngettext: Plural = as_counted
) -> ParetoLayout:
    """Return the places of at most `most` rows."""
    rows = _gathered(record.rows, most, ngettext)
    font = frame.font
    row = font * 2 or PLAIN_ROW
    gap = font * 0.5
    decimals = decimals_for([one.count for one in rows]) if any(one.count % 1 for one in rows) else 0
    # A count is never cut: half a number is another number.
    counts = [number(one.count, decimals) for one in rows]
    counts_wide = max(text_width(text, font) for text in counts) if font else 0.0
    end = round(frame.width - (text_width(ALL, font) + gap if font else frame.mark) - frame.dot, 1)
    room = min(frame.width * NAMES, end - frame.width * BARS - counts_wide - 2 * gap)
    names = [fit(_printable(one.name), room, font) for one in rows]
    names_wide = max((text_width(name, font) for name in names), default=0.0) if font else 0.0
    start = round(names_wide + gap + counts_wide + gap if font else frame.mark, 1)
    across = Scale(0.0, 1.0, start, end)
    top = round(font * 1.4, 1)
    few, wanted = len(record.few), record.spec.share * 100
    bars = tuple(
        Bar(
            y=round(top + row * (at + 0.5), 1),
            name=names[at],
            counted=counts[at],
            length=round(across(one.share) - start, 1),
            so_far=across(one.cumulative_share),
            so_far_text=with_unit(number(_percent(one.cumulative_share)), "%"),
            few=at < few and (at < len(rows) - 1 or few == len(record.rows)),
        )
        for at, one in enumerate(rows)
    )
    return ParetoLayout(
        frame=frame,
        height=round(top + row * len(rows) + frame.mark),
        row=row,
        top=top,
        start=start,
        end=end,
        counts_x=round(start - gap, 1),
        wanted=across(record.spec.share),
        wanted_text=with_unit(number(wanted, 0 if abs(wanted - round(wanted)) < 0.05 else 1), "%"),
        bars=bars,
    )


def _printable(name: str) -> str:
    """Return a name without what no picture may hold: one control sign would make an SVG file unreadable."""
    return "".join(letter if letter.isprintable() else " " for letter in name)


def _percent(share: float) -> float:
    """Return a share in whole per cents; less than the whole is never called the whole."""
    return 100.0 if share >= 1 else min(share * 100, 99.0)


def _gathered(rows: Sequence[ParetoRow], most: int, ngettext: Plural) -> list[ParetoRow]:
    """Return the rows, the last ones put together where there are too many."""
    if len(rows) <= most:
        return list(rows)
    kept, rest = rows[: most - 1], rows[most - 1 :]
    name = ngettext("%(n)d more", "%(n)d more", len(rest)) % {"n": len(rest)}
    last = rest[-1]
    return [
        *kept,
        ParetoRow(
            name, sum(one.count for one in rest), last.cumulative, sum(one.share for one in rest), last.cumulative_share
        ),
    ]


def pareto_svg(
    record: ParetoRecord,
    size: str | Frame = "page",
    *,
    title: str = "",
    sentence: str = "",
    most: int = MOST,
    ngettext: Plural = as_counted,
) -> str:
    """Return a Pareto table as one `<svg>` element, named by its title and a sentence (its formula without one)."""
    frame = FRAMES[size] if isinstance(size, str) else size
    layout = pareto_layout(record, frame, most=most, ngettext=ngettext)
    said = sentence or record.formula
    name = escape(f"{title}. {said}" if title else said)
    bottom = layout.top + layout.row * len(layout.bars)
    return "".join([
        f'<svg class="kw-chart kw-pareto kw-{frame.name}" viewBox="0 0 {frame.width} {layout.height}" role="img" '
        f'aria-label="{name}">',
        *[_bar(bar, layout) for bar in layout.bars],
        f'<path class="centre" d="M{layout.start:g} {layout.top:g}V{bottom:g}"/>',
        f'<path class="target" d="M{layout.wanted:g} {layout.top:g}V{bottom:g}"/>',
        _so_far(layout),
        *([_words(bar, layout) for bar in layout.bars] if frame.font else []),
        _wanted(layout) if frame.font else "",
        "</svg>",
    ])  # fmt: skip


def _bar(bar: Bar, layout: ParetoLayout) -> str:
    kind = "bar" if bar.few else "bar rest"
    high = round(layout.row * 0.56, 1)
    return f'<rect class="{kind}" x="{layout.start:g}" y="{bar.y - high / 2:.4g}" width="{bar.length:g}" height="{high:g}"/>'


def _so_far(layout: ParetoLayout) -> str:
    path = "L".join(f"{bar.so_far:g} {bar.y:g}" for bar in layout.bars)
    dots = "".join(
        f'<circle cx="{bar.so_far:g}" cy="{bar.y:g}" r="{layout.frame.dot:g}"/>'
        for bar in layout.bars
        if layout.frame.dot
    )
    return f'<path class="line" d="M{path}"/>' + (f'<g class="dots">{dots}</g>' if dots else "")


def _words(bar: Bar, layout: ParetoLayout) -> str:
    y = f"{bar.y + layout.frame.font * 0.35:.1f}"
    return (
        f'<text class="name" x="0" y="{y}">{escape(bar.name, quote=False)}</text>'
        f'<text class="end" x="{layout.counts_x:g}" y="{y}">{escape(bar.counted, quote=False)}</text>'
        f'<text class="end" x="{layout.frame.width}" y="{y}">{escape(bar.so_far_text, quote=False)}</text>'
    )


def _wanted(layout: ParetoLayout) -> str:
    font = layout.frame.font
    right = min(layout.wanted + text_width(layout.wanted_text, font) / 2, layout.frame.width)
    return (
        f'<text class="target end" x="{right:.1f}" y="{layout.top - font * 0.3:.1f}">'
        f"{escape(layout.wanted_text, quote=False)}</text>"
    )
