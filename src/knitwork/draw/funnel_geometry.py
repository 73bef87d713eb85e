"""Where everything in a funnel stands: a record in, places out, no markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from knitwork.draw.funnel_words import value_words
from knitwork.draw.geometry import Frame
from knitwork.draw.labels import decimals_for, fit, number, text_width
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.scale import Scale, shown_range, spread
from knitwork.signals.funnels import Curves, Funnel, Unit, limit_curves
from knitwork.signals.funnels.curves import Line

WIDE = 480  # from this width on all levels are drawn and named; below it the outermost alone
STEPS = {True: 40, False: 24}  # points of a limit's line

Place = tuple[float, float]
Run = tuple[Place, ...]
LabelKind = Literal["limit", "spread", "centre"]
LineKind = Literal["limit", "limit inner", "spread", "spread inner"]
Anchor = Literal["", " mid", " end"]


class LimitLine(NamedTuple):
    """The lower and upper limit of one level: one run of places or more, for a limit may leave the picture."""

    kind: LineKind
    runs: tuple[Run, ...]


class EndLabel(NamedTuple):
    """A text at the right end of a line: its place is the middle of its height."""

    y: float
    text: str
    kind: LabelKind


class NameLabel(NamedTuple):
    """The name of the highlighted unit: the foot of its text, and where it is anchored."""

    x: float
    y: float
    text: str
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class FunnelLayout:
    """Every place in a funnel. `points` are those of the units with a value, in the record's order."""

    frame: Frame
    units: tuple[Unit, ...]
    points: tuple[Place, ...]
    whiskers: tuple[tuple[float, float, float], ...]
    centre: float | None
    start: float
    end: float
    band: tuple[Run, Run] | None
    lines: tuple[LimitLine, ...]
    labels: tuple[EndLabel, ...]
    label_x: float
    name: NameLabel | None


def funnel_layout(funnel: Funnel, frame: Frame, *, _: Translate = as_written) -> FunnelLayout:
    """Return the places of a funnel in a frame."""
    wide = frame.width >= WIDE
    units = tuple(unit for unit in funnel.units if unit.value is not None)
    curves = limit_curves(funnel, points=STEPS[wide])
    listed = not funnel.has_limits or "few_units" in funnel.reasons
    low, high = _range(funnel, units, listed=listed)
    y_of = Scale(low, high, frame.bottom, frame.top)
    wanted = _labels(funnel, curves, wide, _) if frame.font else []
    gap = frame.mark + frame.font * 0.3
    room = max((text_width(text, frame.font, kind == "centre") for _y, text, kind in wanted), default=0.0)
    start = frame.left + frame.mark
    end = frame.width - (max(frame.margin, room + gap + 1) if frame.font else frame.left)
    sizes = [unit.denominator or 0.0 for unit in units]
    x_of = Scale(min(sizes, default=0.0), max(sizes, default=0.0), start, end)
    points = tuple((x_of(size), y_of(unit.value or 0.0)) for size, unit in zip(sizes, units, strict=True))
    labels = _spread_out(wanted, frame, y_of)
    return FunnelLayout(
        frame=frame,
        units=units,
        points=points,
        whiskers=tuple(_whiskers(units, points, y_of)) if listed else (),
        centre=None if funnel.centre is None else y_of(funnel.centre),
        start=start,
        end=end,
        band=_band(curves, funnel, x_of, y_of),
        lines=tuple(_lines(curves, wide, x_of, y_of)),
        labels=labels,
        label_x=round(end + gap, 1),
        name=_name(units, points, frame, end) if frame.font else None,
    )


def _range(funnel: Funnel, units: Sequence[Unit], *, listed: bool) -> tuple[float, float]:
    """Return the values to show: all units, the centre, and the limits of a unit of middling size.

    The limits of the smallest units would press all others into a line: theirs run out of the picture.
    """
    must: list[float | None] = [funnel.centre, *(unit.value for unit in units)]
    answers = [against for unit in units if (against := funnel.read(unit))]
    if answers:
        middling = answers[len(answers) // 2]
        must += [middling.lowers[-1], middling.uppers[-1]]
    low, high = shown_range(must)
    if listed:
        reach = high - low
        low = max(low - reach, min((u.interval_lower for u in units if u.interval_lower is not None), default=low))
        high = min(high + reach, max((u.interval_upper for u in units if u.interval_upper is not None), default=high))
    return max(low, 0.0), high


def _whiskers(units: Sequence[Unit], points: Sequence[Place], y_of: Scale) -> Iterable[tuple[float, float, float]]:
    for unit, (x, _y) in zip(units, points, strict=True):
        if unit.interval_lower is not None and unit.interval_upper is not None:
            yield x, y_of(max(unit.interval_lower, y_of.low)), y_of(min(unit.interval_upper, y_of.high))


def _drawn(curves: Curves, wide: bool) -> Iterable[tuple[Literal["limit", "spread"], float, bool, tuple[Line, Line]]]:
    """Return the limits to draw: kind, level, whether it is the outermost, lower and upper line.

    Where the units do not differ by more than chance both answers are one, and one is drawn.
    """
    answers: list[tuple[Literal["limit", "spread"], tuple[tuple[Line, Line], ...]]] = [("limit", curves.chance)]
    if curves.spread != curves.chance:
        answers.append(("spread", curves.spread))
    for kind, pairs in answers:
        for at, pair in enumerate(pairs):
            outer = at == len(pairs) - 1
            if outer or wide:
                yield kind, curves.levels[at], outer, pair


def _lines(curves: Curves, wide: bool, x_of: Scale, y_of: Scale) -> Iterable[LimitLine]:
    inner: dict[Literal["limit", "spread"], LineKind] = {"limit": "limit inner", "spread": "spread inner"}
    for kind, _level, outer, pair in _drawn(curves, wide):
        runs = [
            run
            for line in pair
            for run in clipped(list(zip(curves.denominators, line, strict=True)), y_of.low, y_of.high)
        ]
        places = tuple(tuple((x_of(x), y_of(y)) for x, y in run) for run in runs)
        yield LimitLine(kind if outer else inner[kind], places)


def clipped(line: Sequence[Place], low: float, high: float) -> list[Run]:
    """Return the stretches of a line that lie between two values, ended where it crosses them.

    >>> clipped([(0, 4), (2, 0), (4, 1)], 0, 2)
    [((1.0, 2.0), (2, 0), (4, 1))]
    """
    runs: list[list[Place]] = [[]]
    for before, after in pairwise([line[0], *line] if line else []):
        rise = after[1] - before[1]
        for share in sorted(
            (edge - before[1]) / rise for edge in (low, high) if (before[1] - edge) * (after[1] - edge) < 0
        ):
            runs[-1].append((before[0] + share * (after[0] - before[0]), before[1] + share * rise))
        if low <= after[1] <= high:
            runs[-1].append(after)
        elif runs[-1]:
            runs.append([])
    return [tuple(run) for run in runs if len(run) > 1]


def _band(curves: Curves, funnel: Funnel, x_of: Scale, y_of: Scale) -> tuple[Run, Run] | None:
    """Return the outermost limits of the answer to read first, pressed into the picture."""
    answers = curves.spread if funnel.answer == "spread" else curves.chance
    if not answers or len(curves.denominators) < 2:
        return None
    low, high = (
        tuple((x_of(x), y_of(min(max(y, y_of.low), y_of.high))) for x, y in zip(curves.denominators, line, strict=True))
        for line in answers[-1]
    )
    return low, high


def _labels(funnel: Funnel, curves: Curves, wide: bool, _: Translate) -> list[tuple[float, str, LabelKind]]:
    """Return value, text and kind of each label: the centre with its number, the upper limits by what they are."""
    wanted: list[tuple[float, str, LabelKind]] = []
    if funnel.centre is not None:
        wanted.append((funnel.centre, value_words(funnel, funnel.centre), "centre"))
    for kind, level, _outer, (_low, high) in _drawn(curves, wide):
        wanted.append((high[-1], _limit_name(kind, level, wide, _), kind))
    return wanted


def _limit_name(kind: str, level: float, wide: bool, _: Translate) -> str:
    if not wide:
        return _("chance") if kind == "limit" else _("spread")
    percent = round(100 * level, 6)
    known = {"level": f"{number(percent, 0 if percent == int(percent) else 1)}%"}
    return (_("chance %(level)s") if kind == "limit" else _("spread %(level)s")) % known


def _spread_out(wanted: list[tuple[float, str, LabelKind]], frame: Frame, y_of: Scale) -> tuple[EndLabel, ...]:
    """Return the labels one below the other, each as near to its line as may be."""
    placed = sorted((min(max(y_of(value), frame.top), frame.bottom), text, kind) for value, text, kind in wanted)
    free = spread([y for y, _, _ in placed], gap=frame.font * 1.1, low=frame.font * 0.6, high=frame.bottom)
    widest = frame.width * 0.4
    return tuple(
        EndLabel(y, fit(text, widest, frame.font, kind == "centre"), kind)
        for y, (_, text, kind) in zip(free, placed, strict=True)
    )


def _name(units: Sequence[Unit], points: Sequence[Place], frame: Frame, end: float) -> NameLabel | None:
    """Place the name of the highlighted unit beside its point, covering none, or else below the plot."""
    at = next((at for at, unit in enumerate(units) if unit.highlighted), None)
    if at is None:
        return None
    text = fit(units[at].name, (end - frame.left) * 0.45, frame.font, bold=True)
    wide, high = text_width(text, frame.font, bold=True), frame.font
    for anchored, foot, anchor in _beside(points[at], frame):
        left = anchored - {"": 0.0, " mid": wide / 2, " end": wide}[anchor]
        if left < frame.left or left + wide > end or not high * 0.8 <= foot <= frame.bottom + frame.mark:
            continue
        if not any(
            left - frame.mark < x < left + wide + frame.mark and foot - high - 1 < y < foot + high * 0.3 + 1
            for x, y in points
        ):
            return NameLabel(round(anchored, 1), round(foot, 1), text, anchor)
    below = min(max(points[at][0] - wide / 2, frame.left), end - wide)
    return NameLabel(round(below, 1), foot_of_ends(frame), text, "")


def _beside(point: Place, frame: Frame) -> Iterable[tuple[float, float, Anchor]]:
    """Return places for a text near a point: where it is anchored, its foot, and by which end; the nearest first."""
    (x, y), font, gap = point, frame.font, frame.mark * 2
    yield x + gap, y + font * 0.35, ""
    yield x - gap, y + font * 0.35, " end"
    for line in range(3):
        for foot in (y - gap - font * (0.3 + line), y + gap + font * (0.9 + line)):
            yield x, foot, " mid"
            yield x, foot, ""
            yield x, foot, " end"


def foot_of_ends(frame: Frame) -> float:
    """Return the foot of the texts below the plot."""
    return round(frame.height - frame.font * 0.3, 1)


def size_words(value: float) -> str:
    """Return a denominator as it stands under a funnel."""
    return number(value, 0 if value == round(value) else decimals_for([0.0, value]))
