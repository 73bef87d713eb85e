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


def delivered_by(answers: Answers, column: str) -> str:
    """Return as SQL the delivery that a column names. What a message of a live feed told stands under the message's own
    hash: that is the stream of its feed.
    """
    told = answers.manifest.landed.values()
    if not any(one.get("stream") for one in told):
        return column
    files = ", ".join(f"'{one['delivery']}'" for one in told if not one.get("stream")) or "''"
    return f"CASE WHEN {column} IN ({files}) THEN {column} ELSE 'stream' END"


def counted(answers: Answers, feed: str | None = None) -> list[Row]:
    """Count the stays that no longer hold by feed, the delivery that took them back and why, with first and last start.

    The delivery is `stream` where a message of a live feed did.
    """
    if not answers.manifest.of("withdrawn"):
        return []
    return answers.rows(
        f"""SELECT feed, {delivered_by(answers, "by_delivery")} AS by_delivery, why, count(DISTINCT (patient, unit, start_us)) AS stays,
               min(start_us) AS first_us, max(start_us) AS last_us
        FROM {{withdrawn}} WHERE $feed IS NULL OR feed = $feed GROUP BY ALL ORDER BY feed, last_us DESC, by_delivery, why""",
        feed=feed,
    )
