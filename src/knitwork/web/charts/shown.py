"""What a measure's page shows of the decisions about its chart: rules, phases with their limits, notes, targets, versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.record import shown_decimals
from knitwork.signals import Evaluation
from knitwork.web import small
from knitwork.web.charts import words
from knitwork.web.charts.asked import Chart, suggested
from knitwork.web.charts.decided import USUAL_RULES, fitting, phase_of
from knitwork.web.charts.levels import change_at
from knitwork.web.charts.lists import exclusions, notes, targets
from knitwork.web.charts.models import Annotation, Phase, RuleSetChoice
from knitwork.web.charts.published import EXACT, not_exact
from knitwork.web.charts.telling import full, joined, moment, period_name, value_of
from knitwork.web.charts.versions import versions

# More periods than this are no list to choose from: the latest stand in it.
MOST_CHOICES = 400


def decisions_of(
    chart: Chart,
    evaluation: Evaluation,
    *,
    hide: bool,
    refused: str,
    hidden: frozenset[int],
    drawn: Sequence[tuple[int, Annotation]],
) -> dict[str, Any]:
    """Return everything that the page shows of what was decided, and what its forms offer.

    `drawn` are the notes in the picture, which bear numbers there. The numbers of `hidden` periods are not told, nor,
    with `hide`, those of any single one. Where something was `refused`, what was written stands in the form again.
    """
    labels = [row["label"] for row in chart.rows]
    kept = list(Phase.objects.filter(**chart.named).order_by("start", "id"))
    choices = [(label, period_name(chart, label)) for label in reversed(labels[-MOST_CHOICES:])]
    return {
        "rules": rules_now(),
        "parts": _parts(chart, small.masked(evaluation, hidden), kept, labels),
        "proposed": [_proposed(chart, evaluation, one) for one in kept if one.state == Phase.PROPOSED],
        "withdrawn": [_phase(one) for one in kept if one.state == Phase.WITHDRAWN],
        "suggestion": _suggestion(chart, evaluation, kept),
        "exclusions": exclusions(chart),
        "notes": notes(chart, {one.pk: number for number, (_at, one) in enumerate(drawn, start=1)}),
        "targets": targets(chart),
        "published": versions(chart, evaluation, hide=hide),
        "not_published": "" if chart.definition.spec.chart in EXACT else not_exact(),
        "choices": choices,
        "unit_of": chart.definition.spec.unit,
        "refused": refused,
        "wrote": dict(chart.said) if refused else {},
    }


def rules_now() -> dict[str, Any]:
    """Return which rules judge every chart, in words, with who chose them, when and why."""
    history = rules_history()
    return history[0] if history else {"names": joined(map(words.title, USUAL_RULES)), "version": 0}


def rules_history() -> list[dict[str, Any]]:
    """Return every choice of rules, the latest first."""
    return [
        {
            "names": joined(map(words.title, one.sets)),
            "version": one.version,
            "who": one.chosen_by,
            "when": moment(one.chosen_at),
            "reason": full(one.reason),
        }
        for one in RuleSetChoice.objects.order_by("-version")
    ]


def _parts(chart: Chart, evaluation: Evaluation, kept: list[Phase], labels: list[str]) -> list[dict[str, Any]]:
    """Return each part of the chart with the limits that hold in it, the first first; none where it was never split."""
    accepted = {}
    for one in kept:
        for placed in fitting([phase_of(one)], labels) if one.state == Phase.ACCEPTED else ():
            accepted[placed.start] = one
    decimals = shown_decimals(evaluation)
    made = []
    for part in evaluation.phases:
        last = part.after - 1
        low, high = evaluation.lowers[last], evaluation.uppers[last]
        decision = accepted.get(part.label)
        made.append({
            "start": period_name(chart, part.label),
            "end": period_name(chart, labels[last]),
            "now": part.after == len(evaluation),
            "centre": value_of(chart, part.centre, decimals),
            "limits": "" if low is None and high is None else
            _("%(low)s to %(high)s") % {"low": value_of(chart, low, decimals), "high": value_of(chart, high, decimals)},
            "points": part.n_useful,
            "decision": _phase(decision) if decision else None,
        })  # fmt: skip
    return made


def _phase(one: Phase) -> dict[str, Any]:
    return {
        "number": one.pk,
        "day": date_format(one.start, "j F Y"),
        "reason": full(one.reason),
        "proposed_by": one.proposed_by,
        "proposed_at": moment(one.proposed_at),
        "accepted_by": one.accepted_by,
        "accepted_at": moment(one.accepted_at),
        "accepted_reason": full(one.accepted_reason) if one.accepted_reason != one.reason else "",
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_at": moment(one.withdrawn_at),
        "withdrawn_reason": full(one.withdrawn_reason),
        "suggested": bool(one.evidence),
        "needs_second": one.needs_second,
    }


def _proposed(chart: Chart, evaluation: Evaluation, one: Phase) -> dict[str, Any]:
    """Return a proposed phase with what it would do to the level."""
    at = (chart.unit, chart.period)
    change = change_at(chart.source, chart.definition, chart.rows, at=at, start=one.start)
    who = chart.by if isinstance(chart.by, str) else chart.by.get_username()
    needs_second = one.needs_second or change.worse is not False
    return _phase(one) | {
        "level": _level(chart, evaluation, change.before, change.after),
        "worse": change.worse,
        "needs_second": needs_second,
        "waits_for_another": needs_second and who == one.proposed_by,
    }


def _level(chart: Chart, evaluation: Evaluation, before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return _("Nobody can tell yet what the level would be.")
    decimals = shown_decimals(evaluation)
    if value_of(chart, before, decimals) == value_of(chart, after, decimals):
        decimals += 1
    known = {"before": value_of(chart, before, decimals), "after": value_of(chart, after, decimals)}
    return _("The centre would go from %(before)s to %(after)s.") % known


def _suggestion(chart: Chart, evaluation: Evaluation, kept: list[Phase]) -> dict[str, Any] | None:
    """Return the phase that the chart calls for, with its evidence; none where one waits there already."""
    found = suggested(evaluation, chart)
    waiting = {one.start.isoformat() for one in kept if one.state == Phase.PROPOSED}
    if found is None or found.label in waiting:
        return None
    sides = {"high": _("above"), "low": _("below")}
    text = _(
        "From %(start)s on %(run)s points in a row lie %(side)s the centre, and the %(points)s points since then hold "
        "that level to the present."
    )
    said = text % {
        "start": period_name(chart, found.label), "run": found.run, "side": sides[found.side], "points": found.points,
    }  # fmt: skip
    return {
        "label": found.label,
        "start": period_name(chart, found.label),
        "evidence": f"{said} {_level(chart, evaluation, found.before, found.after)}",
        "needs_second": found.needs_second,
    }


def caption(chart: Chart, evaluation: Evaluation, version: int) -> str:
    """Say under a chart that its limits were moved or published, so that neither is ever silent."""
    said = []
    moved = len(evaluation.phases) - 1
    if moved > 0:
        text = ngettext(
            "The limits were moved once, from %(start)s on; why stands below.",
            "The limits were moved %(n)s times, the last time from %(start)s on; why stands below.",
            moved,
        )
        said.append(text % {"n": moved, "start": period_name(chart, evaluation.phases[-1].label)})
    if version:
        said.append(_("It is judged by its published limits, version %(n)s.") % {"n": version})
    n = sum(1 for there in evaluation.included if not there)
    if n:
        text = ngettext("%(n)s point is left out, and why stands below.",
                        "%(n)s points are left out, and why stands below.", n)  # fmt: skip
        said.append(text % {"n": n})
    return " ".join(said)
