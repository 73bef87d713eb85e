-- Stays -> visits. A given visit id wins. Other stays of one patient chain into a visit
-- while the gap is at most the setting; a stay whose end is unknown closes its visit.
-- Stays are in order of (start, end with unknown last, unit) everywhere.

-- A missing end is taken from the next stay of the same given visit; failing that the
-- patient is still here if no stay of his or hers begins later; else it is unknown, as it is
-- of a patient of whom the source says only that he or she has left. A stay that may run
-- beside this one (a blood test during a ward stay) says nothing of its end.
CREATE TEMP TABLE missing_end AS
WITH found AS (
    SELECT m.rid, m.start_us, m.end_kind AS told, max(n.start_us) AS last_us,
           min(n.start_us) FILTER (
               n.given_visit = m.given_visit
               AND (n.start_us, coalesce(n.end_us, 9223372036854775807), n.unit) > (m.start_us, 9223372036854775807, m.unit)
           ) AS next_us
    FROM dated m
    LEFT JOIN dated n ON n.patient = m.patient AND n.rid <> m.rid AND n.beside_rank <= m.beside_rank
    WHERE m.end_kind IN ('open', 'missing', 'unknown')
    GROUP BY m.rid, m.start_us, m.end_kind
)
SELECT rid, next_us AS end_us,
       (CASE WHEN next_us IS NOT NULL THEN 'inferred'
             WHEN told <> 'unknown' AND coalesce(last_us, start_us) <= start_us THEN 'open' ELSE 'unknown' END)::end_t AS end_kind
FROM found;

CREATE TEMP TABLE ended AS
SELECT d.* REPLACE (CASE WHEN m.rid IS NULL THEN d.end_us ELSE m.end_us END AS end_us, coalesce(m.end_kind, d.end_kind) AS end_kind)
FROM dated d LEFT JOIN missing_end m ON m.rid = d.rid;

-- Unknown ends cut a patient's stays into stretches; within one, a gap cuts again. Few
-- patients have any, so only theirs are cut.
CREATE TEMP TABLE stretched AS
SELECT e.rid, count(*) FILTER (e.end_us IS NULL) OVER (
           PARTITION BY e.patient ORDER BY e.start_us, e.end_us NULLS LAST, e.unit ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
       ) AS stretch
FROM ended e SEMI JOIN (SELECT patient FROM ended WHERE given_visit IS NULL AND end_us IS NULL) c ON c.patient = e.patient
WHERE e.given_visit IS NULL;

CREATE TEMP TABLE chained AS
WITH cut AS (
    SELECT e.rid, e.patient, e.unit, e.start_us, e.end_us, coalesce(s.stretch, 0) AS stretch
    FROM ended e LEFT JOIN stretched s ON s.rid = e.rid
    WHERE e.given_visit IS NULL
),
gaps AS (
    SELECT rid, patient, unit, start_us, end_us,
           start_us - max(end_us) OVER (
               PARTITION BY patient, stretch ORDER BY start_us, end_us NULLS LAST, unit
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gap_us
    FROM cut
)
-- The first stay of a stretch has no gap before it, and begins a visit.
SELECT rid, sum(CASE WHEN gap_us IS NULL OR gap_us > $visit_gap_us THEN 1 ELSE 0 END) OVER (
           PARTITION BY patient ORDER BY start_us, end_us NULLS LAST, unit ROWS UNBOUNDED PRECEDING)::INTEGER AS chain
FROM gaps;

CREATE TEMP TABLE visit_key AS
SELECT row_number() OVER (ORDER BY patient, given_visit NULLS LAST, chain)::INTEGER AS v, patient, given_visit, chain,
       coalesce(given_visit, patient::VARCHAR || '-v' || chain) AS visit
FROM (SELECT DISTINCT e.patient, e.given_visit, c.chain FROM ended e LEFT JOIN chained c ON c.rid = e.rid);

-- The visit as a number: short to sort by. The join finds exactly one row each.
CREATE TEMP TABLE placed AS
SELECT e.*, k.v
FROM ended e JOIN chained c ON c.rid = e.rid
JOIN visit_key k ON k.patient = e.patient AND k.given_visit IS NULL AND k.chain = c.chain
UNION ALL
SELECT e.*, k.v
FROM ended e JOIN visit_key k ON k.patient = e.patient AND k.given_visit = e.given_visit;
