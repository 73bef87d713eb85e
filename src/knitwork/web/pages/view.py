"""A chart beside another view of it: without its seasons, or what each point adds to the one before."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw import words
from knitwork.draw.labels import number, value_text
from knitwork.draw.periods import Period
from knitwork.draw.record import shown_decimals
from knitwork.draw.told import as_value
from knitwork.signals import Evaluation, evaluate
from knitwork.signals.diagnosis import Viewed, residual_view, seasonal_view
from knitwork.web import judging, needed, present, quality, say
from knitwork.web.accounts.access import may, needs
from knitwork.web.definitions import Definition
from knitwork.web.pages.around import period_of, periods, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.measure import known_measure
from knitwork.web.pages.trust import found_of, view_name
from knitwork.web.pages.unit import feeds_of

VIEWS = {"residual": residual_view, "seasonal": seasonal_view}


@needs("read")
def view(request: HttpRequest, code: str, measure: str, kind: str) -> HttpResponse:
    """Show a chart and another view of it, each with its own record; only where the diagnosis offers it."""
    source = with_answers(request)
    at, definition, period = place(source, code), known_measure(source, measure), period_of(request, source)
    if kind not in VIEWS:
        raise Http404(kind)
    able, why_not, unlock = needed.allowed(source).get(measure, (True, "", ""))
    context: dict[str, Any] = {
        "place": at,
        "definition": definition,
        "able": able,
        "why_not": why_not,
        "unlock": unlock,
        "name": view_name(kind),
        "period": period,
        "periods": periods(request, source) if present.has_calendar(source) else [],
        "chart": reverse("measure", kwargs={"code": code, "measure": measure}) + f"?period={period}",
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        **quality.beside(source, feeds_of(source, at.level, [code])),
    }
    rows = judging.rows_of(source, code, at.level, period, [measure]).get(measure, []) if context["periods"] else []
    if rows:
        evaluation = judging.evaluate_rows(source, {measure: rows}, at=(code, period))[measure]
        hidden = present.hidden_of(source, period, {measure: rows}, hide=not may(request.user, "patients"))[measure]
        offered = kind in found_of(source, (code, measure, period), evaluation).diagnosis.offers
        context["withheld"] = offered and bool(hidden)
        if offered and not hidden:
            days = [row["start_day"] for row in rows]
            context |= both(definition, evaluation, VIEWS[kind](evaluation), period=period, days=days)
    return render(request, "pages/view.html", context)


def both(
    definition: Definition, evaluation: Evaluation, viewed: Viewed, *, period: Period, days: list[int]
) -> dict[str, Any]:
    """Return both pictures with their sentences, what was taken away, and both series as a table."""
    other = evaluate(viewed.series, viewed.spec)
    return {
        "lead": words.sentence(other, period=period, _=_, ngettext=ngettext),
        "pictures": [
            pictured(evaluation, _("The chart as it is"), definition.short, period),
            pictured(other, view_name(viewed.kind), definition.short, period),
        ],
        "taken": taken(viewed, evaluation),
        "rows": numbers(evaluation, other, period=period, days=days),
    }


def numbers(evaluation: Evaluation, other: Evaluation, *, period: Period, days: list[int]) -> list[dict[str, str]]:
    """Return both series as rows, the newest first: the periods that the pictures show."""
    unit, decimals, left = evaluation.spec.unit, shown_decimals(evaluation), shown_decimals(other)
    every = list(zip(days, evaluation.values, other.values, strict=True))[-present.SHOWN_POINTS[period] :]
    return [
        {
            "period": say.period_name(day, period),
            "value": value_text(value, unit, decimals),
            "left": value_text(rest, unit, left),
        }
        for day, value, rest in reversed(every)
    ]


def pictured(evaluation: Evaluation, name: str, title: str, period: Period) -> dict[str, Any]:
    """Return one chart with its name and the sentence of its record."""
    return {
        "name": name,
        "said": words.sentence(evaluation, period=period, _=_, ngettext=ngettext),
        "wide": present.picture(evaluation, "page", title=f"{title}. {name}", period=period),
        "narrow": present.picture(evaluation, "desk", title=f"{title}. {name}", period=period),
    }


def taken(viewed: Viewed, evaluation: Evaluation) -> str:
    """Say what was taken from each point."""
    if viewed.kind == "residual":
        return _(
            "From each point %(share)s of what the one before lies from the centre was taken away; what is left is what "
            "the point adds itself. Its centre is near nought."
        ) % {"share": f"{number(100 * (viewed.alike or 0.0))}%"}
    high = max(effect for _season, effect in viewed.effects)
    low = min(effect for _season, effect in viewed.effects)
    return _(
        "From each point was taken away what its season lies above or below the others: from %(low)s to %(high)s."
    ) % {"low": as_value(evaluation, low), "high": as_value(evaluation, high)}
