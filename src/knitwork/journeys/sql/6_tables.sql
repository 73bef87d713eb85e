-- The tables that are kept, with ids as people know them in place of short numbers.
CREATE TYPE visit_t AS ENUM (SELECT DISTINCT visit FROM visit_key ORDER BY visit);
CREATE TYPE journey_t AS ENUM (SELECT DISTINCT journey FROM journeys ORDER BY journey);
CREATE TEMP TABLE visit_name AS
SELECT k.v, k.visit::visit_t AS visit, v.j, (v.patient::VARCHAR || '-j' || v.j)::journey_t AS journey
FROM visit_key k JOIN visits v ON v.v = k.v;

CREATE TEMP TABLE stay AS
SELECT p.patient, p.unit, p.start_us, p.end_us, p.end_kind::VARCHAR AS end_kind, f.precision, n.visit,
       p.given_visit IS NOT NULL AS visit_given, n.journey, f.zone, f.zone_assumed,
       f.flags | CASE WHEN p.end_us = p.start_us THEN 16 ELSE 0 END
               | CASE WHEN p.end_us - p.start_us < 300000000 THEN 128 ELSE 0 END AS flags,
       f.feed, f.delivery, f.row, f.source_patient
FROM placed p
JOIN folded f ON f.rid = p.rid
JOIN visit_name n ON n.v = p.v
ORDER BY p.patient, p.start_us;

CREATE TEMP TABLE visit AS
SELECT v.patient, n.visit, n.journey, v.start_us, v.end_us,
       coalesce(s.units, 0) AS units, coalesce(s.handoffs, 0) AS handoffs, c.stays
FROM visits v
JOIN visit_name n ON n.v = v.v
LEFT JOIN visit_shape s ON s.v = v.v
JOIN (SELECT v, count(*)::INTEGER AS stays FROM placed GROUP BY v) c ON c.v = v.v;

CREATE TEMP TABLE journey AS
SELECT j.* EXCLUDE (j, last_micro) REPLACE (j.journey::journey_t AS journey) FROM journeys j;

CREATE TEMP TABLE patient AS
SELECT patient, $domain AS domain, min(start_us) AS first_us, max(coalesce(end_us, start_us)) AS last_us, count(*)::INTEGER AS stays
FROM placed GROUP BY patient;

CREATE TEMP TABLE census_span AS
SELECT level, unit, feed, calendar, concurrent, end_kind,
       date_diff('day', DATE '1970-01-01', start_local::DATE)::INTEGER AS start_day,
       date_diff('day', DATE '1970-01-01', end_local::DATE)::INTEGER AS end_day,
       date_diff('day', DATE '1970-01-01', next_local::DATE)::INTEGER AS next_day,
       start_local::TIME = TIME '00:00' AS at_midnight, end_local::TIME = TIME '00:00' AS ends_at_midnight,
       next_local::TIME = TIME '00:00' AS next_at_midnight
FROM (SELECT *, timezone(tz, make_timestamptz(next_start_us)) AS next_local FROM fact_stay);

CREATE TEMP TABLE named_stay AS
SELECT f.level, f.patient, n.visit, n.journey, f.unit, f.kind, f.start_us, f.end_us, f.end_kind, f.concurrent, f.first, f.last,
       f.prev_unit, f.prev_kind, f.next_unit, f.next_kind, f.next_start_us,
       date_diff('day', DATE '1970-01-01', f.start_local::DATE)::INTEGER AS start_day, hour(f.start_local)::TINYINT AS start_hour,
       date_diff('day', DATE '1970-01-01', f.end_local::DATE)::INTEGER AS end_day, hour(f.end_local)::TINYINT AS end_hour,
       f.precise, f.feed, f.calendar, am.ancestor AS meso, ax.ancestor AS macro
FROM fact_stay f JOIN visit_name n ON n.v = f.v
-- the ancestors of one level never overlap in time: at most one row each
LEFT JOIN ancestor am ON f.level = 'micro' AND am.level = 'meso' AND am.unit = f.unit AND f.start_us >= am.since_us AND f.start_us < am.until_us
LEFT JOIN ancestor ax ON f.level = 'micro' AND ax.level = 'macro' AND ax.unit = f.unit AND f.start_us >= ax.since_us AND f.start_us < ax.until_us;
DROP TABLE fact_stay;
ALTER TABLE named_stay RENAME TO fact_stay;

-- A hand-off between microsystems also says which meso- and macrosystem each side stood in.
CREATE TEMP TABLE named_handoff AS
SELECT f.level, f.patient, n.visit, n.journey, f.from_unit, f.to_unit, f.from_kind, f.to_kind, f.left_us, f.arrived_us,
       f.transit_s, f.overlap_s,
       date_diff('day', DATE '1970-01-01', f.left_local::DATE)::INTEGER AS left_day, hour(f.left_local)::TINYINT AS left_hour,
       date_diff('day', DATE '1970-01-01', f.arrived_local::DATE)::INTEGER AS arrived_day, hour(f.arrived_local)::TINYINT AS arrived_hour,
       fm.ancestor AS from_meso, tm.ancestor AS to_meso, fx.ancestor AS from_macro, tx.ancestor AS to_macro,
       f.feed, f.calendar, f.precise
FROM fact_handoff f
JOIN visit_name n ON n.v = f.v
-- the ancestors of one level never overlap in time: at most one row each
LEFT JOIN ancestor fm ON f.level = 'micro' AND fm.level = 'meso' AND fm.unit = f.from_unit
     AND f.from_start_us >= fm.since_us AND f.from_start_us < fm.until_us
LEFT JOIN ancestor tm ON f.level = 'micro' AND tm.level = 'meso' AND tm.unit = f.to_unit
     AND f.arrived_us >= tm.since_us AND f.arrived_us < tm.until_us
LEFT JOIN ancestor fx ON f.level = 'micro' AND fx.level = 'macro' AND fx.unit = f.from_unit
     AND f.from_start_us >= fx.since_us AND f.from_start_us < fx.until_us
LEFT JOIN ancestor tx ON f.level = 'micro' AND tx.level = 'macro' AND tx.unit = f.to_unit
     AND f.arrived_us >= tx.since_us AND f.arrived_us < tx.until_us;
DROP TABLE fact_handoff;
ALTER TABLE named_handoff RENAME TO fact_handoff;

CREATE TEMP TABLE named_visit AS
SELECT f.* EXCLUDE (v, j), n.visit, n.journey FROM fact_visit f JOIN visit_name n ON n.v = f.v;
DROP TABLE fact_visit;
ALTER TABLE named_visit RENAME TO fact_visit;

-- A stay [start, end) covers a local midnight m when start <= m < end. An open stay covers all
-- from its first one on, unless a next step begins.
CREATE TEMP TABLE fact_census AS
WITH spans AS (
    SELECT level, unit, feed, calendar, start_day + (NOT at_midnight)::INTEGER AS first_day,
           CASE WHEN end_kind = 'open' THEN next_day + (NOT next_at_midnight)::INTEGER
                ELSE end_day + (NOT ends_at_midnight)::INTEGER END AS after_day
    FROM census_span
    WHERE NOT concurrent AND end_kind <> 'unknown'
)
SELECT level, unit, day, sum(delta)::BIGINT AS delta, feed, calendar
FROM (
    SELECT level, unit, first_day AS day, 1 AS delta, feed, calendar FROM spans WHERE after_day IS NULL OR after_day > first_day
    UNION ALL
    SELECT level, unit, after_day, -1, feed, calendar FROM spans WHERE after_day > first_day
)
GROUP BY level, unit, day, feed, calendar;

-- How many different patients arrived, by day, week (from Monday), month and in all.
-- Patients live in one bucket each, so these counts add up over buckets.
CREATE TEMP TABLE atom_patients AS
WITH days AS (SELECT DISTINCT level, unit, patient, start_day, feed, calendar FROM fact_stay)
SELECT level, unit, 'day' AS period, start_day, calendar, count(DISTINCT patient) AS patients FROM days GROUP BY level, unit, start_day, calendar
UNION ALL
SELECT level, unit, 'week', start_day - (start_day + 3) % 7 AS start, calendar, count(DISTINCT patient) FROM days GROUP BY level, unit, start, calendar
UNION ALL
SELECT level, unit, 'month', date_diff('day', DATE '1970-01-01', date_trunc('month', DATE '1970-01-01' + start_day)::DATE)::INTEGER AS start,
       calendar, count(DISTINCT patient) FROM days GROUP BY level, unit, start, calendar
UNION ALL
SELECT level, unit, 'all', 0, calendar, count(DISTINCT patient) FROM days GROUP BY level, unit, calendar;
