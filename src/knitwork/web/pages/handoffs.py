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
    offered = [one for one in LEVELS if one != "meso" or source.answers.registry.has_meso()]
    context = {
        "rows": rows[:SHOWN_PAIRS],
        "more": max(len(rows) - SHOWN_PAIRS, 0),
        "levels": [{"name": level_names[one], "query": f"?level={one}", "chosen": one == level} for one in offered],
        "lead": lead(rows),
        "calendar": present.has_calendar(source),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
    }
    return render(request, "pages/handoffs.html", context)


def lead(rows: list[dict[str, Any]]) -> str:
    """Say where the most time is lost, or why that cannot be said."""
    if not rows:
        return _("No patient has passed from one unit to another in these records.")
    timed = [row for row in rows if row["recorded"] and row["lost_s"]]
    if not timed:
        return _(
            "The feed does not record when patients leave, so waits between units cannot be told from its records."
        )
    worst = timed[0]
    return _("Most time is lost from %(sender)s to %(receiver)s: %(hours)s hours, for %(count)s hand-offs.") % {
        "sender": worst["sender"],
        "receiver": worst["receiver"],
        "hours": worst["lost"],
        "count": worst["count"],
    }


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
        hidden = hide and small.is_small(pair["count"])
        timed = pair["departures_recorded"] and not hidden
        address = reverse("pair", kwargs={"sender": pair["from_unit"], "receiver": pair["to_unit"]})
        rows.append({
            "sender": sender,
            "receiver": receiver,
            "name": name,
            "address": f"{address}?level={level}",
            "count": small.shown_count(pair["count"], hide=hide),
            "timed": small.shown_count(pair["timed"], hide=hide),
            "recorded": pair["departures_recorded"],
            "hidden": hidden,
            "median": say.duration(pair["median_transit_s"]) if timed else "",
            "over": say.duration(pair["p90_transit_s"]) if timed else "",
            "lost": say.hours(pair["lost_s"]) if timed else "",
            "lost_s": pair["lost_s"] if timed else 0,
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
    period = period_of(request)
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
        "periods": periods(request),
        "history": [history_row(r, period, hide=hide, recorded=row["recorded"]) for r in reversed(periods_of_pair)],
    }
    if row["recorded"] and not row["hidden"] and periods_of_pair:
        context |= wait_chart(periods_of_pair, period, f"{row['sender']} → {row['receiver']}", hide=hide)
    return render(request, "pages/pair.html", context)


def history_row(row: dict[str, Any], period: str, *, hide: bool, recorded: bool) -> dict[str, str]:
    """Return one period of one pair for its table."""
    timed = recorded and not (hide and small.is_small(row.get("timed")))
    return {
        "period": say.period_name(row["start_day"], period),
        "count": small.shown_count(row.get("count"), hide=hide),
        "median": say.duration(row.get("median_transit_s")) if timed else "–",
        "over": say.duration(row.get("p90_transit_s")) if timed else "–",
    }


def wait_chart(rows: list[dict[str, Any]], period: Period, title: str, *, hide: bool) -> dict[str, Any]:
    """Return the run chart of the median wait, and its sentence."""
    values = [
        None if row.get("median_s") is None or (hide and small.is_small(row.get("timed")))
        else row["median_s"] / 60
        for row in rows
    ]  # fmt: skip
    series = Series(
        labels=tuple(row["label"] for row in rows),
        values=tuple(values),
        incomplete_last=not rows[-1].get("complete", True),
    )
    evaluation = evaluate_many([series], WAITS)[0]
    return {
        "svg": present.picture(evaluation, "page", title=title, period=period),
        "narrow": present.picture(evaluation, "desk", title=title, period=period),
        "sentence": say_sentence(evaluation, period=period, _=_, ngettext=ngettext),
        "verdict": present.verdict_of(evaluation),
    }
