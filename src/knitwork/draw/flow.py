"""A unit and its neighbours: where patients come from and where they go, the width of a stream by patients.

Units stand in three columns (in, here, out), the busiest first. Streams keep the order of their boxes, so no two
cross, and every name stands in its own box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

from knitwork.draw.chart import mark
from knitwork.draw.labels import fit, number, text_width, wrap
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.words import Plural, as_counted

WIDTH, FONT = 800, 14
SIDE, HERE = 240, 144  # widths of the boxes in the outer columns and of the unit's own
BOX, ROW, EDGE, HEAD = 38, 46, 4, 24
SHOWN = 12
THICKEST = 26.0


@dataclass(frozen=True, slots=True)
class Stream:
    """A neighbour with the patients that passed; `worse` where it is worse than the agreed standard."""

    name: str
    patients: int
    worse: bool = False
    href: str = ""


class Box(NamedTuple):
    """A neighbour's place: the top left corner of its box, and its two texts as they fit."""

    x: float
    y: float
    stream: Stream
    name: tuple[str, ...]  # in two lines where one is too short
    patients: str


class Ribbon(NamedTuple):
    """A stream: from (x, y) to (x, y), the middles of its ends, and its width."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    stream: Stream


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Every place in the picture of a unit and its neighbours."""

    height: float
    here_y: float
    here_height: float
    here: tuple[str, ...]
    boxes: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]
    more: tuple[tuple[float, float, int], ...]  # x, y, how many are not shown


def neighbourhood(here: str, *, arriving: Sequence[Stream], leaving: Sequence[Stream]) -> Neighbourhood:
    """Return the places of a unit between at most twelve neighbours on either side."""
    sides = [sorted(side, key=lambda one: (-one.patients, one.name)) for side in (arriving, leaving)]
    shown = [side[:SHOWN] for side in sides]
    rest = [len(side) - SHOWN for side in sides]
    rows = max(2, *(len(side) + (more > 0) for side, more in zip(shown, rest, strict=True)))
    room = float(rows * ROW + 2 * EDGE)
    middle = HEAD + room / 2
    total = max(1, *(sum(one.patients for one in side) for side in shown))
    most = max([1, *(one.patients for side in shown for one in side)])
    per_patient = min(THICKEST / most, room * 0.5 / total)
    widths = [[max(1.5, round(one.patients * per_patient, 1)) for one in side] for side in shown]
    here_height = min(room - 2 * EDGE, max(56.0, *(sum(side) + 16 for side in widths)))
    boxes: list[Box] = []
    ribbons: list[Ribbon] = []
    more: list[tuple[float, float, int]] = []
    for side, streams in enumerate(shown):
        count = len(streams) + (rest[side] > 0)
        top = middle - count * ROW / 2 + (ROW - BOX) / 2
        x = float(EDGE if side == 0 else WIDTH - EDGE - SIDE)
        y = middle - sum(widths[side]) / 2
        for at, (stream, width) in enumerate(zip(streams, widths[side], strict=True)):
            boxes.append(_box(x, round(top + at * ROW, 1), stream))
            ribbons.append(_ribbon(side, boxes[-1], round(y + width / 2, 1), width))
            y += width
        if rest[side] > 0:
            more.append((x + 10, round(top + len(streams) * ROW + BOX * 0.65, 1), rest[side]))
    return Neighbourhood(
        height=HEAD + room,
        here_y=round(middle - here_height / 2, 1),
        here_height=round(here_height, 1),
        here=wrap(here, HERE - 20, FONT, bold=True, lines=3),
        boxes=tuple(boxes),
        ribbons=tuple(ribbons),
        more=tuple(more),
    )


def _box(x: float, y: float, stream: Stream) -> Box:
    count = number(stream.patients)
    room = SIDE - 30 - text_width(count, FONT)
    short = text_width(stream.name, FONT) <= room
    return Box(x, y, stream, (stream.name,) if short else wrap(stream.name, room, FONT), count)


def _ribbon(side: Literal[0, 1] | int, box: Box, here_y: float, width: float) -> Ribbon:
    middle = round(box.y + BOX / 2, 1)
    if side == 0:
        return Ribbon((box.x + SIDE, middle), ((WIDTH - HERE) / 2, here_y), width, box.stream)
    return Ribbon(((WIDTH + HERE) / 2, here_y), (box.x, middle), width, box.stream)


def flow_svg(
    here: str,
    *,
    arriving: Sequence[Stream],
    leaving: Sequence[Stream],
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Return the neighbourhood of a unit as SVG; boxes with an address are links in reading order."""
    place = neighbourhood(here, arriving=arriving, leaving=leaving)
    said = _("Patients come to %(unit)s from %(before)d units and go on to %(after)d") % {
        "unit": here,
        "before": len(arriving),
        "after": len(leaving),
    }
    # A picture with links in it is a group: an img would hide them from a screen reader.
    role = "group" if any(box.stream.href for box in place.boxes) else "img"
    more = [
        f'<text class="more" x="{x:g}" y="{y:g}">'
        f"{escape(ngettext('and %(n)d more', 'and %(n)d more', count) % {'n': count})}</text>"
        for x, y, count in place.more
    ]
    return "".join(
        [
            f'<svg class="kw-flow" viewBox="0 0 {WIDTH} {place.height:g}" role="{role}" aria-label="{escape(said)}">',
            *[_ribbon_svg(ribbon) for ribbon in place.ribbons],
            *[_box_svg(box) for box in place.boxes],
            *[_worse_svg(ribbon) for ribbon in place.ribbons if ribbon.stream.worse],
            *more,
            _head(EDGE + 10, _("Came from")) if arriving else "",
            _head(WIDTH - EDGE - SIDE + 10, _("Went on to")) if leaving else "",
            _here_svg(place),
            "</svg>",
        ]
    )


def _head(x: int, text: str) -> str:
    return f'<text class="more" x="{x}" y="17">{escape(fit(text, SIDE, FONT), quote=False)}</text>'


def _ribbon_svg(ribbon: Ribbon) -> str:
    (x0, y0), (x1, y1), half = ribbon.start, ribbon.end, ribbon.width / 2
    bend = (x0 + x1) / 2
    worse = " worse" if ribbon.stream.worse else ""
    return (
        f'<path class="stream{worse}" d="M{x0:g} {y0 - half:.1f}C{bend:g} {y0 - half:.1f} {bend:g} {y1 - half:.1f} '
        f"{x1:g} {y1 - half:.1f}V{y1 + half:.1f}C{bend:g} {y1 + half:.1f} {bend:g} {y0 + half:.1f} "
        f'{x0:g} {y0 + half:.1f}z"/>'
    )


def _worse_svg(ribbon: Ribbon) -> str:
    """Return the mark of a stream that got worse, so that its colour does not tell it alone."""
    (x0, y0), (x1, y1) = ribbon.start, ribbon.end
    return mark("worse", round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1), FONT * 0.5)


def _box_svg(box: Box) -> str:
    base = box.y + BOX / 2 + FONT * 0.35
    first = base - (len(box.name) - 1) * FONT * 0.6
    name = "".join([
        f'<text x="{box.x + 10:g}" y="{first + at * FONT * 1.2:.1f}">{escape(line, quote=False)}</text>'
        for at, line in enumerate(box.name)
    ])  # fmt: skip
    drawn = (
        f"<title>{escape(f'{box.stream.name}: {box.patients}', quote=False)}</title>"
        f'<rect class="box" x="{box.x:g}" y="{box.y:g}" width="{SIDE}" height="{BOX}" rx="6"/>'
        f"{name}"
        f'<text class="count end" x="{box.x + SIDE - 10:g}" y="{base:.1f}">{box.patients}</text>'
    )
    return f'<a href="{escape(box.stream.href)}">{drawn}</a>' if box.stream.href else f"<g>{drawn}</g>"


def _here_svg(place: Neighbourhood) -> str:
    x = (WIDTH - HERE) / 2
    first = place.here_y + place.here_height / 2 + FONT * 0.35 - (len(place.here) - 1) * FONT * 0.6
    lines = [
        f'<text class="here mid" x="{WIDTH / 2:g}" y="{first + at * FONT * 1.2:.1f}">{escape(line, quote=False)}</text>'
        for at, line in enumerate(place.here)
    ]
    box = (
        f'<rect class="box here" x="{x:g}" y="{place.here_y:g}" width="{HERE}" height="{place.here_height:g}" rx="6"/>'
    )
    return box + "".join(lines)
