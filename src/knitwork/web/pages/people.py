"""The patients that the team of a unit sees on its page of today: who is in, who came, who left, who is on the way.

Whoever shows these lists writes down that they were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.home import today as ask
from knitwork.home.today import Seen
from knitwork.web import judging, say
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names
from knitwork.web.pages.unit import Head, numbers_of
from knitwork.web.source import Source
from knitwork.web.until import Until, clock, day_name, short_instant

MOST_ROWS = 60
# So many rows are read at a glance; a longer list is folded away behind its number.
OPEN_ROWS = 12
# Of fewer stays than this nobody can say how long nine in ten of them are.
STAYS_FOR_USUAL = 50


@dataclass(frozen=True)
class Listed:
    """Rows of one list, how many there are in all, and whether it stands open."""

    rows: list[dict[str, Any]]
    total: int

    @property
    def opened(self) -> bool:
        return self.total <= OPEN_ROWS

    @property
    def cut(self) -> str:
        return _("The first %(n)s are shown.") % {"n": MOST_ROWS} if self.total > MOST_ROWS else ""

    @property
    def summary(self) -> str:
        return ngettext("%(n)s patient", "%(n)s patients", self.total) % {"n": say.count(self.total)}


def lists(source: Source, head: Head, until: Until, seen: list[Seen], *, beside: bool) -> dict[str, Any]:
    """Return the lists of a unit's page."""
    usual_n, usual_s = usual(source, head)
    here = ask.here(seen, beside=beside)
    contacts = judging.without_beds(source, head.place.code)
    ends = numbers_of(source, head).get("here_now") is not None
    return {
        "here": listed(here, lambda row: here_row(row, head.known, until, usual_s, usual_n)),
        "usual": _("9 in 10 stays here last no longer than %(time)s.") % {"time": say.duration(usual_s)}
        if usual_n >= STAYS_FOR_USUAL
        else "",
        "under_way": listed(ask.under_way(seen, until.us), lambda row: left_row(row, head.known, until)),
        "days": [
            day_lists(seen, head.known, until, day, contacts=contacts, ends=ends) for day in (until.day, until.day - 1)
        ],
    }


def usual(source: Source, head: Head) -> tuple[int, float]:
    """Return how many stays of a unit ended, and what nine in ten of them stay within, in seconds."""
    known: dict[tuple[str, str], tuple[int, float]] = kept(source, "usual lengths", source.answers.usual_lengths)
    return known.get((head.place.level, head.place.code), (0, 0.0))


def listed(rows: list[Seen], make: Any) -> Listed:
    return Listed([make(row) for row in rows[:MOST_ROWS]], len(rows))


def day_lists(seen: list[Seen], known: Names, until: Until, day: int, *, contacts: bool, ends: bool) -> dict[str, Any]:
    """Return who came and who left on a day; where people come and go again, one list with both times is enough.

    Without `ends` nobody wrote down who left when: the one time of an event is when the patient came.
    """
    gone = [row for row in ask.left(seen, day) if ends and not (contacts and row.start_day == day)]
    return {
        "name": day_name(day),
        "contacts": contacts,
        "arrived": listed(ask.arrived(seen, day), lambda row: arrived_row(row, known, until, ends=ends)),
        "left": listed(gone, lambda row: left_row(row, known, until)),
    }


def named(row: Seen) -> dict[str, Any]:
    return {"patient": row.patient, "address": reverse("patient", kwargs={"patient": row.patient})}


def here_row(row: Seen, known: Names, until: Until, usual_s: float, usual_n: int) -> dict[str, Any]:
    """Return one patient who is in: since when, how long, where from, and whether that is longer than usual."""
    seconds = (until.us - row.start_us) / 1e6
    return named(row) | {
        "since": short_instant(row.start_us, until.tz) if row.precise else say.day(row.start_us, until.tz),
        "length": say.duration(max(seconds, 0)),
        "other": came_from(row, known),
        "long": usual_n >= STAYS_FOR_USUAL and seconds > usual_s,
    }


def arrived_row(row: Seen, known: Names, until: Until, *, ends: bool) -> dict[str, Any]:
    return named(row) | {
        "at": clock(row.start_us, until.tz) if row.precise else "–",
        "until": clock(row.end_us, until.tz) if ends and row.precise and row.end_us is not None else "–",
        "other": came_from(row, known),
    }


def left_row(row: Seen, known: Names, until: Until) -> dict[str, Any]:
    left_us = row.end_us or 0  # only those who left are on this list
    after = known.name(row.after) if row.after else _("home or elsewhere")
    return named(row) | {
        "at": clock(left_us, until.tz) if row.precise else "–",
        "other": "–" if row.concurrent else after,
        "ago": say.duration((until.us - left_us) / 1e6),
    }


def came_from(row: Seen, known: Names) -> str:
    if row.concurrent:
        return _("beside another stay")
    return known.name(row.before) if row.before else _("home or elsewhere")
