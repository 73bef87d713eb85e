"""Find where rules fire, for thousands of series at once: one function for each kind of rule.

Each function packs the points that count for it, says at which of them the pattern is complete, and which points a
pattern is made of. Neighbouring completions are one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.panel import SAME, Flags, Floats, Whole
from knitwork.signals.rules.critical import (
    best_box,
    crossings_limit,
    cut_box,
    longest_run_limit,
    usual_runs,
)
from knitwork.signals.rules.look import Look, Packed, Runs, Side, pack, side_of, streak, windowed
from knitwork.signals.rules.rule import NEED_LIMITS, Method, Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fired in one row: from which point to which, on which side, and the points it marks."""

    rule: str
    kind: str
    start: int
    end: int
    side: Side | None
    points: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """Where one rule fired on one side: a row, first and last point for each finding.

    `marked` gives the points that a finding marks, by its number; None where the rule marks none.
    """

    rule: Rule
    side: Side | None
    rows: Whole
    starts: Whole
    ends: Whole
    marked: Callable[[int], Whole] | None

    def finding(self, at: int) -> Finding:
        """Return one of the findings."""
        points = () if self.marked is None else tuple(self.marked(at).tolist())
        return Finding(self.rule.name, self.rule.kind, int(self.starts[at]), int(self.ends[at]), self.side, points)


def find(look: Look, rules: tuple[Rule, ...]) -> list[Fired]:
    """Return what each rule found, rule by rule and high before low."""
    found: list[Fired] = []
    for rule in rules:
        if rule.kind in NEED_LIMITS and not look.limited.any():
            continue
        found += [fired for fired in KINDS[rule.kind](look, rule) if len(fired.rows)]
    return found


def in_order(found: list[Fired]) -> Iterator[tuple[int, Finding]]:
    """Return every finding with its row."""
    for fired in found:
        for at, row in enumerate(fired.rows.tolist()):
            yield row, fired.finding(at)


def _stretches(rule: Rule, sign: int, done: Flags, length: int, packed: Packed, shows: Flags) -> Fired:
    """Turn completions in packed columns into findings: those in a row are one, from its first window to its last.

    A rule that marks matching points begins and ends with such a one: what only stands in its window shows nothing.
    """
    hit = np.flatnonzero(done.any(axis=1))
    edges = np.diff(done[hit].astype(np.int8), axis=1, prepend=0, append=0)
    at, complete = np.nonzero(edges == 1)
    _, after = np.nonzero(edges == -1)
    rows, first, last = hit[at], np.maximum(complete - length + 1, 0), after - 1
    if rule.marks == "matching" and length > 1:
        columns = np.arange(done.shape[1])
        before = np.maximum.accumulate(np.where(shows[hit], columns, -1), axis=1)
        ahead = np.minimum.accumulate(np.where(shows[hit], columns, len(columns))[:, ::-1], axis=1)[:, ::-1]
        first, last = ahead[at, first], before[at, last]

    def marked(number: int) -> Whole:
        row = rows[number]
        start = complete[number] if rule.marks == "completing" else first[number]
        points = packed.order[row, start : last[number] + 1]
        return points[shows[row, start : last[number] + 1]] if rule.marks == "matching" else points

    return Fired(rule, side_of(sign), rows, packed.order[rows, first], packed.order[rows, last], marked)


def _beyond(look: Look, rule: Rule) -> Iterator[Fired]:
    packed = look.packed("tested")
    for sign, flags in zip((1, -1), look.beyond(rule.sigmas), strict=True):
        shows = packed.take(flags) & packed.there
        if shows.any():
            yield _stretches(rule, sign, shows, 1, packed, shows)


def _run(look: Look, rule: Rule) -> Iterator[Fired]:
    packed = look.packed("off_centre" if rule.ties == "skip" else "usable")
    for sign in (1, -1):
        shows, length = look.once(("run", rule.ties, sign), lambda sign=sign: _one_side(look, packed, sign))  # type: ignore[misc]  # bound now, not later
        yield from _fired(rule, sign, length >= rule.length, packed, shows)


def _one_side(look: Look, packed: Packed, sign: int) -> tuple[Flags, NDArray[np.int16 | np.int32]]:
    """Return the packed points on one side of the centre line, and how many in a row end at each."""
    shows = (packed.take(look.side) == sign) & packed.there
    return shows, streak(shows)


def _trend(look: Look, rule: Rule) -> Iterator[Fired]:
    packed, step = look.once(("trend", rule.ties), lambda: _climbs(look, equal_ones=rule.ties == "break"))
    for sign in (1, -1):
        length = look.once(("trend", rule.ties, sign), lambda sign=sign: streak((step == sign) & packed.there))  # type: ignore[misc]  # bound now, not later
        done = (length >= rule.length - 1) & packed.there
        yield from _fired(rule, sign, done, packed, packed.there)


def _climbs(look: Look, *, equal_ones: bool) -> tuple[Packed, NDArray[np.int8]]:
    """Return the packed points and which way each lies from the one before, without those equal to it if so wanted."""
    packed = look.packed("usable")
    step = look.once("steps", lambda: _steps(packed.take(look.value), packed.there))
    moved = packed.there & (step != 0)
    moved[:, 0] = packed.there[:, 0]
    if equal_ones or (moved == packed.there).all():
        return packed, step
    again = pack(moved)
    packed = Packed(np.take_along_axis(packed.order, again.order, axis=1), again.there)
    return packed, _steps(packed.take(look.value), packed.there)


def _zone(look: Look, rule: Rule) -> Iterator[Fired]:
    packed = look.packed("usable")
    side = packed.take(look.side)
    out, far = look.beyond(rule.sigmas), look.beyond(3.0)
    for place, sign in enumerate((1, -1)):
        shows = packed.take(out[place]) & packed.there
        if rule.within_limits:
            shows &= ~packed.take(far[place])
        if not shows.any():
            continue
        done = (windowed(shows, rule.length) >= rule.least) & packed.there
        if rule.same_side:
            done &= streak((side == sign) & packed.there) >= rule.length
        if rule.marks != "matching" and not rule.same_side:
            done &= shows
        yield from _fired(rule, sign, done, packed, shows)


def _within(look: Look, rule: Rule) -> Iterator[Fired]:
    packed = look.packed("usable")
    above, below = look.beyond(rule.sigmas)
    shows = ~packed.take(above | below) & packed.there & look.limited[:, None]
    yield from _fired(rule, 0, streak(shows) >= rule.length, packed, shows)


def _outside(look: Look, rule: Rule) -> Iterator[Fired]:
    packed = look.packed("usable")
    above, below = (packed.take(flags) & packed.there for flags in look.beyond(rule.sigmas))
    shows = above | below
    done = streak(shows) >= rule.length
    if rule.both_sides:
        done &= (windowed(above, rule.length) > 0) & (windowed(below, rule.length) > 0)
    yield from _fired(rule, 0, done, packed, shows)


def _alternating(look: Look, rule: Rule) -> Iterator[Fired]:
    packed, step = look.once(("trend", rule.ties), lambda: _climbs(look, equal_ones=rule.ties == "break"))
    turned = np.zeros(step.shape, dtype=bool)
    turned[:, 1:] = (step[:, 1:] * step[:, :-1]) < 0
    done = (streak(turned & packed.there) >= rule.length - 2) & packed.there
    yield from _fired(rule, 0, done, packed, packed.there)


def _longest_run(look: Look, rule: Rule) -> Iterator[Fired]:
    limit, _ = runs_limits(look.runs, rule.method)
    too_long = (look.runs.length > limit[:, None]) & (look.side != 0)
    if not too_long.any():
        return
    packed = look.packed("off_centre")
    done = packed.take(too_long) & packed.there
    side = packed.take(look.side)
    for sign in (1, -1):
        shows = done & (side == sign)
        if shows.any():
            # Two runs on one side never touch: one on the other side lies between them.
            yield _stretches(rule, sign, shows, 1, packed, shows)


def _few_crossings(look: Look, rule: Rule) -> Iterator[Fired]:
    _, fewest = runs_limits(look.runs, rule.method)
    yield from _of_the_whole(look, rule, look.runs.crossings < fewest)


def _few_runs(look: Look, rule: Rule) -> Iterator[Fired]:
    yield from _of_the_whole(look, rule, _run_count(look.runs) < _usual_runs(look.runs)[0])


def _many_runs(look: Look, rule: Rule) -> Iterator[Fired]:
    yield from _of_the_whole(look, rule, _run_count(look.runs) > _usual_runs(look.runs)[1])


def _run_count(runs: Runs) -> Whole:
    return np.where(runs.useful > 0, runs.crossings + 1, 1)


def _usual_runs(runs: Runs) -> tuple[Whole, Whole]:
    pairs = np.stack([runs.high, runs.useful - runs.high], axis=1)
    kinds, where = np.unique(pairs, axis=0, return_inverse=True)
    usual = np.array([usual_runs(high, low) for high, low in kinds.tolist()], dtype=np.int64).reshape(-1, 2)
    fewest, most = usual[where.ravel()].T
    return fewest, most


def runs_limits(runs: Runs, method: Method) -> tuple[Whole, Whole]:
    """Return for each row the longest run and the fewest crossings that are still usual."""
    if method == "anhoej":
        return _look_up(longest_run_limit, runs.useful), _look_up(crossings_limit, runs.useful)
    if method == "best_box":
        return _look_up(lambda n: best_box(n)[1], runs.useful), _look_up(lambda n: best_box(n)[0], runs.useful)
    fewest, longest, from_crossings, up_to = (
        _look_up(lambda n, part=part: cut_box(n)[part], runs.useful)  # type: ignore[misc]  # bound now, not later
        for part in range(4)
    )
    cut_run = (runs.longest == longest) & (runs.crossings < from_crossings)
    cut_crossings = (runs.crossings == fewest) & (runs.longest > up_to)
    return longest - cut_run, fewest + cut_crossings


def _look_up(limit: Callable[[int], int], n: Whole) -> Whole:
    kinds, where = np.unique(n, return_inverse=True)
    limits: Whole = np.array([limit(useful) for useful in kinds.tolist()], dtype=np.int64)[where]
    return limits


def _of_the_whole(look: Look, rule: Rule, rows: Flags) -> Iterator[Fired]:
    """Return a finding over the whole of each row; it has no side and marks no single point."""
    hit = np.flatnonzero(rows & look.usable.any(axis=1))
    if len(hit):
        usable = look.usable[hit]
        last = usable.shape[1] - 1 - usable[:, ::-1].argmax(axis=1)
        yield Fired(rule, None, hit, usable.argmax(axis=1), last, None)


def _fired(rule: Rule, sign: int, done: Flags, packed: Packed, shows: Flags) -> Iterator[Fired]:
    if done.any():
        yield _stretches(rule, sign, done, rule.length, packed, shows)


def _steps(value: NDArray[Any], there: Flags) -> NDArray[np.int8]:
    """Say of each packed point whether it lies above (1), below (-1) or level with (0) the one before it."""
    step = np.zeros(value.shape, dtype=np.int8)
    before: Floats = value[:, :-1]
    after: Floats = value[:, 1:]
    with np.errstate(invalid="ignore"):
        apart = np.abs(after - before) > SAME * np.maximum(np.abs(after), np.abs(before))
        step[:, 1:] = np.where(apart & there[:, 1:], np.where(after > before, 1, -1), 0)
    return step


KINDS: dict[str, Callable[[Look, Rule], Iterator[Fired]]] = {
    "beyond": _beyond,
    "run": _run,
    "trend": _trend,
    "zone": _zone,
    "within": _within,
    "outside": _outside,
    "alternating": _alternating,
    "longest_run": _longest_run,
    "few_crossings": _few_crossings,
    "few_runs": _few_runs,
    "many_runs": _many_runs,
}
