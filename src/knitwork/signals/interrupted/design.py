"""From a series and a start to the two matrices of a segmented regression: with the change, and without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knitwork.model.errors import BadDefinition
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.interrupted.timing import parts_of_a_year, place_of_start, refuse_uneven, waves
from knitwork.signals.panel import SAME, Flags, Floats
from knitwork.signals.series import BadSeries, Numbers, Series

# Fewer years than this cannot tell a season from a change.
YEARS = 2


class TooEarly(BadSeries):
    """There are not yet enough points to measure a change; `before` and `after` say how many more are needed."""

    def __init__(self, sentence: str, *, before: int, after: int) -> None:
        super().__init__(sentence)
        self.before, self.after = before, after


@dataclass(frozen=True, slots=True)
class Design:
    """A series laid out for the fit: one row a period, one column a term.

    `start` is the first period of the change and `first` the first that counts after it. Time runs from `first`, so
    that the term `change` is the step there. `changed` and `unchanged` differ in the terms of the change only.
    `value` is in the units of the fit: as they came, before the factor of display.
    """

    labels: tuple[str, ...]
    start: int
    first: int
    terms: tuple[str, ...]
    changed: Floats
    unchanged: Floats
    used: Flags
    value: Floats
    numerator: Floats | None
    denominator: Floats | None

    @property
    def after(self) -> Flags:
        """Say which periods count after the start and have a value."""
        later: Flags = self.used & (np.arange(len(self.used)) >= self.first)
        return later

    @property
    def place(self) -> Floats:
        """Return the positions of the periods that are used."""
        places: Floats = np.flatnonzero(self.used).astype(float)
        return places


def lay_out(series: Series, start: str | int, spec: ItsSpec) -> Design:
    """Return the matrices of `series`; raises `BadSeries`, or `TooEarly` where points are still to come."""
    refuse_uneven(series.labels)
    at = place_of_start(series.labels, start)
    value, numerator, denominator = _columns(series)
    first, n = at + spec.wash_out, len(series)
    place = np.arange(n)
    used = np.isfinite(value) & ~((place >= at) & (place < first))
    if series.incomplete_last:
        used[-1] = False
    _enough(used, at, spec)
    _spread(value[used])
    terms, changed, unchanged = _matrices(series.labels, first, spec)
    if used.sum() <= len(terms) or np.linalg.matrix_rank(changed[used]) < len(terms):
        raise BadDefinition(
            f"the periods with a value cannot tell {', '.join(terms)} apart: "
            "leave out season or slope_change, or wait for more periods"
        )
    return Design(series.labels, at, first, terms, changed, unchanged, used, value, numerator, denominator)


def still_needed(series: Series, *, start: str | int, spec: ItsSpec) -> tuple[int, int]:
    """Return how many more points with a value are needed before and after the start; (0, 0) where it can be told."""
    try:
        lay_out(series, start, spec)
    except TooEarly as early:
        return early.before, early.after
    return 0, 0


def _columns(series: Series) -> tuple[Floats, Floats | None, Floats | None]:
    if series.values is not None:
        return _array(series.values), None, None
    numerator = _array(series.numerators or ())
    if series.denominators is None:
        return numerator, numerator, None
    denominator = _array(series.denominators)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(denominator > 0, numerator / denominator, np.nan)
    return value, numerator, denominator


def _array(column: Numbers) -> Floats:
    return np.array([np.nan if one is None else one for one in column], dtype=float)


def _enough(used: Flags, start: int, spec: ItsSpec) -> None:
    have = int(used[:start].sum()), int(used[start:].sum())
    before, after = max(spec.least_before - have[0], 0), max(spec.least_after - have[1], 0)
    if before or after:
        lacks = [f"{n} more {word} the start" for n, word in ((before, "before"), (after, "after")) if n]
        raise TooEarly(
            f"too early to say by how much: there are {have[0]} points with a value before the start and {have[1]} "
            f"that count after it, so {' and '.join(lacks)} are needed; until then read the chart",
            before=before,
            after=after,
        )


def _spread(value: Floats) -> None:
    if np.ptp(value) <= SAME * np.abs(value).max():
        raise BadSeries("all values are the same, so there is no change to measure: show the chart instead")


def _matrices(labels: tuple[str, ...], first: int, spec: ItsSpec) -> tuple[tuple[str, ...], Floats, Floats]:
    time = np.arange(len(labels), dtype=float) - first
    step = (time >= 0).astype(float)
    nothing = np.zeros_like(time)
    columns = {"level before": (np.ones_like(time), np.ones_like(time))}
    if spec.trend:
        columns["slope before"] = (time, time)
    columns["change of level"] = (step, nothing)
    if spec.slope_change:
        columns["change of slope"] = (step * time, nothing)
    if spec.season == "annual":
        part = parts_of_a_year(labels, spec)
        _two_years(part)
        for number, wave in enumerate(waves(part, spec.harmonics).T, start=1):
            columns[f"season {number}"] = (wave, wave)
    changed, unchanged = (np.column_stack([pair[side] for pair in columns.values()]) for side in (0, 1))
    return tuple(columns), changed, unchanged


def _two_years(part: Floats) -> None:
    """Refuse a season under two years in all (Wagner and others 2002: 24 monthly points)."""
    period = part[1] - part[0]
    lacking = round((YEARS - (part[-1] - part[0] + period)) / period)
    if lacking > 0:
        raise TooEarly(
            f"too early to tell a season: it takes {YEARS} whole years and {lacking} more periods are needed; "
            "leave the season out, or wait",
            before=0,
            after=lacking,
        )
