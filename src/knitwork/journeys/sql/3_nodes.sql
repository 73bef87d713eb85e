-- Placed stays -> unbroken times in one unit, at each level.
-- An end and how it is known travel as one number, so that the latest of several is a plain
-- maximum: end * 4 + (3 recorded, 2 inferred, 1 open, 0 unknown); no end counts as latest.
-- First, stays of one visit in one unit that overlap or touch become one, however long the chain.
-- Most stays are the only one of their visit and unit; those need no sorting.
CREATE TEMP TABLE keyed AS
SELECT patient, v, unit, kind, beside_rank, start_us, end_us, precise, feed,
       coalesce(end_us, 1000000000000000000) * 4
         + CASE end_kind WHEN 'recorded' THEN 3 WHEN 'inferred' THEN 2 WHEN 'open' THEN 1 ELSE 0 END AS end_key
FROM placed;

CREATE TEMP TABLE merged AS
WITH repeated AS (SELECT v, unit FROM keyed GROUP BY v, unit HAVING count(*) > 1),
islands AS (
    SELECT k.*, CASE WHEN k.start_us <= max(k.end_us) OVER so_far THEN 0 ELSE 1 END AS starts_island
    FROM keyed k SEMI JOIN repeated r ON r.v = k.v AND r.unit = k.unit
    WINDOW so_far AS (PARTITION BY k.v, k.unit ORDER BY k.start_us, k.end_us NULLS LAST
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
numbered AS (
    SELECT *, sum(starts_island) OVER (PARTITION BY v, unit ORDER BY start_us, end_us NULLS LAST
                                       ROWS UNBOUNDED PRECEDING) AS island
    FROM islands
)
SELECT any_value(patient) AS patient, v, unit, any_value(kind) AS kind, any_value(beside_rank) AS beside_rank,
       min(start_us) AS start_us, max(end_key) AS end_key, max(coalesce(end_us, start_us)) AS last_us,
       bool_and(precise) AS precise,
       arg_max(feed, start_us) AS feed
FROM numbered
GROUP BY v, unit, island
UNION ALL
SELECT k.patient, k.v, k.unit, k.kind, k.beside_rank, k.start_us, k.end_key, coalesce(k.end_us, k.start_us) AS last_us,
       k.precise, k.feed
FROM keyed k ANTI JOIN repeated r ON r.v = k.v AND r.unit = k.unit;

-- A support, clinic or theatre stay that runs beside a bed stay of the same patient is no step
-- of the journey, nor is a support stay beside a clinic's: it begins inside one, or one inside it.
CREATE TEMP TABLE beside AS
SELECT s.v, s.unit, s.start_us
FROM merged s
WHERE s.beside_rank > 0 AND EXISTS (
    SELECT 1 FROM merged b
    WHERE b.patient = s.patient AND b.beside_rank < s.beside_rank
      -- an open end lies far ahead, an unknown one nowhere
      AND ((b.start_us <= s.start_us AND s.start_us < b.end_key // 4 AND b.end_key % 4 > 0)
        OR (s.start_us < b.start_us AND b.start_us < s.end_key // 4 AND s.end_key % 4 > 0))
);

-- The steps of each visit in order, and each under its ancestor of each level at its start; the
-- registry's ancestors of one level never overlap in time, so a step has at most one row a level.
CREATE TEMP TABLE steps AS
SELECT s.patient, s.v, s.unit, s.start_us, s.end_key, s.precise, s.feed,
       row_number() OVER (PARTITION BY s.v ORDER BY s.start_us, s.end_key // 4, s.unit)::INTEGER AS ord
FROM merged s ANTI JOIN beside b ON b.v = s.v AND b.unit = s.unit AND b.start_us = s.start_us;

CREATE TEMP TABLE climbed AS
SELECT a.level, s.patient, s.v, s.ord, a.ancestor AS unit, s.unit AS micro, s.start_us, s.end_key, s.precise, s.feed
FROM steps s JOIN ancestor a ON a.unit = s.unit AND s.start_us >= a.since_us AND s.start_us < a.until_us;

-- Neighbours with the same ancestor are one node. A visit that knows one unit of a level is
-- one node there and needs no sorting; `ord` is the place of a node's first step.
CREATE TEMP TABLE whole_visit AS
SELECT level, any_value(patient) AS patient, v, min(ord) AS ord, any_value(unit) AS unit, min(unit) = max(unit) AS one_unit,
       min(start_us) AS start_us, max(start_us) AS last_start_us, max(end_key) AS end_key,
       arg_min(micro, ord) AS first_micro, arg_max(micro, ord) AS last_micro,
       bool_and(precise) AS precise, arg_max(feed, ord) AS feed
FROM climbed GROUP BY level, v;

CREATE TEMP TABLE nodes AS
WITH turned AS (
    SELECT c.*, c.unit IS DISTINCT FROM lag(c.unit) OVER w AS turns, c.unit IS DISTINCT FROM lead(c.unit) OVER w AS ends
    FROM climbed c ANTI JOIN (SELECT level, v FROM whole_visit WHERE one_unit) o ON o.level = c.level AND o.v = c.v
    WINDOW w AS (PARTITION BY c.level, c.v ORDER BY c.ord)
),
grouped AS (
    SELECT *, sum(turns::INTEGER) OVER (PARTITION BY level, v ORDER BY ord ROWS UNBOUNDED PRECEDING) AS node
    FROM turned WHERE NOT (turns AND ends)
)
SELECT level, patient, v, ord, unit, start_us, last_start_us, end_key, first_micro, last_micro, precise, feed, true AS alone
FROM whole_visit WHERE one_unit
UNION ALL
SELECT level, patient, v, ord, unit, start_us, start_us, end_key, micro, micro, precise, feed, false
FROM turned WHERE turns AND ends
UNION ALL
SELECT level, any_value(patient), v, min(ord), any_value(unit), min(start_us), max(start_us), max(end_key),
       arg_min(micro, ord), arg_max(micro, ord), bool_and(precise), arg_max(feed, ord), false
FROM grouped GROUP BY level, v, node;
