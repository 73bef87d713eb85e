"""Stays that were told once and no longer hold: which, why, and by which delivery they were taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row

COLUMNS = ("feed", "why", "patient", "unit", "start_us", "end_us", "visit", "delivery", "row", "by_delivery")


def withdrawn(answers: Answers, feed: str | None = None, limit: int | None = None) -> list[Row]:
    """List stays that no longer hold, by feed and start; times in UTC microseconds."""
    if not answers.manifest.of("withdrawn"):
        return []
    top = f"LIMIT {int(limit)}" if limit is not None else ""
    return answers.rows(
        f"SELECT {', '.join(COLUMNS)} FROM {{withdrawn}} WHERE $feed IS NULL OR feed = $feed "
        f'ORDER BY feed, start_us, unit, patient, delivery, "row" {top}',
        feed=feed,
    )


def counted(answers: Answers, feed: str | None = None) -> list[Row]:
    """Count the stays that no longer hold by feed, the delivery that took them back and why, with their first and last start."""
    if not answers.manifest.of("withdrawn"):
        return []
    return answers.rows(
        """SELECT feed, by_delivery, why, count(DISTINCT (patient, unit, start_us)) AS stays,
               min(start_us) AS first_us, max(start_us) AS last_us
        FROM {withdrawn} WHERE $feed IS NULL OR feed = $feed GROUP BY ALL ORDER BY feed, last_us DESC, by_delivery, why""",
        feed=feed,
    )
