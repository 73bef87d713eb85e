"""Lengths of time and moments of one patient's way in words: exact to the minute, and by days where dates are shifted."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import number
from knitwork.model.units import Registry
from knitwork.web import say

MINUTE, HOUR, DAY = 60, 3600, 86_400
DAY_US = DAY * 1_000_000


def length(seconds: float | None) -> str:
    """Return a length of time in at most two units, as people say it.

    >>> [length(s).replace(chr(160), " ") for s in (40, 720, 9300, 7200, 174060, 2332800)]
    ['40 s', '12 min', '2 h 35 min', '2 h', '2 days', '27 days']
    """
    if seconds is None:
        return "–"
    if seconds < MINUTE:
        return _("%(n)s\u00a0s") % {"n": number(seconds)}
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return _("%(n)s\u00a0min") % {"n": minutes}
    if minutes < 48 * 60:
        hours = _("%(n)s\u00a0h") % {"n": minutes // 60}
        return f"{hours} " + _("%(n)s\u00a0min") % {"n": minutes % 60} if minutes % 60 else hours
    whole = round(seconds / HOUR)
    if whole < 7 * 24:
        days = _days(whole // 24)
        return f"{days} " + _("%(n)s\u00a0h") % {"n": whole % 24} if whole % 24 else days
    return _days(round(seconds / DAY))


def _days(n: int) -> str:
    return ngettext("%(n)s\u00a0day", "%(n)s\u00a0days", n) % {"n": number(n)}


@dataclass(frozen=True)
class Clock:
    """How moments of one patient are written: with dates, or as days since the first where dates are shifted."""

    registry: Registry
    tz: str
    calendar: bool
    first_us: int

    def zone(self, unit: str) -> str:
        known = self.registry.get(unit)
        return (known.tz if known else None) or self.tz

    def day_number(self, us: int, tz: str) -> int:
        """Return which day of the way an instant lies on: the first is 1."""
        return (say.local(us, tz).date() - say.local(self.first_us, tz).date()).days + 1

    def moment(self, us: int | None, unit: str) -> str:
        """Return an instant on the clock of a unit: "14 July 2026, 10:47", or "day 1, 10:47"."""
        if us is None:
            return "–"
        tz = self.zone(unit)
        if self.calendar:
            return say.instant(us, tz)
        return _("day %(n)s, %(time)s") % {
            "n": number(self.day_number(us, tz)),
            "time": f"{say.local(us, tz):%H:%M}",
        }

    def day(self, us: int, unit: str) -> str:
        """Return the day of an instant: "14 July 2026", or "day 1"."""
        tz = self.zone(unit)
        return say.day(us, tz) if self.calendar else _("day %(n)s") % {"n": number(self.day_number(us, tz))}

    def short(self, us: int, unit: str) -> str:
        """Return an instant for the foot of a picture: "14 Jul 10:47", or "day 1, 10:47"."""
        if not self.calendar:
            return self.moment(us, unit)
        return date_format(say.local(us, self.zone(unit)).replace(tzinfo=None), "j M H:i")

    def short_day(self, us: int, unit: str) -> str:
        if not self.calendar:
            return self.day(us, unit)
        return date_format(say.local(us, self.zone(unit)).replace(tzinfo=None), "j M")
