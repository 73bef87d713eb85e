"""What patients come from and go on to: the two steps before a unit and the two after it, within a journey.

A step is an unbroken time in a unit. Between two visits a patient was at home, or anywhere these records do not see:
that is a step of its own, `HOME`. What runs beside a step, as a laboratory does, is no step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

HOME = ""
MOST_CHAINS = 200

CHAINS = """
    WITH steps AS (
        SELECT s.patient, s.journey, s.visit, s.unit::VARCHAR AS unit, s.start_us, s.end_us, s.end_kind
        FROM {fact_stay} s
        SEMI JOIN (SELECT patient, journey FROM {fact_stay} WHERE level = $level AND unit::VARCHAR = $unit) t
          ON t.patient = s.patient AND t.journey = s.journey
        WHERE s.level = $level AND NOT s.concurrent
    ), beside AS (
        SELECT *,
               lag(unit) OVER w AS b1, lag(visit) OVER w AS bv1, lag(unit, 2) OVER w AS b2, lag(visit, 2) OVER w AS bv2,
               lead(unit) OVER w AS a1, lead(visit) OVER w AS av1, lead(unit, 2) OVER w AS a2, lead(visit, 2) OVER w AS av2
        FROM steps WINDOW w AS (PARTITION BY patient, journey ORDER BY start_us, end_us NULLS LAST, unit)
    )
    -- home stands between visits and at the ends of a journey; two steps are kept on either side
    SELECT CASE WHEN b1 IS NULL THEN [''] WHEN bv1 <> visit THEN ['', b1]
                WHEN b2 IS NULL OR bv2 <> bv1 THEN [b1, ''] ELSE [b1, b2] END AS before,
           CASE WHEN end_kind = 'open' THEN NULL WHEN a1 IS NULL AND end_us IS NULL THEN NULL
                WHEN a1 IS NULL THEN [''] WHEN av1 <> visit THEN ['', a1]
                WHEN a2 IS NULL OR av2 <> av1 THEN [a1, ''] ELSE [a1, a2] END AS after,
           count(*) AS n
    FROM beside WHERE unit = $unit GROUP BY ALL
"""


def chains(answers: Answers, unit: str, *, level: str) -> list[Row]:
    """Return how often each pair of a way in and a way out was taken, over all records.

    `before` and `after` hold one or two units, the nearest first, `HOME` among them; `after` is None for patients who
    are still in or whose departure is unknown.
    """
    if not answers.is_derived:
        return []
    return answers.rows(CHAINS, level=level, unit=unit)


BESIDE = """
    WITH mine AS (
        SELECT patient, visit, start_us FROM {fact_stay}
        WHERE level = $level AND unit::VARCHAR = $unit AND concurrent
    ), steps AS (
        SELECT patient, visit, start_us, unit::VARCHAR AS unit FROM {fact_stay}
        WHERE level = $level AND NOT concurrent
    )
    SELECT coalesce(s.unit, '') AS unit, count(*) AS n
    FROM mine m ASOF LEFT JOIN steps s ON m.patient = s.patient AND m.visit = s.visit AND m.start_us >= s.start_us
    GROUP BY ALL ORDER BY n DESC, unit
"""


def served(answers: Answers, unit: str, *, level: str) -> list[Row]:
    """Return in which units patients were when this unit worked for them beside it: a laboratory, a pharmacy.

    `unit` is the last step that had begun; `HOME` where none had.
    """
    return answers.rows(BESIDE, level=level, unit=unit) if answers.is_derived else []
