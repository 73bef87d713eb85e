-- Nodes -> what measures are made of. Local days and hours are those of the microsystem where it happened.
CREATE TEMP TABLE neighbours AS
SELECT level, patient, v, seq, unit, start_us, end_key % 4 AS end_code,
       CASE WHEN end_key % 4 >= 2 THEN end_key // 4 END AS whole_end_us,
       first_kind, last_kind, first_micro, last_micro, precise, feed,
       lead(unit) OVER w AS next_unit, lead(first_kind) OVER w AS next_kind, lead(start_us) OVER w AS next_start_us,
       lead(first_micro) OVER w AS next_micro, lead(precise) OVER w AS next_precise,
       lag(unit) OVER w AS prev_unit, lag(last_kind) OVER w AS prev_kind,
       lag(unit, 2) OVER w AS prev_unit_2
FROM nodes
WINDOW w AS (PARTITION BY level, v ORDER BY seq);

CREATE TEMP TABLE fact_handoff AS
SELECT n.level, n.patient, n.v, n.unit AS from_unit, n.next_unit AS to_unit, n.last_kind AS from_kind, n.next_kind AS to_kind,
       n.seq,
       CASE WHEN n.end_code = 3 THEN n.whole_end_us END AS left_us, n.next_start_us AS arrived_us,
       CASE WHEN n.end_code = 3 THEN greatest(0, n.next_start_us - n.whole_end_us) // 1000000 END AS transit_s,
       CASE WHEN n.end_code = 3 THEN greatest(0, n.whole_end_us - n.next_start_us) // 1000000 END AS overlap_s,
       CASE WHEN n.end_code = 3 THEN timezone(fu.tz, make_timestamptz(n.whole_end_us)) END AS left_local,
       timezone(tu.tz, make_timestamptz(n.next_start_us)) AS arrived_local,
       n.start_us AS from_start_us,
       n.feed, f.calendar, n.precise AND n.next_precise AS precise
FROM neighbours n
JOIN unit_kind fu ON fu.unit = n.last_micro
JOIN unit_kind tu ON tu.unit = n.next_micro
JOIN feed_calendar f ON f.feed = n.feed;

-- Concurrent support stays are seen by their own unit only.
CREATE TEMP TABLE fact_stay AS
SELECT * REPLACE (CASE WHEN end_us IS NOT NULL THEN timezone(tz, make_timestamptz(end_us)) END AS end_local)
FROM (
    SELECT n.level, n.patient, n.v, n.unit,
           CASE WHEN n.level = 'micro' THEN n.last_kind ELSE u.kind END AS kind,
           n.start_us,
           -- a later start clips the earlier stay; the original stays in the table stay
           CASE WHEN n.end_code >= 2 THEN least(n.whole_end_us, n.next_start_us) END AS end_us,
           CASE n.end_code WHEN 3 THEN 'recorded' WHEN 2 THEN 'inferred' WHEN 1 THEN 'open' ELSE 'unknown' END AS end_kind,
           false AS concurrent, n.prev_unit IS NULL AS first, n.next_unit IS NULL AS last,
           n.prev_unit, n.prev_kind, n.next_unit, n.next_kind, n.next_start_us,
           timezone(fu.tz, make_timestamptz(n.start_us)) AS start_local, NULL::TIMESTAMP AS end_local, lu.tz,
           n.precise, n.feed, f.calendar
    FROM neighbours n
    JOIN unit_kind u ON u.unit = n.unit
    JOIN unit_kind fu ON fu.unit = n.first_micro
    JOIN unit_kind lu ON lu.unit = n.last_micro
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
