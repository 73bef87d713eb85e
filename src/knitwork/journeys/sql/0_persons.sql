-- Landed rows under the number of the person whose they are. `link_raw` holds the numbers that
-- were given up, as far as this bucket must know them: `here` says that their person lives here.
CREATE TEMP TABLE IF NOT EXISTS link_raw (patient VARCHAR, person VARCHAR, here BOOLEAN);
CREATE TEMP VIEW told AS
SELECT l.* REPLACE (coalesce(k.person, l.patient) AS patient), CASE WHEN k.person IS NOT NULL THEN l.patient END AS source_patient
FROM landed l LEFT JOIN link_raw k ON k.patient = l.patient  -- one row a number: multiplies nothing
WHERE k.here IS NOT FALSE;
