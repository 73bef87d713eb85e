"""Periods in words: the name of a day, a week or a month, short for charts and in full for sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

Period = Literal["day", "week", "month", "point"]
Translate = Callable[[str], str]


def as_written(text: str) -> str:
    """Return `text` itself: the translation used where none is given."""
    return text


def gettext_noop(text: str) -> str:
    """Mark a word for translation where it is written, to be translated where it is used."""
    return text


_MONTHS = (
    (gettext_noop("Jan"), gettext_noop("January")),
    (gettext_noop("Feb"), gettext_noop("February")),
    (gettext_noop("Mar"), gettext_noop("March")),
    (gettext_noop("Apr"), gettext_noop("April")),
    # A month whose short name is its name is translated once, as the name.
    (gettext_noop("May"), gettext_noop("May")),
    (gettext_noop("Jun"), gettext_noop("June")),
    (gettext_noop("Jul"), gettext_noop("July")),
    (gettext_noop("Aug"), gettext_noop("August")),
    (gettext_noop("Sep"), gettext_noop("September")),
    (gettext_noop("Oct"), gettext_noop("October")),
    (gettext_noop("Nov"), gettext_noop("November")),
    (gettext_noop("Dec"), gettext_noop("December")),
)


@lru_cache(maxsize=4096)
def _date(label: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(label[:10]) if len(label) > 7 else dt.date.fromisoformat(label + "-01")
    except ValueError:
        return None


def period_of(labels: Sequence[str]) -> Period:
    """Return the period that a series of labels (ISO dates of each period's start) is counted by.

    >>> period_of(["2025-11-01", "2025-12-01"]), period_of(["2025-11-03", "2025-11-10"]), period_of(["a", "b"])
    ('month', 'week', 'point')
    """
    days = [_date(label) for label in labels]
    known = [day for day in days if day is not None]
    if not known or len(known) < len(days):
        return "point"
    if all(day.day == 1 for day in known):
        return "month"
    steps = {(after - before).days for before, after in pairwise(known)}
    return "week" if steps and all(step % 7 == 0 for step in steps) else "day"


def short_name(label: str, period: Period, _: Translate = as_written) -> str:
    """Return the name of a period as it stands under a chart.

    >>> short_name("2024-11-01", "month"), short_name("2024-11-04", "week"), short_name("bed 7", "point")
    ('Nov 2024', '4 Nov 2024', 'bed 7')
    """
    day = None if period == "point" else _date(label)
    if day is None:
        return label
    month = _(_MONTHS[day.month - 1][0])
    return f"{month} {day.year}" if period == "month" else f"{day.day} {month} {day.year}"


def full_name(label: str, period: Period, _: Translate = as_written) -> str:
    """Return the name of a period as it stands in a sentence, as in "since August 2025".

    >>> full_name("2025-08-01", "month"), full_name("2025-08-04", "week")
    ('August 2025', 'the week of 4 August 2025')
    """
    day = None if period == "point" else _date(label)
    if day is None:
        return label
    month = _(_MONTHS[day.month - 1][1])
    if period == "month":
        return f"{month} {day.year}"
    date = f"{day.day} {month} {day.year}"
    return _("the week of %(date)s") % {"date": date} if period == "week" else date
