-- Placed stays -> unbroken times in one unit, at each level.
-- An end and how it is known travel as one number, so that the latest of several is a plain
-- maximum: end * 4 + (3 recorded, 2 inferred, 1 open, 0 unknown); no end counts as latest.
-- First, stays of one visit in one unit that overlap or touch become one, however long the chain.
CREATE TEMP TABLE merged AS
WITH islands AS (
    SELECT patient, v, unit, kind, tz, may_run_beside, start_us, end_us, precision, feed,
           coalesce(end_us, 1000000000000000000) * 4
             + CASE end_kind WHEN 'recorded' THEN 3 WHEN 'inferred' THEN 2 WHEN 'open' THEN 1 ELSE 0 END AS end_key,
           CASE WHEN start_us <= max(end_us) OVER so_far THEN 0 ELSE 1 END AS starts_island
    FROM placed
    WINDOW so_far AS (PARTITION BY v, unit ORDER BY start_us, end_us NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
numbered AS (
    SELECT *, sum(starts_island) OVER (PARTITION BY v, unit ORDER BY start_us, end_us NULLS LAST
                                       ROWS UNBOUNDED PRECEDING) AS island
    FROM islands
)
SELECT any_value(patient) AS patient, v, unit, any_value(kind) AS kind, any_value(may_run_beside) AS may_run_beside,
       min(start_us) AS start_us, max(end_key) AS end_key,
       bool_and(precision <> 'd') AS precise,
       arg_max(feed, start_us) AS feed
FROM numbered
GROUP BY v, unit, island;

-- A support, clinic or theatre stay that runs beside a bed stay of the same patient is no
-- step of the journey: it begins inside one, or one begins inside it.
CREATE TEMP TABLE beside AS
SELECT s.v, s.unit, s.start_us
FROM merged s
WHERE s.may_run_beside AND EXISTS (
    SELECT 1 FROM merged b
    WHERE b.patient = s.patient AND NOT b.may_run_beside
      -- an open end lies far ahead, an unknown one nowhere
      AND ((b.start_us <= s.start_us AND s.start_us < b.end_key // 4 AND b.end_key % 4 > 0)
        OR (s.start_us < b.start_us AND b.start_us < s.end_key // 4 AND s.end_key % 4 > 0))
);

-- Each step under its ancestor of each level at its start; the registry's ancestors of one
-- level never overlap in time, so a step has at most one row a level.
CREATE TEMP TABLE climbed AS
SELECT a.level, s.patient, s.v, a.ancestor AS unit, s.unit AS micro, s.start_us, s.end_key, s.precise, s.feed, s.kind
FROM merged s
JOIN ancestor a ON a.unit = s.unit AND s.start_us >= a.since_us AND s.start_us < a.until_us
ANTI JOIN beside b ON b.v = s.v AND b.unit = s.unit AND b.start_us = s.start_us;

-- Neighbours with the same ancestor are one node.
CREATE TEMP TABLE nodes AS
WITH turned AS (
    SELECT *, row_number() OVER w AS ord, unit IS DISTINCT FROM lag(unit) OVER w AS turns
    FROM climbed WINDOW w AS (PARTITION BY level, v ORDER BY start_us, end_key, micro)
),
grouped AS (
    SELECT *, sum(turns::INTEGER) OVER (PARTITION BY level, v ORDER BY ord ROWS UNBOUNDED PRECEDING)::INTEGER AS seq
    FROM turned
)
SELECT level, any_value(patient) AS patient, v, seq, any_value(unit) AS unit,
       min(start_us) AS start_us, max(end_key) AS end_key,
       arg_min(kind, ord) AS first_kind, arg_max(kind, ord) AS last_kind,
       arg_min(micro, ord) AS first_micro, arg_max(micro, ord) AS last_micro,
       bool_and(precise) AS precise, arg_max(feed, ord) AS feed
FROM grouped
GROUP BY level, v, seq;
