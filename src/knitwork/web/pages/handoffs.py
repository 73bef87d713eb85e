"""Hand-offs between units: which changed and when, and all pairs as a list, a matrix or a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.flow import Stream, flow_svg
from knitwork.draw.flowmap import fits
from knitwork.draw.record import tail
from knitwork.draw.spark import spark_svg
from knitwork.web import judging, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.kept import kept
from knitwork.web.pages import changed, choosing, flowmap
from knitwork.web.pages.around import Names
from knitwork.web.pages.changed import Judged, Pair
from knitwork.web.pages.choosing import Asked
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.matrix import matrix_of
from knitwork.web.source import Source
from knitwork.web.units.rows import to_csv

SHOWN_PAIRS = 200
NEIGHBOURS = 24
COLUMNS = (
    "level", "from_unit", "to_unit", "count", "timed", "mean_transit_s", "median_transit_s", "p90_transit_s", "lost_s",
)  # fmt: skip


@needs("read")
def ranked(request: HttpRequest) -> HttpResponse:
    """Say which hand-offs changed, then show all pairs: by the hours patients lost, as a matrix, or as a map."""
    source = with_answers(request)
    want = choosing.asked(request, source)
    hide = not may(request.user, "patients")
    known = Names(source)
    pairs = pairs_of(source, want)
    rows = pair_rows(pairs, known, level=want.level, hide=hide)
    judged = judged_of(source, want)
    context: dict[str, Any] = {
        "want": want,
        "views": view_choices(request, want),
        "levels": choosing.level_choices(request, source, "" if want.group or want.unit else want.level),
        "groups": group_choices(request, source, known, want),
        "group": known.link(want.group) if want.group else None,
        "unit": known.link(want.unit) if want.unit else None,
        "whole": choosing.address(request, unit=""),
        "leads": changed.lead(judged, known, hide=hide),
        "lead": lead(rows),
        "reckoning": changed.reckoning(judged, len(pairs_of(source, want, months=None))) if judged else "",
        "calendar": present.has_calendar(source),
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "pairs": len(rows),
        **quality.beside(source),
    }
    if want.unit:
        worse = flowmap.worse_pairs(source, want.level)
        context["flow"] = neighbourhood(pairs, want.unit, known, level=want.level, hide=hide, worse=worse)
        context |= {"levels": [], "groups": []}
    if want.view == "map" and not want.unit:
        context |= map_of(request, source, known, want, pairs, hide=hide)
    elif want.view == "matrix" and not want.unit:
        context |= {"times": time_choices(request, source, want), "as_matrix": True}
        context |= matrix_of(request, source, known, want, pairs, judged, hide=hide)
    else:
        turned = changed.signalling(judged.values())[: changed.CHARTED]
        context["changes"] = [change_card(one, known, hide=hide) for one in turned]
        context |= list_of(request, source, want, rows, judged, hide=hide)
    return render(request, "pages/handoffs.html", context)


def pairs_of(source: Source, want: Asked, **over: Any) -> list[dict[str, Any]]:
    """Return the pairs asked for, the most hours lost first."""
    months = over.get("months", want.months)
    found = kept(
        source, "pairs", lambda: source.answers.pairs(want.level, unit=None, months=months), want.level, months
    )
    return [pair for pair in found if want.keeps(pair["from_unit"], pair["to_unit"])]


def judged_of(source: Source, want: Asked) -> dict[Pair, Judged]:
    """Return the judged pairs among those asked for."""
    found = changed.judged_pairs(source, want.level, judging.usual_period(source))
    return {pair: one for pair, one in found.items() if want.keeps(*pair)}


def view_choices(request: HttpRequest, want: Asked) -> list[dict[str, Any]]:
    if want.unit:
        return []
    return choosing.choices(request, "view", {"list": _("List"), "matrix": _("Matrix"), "map": _("Map")}, want.view)


def map_of(
    request: HttpRequest, source: Source, known: Names, want: Asked, pairs: list[dict[str, Any]], *, hide: bool
) -> dict[str, Any]:
    """Return what the map shows: the picture, what it leaves out, and its flows as a table."""
    drawn = flowmap.choose(pairs, flowmap.worse_pairs(source, want.level), hide=hide)
    found: dict[str, Any] = {"map_words": flowmap.words(drawn), "times": time_choices(request, source, want)}
    if not drawn.flows or not fits(drawn.flows, "desk"):
        return found | {"busiest": busiest(request, drawn, known)}

    def around(code: str) -> str:
        return choosing.address(request, unit=code, view="", group="", level="")

    title = _("How patients pass between units")
    svg = flowmap.picture(source, known, drawn, level=want.level, size="desk", href=around, title=title)
    flows = [
        {
            "name": f"{known.name(flow.sender)} → {known.name(flow.receiver)}",
            "address": reverse("pair", kwargs={"sender": flow.sender, "receiver": flow.receiver})
            + f"?level={want.level}",
            "count": say.count(flow.patients),
            "worse": flow.worse,
        }
        for flow in drawn.flows
    ]
    return found | {"map": svg, "flows": flows}


def busiest(request: HttpRequest, drawn: flowmap.Drawn, known: Names) -> list[dict[str, str]]:
    """Return ways to the neighbours of the busiest units, where the map has too many."""
    passed: Counter[str] = Counter()
    for flow in drawn.flows:
        passed.update({flow.sender: flow.patients, flow.receiver: flow.patients})
    codes = sorted(passed, key=lambda code: (-passed[code], code))[:NEIGHBOURS]
    return [{"name": known.name(code), "address": choosing.address(request, unit=code, view="")} for code in codes]


def time_choices(request: HttpRequest, source: Source, want: Asked) -> list[dict[str, Any]]:
    if not present.has_calendar(source):
        return []
    return choosing.choices(request, "time", {"recent": _("last 3 months"), "all": _("all records")}, want.time)


def group_choices(request: HttpRequest, source: Source, known: Names, want: Asked) -> list[dict[str, Any]]:
    """Return the groups that pairs can be chosen by, the whole system first; none where there is none."""
    there = choosing.groups(source, known)
    if not there:
        return []
    return choosing.choices(request, "group", {"": _("All units"), **dict(there)}, want.group, level="", unit="")


def list_of(
    request: HttpRequest,
    source: Source,
    want: Asked,
    rows: list[dict[str, Any]],
    judged: dict[Pair, Judged],
    *,
    hide: bool,
) -> dict[str, Any]:
    """Return what the list shows: each pair with its chart in small and its mark."""
    listed = rows[:SHOWN_PAIRS]
    for row in listed:
        one = judged.get((row["from_unit"], row["to_unit"]))
        row |= {"spark": spark(one, hide=hide), "verdict": one.verdict if one and one.evaluation.recent else ""}
        row["since"] = changed.since(one) if one and one.evaluation.recent else ""
    return {
        "rows": listed,
        "more": max(len(rows) - SHOWN_PAIRS, 0),
        "timed": any(row["lost_s"] for row in rows),
        "times": time_choices(request, source, want),
        "csv": reverse("handoffs-csv") + choosing.address(request, view=""),
    }


def spark(one: Judged | None, *, hide: bool) -> SafeString | str:
    """Return a pair's chart for a row of the list; empty where there is too little to draw."""
    if one is None or one.evaluation.n_useful < present.ENOUGH or changed.too_small(one, hide=hide):
        return ""
    drawn = tail(changed.shown(one, hide=hide), present.SHOWN_POINTS[one.period])
    return mark_safe(spark_svg(drawn, _=_))  # noqa: S308 - made by our own draw from numbers


def change_card(one: Judged, known: Names, *, hide: bool) -> dict[str, Any]:
    """Return a pair that changed as a chart with its sentence, and a way to its page."""
    title = f"{known.name(one.sender)} → {known.name(one.receiver)}"
    said = changed.in_a_line(one, hide=hide)
    svg: SafeString | str = ""
    if not changed.too_small(one, hide=hide):
        svg = changed.picture(one, "desk", title=title, hide=hide)
    where = reverse("pair", kwargs={"sender": one.sender, "receiver": one.receiver})
    return {
        "title": title,
        "sentence": said,
        "verdict": one.verdict,
        "svg": svg,
        "address": f"{where}?level={one.level}&period={one.period}",
        "hidden": "" if svg else _("Too few patients in most periods to draw its chart here."),
        "reckoned": changed.reckoned(one),
    }


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
            "from_unit": pair["from_unit"],
            "to_unit": pair["to_unit"],
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


def neighbourhood(
    pairs: list[dict[str, Any]],
    code: str,
    known: Names,
    *,
    level: str,
    hide: bool,
    worse: Collection[Pair] = (),
) -> SafeString | str:
    """Return the picture of who sends patients here and where they go; empty where nobody does.

    `worse` are the pairs whose wait got worse: their streams are marked.
    """
    shown = [pair for pair in pairs if not (hide and small.is_small(pair["count"]))]

    def stream(pair: dict[str, Any], other: str) -> Stream:
        where = {"sender": pair["from_unit"], "receiver": pair["to_unit"]}
        href = f"{reverse('pair', kwargs=where)}?level={level}"
        marked = (pair["from_unit"], pair["to_unit"]) in worse
        return Stream(known.name(other), int(pair["count"]), worse=marked, href=href)

    arriving = [stream(pair, pair["from_unit"]) for pair in shown if pair["to_unit"] == code]
    leaving = [stream(pair, pair["to_unit"]) for pair in shown if pair["from_unit"] == code]
    if not arriving and not leaving:
        return ""
    drawn = flow_svg(known.name(code), arriving=arriving, leaving=leaving, _=_, ngettext=ngettext)
    return mark_safe(drawn)  # noqa: S308 - made by our own draw, every text in it escaped there


@needs("read")
def numbers(request: HttpRequest) -> HttpResponse:
    """Give all pairs asked for as CSV, with the columns of `knitwork handoffs` and the seconds lost."""
    source = with_answers(request)
    want = choosing.asked(request, source)
    hide = not may(request.user, "patients")
    lines = []
    for pair in pairs_of(source, want):
        known = dict(pair, level=want.level)
        if hide and (small.is_small(pair["count"]) or small.is_small(pair["timed"])):
            known |= dict.fromkeys(COLUMNS[3:])
        lines.append(["" if known.get(name) is None else known[name] for name in COLUMNS])
    response = HttpResponse(to_csv(COLUMNS, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="handoffs.csv"'
    return response
