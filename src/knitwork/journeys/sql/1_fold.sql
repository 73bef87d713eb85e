-- Deliveries -> one row for each stay: the same person in the same unit from the same moment.
-- Of several accounts of one stay a recorded end beats an open one, then the later source
-- time, then the larger content hash: nothing here depends on the order of arrival. Should one row
-- of a delivery tell a stay twice, the larger visit decides.
CREATE TYPE patient_t AS ENUM (SELECT DISTINCT patient FROM told ORDER BY patient);

CREATE TEMP TABLE folded AS
SELECT row_number() OVER ()::INTEGER AS rid, patient::patient_t AS patient, unit::unit_t AS unit, start_us,
       CASE WHEN end_kind IN ('recorded', 'inferred') THEN end_us END AS end_us,
       end_kind, precision, visit AS given_visit, zone, zone_assumed, flags, feed, delivery, row,
       source_patient
FROM told
QUALIFY row_number() OVER (
    PARTITION BY patient, unit, start_us
    ORDER BY CASE end_kind WHEN 'recorded' THEN 0 WHEN 'inferred' THEN 1 WHEN 'open' THEN 2 ELSE 3 END,
             coalesce(said_us, extracted_us) DESC NULLS LAST, delivery DESC, end_us DESC NULLS LAST, row DESC, feed DESC,
             visit DESC NULLS LAST
) = 1;

-- A clock that went back gives one local time two instants. The reader took the first;
-- where that would put a stay before the end of the one it follows, the second is meant.
CREATE TEMP TABLE second_fold AS
SELECT DISTINCT f.rid
FROM folded f
JOIN folded b ON b.patient = f.patient AND b.start_us < f.start_us  -- any one earlier stay is enough
WHERE (f.flags & 2) > 0 AND b.end_us > f.start_us AND b.end_us <= f.start_us + 3600000000
  AND (f.end_us IS NULL OR f.end_us >= f.start_us + 3600000000)
  -- patient, unit and start stay the key
  AND NOT EXISTS (FROM folded o WHERE o.patient = f.patient AND o.unit = f.unit AND o.start_us = f.start_us + 3600000000);

-- What sorting needs and no more: wide rows are joined back by their number at the end.
CREATE TEMP TABLE dated AS
SELECT f.rid, f.patient, f.unit, f.start_us + CASE WHEN s.rid IS NULL THEN 0 ELSE 3600000000 END AS start_us,
       f.end_us, f.end_kind::end_t AS end_kind, f.given_visit, f.precision <> 'd' AS precise, f.feed::feed_t AS feed,
       u.kind, u.beside_rank
FROM folded f
JOIN unit_kind u ON u.unit = f.unit  -- one row a unit: multiplies nothing
LEFT JOIN second_fold s ON s.rid = f.rid;
