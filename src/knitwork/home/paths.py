"""The ways that chosen journeys took: how many, how long, where their time went, and which units followed which.

A journey's time is cut at each arrival: from arriving in a unit to leaving it is time there, from leaving to the next
arrival is time between units (within a visit) or between visits. Where nobody wrote the departure down the whole
stretch is not known, and never counted as either. The parts always add up to the time from first arrival to last end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from knitwork.model.units import INTENSIVE_KINDS

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

Outcome = Literal["", "open", "ended", "unsure", "returned", "long", "intensive"]
OUTCOMES: tuple[Outcome, ...] = ("open", "ended", "unsure", "returned", "long", "intensive")
Sort = Literal["common", "rare", "slow"]
SORTS: tuple[Sort, ...] = ("common", "rare", "slow")
RETURN_DAYS = 30
DAY_US = 86_400_000_000
# A median of fewer is one patient's story: the slowest ways are looked for among those taken at least so often.
LEAST_FOR_SLOW = 11
MOST_STREAMS = 200
WAY_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which journeys are asked for: through which units in which order, ended when, and with which outcome.

    Days are local days since 1970-01-01, `until_day` excluded; `way` is the mark of one variant (`journey_ways`).
    """

    unit: str | None = None
    through: str | None = None
    then: str | None = None
    from_day: int | None = None
    until_day: int | None = None
    outcome: Outcome = ""
    way: str = ""

    @property
    def dated(self) -> bool:
        return self.from_day is not None or self.until_day is not None


def _picked(answers: Answers, chosen: Chosen) -> tuple[str, dict[str, Any]]:
    """Return the tables `picked` (all but the outcome) and `chosen` (all), one row a journey, and their parameters."""
    level = answers.registry.level_of
    params: dict[str, Any] = {
        "unit": chosen.unit,
        "level": level(chosen.unit) if chosen.unit else "micro",
    }
    wanted = ["variant <> ''"]
    joins = []
    if chosen.through:
        params |= {"through": chosen.through, "through_level": level(chosen.through)}
        later = ""
        if chosen.then:
            params |= {"then": chosen.then, "then_level": level(chosen.then)}
            later = f"""
                JOIN (SELECT journey, max(start_us) AS last_us FROM {{fact_stay}}
                      WHERE level = $then_level AND unit = $then GROUP BY journey) b
                  ON b.journey = a.journey AND b.last_us {_after(chosen)} a.first_us"""
        joins.append(f"""
            SEMI JOIN (SELECT a.journey FROM (
                SELECT journey, min(start_us) AS first_us FROM {{fact_stay}}
                WHERE level = $through_level AND unit = $through GROUP BY journey) a {later}) t ON t.journey = j.journey""")
    if chosen.dated:
        params |= {"from_day": chosen.from_day, "until_day": chosen.until_day}
        wanted.append("closed AND calendar AND end_day >= coalesce($from_day, end_day)")
        wanted.append("end_day < coalesce($until_day, end_day + 1)")
    if chosen.way:
        params["way"] = chosen.way
        wanted.append(f"md5(variant)[:{WAY_LETTERS}] = $way")
    sql = f"""
        WITH base AS (
            SELECT j.journey, j.patient, j.start_us, j.end_us, j.closed, j.units, j.variant, d.end_day, d.calendar
            FROM {{journey}} j
            -- the same journey stands once for each unit it touched, always with the same last day
            JOIN (SELECT journey, any_value(end_day) AS end_day, bool_or(calendar) AS calendar FROM {{fact_journey}}
                  WHERE level = $level AND ($unit IS NULL OR unit = $unit) GROUP BY journey) d ON d.journey = j.journey
        ),
        picked AS (SELECT j.* FROM base j {" ".join(joins)} WHERE {" AND ".join(wanted)}),
        chosen AS (SELECT p.* FROM picked p {_with_outcome(chosen.outcome)})"""
    return sql, params


def _after(chosen: Chosen) -> str:
    return ">" if chosen.through == chosen.then else ">="


# Hospital visits of a patient with the start of the next one; one row a visit.
_HOSPITAL = """
    SELECT patient, visit, journey, end_us,
           lead(start_us) OVER (PARTITION BY patient ORDER BY start_us, visit) AS again_us
    FROM (SELECT DISTINCT patient, visit, journey, start_us, end_us FROM {fact_visit} WHERE level = 'micro' AND inpatient)"""


def _with_outcome(outcome: Outcome) -> str:
    """Return the condition of an outcome on `picked p`."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(INTENSIVE_KINDS))
    still = "SELECT journey FROM {fact_stay} WHERE level = 'micro' AND NOT concurrent AND end_kind = 'open'"
    return {
        "": "",
        "ended": "WHERE p.closed",
        "open": f"SEMI JOIN ({still}) o ON o.journey = p.journey WHERE NOT p.closed",
        "unsure": f"ANTI JOIN ({still}) o ON o.journey = p.journey WHERE NOT p.closed",
        "returned": f"""SEMI JOIN (SELECT journey FROM ({_HOSPITAL})
                        WHERE again_us - end_us BETWEEN 0 AND {RETURN_DAYS * DAY_US}) o ON o.journey = p.journey""",
        "long": """WHERE p.closed AND p.end_us - p.start_us > (
                       SELECT quantile_cont(end_us - start_us, 0.9) FROM picked WHERE closed)""",
        "intensive": f"""SEMI JOIN (SELECT journey FROM {{fact_stay}} WHERE level = 'micro' AND kind IN ({kinds})) o
                         ON o.journey = p.journey""",
    }[outcome]


# Each step of a chosen journey with the arrival that follows it; `left_us` is never later than that.
_STEPS = """,
        arrived AS (
            SELECT f.journey, f.visit, f.unit, f.start_us, f.end_us, f.end_kind, coalesce(s.departures_recorded, true) AS timed,
                   row_number() OVER w AS number, lag(f.unit) OVER w AS before_unit, lead(f.unit) OVER w AS then_unit,
                   lead(f.visit) OVER w AS then_visit, lead(f.start_us) OVER w AS then_us
            -- one row a feed in feed_state
            FROM {fact_stay} f SEMI JOIN chosen c ON c.journey = f.journey LEFT JOIN {feed_state} s ON s.feed = f.feed
            WHERE f.level = 'micro' AND NOT f.concurrent
            WINDOW w AS (PARTITION BY f.journey ORDER BY f.start_us, f.end_us NULLS LAST, f.visit, f.unit)
        ),
        steps AS (
            SELECT journey, number, unit, start_us, before_unit, then_unit, then_us, then_visit IS NOT DISTINCT FROM visit AS inside,
                   CASE WHEN end_kind = 'recorded' AND (timed OR then_visit IS DISTINCT FROM visit)
                        THEN least(end_us, coalesce(then_us, end_us)) END AS left_us
            FROM arrived
        )"""

_PARTS = """
    sum(left_us - start_us) AS there_us,
    sum(CASE WHEN inside THEN then_us - left_us END) AS between_units_us,
    sum(CASE WHEN NOT inside THEN then_us - left_us END) AS between_visits_us,
    sum(CASE WHEN left_us IS NULL THEN then_us - start_us END) AS unknown_us"""

_MONTH = "date_diff('day', DATE '1970-01-01', date_trunc('month', DATE '1970-01-01' + end_day)::DATE)::INTEGER"


def journey_numbers(answers: Answers, chosen: Chosen) -> tuple[Row, list[Row]]:
    """Return the numbers of the chosen journeys, and the same for each month in which any of them ended.

    Seconds are sums over ended journeys: `there_s`, `between_units_s`, `between_visits_s`, `unknown_s`. The median and
    the ninth tenth are of their whole lengths.
    """
    if not answers.manifest.of("fact_journey"):
        return {"journeys": 0, "patients": 0, "ended": 0}, []
    sql, params = _picked(answers, chosen)
    rows = answers.rows(
        f"""{sql} {_STEPS},
        parts AS (SELECT journey, {_PARTS} FROM steps GROUP BY journey),
        whole AS (
            SELECT c.*, there_us, between_units_us, between_visits_us, unknown_us,
                   CASE WHEN closed AND calendar THEN {_MONTH} END AS month
            FROM chosen c LEFT JOIN parts p ON p.journey = c.journey
        )
        SELECT month, grouping(month) = 1 AS in_all, count(*) AS journeys, count(DISTINCT patient) AS patients,
               count(*) FILTER (closed) AS ended, count(*) FILTER (units = 1) AS one_unit,
               count(DISTINCT patient) FILTER (closed) AS ended_patients,
               quantile_cont(end_us - start_us, 0.5) FILTER (closed) / 1e6 AS median_s,
               quantile_cont(end_us - start_us, 0.9) FILTER (closed) / 1e6 AS p90_s,
               {", ".join(f"(coalesce(sum({name}_us) FILTER (closed), 0) // 1000000)::BIGINT AS {name}_s" for name in PARTS)}
        FROM whole GROUP BY GROUPING SETS ((month), ()) ORDER BY month""",
        **params,
    )
    whole = next((row for row in rows if row["in_all"]), {"journeys": 0, "patients": 0, "ended": 0})
    return whole, [row for row in rows if not row["in_all"] and row["month"] is not None]


PARTS = ("there", "between_units", "between_visits", "unknown")


def journey_returns(answers: Answers, chosen: Chosen) -> Row:
    """Return how many chosen journeys held a hospital visit, and of how many a return can still come."""
    sql, params = _picked(answers, replace(chosen, outcome=""))
    return answers.one(
        f"""{sql}
        SELECT count(DISTINCT h.journey) AS admitted,
               count(DISTINCT h.journey) FILTER (h.again_us IS NULL AND c.calendar AND
                   coalesce(h.end_us, $as_of) > $as_of - {RETURN_DAYS * DAY_US}) AS early
        FROM chosen c JOIN ({_HOSPITAL}) h ON h.journey = c.journey""",
        as_of=answers.as_of_us or 0,
        **params,
    )


def journey_ways(
    answers: Answers, chosen: Chosen, *, sort: Sort = "common", limit: int | None = 50, least: int = 0
) -> tuple[list[Row], Row]:
    """Return the ways that chosen journeys took, and how many ways and journeys there are in all and are left out.

    Ways taken by fewer than `least` patients are left out and counted; sorted by `slow`, so are those taken by fewer
    than eleven journeys. The mark `way` asks for one way again.
    """
    if not answers.manifest.of("fact_journey"):
        return [], {"ways": 0, "shown": 0, "journeys_hidden": 0}
    order = {
        "common": "journeys DESC, variant",
        "rare": "journeys, median_s DESC NULLS LAST, variant",
        "slow": "median_s DESC NULLS LAST, variant",
    }[sort]
    fewest = LEAST_FOR_SLOW if sort == "slow" else 0
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    sql, params = _picked(answers, chosen)
    ways = f"""{sql},
        ways AS (
            SELECT md5(variant)[:{WAY_LETTERS}] AS way, variant, count(*) AS journeys, count(DISTINCT patient) AS patients,
                   quantile_cont(CASE WHEN closed THEN end_us - start_us END, 0.5) / 1e6 AS median_s
            FROM chosen GROUP BY variant
        )"""
    counts = answers.one(
        f"""{ways}
        SELECT count(*) AS ways, count(*) FILTER (patients >= $least AND journeys >= $fewest) AS shown,
               count(*) FILTER (patients < $least) AS hidden,
               coalesce(sum(journeys) FILTER (patients < $least), 0)::BIGINT AS journeys_hidden
        FROM ways""",
        least=least,
        fewest=fewest,
        **params,
    )
    rows = answers.rows(
        f"{ways} SELECT * FROM ways WHERE patients >= $least AND journeys >= $fewest ORDER BY {order} {top}",
        least=least,
        fewest=fewest,
        **params,
    )
    return rows, counts


def journey_streams(answers: Answers, chosen: Chosen) -> tuple[list[Row], list[Row]]:
    """Return the units of the chosen journeys, and the pairs of them that followed one another, most journeys first.

    A unit's `place` is the median of its first step's number, neighbouring steps in one unit counted once. A pair
    counts once for a journey, within visits and between them.
    """
    if not answers.manifest.of("fact_journey"):
        return [], []
    sql, params = _picked(answers, chosen)
    rows = answers.rows(
        f"""{sql} {_STEPS},
        turns AS (
            SELECT journey, unit, then_unit,
                   sum((before_unit IS DISTINCT FROM unit)::INTEGER) OVER (
                       PARTITION BY journey ORDER BY number ROWS UNBOUNDED PRECEDING) AS turn
            FROM steps
        ),
        firsts AS (SELECT journey, unit, min(turn) AS turn FROM turns GROUP BY journey, unit),
        owned AS (SELECT journey, any_value(patient) AS patient FROM chosen GROUP BY journey)
        SELECT unit AS from_unit, NULL AS to_unit, count(*) AS journeys, count(DISTINCT patient) AS patients,
               median(turn)::DOUBLE AS place
        FROM firsts JOIN owned USING (journey) GROUP BY unit
        UNION ALL
        (SELECT unit, then_unit, count(DISTINCT journey) AS n, count(DISTINCT patient), NULL
         FROM turns JOIN owned USING (journey) WHERE then_unit <> unit
         GROUP BY unit, then_unit ORDER BY n DESC, unit, then_unit LIMIT {MOST_STREAMS})
        ORDER BY journeys DESC, from_unit, to_unit""",
        **params,
    )
    return [r for r in rows if r["to_unit"] is None], [r for r in rows if r["to_unit"] is not None]


def journey_interval(answers: Answers, chosen: Chosen) -> tuple[Row, list[Row]]:
    """Return the time from arriving in `through` to arriving in `then`: its length, and where it was spent.

    Of a journey that passed either several times: to the first arrival in `then` after any in `through`, from the last
    arrival in `through` before that.

    Parts are one row each: `from_unit` alone for time there, with `to_unit` for time between, neither for what is not
    known. Seconds are sums over the journeys, so that the parts add up to the whole. `never` and `before` count the
    journeys through the first unit that came to the second not at all, or only earlier.
    """
    both = bool(chosen.through and chosen.then and answers.manifest.of("fact_journey"))
    if not both:
        return {"journeys": 0, "patients": 0}, []
    sql, params = _picked(answers, chosen)
    spans = f"""{sql} {_STEPS},
        -- the first arrival in `then` after any in `through`, and the last in `through` before that
        goal AS (
            SELECT a.journey, min(f.start_us) AS to_us
            FROM (SELECT f.journey, min(f.start_us) AS from_us FROM {{fact_stay}} f SEMI JOIN chosen c ON c.journey = f.journey
                  WHERE f.level = $through_level AND f.unit = $through GROUP BY f.journey) a
            JOIN {{fact_stay}} f ON f.journey = a.journey AND f.start_us {_after(chosen)} a.from_us
            WHERE f.level = $then_level AND f.unit = $then GROUP BY a.journey
        ),
        span AS (
            SELECT g.journey, max(f.start_us) AS from_us, any_value(g.to_us) AS to_us
            FROM goal g JOIN {{fact_stay}} f ON f.journey = g.journey AND g.to_us {_after(chosen)} f.start_us
            WHERE f.level = $through_level AND f.unit = $through GROUP BY g.journey
        )"""
    whole = answers.one(
        f"""{spans}
        SELECT count(*) AS journeys, count(DISTINCT patient) AS patients, quantile_cont(to_us - from_us, 0.5) / 1e6 AS median_s,
               quantile_cont(to_us - from_us, 0.9) / 1e6 AS p90_s, (sum(to_us - from_us) // 1000000)::BIGINT AS total_s
        FROM span JOIN chosen USING (journey)""",
        **params,
    )
    parts = answers.rows(
        f"""{spans},
        cut AS (
            SELECT s.journey, s.unit, s.then_unit, s.inside,
                   greatest(0, least(coalesce(left_us, start_us), to_us) - greatest(start_us, from_us)) AS there_us,
                   CASE WHEN then_us IS NOT NULL THEN greatest(0, least(then_us, to_us)
                        - greatest(coalesce(left_us, start_us), from_us)) ELSE 0 END AS apart_us,
                   left_us IS NOT NULL AS known
            FROM steps s JOIN span p ON p.journey = s.journey AND s.start_us < p.to_us
        ),
        part AS (
            SELECT journey, unit AS from_unit, NULL AS to_unit, there_us AS part_us FROM cut WHERE there_us > 0
            UNION ALL
            SELECT journey, unit, then_unit, apart_us FROM cut WHERE apart_us > 0 AND known
        ),
        told AS (SELECT journey, sum(part_us) AS told_us FROM part GROUP BY journey),
        all_parts AS (
            SELECT * FROM part
            UNION ALL
            -- whatever no step accounts for
            SELECT p.journey, NULL, NULL, (p.to_us - p.from_us) - coalesce(t.told_us, 0)
            FROM span p LEFT JOIN told t ON t.journey = p.journey WHERE (p.to_us - p.from_us) > coalesce(t.told_us, 0)
        )
        SELECT from_unit, to_unit, (sum(part_us) / 1000000)::DOUBLE AS seconds, count(DISTINCT journey) AS journeys,
               count(DISTINCT patient) AS patients
        FROM all_parts JOIN chosen USING (journey) GROUP BY from_unit, to_unit
        ORDER BY seconds DESC, from_unit, to_unit""",
        **params,
    )
    return whole | _missed(answers, chosen), parts


def _missed(answers: Answers, chosen: Chosen) -> Row:
    """Return how many journeys through the first unit never came to the second, or only before."""
    sql, params = _picked(answers, replace(chosen, then=None))
    reached = f"b.last_us {_after(chosen)} a.first_us"
    return answers.one(
        f"""{sql},
        a AS (SELECT f.journey, min(f.start_us) AS first_us FROM {{fact_stay}} f SEMI JOIN chosen c ON c.journey = f.journey
              WHERE f.level = $through_level AND f.unit = $through GROUP BY f.journey),
        b AS (SELECT journey, max(start_us) AS last_us FROM {{fact_stay}}
              WHERE level = $then_level AND unit = $then GROUP BY journey)
        SELECT count(*) FILTER (b.journey IS NULL) AS never, count(*) FILTER (b.journey IS NOT NULL AND NOT {reached}) AS before
        FROM a LEFT JOIN b ON b.journey = a.journey""",
        then=chosen.then,
        then_level=answers.registry.level_of(chosen.then or ""),
        **params,
    )


def journey_patients(answers: Answers, chosen: Chosen, *, limit: int = 200) -> tuple[list[Row], int]:
    """Return who took the chosen journeys, the latest first, and how many journeys there are in all."""
    if not answers.manifest.of("fact_journey"):
        return [], 0
    sql, params = _picked(answers, chosen)
    rows = answers.rows(
        f"""{sql}
        SELECT patient::VARCHAR AS patient, journey::VARCHAR AS journey, start_us, end_us, units, variant, calendar,
               count(*) OVER () AS found
        FROM chosen ORDER BY coalesce(end_us, 9223372036854775807) DESC, start_us DESC, journey LIMIT {int(limit)}""",
        **params,
    )
    return rows, int(rows[0]["found"]) if rows else 0
