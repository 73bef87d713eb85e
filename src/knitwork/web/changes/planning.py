"""The plans behind the question whether a change worked: what was asked and when, the form, and what was written down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from knitwork.draw.periods import Period
from knitwork.model.errors import CannotDo
from knitwork.signals.interrupted import ItsSpec
from knitwork.web import judging, present
from knitwork.web.alerts.views import today_of
from knitwork.web.changes.actions import MOST_BALANCING, make_plan
from knitwork.web.changes.measured import Question
from knitwork.web.changes.models import Plan
from knitwork.web.changes.words import direction_names, method_names, plan_rows, plan_words
from knitwork.web.definitions import Definition
from knitwork.web.pages.around import Place
from knitwork.web.source import Source

# Charts of which the numbers are counts, by the methods that read them.
COUNTED = {"quasi_poisson": ("p", "p_prime", "u", "u_prime", "c", "c_prime"), "quasi_binomial": ("p", "p_prime")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, with the plan it goes by; `start` is None where no day was given."""

    start: dt.date | None
    plan: Plan | None
    question: Question | None
    wrong: str = ""


def plans_of(at: Place, definition: Definition) -> list[dict[str, Any]]:
    """Return every plan ever made for a measure of a unit, so that nobody shows only the one that looked best."""
    where = reverse("change", kwargs={"code": at.code, "measure": definition.id})
    return [
        {
            "address": where + "?" + urlencode({"start": plan.start.isoformat(), "period": plan.period}),
            "start": date_format(plan.start, "j F Y"),
            "what": plan.what,
            "version": plan.version,
            "said": plan_words(plan),
        }
        for plan in Plan.objects.filter(unit=at.code, measure=definition.id).order_by("-start", "-version")
    ]


def written_plans(
    source: Source, at: Place, definition: Definition, asked: Asked, period: Period
) -> list[dict[str, Any]]:
    """Return the plans to be read in full: the one answered by, or where no day is asked about the latest for each day."""
    plans = [asked.plan] if asked.plan else []
    if not asked.start:
        every = Plan.objects.filter(unit=at.code, measure=definition.id, period=period).order_by("start", "version")
        plans = list({plan.start: plan for plan in every}.values())[::-1]
    return [
        {
            "start": date_format(plan.start, "j F Y"),
            "said": plan_words(plan),
            "rows": plan_rows(plan, {one: m.short for one, m in source.measures.items()}),
        }
        for plan in plans
    ]


def form_of(
    request: HttpRequest, source: Source, at: Place, definition: Definition, asked: Asked, period: Period
) -> dict[str, Any]:
    """Return what the form for a plan offers and holds."""
    said = request.POST if request.method == "POST" else request.GET
    plan = asked.plan
    chosen = said.getlist("balance") or (plan.balancing if plan else [])
    direction = said.get("direction") or (plan.direction if plan else definition.direction)
    method = ItsSpec.from_dict(plan.method) if plan else ItsSpec()
    judged = judging.judged(source, at.code, period) if present.has_calendar(source) else ()
    others = sorted((source.measures[one.measure] for one in judged), key=lambda one: one.short)
    return {
        "what": said.get("what") or (plan.what if plan else ""),
        "directions": [
            {"value": value, "name": name, "chosen": direction == value} for value, name in direction_names().items()
        ],
        "methods": [
            {"value": value, "name": name, "chosen": (said.get("method") or method.method) == value}
            for value, name in method_names().items()
            if definition.spec.chart in COUNTED.get(value, (definition.spec.chart,))
        ],
        "season": (said.get("season") or method.season) == "annual",
        "wash_out": said.get("wash_out") or method.wash_out,
        "picked": bool(said.get("picked")) or bool(plan and plan.picked),
        "others": [
            {"id": one.id, "title": one.short, "chosen": one.id in chosen}
            for one in others
            if one.id != definition.id and one.direction != "neither"
        ],
        "most": MOST_BALANCING,
        "seen": plan.version if plan else 0,
        "open": plan is None or today_of(source) <= plan.start,
    }


def kept_plan(request: HttpRequest, source: Source, at: Place, definition: Definition, period: Period) -> Plan:
    """Write down the plan that a form says."""
    said = request.POST
    wash_out, seen = said.get("wash_out", "") or "0", said.get("seen", "")
    if not (wash_out.isascii() and wash_out.isdigit() and len(wash_out) < 4):
        raise CannotDo(_("Say how many periods are left out as a time of change, in digits: 0 for none."))
    method = ItsSpec(
        method=said.get("method", "policy"),  # type: ignore[arg-type]  # the definition refuses what it does not know
        season="annual" if said.get("season") else "none",
        wash_out=int(wash_out),
    )
    offered = {one.id for one in source.measures.values()}
    return make_plan(
        unit=at.code,
        measure=definition.id,
        period=period,
        start=day_said(said.get("start", "")),
        what=said.get("what", ""),
        direction=said.get("direction", ""),
        method=method,
        balancing=[one for one in said.getlist("balance") if one in offered],
        picked=bool(said.get("picked")),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0,
        today=today_of(source),
        by=request.user,  # type: ignore[arg-type]
    )


def day_said(text: str) -> dt.date:
    """Read the day on which a change began."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CannotDo(_("“%(text)s” is no date: write it like 2026-03-01.") % {"text": text}) from error
