"""When things were: the place of the start among the periods, whether they are evenly spaced, and where in the year."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from knitwork.model.errors import BadDefinition
from knitwork.signals.interrupted.spec import ItsSpec
from knitwork.signals.panel import Floats
from knitwork.signals.series import BadSeries

DAYS_IN_A_YEAR = 365.25


def place_of_start(labels: Sequence[str], start: str | int) -> int:
    """Return the position of the first period of the change, given as its label or its position counted from 0.

    >>> place_of_start(["2025-01-01", "2025-02-01"], "2025-02-01")
    1
    """
    if isinstance(start, str):
        if start not in labels:
            raise BadSeries(f"no period of this series is called {start}: {_way_out(labels, start)}")
        place = labels.index(start)
    elif type(start) is int:
        place = start
    else:
        raise BadSeries(f"the start is {start!r}: give the name of a period, or its position counted from 0")
    if not 0 <= place < len(labels):
        raise BadSeries(
            f"the change starts at position {place} and the series has {len(labels)} periods, counted from 0: "
            "name a period that is there"
        )
    if place == 0:
        raise BadSeries(
            f"the change starts at the first period ({labels[0]}), so nothing came before it: "
            "add the periods before, or check the start"
        )
    return place


def _way_out(labels: Sequence[str], start: str) -> str:
    """Name the period that the start falls into, where dates allow it."""
    day, days = date_of(start), dates_of(labels)
    if day is None or not days:
        return "give the name of one that is there, or its position counted from 0"
    if not days[0] <= day:
        return f"it begins with {labels[0]}, so add the periods before the change"
    inside = max(place for place, known in enumerate(days) if known <= day)
    if inside == len(days) - 1:
        return f"its last period is {labels[-1]}, so wait for the period of the change, or name that one"
    return f"the change falls into {labels[inside]}, so name that one and leave it out with wash_out=1"


def date_of(label: str) -> dt.date | None:
    """Return the day that a label names, or None where it is no date.

    >>> date_of("2025-03"), date_of("bed 7")
    (datetime.date(2025, 3, 1), None)
    """
    try:
        return dt.date.fromisoformat(label[:10] if len(label) > 7 else label + "-01")
    except ValueError:
        return None


def dates_of(labels: Sequence[str]) -> list[dt.date]:
    """Return the days of all labels, or nothing where one is no date."""
    days = [day for label in labels if (day := date_of(label)) is not None]
    return days if len(days) == len(labels) else []


def refuse_uneven(labels: Sequence[str]) -> None:
    """Refuse dates with a period left out: a slope is so much a period."""
    days = dates_of(labels)
    if len(days) < 3:
        return
    monthly = all(day.day == 1 for day in days)
    at = [day.year * 12 + day.month for day in days] if monthly else [day.toordinal() for day in days]
    steps = [later - earlier for earlier, later in pairwise(at)]
    usual = sorted(steps)[len(steps) // 2]
    for row, step in enumerate(steps, start=2):
        if step <= 0:
            raise BadSeries(f"row {row} has the date {labels[row - 1]} again or out of order: give each period once")
        if step != usual:
            raise BadSeries(
                f"row {row} ({labels[row - 1]}) does not follow {labels[row - 2]} as the other periods follow one "
                "another: add the periods between with None for a value, or give periods of one length"
            )


def parts_of_a_year(labels: Sequence[str], spec: ItsSpec) -> Floats:
    """Return where in the year each period lies, from 0 to 1, and go on counting from year to year."""
    if spec.year is not None:
        return np.arange(len(labels)) / spec.year
    days = dates_of(labels)
    if not days:
        raise BadDefinition("a season needs dates for labels, or the number of periods in a year: give year")
    if all(day.day == 1 for day in days):
        return np.array([day.year - days[0].year + (day.month - 1) / 12 for day in days])
    return np.array([(day - days[0]).days / DAYS_IN_A_YEAR for day in days])


def waves(part: Floats, harmonics: int) -> Floats:
    """Return a cosine and a sine for each harmonic, one column each."""
    angles = 2 * math.pi * np.outer(part, np.arange(1, harmonics + 1))
    return np.hstack([np.cos(angles), np.sin(angles)])
