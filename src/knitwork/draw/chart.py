"""The chart of one measure over time as SVG: band, centre, limits, line, points, signals, labels at the lines.

The picture holds classes and places only, so that it stands under the strictest content security policy; colours,
widths and type are in `web/static/knitwork/chart.css`. Signals differ by shape and by colour: a circle is better, a
diamond worse, a square neither. A hollow point is a period that is not complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from itertools import pairwise

from knitwork.draw.geometry import FRAMES, Frame, Layout, Piece, chart_layout
from knitwork.draw.labels import fit, text_width, value_text
from knitwork.draw.periods import Period, Translate, as_written, period_of, short_name
from knitwork.draw.record import shown_decimals, value_decimals
from knitwork.draw.words import Plural, as_counted
from knitwork.draw.words import sentence as generate
from knitwork.signals import Evaluation


def chart_svg(
    evaluation: Evaluation,
    size: str | Frame = "desk",
    *,
    title: str = "",
    sentence: str | None = None,
    period: Period | None = None,
    notes: Sequence[tuple[int, str]] = (),
    was: Mapping[int, float] | None = None,
    _: Translate = as_written,
    ngettext: Plural = as_counted,
) -> str:
    """Return the chart as one `<svg>` element, named for screen readers by its title and sentence.

    `size` is desk, page, wall, print, spark, or a `Frame` of one's own. `sentence` is generated from the record when
    it is not given. `notes` are what happened, each at the position of its period: marked on the line and numbered; in
    a picture large enough each says its text under the pointer, and the page lists them in words. `was` has the value
    that a period was told with before it was restated: an open ring where its point stood then.
    """
    frame = FRAMES[size] if isinstance(size, str) else size
    if notes and frame.font:
        frame = replace(frame, head=round(frame.font * 1.1))
    labels = evaluation.labels
    period = period or period_of(labels)
    layout = evaluation_layout(evaluation, frame, _=_)
    said = generate(evaluation, period=period, _=_, ngettext=ngettext) if sentence is None else sentence
    name = escape(f"{title}. {said}" if title else said)
    hints = _hints(evaluation, period, _) if frame.titled else []
    aside = [
        not included and not hollow for included, hollow in zip(evaluation.included, evaluation.hollow, strict=True)
    ]
    trial = " trial" if evaluation.limits_kind == "trial" else ""
    return "".join([
        f'<svg class="kw-chart kw-{frame.name}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{name}">',
        *[_band(piece, layout) for piece in layout.pieces],
        *[_limits(piece, layout, trial) for piece in layout.pieces],
        _target(layout),
        _trajectory(layout),
        _observed(layout),
        _line(layout),
        _was(layout, was or {}),
        _points(layout, evaluation.point_marks, evaluation.hollow, aside, hints),
        _notes(layout, notes),
        _labels(layout),
        _ends(layout, [labels[0], labels[-1]] if labels else [], period, _),
        "</svg>",
    ])  # fmt: skip


def _hints(evaluation: Evaluation, period: Period, _: Translate) -> list[str]:
    """Return what each point says under the pointer: its period and its value."""
    unit, decimals = evaluation.spec.unit, value_decimals(evaluation)
    hints = [
        f"{short_name(label, period, _)}: {value_text(value, unit, decimals)}"
        for label, value in zip(evaluation.labels, evaluation.values, strict=True)
    ]
    if hints and evaluation.hollow[-1]:
        hints[-1] = _("%(hint)s, not complete") % {"hint": hints[-1]}
    return hints


def evaluation_layout(evaluation: Evaluation, frame: Frame, *, _: Translate = as_written) -> Layout:
    """Return the places of an evaluation in a frame."""
    return chart_layout(
        frame,
        values=evaluation.values,
        centre=evaluation.centres,
        lower=evaluation.lowers,
        upper=evaluation.uppers,
        target=evaluation.target,
        unit=evaluation.spec.unit,
        decimals=shown_decimals(evaluation),
        target_word=_("target"),
        starts=tuple(dict.fromkeys(phase.start for phase in evaluation.phases if phase.after > 0)),
        targets=evaluation.targets,
        trajectory=evaluation.trajectory,
        observed=evaluation.observed if evaluation.chart in ("ewma", "ma") else (),
    )


def _steps(places: tuple[float, ...], piece: Piece, step: float, *, first: float) -> str:
    """Return a path along a limit, level under each point and stepping half-way between two, to a whole unit."""
    if len(places) == 1:
        return f"M{piece.start:g} {places[0]:g}H{piece.end:g}"
    out = [f"M{piece.start:g} {places[0]:g}"]
    edge = first - step / 2
    out += [f"H{edge + at * step:.0f}V{after:g}" for at, (before, after) in _changes(places)]
    return f"{''.join(out)}H{piece.end:g}"


def _first_of(piece: Piece, layout: Layout) -> float:
    return piece.start if piece.start <= layout.x[0] else piece.start + layout.step / 2


def _band(piece: Piece, layout: Layout) -> str:
    if not piece.upper and not piece.lower:
        return ""
    frame = layout.frame
    first = _first_of(piece, layout)
    # Where limits step their lines hide the edge of the band, so whole units are enough and the page stays small.
    upper = _steps(_coarse(piece.upper or (frame.top,)), piece, layout.step, first=first)
    lower = _coarse(piece.lower or (frame.bottom,))
    edge = first - layout.step / 2
    back = [f"H{edge + at * layout.step:.0f}V{before:g}" for at, (before, _after) in reversed(_changes(lower))]
    return f'<path class="band" d="{upper}V{lower[-1]:g}{"".join(back)}H{piece.start:g}z"/>'


def _coarse(places: tuple[float, ...]) -> tuple[float, ...]:
    return places if len(places) == 1 else tuple(map(round, places))


def _changes(places: tuple[float, ...]) -> list[tuple[int, tuple[float, float]]]:
    """Return where a limit steps: the number of the point after it, and the places on both sides."""
    return [(at, pair) for at, pair in enumerate(pairwise(places), start=1) if pair[0] != pair[1]]


def _limits(piece: Piece, layout: Layout, trial: str) -> str:
    first, step = _first_of(piece, layout), layout.step
    lines = [_steps(line, piece, step, first=first) for line in (piece.upper, piece.lower) if line]
    edges = f'<path class="limit{trial}" d="{"".join(lines)}"/>' if lines else ""
    former = "".join([f"M{piece.start:g} {y:g}H{piece.end:g}" for y in piece.former])
    before = f'<path class="former" d="{former}"/>' if former else ""
    centre = _steps(piece.centres or (piece.centre,), piece, step, first=first)
    return f'{before}{edges}<path class="centre" d="{centre}"/>'


def _target(layout: Layout) -> str:
    if any(place is not None for place in layout.targets):
        return f'<path class="target" d="{_stairs(layout)}"/>'
    if layout.target is None or not layout.x:
        return ""
    return f'<path class="target" d="M{layout.frame.left:g} {layout.target:g}H{layout.x[-1]:g}"/>'


def _stairs(layout: Layout) -> str:
    """Return a path along a target that changes with dates: level under each point, stepping half-way between two."""
    out, half, last = [], layout.step / 2, None
    for at, (x, y) in enumerate(zip(layout.x, layout.targets, strict=True)):
        if y is None:
            last = None
            continue
        edge = round(x - half, 1) if at else x
        out.append(f"M{edge:g} {y:g}" if last is None else f"V{y:g}" if y != last else "")
        out.append(f"H{round(x + half, 1) if at < len(layout.x) - 1 else x:g}")
        last = y
    return "".join(out)


def _trajectory(layout: Layout) -> str:
    """Draw the way that was planned to the target."""
    path = _path(layout.x, layout.trajectory)
    return f'<path class="trajectory" d="{path}"/>' if path else ""


def _observed(layout: Layout) -> str:
    """Draw the values themselves where averages of them are charted."""
    if not layout.observed or not layout.frame.dot:
        return ""
    known = [(x, y) for x, y in zip(layout.x, layout.observed, strict=True) if y is not None]
    return f'<g class="observed">{"".join([_circle("", x, y, layout.frame.dot * 0.8, "") for x, y in known])}</g>'


def _notes(layout: Layout, notes: Sequence[tuple[int, str]]) -> str:
    """Mark what happened with a thin upright line and a number at its head, clear of the points."""
    frame = layout.frame
    if not frame.font:
        return ""
    out: list[str] = []
    taken = -frame.font
    for number, (at, text) in enumerate(notes, start=1):
        if not 0 <= at < len(layout.x):
            continue
        x = layout.x[at]
        hint = f"<title>{escape(text, quote=False)}</title>" if frame.titled else ""
        out.append(f'<path class="note" d="M{x:g} {frame.top:g}V{frame.bottom:g}">{hint}</path>')
        if x - taken >= frame.font * 0.9:
            y = round(frame.font * 0.95, 1)
            out.append(f'<text class="note mid" x="{x:g}" y="{y:g}">{number}</text>')
            taken = x
    return "".join(out)


def _was(layout: Layout, was: Mapping[int, float]) -> str:
    """Show where points stood before they were restated, and join each to where it stands now."""
    frame, out = layout.frame, []
    if not frame.dot:
        return ""
    for at, value in sorted(was.items()):
        if not 0 <= at < len(layout.x):
            continue
        x, now, then = layout.x[at], layout.y[at], min(max(layout.y_of(value), frame.top), frame.bottom)
        joined = f'<path d="M{x:g} {then:g}V{now:g}"/>' if now is not None else ""
        out.append(f"{joined}{_circle('', x, then, frame.dot * 1.2, '')}")
    return f'<g class="was">{"".join(out)}</g>' if out else ""


def _line(layout: Layout) -> str:
    """Join the known points; where a period has no value the line has a gap."""
    path = _path(layout.x, layout.y)
    return f'<path class="line" d="{path}"/>' if path else ""


def _path(across: Sequence[float], places: Sequence[float | None]) -> str:
    path, pen = [], "M"
    for x, y in zip(across, places, strict=False):
        if y is None:
            pen = "M"
            continue
        path.append(f"{pen}{x:g} {y:g}")
        pen = "L"
    return "".join(path)


def _points(
    layout: Layout, marks: Sequence[str], hollow: Sequence[bool], aside: Sequence[bool], hints: Sequence[str]
) -> str:
    """Draw plain points first and signals over them."""
    frame = layout.frame
    plain, signals = [], []
    for at, (x, y) in enumerate(zip(layout.x, layout.y, strict=True)):
        if y is None:
            continue
        hint = escape(hints[at], quote=False) if hints else ""
        if hollow[at]:
            signals.append(_circle("hollow", x, y, frame.mark * 0.7, hint))
        elif marks[at]:
            signals.append(mark(marks[at], x, y, frame.mark, hint))
        elif aside[at]:
            signals.append(_cross("aside", x, y, frame.mark * 0.6, hint))
        elif frame.dot:
            plain.append(_circle("", x, y, frame.dot, hint))
    dots = f'<g class="dots">{"".join(plain)}</g>' if plain else ""
    return dots + "".join(signals)


def mark(verdict: str, x: float, y: float, size: float, hint: str = "") -> str:
    """Return the mark of a signal at a place: each verdict has its own shape."""
    if verdict == "better":
        return _circle("better", x, y, size, hint)
    if verdict == "worse":
        return _diamond("worse", x, y, size * 1.25, hint)
    return _square("neither", x, y, size * 0.9, hint)


def _circle(kind: str, x: float, y: float, size: float, hint: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return _closed("circle", f'{named} cx="{x:g}" cy="{y:g}" r="{size:.2g}"', hint)


def _diamond(kind: str, x: float, y: float, size: float, hint: str) -> str:
    r = round(size, 1)
    return _closed("path", f' class="{kind}" d="M{x:g} {y - r:g}l{r:g} {r:g}-{r:g} {r:g}-{r:g}-{r:g}z"', hint)


def _square(kind: str, x: float, y: float, size: float, hint: str) -> str:
    r = round(size, 1)
    return _closed("path", f' class="{kind}" d="M{x - r:g} {y - r:g}h{2 * r:g}v{2 * r:g}h-{2 * r:g}z"', hint)


def _cross(kind: str, x: float, y: float, size: float, hint: str) -> str:
    r = round(size, 1)
    d = f"M{x - r:g} {y - r:g}l{2 * r:g} {2 * r:g}m-{2 * r:g} 0l{2 * r:g}-{2 * r:g}"
    return _closed("path", f' class="{kind}" d="{d}"', hint)


def _closed(tag: str, attributes: str, hint: str) -> str:
    return f"<{tag}{attributes}><title>{hint}</title></{tag}>" if hint else f"<{tag}{attributes}/>"


def _labels(layout: Layout) -> str:
    drop = layout.frame.font * 0.35
    return "".join([
        f'<text class="{kind}" x="{layout.label_x:g}" y="{y + drop:.1f}">{escape(text, quote=False)}</text>'
        for y, text, kind in layout.labels
    ])  # fmt: skip


def _ends(layout: Layout, labels: list[str], period: Period, _: Translate) -> str:
    """Name the first and the last period below; where both do not fit, the last alone."""
    frame = layout.frame
    if not labels or not frame.font:
        return ""
    y = round(frame.height - frame.font * 0.3, 1)
    end = layout.x[-1] + frame.mark
    room = end - frame.left
    last = fit(short_name(labels[1], period, _), room, frame.font)
    named = f'<text class="when end" x="{end:g}" y="{y:g}">{escape(last, quote=False)}</text>'
    first = short_name(labels[0], period, _)
    if len(layout.x) > 1 and text_width(first, frame.font) + text_width(last, frame.font) + frame.font <= room:
        named = f'<text class="when" x="{layout.x[0]:g}" y="{y:g}">{escape(first, quote=False)}</text>{named}'
    return named
