"""How a unit's day, week and year run: three or four small pictures, each with a sentence that says when it is busy.

A difference is only said where it is more than chance: else the sentence says that the parts do not differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import number
from knitwork.draw.rhythm import bars_svg, level_svg
from knitwork.home.rhythm import Rhythm, Round, whole_months
from knitwork.web import judging, say
from knitwork.web.kept import kept
from knitwork.web.pages.unit import Head
from knitwork.web.source import Source
from knitwork.web.until import Until

# By chance alone the parts of a round differ by less than this 99 times in 100: chi-squared (23, 6 and 11 degrees of
# freedom) over its degrees of freedom, which is F with very many days. Any table: 41.64/23, 16.81/6, 24.72/11.
BY_CHANCE = {24: 1.81, 7: 2.80, 12: 2.25}
MONTHS_FOR_A_YEAR = 12
WEEKS_FOR_A_WEEK = 4
# Fewer arrivals than this give a picture of single patients and not of a rhythm.
ARRIVALS_FOR_A_RHYTHM = 100
# A stretch of the day in which fewer than this share of the mean arrive is quiet; and one of so many hours is said.
QUIET, QUIET_HOURS = 0.4, 3
BUSY_HOURS = 3
MONDAY = dt.date(2024, 1, 1)


def context(source: Source, head: Head, until: Until | None) -> dict[str, Any]:
    """Return the pictures of a unit's rhythm with the span they are made of, or why there are none."""
    if until is None:
        return {"why_not": _("How its day, week and year run stands here for records with real dates.")}
    code, level, last = head.place.code, head.place.level, until.day - 1
    beds = not judging.without_beds(source, code)
    found = kept(
        source,
        "rhythm",
        lambda: source.answers.rhythm(code, level, last_day=last, beds=beds),
        code,
        level,
        last,
    )
    if found is None or found.arrivals < ARRIVALS_FOR_A_RHYTHM or found.days < 7 * WEEKS_FOR_A_WEEK:
        return {
            "why_not": _("How its day, week and year run stands here after four weeks and %(n)s arrivals.")
            % {"n": ARRIVALS_FOR_A_RHYTHM}
        }
    made = []
    if found.precise:
        made.append(day_of(found))
    if found.present and max(found.present) >= 1:
        made.append(present_of(found))
    made.append(week_of(found))
    made.append(year_of(found))
    days = [date_format(say.EPOCH + dt.timedelta(days=d), "j F Y") for d in (found.first_day, found.last_day)]
    span = _("Means of %(days)s days, %(first)s to %(last)s, %(n)s arrivals.")
    return {
        "rounds": [one for one in made if one],
        "span": span % {"days": say.count(found.days), "first": days[0], "last": days[1], "n": say.count(found.arrivals)},
    }  # fmt: skip


def rate(value: float | None) -> str:
    """Return a mean a day: one decimal, two where that would say nothing."""
    if value is None:
        return "–"
    return number(value, 0 if value >= 100 else 1 if value >= 0.1 or value == 0 else 2)


def differs(one: Round) -> bool:
    """Say whether the parts of a round differ by more than chance."""
    return one.ratio is not None and one.ratio > BY_CHANCE[len(one.count)]


def day_of(found: Rhythm) -> dict[str, Any]:
    """Return the arrivals by hour of the day."""
    means = [m or 0.0 for m in found.hours.means]
    names = [str(hour) for hour in range(24)]
    said = day_words(means, found)
    at = busiest(means, BUSY_HOURS)
    marked = [(at + step) % 24 for step in range(BUSY_HOURS)] if differs(found.hours) else []
    return picture(_("Arrivals by hour"), said, means, names, head=_("Hour"), unit=_("Arrivals a day"), marked=marked)


def day_words(means: Sequence[float], found: Rhythm) -> str:
    """Say when the day is busy and when it is quiet."""
    if not differs(found.hours):
        return _("No hour of the day differs from the others by more than chance.")
    at = busiest(means, BUSY_HOURS)
    part = round(100 * sum_of(means, at, BUSY_HOURS) / sum(means))
    known = {"from": clock(at), "to": clock(at + BUSY_HOURS), "share": f"{part}%"}
    busy = _("Busiest from %(from)s to %(to)s: %(share)s of a day's arrivals.") % known
    still = quiet(means)
    if still is None:
        return busy
    return busy + " " + _("Quiet from %(from)s to %(to)s.") % {"from": clock(still[0]), "to": clock(still[1])}


def sum_of(means: Sequence[float], at: int, size: int) -> float:
    return sum(means[(at + step) % len(means)] for step in range(size))


def busiest(means: Sequence[float], size: int) -> int:
    """Return where the busiest stretch of `size` hours begins; it may run over midnight.

    >>> busiest([5, 1, 1, 1, 1, 9], 2)
    5
    """
    return max(range(len(means)), key=lambda at: (sum_of(means, at, size), -at))


def quiet(means: Sequence[float]) -> tuple[int, int] | None:
    """Return the longest stretch of quiet hours as its first hour and the hour after it; None where it is short.

    >>> quiet([0] * 6 + [4] * 14 + [0] * 4)
    (20, 6)
    """
    size, mean = len(means), sum(means) / len(means)
    still = [value < QUIET * mean for value in means]
    best = (0, 0)
    for at in range(size):
        long = 0
        while long < size and still[(at + long) % size]:
            long += 1
        best = max(best, (long, -at))
    long, at = best[0], -best[1]
    return (at, (at + long) % size) if QUIET_HOURS <= long < size else None


def clock(hour: int) -> str:
    return f"{hour % 24:02d}:00"


def present_of(found: Rhythm) -> dict[str, Any]:
    """Return how many are in at each hour."""
    most, least = max(found.present), min(found.present)
    full, empty = found.present.index(most), found.present.index(least)
    known = {"most": rate(most), "at": clock(full), "least": rate(least), "low": clock(empty)}
    if most - least < 0.05 * most:
        said = _("About %(most)s at any hour.") % known
    else:
        said = _("Fullest at %(at)s with %(most)s, emptiest at %(low)s with %(least)s.") % known
    names = [str(hour) for hour in range(24)]
    return picture(
        _("Patients in, by hour"), said, list(found.present), names, head=_("Hour"), unit=_("Patients in"), level=True
    )


def week_of(found: Rhythm) -> dict[str, Any]:
    """Return the arrivals by day of the week."""
    days = [MONDAY + dt.timedelta(days=at) for at in range(7)]
    names, full = [date_format(day, "D") for day in days], [date_format(day, "l") for day in days]
    said = part_words(
        found.weekdays,
        full,
        _("Busiest on %(busy)s with %(most)s a day, quietest on %(quiet)s with %(least)s."),
        _("No day of the week differs from the others by more than chance."),
    )
    return picture(
        _("Arrivals by day of the week"),
        said,
        list(found.weekdays.means),
        names,
        head=_("Day"),
        unit=_("Arrivals a day"),
        full=full,
        marked=highest(found.weekdays),
    )


def year_of(found: Rhythm) -> dict[str, Any]:
    """Return the arrivals by month of the year, where the records hold twelve whole months."""
    months = whole_months(found.first_day, found.last_day)
    if months < MONTHS_FOR_A_YEAR:
        text = ngettext(
            "The year stands here after twelve whole months; there is %(n)s.",
            "The year stands here after twelve whole months; there are %(n)s.",
            months,
        )
        return {"title": _("Arrivals by month of the year"), "said": text % {"n": months}, "svg": "", "rows": []}
    days = [dt.date(2024, at + 1, 1) for at in range(12)]
    names, full = [date_format(day, "N")[:3] for day in days], [date_format(day, "F") for day in days]
    said = part_words(
        found.months,
        full,
        _("Busiest in %(busy)s with %(most)s a day, quietest in %(quiet)s with %(least)s."),
        _("No month of the year differs from the others by more than chance."),
    )
    return picture(
        _("Arrivals by month of the year"),
        said,
        list(found.months.means),
        names,
        head=_("Month"),
        unit=_("Arrivals a day"),
        full=full,
        marked=highest(found.months),
    )


def part_words(one: Round, names: Sequence[str], differ: str, same: str) -> str:
    """Say which part of a week or a year is busiest and which is quietest."""
    if not differs(one):
        return same
    means = [(mean, -at) for at, mean in enumerate(one.means) if mean is not None]
    most, least = max(means), min(means, key=lambda pair: (pair[0], -pair[1]))
    known = {"busy": names[-most[1]], "most": rate(most[0]), "quiet": names[-least[1]], "least": rate(least[0])}
    return differ % known


def highest(one: Round) -> list[int]:
    """Return the part that the sentence names; none where the parts do not differ."""
    means = [(mean, -at) for at, mean in enumerate(one.means) if mean is not None]
    return [-max(means)[1]] if differs(one) else []


def picture(
    title: str,
    said: str,
    values: list[float | None] | list[float],
    names: list[str],
    *,
    head: str,
    unit: str,
    full: list[str] | None = None,
    level: bool = False,
    marked: Collection[int] = (),
) -> dict[str, Any]:
    """Return one picture with its title, its sentence and its numbers as a table."""
    spoken = f"{title}. {said}"
    if level:
        svg = level_svg([v or 0.0 for v in values], names, said=spoken)
    else:
        svg = bars_svg(values, names, said=spoken, marked=marked)
    rows = [{"name": name, "value": rate(value)} for name, value in zip(full or names, values, strict=True)]
    return {
        "title": title,
        "said": said,
        "svg": mark_safe(svg),  # noqa: S308 - made by our own draw, every text in it escaped there
        "rows": rows,
        "head": head,
        "unit": unit,
    }
