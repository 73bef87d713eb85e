"""Hour of the day, day of the week, season: when people come and when they go home."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knitwork.demo.period import DAY_S, EPOCH, Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rhythm:
    """Relative weights: 24 hours, 7 weekdays from Monday, and how much more in late January than in late July."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    winter: float = 0.0


# The shape of emergency arrivals: a trough at five, a plateau from ten to eight in the evening.
EMERGENCY_HOURS = (
    3,
    2.4,
    2,
    1.7,
    1.5,
    1.6,
    2.1,
    3,
    4.3,
    5.6,
    6.3,
    6.5,
    6.4,
    6.2,
    6,
    5.9,
    5.8,
    5.8,
    5.9,
    5.8,
    5.5,
    5,
    4.4,
    3.6,
)
EMERGENCY_DAYS = (1.10, 1.02, 1.0, 0.98, 0.99, 0.96, 0.97)
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 0.5, 4, 5, 5, 4, 1.5, 4, 4.5, 4, 2.5, 0.5, 0, 0, 0, 0, 0, 0)
THEATRE_HOURS = (0, 0, 0, 0, 0, 0, 0, 6, 5, 4, 4, 3.5, 3, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0)

RHYTHMS: dict[str, Rhythm] = {
    # Coughs and falls: the winter that a person should see. Who is ill enough for a bed hardly follows it.
    "emergency": Rhythm(EMERGENCY_HOURS, EMERGENCY_DAYS, winter=0.13),
    "illness": Rhythm(EMERGENCY_HOURS, EMERGENCY_DAYS, winter=0.03),
    "heart": Rhythm(EMERGENCY_HOURS, (1.12, 1.0, 1.0, 1.0, 1.0, 0.94, 0.94), winter=0.03),
    "office": Rhythm(OFFICE_HOURS, (1.15, 1.05, 1.0, 1.0, 0.9, 0.02, 0.0)),
    "theatre": Rhythm(THEATRE_HOURS, (1.0, 1.1, 1.1, 1.05, 0.85, 0.0, 0.0)),
    "anytime": Rhythm((1.0,) * 24, (1.05, 1.05, 1.0, 1.0, 1.0, 0.95, 0.95)),
}
# Offices are shut and nothing planned is done; (month, day).
SHUT = ((1, 1), (7, 4), (12, 25))


def weekday(days: Ints) -> Ints:
    """Return the weekday of days counted from 1970-01-01, a Thursday; Monday is 0."""
    return (days + 3) % 7


def day_weights(rhythm: Rhythm, days: Ints) -> Floats:
    """Return how likely each day is, by weekday, season and holiday."""
    weights: Floats = np.array(rhythm.weekdays)[weekday(days)]
    # Cosine with its top on 20 January: a smooth winter without a jump at New Year.
    weights = weights * (1 + rhythm.winter * np.cos(2 * np.pi * (days - 19) / 365.2425))
    if min(rhythm.weekdays) < 0.5:
        dates = [EPOCH + dt.timedelta(days=int(d)) for d in days]
        weights[[(d.month, d.day) in SHUT for d in dates]] = 0.0
    return weights


def arrivals(rng: np.random.Generator, count: int, *, rhythm: Rhythm, days: Ints, scale: Floats) -> Ints:
    """Draw `count` arrivals in local seconds; `scale` weighs each of `days` beside its rhythm."""
    drawn = days[drawn_from(rng, day_weights(rhythm, days) * scale, count)]
    return drawn * DAY_S + seconds_of_day(rng, count, rhythm=rhythm)


def seconds_of_day(rng: np.random.Generator, count: int, *, rhythm: Rhythm) -> Ints:
    """Draw times of day by the rhythm's hours."""
    return drawn_from(rng, np.array(rhythm.hours), count) * 3600 + rng.integers(0, 3600, count)


def drawn_from(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Draw indices in proportion to `weights`."""
    steps = np.cumsum(weights)
    drawn: Ints = np.searchsorted(steps, rng.random(count) * steps[-1], side="right").astype(np.int64)
    return np.minimum(drawn, len(weights) - 1)


def going_home(rng: np.random.Generator, share_before_noon: Floats) -> Ints:
    """Draw the second of the day at which people leave a ward: before noon with the given probability."""
    count = len(share_before_noon)
    early = rng.random(count) < share_before_noon
    morning = 8.0 + 4.0 * rng.beta(2.5, 1.5, count)
    afternoon = 12.0 + 8.5 * rng.beta(1.8, 3.2, count)
    # One second short of noon is still before it; rounding must not carry anybody over.
    seconds = np.where(early, np.minimum(morning * 3600, 43_199), np.maximum(afternoon * 3600, 43_200))
    whole: Ints = seconds.astype(np.int64)
    return whole
