"""What both pages of a unit share: its name and place, the sentences it opens with, what its measures say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.periods import Period
from knitwork.draw.words import joined
from knitwork.home.spine import DAY_US
from knitwork.model.units import SUPPORT_KINDS
from knitwork.web import glance, judging, needed, present, say
from knitwork.web.accounts.access import may
from knitwork.web.kept import kept
from knitwork.web.pages.around import Names, Place, holds_at, inside, period_of, place, taking_part
from knitwork.web.source import Source

# So many units are named in the sentence that opens a programme's page.
UNITS_NAMED = 4


@dataclass(frozen=True)
class Head:
    """What stands over both pages of a unit, and what both are made of."""

    place: Place
    known: Names
    hide: bool
    period: Period
    calendar: bool
    judged: tuple[judging.Judged, ...]
    told: tuple[present.Told, ...]
    inside: list[str]
    part: list[str]

    @property
    def is_programme(self) -> bool:
        """Say whether units only take part in it: then it has no patients of its own."""
        return bool(self.part) and not self.inside

    @property
    def is_group(self) -> bool:
        return bool(self.inside or self.part)

    @property
    def members(self) -> list[str]:
        return self.inside or self.part


def head_of(request: HttpRequest, source: Source, code: str) -> Head:
    """Return what both pages of a unit show, or answer that there is no such page."""
    at = place(source, code)
    hide = not may(request.user, "patients")
    period = period_of(request, source)
    calendar = present.has_calendar(source)
    judged = judging.judged(source, code, period) if calendar else ()
    return Head(
        place=at,
        known=Names(source),
        hide=hide,
        period=period,
        calendar=calendar,
        judged=judged,
        told=tuple(present.told(source, one, period=period, hide=hide) for one in judged),
        inside=[child for child in inside(source, code) if child != code],
        part=taking_part(source, code),
    )


def head_context(source: Source, head: Head, *, here: str) -> dict[str, Any]:
    """Return what the templates of both pages read of the head; `here` is the tab that is open."""
    code = head.place.code
    tabs = {"unit": _("Today"), "understand": _("Understand")}
    return {
        "place": head.place,
        "takes_part": takes_part(source, head),
        "moved": moved(source, code, head.known),
        "lead": lead(source, head),
        "tabs": [
            {"name": name, "address": reverse(route, kwargs={"code": code}), "here": route == here}
            for route, name in tabs.items()
        ],
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "calendar": head.calendar,
        "period": head.period,
    }


def lead(source: Source, head: Head) -> SafeString:
    """Return the sentences a unit's page opens with; where waits cannot be told they are missed, so that is said too."""
    if not head.told and head.calendar and head.is_programme:
        return escape(f"{_('Units of several groups take part in this one.')} {programme_lead(source, head)}")
    said = present.lead(head.told, calendar=head.calendar)
    states = source.answers.feeds()
    if head.calendar and states and not any(state.departures_recorded for state in states):
        waits = _("Waits between units cannot be told: departure not recorded by this feed.")
        said = mark_safe(f"{said} {waits}")  # noqa: S308 - both are escaped or our own words
    return said


def programme_lead(source: Source, head: Head) -> str:
    """Say in which units of a programme something got worse or better; the measures stand on the units' own pages."""
    found = glance.glance(source, judging.usual_period(source))
    shown = [(code, {change.verdict for change in found[code].changes}) for code in head.part if code in found]
    said = []
    for verdict, text in (("worse", _("Something got worse in %(units)s.")), ("better", _("Better in %(units)s."))):
        units = [head.known.name(code) for code, verdicts in shown if verdict in verdicts]
        if units:
            said.append(text % {"units": joined(units[:UNITS_NAMED], max(len(units) - UNITS_NAMED, 0), _, ngettext)})
    return " ".join(said) or _("Nothing got worse or better in any of them that is not noise.")


def takes_part(source: Source, head: Head) -> list[dict[str, str]]:
    """Return the groups that a unit takes part in as of the records."""
    as_of = source.answers.as_of_us
    found = [
        m.group
        for m in source.answers.registry.memberships
        if m.unit == head.place.code and m.kind == "takes_part" and holds_at(m, as_of)
    ]
    return [head.known.link(group) for group in dict.fromkeys(found)]


def moved(source: Source, code: str, known: Names) -> list[str]:
    """Say what a unit belonged to or took part in before, and until when."""
    as_of = source.answers.as_of_us
    ended = [
        m
        for m in source.answers.registry.memberships
        if m.unit == code and m.until_us is not None and (as_of is None or m.until_us <= as_of)
    ]
    now = {(m.kind, m.group) for m in source.answers.registry.memberships if m.unit == code and holds_at(m, as_of)}
    texts = {
        "belongs": _("Until %(day)s it belonged to %(group)s; numbers before that stay there."),
        "takes_part": _("Until %(day)s it took part in %(group)s."),
    }
    said = [
        texts[m.kind] % {"day": say.day(m.until_us, source.tz), "group": known.name(m.group)}
        for m in sorted(ended, key=lambda m: (m.kind, m.until_us or 0))
        if (m.kind, m.group) not in now
    ]
    return said + came_and_went(source, code, known)


def came_and_went(source: Source, code: str, known: Names) -> list[str]:
    """Say of a group which units came to it or left it while the records run: its numbers change with them."""
    as_of, first = source.answers.as_of_us, first_us(source)
    said = []
    for m in source.answers.registry.memberships:
        if m.group != code or m.kind != "belongs" or as_of is None or first is None:
            continue
        name = {"unit": known.name(m.unit)}
        if m.since_us is not None and first < m.since_us <= as_of:
            text = _("%(unit)s came here on %(day)s: numbers from then on include it.")
            said.append(text % (name | {"day": say.day(m.since_us, source.tz)}))
        if m.until_us is not None and first < m.until_us <= as_of:
            text = _("%(unit)s left on %(day)s: numbers from then on are without it.")
            said.append(text % (name | {"day": say.day(m.until_us, source.tz)}))
    return said


def first_us(source: Source) -> int | None:
    """Return about when the records begin."""
    first = source.answers.first_day
    return None if first is None else first * DAY_US


def numbers_of(source: Source, head: Head) -> dict[str, Any]:
    """Return the plain numbers of a unit, worked out once for each generation."""
    code, level = head.place.code, head.place.level
    return kept(source, "numbers", lambda: dict(source.answers.unit_numbers(code, level)), code, level)


def feeds_of(source: Source, level: str, codes: list[str]) -> list[str]:
    """Return the feeds that the stays of these units come from."""
    by_unit = kept(source, "feeds by unit", source.answers.feeds_by_unit)
    return sorted({feed for code in codes for feed in by_unit.get((level, code), [])})


def is_beside(source: Source, code: str) -> bool:
    """Say whether a unit works for patients who are in another one meanwhile, as a laboratory does."""
    known = source.answers.registry.get(code)
    return known is not None and known.kind in SUPPORT_KINDS


def unit_links(known: Names, codes: list[str]) -> list[dict[str, Any]]:
    """Return units as links with their kinds."""
    return [known.link(code) | {"kind": known.kind(code)[0]} for code in codes]


def missing(source: Source, at: Place, shown: set[str]) -> list[dict[str, str]]:
    """Return the measures that have nothing to show here, each with its reason."""
    can = needed.allowed(source)
    without_beds = judging.without_beds(source, at.code)
    found = []
    for measure, definition in source.measures.items():
        if measure in shown:
            continue
        able, why_not, unlock = can.get(measure, (True, "", ""))
        if able and without_beds and definition.counts == "midnights":
            why_not = _("Patients do not stay here overnight.")
        elif able:
            why_not = _("Nothing to count here yet.")
        found.append({"title": definition.title, "why_not": why_not, "unlock": "" if able else unlock})
    return found
