"""Small numbers: what people outside a unit's own team, and walls, are not shown.

A count of 1 to 10 patients, and a rate whose numerator or denominator is one, could point at a
person (the cell rule of the United States' CMS, reference/trust.md 5.2). Zero is not small.

A series is always evaluated whole and hidden afterwards: limits, centre and signals are those of
the full record, the same on a wall as at the unit's own desk. A mean number of patients at midnight
is no count of persons, so it is hidden only where it rests on 1 to 10 patient-midnights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from knitwork.signals import Evaluation
from knitwork.signals.series import Numbers
from knitwork.web import say
from knitwork.web.definitions import Counts

LEAST = 11
EMPTY: dict[str, Any] = {"numerator": None, "denominator": None, "value": None, "n": None, "hidden": True}
# Longer periods whose count would give a single hidden one away by subtraction.
_AROUND: dict[str, tuple[str, ...]] = {"day": ("week", "month")}


def is_small(value: float | None) -> bool:
    """Say whether a count is of 1 to 10.

    >>> is_small(0), is_small(1), is_small(10), is_small(11), is_small(None)
    (False, True, True, False, False)
    """
    return value is not None and 0 < value < LEAST


def shown_count(value: float | None, *, hide: bool) -> str:
    """Return a count, or "fewer than 11" where it is small and `hide` is set."""
    return _("fewer than 11") if hide and is_small(value) else say.count(value)


def row_is_small(counts: Counts, row: dict[str, Any]) -> bool:
    """Say whether one period of a measure rests on a small number of people.

    Beds, midnights and seconds are no people: `people` is how many stand behind a share of time.
    """
    if counts == "time":
        return is_small(row.get("people"))
    if counts == "midnights":
        return is_small(row.get("numerator"))
    return any(is_small(row.get(name)) for name in ("numerator", "denominator"))


def hidden_rows(counts: Counts, rows: list[dict[str, Any]], period: str) -> frozenset[int]:
    """Return which periods to hide: the small ones, and one more where only one would be.

    A single hidden count is what is left when the others are taken from the total of a longer period.
    """
    hidden = {at for at, row in enumerate(rows) if row_is_small(counts, row)}
    for group in _groups(rows, period):
        inside = [at for at in group if at in hidden]
        if len(inside) == 1:
            rest = [at for at in group if at not in hidden and rows[at].get("value") is not None and _weight(rows[at])]
            hidden.update(sorted(rest, key=lambda at: _weight(rows[at]))[:1])
    return frozenset(hidden)


def _groups(rows: list[dict[str, Any]], period: str) -> Iterable[list[int]]:
    """Return the places of the periods that add up to a number shown elsewhere, and those of all."""
    for around in _AROUND.get(period, ()):
        groups: dict[object, list[int]] = {}
        for at, row in enumerate(rows):
            day = row["start_day"]
            groups.setdefault((day + 3) // 7 if around == "week" else say.iso_day(day)[:7], []).append(at)
        yield from groups.values()
    yield list(range(len(rows)))


def _weight(row: dict[str, Any]) -> float:
    return float(row.get("numerator") or row.get("people") or row.get("denominator") or 0)


def emptied(rows: list[dict[str, Any]], hidden: frozenset[int]) -> list[dict[str, Any]]:
    """Return the periods with the hidden ones emptied, for tables."""
    return [row | EMPTY if at in hidden else row for at, row in enumerate(rows)]


def masked(evaluation: Evaluation, hidden: frozenset[int]) -> Evaluation:
    """Return the evaluation without what could be counted back in the hidden periods; its judgement stays.

    The limits of a hidden period go as well, and the lines within them: their width tells its denominator.
    """
    if not hidden:
        return evaluation

    def without(column: Numbers) -> Numbers:
        return tuple(None if at in hidden else value for at, value in enumerate(column))

    return dataclasses.replace(
        evaluation,
        values=without(evaluation.values),
        numerators=evaluation.numerators and without(evaluation.numerators),
        denominators=evaluation.denominators and without(evaluation.denominators),
        lowers=without(evaluation.lowers),
        uppers=without(evaluation.uppers),
        lowers_1=without(evaluation.lowers_1),
        uppers_1=without(evaluation.uppers_1),
        lowers_2=without(evaluation.lowers_2),
        uppers_2=without(evaluation.uppers_2),
        observed=without(evaluation.observed),
    )
