"""The picture of a measured change as SVG: points, the line before and after, and the one that would have gone on.

Points stand alone and lines are what was fitted. The dashed line is what would have been without the change, with a
band for how well that is known; a line in the accent stands where the change began, with its name at its foot. The
classes are those of the charts (`web/static/knitwork/chart.css`), so it follows the same colours, print and contrast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

from knitwork.draw.geometry import FRAMES, Frame
from knitwork.draw.labels import decimals_to_show, fit, number, text_width, value_text, with_unit
from knitwork.draw.periods import Period, Translate, as_written, period_of, short_name
from knitwork.draw.record import last_known
from knitwork.draw.scale import Scale, shown_range, spread
from knitwork.draw.told import Plural, as_counted
from knitwork.draw.worked_words import how_much
from knitwork.signals.interrupted import Its

Place = tuple[float, float]
# The names of the periods stand in a row of their own below that of the change.
ROW = 1.3


class Word(NamedTuple):
    """A text, where it starts or ends, and its class."""

    x: float
    y: float
    text: str
    kind: Literal["centre", "limit", "target", "target end", "when", "when end"]


@dataclass(frozen=True, slots=True)
class ItsLayout:
    """Every place in the picture of a measured change."""

    frame: Frame
    height: int
    points: tuple[Place | None, ...]
    before: tuple[Place, ...]
    after: tuple[Place, ...]
    expected: tuple[Place, ...]
    band: tuple[Place, ...]
    start: float
    foot: float
    words: tuple[Word, ...]


def its_svg(
    its: Its,
    size: str | Frame = "page",
    *,
    title: str = "",
    change: str = "",
    sentence: str | None = None,
    period: Period | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Return the picture as one `<svg>` element, named for screen readers by its title and sentence.

    `change` names what was done, at the foot of its line; without it the period of the start stands there. `size` is
    desk, page, wall, print, or a `Frame` of one's own that has words.
    """
    frame = FRAMES[size] if isinstance(size, str) else size
    if not frame.font:
        raise ValueError("a picture of a change has words: choose desk, page, wall or print")
    period = period or period_of(its.labels)
    layout = its_layout(its, frame, change=change, period=period, _=_)
    said = how_much(its, period=period, _=_, ngettext=ngettext) if sentence is None else sentence
    hints = _hints(its, period, _) if frame.titled else []
    return "".join([
        f'<svg class="kw-chart kw-{frame.name}" viewBox="0 0 {frame.width} {layout.height}" role="img" '
        f'aria-label="{escape(f"{title}. {said}" if title else said)}">',
        _path("band", layout.band, "z"),
        f'<path class="target" d="M{layout.start:g} {frame.top:g}V{layout.foot:g}"/>',
        _path("centre", layout.expected),
        _path("line", layout.before),
        _path("line", layout.after),
        _points(its, layout, hints),
        *[f'<text class="{word.kind}" x="{word.x:g}" y="{word.y:g}">{escape(word.text, quote=False)}</text>'
          for word in layout.words],
        "</svg>",
    ])  # fmt: skip


def its_layout(its: Its, frame: Frame, *, change: str, period: Period, _: Translate = as_written) -> ItsLayout:
    """Return the places of a measured change in a frame; one row is added at the foot for the name of the change."""
    decimals = _decimals(its)
    y_of = Scale(*_range(its), frame.bottom, frame.top)
    ends = _ends(its, decimals, frame, _)
    gap = frame.mark + frame.font * 0.3
    wide = max(text_width(text, frame.font, kind == "centre") for _value, text, kind in ends)
    end = frame.width - max(frame.margin, wide + gap + 1)
    n = len(its.labels)
    x = [round(frame.left + (end - frame.left) * at / (n - 1), 1) for at in range(n)]
    step = (end - frame.left) / (n - 1)
    start = round(x[its.start] - step / 2, 1)
    foot = round(frame.bottom + frame.mark + 2, 1)
    fitted = _places(x, its.fitted, y_of)
    return ItsLayout(
        frame=frame,
        height=math.ceil(frame.height + frame.font * ROW),
        points=tuple([None if value is None else (x[at], y_of(value)) for at, value in enumerate(its.values)]),
        before=tuple([place for place in fitted if place[0] < x[its.start]]),
        after=tuple([place for place in fitted if place[0] >= x[its.start]]),
        expected=_places(x, its.expected, y_of),
        band=(*_places(x, its.expected_high, y_of), *reversed(_places(x, its.expected_low, y_of))),
        start=start,
        foot=foot,
        words=(
            *_end_words(ends, frame, y_of, round(end + gap, 1)),
            _change_word(change or short_name(its.labels[its.start], period, _), start, foot, frame),
            *_period_words(its.labels, x, frame, period, _),
        ),
    )


def _range(its: Its) -> tuple[float, float]:
    """Return the range to show: all points and lines, and the band as far as it does not flatten them."""
    low, high = shown_range([*its.values, *its.fitted, *its.expected])
    room = high - low
    band = [value for value in (*its.expected_low, *its.expected_high) if value is not None]
    return max(min([low, *band]), low - room / 2), min(max([high, *band]), high + room / 2)


def _decimals(its: Its) -> int:
    return decimals_to_show(its.values, [last_known(its.fitted), last_known(its.expected)])


def _places(x: Sequence[float], line: Sequence[float | None], y_of: Scale) -> tuple[Place, ...]:
    """Return the places of a line; what lies outside the range stands at its edge."""
    return tuple([
        (x[at], y_of(min(max(value, y_of.low), y_of.high))) for at, value in enumerate(line) if value is not None
    ])  # fmt: skip


def _ends(its: Its, decimals: int, frame: Frame, _: Translate) -> list[tuple[float, str, Literal["centre", "limit"]]]:
    """Return value, text and kind of the labels at the right end: what is, and what would be."""
    widest = frame.width * 0.4
    now, other = last_known(its.fitted) or 0.0, last_known(its.expected) or 0.0
    while number(now, decimals) == number(other, decimals) and now != other and decimals < 4:
        decimals += 1
    is_now = fit(with_unit(number(now, decimals), its.spec.unit), widest, frame.font, True)
    would_be = fit(_("would be %(value)s") % {"value": number(other, decimals)}, widest, frame.font)
    return [(now, is_now, "centre"), (other, would_be, "limit")]


def _end_words(
    ends: Sequence[tuple[float, str, Literal["centre", "limit"]]], frame: Frame, y_of: Scale, x: float
) -> list[Word]:
    placed = sorted((y_of(value), text, kind) for value, text, kind in ends)
    free = spread([y for y, _text, _kind in placed], gap=frame.font * 1.1, low=frame.font * 0.6, high=frame.bottom)
    drop = frame.font * 0.35
    return [Word(x, round(y + drop, 1), text, kind) for y, (_y, text, kind) in zip(free, placed, strict=True)]


def _change_word(name: str, start: float, foot: float, frame: Frame) -> Word:
    """Name the change at the foot of its line, on the side with more room."""
    y = round(foot + frame.font * 0.9, 1)
    right, left = frame.width - start - 1, start - 1
    if text_width(name, frame.font) <= right or right >= left:
        return Word(start, y, fit(name, right, frame.font), "target")
    return Word(start, y, fit(name, left, frame.font), "target end")


def _period_words(labels: Sequence[str], x: Sequence[float], frame: Frame, period: Period, _: Translate) -> list[Word]:
    """Name the first and the last period below; where both do not fit, the last alone."""
    y = round(frame.height + frame.font * (ROW - 0.3), 1)
    end = round(x[-1] + frame.mark, 1)
    room = end - frame.left
    last = fit(short_name(labels[-1], period, _), room, frame.font)
    first = short_name(labels[0], period, _)
    words = [Word(end, y, last, "when end")]
    if text_width(first, frame.font) + text_width(last, frame.font) + frame.font <= room:
        words.insert(0, Word(x[0], y, first, "when"))
    return words


def _path(kind: str, places: Sequence[Place], close: str = "") -> str:
    if len(places) < 2:
        return ""
    return f'<path class="{kind}" d="M{"L".join(f"{x:g} {y:g}" for x, y in places)}{close}"/>'


def _points(its: Its, layout: ItsLayout, hints: Sequence[str]) -> str:
    """Draw points that count as dots, those that are left out as hollow ones."""
    frame, counted, left_out = layout.frame, [], []
    for at, place in enumerate(layout.points):
        if place is None:
            continue
        hint = f"<title>{escape(hints[at], quote=False)}</title>" if hints else ""
        if its.used[at]:
            counted.append(f'<circle cx="{place[0]:g}" cy="{place[1]:g}" r="{frame.dot:g}">{hint}</circle>')
        else:
            size = f'r="{frame.mark * 0.7:.2g}"'
            left_out.append(f'<circle class="hollow" cx="{place[0]:g}" cy="{place[1]:g}" {size}>{hint}</circle>')
    return f'<g class="dots">{"".join(counted)}</g>{"".join(left_out)}'


def _hints(its: Its, period: Period, _: Translate) -> list[str]:
    """Return what each point says under the pointer: its period, its value, and what it would have been."""
    decimals, unit = _decimals(its), its.spec.unit
    hints = []
    for label, value, expected in zip(its.labels, its.values, its.expected, strict=True):
        hint = f"{short_name(label, period, _)}: {value_text(value, unit, decimals)}"
        if expected is not None:
            text = _("%(hint)s, would be %(value)s")
            hint = text % {"hint": hint, "value": value_text(expected, unit, decimals)}
        hints.append(hint)
    return hints
