"""The record of a measured change, from which picture and sentences are made; none of them computes anything."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from knitwork.signals.interrupted.fit import Ratio
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.series import Numbers

# A change is told after so many periods: one, two and four quarters of months.
HORIZONS = (3, 6, 12)

# What a reader should know: neighbours hang together and the method takes them as apart; they hang together so closely
# that there is no level; few points; periods without a value, washed out, not over; no share of what may be nought.
REASONS = (
    "autocorrelated",
    "unsettled",
    "short",
    "missing_points",
    "washed_out",
    "incomplete_last",
    "relative_unknown",
)


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate with its interval and its two-sided p."""

    value: float
    low: float
    high: float
    p: float

    @property
    def excludes_nought(self) -> bool:
        """Say whether no effect at all lies outside the interval, for effects of which nought means none."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Moment:
    """What was and what would have been, at one period or over all that count after the start.

    `absolute` is in the units shown; `relative` is a share of what would have been (-0.1: a tenth less), None where
    that may be nought or below.
    """

    fitted: float
    expected: float
    absolute: Effect
    relative: Effect | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Its:
    """A series with its lines before and after a change, and the line that would have gone on without it.

    Columns have one entry a period, in the units shown. `expected` and its interval (of the mean, not of single
    points) begin with the period of the start; `fitted` leaves the washed-out periods out. `start` is the position of
    that period, `first` the first that counts after it. `level`, `slope` and `trend` (before) are differences, or
    ratios as `scale` says. `moments` has one entry for each period from `first` on, `average` stands for those with a
    value together. `lag1` is the correlation of neighbouring residuals about the lines; `rho` is what `ar1` takes it
    for. `spec` names every choice that was made, and all were made before the values were looked at.
    """

    spec: ItsSpec
    labels: tuple[str, ...]
    start: int
    first: int
    values: Numbers
    used: tuple[bool, ...]
    fitted: Numbers
    expected: Numbers
    expected_low: Numbers
    expected_high: Numbers
    scale: Ratio
    level: Effect
    slope: Effect | None
    trend: Effect | None
    moments: tuple[Moment, ...]
    average: Moment
    n_before: int
    n_after: int
    lag1: float
    rho: float | None
    dispersion: float | None
    reasons: tuple[str, ...]
    formula: str

    def at(self, periods: int) -> Moment | None:
        """Return the effect so many periods after the start (the period of the start is the first), if it is there."""
        place = self.start + periods - 1 - self.first
        return self.moments[place] if 0 <= place < len(self.moments) else None

    @property
    def horizons(self) -> dict[int, Moment]:
        """Return the effects after 3, 6 and 12 periods, as far as the series goes: nothing is drawn out beyond it."""
        return {periods: moment for periods in HORIZONS if (moment := self.at(periods)) is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return the whole record as plain values, the effects at each horizon besides."""
        plain = asdict(self)
        plain["horizons"] = {str(periods): asdict(moment) for periods, moment in self.horizons.items()}
        return plain

    def to_json(self) -> str:
        """Return the record as JSON, missing numbers as null."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __str__(self) -> str:
        return f"{self.formula}\n  on average {_told(self.average.absolute, self.spec.unit)}"


def _told(effect: Effect, unit: str) -> str:
    return f"{effect.value:.3g} {unit} ({effect.low:.3g} to {effect.high:.3g})".replace("  ", " ")
