"""Small pictures of a round: what a day of 24 hours, a week or a year looks like, as bars or as a level.

Bars say how many come in each part; a level says how many are there at each hour. Only the highest value is written at
its place and the lowest label line names the parts, as many as fit: the rest stands in the table beside the picture.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from knitwork.draw.labels import fit, number, text_width
from knitwork.draw.scale import Scale

WIDTH, HEIGHT, FONT, EDGE = 320, 128, 14, 4
TOP, BASE = 24.0, 104.0
# Of the room of a part this much is its bar.
FILLED = 0.72


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a round: its left edge, its top and its width; no height where nothing came, none drawn if unknown."""

    x: float
    top: float
    width: float
    known: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A text and where it starts."""

    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of a round: bars (or the points of a level), the label of the highest, and the names below."""

    bars: tuple[Bar, ...]
    highest: int | None
    value: Label | None
    names: tuple[Label, ...]


def layout(values: Sequence[float | None], names: Sequence[str], *, decimals: int = 1, least: float = 0.0) -> Layout:
    """Return the places of a round; `least` is the value at the foot, nought for bars."""
    if len(values) != len(names):
        raise ValueError(f"a round of {len(values)} parts needs as many names, and there are {len(names)}")
    known = [value for value in values if value is not None]
    most = max([*known, least])
    up = Scale(least, most if most > least else least + 1, BASE, TOP)
    room = (WIDTH - 2 * EDGE) / max(len(values), 1)
    bars = tuple(
        Bar(
            x=round(EDGE + at * room + room * (1 - FILLED) / 2, 1),
            top=up(value) if value is not None else BASE,
            width=round(room * FILLED, 1),
            known=value is not None,
        )
        for at, value in enumerate(values)
    )
    highest = max(range(len(values)), key=lambda at: values[at] or 0.0) if known and most > 0 else None
    return Layout(bars, highest, _value(values, highest, room, decimals), _names(names, room))


def _value(values: Sequence[float | None], highest: int | None, room: float, decimals: int) -> Label | None:
    if highest is None:
        return None
    text = number(values[highest] or 0.0, decimals)
    return Label(text, _start(_middle(highest, room), text_width(text, FONT, True)))


def _names(names: Sequence[str], room: float) -> tuple[Label, ...]:
    """Return every name that has room: all, or every second, third, fourth, sixth; an empty name is never shown."""
    for step in (1, 2, 3, 4, 6, 12):
        placed = [
            Label(text, _start(_middle(at, room), text_width(text, FONT)))
            for at, name in enumerate(names)
            if at % step == 0 and (text := fit(name, WIDTH / 3, FONT))
        ]
        if all(a.x + text_width(a.text, FONT) + 4 <= b.x for a, b in pairwise(placed)):
            return tuple(placed)
    return tuple(placed[:1])


def _middle(at: int, room: float) -> float:
    return EDGE + (at + 0.5) * room


def _start(middle: float, width: float) -> float:
    """Return where a text starts that stands over `middle` and stays in the picture."""
    return round(min(max(middle - width / 2, 0), max(WIDTH - width, 0)), 1)


def bars_svg(
    values: Sequence[float | None],
    names: Sequence[str],
    *,
    said: str,
    decimals: int = 1,
    marked: Collection[int] = (),
) -> str:
    """Return a round as bars, named by its sentence; `marked` are the parts that the sentence speaks of."""
    places = layout(values, names, decimals=decimals)
    drawn = "".join(
        f'<path class="{"most" if at in marked else "bar"}" '
        f'd="M{bar.x:g} {BASE:g}V{bar.top:g}h{bar.width:g}V{BASE:g}z"/>'
        for at, bar in enumerate(places.bars)
        if bar.known and bar.top < BASE
    )
    return _picture(drawn, places, said)


def level_svg(values: Sequence[float], names: Sequence[str], *, said: str, decimals: int = 1) -> str:
    """Return a round as a level that rises and falls, from its own least value up: the foot is no nought."""
    least = min(values, default=0.0)
    most = max(values, default=0.0)
    places = layout(values, names, decimals=decimals, least=least - (most - least) * 0.25 if most > least else 0.0)
    middles = [(bar.x + bar.width / 2, bar.top) for bar in places.bars]
    line = "L".join(f"{x:g} {y:g}" for x, y in middles)
    area = (
        f'<path class="area" d="M{middles[0][0]:g} {BASE:g}L{line}L{middles[-1][0]:g} {BASE:g}z"/>' if middles else ""
    )
    return _picture(f'{area}<path class="level" d="M{line}"/>' if middles else "", places, said)


def _picture(drawn: str, places: Layout, said: str) -> str:
    value = ""
    if places.value is not None and places.highest is not None:
        above = places.bars[places.highest].top - 6
        value = (
            f'<text class="centre" x="{places.value.x:g}" y="{above:g}">{escape(places.value.text, quote=False)}</text>'
        )
    names = "".join(
        f'<text x="{name.x:g}" y="{HEIGHT - 6}">{escape(name.text, quote=False)}</text>' for name in places.names
    )
    return (
        f'<svg class="kw-round" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}">'
        f'{drawn}<path class="foot" d="M{EDGE} {BASE:g}H{WIDTH - EDGE}"/>{value}{names}</svg>'
    )
