"""How a unit's day, week and year run: arrivals by hour, weekday and month, and how many are in at each hour.

Everything is a mean over days: there are not as many Mondays as Tuesdays in most spans, nor as many days in February.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.home.spine import DAY_US, OPEN_DAYS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers

# At most two years: long enough for every month twice, short enough to be how the unit runs now.
MOST_DAYS = 730
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Round:
    """Arrivals a day in each part of a round (24 hours, 7 weekdays, 12 months), and whether the parts differ.

    `days` is how many days of the span each part was seen on; `count` how many arrived in all of them.
    `ratio` is how much more the parts differ than chance would make them, 1 being chance alone; None where it cannot
    be told.
    """

    count: tuple[int, ...]
    days: tuple[int, ...]
    ratio: float | None

    @property
    def means(self) -> tuple[float | None, ...]:
        """Arrivals a day; None for a part that was never seen."""
        return tuple(c / d if d else None for c, d in zip(self.count, self.days, strict=True))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rounds of one unit over whole local days, `first_day` to `last_day`, both included.

    `present` is the mean number of patients in at each full hour; empty where nobody stays.
    `precise` says whether most arrivals came with a time of day.
    """

    first_day: int
    last_day: int
    arrivals: int
    precise: bool
    hours: Round
    weekdays: Round
    months: Round
    present: tuple[float, ...]

    @property
    def days(self) -> int:
        return self.last_day - self.first_day + 1


def rhythm(answers: Answers, unit: str, *, level: str, last_day: int, beds: bool) -> Rhythm | None:
    """Return how a unit runs up to a last whole local day, at most two years back; None where nobody arrived.

    `beds` asks who is in at each hour as well.
    """
    if not answers.is_derived:
        return None
    counted = answers.rows(
        """
        SELECT start_day, start_hour, count(*) AS n, count(*) FILTER (precise) AS precise
        FROM {fact_stay}
        WHERE level = $level AND unit::VARCHAR = $unit AND calendar AND start_day > $since AND start_day <= $last_day
        GROUP BY ALL ORDER BY ALL
        """,
        level=level,
        unit=unit,
        since=last_day - MOST_DAYS,
        last_day=last_day,
    )
    if not counted:
        return None
    cells = [(r["start_day"], r["start_hour"], r["n"]) for r in counted]
    first_day = max(_opened(answers, unit, level), last_day - MOST_DAYS + 1)
    total = sum(n for _day, _hour, n in cells)
    return Rhythm(
        first_day=first_day,
        last_day=last_day,
        arrivals=total,
        precise=sum(r["precise"] for r in counted) * 2 >= total,
        hours=by_hour(cells, first_day, last_day),
        weekdays=by_part(cells, first_day, last_day, [weekday_of(d) for d in range(first_day, last_day + 1)], 7),
        months=by_part(cells, first_day, last_day, [month_of(d) for d in range(first_day, last_day + 1)], 12),
        present=_present(answers, unit, level, first_day, last_day) if beds else (),
    )


def _opened(answers: Answers, unit: str, level: str) -> int:
    """Return the local day of a unit's first arrival: before it nobody can say whether it was there."""
    row = answers.one(
        "SELECT min(start_day) AS d FROM {fact_stay} WHERE level = $level AND unit::VARCHAR = $unit AND calendar",
        level=level,
        unit=unit,
    )
    return int(row["d"])


def weekday_of(day: int) -> int:
    """Return 0 for a Monday.

    >>> weekday_of(0)
    3
    """
    return (day + 3) % 7


def month_of(day: int) -> int:
    """Return 0 for January."""
    return (EPOCH + dt.timedelta(days=day)).month - 1


def by_hour(cells: Sequence[tuple[int, int, int]], first_day: int, last_day: int) -> Round:
    """Return arrivals by local hour. Arrivals are taken to come one by one, so chance makes their variance their mean."""
    count = [0] * 24
    for _day, hour, n in cells:
        count[hour] += n
    mean = sum(count) / 24
    ratio = sum((c - mean) ** 2 for c in count) / mean / 23 if mean else None
    return Round(tuple(count), (last_day - first_day + 1,) * 24, ratio)


def by_part(
    cells: Sequence[tuple[int, int, int]], first_day: int, last_day: int, parts: Sequence[int], size: int
) -> Round:
    """Return arrivals by the part that each day belongs to, and how the parts differ: between against within them (F).

    `parts` has one entry for each day of the span.
    """
    each = [0] * (last_day - first_day + 1)
    for day, _hour, n in cells:
        if first_day <= day <= last_day:
            each[day - first_day] += n
    count, days = [0] * size, [0] * size
    for part, n in zip(parts, each, strict=True):
        count[part] += n
        days[part] += 1
    return Round(tuple(count), tuple(days), _ratio(each, parts, count, days))


def _ratio(each: Sequence[int], parts: Sequence[int], count: Sequence[int], days: Sequence[int]) -> float | None:
    """Return the F ratio of one-way analysis of variance, as in any textbook; None where it cannot be formed."""
    seen = [at for at, d in enumerate(days) if d]
    free = len(each) - len(seen)
    if len(seen) < 2 or free < 1:
        return None
    mean = sum(each) / len(each)
    between = sum(days[at] * (count[at] / days[at] - mean) ** 2 for at in seen) / (len(seen) - 1)
    within = sum((n - count[part] / days[part]) ** 2 for part, n in zip(parts, each, strict=True)) / free
    return between / within if within else None


PRESENT = """
    WITH spans AS (
        -- full hours counted from 1970-01-01 00:00 on the local clock; a stay is in at those after its arrival
        SELECT greatest(start_day * 24 + start_hour, $first - 1) AS s,
               least(CASE WHEN end_kind = 'open' THEN $last ELSE end_day * 24 + end_hour END, $last) AS e
        FROM {fact_stay}
        WHERE level = $level AND unit::VARCHAR = $unit AND calendar AND NOT concurrent
          AND (end_day IS NOT NULL OR (end_kind = 'open' AND start_us > $open_since))
    )
    SELECT h, sum(floor((e - h) / 24.0) - floor((s - h) / 24.0))::BIGINT AS n
    FROM spans, (SELECT unnest(range(24)) AS h) WHERE e > s GROUP BY h ORDER BY h
"""


def _present(answers: Answers, unit: str, level: str, first_day: int, last_day: int) -> tuple[float, ...]:
    """Return the mean number of patients in at each full hour of the local clock; nobody is counted whose end is unknown."""
    found = answers.rows(
        PRESENT,
        level=level,
        unit=unit,
        first=first_day * 24,
        last=last_day * 24 + 23,
        open_since=(answers.as_of_us or 0) - OPEN_DAYS * DAY_US,
    )
    counted = {r["h"]: r["n"] for r in found}
    days = last_day - first_day + 1
    return tuple(counted.get(hour, 0) / days for hour in range(24)) if counted else ()


def whole_months(first_day: int, last_day: int) -> int:
    """Return how many calendar months lie wholly in a span of days.

    >>> whole_months(0, 58), whole_months(1, 58), whole_months(0, 30), whole_months(0, 29)
    (2, 1, 1, 0)
    """
    first, last = EPOCH + dt.timedelta(days=first_day), EPOCH + dt.timedelta(days=last_day)
    begun = first.year * 12 + first.month + (first.day > 1)
    ended = last.year * 12 + last.month - (last.day < calendar.monthrange(last.year, last.month)[1])
    return max(ended - begun + 1, 0)
