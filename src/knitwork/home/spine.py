"""Looking at the spine itself: stays, journeys, variants, who is here now, a unit's plain numbers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

YEAR_DAYS = 365
# An end missing for longer than this is not believed to mean that the patient is still there.
OPEN_DAYS = 365
DAY_US = 86_400_000_000


def us(moment: dt.datetime | None) -> int | None:
    """Return a moment as microseconds since 1970 in UTC."""
    return None if moment is None else round(moment.timestamp() * 1_000_000)


def members(answers: Answers, unit: str | None) -> list[str] | None:
    """Return the microsystems that belong to a unit at any date, itself included; None for all."""
    if unit is None:
        return None
    return sorted({a.unit for a in answers.registry.ancestry() if a.ancestor == unit} | {unit})


def stays(
    answers: Answers,
    *,
    unit: str | None = None,
    patient: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Return stays as they came, folded: one row a stay, by patient and start; `unit` includes its members."""
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.table(
        f"""
        SELECT patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, end_us, end_kind, visit, journey,
               precision, zone, zone_assumed, flags, feed, delivery, row
        FROM {{stay}}
        WHERE ($units IS NULL OR list_contains($units, unit::VARCHAR))
          AND ($patient IS NULL OR patient::VARCHAR = $patient)
          AND ($since IS NULL OR start_us >= $since) AND ($until IS NULL OR start_us < $until)
        ORDER BY patient, start_us, unit {top}
        """,
        units=members(answers, unit),
        patient=answers.person_of(patient) if patient else None,
        since=us(since),
        until=us(until),
    )


def unit_stays(
    answers: Answers,
    *,
    level: str,
    unit: str | None = None,
    patient: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Return unbroken times in units of one level: neighbours merged, later starts clipping earlier ends."""
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.table(
        f"""
        SELECT patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, end_us, end_kind, visit, journey
        FROM {{fact_stay}}
        WHERE level = $level AND ($unit IS NULL OR unit::VARCHAR = $unit) AND ($patient IS NULL OR patient::VARCHAR = $patient)
          AND ($since IS NULL OR start_us >= $since) AND ($until IS NULL OR start_us < $until)
        ORDER BY patient, start_us, unit {top}
        """,
        level=level,
        unit=unit,
        patient=answers.person_of(patient) if patient else None,
        since=us(since),
        until=us(until),
    )


def journeys(
    answers: Answers,
    *,
    unit: str | None = None,
    patient: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Return journeys by patient and start; with `unit`, those that touched it at its level."""
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    touched = (
        "SEMI JOIN (SELECT journey FROM {fact_journey} WHERE unit::VARCHAR = $unit AND level = $level) f ON f.journey = j.journey"
        if unit
        else ""
    )
    params: dict[str, Any] = {"unit": unit, "level": answers.registry.level_of(unit)} if unit else {}
    return answers.table(
        f"""
        SELECT j.patient::VARCHAR AS patient, j.journey, j.start_us, j.end_us, j.visits, j.units, j.handoffs, j.variant
        FROM {{journey}} j {touched}
        WHERE ($patient IS NULL OR j.patient::VARCHAR = $patient)
          AND ($since IS NULL OR j.start_us >= $since) AND ($until IS NULL OR j.start_us < $until)
        ORDER BY j.patient, j.start_us {top}
        """,
        patient=answers.person_of(patient) if patient else None,
        since=us(since),
        until=us(until),
        **params,
    )


def handoffs_each(
    answers: Answers,
    *,
    level: str = "micro",
    unit: str | None = None,
    patient: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Return every hand-off of a level with when the patient left and arrived; unknown stays empty."""
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.table(
        f"""
        SELECT h.level::VARCHAR AS level, 'patient' AS kind, h.from_unit::VARCHAR AS from_unit, h.to_unit::VARCHAR AS to_unit,
               h.patient::VARCHAR AS patient, h.visit, h.left_us, h.arrived_us,
               CASE WHEN s.departures_recorded THEN h.transit_s END AS transit_s, h.overlap_s
        FROM {{fact_handoff}} h JOIN {{feed_state}} s ON s.feed = h.feed
        WHERE h.level = $level AND ($unit IS NULL OR h.from_unit::VARCHAR = $unit OR h.to_unit::VARCHAR = $unit)
          AND ($patient IS NULL OR h.patient::VARCHAR = $patient)
          AND ($since IS NULL OR h.arrived_us >= $since) AND ($until IS NULL OR h.arrived_us < $until)
        ORDER BY patient, arrived_us, from_unit {top}
        """,
        level=level,
        unit=unit,
        patient=answers.person_of(patient) if patient else None,
        since=us(since),
        until=us(until),
    )


def pairs_between(
    answers: Answers,
    *,
    level: str,
    unit: str | None = None,
    patient: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> list[Row]:
    """Return the hand-off graph of some patients or some time, made from the hand-offs themselves."""
    return answers.rows(
        """
        SELECT from_unit, to_unit, count(*) AS count, count(t) AS timed, avg(t) AS mean_transit_s,
               quantile_cont(t, 0.5) AS median_transit_s, quantile_cont(t, 0.9) AS p90_transit_s, sum(t)::BIGINT AS lost_s
        FROM (
            SELECT h.from_unit::VARCHAR AS from_unit, h.to_unit::VARCHAR AS to_unit,
                   CASE WHEN s.departures_recorded THEN h.transit_s END AS t
            FROM {fact_handoff} h JOIN {feed_state} s ON s.feed = h.feed
            WHERE h.level = $level AND ($unit IS NULL OR h.from_unit::VARCHAR = $unit OR h.to_unit::VARCHAR = $unit)
              AND ($patient IS NULL OR h.patient::VARCHAR = $patient)
              AND ($since IS NULL OR h.arrived_us >= $since) AND ($until IS NULL OR h.arrived_us < $until)
        )
        GROUP BY from_unit, to_unit ORDER BY coalesce(lost_s, 0) DESC, count DESC, from_unit, to_unit
        """,
        level=level,
        unit=unit,
        patient=answers.person_of(patient) if patient else None,
        since=us(since),
        until=us(until),
    )


def variants(answers: Answers, *, unit: str | None = None, level: str | None = None, limit: int = 20) -> list[Row]:
    """Return the ways that journeys took, the most travelled first, with how many and how long."""
    if not answers.manifest.of("journey"):
        return []
    touched = (
        "SEMI JOIN (SELECT journey FROM {fact_journey} WHERE unit::VARCHAR = $unit AND level = $level) f ON f.journey = j.journey"
        if unit
        else ""
    )
    params: dict[str, Any] = {"unit": unit, "level": level or answers.registry.level_of(unit)} if unit else {}
    return answers.rows(
        f"""
        SELECT variant, count(*) AS journeys, any_value(units) AS units, any_value(handoffs) AS handoffs,
               quantile_cont(CASE WHEN closed THEN (end_us - start_us) / 3600e6 END, 0.5) AS median_h,
               count(*) / sum(count(*)) OVER () AS share
        FROM {{journey}} j {touched}
        WHERE variant <> ''
        GROUP BY variant ORDER BY journeys DESC, variant LIMIT {int(limit)}
        """,
        **params,
    )


def here(answers: Answers, unit: str, *, level: str, limit: int | None = None) -> list[Row]:
    """Return who is in a unit as of the watermark: open stays that began within a year of it."""
    if answers.as_of_us is None or not answers.is_derived:
        return []
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.rows(
        f"""
        SELECT patient::VARCHAR AS patient, visit, start_us
        FROM {{fact_stay}}
        WHERE level = $level AND unit::VARCHAR = $unit AND end_kind = 'open' AND calendar AND NOT concurrent
          AND start_us > $since AND start_us <= $as_of
        ORDER BY start_us {top}
        """,
        level=level,
        unit=unit,
        since=answers.as_of_us - OPEN_DAYS * DAY_US,
        as_of=answers.as_of_us,
    )


# The plain numbers at the head of a unit's page.
MOMENTS = ("here_now", "arrived_today", "patients_12m", "stays_12m", "journeys_12m")
PLAIN_NUMBERS = (*MOMENTS, "patients_all", "stays_all", "journeys_all")


def unit_numbers(answers: Answers, unit: str, level: str) -> dict[str, int | None]:
    """Return the plain numbers at the head of a unit's page; None where the data cannot say."""
    found = _numbers(answers, unit=unit, level=level)
    return found.get((level, unit)) or _none(answers)


def numbers_of_units(answers: Answers) -> dict[tuple[str, str], dict[str, int | None]]:
    """Return the plain numbers of every unit of every level that has any stay, by (level, code), in two questions."""
    return _numbers(answers, unit=None, level=None)


def _none(answers: Answers) -> dict[str, int | None]:
    """Return the numbers of a unit without stays: nought, or not known where nothing can be."""
    numbers: dict[str, int | None] = dict.fromkeys(PLAIN_NUMBERS)
    if answers.is_derived:
        numbers.update(dict.fromkeys(PLAIN_NUMBERS, 0))
        numbers["here_now"] = None
        if answers.calendar == "shifted":
            numbers.update(dict.fromkeys(MOMENTS))
    return numbers


def _numbers(answers: Answers, *, unit: str | None, level: str | None) -> dict[tuple[str, str], dict[str, int | None]]:
    if not answers.is_derived:
        return {}
    day, since = answers.as_of_day, answers.as_of_day - YEAR_DAYS
    one = "WHERE level = $level AND unit::VARCHAR = $unit" if unit is not None else ""
    where: dict[str, Any] = {"level": level, "unit": unit} if unit is not None else {}
    stays = answers.rows(
        f"""
        SELECT level::VARCHAR AS level, unit::VARCHAR AS unit,
               count(*) AS stays_all, count(DISTINCT patient) AS patients_all,
               count(*) FILTER (calendar AND start_day = $day) AS arrived_today,
               count(*) FILTER (calendar AND start_day > $since AND start_day <= $day) AS stays_12m,
               count(DISTINCT patient) FILTER (calendar AND start_day > $since AND start_day <= $day) AS patients_12m,
               -- where no end was ever recorded nobody knows who is still there
               CASE WHEN bool_or(end_kind IN ('recorded', 'open')) THEN
                   count(*) FILTER (
                       calendar AND end_kind = 'open' AND NOT concurrent AND start_us > $open_since AND start_us <= $now)
               END AS here_now
        FROM {{fact_stay}} {one} GROUP BY ALL
        """,
        day=day,
        since=since,
        now=answers.as_of_us,
        open_since=(answers.as_of_us or 0) - OPEN_DAYS * DAY_US,
        **where,
    )
    journeys = answers.rows(
        f"""
        SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, count(*) AS journeys_all,
               count(*) FILTER (calendar AND end_day > $since AND end_day <= $day) AS journeys_12m
        FROM {{fact_journey}} {one} GROUP BY ALL
        """,
        day=day,
        since=since,
        **where,
    )
    # Who was only ever in a laboratory has a stay there and no journey through it, and the other way about.
    found: dict[tuple[str, str], dict[str, int | None]] = {}
    for row in (*stays, *journeys):
        place = (row.pop("level"), row.pop("unit"))
        found.setdefault(place, _none(answers)).update(row)
    if answers.calendar == "shifted":
        for numbers in found.values():
            numbers.update(dict.fromkeys(MOMENTS))
    return found


def feeds_by_unit(answers: Answers) -> dict[tuple[str, str], list[str]]:
    """Return which feeds the stays of each unit of each level come from."""
    if not answers.is_derived:
        return {}
    found = answers.rows(
        """
        SELECT level::VARCHAR AS level, unit::VARCHAR AS unit, list(DISTINCT feed::VARCHAR) AS feeds
        FROM {fact_stay} GROUP BY level, unit
        """
    )
    return {(r["level"], r["unit"]): sorted(r["feeds"]) for r in found}
