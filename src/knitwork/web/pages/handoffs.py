"""Hand-offs between units: where patients wait, and one pair of units over time."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.flow import Stream, flow_svg
from knitwork.draw.periods import Period
from knitwork.draw.words import sentence as say_sentence
from knitwork.model.units import LEVELS
from knitwork.signals import Series, Spec, evaluate_many
from knitwork.web import present, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.pages.around import Names, exists, period_of, periods
from knitwork.web.pages.frame import with_answers
from knitwork.web.source import Source

SHOWN_PAIRS = 200


def level_of(request: HttpRequest) -> str:
    """Return the level asked for; single units where none or an unknown one is."""
    asked = request.GET.get("level", "micro")
    return asked if asked in LEVELS else "micro"


@needs("read")
def ranked(request: HttpRequest) -> HttpResponse:
    """Rank pairs of units by the hours that all patients together lost between them."""
    source = with_answers(request)
    level = level_of(request)
    hide = not may(request.user, "patients")
    pairs = source.answers.pairs(level, unit=None, months=None)
    rows = pair_rows(pairs, Names(source), level=level, hide=hide)
    level_names = {"micro": _("between units"), "meso": _("between mesosystems"), "macro": _("between systems")}
    offered = levels_of(source)
    context = {
        "rows": rows[:SHOWN_PAIRS],
        "timed": any(row["lost_s"] for row in rows),
        "more": max(len(rows) - SHOWN_PAIRS, 0),
        "levels": [{"name": level_names[one], "query": f"?level={one}", "chosen": one == level} for one in offered]
        if len(offered) > 1
        else [],
        "lead": lead(rows),
        "calendar": present.has_calendar(source),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
    }
    return render(request, "pages/handoffs.html", context)


def levels_of(source: Source) -> list[str]:
    """Return the levels at which this system has more than one unit to pass between."""
    registry = source.answers.registry
    there = {"micro": True, "meso": registry.has_meso(), "macro": len(registry.roots()) > 1}
    return [level for level in LEVELS if there[level]]


def lead(rows: list[dict[str, Any]]) -> str:
    """Say where the most time is lost, or why that cannot be said."""
    if not rows:
        return _("No patient has passed from one unit to another in these records.")
    timed = [row for row in rows if row["lost_s"]]
    if not timed and not any(row["recorded"] for row in rows):
        return _(
            "The feed does not record when patients leave, so waits between units cannot be told from its records."
        )
    if not timed:
        return _("No wait between units can be told here: the departures are unknown, or too few patients passed.")
    worst = timed[0]
    text = _("Most time is lost from %(sender)s to %(receiver)s: %(hours)s hours in all, over %(count)s hand-offs.")
    known = {"sender": worst["sender"], "receiver": worst["receiver"], "hours": worst["lost"], "count": worst["timed"]}
    return text % known


def untimed(pair: dict[str, Any], *, hide: bool) -> str:
    """Say in words why a pair shows no wait; empty where it shows one."""
    if hide and (small.is_small(pair["count"]) or small.is_small(pair["timed"])):
        return _("too few patients to show")
    if not pair["departures_recorded"]:
        return _("departure not recorded by this feed")
    return "" if pair["timed"] else _("departure unknown")


def pair_rows(
    pairs: list[dict[str, Any]], known: Names, *, level: str, hide: bool, seen_from: str | None = None
) -> list[dict[str, Any]]:
    """Return pairs of units as rows of a table; small ones lose their figures where `hide` is set.

    On the page of a unit, `seen_from`, only the other one is named.
    """
    rows = []
    for pair in pairs:
        sender, receiver = known.name(pair["from_unit"]), known.name(pair["to_unit"])
        if seen_from is None:
            name = f"{sender} → {receiver}"
        elif pair["from_unit"] == seen_from:
            name = _("to %(unit)s") % {"unit": receiver}
        else:
            name = _("from %(unit)s") % {"unit": sender}
        why = untimed(pair, hide=hide)
        address = reverse("pair", kwargs={"sender": pair["from_unit"], "receiver": pair["to_unit"]})
        rows.append({
            "sender": sender,
            "receiver": receiver,
            "name": name,
            "address": f"{address}?level={level}",
            "count": small.shown_count(pair["count"], hide=hide),
            "timed": small.shown_count(pair["timed"], hide=hide),
            "recorded": pair["departures_recorded"],
            "untimed": why,
            "median": "" if why else say.duration(pair["median_transit_s"]),
            "over": "" if why else say.duration(pair["p90_transit_s"]),
            "lost": "" if why else say.hours(pair["lost_s"]),
            "lost_s": 0 if why else pair["lost_s"],
        })  # fmt: skip
    return rows


def neighbourhood(pairs: list[dict[str, Any]], code: str, known: Names, *, level: str, hide: bool) -> SafeString | str:
    """Return the picture of who sends patients here and where they go; empty where nobody does."""
    shown = [pair for pair in pairs if not (hide and small.is_small(pair["count"]))]

    def stream(pair: dict[str, Any], other: str) -> Stream:
        where = {"sender": pair["from_unit"], "receiver": pair["to_unit"]}
        return Stream(known.name(other), int(pair["count"]), href=f"{reverse('pair', kwargs=where)}?level={level}")

    arriving = [stream(pair, pair["from_unit"]) for pair in shown if pair["to_unit"] == code]
    leaving = [stream(pair, pair["to_unit"]) for pair in shown if pair["from_unit"] == code]
    if not arriving and not leaving:
        return ""
    drawn = flow_svg(known.name(code), arriving=arriving, leaving=leaving, _=_, ngettext=ngettext)
    return mark_safe(drawn)  # noqa: S308 - made by our own draw, every text in it escaped there


# Waits are charted in minutes: a run chart, for medians have no honest limits.
WAITS = Spec(chart="run", direction="down", unit="min")


@needs("read")
def pair(request: HttpRequest, sender: str, receiver: str) -> HttpResponse:
    """Show the hand-offs of one pair of units over time."""
    source = with_answers(request)
    registry = source.answers.registry
    if not (exists(registry, sender) and exists(registry, receiver)):
        raise Http404(sender)
    level = level_of(request)
    hide = not may(request.user, "patients")
    known = Names(source)
    period = period_of(request, source)
    total = [p for p in source.answers.pairs(level, unit=sender, months=None) if p["to_unit"] == receiver]
    total = [p for p in total if p["from_unit"] == sender]
    if not total:
        raise Http404(receiver)
    calendar = present.has_calendar(source)
    periods_of_pair = source.answers.pair_series(level, sender, receiver, period) if calendar else []
    row = pair_rows(total, known, level=level, hide=hide)[0]
    context: dict[str, Any] = {
        "sender": known.link(sender),
        "receiver": known.link(receiver),
        "row": row,
        "calendar": calendar,
        "level": level,
        "period": period,
        "periods": periods(request, source),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
    }
    hidden = hidden_periods(periods_of_pair, period) if hide else frozenset()
    context["history"] = [history_row(r, period, hidden=at in hidden) for at, r in enumerate(periods_of_pair)][::-1]
    if not row["untimed"] and periods_of_pair:
        context |= wait_chart(periods_of_pair, period, f"{row['sender']} → {row['receiver']}", hidden=hidden)
    return render(request, "pages/pair.html", context)


def hidden_periods(rows: list[dict[str, Any]], period: Period) -> frozenset[int]:
    """Return which periods of a pair rest on few patients."""
    counts = [
        {"start_day": row["start_day"], "numerator": row["count"], "denominator": row["timed"], "value": row["count"]}
        for row in rows
    ]
    return small.hidden_rows("people", counts, period)


def history_row(row: dict[str, Any], period: str, *, hidden: bool) -> dict[str, Any]:
    """Return one period of one pair for its table."""
    return {
        "period": say.period_name(row["start_day"], period),
        "complete": row.get("complete", True),
        "count": _("fewer than 11") if hidden else say.count(row["count"]),
        "median": "–" if hidden else say.duration(row["median_s"]),
        "over": "–" if hidden else say.duration(row["p90_s"]),
    }


def wait_chart(
    rows: list[dict[str, Any]], period: Period, title: str, *, hidden: frozenset[int] = frozenset()
) -> dict[str, Any]:
    """Return the run chart of the median wait, and its sentence, both of the whole series."""
    series = Series(
        labels=tuple(row["label"] for row in rows),
        values=tuple(None if row["median_s"] is None else row["median_s"] / 60 for row in rows),
        incomplete_last=not rows[-1].get("complete", True),
    )
    whole = evaluate_many([series], WAITS)[0]
    evaluation = small.masked(whole, hidden)
    _holes, too_small = present.holes_in(whole, hidden, present.SHOWN_POINTS[period])
    said = say_sentence(evaluation, period=period, _=_, ngettext=ngettext)
    if too_small:
        return {"sentence": said, "verdict": present.verdict_of(evaluation)}
    return {
        "svg": present.picture(evaluation, "page", title=title, period=period),
        "narrow": present.picture(evaluation, "desk", title=title, period=period),
        "sentence": said,
        "verdict": present.verdict_of(evaluation),
    }
