"""Rows of an input put in groups, and the rows of one period put together, as the tools do."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.frame import DATE
from conformance.tree import CannotRead

# What lies in one period, put to one value; nothing is left out before.
GATHER: dict[str, Callable[[list[float]], float | None]] = {
    "mean": lambda some: statistics.fmean(some) if some else None,
    "median": lambda some: statistics.median(some) if some else None,
    "sum": lambda some: sum(some) if some else None,
    "sd": lambda some: statistics.stdev(some) if len(some) > 1 else None,
    "min": lambda some: min(some, default=None),
    "max": lambda some: max(some, default=None),
}


@dataclass(frozen=True)
class Period:
    """The rows of one label: their values, and the sums where both numerator and denominator are known."""

    label: str
    values: list[float]
    numerator: float | None
    denominator: float | None


def as_label(value: Any) -> str:
    """Return a value as the tables write it: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def in_order(labels: Iterable[str], wanted: Sequence[str] = ()) -> list[str]:
    """Return labels in order of time or number; names, which have no order of their own, as the tool put them."""
    some = list(dict.fromkeys(labels))
    if all(DATE.match(label) for label in some):
        return sorted(some)
    try:
        return sorted(some, key=float)
    except ValueError:
        place = {label: at for at, label in enumerate(wanted)}
        return sorted(some, key=lambda label: place.get(label, len(place)))


def categorical(labels: Iterable[str]) -> bool:
    """Say whether labels are names: neither dates nor numbers."""
    for label in labels:
        if not DATE.match(label):
            try:
                float(label)
            except ValueError:
                return True
    return False


def start_of(label: str, period: str | None) -> str:
    """Return the first day of the period that a day lies in; weeks begin on Monday."""
    if period is None:
        return label
    try:
        day = dt.date.fromisoformat(label[:10])
    except ValueError as fault:
        raise CannotRead(f"{label!r} where a date is known") from fault
    match period:
        case "day":
            return day.isoformat()
        case "week":
            return (day - dt.timedelta(days=day.weekday())).isoformat()
        case "month":
            return day.replace(day=1).isoformat()
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1).isoformat()
        case "year":
            return day.replace(month=1, day=1).isoformat()
    raise CannotRead(f"the period {period}")


def periods(
    labels: Sequence[str], y: Sequence[Any], n: Sequence[Any] | None, wanted: Sequence[str] = ()
) -> list[Period]:
    """Put the rows of each label together, in order; a row without both y and n does not count."""
    rows: dict[str, list[tuple[float, float | None]]] = {label: [] for label in in_order(labels, wanted)}
    for place, label in enumerate(labels):
        value, below = y[place], None if n is None else n[place]
        if value is not None and (n is None or below is not None):
            rows[label].append((float(value), below))
    return [_period(label, some, ratio=n is not None) for label, some in rows.items()]


def _period(label: str, rows: list[tuple[float, float | None]], *, ratio: bool) -> Period:
    values = [value for value, _ in rows]
    below = [float(one) for _, one in rows if one is not None]
    numerator = sum(values) if values else None
    return Period(label, values, numerator, sum(below) if ratio and below else None)
