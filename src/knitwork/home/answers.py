"""Answers to the questions that screens and commands ask, all from one generation of the lake.

An `Answers` holds its generation: every number on one page is of the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa

from knitwork.home import (
    beginning,
    chains,
    feeds,
    lateness,
    levels,
    linking,
    links,
    measured,
    paths,
    patients,
    places,
    restated,
    rhythm,
    spine,
    telling,
    today,
    withdrawn,
)
from knitwork.home.calendar import date_of, day_number, period_end, period_start
from knitwork.home.feeds import FeedState
from knitwork.home.place import Place
from knitwork.home.quality import cadence, days, found, twice
from knitwork.home.quality.found import FeedQuality
from knitwork.home.quality.rules import BY_ID as RULES_BY_ID
from knitwork.journeys.pairs import MONTH, WEEK
from knitwork.lake.manifest import Manifest
from knitwork.model.units import Registry

Row = dict[str, Any]
PERIODS = ("day", "week", "month")
# A locked baseline is the first points of all, so a chart wants the whole series: a window that slides
# would move the limits every day. Beyond these (eleven years of days) a series begins later.
MOST = {"day": 4_000, "week": 2_000, "month": 1_200}
_START = {"day": "arrived_day", "week": WEEK, "month": MONTH}


class Answers:
    """One generation of one home, ready to be asked."""

    def __init__(self, place: Place, manifest: Manifest | None = None) -> None:
        self.place = place
        self.manifest = manifest or place.lake.manifest()

    # What this generation is

    @property
    def generation(self) -> int:
        return self.manifest.generation

    @property
    def made_at(self) -> str:
        return self.manifest.made_at

    @property
    def as_of_us(self) -> int | None:
        """The watermark: the latest moment the data speaks of."""
        return self.manifest.watermark_us

    @property
    def known_by(self) -> str:
        """The moment (ISO 8601) of which the numbers are, by a refresh --as-of; empty where all that came counts."""
        return self.manifest.basis.get("as_of", "")

    @property
    def is_derived(self) -> bool:
        """Say whether a refresh has ever finished."""
        return bool(self.manifest.of("cell"))

    @cached_property
    def registry(self) -> Registry:
        return Registry.from_json(self.manifest.registry) if self.manifest.registry else Registry()

    @property
    def calendar(self) -> str:
        """`shifted` when no feed has real dates, `real` when all have, else `mixed`."""
        kinds = {str(f["calendar"]) for f in self.manifest.feeds.values()}
        return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "real"

    @cached_property
    def as_of_day(self) -> int:
        """The local day of the watermark."""
        from knitwork.home.refresh import local_day

        return local_day(self.as_of_us or 0, self.place.settings.tz)

    def rows(self, sql: str, **params: Any) -> list[Row]:
        return self.place.lake.rows(self.manifest, sql, params)

    def table(self, sql: str, **params: Any) -> pa.Table:
        return self.place.lake.ask(self.manifest, sql, params)

    def one(self, sql: str, **params: Any) -> Row:
        return self.rows(sql, **params)[0]

    # Feeds and deliveries

    without_effect = feeds.without_effect

    def deliveries(self, feed: str | None = None) -> list[Row]:
        """List what came, newest first."""
        found = [dict(v) for v in self.manifest.landed.values() if feed is None or v["feed"] == feed]
        return sorted(found, key=lambda d: (d["received_at"], d["name"], d["delivery"]), reverse=True)

    def feeds(self) -> list[FeedState]:
        """Say of each feed what came, how old it is and what it does not record."""
        return self._feeds

    @cached_property
    def _feeds(self) -> list[FeedState]:
        return feeds.feeds(self)

    def rejects(self, feed: str | None = None, limit: int | None = 500) -> list[Row]:
        return feeds.rejects(self, feed, limit)

    def reject_counts(self) -> list[Row]:
        return feeds.reject_counts(self)

    # Hand-offs

    def pairs(
        self, level: str = "micro", unit: str | None = None, months: int | None = None, limit: int | None = None
    ) -> list[Row]:
        """Rank ordered pairs of units by the hours patients lost between them, then by count.

        With `months` (3 is what is kept) only the recent 91 days count.
        """
        if not self.manifest.of("cell_pair"):
            return []
        recent = months is not None and self.calendar != "shifted"
        top = f"LIMIT {int(limit)}" if limit is not None else ""
        return self.rows(
            f"""
            SELECT from_unit, to_unit, sum(count)::BIGINT AS count, sum(timed)::BIGINT AS timed,
                   CASE WHEN sum(timed) > 0 THEN sum(sum_s) / sum(timed) END AS mean_transit_s,
                   -- one row a pair and calendar; pairs fed by both kinds show the larger group's median
                   arg_max(median_s, timed) AS median_transit_s, arg_max(p90_s, timed) AS p90_transit_s,
                   sum(sum_s)::BIGINT AS lost_s, bool_or(departures_recorded) AS departures_recorded
            FROM {{cell_pair}}
            WHERE level = $level AND period = $period
              AND ($unit IS NULL OR from_unit = $unit OR to_unit = $unit)
            GROUP BY from_unit, to_unit
            ORDER BY coalesce(lost_s, 0) DESC, count DESC, from_unit, to_unit {top}
            """,
            level=level,
            period="recent" if recent else "all",
            unit=unit,
        )

    def pairs_among(self, units: Sequence[str], months: int | None = None) -> list[Row]:
        """Rank the pairs of microsystems whose both sides are among these units, as `pairs` does."""
        wanted = set(units)
        return [p for p in self.pairs("micro", months=months) if p["from_unit"] in wanted and p["to_unit"] in wanted]

    def pair_series(self, level: str, from_unit: str, to_unit: str, period: str = "month") -> list[Row]:
        """Return one pair over time: counts, how many timed, mean, exact median and p90 in seconds."""
        if not self.manifest.of("fact_handoff"):
            return []
        found = self.rows(
            f"""
            SELECT {_START[period]} AS start_day, count(*) AS count, count(t) AS timed, avg(t) AS mean_s,
                   quantile_cont(t, 0.5) AS median_s, quantile_cont(t, 0.9) AS p90_s
            FROM (
                SELECT h.*, CASE WHEN s.departures_recorded THEN transit_s END AS t
                FROM {{fact_handoff}} h JOIN {{feed_state}} s ON s.feed = h.feed
                WHERE h.level = $level AND h.from_unit = $from_unit AND h.to_unit = $to_unit AND h.calendar
            )
            GROUP BY ALL ORDER BY start_day
            """,
            level=level,
            from_unit=from_unit,
            to_unit=to_unit,
        )
        by_start = {r["start_day"]: r for r in found}
        empty: Row = {"count": 0, "timed": 0, "mean_s": None, "median_s": None, "p90_s": None}
        return [{**empty, **by_start.get(p["start_day"], {}), **p} for p in self.periods(period)]

    # Periods

    @cached_property
    def beginnings(self) -> dict[str, beginning.Beginning]:
        """When each feed of real dates begins, and how many of its stays start before."""
        if not self.manifest.of("fact_stay"):
            return {}
        rows = self.rows(beginning.STARTS.format(stays="{fact_stay}"))
        return beginning.beginnings((r["feed"], r["start_day"], r["n"]) for r in rows)

    @cached_property
    def first_day(self) -> int | None:
        """The local day on which the records begin: no period from before it is told."""
        return beginning.first_day(self.beginnings) if self.is_derived else None

    def periods(self, period: str, limit: int | None = None, censor_days: int = 0) -> list[Row]:
        """Return the periods up to the watermark, whether or not anything happened in them.

        `complete` is false for a period that the data does not cover to its end, or whose
        outcome can still come within `censor_days`. A first period that data only covers
        in part is left out.
        """
        if self.first_day is None or self.calendar == "shifted":
            return []
        first, last = date_of(self.first_day), date_of(self.as_of_day)
        start = period_start(first, period)
        if start < first and period_end(start, period) <= last:
            start = period_end(start, period)
        found: list[Row] = []
        while start <= last:
            end = period_end(start, period)
            # The watermark's own day is not over.
            complete = day_number(end) + censor_days <= self.as_of_day
            found.append({"start_day": day_number(start), "label": start.isoformat(), "complete": complete})
            start = end
        wanted = MOST[period] if limit is None else limit
        complete_ones = [p for p in found if p["complete"]]
        tail = [p for p in found if not p["complete"]][:1]
        return (complete_ones + tail)[-wanted - len(tail) :]

    # What was measured; see `measured` and `spine` for what each answer holds

    def cells(
        self, measure: str, level: str = "micro", period: str = "month", unit: str | None = None, by: str | None = None
    ) -> list[Row]:
        return measured.cells(self, measure, level=level, period=period, unit=unit, by=by)

    def series(
        self, measures: Sequence[str], unit: str, level: str, period: str, limit: int | None = None
    ) -> dict[str, list[Row]]:
        return measured.series(self, measures, unit, level, period, limit=limit)

    def restated(self, measure: str, unit: str, level: str, period: str) -> dict[int, Row]:
        """Return the periods of a measure that were told otherwise once, by their first day."""
        return restated.of(self, measure, level=level, unit=unit, period=period)

    def computable(self) -> dict[str, tuple[bool, str, str]]:
        return self._computable

    @cached_property
    def _computable(self) -> dict[str, tuple[bool, str, str]]:
        return measured.computable(self)

    def people(self, measure: str, level: str, unit: str, period: str) -> dict[int, int]:
        return measured.people(self, measure, level=level, unit=unit, period=period)

    def behind(self, measure: str, level: str, unit: str, period: str, start_day: int, limit: int = 200) -> list[Row]:
        return measured.behind(self, measure, level=level, unit=unit, period=period, start_day=start_day, limit=limit)

    def series_of_units(self, measure: str, units: Sequence[tuple[str, str]], period: str) -> dict[str, list[Row]]:
        return levels.series_of_units(self, measure, units, period)

    def series_of_all(
        self, measures: Sequence[str], units: Sequence[tuple[str, str]], period: str
    ) -> dict[str, dict[str, list[Row]]]:
        return levels.series_of_all(self, measures, units, period)

    def people_of_units(self, measure: str, units: Sequence[tuple[str, str]], period: str) -> dict[str, dict[int, int]]:
        return levels.people_of_units(self, measure, units, period)

    def completeness(self, measure: str, level: str, unit: str, period: str) -> levels.Completeness:
        return levels.completeness(self, measure, level=level, unit=unit, period=period)

    def unit_numbers(self, unit: str, level: str) -> dict[str, int | None]:
        return spine.unit_numbers(self, unit, level)

    def numbers_of_units(self) -> dict[tuple[str, str], dict[str, int | None]]:
        return spine.numbers_of_units(self)

    def feeds_by_unit(self) -> dict[tuple[str, str], list[str]]:
        return spine.feeds_by_unit(self)

    def variants(self, unit: str | None = None, level: str | None = None, limit: int = 20) -> list[Row]:
        return spine.variants(self, unit=unit, level=level, limit=limit)

    def here(self, unit: str, level: str, limit: int | None = None) -> list[Row]:
        return spine.here(self, unit, level=level, limit=limit)

    told_by = telling.told_by
    withdrawn_counts = withdrawn.counted
    withdrawn_stays = withdrawn.withdrawn

    def brought(self) -> list[lateness.Brought]:
        return lateness.brought(self)

    def told_codes(self) -> list[places.Told]:
        return places.told_codes(self.place, self.manifest, self.registry)

    # How good the feeds are; see `quality`
    def quality(self) -> dict[str, FeedQuality]:
        return found.quality(self)

    def heartbeats(self) -> list[cadence.Heartbeat]:
        return cadence.heartbeats(self)

    told_twice = twice.told_twice

    def breaking(self, feed: str, rule: str, limit: int = 50) -> list[Row]:
        return days.examples(self, feed, RULES_BY_ID[rule], limit)

    # Which numbers are one person

    def person_of(self, number: str) -> str:
        return linking.person_of(self, number)

    def links(self, person: str | None = None) -> list[Row]:
        return linking.links(self, person)

    def link_state(self) -> linking.LinkState:
        return linking.link_state(self)

    # Pairs of units over time; see `links` for what each answer holds

    def pairs_over_time(self, level: str, period: str) -> dict[tuple[str, str], dict[int, Row]]:
        return links.pairs_over_time(self, level, period)

    def pair_over_time(self, level: str, from_unit: str, to_unit: str, period: str) -> list[Row]:
        return links.pair_over_time(self, level, from_unit, to_unit, period)

    def pair_either_side(self, level: str, from_unit: str, to_unit: str, day: int) -> tuple[Row, Row]:
        return links.pair_either_side(self, level, from_unit, to_unit, day)

    def pair_behind(
        self, level: str, from_unit: str, to_unit: str, first_day: int, end_day: int, limit: int = 200
    ) -> list[Row]:
        return links.pair_behind(self, level, from_unit, to_unit, first_day, end_day, limit)

    def usual_places(self, level: str) -> dict[str, float]:
        return links.usual_places(self, level)

    def lately(self, unit: str, level: str, *, until_us: int, last_day: int) -> list[today.Seen]:
        return today.seen(self, unit, level=level, until_us=until_us, last_day=last_day)

    def usual_lengths(self) -> dict[tuple[str, str], tuple[int, float]]:
        return today.usual_lengths(self)

    def by_unit(self, day: int) -> dict[tuple[str, str], Row]:
        return today.by_unit(self, day)

    def handoffs_lately(self, unit: str, level: str, *, last_day: int, days: int = 7) -> list[Row]:
        return today.handoffs_lately(self, unit, level=level, last_day=last_day, days=days)

    def rhythm(self, unit: str, level: str, *, last_day: int, beds: bool) -> rhythm.Rhythm | None:
        return rhythm.rhythm(self, unit, level=level, last_day=last_day, beds=beds)

    def chains(self, unit: str, level: str) -> list[Row]:
        return chains.chains(self, unit, level=level)

    def served(self, unit: str, level: str) -> list[Row]:
        return chains.served(self, unit, level=level)

    def find_patients(self, text: str) -> tuple[list[Row], int]:
        return patients.find_patients(self, text)

    def patient_stays(self, patient: str) -> list[Row]:
        return patients.patient_stays(self, patient)

    def journey_numbers(self, chosen: paths.Chosen) -> tuple[Row, list[Row]]:
        return paths.journey_numbers(self, chosen)

    def journey_returns(self, chosen: paths.Chosen) -> Row:
        return paths.journey_returns(self, chosen)

    def journey_ways(
        self, chosen: paths.Chosen, sort: paths.Sort = "common", limit: int | None = 50, least: int = 0
    ) -> tuple[list[Row], Row]:
        return paths.journey_ways(self, chosen, sort=sort, limit=limit, least=least)

    def journey_streams(self, chosen: paths.Chosen) -> tuple[list[Row], list[Row]]:
        return paths.journey_streams(self, chosen)

    def journey_interval(self, chosen: paths.Chosen) -> tuple[Row, list[Row]]:
        return paths.journey_interval(self, chosen)

    def journey_patients(self, chosen: paths.Chosen, limit: int = 200) -> tuple[list[Row], int]:
        return paths.journey_patients(self, chosen, limit=limit)
