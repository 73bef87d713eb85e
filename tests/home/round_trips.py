"""Two homes compared, record by record and column by column: the truth, and what came back of it by way of a format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from knitwork.home import Home

KEYS = {
    "stay": ("patient", "unit", "start_us"), "event": ("event",), "request": ("request",), "message": ("message",),
    "duty": ("duty",), "fact": ("fact",), "person": ("patient",),
}  # fmt: skip
PROVENANCE = {"feed", "delivery", "row"}
# What is derived, by the columns in which two rows of one hand-off, journey, time in a unit or visit may be told apart.
DERIVED = {
    "fact_handoff": ("level", "patient", "visit", "journey", "from_unit", "to_unit", "from_kind", "to_kind", "left_us",
                     "arrived_us", "transit_s", "overlap_s", "left_day", "left_hour", "arrived_day", "arrived_hour",
                     "from_meso", "to_meso", "from_macro", "to_macro", "calendar"),
    "journey": ("patient", "journey", "start_us", "end_us", "closed", "visits", "units", "handoffs", "variant"),
    "fact_stay": ("level", "patient", "visit", "journey", "unit", "kind", "start_us", "end_us", "end_kind", "concurrent",
                  "first", "last", "prev_unit", "next_unit", "next_start_us", "start_day", "end_day", "meso", "macro"),
    "visit": ("patient", "visit", "journey", "start_us", "end_us", "units", "handoffs", "stays"),
}  # fmt: skip
Key = tuple[Any, ...]


def table(home: Home, name: str) -> dict[Key, dict[str, Any]]:
    """Return the rows of a table by their key; none where a home has no such table."""
    answers = home.answers()
    if not answers.manifest.rows(name):
        return {}
    found = answers.rows(f"FROM {{{name}}}")
    rows = {tuple(row[column] for column in KEYS[name]): row for row in found}
    assert len(rows) == len(found)
    return rows


def different(told: Home, back: Home, name: str) -> tuple[Counter[str], int, set[str]]:
    """Count by column the rows that did not come back the same, and the rows that came beside them; and whose they are."""
    ours, theirs = table(told, name), table(back, name)
    counted: Counter[str] = Counter()
    touched: set[str] = set()
    for key, row in ours.items():
        other = theirs.get(key, {})
        for column, value in row.items():
            if column not in PROVENANCE and value != other.get(column):
                counted[column] += 1
                if column in ("visit", "start_us", "end_us", "end_kind"):
                    touched.add(row["patient"])
        assert row["delivery"] != other.get("delivery")
    return counted, len(theirs.keys() - ours.keys()), touched


def listed(losses: Iterable[Mapping[str, Any]], name: str) -> tuple[Counter[str], int]:
    """Return what the list of losses says of a table: rows by column, and rows that come beside."""
    counted: Counter[str] = Counter()
    added = 0
    for one in losses:
        if one["table"] != name or one["column"] in PROVENANCE:
            continue
        if one["how"] == "added":
            added += one["rows"]
        else:
            counted[one["column"]] += one["rows"]
    return counted, added


def whose_differ(told: Home, back: Home, name: str) -> set[str]:
    """Return the patients of whom a derived table does not tell the same in both homes."""
    columns = ", ".join(f'"{column}"' for column in DERIVED[name])
    ours, theirs = (
        Counter((row["patient"], *row.values()) for row in home.answers().rows(f"SELECT {columns} FROM {{{name}}}"))
        for home in (told, back)
    )
    assert ours
    return {patient for patient, *_ in (*(ours - theirs), *(theirs - ours))}
