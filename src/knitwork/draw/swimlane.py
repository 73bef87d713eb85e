"""A journey as swim-lanes: one lane a unit, time to the right, gaps drawn as gaps with their length in words.

The first lane belongs to no unit: it is where the patient was between units. A dashed edge is an end that nobody
wrote down, an arrowhead an end that has not come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Literal, NamedTuple

from knitwork.draw.labels import text_width, wrap
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.timeline import Timeline, timeline

FONT = 14
NAMES, EDGE = 188, 12  # the column of names; what stays free at the right
ROOM = 700
ROW, THIN_ROW = 40, 30
BAR, THIN_BAR = 24, 14
FOOT = 28
PAD = 14  # beside a text in its box

End = Literal["known", "unknown", "open"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A stay: its lane, from when to when (any unit of time), its length in words, and how its end is known."""

    lane: int
    start: float
    end: float
    words: str = ""
    ending: End = "known"
    beside: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """The time from one lane to the next; `known` is false where the departure was not written down."""

    start: float
    end: float
    before: int
    after: int
    words: str = ""
    known: bool = True
    longest: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that is shaded and named, such as a hospital visit in a longer journey."""

    start: float
    end: float
    words: str = ""


class Box(NamedTuple):
    """A bar or gap in its place: left, top, width, height, and the words where they fit."""

    x: float
    y: float
    width: float
    height: float
    words: str
    of: Bar | Gap


class Name(NamedTuple):
    """A lane's name in its place: the base line of the first line of text, and the lines."""

    y: float
    lines: tuple[str, ...]


class Tick(NamedTuple):
    """An instant on the line of time, its words where they have room, and how they are anchored."""

    x: float
    words: str
    anchor: Literal["", "mid", "end"]


@dataclass(frozen=True, slots=True)
class Lanes:
    """Every place in the picture of a journey."""

    width: float
    height: float
    even: bool
    names: tuple[Name, ...]
    rules: tuple[float, ...]  # y of the line above each lane, and below the last
    bars: tuple[Box, ...]
    gaps: tuple[Box, ...]
    links: tuple[tuple[float, float, float, float], ...]
    spans: tuple[tuple[float, float, str], ...]
    ticks: tuple[Tick, ...]
    first: float  # the left edge of time


def lanes_of(
    names: Sequence[str],
    *,
    bars: Sequence[Bar],
    gaps: Sequence[Gap] = (),
    spans: Sequence[Span] = (),
    ticks: Sequence[tuple[float, str]] = (),
    between: str = "",
    even: bool = False,
) -> Lanes:
    """Return the places of stays and gaps; with `even` time is never shortened and lanes are thin.

    `between` names the lane of the gaps; without gaps there is none.
    """
    row, tall = (THIN_ROW, THIN_BAR) if even else (ROW, BAR)
    labels = [between, *names] if gaps else list(names)
    offset = 1 if gaps else 0
    head = 22.0 if any(span.words for span in spans) else 4.0
    first = float(NAMES)
    line = _line(bars, gaps, first, even=even)
    last = line.places[-1]
    bottom = head + row * len(labels)

    def middle(lane: int) -> float:
        return head + row * (lane + 0.5)

    return Lanes(
        width=round(last + EDGE, 1),
        height=bottom + (FOOT if ticks else 4),
        even=line.even,
        names=tuple(_name(label, middle(at), row) for at, label in enumerate(labels)),
        rules=tuple(head + row * at for at in range(len(labels) + 1)),
        bars=tuple(_bar(one, line, middle(one.lane + offset), tall) for one in bars),
        gaps=tuple(_gap(one, line, middle(0), tall) for one in gaps),
        links=tuple(
            (line(one.start), middle(one.before + offset), line(one.end), middle(one.after + offset)) for one in gaps
        ),
        spans=_spans(spans, line, last),
        ticks=_ticks(ticks, line, last),
        first=first,
    )


def _line(bars: Sequence[Bar], gaps: Sequence[Gap], first: float, *, even: bool) -> Timeline:
    steps = [bar for bar in bars if not bar.beside] or list(bars)
    drawn: list[Bar | Gap] = [*gaps, *steps]
    instants = [at for one in drawn for at in (one.start, one.end)]
    # What ran beside may have begun before the first step or ended after the last.
    outer = [at for bar in bars for at in (bar.start, bar.end)]
    instants += [min(outer, default=0.0), max(outer, default=1.0)]
    needs = [(one.start, one.end, text_width(one.words, FONT, bold=True) + PAD) for one in drawn if one.words]
    return timeline(instants, needs, start=first, room=ROOM, even=even)


def _bar(bar: Bar, line: Timeline, middle: float, tall: float) -> Box:
    height = tall * 0.6 if bar.beside else tall
    x = line(bar.start)
    width = max(line(bar.end) - x, 3.0)
    x = min(x, line.places[-1] - width)
    words = bar.words if text_width(bar.words, FONT) + 6 <= width and not bar.beside else ""
    return Box(round(x, 1), round(middle - height / 2, 1), round(width, 1), height, words, bar)


def _gap(gap: Gap, line: Timeline, middle: float, tall: float) -> Box:
    x = line(gap.start)
    width = max(line(gap.end) - x, 1.5)
    words = gap.words if text_width(gap.words, FONT, bold=gap.longest) + 4 <= width else ""
    return Box(round(x, 1), round(middle - tall / 2, 1), round(width, 1), tall, words, gap)


def _spans(spans: Sequence[Span], line: Timeline, last: float) -> tuple[tuple[float, float, str], ...]:
    """Return the shaded stretches; one whose words would reach into the next is shaded without them."""
    ordered = sorted(spans, key=lambda span: span.start)
    places = [line(span.start) for span in ordered]
    made = []
    for span, x, next_x in zip(ordered, places, [*places, last + 8][1:], strict=True):
        words = span.words if text_width(span.words, FONT) <= next_x - x - 8 else ""
        made.append((x, round(max(line(span.end) - x, 3.0), 1), words))
    return tuple(made)


def _name(label: str, middle: float, row: float) -> Name:
    room = NAMES - 16
    lines = wrap(label, room, FONT, lines=2 if row >= ROW else 1)
    return Name(round(middle + FONT * 0.35 - (len(lines) - 1) * FONT * 0.58, 1), lines)


def _ticks(ticks: Sequence[tuple[float, str]], line: Timeline, last: float) -> tuple[Tick, ...]:
    """Return the marks of time; words that would touch others are left out, the first and last come first."""
    placed = [(line(at), words) for at, words in ticks]
    order = [*placed[:1], *placed[1:][-1:], *placed[1:-1]]
    taken: list[tuple[float, float]] = []
    made: list[Tick] = []
    for x, words in order:
        wide = text_width(words, FONT)
        anchor: Literal["", "mid", "end"] = "mid"
        if x - wide / 2 < NAMES:
            anchor = ""
        elif x + wide / 2 > last + EDGE:
            anchor = "end"
        left = {"": x, "mid": x - wide / 2, "end": x - wide}[anchor]
        free = all(left + wide + 10 <= low or left >= high + 10 for low, high in taken)
        if words and free:
            taken.append((left, left + wide))
        made.append(Tick(x, words if free else "", anchor))
    return tuple(sorted(made))


def swimlane_svg(lanes: Lanes, said: str, *, _: Translate = as_written) -> str:
    """Return the picture as SVG, named for screen readers by the sentence `said`."""
    return "".join([
        f'<svg class="kw-lanes {natural(lanes.width)}" viewBox="0 0 {lanes.width:g} {lanes.height:g}" role="img" '
        f'aria-label="{escape(said)}">',
        *[f'<rect class="span" x="{x:g}" y="0" width="{w:g}" height="{lanes.rules[-1]:g}"/>' for x, w, _w in lanes.spans],
        *[f'<text class="span" x="{x:g}" y="15">{escape(words, quote=False)}</text>' for x, _w, words in lanes.spans if words],
        f'<path class="lane" d="{"".join(f"M0 {y:g}H{lanes.width:g}" for y in lanes.rules)}"/>',
        *[_name_svg(name) for name in lanes.names],
        f'<path class="link" d="{"".join(f"M{a:g} {b:g}L{c:g} {d:g}" for a, b, c, d in lanes.links)}"/>' if lanes.links else "",
        *[_gap_svg(box) for box in lanes.gaps],
        *[_bar_svg(box) for box in lanes.bars],
        *[_tick_svg(tick, lanes) for tick in lanes.ticks],
        "</svg>",
    ])  # fmt: skip


def natural(width: float) -> str:
    """Return the class that keeps a picture at its own width, so that its letters keep theirs: by hundreds, to 2,400.

    >>> natural(900), natural(1210.5)
    ('w-9', 'w-13')
    """
    return f"w-{min(max(ceil(width / 100), 3), 24)}"


def _name_svg(name: Name) -> str:
    return "".join(
        f'<text class="name" x="0" y="{name.y + at * FONT * 1.16:.1f}">{escape(line, quote=False)}</text>'
        for at, line in enumerate(name.lines)
    )


def _words(box: Box, kind: str) -> str:
    if not box.words:
        return ""
    x, y = box.x + box.width / 2, box.y + box.height / 2 + FONT * 0.35
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(box.words, quote=False)}</text>'


def _hint(box: Box) -> str:
    return f"<title>{escape(box.of.hint, quote=False)}</title>" if box.of.hint else ""


def _gap_svg(box: Box) -> str:
    gap = box.of
    assert isinstance(gap, Gap)  # noqa: S101 - tells mypy which of two a box holds
    kind = "gap" + (" longest" if gap.longest else "") + ("" if gap.known else " unknown")
    rect = f'<rect class="{kind}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"/>'
    return f"<g>{_hint(box)}{rect}{_words(box, 'waited longest' if gap.longest else 'waited')}</g>"


def _bar_svg(box: Box) -> str:
    bar = box.of
    assert isinstance(bar, Bar)  # noqa: S101 - tells mypy which of two a box holds
    kind = "stay" + (" beside" if bar.beside else "") + ("" if bar.ending == "known" else f" {bar.ending}")
    x, y, right, half = box.x, box.y, box.x + box.width, box.height / 2
    if bar.ending == "open" and box.width > half:
        shape = f'<path class="{kind}" d="M{x:g} {y:g}H{right - half:g}l{half:g} {half:g}l-{half:g} {half:g}H{x:g}z"/>'
    else:
        shape = f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{box.width:g}" height="{box.height:g}" rx="2"/>'
    return f"<g>{_hint(box)}{shape}{_words(box, f'in {bar.ending}')}</g>"


def _tick_svg(tick: Tick, lanes: Lanes) -> str:
    top, bottom = lanes.rules[0], lanes.rules[-1]
    mark = f'<path class="tick" d="M{tick.x:g} {top:g}V{bottom + 5:g}"/>'
    if not tick.words:
        return mark
    named = f' class="when {tick.anchor}"' if tick.anchor else ' class="when"'
    return f'{mark}<text{named} x="{tick.x:g}" y="{bottom + 20:g}">{escape(tick.words, quote=False)}</text>'
