"""Small multiples: the same measure of many units, each with its own centre and limits, all on one scale.

Every picture shows the same periods and the same range of values, so that two of them can be laid side by side. The
range is told by the values of the units that can be judged: a unit of a few patients swings from nothing to
everything and would press all others flat. What lies beyond stands at the edge as a short stroke.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import NamedTuple

from knitwork.draw.chart import mark
from knitwork.draw.labels import fit, text_width, value_text
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.record import last_known, shown_decimals
from knitwork.draw.scale import Scale, shown_range
from knitwork.draw.words import NEEDED
from knitwork.signals import Evaluation

WIDTH, HEIGHT, FONT = 260, 92, 14
MARK, DOT, EDGE = 4.5, 1.6, 7
ROOM = 46.0  # the least room for the number at the right end
GAP = 7.0


class Dot(NamedTuple):
    """One point: its place, whether it lies beyond the scale, and how it is marked."""

    x: float
    y: float
    beyond: bool
    verdict: str
    hollow: bool


@dataclass(frozen=True, slots=True)
class Small:
    """Every place in one small picture; limits have one place for each point, or none at all."""

    dots: tuple[Dot | None, ...]
    x: tuple[float, ...]
    centre: float | None
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    label: str
    label_x: float
    label_y: float


def common_range(evaluations: Iterable[Evaluation]) -> tuple[float, float]:
    """Return the least and the greatest value that all pictures show.

    Units that no rule judges, or with fewer than twelve points, count only where there are no others.
    """
    some = list(evaluations)
    judged = [one for one in some if one.spec.rules and _known(one) >= NEEDED] or some
    return shown_range([value for one in judged for value in (*one.values, one.centre)])


def _known(evaluation: Evaluation) -> int:
    """Return how many points are tested, in all phases."""
    return sum(evaluation.tested)


def common_periods(evaluations: Sequence[Evaluation], shown: int) -> tuple[str, ...]:
    """Return the labels that stand under every picture: those of all units in order, the last `shown` of them."""
    labels = sorted({label for one in evaluations for label in one.labels})
    return tuple(labels[-shown:])


def small_layout(
    evaluation: Evaluation, *, within: tuple[float, float], labels: Sequence[str], room: float = ROOM
) -> Small:
    """Return the places of one unit on the scale and the periods of all."""
    end = WIDTH - max(room, ROOM)
    scale = Scale(within[0], within[1], HEIGHT - EDGE, EDGE)
    across = Scale(0, max(len(labels) - 1, 1), EDGE, end)
    at = {label: place for place, label in enumerate(evaluation.labels)}
    marks = evaluation.point_marks
    x = tuple(across(place) if len(labels) > 1 else end for place in range(len(labels)))
    dots: list[Dot | None] = []
    for place, label in enumerate(labels):
        of = at.get(label)
        value = None if of is None else evaluation.values[of]
        if of is None or value is None:
            dots.append(None)
            continue
        dots.append(Dot(x[place], _held(scale, value), not scale.holds(value), marks[of], evaluation.hollow[of]))
    columns = [at[label] for label in labels if label in at]
    return Small(
        dots=tuple(dots),
        x=x,
        centre=None if evaluation.centre is None or not scale.holds(evaluation.centre) else scale(evaluation.centre),
        upper=_limit([evaluation.uppers[place] for place in columns], scale),
        lower=_limit([evaluation.lowers[place] for place in columns], scale),
        label=_label(evaluation),
        label_x=round(end + GAP, 1),
        label_y=EDGE if evaluation.centre is None else _held(scale, evaluation.centre),
    )


def label_room(evaluations: Iterable[Evaluation]) -> float:
    """Return the room that the widest number at the right end takes: the same in all pictures."""
    widest = max((text_width(_label(one), FONT, True) for one in evaluations), default=0.0)
    return min(widest + GAP + 2, WIDTH * 0.4)


def _label(evaluation: Evaluation) -> str:
    centre = last_known(evaluation.centres)
    if centre is None:
        return ""
    return fit(value_text(centre, evaluation.spec.unit, shown_decimals(evaluation)), WIDTH * 0.4 - GAP - 2, FONT, True)


def _held(scale: Scale, value: float) -> float:
    return scale(min(max(value, scale.low), scale.high))


def _limit(line: Sequence[float | None], scale: Scale) -> tuple[float, ...]:
    """Return one place a period; where one has no limit the line runs on at its neighbour's. Empty: no limits."""
    known = [value for value in line if value is not None]
    if not known:
        return ()
    places, last = [], known[0]
    for value in line:
        last = last if value is None else value
        places.append(round(_held(scale, last)))
    return tuple(places)


def small_svg(
    evaluation: Evaluation,
    *,
    within: tuple[float, float],
    labels: Sequence[str],
    name: str,
    room: float = ROOM,
    _: Translate = as_written,
) -> str:
    """Return one small picture; `name` says in words what it shows."""
    place = small_layout(evaluation, within=within, labels=labels, room=room)
    known = [dot for dot in place.dots if dot]
    plain = [dot for dot in known if not dot.verdict and not dot.hollow and not dot.beyond]
    right = place.x[-1] if place.x else 0.0
    return "".join([
        f'<svg class="kw-chart kw-multiple" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">',
        _band(place, right),
        "" if place.centre is None else f'<path class="centre" d="M{EDGE} {place.centre:g}H{right:g}"/>',
        _line(place.dots),
        '<g class="dots">' + "".join(f'<circle cx="{d.x:g}" cy="{d.y:g}" r="{DOT}"/>' for d in plain) + "</g>"
        if plain else "",
        *[_beyond(dot) for dot in known if dot.beyond],
        *[f'<circle class="hollow" cx="{d.x:g}" cy="{d.y:g}" r="3"/>' for d in known if d.hollow and not d.beyond],
        *[mark(d.verdict, d.x, d.y, MARK) for d in known if d.verdict],
        _text(place),
        "</svg>",
    ])  # fmt: skip


def _text(place: Small) -> str:
    if not place.label:
        return ""
    # A centre beyond the scale is named at the edge; it has no line there.
    base = min(max(place.label_y, FONT * 0.65), HEIGHT - FONT * 0.7) + FONT * 0.35
    return f'<text class="centre" x="{place.label_x:g}" y="{base:.1f}">{escape(place.label, quote=False)}</text>'


def _band(place: Small, right: float) -> str:
    """Draw the room between the limits; straight where they are, in steps where they follow the cases."""
    if not place.upper and not place.lower:
        return ""
    upper, lower = place.upper or (EDGE,), place.lower or (HEIGHT - EDGE,)
    first = place.x[len(place.x) - max(len(upper), len(lower))] if len(upper) > 1 or len(lower) > 1 else EDGE
    step = place.x[1] - place.x[0] if len(place.x) > 1 else 0.0
    there, edges = _steps(upper, first, step), _steps(lower, first, step)
    back = "".join(f"H{x:g}V{before:g}" for x, before, _after in reversed(edges))
    forth = "".join(f"H{x:g}V{after:g}" for x, _before, after in there)
    lines = "".join(
        f'<path class="limit" d="M{first:g} {line[0]:g}{"".join(f"H{x:g}V{after:g}" for x, _b, after in turns)}H{right:g}"/>'
        for line, turns in ((place.upper, there), (place.lower, edges))
        if line
    )
    band = f"M{first:g} {upper[0]:g}{forth}H{right:g}V{lower[-1]:g}{back}H{first:g}z"
    return f'<path class="band" d="{band}"/>{lines}'


def _steps(line: Sequence[float], first: float, step: float) -> list[tuple[float, float, float]]:
    """Return where a limit steps: the place half-way between two points, and the heights on both sides."""
    pairs = pairwise(line)
    return [
        (round(first + (at + 0.5) * step, 1), before, after)
        for at, (before, after) in enumerate(pairs)
        if before != after
    ]


def _line(dots: Sequence[Dot | None]) -> str:
    """Join the known points; where a period has no value the line has a gap."""
    path, pen = [], "M"
    for dot in dots:
        if dot is None:
            pen = "M"
            continue
        path.append(f"{pen}{dot.x:g} {dot.y:g}")
        pen = "L"
    return f'<path class="line" d="{"".join(path)}"/>' if path else ""


def _beyond(dot: Dot) -> str:
    return f'<path class="beyond" d="M{dot.x:g} {dot.y - 4:g}v8"/>'
