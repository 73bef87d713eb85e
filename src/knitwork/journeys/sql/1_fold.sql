-- Deliveries -> one row for each stay: the same patient in the same unit from the same moment.
-- Of several accounts of one stay a recorded end beats an open one, then the later source
-- time, then the larger content hash: nothing here depends on the order of arrival.
CREATE TYPE patient_t AS ENUM (SELECT DISTINCT patient FROM landed ORDER BY patient);

CREATE TEMP TABLE folded AS
SELECT l.patient::patient_t AS patient, l.unit::unit_t AS unit, l.start_us,
       CASE WHEN l.end_kind IN ('recorded', 'inferred') THEN l.end_us END AS end_us,
       l.end_kind, l.precision, l.visit AS given_visit, l.zone, l.zone_assumed, l.flags,
       l.feed, l.delivery, l.row, u.kind, u.tz, u.concurrent AS may_run_beside
FROM (
    SELECT * FROM landed
    QUALIFY row_number() OVER (
        PARTITION BY patient, unit, start_us
        ORDER BY CASE end_kind WHEN 'recorded' THEN 0 WHEN 'inferred' THEN 1 WHEN 'open' THEN 2 ELSE 3 END,
                 extracted_us DESC NULLS LAST, delivery DESC, end_us DESC NULLS LAST, row DESC
    ) = 1
) l
JOIN unit_kind u ON u.unit = l.unit;  -- one row a unit: multiplies nothing

-- A clock that went back gives one local time two instants. The reader took the first;
-- where that would put a stay before the end of the one it follows, the second is meant.
CREATE TEMP TABLE unfolded AS
SELECT * EXCLUDE (before_us) REPLACE (
    CASE WHEN (flags & 2) > 0 AND before_us > start_us AND before_us <= start_us + 3600000000
              AND (end_us IS NULL OR end_us >= start_us + 3600000000)
         THEN start_us + 3600000000 ELSE start_us END AS start_us
)
FROM (
    SELECT f.*, CASE WHEN (flags & 2) > 0 THEN (
        SELECT max(b.end_us) FROM folded b
        WHERE b.patient = f.patient AND b.end_us IS NOT NULL AND b.start_us < f.start_us
          AND b.end_us > f.start_us AND b.end_us <= f.start_us + 3600000000
    ) END AS before_us
    FROM folded f WHERE (flags & 2) > 0
    UNION ALL BY NAME
    SELECT f.*, NULL::BIGINT AS before_us FROM folded f WHERE (flags & 2) = 0
);
