"""How decisions about a chart are told: names, days and values in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.formats import date_format

from knitwork.draw.labels import value_text
from knitwork.web import say
from knitwork.web.charts.asked import Chart

EPOCH = dt.date(1970, 1, 1)


def full(text: str) -> str:
    """Return what somebody wrote as a sentence that has its full stop.

    >>> full("A new roster"), full("Why not?"), full("")
    ('A new roster.', 'Why not?', '')
    """
    return text if not text or text[-1] in ".!?…" else f"{text}."


def joined(texts: Iterable[str]) -> str:
    """Return several names in one line."""
    return "; ".join(texts)


def moment(at: dt.datetime | None) -> str:
    """Return the day of an act: 14 October 2026."""
    return "" if at is None else date_format(at, "j F Y")


def period_name(chart: Chart, label: str) -> str:
    """Return the name of a period of a chart by its first day."""
    return say.period_name((dt.date.fromisoformat(label) - EPOCH).days, chart.period)


def value_of(chart: Chart, value: float | None, decimals: int) -> str:
    """Return a value of a chart with its unit."""
    return value_text(value, chart.definition.spec.unit, decimals)
