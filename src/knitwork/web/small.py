"""Small numbers: what people outside a unit's own team, and walls, are not shown.

A count of 1 to 10 patients, and a rate whose numerator or denominator is one, could point at a
person (the cell rule of the United States' CMS, reference/trust.md 5.2). Zero is not small.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from knitwork.web import say

LEAST = 11


def is_small(value: float | None) -> bool:
    """Say whether a count is of 1 to 10.

    >>> is_small(0), is_small(1), is_small(10), is_small(11), is_small(None)
    (False, True, True, False, False)
    """
    return value is not None and 0 < value < LEAST


def shown_count(value: float | None, *, hide: bool) -> str:
    """Return a count, or "fewer than 11" where it is small and `hide` is set."""
    return _("fewer than 11") if hide and is_small(value) else say.count(value)


def row_is_small(row: dict[str, Any], *, of_patients: bool = False) -> bool:
    """Say whether one period of a measure rests on a small number.

    With `of_patients` the value itself is a number of patients, such as a census.
    """
    small = any(is_small(row.get(name)) for name in ("numerator", "denominator", "n"))
    return small or (of_patients and is_small(row.get("value")))


def without_small(rows: list[dict[str, Any]], *, of_patients: bool = False) -> tuple[list[dict[str, Any]], int]:
    """Return the periods with the small ones emptied, and how many were."""
    emptied = {"numerator": None, "denominator": None, "value": None, "n": None, "hidden": True}
    kept = [row | emptied if row_is_small(row, of_patients=of_patients) else row for row in rows]
    return kept, sum(1 for row in kept if row.get("hidden"))
