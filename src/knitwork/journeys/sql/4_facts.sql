-- Nodes -> what measures are made of. Local days and hours are those of the microsystem where it happened.
CREATE TEMP TABLE neighbours AS
WITH beside AS (
    SELECT level, patient, v, ord, unit, start_us, last_start_us, end_key, first_micro, last_micro, precise, feed,
           lead(unit) OVER w AS next_unit, lead(first_micro) OVER w AS next_micro, lead(start_us) OVER w AS next_start_us,
           lead(precise) OVER w AS next_precise,
           lag(unit) OVER w AS prev_unit, lag(last_micro) OVER w AS prev_micro, lag(unit, 2) OVER w AS prev_unit_2
    FROM nodes WHERE NOT alone
    WINDOW w AS (PARTITION BY level, v ORDER BY ord)
    UNION ALL BY NAME
    -- the only node of its visit has no neighbours
    SELECT level, patient, v, ord, unit, start_us, last_start_us, end_key, first_micro, last_micro, precise, feed
    FROM nodes WHERE alone
)
SELECT b.* EXCLUDE (end_key, prev_micro), end_key % 4 AS end_code,
       CASE WHEN end_key % 4 >= 2 THEN end_key // 4 END AS whole_end_us,
       u.kind, l.kind AS last_kind, n.kind AS next_kind, p.kind AS prev_kind,
       f.tz AS start_tz, l.tz AS end_tz, n.tz AS next_tz
FROM beside b
-- one row a unit in each of these
JOIN unit_kind u ON u.unit = b.unit
JOIN unit_kind f ON f.unit = b.first_micro
JOIN unit_kind l ON l.unit = b.last_micro
LEFT JOIN unit_kind n ON n.unit = b.next_micro
LEFT JOIN unit_kind p ON p.unit = b.prev_micro;

CREATE TEMP TABLE fact_handoff AS
SELECT n.level, n.patient, n.v, n.unit AS from_unit, n.next_unit AS to_unit, n.last_kind AS from_kind, n.next_kind AS to_kind,
       CASE WHEN n.end_code = 3 THEN n.whole_end_us END AS left_us, n.next_start_us AS arrived_us,
       CASE WHEN n.end_code = 3 THEN greatest(0, n.next_start_us - n.whole_end_us) // 1000000 END AS transit_s,
       CASE WHEN n.end_code = 3 THEN greatest(0, n.whole_end_us - n.next_start_us) // 1000000 END AS overlap_s,
       CASE WHEN n.end_code = 3 THEN timezone(n.end_tz, make_timestamptz(n.whole_end_us)) END AS left_local,
       timezone(n.next_tz, make_timestamptz(n.next_start_us)) AS arrived_local,
       n.start_us AS from_start_us,
       n.feed, f.calendar, n.precise AND n.next_precise AS precise
FROM neighbours n
JOIN feed_calendar f ON f.feed = n.feed
WHERE n.next_unit IS NOT NULL;

-- Concurrent support stays are seen by their own unit only.
CREATE TEMP TABLE fact_stay AS
SELECT * REPLACE (CASE WHEN end_us IS NOT NULL THEN timezone(tz, make_timestamptz(end_us)) END AS end_local)
FROM (
    SELECT n.level, n.patient, n.v, n.unit,
           n.kind,
           n.start_us,
           -- a later start clips the earlier stay; the original stays in the table stay
           CASE WHEN n.end_code >= 2 THEN least(n.whole_end_us, n.next_start_us) END AS end_us,
           CASE n.end_code WHEN 3 THEN 'recorded' WHEN 2 THEN 'inferred' WHEN 1 THEN 'open' ELSE 'unknown' END AS end_kind,
           false AS concurrent, n.prev_unit IS NULL AS first, n.next_unit IS NULL AS last,
           n.prev_unit, n.prev_kind, n.next_unit, n.next_kind, n.next_start_us,
           timezone(n.start_tz, make_timestamptz(n.start_us)) AS start_local, NULL::TIMESTAMP AS end_local, n.end_tz AS tz,
           n.precise, n.feed, f.calendar
    FROM neighbours n
    JOIN feed_calendar f ON f.feed = n.feed
    UNION ALL BY NAME
    SELECT 'micro'::level_t AS level, m.patient, m.v, m.unit, m.kind, m.start_us,
           CASE WHEN m.end_key % 4 >= 2 THEN m.end_key // 4 END AS end_us,
           CASE m.end_key % 4 WHEN 3 THEN 'recorded' WHEN 2 THEN 'inferred' WHEN 1 THEN 'open' ELSE 'unknown' END AS end_kind,
           true AS concurrent, false AS first, false AS last,
           timezone(u.tz, make_timestamptz(m.start_us)) AS start_local, NULL::TIMESTAMP AS end_local, u.tz,
           m.precise, m.feed, f.calendar
    FROM merged m
    SEMI JOIN beside b ON b.v = m.v AND b.unit = m.unit AND b.start_us = m.start_us
    JOIN unit_kind u ON u.unit = m.unit
    JOIN feed_calendar f ON f.feed = m.feed
);
