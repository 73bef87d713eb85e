"""A unit's last two days as the records have them: who is in, who came, who left, who has not been seen since.

Nothing here knows the clock on the wall: "now" is the moment at which the records of the unit's own feeds end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.home.spine import DAY_US, OPEN_DAYS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

# Who left within so many hours and is not seen elsewhere is at home or still on the way: nobody can tell which.
UNDER_WAY_HOURS = 4
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One patient's unbroken time in a unit, as far as today's page tells it. Instants are UTC microseconds."""

    patient: str
    start_us: int
    end_us: int | None
    is_open: bool
    concurrent: bool
    start_day: int
    start_hour: int
    end_day: int | None
    end_hour: int | None
    before: str | None
    after: str | None
    is_last: bool
    elsewhere_us: int | None
    precise: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """The same without any patient: counts by hour (24 for each day asked for, the last day last) and by neighbour."""

    here: int
    beside: int
    arrived: tuple[tuple[int, ...], ...]
    left: tuple[tuple[int, ...], ...]
    came_from: tuple[tuple[tuple[str | None, int], ...], ...]
    went_to: tuple[tuple[tuple[str | None, int], ...], ...]
    left_lately: int
    under_way: int


SEEN = """
    WITH mine AS (
        SELECT patient::VARCHAR AS patient, visit, start_us, end_us, end_kind = 'open' AS is_open, concurrent,
               start_day, start_hour, end_day, end_hour,
               prev_unit::VARCHAR AS before, next_unit::VARCHAR AS after, last AS is_last, precise
        FROM {fact_stay}
        WHERE level = $level AND unit::VARCHAR = $unit AND calendar AND start_us <= $until
          AND (start_day BETWEEN $first_day AND $last_day OR end_day BETWEEN $first_day AND $last_day
               OR (end_kind = 'open' AND start_us > $open_since))
    ), lately AS (
        -- one row a patient and moment: a patient in two units at once would else stand here twice
        SELECT DISTINCT patient::VARCHAR AS patient, start_us AS seen_us
        FROM {fact_stay} WHERE level = 'micro' AND calendar AND start_us >= $left_since
    )
    SELECT m.*, min(s.seen_us) AS elsewhere_us
    FROM mine m LEFT JOIN lately s ON s.patient = m.patient AND s.seen_us >= m.end_us AND m.end_us > $left_since
    GROUP BY ALL ORDER BY m.start_us, m.patient
"""


def seen(answers: Answers, unit: str, *, level: str, until_us: int, last_day: int, days: int = 2) -> list[Seen]:
    """Return everyone who is in a unit when its records end, or came or left on the last `days` local days.

    Open stays that began more than a year before are not believed, as in the number at the head of the page.
    """
    if not answers.is_derived:
        return []
    found = answers.rows(
        SEEN,
        level=level,
        unit=unit,
        until=until_us,
        first_day=last_day - days + 1,
        last_day=last_day,
        open_since=(answers.as_of_us or until_us) - OPEN_DAYS * DAY_US,
        left_since=until_us - UNDER_WAY_HOURS * HOUR_US,
    )
    return [Seen(**{name: row[name] for name in Seen.__slots__}) for row in found]


def here(rows: Iterable[Seen], *, beside: bool) -> list[Seen]:
    """Return who is in; with `beside` also those in whose stay runs beside another one, as in a laboratory."""
    return [row for row in rows if row.is_open and (beside or not row.concurrent)]


def arrived(rows: Iterable[Seen], day: int) -> list[Seen]:
    """Return who came on a local day, in order of arrival."""
    return [row for row in rows if row.start_day == day]


def left(rows: Iterable[Seen], day: int) -> list[Seen]:
    """Return who left on a local day, in order of leaving."""
    return sorted((r for r in rows if r.end_day == day), key=lambda r: (r.end_us or 0, r.patient))


def under_way(rows: Iterable[Seen], until_us: int) -> list[Seen]:
    """Return who left in the last hours of the records, after the last step of a visit, and was not seen since."""
    gone = [r for r in rows if _lately(r, until_us) and r.is_last and not r.concurrent and r.elsewhere_us is None]
    return sorted(gone, key=lambda r: (r.end_us or 0, r.patient))


def _lately(row: Seen, until_us: int) -> bool:
    return row.end_us is not None and until_us - UNDER_WAY_HOURS * HOUR_US < row.end_us <= until_us


def tally(rows: list[Seen], *, until_us: int, last_day: int, days: int = 2) -> Tally:
    """Count without naming anyone."""
    wanted = range(last_day - days + 1, last_day + 1)
    came = [arrived(rows, day) for day in wanted]
    went = [left(rows, day) for day in wanted]
    return Tally(
        here=len(here(rows, beside=False)),
        beside=len(here(rows, beside=True)),
        arrived=tuple(_hours(row.start_hour for row in some) for some in came),
        left=tuple(_hours(row.end_hour or 0 for row in some) for some in went),
        came_from=tuple(_most(row.before for row in some if not row.concurrent) for some in came),
        went_to=tuple(_most(row.after for row in some if not row.concurrent) for some in went),
        left_lately=sum(1 for row in rows if _lately(row, until_us) and not row.concurrent),
        under_way=len(under_way(rows, until_us)),
    )


def _hours(hours: Iterable[int]) -> tuple[int, ...]:
    counted = Counter(hours)
    return tuple(counted[hour] for hour in range(24))


def _most(units: Iterable[str | None]) -> tuple[tuple[str | None, int], ...]:
    return tuple(sorted(Counter(units).items(), key=lambda pair: (-pair[1], pair[0] or "")))


def usual_lengths(answers: Answers) -> dict[tuple[str, str], tuple[int, float]]:
    """Return of each unit of each level how many stays have a recorded end, and what nine in ten stay within (s)."""
    if not answers.is_derived:
        return {}
    found = answers.rows(
        """
        SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, count(*) AS n,
               quantile_cont((end_us - start_us) / 1e6, 0.9) AS p90_s
        FROM {fact_stay} WHERE end_kind = 'recorded' GROUP BY ALL
        """
    )
    return {(r["level"], r["unit"]): (r["n"], r["p90_s"]) for r in found}


def by_unit(answers: Answers, day: int) -> dict[tuple[str, str], Row]:
    """Return of each unit of each level who is in, and how many came and left on a local day."""
    if not answers.is_derived or answers.as_of_us is None:
        return {}
    found = answers.rows(
        """
        SELECT level::VARCHAR AS level, unit::VARCHAR AS unit,
               count(*) FILTER (end_kind = 'open' AND NOT concurrent AND start_us > $open_since) AS here,
               count(*) FILTER (start_day = $day) AS arrived, count(*) FILTER (end_day = $day) AS left,
               bool_or(end_kind IN ('recorded', 'open')) AS ends_known
        FROM {fact_stay} WHERE calendar AND start_us <= $until GROUP BY ALL
        """,
        day=day,
        until=answers.as_of_us,
        open_since=answers.as_of_us - OPEN_DAYS * DAY_US,
    )
    return {(r["level"], r["unit"]): r for r in found}


def handoffs_lately(answers: Answers, unit: str, *, level: str, last_day: int, days: int = 7) -> list[Row]:
    """Return the hand-offs in and out of the last local days by pair: how many, and the longest wait (s) of those known.

    `longest_s` is empty where the feed does not record departures or none of them is known.
    """
    if not answers.manifest.of("fact_handoff"):
        return []
    return answers.rows(
        """
        SELECT h.from_unit::VARCHAR AS from_unit, h.to_unit::VARCHAR AS to_unit, count(*) AS count,
               count(t) AS timed, max(t)::BIGINT AS longest_s, quantile_cont(t, 0.5) AS median_s,
               bool_or(recorded) AS departures_recorded
        FROM (
            SELECT h.from_unit, h.to_unit, s.departures_recorded AS recorded,
                   CASE WHEN s.departures_recorded THEN h.transit_s END AS t
            FROM {fact_handoff} h JOIN {feed_state} s ON s.feed = h.feed
            WHERE h.level = $level AND (h.from_unit::VARCHAR = $unit OR h.to_unit::VARCHAR = $unit)
              AND h.calendar AND h.arrived_day > $since AND h.arrived_day <= $last_day
        ) h
        GROUP BY ALL ORDER BY longest_s DESC NULLS LAST, count DESC, from_unit, to_unit
        """,
        level=level,
        unit=unit,
        since=last_day - days,
        last_day=last_day,
    )
