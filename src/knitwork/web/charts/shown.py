"""What a measure's page shows of the decisions about its chart: rules, phases with their limits, notes, targets, versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.draw.labels import value_text
from knitwork.draw.record import shown_decimals
from knitwork.signals import Evaluation
from knitwork.web import present, say, small
from knitwork.web.charts import published, words
from knitwork.web.charts.asked import Chart, judged, suggested
from knitwork.web.charts.decided import USUAL_RULES, fitting, phase_of
from knitwork.web.charts.levels import change_at
from knitwork.web.charts.models import Annotation, Exclusion, Phase, PublishedLimits, RuleSetChoice, Target

EPOCH = dt.date(1970, 1, 1)
# More periods than this are no list to choose from: the latest stand in it.
MOST_CHOICES = 400
# So many changed periods are told one by one.
MOST_CHANGED = 12


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
    choices = [(label, _period(chart, label)) for label in reversed(labels[-MOST_CHOICES:])]
    return {
        "rules": rules_now(),
        "parts": _parts(chart, small.masked(evaluation, hidden), kept, labels),
        "proposed": [_proposed(chart, evaluation, one) for one in kept if one.state == Phase.PROPOSED],
        "withdrawn": [_phase(one) for one in kept if one.state == Phase.WITHDRAWN],
        "suggestion": _suggestion(chart, evaluation, kept),
        "exclusions": _exclusions(chart),
        "notes": _notes(chart, {one.pk: number for number, (_at, one) in enumerate(drawn, start=1)}),
        "targets": _targets(chart),
        "published": _published(chart, evaluation, hide=hide),
        "choices": choices,
        "unit_of": chart.definition.spec.unit,
        "refused": refused,
        "wrote": dict(chart.said) if refused else {},
        "me": chart.by if isinstance(chart.by, str) else chart.by.get_username(),
    }


def rules_now() -> dict[str, Any]:
    """Return which rules judge every chart, in words, with who chose them, when and why."""
    history = rules_history()
    return history[0] if history else {"names": _joined(map(words.title, USUAL_RULES)), "version": 0}


def rules_history() -> list[dict[str, Any]]:
    """Return every choice of rules, the latest first."""
    return [
        {
            "names": _joined(map(words.title, one.sets)),
            "version": one.version,
            "who": one.chosen_by,
            "when": _moment(one.chosen_at),
            "reason": full(one.reason),
        }
        for one in RuleSetChoice.objects.order_by("-version")
    ]


def full(text: str) -> str:
    """Return what somebody wrote as a sentence that has its full stop.

    >>> full("A new roster"), full("Why not?"), full("")
    ('A new roster.', 'Why not?', '')
    """
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _moment(at: dt.datetime | None) -> str:
    return "" if at is None else date_format(at, "j F Y")


def _period(chart: Chart, label: str) -> str:
    return say.period_name((dt.date.fromisoformat(label) - EPOCH).days, chart.period)


def _value(chart: Chart, value: float | None, decimals: int) -> str:
    return value_text(value, chart.definition.spec.unit, decimals)


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
            "start": _period(chart, part.label),
            "end": _period(chart, labels[last]),
            "now": part.after == len(evaluation),
            "centre": _value(chart, part.centre, decimals),
            "limits": "" if low is None and high is None else
            _("%(low)s to %(high)s") % {"low": _value(chart, low, decimals), "high": _value(chart, high, decimals)},
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
        "proposed_at": _moment(one.proposed_at),
        "accepted_by": one.accepted_by,
        "accepted_at": _moment(one.accepted_at),
        "accepted_reason": full(one.accepted_reason) if one.accepted_reason != one.reason else "",
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_at": _moment(one.withdrawn_at),
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
    known = {"before": _value(chart, before, decimals), "after": _value(chart, after, decimals)}
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
        "start": _period(chart, found.label), "run": found.run, "side": sides[found.side], "points": found.points,
    }  # fmt: skip
    return {
        "label": found.label,
        "start": _period(chart, found.label),
        "evidence": f"{said} {_level(chart, evaluation, found.before, found.after)}",
        "needs_second": found.needs_second,
    }


def _exclusions(chart: Chart) -> list[dict[str, Any]]:
    made = []
    for one in Exclusion.objects.filter(**chart.named).order_by("-day", "-id"):
        made.append({
            "number": one.pk,
            "name": say.period_name((one.day - EPOCH).days, one.period),
            "reason": full(one.reason),
            "who": one.made_by,
            "when": _moment(one.made_at),
            "undone_by": one.undone_by,
            "undone_at": _moment(one.undone_at),
            "undone_reason": full(one.undone_reason),
        })  # fmt: skip
    return made


def _notes(chart: Chart, numbers: Mapping[int, int]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.pk,
            "day": date_format(one.day, "j F Y"),
            "text": one.text,
            "in_picture": numbers.get(one.pk),
            "whole_unit": not one.measure,
            "who": one.made_by,
            "removed_by": one.removed_by,
            "removed_at": _moment(one.removed_at),
        }
        for one in notes_of(chart.unit, chart.definition.id).order_by("-day", "-id")
    ]


def notes_of(unit: str, measure: str) -> Any:
    """Return the notes of one chart: its own, and those of all charts of its unit."""
    return Annotation.objects.filter(unit=unit, measure__in=(measure, ""))


def drawn_notes(unit: str, measure: str, labels: Sequence[str]) -> list[tuple[int, Annotation]]:
    """Return the notes that stand within these periods, in order of their days, each with the position of its period."""
    found = []
    for one in notes_of(unit, measure).filter(removed_by="").order_by("day", "id"):
        day = one.day.isoformat()
        before = sum(1 for label in labels if label <= day)
        if before and (before < len(labels) or _within_last(labels, day)):
            found.append((before - 1, one))
    return found


def _within_last(labels: Sequence[str], day: str) -> bool:
    """Say whether a day lies in the last period, by the length of the one before it."""
    if len(labels) < 2:
        return day == labels[-1]
    last, before, at = (dt.date.fromisoformat(text) for text in (labels[-1], labels[-2], day))
    return at - last <= last - before


def _targets(chart: Chart) -> list[dict[str, Any]]:
    return [
        {
            "number": one.pk,
            "kind": one.kind,
            "day": date_format(one.day, "j F Y"),
            "value": _value(chart, one.value, 0 if float(one.value).is_integer() else 1),
            "reason": full(one.reason),
            "who": one.set_by,
            "when": _moment(one.set_at),
            "removed_by": one.removed_by,
            "removed_at": _moment(one.removed_at),
            "removed_reason": full(one.removed_reason),
        }
        for one in Target.objects.filter(**chart.named).order_by("kind", "-day", "-id")
    ]


def _published(chart: Chart, evaluation: Evaluation, *, hide: bool) -> dict[str, Any]:
    """Return the versions of the published limits, and what the latest would be now where its records changed."""
    every = list(PublishedLimits.objects.filter(**chart.named, period=chart.period).order_by("-version"))
    decimals = shown_decimals(evaluation)
    versions = [
        {
            "version": one.version,
            "who": one.published_by,
            "when": _moment(one.published_at),
            "reason": full(one.reason),
            "parts": [
                {"start": _period(chart, part["start"]), "centre": _value(chart, part["centre"], decimals),
                 "spread": "" if part.get("spread") is None else _value(chart, part["spread"], decimals + 1)}
                for part in one.phases
            ],
        }
        for one in every
    ]  # fmt: skip
    found: dict[str, Any] = {"versions": versions, "version": every[0].version if every else 0}
    if not every:
        return found
    latest = every[0]
    now = judged(chart, published_too=False)
    differing = [part for part in published.compared(latest.phases, now) if part.differs]
    changed = published.changed_rows(latest.records, chart.rows)
    found["differs"] = [
        {
            "start": _period(chart, part.start),
            "then": _value(chart, part.then["centre"], decimals + 1),
            "now": "" if part.now is None else _value(chart, part.now["centre"], decimals + 1),
        }
        for part in differing
    ]
    n = len(changed)
    text = ngettext(
        "%(n)s period has other numbers than when they were published.",
        "%(n)s periods have other numbers than when they were published.",
        n,
    )
    found["changed"] = text % {"n": n} if n else ""
    if differing and not n:
        found["changed"] = _("A phase, or a point left out since then, makes them differ.")
    found["rows"] = [] if hide else [_changed(chart, *one) for one in changed[:MOST_CHANGED]]
    return found


def _changed(chart: Chart, label: str, then: Any, now: Any) -> dict[str, str]:
    definition = chart.definition
    return {
        "period": _period(chart, label),
        "then": _counted(definition, then),
        "now": _counted(definition, now) if now else _("no such period"),
    }


def _counted(definition: Any, row: Any) -> str:
    value = present.value_of(definition, dict(row))
    if row.get("numerator") is None or row.get("denominator") is None:
        return value
    counted, whole = (present.counted_of(definition, row[name]) for name in ("numerator", "denominator"))
    return _("%(counted)s of %(whole)s: %(value)s") % {"counted": counted, "whole": whole, "value": value}


def caption(chart: Chart, evaluation: Evaluation, version: int) -> str:
    """Say under a chart that its limits were moved or published, so that neither is ever silent."""
    said = []
    moved = len(evaluation.phases) - 1
    if moved > 0:
        text = ngettext(
            "The limits were moved %(n)s time, from %(start)s on; why stands below.",
            "The limits were moved %(n)s times, the last time from %(start)s on; why stands below.",
            moved,
        )
        said.append(text % {"n": moved, "start": _period(chart, evaluation.phases[-1].label)})
    if version:
        said.append(_("It is judged by its published limits, version %(n)s.") % {"n": version})
    n = sum(1 for there in evaluation.included if not there)
    if n:
        text = ngettext("%(n)s point is left out, and why stands below.",
                        "%(n)s points are left out, and why stands below.", n)  # fmt: skip
        said.append(text % {"n": n})
    return " ".join(said)
