"""Numbers as sentences say them: so many periods, a value with its unit, a value laid against another."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from knitwork.draw.labels import number as digits
from knitwork.draw.labels import value_text, with_unit
from knitwork.draw.periods import Period
from knitwork.draw.record import lasts, shown_decimals, value_decimals
from knitwork.signals import Evaluation, Signal

Plural = Callable[[str, str, int], str]

MOST_DECIMALS = 4


def as_counted(one: str, many: str, count: int) -> str:
    """Choose between one and many as English does: the plural used where none is given."""
    return one if count == 1 else many


def counted(count: int, period: Period, ngettext: Plural = as_counted) -> str:
    """Return a number of periods in words.

    >>> counted(8, "month"), counted(1, "week")
    ('8 months', '1 week')
    """
    texts = {
        "day": lambda: ngettext("%(n)d day", "%(n)d days", count),
        "week": lambda: ngettext("%(n)d week", "%(n)d weeks", count),
        "month": lambda: ngettext("%(n)d month", "%(n)d months", count),
        "point": lambda: ngettext("%(n)d point", "%(n)d points", count),
    }
    return texts[period]() % {"n": count}


def last_tested(evaluation: Evaluation) -> int:
    """Return the place of the last point that was tested against the rules."""
    return max((place for place, tested in enumerate(evaluation.tested) if tested), default=len(evaluation) - 1)


def as_value(evaluation: Evaluation, value: float | None) -> str:
    """Return a value with its unit and the decimals of its chart."""
    return value_text(value, evaluation.spec.unit, shown_decimals(evaluation))


def level_of(evaluation: Evaluation, signal: Signal) -> tuple[float | None, float | None]:
    """Return the value that a signal stands for and the centre beside it; None where it is hidden or over.

    Of a run that lasts it is the middle of what came since, for the last point alone may lie next to the centre; of a
    point beyond a limit it is that point.
    """
    at = last_tested(evaluation) if lasts(signal) else signal.end
    if signal.end < at:
        return None, None
    if not lasts(signal):
        return evaluation.values[at], evaluation.centres[at]
    since = [
        value for place in signal.points if place >= signal.since and (value := evaluation.values[place]) is not None
    ]
    return (median(since) if since else None), evaluation.centres[at]


def told_apart(evaluation: Evaluation, value: float | None, other: float | None) -> tuple[str, str]:
    """Return a value with its unit and the bare number it is laid against, with decimals enough to differ.

    "73%, below the limit of 73%" would say nothing.
    """
    decimals, others = value_decimals(evaluation), shown_decimals(evaluation)
    unit = evaluation.spec.unit
    while True:
        said, against = value_text(value, unit, decimals), _bare(unit, other, others)
        alike = value is not None and other is not None and digits(value, decimals) == digits(other, others)
        if not alike or value == other or others >= MOST_DECIMALS:
            return said, against
        decimals = others = others + 1


def _bare(unit: str, value: float | None, decimals: int) -> str:
    """Return a number that stands beside one with the same unit; per cent is repeated, for it is short."""
    text = "–" if value is None else digits(value, decimals)
    return with_unit(text, "%") if unit == "%" and value is not None else text
