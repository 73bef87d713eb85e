"""Where everything in a chart of one measure over time stands: numbers in, places out, no markup.

All sizes are in the units of the picture's own viewBox. Text is measured at its largest size (`Frame.font`), so
that it never leaves the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from knitwork.draw.labels import Values, decimals_for, fit, number, text_width, with_unit
from knitwork.draw.scale import Scale, shown_range, spread


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a picture and of what stands in it."""

    name: str
    width: int
    height: int
    font: float  # 0: a picture without words
    dot: float
    mark: float
    margin: float  # the least room kept for the labels at the right end
    titled: bool  # each point says its period and value under the pointer
    head: float = 0  # room kept above the plot, for the numbers of notes

    @property
    def top(self) -> float:
        """Return the first place of the plot: a mark or half a label must fit above."""
        return max(self.mark + 2, self.font * 0.6) + self.head

    @property
    def bottom(self) -> float:
        """Return the last place of the plot: a mark and the names of the periods must fit below."""
        return self.height - (self.mark + 2 + (self.font * 1.25 if self.font else 0))

    @property
    def left(self) -> float:
        """Return the place of the first point."""
        return self.mark + 2


FRAMES = {
    # Shown at 14, 13 or 12 units as the picture grows from 300 px (a phone), so at 13 px or more; measured at 14.
    "desk": Frame("desk", 320, 148, 14, 2, 4.5, 50, titled=True),
    "page": Frame("page", 760, 280, 15, 3, 6, 60, titled=True),
    "wall": Frame("wall", 400, 176, 21, 2.8, 6.5, 72, titled=False),
    "print": Frame("print", 480, 190, 14, 2.2, 5, 56, titled=False),
    "spark": Frame("spark", 120, 28, 0, 0, 3, 0, titled=False),
}


class Label(NamedTuple):
    """A text at the right end of a line: its place is the middle of its height."""

    y: float
    text: str
    kind: Literal["limit", "centre", "target"]


class Piece(NamedTuple):
    """A stretch of periods with one centre: a phase. Places run half a period beyond its first and last point."""

    start: float
    end: float
    centre: float
    lower: tuple[float, ...]  # one place for each point; a single place where the limits are straight; empty: none
    upper: tuple[float, ...]
    centres: tuple[float, ...] = ()  # one place for each point where the centre is not straight
    former: tuple[float, ...] = ()  # lower limit, centre and upper limit of the phase before, where they are straight


@dataclass(frozen=True, slots=True)
class Layout:
    """Every place in a chart."""

    frame: Frame
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    step: float
    pieces: tuple[Piece, ...]
    target: float | None
    labels: tuple[Label, ...]
    label_x: float
    y_of: Scale
    targets: tuple[float | None, ...] = ()  # one place for each point, where the target has dates
    trajectory: tuple[float | None, ...] = ()
    observed: tuple[float | None, ...] = ()


def chart_layout(
    frame: Frame,
    *,
    values: Values,
    centre: Values,
    lower: Values,
    upper: Values,
    target: float | None,
    unit: str,
    decimals: int,
    target_word: str = "target",
    starts: Sequence[int] = (),
    targets: Values = (),
    trajectory: Values = (),
    observed: Values = (),
) -> Layout:
    """Return the places of a chart of `values` with their centre and limits, one of each for a period.

    `starts` are the positions at which phases begin, the first included.
    """
    low, high = shown_range([*values, *centre, *lower, *upper, *targets, *trajectory, *observed], wish=target)
    y_of = Scale(low, high, frame.bottom, frame.top)
    # Labels name the lines of the last phase: old limits stand in the picture and are not those of now.
    now = starts[-1] if starts else 0
    ends = (_last(lower[now:]), _last(centre[now:]), _last(upper[now:]))
    wanted = _labels(frame, ends, target=target, unit=unit, decimals=decimals, word=target_word) if frame.font else []
    wide = max((text_width(text, frame.font, kind == "centre") for _, text, kind in wanted), default=0.0)
    gap = frame.mark + frame.font * 0.3
    end = frame.width - frame.left if not frame.font else frame.width - max(frame.margin, wide + gap + 1)
    x = _across(len(values), frame.left, end)
    step = (x[1] - x[0]) if len(x) > 1 else 0.0
    places = [(min(max(y_of(value), frame.top), frame.bottom), text, kind) for value, text, kind in wanted]
    places.sort(key=lambda place: place[0])
    free = spread([y for y, _, _ in places], gap=frame.font * 1.1, low=frame.font * 0.6, high=frame.bottom)
    return Layout(
        frame=frame,
        x=x,
        y=tuple([None if value is None else y_of(value) for value in values]),
        step=step,
        pieces=tuple(_pieces(x, step, y_of, centre=centre, lower=lower, upper=upper, starts=starts)),
        target=y_of(target) if target is not None and y_of.holds(target) else None,
        labels=tuple([Label(y, text, kind) for y, (_, text, kind) in zip(free, places, strict=True)]),
        label_x=round(end + gap, 1),
        y_of=y_of,
        targets=_places(targets, y_of),
        trajectory=_places(trajectory, y_of),
        observed=_places(observed, y_of),
    )


def _places(values: Values, y_of: Scale) -> tuple[float | None, ...]:
    return tuple([None if value is None else y_of(value) for value in values])


def _across(count: int, start: float, end: float) -> tuple[float, ...]:
    """Return `count` places from start to end; one point alone stands at the end, as the latest."""
    if count == 1:
        return (round(end, 1),)
    return tuple([round(start + (end - start) * at / (count - 1), 1) for at in range(count)])


def _last(line: Values) -> float | None:
    return next((value for value in reversed(line) if value is not None), None)


def _labels(
    frame: Frame,
    ends: tuple[float | None, float | None, float | None],
    *,
    target: float | None,
    unit: str,
    decimals: int,
    word: str,
) -> list[tuple[float, str, Literal["limit", "centre", "target"]]]:
    """Return value, text and kind of each label; limits that read like the centre would say nothing."""
    widest = frame.width * 0.4
    lower, centre, upper = ends
    wanted: list[tuple[float, str, Literal["limit", "centre", "target"]]] = []
    digits = "" if centre is None else number(centre, decimals)
    if centre is not None:
        full = with_unit(digits, unit)
        roomy = text_width(full, frame.font, True) <= max(frame.margin, frame.width * 0.25)
        wanted.append((centre, fit(full if roomy else digits, widest, frame.font, True), "centre"))
    limits = [(limit, number(limit, decimals)) for limit in (upper, lower) if limit is not None]
    wanted += [(limit, fit(text, widest, frame.font), "limit") for limit, text in limits if text != digits]
    if target is not None:
        text = f"{word}\u00a0{number(target, max(decimals_for([target]), _own_decimals(target)))}"
        wanted.append((target, fit(text, widest, frame.font), "target"))
    return wanted


def _own_decimals(value: float) -> int:
    """Return the decimals that a person wrote: a target of 99.5 is not 100."""
    text = f"{value:.4f}".rstrip("0")
    return len(text) - text.index(".") - 1


def _pieces(
    x: tuple[float, ...],
    step: float,
    y_of: Scale,
    *,
    centre: Values,
    lower: Values,
    upper: Values,
    starts: Sequence[int],
) -> list[Piece]:
    """Cut the lines where a phase begins; phases are breaks, never slopes.

    Without phases they are cut where the centre changes, unless it does at every other point: then it is a line of its
    own, as of counts out of numbers that differ.
    """
    changes = [at for at in range(1, len(centre)) if not _same(centre[at], centre[at - 1])]
    edges = sorted({0, *(starts if starts or len(changes) * 2 > len(centre) else changes), len(centre)})
    pieces: list[Piece] = []
    for start, after in pairwise(edges):
        middles = [value for value in centre[start:after] if value is not None]
        if not middles:
            continue
        straight = all(_same(value, middles[0]) for value in middles)
        pieces.append(
            Piece(
                start=round(x[start] - (step / 2 if start else 0), 1),
                end=round(x[after - 1] + (step / 2 if after < len(x) else 0), 1),
                centre=y_of(middles[-1]),
                lower=_line(lower[start:after], y_of),
                upper=_line(upper[start:after], y_of),
                centres=() if straight else _line(centre[start:after], y_of),
                former=_former(pieces[-1]) if pieces and starts else (),
            )
        )
    return pieces


def _former(before: Piece) -> tuple[float, ...]:
    """Return the straight lines of the phase before, which stay visible beside the new ones."""
    lines = [line[0] for line in (before.lower, before.upper) if len(line) == 1]
    return tuple(lines) if before.centres else (before.centre, *lines)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _line(limits: Values, y_of: Scale) -> tuple[float, ...]:
    """Return the places of a limit: one when it is straight, none when it is not known."""
    known = [limit for limit in limits if limit is not None]
    if not known:
        return ()
    # A period without patients has no limit of its own: the line runs on at the last one.
    places, last = [], y_of(known[0])
    for limit in limits:
        last = last if limit is None else y_of(limit)
        places.append(last)
    return (places[0],) if max(places) - min(places) < 0.2 else tuple(places)
