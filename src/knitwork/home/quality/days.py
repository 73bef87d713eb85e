"""What one pass over the stays counts for each feed and local day, and over the landed rows for each delivery.

A stay is counted once, however often it was told, on the local day on which it began. Counts of days add up to weeks
and months; medians do not, so lateness keeps its values by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from knitwork.home.quality.cadence import DAY_US, microseconds
from knitwork.home.quality.local import local_day_sql
from knitwork.home.quality.rules import RULES, Rule, broken
from knitwork.model.tables import FLAGS
from knitwork.model.units import CONCURRENT_KINDS, CONTACT_KINDS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

# What is counted of stays beside the rules: each is a predicate over STAYS.
COUNTED: Mapping[str, str] = {
    "stays": "true",
    "ended": "end_kind = 'recorded'",
    "in_a_visit": "visit_given",
    "no_time": f"flags & {FLAGS['zero_length']} > 0",
    "zone_assumed": "zone_assumed",
    "dates_only": f"flags & {FLAGS['date_only']} > 0",
}
# All but one in a thousand of the recorded stays have ended after so long: what began later may still be open.
SETTLED = 0.999
LONGEST_DAYS = 60


@dataclass(frozen=True, slots=True)
class FeedDays:
    """What was counted of one feed by local day (from 1970-01-01) of the start of stays.

    `settle_days` is how long it takes until nearly every stay has ended.
    """

    feed: str
    counts: Mapping[int, Mapping[str, int]]
    settle_days: int

    def total(self, name: str) -> int:
        """Return a count over all days."""
        return sum(one[name] for one in self.counts.values())


def asked_rules(answers: Answers) -> tuple[Rule, ...]:
    """Return the rules that these records can break: those that need a death or a birth only where one is known."""
    known = {"": True, "calendar": True} | {kind: bool(answers.manifest.of("event")) for kind in ("death", "birth")}
    return tuple(rule for rule in RULES if known[rule.needs])


def stays_sql(answers: Answers) -> tuple[str, dict[str, Any]]:
    """Return the SQL of all stays with what the rules ask of them, and its parameters."""
    landed = answers.manifest.landed.values()
    params: dict[str, Any] = {
        "deliveries": [f"{one['feed']}:{one['delivery']}" for one in landed],
        "received": [microseconds(str(one["received_at"])) for one in landed],
        # what needs the calendar is not known where dates were shifted, and so not broken
        "shifted": [one["calendar"] == "shifted" for one in landed],
        "beds": beds(answers),
        "until": answers.as_of_us or 0,
    }
    born_died, joined = "NULL::BIGINT AS died_us, NULL::BIGINT AS born_us", ""
    if answers.manifest.of("event"):
        born_died = "l.died_us, l.born_us"
        joined = """LEFT JOIN (
            SELECT patient::VARCHAR AS patient, min(start_us) FILTER (type = 'death') AS died_us,
                   max(start_us) FILTER (type = 'birth') AS born_us
            FROM (SELECT patient, at_us AS start_us, type FROM {event} WHERE type IN ('death', 'birth')) GROUP BY 1
        ) l ON l.patient = s.patient"""
    sql = f"""
        SELECT s.*, o.other_until_us, {born_died},
               CASE WHEN c.shifted IS NOT TRUE THEN c.received_us END AS received_us,
               CASE WHEN c.shifted IS NOT TRUE THEN $until::BIGINT END AS until_us
        FROM (
            SELECT feed::VARCHAR AS feed, delivery, "row", patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us,
                   end_us, end_kind::VARCHAR AS end_kind, visit_given, zone_assumed, flags
            FROM {{stay}}
        ) s
        -- the few that begin in a bed while the patient is still in another: one row a stay
        LEFT JOIN (
            SELECT feed::VARCHAR AS feed, patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, other_until_us
            FROM (
                SELECT feed, patient, unit, start_us, max(CASE WHEN end_kind = 'recorded' THEN end_us END) OVER (
                    PARTITION BY hash(patient) ORDER BY start_us, end_us, unit
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS other_until_us
                FROM {{stay}} WHERE list_contains($beds, unit::VARCHAR)
            ) WHERE other_until_us > start_us
        ) o ON o.start_us = s.start_us AND o.patient = s.patient AND o.unit = s.unit AND o.feed = s.feed
        LEFT JOIN (
            SELECT unnest($deliveries) AS landed, unnest($received) AS received_us, unnest($shifted) AS shifted
        ) c ON c.landed = s.feed || ':' || s.delivery
        {joined}
    """
    return sql, params


def beds(answers: Answers) -> list[str]:
    """Return the units in whose beds a patient is: neither work beside a stay nor a contact takes place there."""
    beside = CONCURRENT_KINDS | CONTACT_KINDS | {"home", "ems"}
    return [unit.unit for unit in answers.registry.units if unit.kind not in beside]


def feed_days(answers: Answers) -> dict[str, FeedDays]:
    """Count the stays of every feed by day. One pass over the stays: keep it for a generation."""
    if not answers.manifest.of("stay"):
        return {}
    inner, params = stays_sql(answers)
    rules = asked_rules(answers)
    counted = {**COUNTED, **{rule.id: broken(rule) for rule in rules}}
    counted["impossible"] = " OR ".join(broken(rule) for rule in rules)
    rows = answers.rows(
        f"""
        SELECT feed, {_day_sql(answers)} AS day,
               {", ".join(f"count(*) FILTER ({predicate}) AS {name}" for name, predicate in counted.items())}
        FROM ({inner}) GROUP BY ALL ORDER BY feed, day
        """,
        **params,
    )
    settle = settling(answers)
    by_feed: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        by_feed[row["feed"]][row["day"]] = {name: int(row[name]) for name in counted}
    return {feed: FeedDays(feed, counts, settle.get(feed, 0)) for feed, counts in by_feed.items()}


def _day_sql(answers: Answers) -> str:
    """Return the SQL of the local day on which a stay began."""
    landed = answers.manifest.landed.values()
    firsts = [int(one["first_us"]) for one in landed if one["first_us"] is not None]
    lasts = [int(one["last_us"]) for one in landed if one["last_us"] is not None]
    span = (min(firsts, default=0), max(lasts, default=0))
    return local_day_sql("start_us", answers.place.settings.tz or "UTC", span)


def settling(answers: Answers) -> dict[str, int]:
    """Return for each feed the days until nearly all of its stays have ended."""
    rows = answers.rows(
        f"""
        SELECT feed::VARCHAR AS feed, quantile_disc(end_us - start_us, {SETTLED}) AS length_us
        FROM {{stay}} WHERE end_kind = 'recorded' GROUP BY ALL
        """
    )
    return {row["feed"]: min(LONGEST_DAYS, -(-row["length_us"] // DAY_US)) for row in rows}


def told_after(answers: Answers) -> dict[str, dict[int, tuple[int, float]]]:
    """Return for each feed and local day of start how many stays were told first then, and after how many hours.

    The hours are a median, from the start of a stay to the first delivery that told of it (for a live message, to when
    it came). What the first delivery of a feed tells is its history, and says nothing of how late the feed is.
    """
    if not answers.manifest.of("landed"):
        return {}
    firsts = first_deliveries(answers)
    landed = answers.manifest.landed.values()
    rows = answers.rows(
        f"""
        WITH came AS (SELECT unnest($deliveries) AS landed, unnest($received) AS told_us, unnest($firsts) AS first),
        told AS (
            SELECT l.feed::VARCHAR AS feed, min(c.told_us) AS told_us, arg_min(c.first, c.told_us) AS first,
                   any_value(l.start_us) AS start_us
            FROM {{landed}} l JOIN came c ON c.landed = l.feed || ':' || l.delivery
            WHERE list_contains($several, l.feed::VARCHAR) AND l.end_kind IS NOT NULL
            GROUP BY l.feed, hash(l.patient, l.unit, l.start_us)
        )
        SELECT feed, {_day_sql(answers)} AS day, count(*) AS n,
               median((told_us - start_us) / 3.6e9) AS hours
        FROM told WHERE NOT first GROUP BY ALL ORDER BY feed, day
        """,
        deliveries=[f"{one['feed']}:{one['delivery']}" for one in landed],
        received=[microseconds(str(one["received_at"])) for one in landed],
        firsts=[one["delivery"] == firsts[str(one["feed"])] for one in landed],
        several=[
            feed for feed, first in firsts.items() if any(o["feed"] == feed and o["delivery"] != first for o in landed)
        ],
    )
    found: dict[str, dict[int, tuple[int, float]]] = defaultdict(dict)
    for row in rows:
        found[row["feed"]][row["day"]] = (row["n"], row["hours"])
    return dict(found)


def first_deliveries(answers: Answers) -> dict[str, str]:
    """Return the delivery of each feed that came first."""
    first: dict[str, Row] = {}
    for one in answers.manifest.landed.values():
        feed, key = str(one["feed"]), (str(one["received_at"]), str(one["delivery"]))
        if feed not in first or key < (str(first[feed]["received_at"]), str(first[feed]["delivery"])):
            first[feed] = dict(one)
    return {feed: str(one["delivery"]) for feed, one in first.items()}


def examples(answers: Answers, feed: str, rule: Rule, limit: int = 20) -> list[Row]:
    """Return stays of a feed that break a rule, the newest first: where they stand in their delivery, and who it is."""
    inner, params = stays_sql(answers)
    return answers.rows(
        f"""
        SELECT delivery, "row", patient, unit, start_us, end_us, end_kind FROM ({inner})
        WHERE feed = $feed AND {broken(rule)} ORDER BY start_us DESC, delivery, "row" LIMIT {int(limit)}
        """,
        feed=feed,
        **params,
    )
