"""Numbers, times and kinds of units in words and digits that a nurse would use."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from knitwork.draw.labels import Writing, number, with_unit

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

KIND_NAMES = {
    "home": gettext_lazy("home"),
    "ems": gettext_lazy("ambulance service"),
    "ed": gettext_lazy("emergency department"),
    "cathlab": gettext_lazy("catheter laboratory"),
    "or": gettext_lazy("operating theatre"),
    "icu": gettext_lazy("intensive care"),
    "ccu": gettext_lazy("coronary care"),
    "ward": gettext_lazy("ward"),
    "rehab": gettext_lazy("rehabilitation"),
    "practice": gettext_lazy("practice"),
    "clinic": gettext_lazy("clinic"),
    "homecare": gettext_lazy("home care"),
    "snf": gettext_lazy("nursing home"),
    "hospice": gettext_lazy("hospice"),
    "virtual": gettext_lazy("virtual care"),
    "lab": gettext_lazy("laboratory"),
    "radiology": gettext_lazy("radiology"),
    "pharmacy": gettext_lazy("pharmacy"),
    "dietary": gettext_lazy("dietary service"),
    "mesosystem": gettext_lazy("mesosystem"),
    "macrosystem": gettext_lazy("macrosystem"),
    "other": gettext_lazy("unit"),
}


# Units of numbers are translated where they are written, beside the number.
UNITS = (gettext_noop("s"), gettext_noop("min"), gettext_noop("h"), gettext_noop("day"), gettext_noop("days"))


def writing() -> Writing:
    """Return how the language of this request writes numbers and their units."""
    return Writing(get_format("THOUSAND_SEPARATOR"), get_format("DECIMAL_SEPARATOR"), _)


def kind_name(kind: str) -> str:
    """Return a kind of unit in words."""
    return str(KIND_NAMES.get(kind, kind))


def count(value: float | None) -> str:
    """Return a count with commas, or a dash."""
    return "–" if value is None else number(value, 0 if float(value).is_integer() else 1)


def duration(seconds: float | None) -> str:
    """Return a length of time in the unit that people would say.

    >>> [duration(s).replace(chr(160), " ") for s in (40, 2460, 7560, 777600)]
    ['40 s', '41 min', '2.1 h', '9 days']
    """
    if seconds is None:
        return "–"
    if seconds < 60:
        return with_unit(number(seconds), "s")
    if seconds < 90 * 60:
        return with_unit(number(seconds / 60), "min")
    if seconds < 48 * 3600:
        return with_unit(number(seconds / 3600, 1), "h")
    days = seconds / 86400
    return with_unit(number(days, 0 if days >= 9.95 or round(days, 1) == round(days) else 1), "days")


def hours(seconds: float | None) -> str:
    """Return a length of time in whole hours, for columns that are compared."""
    return "–" if seconds is None else number(seconds / 3600, 0 if seconds >= 36000 or seconds == 0 else 1)


def local(us: int, tz: str) -> dt.datetime:
    """Return an instant (UTC microseconds) on the clock of a zone."""
    return (EPOCH + dt.timedelta(microseconds=us)).astimezone(ZoneInfo(tz or "UTC"))


def instant(us: int | None, tz: str) -> str:
    """Return an instant as people write it: 14 October 2026, 06:10."""
    return "–" if us is None else date_format(local(us, tz).replace(tzinfo=None), "j F Y, H:i")


def moment(value: object, tz: str) -> str:
    """Return an instant that came as microseconds, a date-time or text."""
    if isinstance(value, int):
        return instant(value, tz)
    if isinstance(value, dt.datetime):
        return instant((value - EPOCH) // dt.timedelta(microseconds=1), tz)
    return str(value) if value else "–"


def day(us: int | None, tz: str) -> str:
    """Return the day of an instant: 14 October 2026."""
    return "–" if us is None else date_format(local(us, tz).replace(tzinfo=None), "j F Y")


def long_day(us: int | None, tz: str) -> str:
    """Return an instant with the day of the week: Tuesday 14 October 2026, 06:10."""
    return "–" if us is None else date_format(local(us, tz).replace(tzinfo=None), "l j F Y, H:i")


def period_name(start_day: int, period: str) -> str:
    """Return the name of a period that starts on a local day counted from 1970-01-01."""
    day = dt.date(1970, 1, 1) + dt.timedelta(days=start_day)
    if period == "month":
        return date_format(day, "F Y")
    if period == "week":
        return _("week of %(day)s") % {"day": date_format(day, "j F Y")}
    return date_format(day, "j F Y") if period == "day" else _("all records")


def iso_day(start_day: int) -> str:
    """Return a local day counted from 1970-01-01 as an ISO date."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=start_day)).isoformat()
