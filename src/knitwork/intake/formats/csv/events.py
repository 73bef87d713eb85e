"""From events to stays: starts and ends of one thing are paired, single times stand for themselves.

With a column that numbers the instances, the pair is what shares the number; else the first
start of a patient in a unit goes with the first end (first in, first out).
"""

from __future__ import annotations

from knitwork.intake.formats.csv.rules import ENDS, STARTS


def paired(landing: str) -> str:
    """Return the SELECT that has one row for each pair and for each event without a partner.

    Columns as in `landing`; `end_kind` says how the end is known. A row is numbered by its start.
    """
    starts, ends = (", ".join(f"'{word}'" for word in words) for words in (STARTS, ENDS))
    return f"""
    WITH phased AS (SELECT *, CASE WHEN lower(lifecycle) IN ({starts}) THEN 's'
            WHEN lower(lifecycle) IN ({ends}) OR lifecycle IS NULL THEN 'e' END AS phase FROM {landing}),
    numbered AS (SELECT *, row_number() OVER (
            PARTITION BY patient, unit, visit, instance, phase ORDER BY start_us, "row") AS turn
        FROM phased WHERE rule IS NULL AND phase IS NOT NULL),
    -- One start meets at most one end: both are numbered within the same key.
    joined AS (SELECT s."row" AS s_row, e."row" AS e_row, s.start_us AS s_us, e.start_us AS e_us,
            s.marks AS s_marks, e.marks AS e_marks, s.night AS s_night, e.night AS e_night,
            coalesce(s.patient, e.patient) AS patient, coalesce(s.unit, e.unit) AS unit,
            coalesce(s.visit, e.visit) AS visit
        FROM (SELECT * FROM numbered WHERE phase = 's') s
        FULL JOIN (SELECT * FROM numbered WHERE phase = 'e') e
        ON s.patient = e.patient AND s.unit = e.unit AND s.visit IS NOT DISTINCT FROM e.visit
            AND s.instance IS NOT DISTINCT FROM e.instance AND s.turn = e.turn)
    SELECT coalesce(s_row, e_row) AS "row", patient, unit, visit, NULL::VARCHAR AS lifecycle, NULL::VARCHAR AS instance,
        coalesce(s_us, e_us) AS start_us, e_us AS end_us,
        CASE WHEN s_us IS NULL THEN 'inferred' WHEN e_us IS NULL THEN 'missing' ELSE 'recorded' END AS end_kind,
        -- The end was read as a start: its bits of the clock change move over to the end.
        coalesce(s_night, e_night) | (coalesce(e_night, 0) & 1) | ((coalesce(e_night, 0) & 2) << 1) AS night,
        coalesce(s_marks, e_marks) | ((coalesce(e_marks, 0) & 21) << 1) AS marks,
        CASE WHEN s_us IS NOT NULL AND e_us < s_us THEN 'end_before_start' END AS rule,
        CASE WHEN rule IS NOT NULL THEN strftime(make_timestamp(s_us), '%Y-%m-%d %H:%M:%S') END AS start_raw,
        CASE WHEN rule IS NOT NULL THEN strftime(make_timestamp(e_us), '%Y-%m-%d %H:%M:%S') END AS end_raw,
    FROM joined
    UNION ALL
    SELECT "row", patient, unit, visit, lifecycle, instance, start_us, NULL, 'missing', night, marks,
        coalesce(rule, 'lifecycle_unknown'), start_raw, end_raw
    FROM phased WHERE rule IS NOT NULL OR phase IS NULL"""
