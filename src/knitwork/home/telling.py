"""From a row behind a number to the rows of the files that told it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row


def told_by(answers: Answers, rows: Sequence[Row]) -> list[tuple[tuple[str, int], ...]]:
    """Return for each row behind a number the files and rows of the stays that it is made of, in the order of their starts.

    Those are the stays of its patient that touch its span; where some of them lie in the units that it names, these
    alone. Reads the stays of all these patients once.
    """
    patients = sorted({str(row["patient"]) for row in rows})
    if not patients or not answers.manifest.of("stay"):
        return [() for _ in rows]
    names = {str(one["delivery"]): str(one["name"]) for one in answers.deliveries()}
    of: dict[str, list[Row]] = {}
    for stay in answers.rows(
        """SELECT patient::VARCHAR AS patient, unit::VARCHAR AS unit, start_us, end_us, delivery, "row" FROM {stay}
        WHERE patient::VARCHAR IN (SELECT unnest($patients)) ORDER BY start_us, unit""",
        patients=patients,
    ):
        of.setdefault(stay["patient"], []).append(stay)
    return [
        tuple((names.get(s["delivery"], str(s["delivery"])[:12]), int(s["row"])) for s in _made_of(row, of))
        for row in rows
    ]


def _made_of(row: Row, of: dict[str, list[Row]]) -> list[Row]:
    """Return the stays that one row is made of."""
    ends = [at for at in (row.get("start"), row.get("end")) if at is not None]
    if not ends:
        return []
    # One who is still there has a span without an end.
    last = max(ends) if row.get("end") is not None else None
    touching = [
        stay
        for stay in of.get(str(row["patient"]), ())
        if (last is None or stay["start_us"] <= last) and (stay["end_us"] is None or stay["end_us"] >= min(ends))
    ]
    units = {row.get("unit"), row.get("from_unit"), row.get("to_unit")}
    return [stay for stay in touching if stay["unit"] in units] or touching
