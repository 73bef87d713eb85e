"""Cumulative sums as SVG: the two sums of a CUSUM between their limits, and the line of a VLAD without any.

The upper sum grows upwards from zero and the lower one downwards. A signal stands where a sum first passed its limit;
a short stroke across the zero line shows where its change is estimated to have begun. Classes and places only: the
style is in `web/static/knitwork/chart.css`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

from knitwork.draw.chart import mark
from knitwork.draw.geometry import FRAMES, Frame
from knitwork.draw.labels import Values, decimals_for, fit, number, text_width
from knitwork.draw.periods import Period, Translate, as_written, period_of, short_name
from knitwork.draw.scale import Scale, shown_range, spread
from knitwork.signals.cumulative import CusumRecord, VladRecord

Kind = Literal["limit", "centre"]
Places = tuple[float | None, ...]

STROKE = 4  # half the height of the stroke where a change began
MOST_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class SumLayout:
    """Every place in a picture of sums; each label is the middle of its height, its text and its kind."""

    frame: Frame
    x: tuple[float, ...]
    lines: tuple[Places, ...]
    zero: float
    limits: tuple[float, ...]
    labels: tuple[tuple[float, str, Kind], ...]
    label_x: float


def cusum_layout(record: CusumRecord, frame: Frame) -> SumLayout:
    """Return the places of both sums and of their limits."""
    return _layout(
        frame,
        lines=(record.up, record.down),
        limits=(record.upper, record.lower),
        named=[(record.upper, _short(record.upper), "limit"), (0.0, number(0), "centre"),
               (record.lower, _short(record.lower), "limit")],
    )  # fmt: skip


def vlad_layout(record: VladRecord, frame: Frame) -> SumLayout:
    """Return the places of the line, named at its end by what it has come to."""
    last = next((value for value in reversed(record.line) if value is not None), 0.0)
    decimals = max(decimals_for([*record.line, 0.0]), 1)
    ends: list[tuple[float, str, Kind]] = [(last, number(last, decimals), "centre")]
    if last:
        ends.append((0.0, number(0), "limit"))
    return _layout(frame, lines=(record.line,), limits=(), named=ends)


def _short(value: float) -> str:
    """Return a limit with the decimals that it has, at most two."""
    text = f"{value:.{MOST_DECIMALS}f}".rstrip("0").rstrip(".")
    return number(value, len(text.partition(".")[2]))


def _layout(
    frame: Frame, *, lines: tuple[Values, ...], limits: tuple[float, ...], named: Sequence[tuple[float, str, Kind]]
) -> SumLayout:
    low, high = shown_range([0.0, *limits, *(value for line in lines for value in line)])
    y_of = Scale(low, high, frame.bottom, frame.top)
    widest = frame.width * 0.4
    texts = [(y_of(value), fit(text, widest, frame.font, kind == "centre"), kind) for value, text, kind in named]
    texts = sorted(texts, key=lambda place: place[0]) if frame.font else []
    wide = max((text_width(text, frame.font, kind == "centre") for _, text, kind in texts), default=0.0)
    gap = frame.mark + frame.font * 0.3
    end = frame.width - (max(frame.margin, wide + gap + 1) if frame.font else frame.left)
    free = spread([y for y, _, _ in texts], gap=frame.font * 1.1, low=frame.font * 0.6, high=frame.bottom)
    count = len(lines[0])
    across = Scale(0, count - 1, frame.left, end)
    return SumLayout(
        frame=frame,
        x=tuple(across(at) for at in range(count)) if count > 1 else (round(end, 1),),
        lines=tuple(tuple(None if value is None else y_of(value) for value in line) for line in lines),
        zero=y_of(0.0),
        limits=tuple(y_of(limit) for limit in limits),
        labels=tuple((y, text, kind) for y, (_, text, kind) in zip(free, texts, strict=True)),
        label_x=round(end + gap, 1),
    )


def cusum_svg(
    record: CusumRecord,
    size: str | Frame = "page",
    *,
    title: str = "",
    sentence: str = "",
    period: Period | None = None,
    _: Translate = as_written,
) -> str:
    """Return a CUSUM as one `<svg>` element, named by its title and a sentence (its formula where none is given)."""
    layout = cusum_layout(record, FRAMES[size] if isinstance(size, str) else size)
    period = period or period_of(record.labels)
    signals = "".join(
        mark(
            one.verdict,
            layout.x[one.at],
            layout.lines[0 if one.side == "high" else 1][one.at] or layout.zero,
            layout.frame.mark,
            short_name(record.labels[one.at], period, _) if layout.frame.titled else "",
        )
        for one in record.signals
    )
    begun = "".join(
        f"M{layout.x[at]:g} {layout.zero - STROKE:g}v{2 * STROKE}"
        for at in sorted({one.start for one in record.signals})
    )
    inside = "".join([
        _limits(layout),
        f'<path class="aside" d="{begun}"/>' if begun else "",
        _lines(layout),
        signals,
    ])  # fmt: skip
    return _picture(layout, inside, record.labels, _name(title, sentence or record.formula), period, _)


def vlad_svg(
    record: VladRecord,
    size: str | Frame = "page",
    *,
    title: str = "",
    sentence: str = "",
    period: Period | None = None,
    _: Translate = as_written,
) -> str:
    """Return a VLAD as one `<svg>` element: a line about zero, and nothing that would look like a verdict."""
    layout = vlad_layout(record, FRAMES[size] if isinstance(size, str) else size)
    name = _name(title, sentence or record.formula)
    period = period or period_of(record.labels)
    return _picture(layout, _limits(layout) + _lines(layout), record.labels, name, period, _)


def _name(title: str, sentence: str) -> str:
    return escape(f"{title}. {sentence}" if title else sentence)


def _picture(layout: SumLayout, inside: str, labels: Sequence[str], name: str, period: Period, _: Translate) -> str:
    frame = layout.frame
    return (
        f'<svg class="kw-chart kw-{frame.name}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{name}">{inside}{_labels(layout)}{_ends(layout, labels, period, _)}</svg>'
    )


def _limits(layout: SumLayout) -> str:
    start, end = layout.frame.left, layout.x[-1]
    edges = "".join(f"M{start:g} {limit:g}H{end:g}" for limit in layout.limits)
    return (f'<path class="limit" d="{edges}"/>' if edges else "") + (
        f'<path class="centre" d="M{start:g} {layout.zero:g}H{end:g}"/>'
    )


def _lines(layout: SumLayout) -> str:
    return "".join(f'<path class="line" d="{_trace(layout, line)}"/>' for line in layout.lines)


def _trace(layout: SumLayout, line: Places) -> str:
    """Join the known points; a missing one is a gap, and one point between two gaps a short stroke.

    Of many points at the same unit of width the first, lowest, highest and last draw the same picture.
    """
    path = []
    known = list(zip(layout.x, line, strict=True))
    for is_gap, stretch in groupby(known, key=lambda place: place[1] is None):
        if is_gap:
            continue
        points = [(x, y) for x, y in stretch if y is not None]
        points = _thinned(points) if len(known) > 2 * layout.frame.width else points
        joined = "L".join(f"{x:g} {y:g}" for x, y in points)
        path.append(f"M{joined}" if len(points) > 1 else f"M{joined}h0")
    return "".join(path)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = []
    for _unit, group in groupby(points, key=lambda point: round(point[0])):
        near = list(group)
        heights = [y for _, y in near]
        places = {0, heights.index(min(heights)), heights.index(max(heights)), len(near) - 1}
        kept += [near[at] for at in sorted(places)]
    return kept


def _labels(layout: SumLayout) -> str:
    drop = layout.frame.font * 0.35
    return "".join(
        f'<text class="{kind}" x="{layout.label_x:g}" y="{y + drop:.1f}">{escape(text, quote=False)}</text>'
        for y, text, kind in layout.labels
    )


def _ends(layout: SumLayout, labels: Sequence[str], period: Period, _: Translate) -> str:
    """Name the first and the last case below; where both do not fit, the last alone."""
    frame = layout.frame
    if not frame.font:
        return ""
    y = round(frame.height - frame.font * 0.3, 1)
    end = layout.x[-1] + frame.mark
    room = end - frame.left
    last = fit(short_name(labels[-1], period, _), room, frame.font)
    named = f'<text class="when end" x="{end:g}" y="{y:g}">{escape(last, quote=False)}</text>'
    first = short_name(labels[0], period, _)
    if len(labels) > 1 and text_width(first, frame.font) + text_width(last, frame.font) + frame.font <= room:
        named = f'<text class="when" x="{layout.x[0]:g}" y="{y:g}">{escape(first, quote=False)}</text>{named}'
    return named
