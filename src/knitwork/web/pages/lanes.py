"""From a patient's chain to swim-lanes: one picture of a whole journey, and one of each visit at its own scale."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.swimlane import Bar, End, Gap, Span, lanes_of, swimlane_svg
from knitwork.home.patients import Journey, Stay, Visit
from knitwork.web import say
from knitwork.web.pages.around import Names
from knitwork.web.pages.lengths import DAY_US, Clock, length

# How far an end that nobody knows is drawn: this share of the visit, and at least an hour.
BEYOND = 0.12
HOUR_US = 3_600_000_000
MOST_TICKS = 7
STEPS_OF_DAYS = (1, 2, 7, 14, 30, 60, 90, 180, 365, 730, 1825)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn visit or journey, with whether its line of time was shortened."""

    svg: SafeString
    even: bool


def worth_drawing(visit: Visit) -> bool:
    """Say whether a picture tells more of a visit than a line of words: more than one stay."""
    return len(visit.stays) > 1


def ending(stay: Stay) -> End:
    if stay.end_kind == "open":
        return "open"
    return "known" if stay.left_us is not None else "unknown"


def visit_picture(visit: Visit, *, names: Names, clock: Clock, longest: Stay | None, now_us: int | None) -> Picture:
    """Draw one visit: each unit's lane, what ran beside below, gaps with their length in words."""
    units = list(dict.fromkeys([s.unit for s in visit.steps] + [s.unit for s in visit.beside]))
    lane = {unit: at for at, unit in enumerate(units)}
    beyond = visit.last_us + max(round((visit.last_us - visit.start_us) * BEYOND), HOUR_US)
    bars = [_bar(stay, lane[stay.unit], _end_of(stay, beyond, now_us), names, clock) for stay in visit.stays]
    gaps = [_gap(stay, lane, names, longest) for stay in visit.waits]
    known = [gap for gap in gaps if gap is not None]
    drawn = lanes_of(
        [names.name(unit) for unit in units],
        bars=bars,
        gaps=known,
        ticks=_visit_ticks(visit, bars, clock),
        between=_("Between units"),
    )
    return Picture(mark_safe(swimlane_svg(drawn, visit_sentence(visit, names), _=_)), drawn.even)  # noqa: S308


def visit_sentence(visit: Visit, names: Names) -> str:
    """Say a visit in a sentence: through which units, and the waits between them."""
    steps = [names.name(stay.unit) for stay in visit.steps] or [names.name(stay.unit) for stay in visit.beside]
    waits = [
        _("%(length)s before %(unit)s") % {"length": _gap_words(stay), "unit": names.name(stay.next_unit)}
        for stay in visit.waits
    ]
    path = " → ".join(steps)
    return _("%(path)s. Between units: %(waits)s.") % {"path": path, "waits": "; ".join(waits)} if waits else path


def _gap_words(stay: Stay) -> str:
    return _("not known") if stay.gap_s is None else length(stay.gap_s)


def _end_of(stay: Stay, beyond: int, now_us: int | None) -> int:
    if stay.end_us is not None:
        return stay.end_us
    if stay.end_kind == "open" and now_us is not None and now_us > stay.start_us:
        return now_us
    return stay.next_start_us or max(beyond, stay.start_us + HOUR_US)


def _bar(stay: Stay, lane: int, end_us: int, names: Names, clock: Clock) -> Bar:
    words = length(stay.length_s) if stay.length_s is not None else ""
    if stay.end_kind == "open":
        words = _("still there")
    elif stay.length_s is None:
        words = _("end not known")
    hint = f"{names.name(stay.unit)}: {clock.moment(stay.start_us, stay.unit)}, {words}"
    return Bar(lane, stay.start_us, end_us, words, ending(stay), stay.beside, hint)


def _gap(stay: Stay, lane: dict[str, int], names: Names, longest: Stay | None) -> Gap | None:
    if stay.next_start_us is None or stay.next_unit is None or stay.gap_s == 0:
        return None
    hint = f"{names.name(stay.unit)} → {names.name(stay.next_unit)}: {_gap_words(stay)}"
    after = lane.get(stay.next_unit, lane[stay.unit])
    known = stay.gap_s is not None
    start = stay.left_us if stay.left_us is not None else stay.start_us
    is_longest = longest is not None and stay == longest
    return Gap(start, stay.next_start_us, lane[stay.unit], after, _gap_words(stay), known, is_longest, hint)


def _visit_ticks(visit: Visit, bars: list[Bar], clock: Clock) -> list[tuple[float, str]]:
    """Name the first and last moment of a visit, and the arrivals between them."""
    last = max(bars, key=lambda bar: bar.end)
    stay = visit.stays[-1]
    marks: dict[float, str] = {visit.start_us: clock.short(visit.start_us, visit.stays[0].unit)}
    for step in visit.steps:
        marks.setdefault(step.start_us, clock.short(step.start_us, step.unit))
    if last.ending == "known":
        marks[last.end] = clock.short(int(last.end), stay.unit)
    return sorted(marks.items())


def journey_picture(journey: Journey, *, names: Names, clock: Clock) -> Picture:
    """Draw a whole journey on an even line of time: a mark for each stay, the days between visits in words."""
    units = list(dict.fromkeys(stay.unit for visit in journey.visits for stay in (visit.steps or visit.beside)))
    lane = {unit: at for at, unit in enumerate(units)}
    bars, gaps, spans = [], [], []
    for visit in journey.visits:
        for stay in visit.steps or visit.beside:
            end = stay.end_us if stay.end_us is not None else stay.start_us
            hint = f"{names.name(stay.unit)}: {clock.day(stay.start_us, stay.unit)}"
            bars.append(Bar(lane[stay.unit], stay.start_us, end, "", ending(stay), False, hint))
        if visit.in_hospital:
            spans.append(Span(visit.start_us, visit.last_us, _("in hospital")))
    for at, apart in enumerate(journey.between_s):
        before, after = journey.visits[at], journey.visits[at + 1]
        if apart and before.end_us is not None:
            left, came = (before.steps or before.beside)[-1], (after.steps or after.beside)[0]
            start = after.start_us - apart * 1_000_000
            gaps.append(Gap(start, after.start_us, lane[left.unit], lane[came.unit], length(apart)))
    drawn = lanes_of(
        [names.name(unit) for unit in units],
        bars=bars,
        gaps=gaps,
        spans=spans,
        ticks=_journey_ticks(journey, clock),
        between=_("Between visits"),
        even=True,
    )
    return Picture(mark_safe(swimlane_svg(drawn, journey_sentence(journey), _=_)), True)  # noqa: S308


def journey_sentence(journey: Journey) -> str:
    """Say a journey in a sentence, for who cannot see its picture."""
    units = {stay.unit for visit in journey.visits for stay in visit.stays}
    seconds = (journey.last_us - journey.start_us) / 1_000_000
    n = len(journey.visits)
    visits = ngettext("%(n)s visit", "%(n)s visits", n) % {"n": n}
    return _("%(visits)s over %(time)s, %(units)s units") % {
        "visits": visits,
        "time": length(seconds),
        "units": len(units),
    }


def _journey_ticks(journey: Journey, clock: Clock) -> list[tuple[float, str]]:
    """Name the first of months on a real calendar, and otherwise days counted from the first."""
    unit = journey.visits[0].stays[0].unit
    start, last = journey.start_us, journey.last_us
    days = max((last - start) / DAY_US, 1)
    if clock.calendar and days > 60:
        return [(at, words) for at, words in _months(start, last, clock.zone(unit)) if start <= at <= last]
    step = next((s for s in STEPS_OF_DAYS if days / s <= MOST_TICKS), STEPS_OF_DAYS[-1])
    return [(start + n * DAY_US, clock.short_day(start + n * DAY_US, unit)) for n in range(0, int(days) + 1, step)]


def _months(start_us: int, last_us: int, tz: str) -> list[tuple[float, str]]:
    first, last = say.local(start_us, tz), say.local(last_us, tz)
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 600) if len(months) / s <= MOST_TICKS)
    found = []
    for month in months:
        if (month - (first.year * 12 + first.month)) % step == 0:
            day = dt.datetime(month // 12, month % 12 + 1, 1, tzinfo=first.tzinfo)
            found.append((float(round(day.timestamp() * 1_000_000)), date_format(day.date(), "M Y")))
    return found
