"""Did the change work? One measure of one unit since a day: the answer, its pictures, its sisters, and how it was planned."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.chart import chart_svg
from knitwork.draw.its import its_svg
from knitwork.draw.periods import Period, full_name
from knitwork.draw.record import tail
from knitwork.draw.words import sentence
from knitwork.draw.worked_words import compared_sentence, how_much, verdict_words, worked_sentences
from knitwork.model.errors import CannotDo
from knitwork.signals import Evaluation
from knitwork.signals.interrupted import Its, ItsSpec
from knitwork.signals.worked import Answer
from knitwork.web import judging, present, quality, say, small
from knitwork.web.accounts.access import may, needs
from knitwork.web.alerts.views import today_of
from knitwork.web.changes.actions import MOST_BALANCING
from knitwork.web.changes.measured import LEAST_SISTERS, Measured, Question, measured
from knitwork.web.changes.models import Plan
from knitwork.web.changes.planning import Asked, day_said, form_of, kept_plan, plans_of, written_plans
from knitwork.web.changes.words import method_rows, number_rows, plan_words
from knitwork.web.charts.keep import ChangedMeanwhile
from knitwork.web.definitions import Definition
from knitwork.web.pages.around import Names, Place, period_of, periods, place
from knitwork.web.pages.frame import with_answers
from knitwork.web.pages.measure import direction_words, known_measure
from knitwork.web.pages.unit import feeds_of
from knitwork.web.source import Source


@needs("read")
def change(request: HttpRequest, code: str, measure: str) -> HttpResponse:
    """Answer whether a change worked, or ask when it began; a lead writes the plan here."""
    source = with_answers(request)
    at, definition = place(source, code), known_measure(source, measure)
    period, refused, status = period_of(request, source), "", 200
    if request.method == "POST":
        if not may(request.user, "charts"):
            raise PermissionDenied
        try:
            plan = kept_plan(request, source, at, definition, period)
        except ChangedMeanwhile as overtaken:
            refused, status = str(overtaken), 409
        except CannotDo as wrong:
            refused, status = str(wrong), 422
        else:
            where = reverse("change", kwargs={"code": code, "measure": measure})
            return redirect(where + "?" + urlencode({"start": plan.start.isoformat(), "period": plan.period}))
    asked = asked_of(request, at, definition, period)
    context = page(request, source, at, definition, asked, period=period) | {"refused": refused}
    context |= quality.beside(source, feeds_of(source, at.level, [code]))
    return render(request, "changes/change.html", context, status=status)


def asked_of(request: HttpRequest, at: Place, definition: Definition, period: Period) -> Asked:
    """Read the question: a plan's own where one was made for that day, else what the address says."""
    text = (request.POST if request.method == "POST" else request.GET).get("start", "")
    if not text:
        return Asked(None, None, None)
    try:
        start = day_said(text)
    except CannotDo as wrong:
        return Asked(None, None, None, str(wrong))
    plan = (
        Plan.objects.filter(unit=at.code, measure=definition.id, period=period, start=start)
        .order_by("-version")
        .first()
    )
    if plan is not None:
        method, direction, balancing = ItsSpec.from_dict(plan.method), plan.direction, tuple(plan.balancing)
    else:
        method, balancing = ItsSpec(), tuple(dict.fromkeys(request.GET.getlist("balance")))[:MOST_BALANCING]
        wanted = request.GET.get("direction", "")
        direction = wanted if wanted in ("up", "down") else definition.direction
    if direction not in ("up", "down"):
        return Asked(start, plan, None, _("Neither more nor less is better here: say which way it should have gone."))
    question = Question(at.code, definition.id, period, start, direction, method, balancing)  # type: ignore[arg-type]
    return Asked(start, plan, question)


def page(
    request: HttpRequest, source: Source, at: Place, definition: Definition, asked: Asked, *, period: Period
) -> dict[str, Any]:
    """Return what the page shows."""
    hide, calendar = not may(request.user, "patients"), present.has_calendar(source)
    to_come = asked.start is not None and today_of(source) <= asked.start
    context: dict[str, Any] = {
        "place": at,
        "definition": definition,
        "direction": direction_words(definition),
        "calendar": calendar,
        "start": asked.start.isoformat() if asked.start else "",
        "start_words": date_format(asked.start, "j F Y") if asked.start else "",
        "wrong": asked.wrong,
        "plan": asked.plan,
        "to_come": to_come,
        "plan_said": plan_words(asked.plan, to_come=to_come) if asked.start else "",
        "period": period,
        "periods": with_start(periods(request, source), asked.start) if calendar else [],
        "as_of": say.long_day(source.answers.as_of_us, source.tz),
        "plans": plans_of(at, definition),
        "written": written_plans(source, at, definition, asked, period),
        "form": form_of(request, source, at, definition, asked, period),
        "may_plan": may(request.user, "charts"),
    }
    if not calendar or asked.question is None:
        return context
    context["method"] = method_rows(asked.question.method)
    found = measured(source, asked.question)
    return context | told(source, at, definition, asked, found, period=period, hide=hide)


def told(
    source: Source, at: Place, definition: Definition, asked: Asked, found: Measured, *, period: Period, hide: bool
) -> dict[str, Any]:
    """Return the answer in its parts, with small numbers left out."""
    if not found.label or found.evaluation is None or found.answer is None:
        return {"lead": not_yet(found, asked)}
    hidden = small.hidden_rows(definition.counts, list(found.rows), period) if hide else frozenset()
    _holes, too_small = present.holes_in(found.evaluation, hidden, present.SHOWN_POINTS[period])
    shown = small.masked(found.evaluation, hidden)
    judged = bool(shown.spec.rules)
    context: dict[str, Any] = {
        # Where no rule judges the chart nothing is answered: no lines are fitted and no sisters compared.
        "answered": judged,
        "lead": verdict(found, shown, asked, period, too_small=too_small),
        "left_out": _("%(period)s, in which it began, is left out: it is neither before nor after.")
        % {"period": capfirst(full_name(found.left_out, period, _))}
        if found.left_out
        else "",
        "too_small": too_small,
        "hidden": len(hidden),
        "balancing": balancing_rows(source, at, found, period, hide=hide),
        "unbalanced": [source.measures[m].short for m in found.unbalanced],
        "sisters": sister_words(source, at, found) if judged else None,
    }
    if not too_small:
        context |= pictures(definition, found, shown, asked, period, hidden)
    return context


def not_yet(found: Measured, asked: Asked) -> str:
    """Say why there is no answer: the change is still to come, nothing was counted, or the question makes no sense."""
    if not found.rows:
        return _("Nothing is counted here yet.")
    if not found.label:
        text = _("Too early to say: the records end before the first whole period from %(start)s on.")
        return text % {"start": date_format(asked.start, "j F Y") if asked.start else ""}
    return _("This cannot be answered: %(why)s.") % {"why": found.refused}


def verdict(found: Measured, shown: Evaluation, asked: Asked, period: Period, *, too_small: bool) -> str:
    """Say whether the change worked, from the engine's answer; in few words where the numbers behind it are small."""
    answer = found.answer
    assert answer is not None  # noqa: S101 - asked before
    if not shown.spec.rules:
        return sentence(shown, period=period, _=_, ngettext=ngettext) + "."
    if too_small or not held_values(answer, shown):
        return f"{verdict_words(answer, _=_).capitalize()}."
    masked = dataclasses.replace(answer, evaluation=shown)
    picked = asked.plan is not None and asked.plan.picked
    return worked_sentences(masked, picked=picked, period=period, _=_, ngettext=ngettext)


def held_values(answer: Answer, shown: Evaluation) -> bool:
    """Say whether any value since the start is shown that a sentence could speak of."""
    return any(shown.values[at] is not None for at in range(answer.start, len(shown)) if shown.tested[at])


def pictures(
    definition: Definition, found: Measured, shown: Evaluation, asked: Asked, period: Period, hidden: frozenset[int]
) -> dict[str, Any]:
    """Return the chart with the start marked, and what was fitted with what would have been."""
    name = asked.plan.what if asked.plan else ""
    context: dict[str, Any] = {
        "chart": start_chart(definition, shown, found.label, name, period, "page"),
        "chart_narrow": start_chart(definition, shown, found.label, name, period, "desk"),
        "its_refused": found.its_refused,
    }
    if found.its is not None:
        its = without(found.its, hidden)
        context |= {
            "its": drawn(
                its_svg(its, "page", title=definition.short, change=name, period=period, _=_, ngettext=ngettext)
            ),
            "its_narrow": drawn(
                its_svg(its, "desk", title=definition.short, change=name, period=period, _=_, ngettext=ngettext)
            ),
            "its_said": how_much(its, period=period, _=_, ngettext=ngettext),
            "numbers": number_rows(its),
            "formula": its.formula,
        }
    return context


def start_chart(
    definition: Definition, shown: Evaluation, label: str, name: str, period: Period, size: str
) -> SafeString:
    """Return the chart of the measure, its limits from before the start, with the start marked on it."""
    cut = tail(shown, present.SHOWN_POINTS[period])
    notes = [(cut.labels.index(label), name or _("start"))] if label in cut.labels else []
    said = sentence(shown, period=period, _=_, ngettext=ngettext)
    svg = chart_svg(
        cut, size, title=definition.short, sentence=said, period=period, notes=notes, _=_, ngettext=ngettext
    )
    return drawn(svg)


def drawn(svg: str) -> SafeString:
    """Mark a picture as safe: made by our own draw, which escapes every text in it."""
    return mark_safe(svg)  # noqa: S308


def without(its: Its, hidden: frozenset[int]) -> Its:
    """Return what was measured without the points that are hidden as small; lines and ranges are of all of them."""
    if not hidden:
        return its
    return dataclasses.replace(
        its, values=tuple(None if at in hidden else value for at, value in enumerate(its.values))
    )


def balancing_rows(source: Source, at: Place, found: Measured, period: Period, *, hide: bool) -> list[dict[str, Any]]:
    """Return the measures that must not have suffered, each with what its chart says since the start."""
    answer, rows = found.answer, []
    for measure, evaluation in found.balancing.items():
        definition = source.measures[measure]
        where = reverse("measure", kwargs={"code": at.code, "measure": measure}) + f"?period={period}"
        worse = answer is not None and definition.short in answer.balancing_worse
        unknown = answer is not None and definition.short in answer.balancing_unknown
        mine = judging.rows_of(source, at.code, at.level, period, [measure]).get(measure, []) if hide else []
        hidden = small.hidden_rows(definition.counts, mine, period) if hide else frozenset()
        rows.append({
            "title": definition.short,
            "address": where,
            "verdict": "worse" if worse else "",
            "state": balance_state(evaluation, found.label, worse=worse, unknown=unknown),
            "said": sentence(small.masked(evaluation, hidden), period=period, _=_, ngettext=ngettext),
        })  # fmt: skip
    return rows


def balance_state(evaluation: Evaluation, label: str, *, worse: bool, unknown: bool) -> str:
    """Say how a measure stands that must not have suffered, and whether it was worse for a while since the start."""
    if worse:
        return _("got worse")
    since = next((at for at, one in enumerate(evaluation.labels) if one >= label), len(evaluation))
    if any(one.verdict == "worse" and one.points and one.start >= since for one in evaluation.signals):
        return _("was worse for a while, and is not now")
    return _("not known yet") if unknown else _("did not get worse")


def sister_words(source: Source, at: Place, found: Measured) -> dict[str, Any]:
    """Return the comparison with sister units in words, or why there is none."""
    known = Names(source)
    links = [known.link(code) for code in found.sisters]
    if found.compared is not None:
        return {"said": compared_sentence(found.compared, _=_, ngettext=ngettext), "links": links}
    if found.compared_refused:
        return {"said": f"{found.compared_refused[:1].upper()}{found.compared_refused[1:]}.", "links": links}
    text = ngettext(
        "%(n)s other unit of its kind (%(kind)s) has this measure in nearly every period, and a comparison takes %(least)s.",
        "%(n)s other units of its kind (%(kind)s) have this measure in nearly every period, and a comparison takes %(least)s.",
        len(links),
    )
    return {"said": text % {"n": len(links), "kind": at.kind, "least": LEAST_SISTERS}, "links": links}


def with_start(choices: list[dict[str, Any]], start: dt.date | None) -> list[dict[str, Any]]:
    """Return the choices of period with the day that is asked about."""
    more = "&start=" + start.isoformat() if start else ""
    return [one | {"query": one["query"] + more} for one in choices]
