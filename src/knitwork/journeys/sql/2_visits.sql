-- Stays -> visits. A given visit id wins. Other stays of one patient chain into a visit
-- while the gap is at most the setting; a stay whose end is unknown closes its visit.
CREATE TEMP TABLE chained AS
WITH ordered AS (
    SELECT *, lead(start_us) OVER in_visit AS next_in_given,
           max(start_us) OVER (PARTITION BY patient) AS last_start_us
    FROM unfolded
    WINDOW in_visit AS (PARTITION BY patient, given_visit ORDER BY start_us, end_us NULLS LAST, unit)
),
-- A missing end is taken from the next stay of the same given visit; failing that the
-- patient is still here if no stay of his or hers begins later; else it is unknown.
ended AS (
    SELECT * EXCLUDE (next_in_given, last_start_us) REPLACE (
        CASE WHEN end_kind IN ('open', 'missing') AND given_visit IS NOT NULL AND next_in_given IS NOT NULL
             THEN next_in_given ELSE end_us END AS end_us,
        CASE WHEN end_kind NOT IN ('open', 'missing') THEN end_kind
             WHEN given_visit IS NOT NULL AND next_in_given IS NOT NULL THEN 'inferred'
             WHEN start_us = last_start_us THEN 'open'
             ELSE 'unknown' END AS end_kind
    )
    FROM ordered
),
-- Unknown ends cut the patient's stays into stretches; within one, a gap cuts again.
stretches AS (
    SELECT *, CASE WHEN given_visit IS NULL THEN
        count(*) FILTER (end_us IS NULL) OVER (
            PARTITION BY patient, given_visit ORDER BY start_us, end_us NULLS LAST, unit
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        END AS stretch
    FROM ended
),
gaps AS (
    SELECT *, CASE WHEN given_visit IS NULL THEN
        start_us - max(end_us) OVER (
            PARTITION BY patient, given_visit, stretch ORDER BY start_us, end_us NULLS LAST, unit
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        END AS gap_us,
        stretch IS DISTINCT FROM lag(stretch) OVER (
            PARTITION BY patient, given_visit ORDER BY start_us, end_us NULLS LAST, unit) AS new_stretch
    FROM stretches
)
SELECT * EXCLUDE (stretch, gap_us, new_stretch),
       CASE WHEN given_visit IS NULL THEN
           sum(CASE WHEN new_stretch OR gap_us > $visit_gap_us THEN 1 ELSE 0 END) OVER (
               PARTITION BY patient, given_visit ORDER BY start_us, end_us NULLS LAST, unit)::INTEGER
       END AS chain
FROM gaps;

CREATE TEMP TABLE visit_key AS
SELECT row_number() OVER (ORDER BY patient, given_visit NULLS LAST, chain)::INTEGER AS v, patient, given_visit, chain,
       coalesce(given_visit, patient::VARCHAR || '-v' || chain) AS visit
FROM (SELECT DISTINCT patient, given_visit, chain FROM chained);

-- The visit as a number: short to sort by. The join finds exactly one row each.
CREATE TEMP TABLE placed AS
SELECT c.* EXCLUDE (chain), k.v
FROM chained c JOIN visit_key k
  ON k.patient = c.patient AND k.given_visit IS NOT DISTINCT FROM c.given_visit AND k.chain IS NOT DISTINCT FROM c.chain;
