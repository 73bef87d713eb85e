"""Pairs of units over time: every pair at once, one pair before and after a day, and the patients behind a period.

A wait counts only where its feed records departures; everything else is a hand-off of unknown wait. Medians are made
from the hand-offs themselves, never from medians.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from knitwork.journeys.pairs import MONTH, WEEK

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

_START = {"day": "arrived_day", "week": WEEK, "month": MONTH}
# A wait of more than this is counted as over an hour.
HOUR_S = 3600

# The hand-offs of a level with the wait that may be told of each. One row a feed in feed_state: nothing multiplies.
_TOLD = """
    SELECT h.*, CASE WHEN s.departures_recorded THEN h.transit_s END AS t
    FROM {fact_handoff} h JOIN {feed_state} s ON s.feed = h.feed
    WHERE h.level = $level
"""
_ONE_PAIR = _TOLD + " AND h.from_unit = $from_unit AND h.to_unit = $to_unit"
_NUMBERS = f"""
    count(*) AS count, count(t) AS timed, count(*) FILTER (t > {HOUR_S}) AS over_hour,
    quantile_cont(t, 0.5) AS median_s, quantile_cont(t, 0.9) AS p90_s, sum(t)::BIGINT AS lost_s
"""
NOBODY: Row = {"count": 0, "timed": 0, "over_hour": 0, "median_s": None, "p90_s": None, "lost_s": None}


def _are_there(answers: Answers) -> bool:
    return bool(answers.manifest.of("fact_handoff"))


def pairs_over_time(answers: Answers, level: str, period: str) -> dict[tuple[str, str], dict[int, Row]]:
    """Return every pair of a level with its periods by their first day: how many, how many timed, the median wait.

    Months are read as the merge left them; weeks and days are made here, in one pass over the hand-offs.
    """
    if not _are_there(answers):
        return {}
    if period == "month":
        sql = """
            SELECT from_unit, to_unit, start_day, count, timed, median_s
            FROM {cell_pair} WHERE level = $level AND period = 'month' AND calendar
        """
    else:
        sql = f"""
            SELECT from_unit::VARCHAR AS from_unit, to_unit::VARCHAR AS to_unit, {_START[period]} AS start_day,
                   count(*) AS count, count(t) AS timed, quantile_cont(t, 0.5) AS median_s
            FROM ({_TOLD} AND h.calendar) GROUP BY ALL
        """
    found: dict[tuple[str, str], dict[int, Row]] = {}
    for row in answers.rows(sql, level=level):
        found.setdefault((row["from_unit"], row["to_unit"]), {})[row["start_day"]] = row
    return found


def pair_over_time(answers: Answers, level: str, from_unit: str, to_unit: str, period: str) -> list[Row]:
    """Return one pair's periods up to the watermark, those without a hand-off too, each with its numbers."""
    if not _are_there(answers):
        return []
    rows = answers.rows(
        f"SELECT {_START[period]} AS start_day, {_NUMBERS} FROM ({_ONE_PAIR} AND h.calendar) GROUP BY ALL",
        level=level,
        from_unit=from_unit,
        to_unit=to_unit,
    )
    by_start = {row["start_day"]: row for row in rows}
    return [{**NOBODY, **by_start.get(p["start_day"], {}), **p} for p in answers.periods(period)]


def pair_either_side(answers: Answers, level: str, from_unit: str, to_unit: str, day: int) -> tuple[Row, Row]:
    """Return one pair's numbers before a local day, and from that day on."""
    if not _are_there(answers):
        return dict(NOBODY), dict(NOBODY)
    rows = answers.rows(
        f"""
        SELECT arrived_day >= $day AS after, {_NUMBERS} FROM ({_ONE_PAIR} AND h.calendar) GROUP BY ALL
        """,
        level=level,
        from_unit=from_unit,
        to_unit=to_unit,
        day=day,
    )
    sides = {bool(row.pop("after")): row for row in rows}
    return sides.get(False, dict(NOBODY)), sides.get(True, dict(NOBODY))


def pair_behind(
    answers: Answers, level: str, from_unit: str, to_unit: str, first_day: int, end_day: int, limit: int = 200
) -> list[Row]:
    """Return the hand-offs of a pair that arrived from `first_day` to before `end_day`: the longest waits first.

    Those whose wait is not known stand last. Reads single patients: ask it only for somebody who may see them.
    """
    if not _are_there(answers):
        return []
    return answers.rows(
        f"""
        SELECT patient::VARCHAR AS patient, visit, left_us, arrived_us, t AS wait_s, overlap_s
        FROM ({_ONE_PAIR} AND h.calendar) WHERE arrived_day >= $first_day AND arrived_day < $end_day
        ORDER BY t DESC NULLS LAST, arrived_us, patient, visit LIMIT {int(limit)}
        """,
        level=level,
        from_unit=from_unit,
        to_unit=to_unit,
        first_day=first_day,
        end_day=end_day,
    )


def usual_places(answers: Answers, level: str) -> dict[str, float]:
    """Return where in a visit each unit usually stands: 0 is always first, 1 always last; a visit of one unit tells nothing."""
    if not answers.manifest.of("fact_stay"):
        return {}
    rows = answers.rows(
        """
        SELECT unit::VARCHAR AS unit, avg(CASE WHEN first THEN 0 WHEN last THEN 1 ELSE 0.5 END) AS place
        FROM {fact_stay} WHERE level = $level AND NOT concurrent AND NOT (first AND last) GROUP BY unit
        """,
        level=level,
    )
    return {row["unit"]: float(row["place"]) for row in rows}
