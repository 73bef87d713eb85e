"""Ask the same question where nothing happened: how often does chance answer as clearly?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from knitwork.model.errors import CannotDo
from knitwork.signals.interrupted.analyse import interrupted
from knitwork.signals.interrupted.record import Effect
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.series import Series

# A date in the time before the change is tried where it leaves so many points on either side.
LEAST_AROUND = 6


@dataclass(frozen=True, slots=True)
class Placebo:
    """What the method found at a unit, or from a period on, where the change had not come."""

    name: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Placebos:
    """Placebos of one kind, and the share of them (the real one counted in) that stands out as clearly as the real one.

    `p` is (1 + as clear) / (1 + all): never nought (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9: 39). `least` is
    the smallest it could have been. How clear one is, is its own p, which holds between short and long series. Both are
    None where there is no placebo.
    """

    found: tuple[Placebo, ...]
    p: float | None
    least: float | None

    def outdone(self, alpha: float) -> bool:
        """Say whether chance did as well too often: more than `alpha`, or at all where there are too few to tell."""
        return self.p is not None and self.least is not None and self.p > max(alpha, self.least)


def placebos(real: Effect, found: Iterable[Placebo]) -> Placebos:
    """Hold the real effect against those found where nothing happened."""
    some = tuple(sorted(found, key=lambda one: one.name))
    if not some:
        return Placebos((), None, None)
    as_clear = sum(one.effect.p <= real.p for one in some)
    return Placebos(some, (1 + as_clear) / (1 + len(some)), 1 / (1 + len(some)))


def placebo_dates(series: Series, *, start: int, spec: ItsSpec) -> list[Placebo]:
    """Return what the method finds from each period on that lies well before the start, by the time before it alone."""
    before = _cut(series, start)
    small = replace(spec, least_before=LEAST_AROUND, least_after=LEAST_AROUND)
    tried = range(LEAST_AROUND, start - spec.wash_out - LEAST_AROUND + 1)
    return _known([_ask(series.labels[at], before, at, small) for at in tried])


def placebo_units(units: Mapping[str, Series], *, start: int, spec: ItsSpec) -> list[Placebo]:
    """Return what the method finds at each unit that had no change, from the real start on."""
    return _known([_ask(name, one, start, spec) for name, one in units.items()])


def _known(asked: Iterable[Placebo | None]) -> list[Placebo]:
    return [one for one in asked if one is not None]


def _ask(name: str, series: Series, start: int, spec: ItsSpec) -> Placebo | None:
    """Measure a change that did not happen; None where the method has no answer."""
    try:
        return Placebo(name, interrupted(series, start=start, spec=spec).average.absolute)
    except CannotDo:
        return None


def _cut(series: Series, end: int) -> Series:
    """Return the periods before `end`."""

    def part(column: tuple[float | None, ...] | None) -> tuple[float | None, ...] | None:
        return None if column is None else column[:end]

    return Series(
        labels=series.labels[:end],
        values=part(series.values),
        numerators=part(series.numerators),
        denominators=part(series.denominators),
    )
