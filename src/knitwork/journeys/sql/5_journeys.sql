-- Visits -> journeys: visits of one patient at most the setting apart.
CREATE TEMP TABLE visits AS
WITH whole AS (
    SELECT v, any_value(patient) AS patient, min(start_us) AS start_us, max(end_key) AS end_key,
           max(last_us) AS last_us,
           -- ties are broken in full: the feed must not depend on the order of rows
           arg_max(feed, (end_key, start_us, unit)) AS feed, bool_and(precise) AS precise,
           bool_or(kind IN ($inpatient)) AS inpatient
    FROM merged GROUP BY v
),
spaced AS (
    SELECT *, start_us - max(last_us) OVER (
        PARTITION BY patient ORDER BY start_us, v ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS apart_us
    FROM whole
)
SELECT * EXCLUDE (apart_us, end_key),
       CASE WHEN end_key % 4 >= 2 THEN end_key // 4 END AS end_us,
       (1 + sum(CASE WHEN apart_us > $journey_gap_us THEN 1 ELSE 0 END) OVER (
           PARTITION BY patient ORDER BY start_us, v ROWS UNBOUNDED PRECEDING))::INTEGER AS j
FROM spaced;

CREATE TEMP TABLE visit_shape AS
SELECT v, count(DISTINCT unit)::INTEGER AS units, (count(*) - 1)::INTEGER AS handoffs,
       arg_max(last_kind, ord) AS last_kind, arg_max(last_micro, ord) AS last_micro, max(last_start_us) AS last_start_us
FROM neighbours WHERE level = 'micro' GROUP BY v;

CREATE TEMP TABLE visit_gap AS
SELECT v, CASE WHEN count(*) = count(transit_s) THEN sum(transit_s) END::BIGINT AS gap_s
FROM fact_handoff WHERE level = 'micro' GROUP BY v;

-- One row for each unit of each level that a visit touched.
CREATE TEMP TABLE fact_visit AS
WITH touched AS (
    SELECT level, v, unit, bool_or(next_unit IS NULL) AS is_last,
           max(last_micro) FILTER (next_unit IS NULL) AS last_micro, max(last_start_us) FILTER (next_unit IS NULL) AS last_start_us,
           sum((unit IS NOT DISTINCT FROM prev_unit_2)::INTEGER) AS back
    FROM neighbours GROUP BY level, v, unit
),
local AS (
    SELECT t.level, v.patient, t.v, v.j, t.unit, u.kind, v.start_us, v.end_us,
           CASE WHEN v.end_us IS NOT NULL THEN timezone(lu.tz, make_timestamptz(v.end_us)) END AS end_local,
           -- a visit that ends in a unit outside every mesosystem ended in none of them
           t.is_last AND t.last_micro = s.last_micro AND t.last_start_us = s.last_start_us AS is_last, s.last_kind, s.units, s.handoffs, t.back::INTEGER AS returns,
           -- a visit in one unit has no hand-off and so no gap: nothing is unknown there
           CASE WHEN s.handoffs = 0 THEN 0 ELSE g.gap_s END AS gap_s,
           (v.end_us - v.start_us) // 1000000 AS elapsed_s,
           v.inpatient, v.feed, f.calendar, v.precise
    FROM touched t
    JOIN visits v ON v.v = t.v
    JOIN visit_shape s ON s.v = t.v
    LEFT JOIN visit_gap g ON g.v = t.v
    JOIN unit_kind u ON u.unit = t.unit
    JOIN unit_kind lu ON lu.unit = s.last_micro
    JOIN feed_calendar f ON f.feed = v.feed
)
SELECT * EXCLUDE (end_local), date_diff('day', DATE '1970-01-01', end_local::DATE)::INTEGER AS end_day,
       hour(end_local)::TINYINT AS end_hour
FROM local;

CREATE TEMP TABLE journeys AS
WITH whole AS (
    SELECT v.patient, v.j, min(v.start_us) AS start_us, max(v.last_us) AS last_us,
           count(*) = count(v.end_us) AS closed, count(*)::INTEGER AS visits,
           arg_max(v.feed, (v.last_us, v.start_us, v.v)) AS feed,
           arg_max(s.last_micro, (v.last_us, v.start_us, v.v)) AS last_micro
    FROM visits v LEFT JOIN visit_shape s ON s.v = v.v GROUP BY v.patient, v.j
),
path AS (
    SELECT v.patient, v.j, count(*) AS nodes, count(DISTINCT n.unit)::INTEGER AS units,
           string_agg(n.unit, ' > ' ORDER BY n.start_us, n.v, n.ord) AS variant
    FROM neighbours n JOIN visits v ON v.v = n.v
    WHERE n.level = 'micro' GROUP BY v.patient, v.j
),
passed AS (
    SELECT v.patient, v.j, sum(s.handoffs)::INTEGER AS handoffs
    FROM visits v JOIN visit_shape s ON s.v = v.v GROUP BY v.patient, v.j
)
SELECT w.patient, w.j, w.patient::VARCHAR || '-j' || w.j AS journey, w.start_us,
       CASE WHEN w.closed THEN w.last_us END AS end_us, w.closed, w.visits,
       coalesce(p.units, 0) AS units, coalesce(h.handoffs, 0) AS handoffs, coalesce(p.variant, '') AS variant, w.feed, w.last_micro
FROM whole w
LEFT JOIN path p ON p.patient = w.patient AND p.j = w.j
LEFT JOIN passed h ON h.patient = w.patient AND h.j = w.j;

CREATE TEMP TABLE fact_journey AS
WITH touched AS (SELECT DISTINCT level, patient, j, unit FROM fact_visit),
local AS (
    SELECT t.level, t.patient, j.journey, t.unit, u.kind, j.start_us, j.end_us, j.closed, j.visits, j.units, j.handoffs,
           CASE WHEN j.end_us IS NOT NULL THEN timezone(lu.tz, make_timestamptz(j.end_us)) END AS end_local,
           j.feed, f.calendar
    FROM touched t
    JOIN journeys j ON j.patient = t.patient AND j.j = t.j
    JOIN unit_kind u ON u.unit = t.unit
    JOIN unit_kind lu ON lu.unit = j.last_micro
    JOIN feed_calendar f ON f.feed = j.feed
)
SELECT * EXCLUDE (end_local), date_diff('day', DATE '1970-01-01', end_local::DATE)::INTEGER AS end_day
FROM local;
