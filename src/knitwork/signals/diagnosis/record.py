"""The record of what ails a chart: what its points say of themselves, beside what the rules say of the process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

Grows = Literal["as_expected", "over", "under"]
Season = Literal["month", "weekday"]
View = Literal["residual", "seasonal"]
Advice = Literal[
    "rare_proportion",
    "rare_events",
    "rare_counts",
    "spread_beyond_chance",
    "denominators_differ",
    "skewed",
    "no_time_between",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """How alike neighbouring points are: the lag-1 autocorrelation within phases.

    `low` and `high` hold it in 95 of 100 series whose points know nothing of one another; `p` is the chance of one as far
    out, either way. `like_a_trend` says that it is beyond chance and so large that runs are to be expected.
    Where a change of level is the reason it is not: `step` is where that came, `r1_beside_step` what is left without it.
    """

    r1: float
    low: float
    high: float
    p: float
    pairs: int
    significant: bool
    like_a_trend: bool
    step: int | None
    r1_beside_step: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineStep:
    """A clear change of level among the points that set the centre, which so lies between the two levels.

    `step` is the position of the first point at the new level, `before` and `after` are the levels in the units shown,
    `points` how many useful points there are from the step on.
    """

    step: int
    before: float
    after: float
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """How much counts differ from point to point, against what chance alone makes (binomial or Poisson).

    `index` is chi-square over its degrees of freedom, 1 by chance alone. `p_over` and `p_under` are the chances of so
    much, and of so little. `sigma_z` is Laney's, without a floor: it looks at neighbours only, so a shift moves it less.
    """

    kind: Literal["binomial", "poisson"]
    index: float
    chi_square: float
    freedom: int
    p_over: float
    p_under: float
    sigma_z: float | None
    verdict: Grows


@dataclass(frozen=True, slots=True, kw_only=True)
class Seasonality:
    """Whether the months of the year, or the days of the week, differ by more than chance.

    `share` is how much of the variance within phases (about a straight line) they explain beyond chance, `p` that of an F
    test. `effects` are (season, what it lies above or below the rest, in the units shown): months 1 to 12, days of the
    week 0 (Monday) to 6. `expected` is the mean of the same season before the last tested point.
    """

    season: Season
    points: int
    share: float
    f: float
    p: float
    significant: bool
    effects: tuple[tuple[int, float], ...]
    highest: int
    lowest: int
    same_before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """The smallest shift that the chart would find with a chance of 80% within so many points, up and down.

    In the units shown, as a distance from the centre; None where no shift that there can be is found so surely.
    """

    within: int
    up: float | None
    down: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What the chart can find, by its own limits and rules. `left_out` are rules that the reckoning does not hold."""

    centre: float
    detectable: tuple[Detectable, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What is there and what is not. `skipped` counts periods that have no row at all, by the step of the dates.

    `tiny` counts points whose denominator lets expect fewer than `tiny_under`, `least_expected` is the fewest of any.
    """

    periods: int
    useful: int
    missing: int
    skipped: int
    zero_denominators: int
    excluded: int
    incomplete_last: bool
    tiny: int
    tiny_under: float | None
    least_expected: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the worked formula: what it is (a key that words know), how it is reckoned, and what comes of it."""

    key: str
    reckoned: str
    result: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Another chart that would suit better: its name (None where periods should be longer instead), and why."""

    chart: str | None
    why: Advice
    number: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a chart's points say of themselves; None where it cannot be told from them.

    `offers` names the views that would help where neighbours are too much alike for the rules to mean anything.
    """

    neighbours: Neighbours | None
    baseline: BaselineStep | None
    dispersion: Dispersion | None
    seasonality: Seasonality | None
    power: Power | None
    completeness: Completeness
    worked: tuple[Step, ...]
    recommendation: Recommendation | None
    offers: tuple[View, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain values."""
        return json.loads(json.dumps(asdict(self), allow_nan=False))  # type: ignore[no-any-return]  # it was a dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Centre and limits at the last tested point under another definition, and how many points lie beyond them."""

    key: str
    centre: float | None
    lower: float | None
    upper: float | None
    beyond: int
    in_use: bool
