"""From events to stays: starts and ends of one thing are paired, single times stand for themselves.

With a column that numbers the instances, the pair is what shares the number; else the first
start of a patient in a unit goes with the first end (first in, first out).
"""

from __future__ import annotations

from knitwork.intake.formats.csv.rules import (
    BETWEEN,
    ENDS,
    START_DATE,
    START_MIDNIGHT,
    START_SECONDS,
    STARTS,
    message,
)
from knitwork.intake.formats.csv.showing import shown
from knitwork.model.tables import FLAGS

HOUR_US = 3_600_000_000
FOLD = FLAGS["dst_fold_start"]
START_BITS = START_DATE | START_MIDNIGHT | START_SECONDS


def paired(landing: str) -> str:
    """Return the SELECT that has one row for each pair and for each event without a partner.

    Columns as in `landing`; `end_kind` says how the end is known. A row is numbered by its start.
    """
    starts, ends, between = (", ".join(f"'{word}'" for word in words) for words in (STARTS, ENDS, BETWEEN))
    clock = "strftime(make_timestamp({}), '%Y-%m-%d %H:%M:%S')"
    return f"""
    WITH phased AS (SELECT *, CASE WHEN lower(lifecycle) IN ({starts}) THEN 's'
            WHEN lower(lifecycle) IN ({ends}) OR lifecycle IS NULL THEN 'e'
            WHEN lower(lifecycle) IN ({between}) THEN 'b' END AS phase FROM {landing}),
    numbered AS (SELECT *, row_number() OVER (
            PARTITION BY patient, unit, visit, coalesce(pair, activity), instance, phase ORDER BY start_us, "row") AS turn
        FROM phased WHERE rule IS NULL AND unit IS NOT NULL AND phase IN ('s', 'e')),
    -- One start meets at most one end: both are numbered within the same key.
    joined AS (SELECT s."row" AS s_row, e."row" AS e_row, s.start_us AS s_us, e.start_us AS e_us,
            s.end_kind_raw AS s_kind, e.end_kind_raw AS e_kind,
            s.marks AS s_marks, e.marks AS e_marks, s.night AS s_night, e.night AS e_night,
            coalesce(s.patient, e.patient) AS patient, coalesce(s.unit, e.unit) AS unit,
            coalesce(s.visit, e.visit) AS visit
        FROM (SELECT * FROM numbered WHERE phase = 's') s
        FULL JOIN (SELECT * FROM numbered WHERE phase = 'e') e
        ON s.patient = e.patient AND s.unit = e.unit AND s.visit IS NOT DISTINCT FROM e.visit
            AND coalesce(s.pair, s.activity) IS NOT DISTINCT FROM coalesce(e.pair, e.activity)
            AND s.instance IS NOT DISTINCT FROM e.instance
            AND s.turn = e.turn)
    SELECT coalesce(s_row, e_row) AS "row", CASE WHEN s_row IS NOT NULL THEN e_row END AS other,
        patient, unit, visit, coalesce(s_us, e_us) AS start_us,
        -- The first of two autumn hours was taken for the end: where that is too early it is the second.
        CASE WHEN e_us < s_us AND e_night & {FOLD} <> 0 THEN e_us + {HOUR_US} ELSE e_us END AS end_us,
        CASE WHEN s_us IS NULL THEN 'inferred'
            WHEN e_us IS NULL THEN CASE WHEN lower(s_kind) = 'open' THEN 'open' ELSE 'missing' END
            WHEN lower(e_kind) = 'inferred' THEN 'inferred' ELSE 'recorded' END AS end_kind,
        -- The end was read as a start: its bits of the clock change and of the day move over to the end.
        coalesce(s_night, e_night) | (coalesce(e_night, 0) & 1) | ((coalesce(e_night, 0) & 2) << 1) AS night,
        coalesce(s_marks, e_marks) | ((coalesce(e_marks, 0) & {START_BITS}) << 1) AS marks,
        CASE WHEN s_us IS NOT NULL AND end_us < s_us THEN 'end_before_start' END AS rule,
        CASE WHEN rule IS NOT NULL
            THEN {message("rule", clock.format("s_us"), clock.format("e_us"))} END AS message
    FROM joined
    UNION ALL
    SELECT "row", NULL, patient, unit, visit, start_us, NULL, 'missing', night, marks,
        coalesce(rule::VARCHAR, 'lifecycle_unknown'),
        coalesce(message, 'the event ' || {shown("lifecycle")} || ' is neither a start nor an end; start '
            || {clock.format("start_us")})
    FROM phased WHERE rule IS NOT NULL OR phase IS NULL"""
