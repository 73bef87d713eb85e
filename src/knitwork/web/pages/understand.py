"""A unit's page, Understand: what its measures say, whom it receives and sends on, and how its days, weeks and years run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.icon import icon_svg
from knitwork.draw.labels import value_text
from knitwork.draw.periods import full_name
from knitwork.draw.record import last_known, shown_decimals, tail, value_decimals
from knitwork.draw.spark import spark_svg
from knitwork.draw.words import sentence
from knitwork.signals import Evaluation
from knitwork.web import doubts, judging, present, quality, say, small
from knitwork.web.accounts.access import needs
from knitwork.web.pages import rounds, ways
from knitwork.web.pages.around import periods
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.handoffs import neighbourhood, pair_rows
from knitwork.web.pages.unit import Head, feeds_of, head_context, head_of, is_beside, missing, numbers_of, unit_links
from knitwork.web.source import Source
from knitwork.web.until import until_of

MONTHS_OF_WAITS = 3
SHOWN_PAIRS = 12


@needs("read")
def understand(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a unit's records tell over time: signals first, then the quiet, the ways through it and its rhythm."""
    source = with_answers(request)
    head = head_of(request, source, code)
    registered = source.answers.registry.get(code)
    feeds = feeds_of(source, head.place.level, [code])
    until = until_of(source, feeds, registered.tz if registered else None) if head.calendar else None
    totals = [] if head.calendar else present.totals(source, code, hide=head.hide)
    shown = {one.measure for one in head.judged} | {row["definition"].id for row in totals}
    context = head_context(source, head, here="understand")
    context |= measures(source, head, all_charts=request.GET.get("all") == "charts")
    context |= passing(source, head)
    context |= {
        "tiles": tiles(source, head),
        "totals": totals,
        "strip": present.strip(totals),
        "doubts": doubts.of_unit(source, [m for m in source.measures if m in shown], head.known),
        **quality.beside(source, feeds),
        "paths": {} if head.is_programme else ways.context(source, head),
        "rhythm": {} if head.is_programme else rounds.context(source, head, until),
        "inside": unit_links(head.known, head.inside),
        "taking_part": unit_links(head.known, head.part),
        "missing": missing(source, head.place, shown),
        "periods": periods(request, source) if head.calendar else [],
        "programme": head.is_programme,
    }
    return render(request, "pages/understand.html", context)


def tiles(source: Source, head: Head) -> list[dict[str, str]]:
    """Return the plain numbers of a year, or of all records where dates were shifted."""
    numbers = numbers_of(source, head)
    if not head.calendar:
        return present.tiles(source, head.place.code, numbers, hide=head.hide)
    if head.is_programme:
        return []
    stays = (
        _("Contacts, last 12 months") if judging.without_beds(source, head.place.code) else _("Stays, last 12 months")
    )
    labels = {_("Patients, last 12 months"): "patients_12m", stays: "stays_12m"}
    if not is_beside(source, head.place.code):
        labels[_("Journeys through here, last 12 months")] = "journeys_12m"
    made = [
        {"label": label, "value": small.shown_count(numbers.get(name), hide=head.hide), "note": "", "name": name}
        for label, name in labels.items()
    ]
    now = sum(1 for one in head.judged if one.evaluation.recent)
    of = _("of %(n)s") % {"n": say.count(len(head.judged))}
    return [*made, {"label": _("Measures that signal now"), "value": say.count(now), "note": of, "name": ""}]


def measures(source: Source, head: Head, *, all_charts: bool) -> dict[str, Any]:
    """Return the measures: those that signal as charts, the quiet as rows or, where asked for, as charts too."""
    loud = [one for one in head.judged if one.evaluation.recent]
    still = [one for one in head.judged if not one.evaluation.recent]
    code, period, hide = head.place.code, head.period, head.hide

    def card(one: judging.Judged) -> present.Card:
        return present.card_of(source, one, unit=code, period=period, hide=hide)

    evaluations = [one.evaluation for one in head.judged]
    rows = [] if all_charts else [quiet_row(source, head, one) for one in still]
    # Most rows end with the last whole period: it is said once over the column, and beside a value that is older.
    usual_when = max(((row["label"], row["when"]) for row in rows), default=("", ""))[1]
    return {
        "signals": [card(one) for one in loud],
        "quiet_cards": [card(one) for one in still] if all_charts else [],
        "quiet_rows": rows,
        "quiet_when": usual_when,
        "all_charts": all_charts,
        "other_view": f"?period={period}" + ("" if all_charts else "&all=charts"),
        "quiet": len(still),
        "chance": present.by_chance(evaluations) if evaluations else "",
        "of": len(head.judged),
        "signalling": len(loud),
        "is_judged": any(one.n_useful >= present.ENOUGH for one in evaluations),
    }


def quiet_row(source: Source, head: Head, one: judging.Judged) -> dict[str, Any]:
    """Return one measure as a row: its icon, its last value and when that was, the usual, a sparkline, a sentence."""
    definition = source.measures[one.measure]
    hidden = small.hidden_rows(definition.counts, list(one.rows), head.period) if head.hide else frozenset()
    shown = small.masked(one.evaluation, hidden)
    points = present.SHOWN_POINTS[head.period]
    _holes, too_small = present.holes_in(one.evaluation, hidden, points)
    address = reverse("measure", kwargs={"code": head.place.code, "measure": one.measure})
    spark = "" if too_small else spark_svg(tail(shown, points), title=definition.short, _=_)
    value, label, when = latest(shown, head)
    return {
        "title": definition.short,
        "address": f"{address}?period={head.period}",
        "icon": mark_safe(icon_svg(shown, _=_)),  # noqa: S308 - made by our own draw
        "value": value,
        "label": label,
        "when": when,
        "usual": value_text(last_known(shown.centres), shown.spec.unit, shown_decimals(shown)),
        "spark": mark_safe(spark),  # noqa: S308 - made by our own draw
        "said": _("Too few patients in most periods to draw its chart here.")
        if too_small
        else sentence(shown, period=head.period, _=_, ngettext=ngettext),
    }


def latest(evaluation: Evaluation, head: Head) -> tuple[str, str, str]:
    """Return the last value of a whole period that is known, and the label and name of that period."""
    for at in range(len(evaluation) - 1, -1, -1):
        value = evaluation.values[at]
        if value is not None and not evaluation.hollow[at]:
            text = value_text(value, evaluation.spec.unit, value_decimals(evaluation))
            return text, evaluation.labels[at], full_name(evaluation.labels[at], head.period, _)
    return "–", "", ""


def passing(source: Source, head: Head) -> dict[str, Any]:
    """Return whom a unit receives from and sends to, and the waits between; a programme shows those among its units."""
    code, level = head.place.code, head.place.level
    months = MONTHS_OF_WAITS if head.calendar else None
    if head.is_programme:
        pairs = source.answers.pairs_among(head.part, months=months)
        rows = pair_rows(pairs, head.known, level="micro", hide=head.hide, seen_from=None)
        flow: Any = ""
    else:
        pairs = source.answers.pairs(level, unit=code, months=months)
        if not pairs and months:
            # Nobody passed of late: what the records know from before still tells who the neighbours are.
            months, pairs = None, source.answers.pairs(level, unit=code, months=None)
        rows = pair_rows(pairs, head.known, level=level, hide=head.hide, seen_from=code)
        flow = neighbourhood(pairs, code, head.known, hide=head.hide, level=level)
    return {
        "flow": flow,
        "pairs": rows[:SHOWN_PAIRS],
        "more_pairs": max(len(rows) - SHOWN_PAIRS, 0),
        "timed": any(row["lost_s"] for row in rows),
        "months": months,
    }
