"""One pair of units over time: when its wait changed, its numbers, and the patients behind a period."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.periods import Period
from knitwork.draw.words import sentence as say_sentence
from knitwork.home.calendar import day_number, period_end, period_start
from knitwork.model.units import LEVELS
from knitwork.signals import Series, Spec, evaluate_many
from knitwork.web import judging, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.audit.record import record
from knitwork.web.charts.decided import Decisions
from knitwork.web.kept import kept
from knitwork.web.pages import changed, choosing
from knitwork.web.pages.around import Names, exists, parent, period_of
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.handoffs import pair_rows
from knitwork.web.pages.unit import feeds_of
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

SHOWN_PATIENTS = 200
# Of days there are thousands: the latest stand in the table, all of them in the CSV.
SHOWN_PERIODS = 120
SHOWS = ("wait", "hour")
# How many waited over an hour, as a share of those whose wait is known.
OVER_AN_HOUR = Spec(chart="p", direction="down", factor=100, unit="%")
COLUMNS = (
    "level",
    "from_unit",
    "to_unit",
    "period",
    "count",
    "timed",
    "median_transit_s",
    "p90_transit_s",
    "over_hour",
)


def level_of(request: HttpRequest) -> str:
    """Return the level asked for; single units where none or an unknown one is."""
    asked = request.GET.get("level", "micro")
    return asked if asked in LEVELS else "micro"


def total_of(source: Source, level: str, sender: str, receiver: str) -> dict[str, Any] | None:
    """Return one pair's numbers over all records; None where nobody ever passed."""
    pairs = kept(source, "pairs", lambda: source.answers.pairs(level, unit=None, months=None), level, None)
    return next((p for p in pairs if p["from_unit"] == sender and p["to_unit"] == receiver), None)


def history(source: Source, level: str, sender: str, receiver: str, period: Period) -> list[dict[str, Any]]:
    """Return one pair's periods; none on a shifted calendar."""
    if not present.has_calendar(source):
        return []
    key = (level, sender, receiver, period)
    return kept(source, "pair over time", lambda: source.answers.pair_over_time(*key), *key)


@needs("read")
def pair(request: HttpRequest, sender: str, receiver: str) -> HttpResponse:
    """Show the hand-offs of one pair of units over time."""
    source = with_answers(request)
    level, period = level_of(request), period_of(request, source)
    hide = not may(request.user, "patients")
    known = Names(source)
    row = pair_rows([checked(source, level, sender, receiver)], known, level=level, hide=hide)[0]
    rows = history(source, level, sender, receiver, period)
    hidden = changed.hidden_periods(rows, period) if hide else frozenset()
    show = next((one for one in SHOWS if one == request.GET.get("show")), SHOWS[0])
    where = {"sender": sender, "receiver": receiver}
    context: dict[str, Any] = {
        "sender": known.link(sender),
        "receiver": known.link(receiver),
        "row": row,
        "calendar": present.has_calendar(source),
        "level": level,
        "period": period,
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "unknown": unknown_words(source, level, sender, receiver, hide=hide),
        "elsewhere": elsewhere(source, known, level, sender, receiver),
        **quality.beside(source, feeds_of(source, level, [sender, receiver])),
        "csv": reverse("pair-csv", kwargs=where) + f"?level={level}&period={period}",
    }
    if context["calendar"]:
        context["periods"] = choosing.choices(
            request, "period", {"day": _("by day"), "week": _("by week"), "month": _("by month")}, period
        )
        context["shows"] = choosing.choices(
            request, "show", {"wait": _("median wait"), "hour": _("share over an hour")}, show
        )
    behind = "" if hide else f"?level={level}&period={period}"
    first = max(len(rows) - SHOWN_PERIODS, 0)
    context["history"] = [
        history_row(rows[at], period, where, hidden=at in hidden, behind=behind)
        for at in reversed(range(first, len(rows)))
    ]
    context["earlier"] = first
    if not row["untimed"] and rows:
        one = changed.judge_one(source, (sender, receiver), level, period, rows)
        context |= turn_words(one, hide=hide)
        title = f"{row['sender']} → {row['receiver']}"
        context |= (
            wait_chart(one, title, hide=hide)
            if show == "wait"
            else share_chart(rows, period, title, hidden, source.decisions)
        )
    return render(request, "pages/pair.html", context)


def checked(source: Source, level: str, sender: str, receiver: str) -> dict[str, Any]:
    """Return one pair's numbers over all records, or answer that there is no such page."""
    registry = source.answers.registry
    if not (exists(registry, sender) and exists(registry, receiver)):
        raise Http404(sender)
    total = total_of(source, level, sender, receiver)
    if total is None:
        raise Http404(receiver)
    return total


def unknown_words(source: Source, level: str, sender: str, receiver: str, *, hide: bool) -> str:
    """Say of how many hand-offs the wait is not known."""
    total = checked(source, level, sender, receiver)
    missing = total["count"] - total["timed"]
    if not total["departures_recorded"] or not total["timed"] or (hide and small.is_small(total["timed"])):
        return ""
    if missing == 0:
        return _("The wait is known of all of them.")
    text = ngettext("The wait is not known of %(n)s of them.", "The wait is not known of %(n)s of them.", missing)
    return text % {"n": small.shown_count(missing, hide=hide)}


def elsewhere(source: Source, known: Names, level: str, sender: str, receiver: str) -> list[dict[str, str]]:
    """Return the ways to the opposite direction and to the same pair one level up, where patients passed there too."""
    found = []
    if total_of(source, level, receiver, sender) is not None:
        found.append(way(_("The other way"), known, level, receiver, sender))
    for above in LEVELS[LEVELS.index(level) + 1 :]:
        ends = ancestor(source, sender, above), ancestor(source, receiver, above)
        if ends[0] and ends[1] and total_of(source, above, ends[0], ends[1]) is not None:
            found.append(way(_("One level up"), known, above, ends[0], ends[1]))
            break
    return found


def way(said: str, known: Names, level: str, sender: str, receiver: str) -> dict[str, str]:
    address = reverse("pair", kwargs={"sender": sender, "receiver": receiver})
    return {
        "said": said,
        "name": f"{known.name(sender)} → {known.name(receiver)}",
        "address": f"{address}?level={level}",
    }


def ancestor(source: Source, code: str, level: str) -> str | None:
    """Return the group of a level that a unit is inside as of the records."""
    at: str | None = code
    seen = set()
    while at and at not in seen:
        seen.add(at)
        if source.answers.registry.level_of(at) == level:
            return at
        at = parent(source, at)
    return None


def history_row(
    row: dict[str, Any], period: str, where: dict[str, str], *, hidden: bool, behind: str
) -> dict[str, Any]:
    """Return one period of one pair for its table."""
    start = {"start": say.iso_day(row["start_day"])}
    few = _("fewer than 11")
    share = None if not row["timed"] else 100 * row["over_hour"] / row["timed"]
    return {
        "period": say.period_name(row["start_day"], period),
        "complete": row.get("complete", True),
        "count": few if hidden else say.count(row["count"]),
        "timed": "–" if hidden else say.count(row["timed"]),
        "median": "–" if hidden else say.duration(row["median_s"]),
        "over": "–" if hidden else say.duration(row["p90_s"]),
        "hour": "–" if hidden or share is None else f"{share:.0f}%",
        "behind": reverse("pair-behind", kwargs=where | start) + behind if behind and row["count"] else "",
    }


def turn_words(one: changed.Judged, *, hide: bool) -> dict[str, Any]:
    """Return what is said of a change: since when, how that was found, and the waits on either side of it."""
    if one.turn is None:
        return {}
    sides = []
    for said, side in ((_("Before"), one.turn.before), (_("Since"), one.turn.after)):
        if side["median_s"] is None or (hide and small.is_small(side["timed"])):
            return {"changed": changed.since(one), "reckoned": changed.reckoned(one)}
        known = {"half": say.duration(side["median_s"]), "most": say.duration(side["p90_s"])}
        text = _("half went over within %(half)s and 9 in 10 within %(most)s") % known
        # Outside the team no count: taken from the months beside it, it could tell a hidden one.
        if not hide:
            text += " " + _("(%(n)s with a known wait)") % {"n": say.count(side["timed"])}
        sides.append({"said": said, "words": text})
    told = changed.in_a_line(one, hide=hide)
    return {"changed": told, "reckoned": changed.reckoned(one), "sides": sides}


def wait_chart(one: changed.Judged, title: str, *, hide: bool) -> dict[str, Any]:
    """Return the run chart of the median wait, and its sentence, both of the whole series."""
    said = changed.in_a_line(one, hide=hide)
    found: dict[str, Any] = {"sentence": said, "verdict": one.verdict, "what": _("Median wait.")}
    if changed.too_small(one, hide=hide):
        return found
    return found | {
        "svg": changed.picture(one, "page", title=title, hide=hide),
        "narrow": changed.picture(one, "desk", title=title, hide=hide),
    }


def share_chart(
    rows: list[dict[str, Any]], period: Period, title: str, hidden: frozenset[int], decisions: Decisions
) -> dict[str, Any]:
    """Return the chart of how many waited over an hour."""
    series = Series(
        labels=tuple(row["label"] for row in rows),
        numerators=tuple(row["over_hour"] for row in rows),
        denominators=tuple(row["timed"] for row in rows),
        incomplete_last=not rows[-1].get("complete", True),
    )
    events = [min(row["over_hour"], row["timed"] - row["over_hour"]) for row in rows if row["timed"]]
    spec = OVER_AN_HOUR if sum(events) >= judging.FEWEST_EVENTS * len(events) else changed.unjudged(OVER_AN_HOUR)
    whole = evaluate_many([series], decisions.judged_by(spec))[0]
    evaluation = small.masked(whole, hidden)
    said = say_sentence(evaluation, period=period, _=_, ngettext=ngettext)
    found: dict[str, Any] = {
        "sentence": said, "verdict": judging.verdict_of(whole), "what": _("Share who waited over an hour."), "shares": True,
    }  # fmt: skip
    if present.holes_in(whole, hidden, present.SHOWN_POINTS[period])[1]:
        return found
    return found | {
        "svg": present.picture(evaluation, "page", title=title, period=period),
        "narrow": present.picture(evaluation, "desk", title=title, period=period),
    }


@needs("read")
def numbers(request: HttpRequest, sender: str, receiver: str) -> HttpResponse:
    """Give the periods of one pair as CSV."""
    source = with_answers(request)
    level, period = level_of(request), period_of(request, source)
    checked(source, level, sender, receiver)
    rows = history(source, level, sender, receiver, period)
    hidden = changed.hidden_periods(rows, period) if not may(request.user, "patients") else frozenset()
    lines = []
    for at, row in enumerate(rows):
        values = (row["count"], row["timed"], row["median_s"], row["p90_s"], row["over_hour"])
        shown = [""] * len(values) if at in hidden else ["" if value is None else value for value in values]
        lines.append([level, sender, receiver, row["label"], *shown])
    response = HttpResponse(to_csv(COLUMNS, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="handoffs.csv"'
    return response


@needs("patients")
def behind(request: HttpRequest, sender: str, receiver: str, start: str) -> HttpResponse:
    """List the patients behind one period of a pair. The reading is written down before the page is."""
    source = with_answers(request)
    level, period = level_of(request), period_of(request, source)
    checked(source, level, sender, receiver)
    try:
        first = period_start(dt.date.fromisoformat(start), period)
        days = day_number(first), day_number(period_end(first, period))
    except (ValueError, OverflowError) as error:
        raise Http404(start) from error
    rows = (
        source.answers.pair_behind(level, sender, receiver, *days, limit=SHOWN_PATIENTS)
        if present.has_calendar(source)
        else []
    )
    known = Names(source)
    with transaction.atomic():
        detail = {"from": sender, "to": receiver, "level": level, "period": period, "start": start, "rows": len(rows)}
        record(by=request.user, action="read patients", about=f"{sender} to {receiver} from {start}", detail=detail)  # type: ignore[arg-type]
    where = reverse("pair", kwargs={"sender": sender, "receiver": receiver})
    context = {
        "sender": known.link(sender),
        "receiver": known.link(receiver),
        "back": f"{where}?level={level}&period={period}",
        "period_name": say.period_name(days[0], period),
        "rows": [patient_row(row, source.tz) for row in rows],
        "timed": sum(1 for row in rows if row["wait_s"] is not None),
        "cut": len(rows) >= SHOWN_PATIENTS,
        "limit": SHOWN_PATIENTS,
    }
    return render(request, "pages/pair_behind.html", context)


def patient_row(row: dict[str, Any], tz: str) -> dict[str, Any]:
    """Return one hand-off of one patient."""
    return {
        "patient": row["patient"],
        "address": patient_address(row["patient"]),
        "visit": row["visit"] or "–",
        "left": say.moment(row["left_us"], tz),
        "arrived": say.moment(row["arrived_us"], tz),
        "wait": say.duration(row["wait_s"]) if row["wait_s"] is not None else _("not known"),
        "overlap": say.duration(row["overlap_s"]) if row.get("overlap_s") else "",
    }


def patient_address(patient: str) -> str:
    """Return where a patient's own page is; empty where there is no such page."""
    try:
        return reverse("patient", kwargs={"patient": patient})
    except NoReverseMatch:
        return ""
