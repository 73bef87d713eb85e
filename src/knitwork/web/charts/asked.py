"""What the forms on a measure's page ask for, done by the acts; a sentence back where it cannot be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from knitwork.draw.periods import Period
from knitwork.model.errors import CannotDo
from knitwork.signals import Evaluation, evaluate
from knitwork.signals import spec as specs
from knitwork.signals.spec import Limits
from knitwork.signals.suggest import Suggestion, suggest_phase
from knitwork.web import judging, say
from knitwork.web.accounts.access import may
from knitwork.web.audit.record import Actor
from knitwork.web.charts import actions, published
from knitwork.web.charts.decided import fitting
from knitwork.web.charts.keep import check_wanted
from knitwork.web.charts.levels import Rows, hides_harm, worse_of
from knitwork.web.charts.models import Annotation, Exclusion, Phase, Target
from knitwork.web.definitions import Definition
from knitwork.web.kept import kept
from knitwork.web.source import Source


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart somebody decides about, with its periods, and what a form said."""

    source: Source
    unit: str
    definition: Definition
    period: Period
    rows: Rows
    said: Mapping[str, str]
    by: Actor

    @property
    def named(self) -> dict[str, str]:
        return {"unit": self.unit, "measure": self.definition.id}

    @property
    def reason(self) -> str:
        return self.said.get("reason", "")

    def day(self, name: str) -> dt.date:
        """Return a day that was written."""
        text = self.said.get(name, "").strip()
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            raise CannotDo(_("“%(text)s” is no date: write it like 2026-03-01.") % {"text": text[:40]}) from error

    def first_day_of_period(self, name: str) -> dt.date:
        """Return the first day of a period that this chart has."""
        day = self.day(name)
        if day.isoformat() not in {row["label"] for row in self.rows}:
            raise CannotDo(_("This chart has no period that begins on %(day)s: choose one of the list.") % {"day": day})
        return day

    def number(self, name: str) -> int:
        text = self.said.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def mine(self, kind: type[Model]) -> int:
        """Return the number of a decision about this chart; of another chart's, none."""
        known: Any = kind
        measures = (self.definition.id, "") if kind is Annotation else (self.definition.id,)
        number = self.number("number")
        there = known.objects.filter(pk=number, unit=self.unit, measure__in=measures).exists()
        return number if there else 0

    @property
    def periods(self) -> tuple[Period, ...]:
        """Return the kinds of period by which harm is looked for: the one shown, and the usual one."""
        return self.period, judging.usual_period(self.source)

    def worse(self, start: dt.date) -> bool | None:
        """Say whether the level became worse from a day on."""
        return worse_of(self.source, self.unit, self.definition, start=start, periods=self.periods)


def posted(request: HttpRequest, chart: Chart) -> str:
    """Do what a form asks; return why it could not be done, or nothing where it was. The right is asked here."""
    if not may(request.user, "charts"):
        raise PermissionDenied
    act = ACTS.get(chart.said.get("act", ""))
    try:
        if act is None:
            raise CannotDo(_("That form is not known here: open the page again."))
        messages.success(request, act(chart))
    except CannotDo as refused:
        return str(refused)
    return ""


def _propose(chart: Chart) -> str:
    start = chart.first_day_of_period("start")
    _refuse_published(chart, start)
    worse, evidence = chart.worse(start), _evidence(chart, start)
    phase = actions.propose_phase(
        **chart.named, start=start, limits=_limits(chart), reason=chart.reason, worse=worse, evidence=evidence,
        by=chart.by,
    )  # fmt: skip
    name = say.period_name((start - dt.date(1970, 1, 1)).days, chart.period)
    if chart.said.get("also") != "accept":
        return _("Proposed: new limits from %(start)s on. Nothing moves until somebody accepts.") % {"start": name}
    if phase.needs_second:
        return _("Proposed: new limits from %(start)s on. A second person must accept them.") % {"start": name}
    actions.accept_phase(phase=phase.pk, reason=chart.reason, worse=worse, by=chart.by)
    return _("New limits hold from %(start)s on. The old ones stay visible.") % {"start": name}


def _refuse_published(chart: Chart, start: dt.date) -> None:
    """Refuse new limits from a period at which a published part begins: that part holds, so they never would."""
    labels = [row["label"] for row in chart.rows]
    decided = chart.source.decisions.of(chart.unit, chart.definition.id, chart.period)
    held = {part.start for part in fitting(decided.phases, labels) if part.centre is not None}
    if any(placed.start in held for placed in fitting([specs.Phase(start=start.isoformat())], labels)):
        raise CannotDo(
            _(
                "Published limits begin with that period, and they hold as they were published: choose another period, "
                "or publish the next version of the limits first."
            )
        )


def _limits(chart: Chart) -> Limits:
    wanted = chart.said.get("limits", "policy")
    if wanted == "first":
        return chart.number("first")
    return wanted  # type: ignore[return-value]  # the act refuses what is none


def _evidence(chart: Chart, start: dt.date) -> dict[str, Any]:
    """Return the suggestion that a phase came from, worked out again: what a browser says is no evidence."""
    if not chart.said.get("suggested"):
        return {}
    found = suggested(judged(chart), chart)
    return evidence_of(found) if found is not None and found.label == start.isoformat() else {}


def evidence_of(found: Suggestion) -> dict[str, Any]:
    """Return what is kept of a suggestion: its numbers, without the definition."""
    kept = ("label", "side", "verdict", "run", "points", "shift", "enough", "before", "after")
    return {name: value for name, value in asdict(found).items() if name in kept}


def judged(chart: Chart, *, published_too: bool = True) -> Evaluation:
    """Return the evaluation of the chart; without what is published, as its limits would be now."""
    source, definition, rows = chart.source, chart.definition, chart.rows
    spec = judging.decided_spec(source, definition, rows, at=(chart.unit, chart.period))
    if not published_too:
        known = source.decisions
        bare = known.judged_by(judging.spec_of(definition, rows))
        decided = known.of(chart.unit, definition.id, chart.period, published=False)
        spec = known.add(bare, decided, [row["label"] for row in rows])
    return evaluate(judging.series_of(definition, rows), spec)


def suggested(evaluation: Evaluation, chart: Chart) -> Suggestion | None:
    """Return the phase that the chart calls for, where its rules judge it at all; looked for once a generation."""
    spec = evaluation.spec
    if not spec.rules:
        return None
    return kept(
        chart.source,
        "suggested",
        lambda: suggest_phase(judging.series_of(chart.definition, chart.rows), spec),
        chart.unit,
        chart.definition.id,
        chart.period,
        spec.to_json(),
        edition=chart.source.decisions.token,
    )


def _accept(chart: Chart) -> str:
    number = chart.mine(Phase)
    start = Phase.objects.filter(pk=number).values_list("start", flat=True).first()
    if start:
        _refuse_published(chart, start)
    worse = chart.worse(start) if start else None
    actions.accept_phase(phase=number, reason=chart.reason, worse=worse, by=chart.by)
    return _("Accepted. The old limits stay visible.")


def _withdraw(chart: Chart) -> str:
    number = chart.mine(Phase)
    start = Phase.objects.filter(pk=number, state=Phase.ACCEPTED).values_list("start", flat=True).first()
    hides = start is not None and hides_harm(
        chart.source, chart.unit, chart.definition, start=start, periods=chart.periods
    )
    actions.withdraw_phase(phase=number, reason=chart.reason, hides_harm=hides, by=chart.by)
    return _("Withdrawn. It stays in the list with your reason.")


def _leave_out(chart: Chart) -> str:
    day = chart.first_day_of_period("day")
    actions.leave_out(**chart.named, day=day, period=chart.period, reason=chart.reason, by=chart.by)
    return _("Left out: the point is still drawn, and counts no more.")


def _count_again(chart: Chart) -> str:
    actions.count_again(exclusion=chart.mine(Exclusion), reason=chart.reason, by=chart.by)
    return _("The point counts again.")


def _note(chart: Chart) -> str:
    measure = "" if chart.said.get("scope") == "all" else chart.definition.id
    actions.add_note(
        unit=chart.unit, measure=measure, day=chart.day("day"), text=chart.said.get("text", ""), by=chart.by
    )
    return _("The note is kept.")


def _remove_note(chart: Chart) -> str:
    actions.remove_note(note=chart.mine(Annotation), by=chart.by)
    return _("The note is off the chart.")


def _target(chart: Chart) -> str:
    text = chart.said.get("value", "").strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError as error:
        raise CannotDo(_("A target is a number, such as 90: write it in digits.")) from error
    below = any(row["value"] is not None and row["value"] < 0 for row in chart.rows)
    check_wanted(value, chart.definition.spec, below_zero=below)
    kind = chart.said.get("kind", Target.TARGET)
    actions.set_target(**chart.named, kind=kind, day=chart.day("day"), value=value, reason=chart.reason, by=chart.by)
    return _("The target is kept, with the ones before it.")


def _remove_target(chart: Chart) -> str:
    actions.remove_target(target=chart.mine(Target), reason=chart.reason, by=chart.by)
    return _("The target is off the chart.")


def _publish(chart: Chart) -> str:
    now = judged(chart, published_too=False)
    parts = published.fixed(judging.series_of(chart.definition, chart.rows), now)
    made = actions.publish_limits(
        **chart.named, period=chart.period, version=chart.number("version"), spec=replace(now.spec, phases=()).to_dict(),
        phases=parts, records=published.records_of(chart.rows), reason=chart.reason, by=chart.by,
    )  # fmt: skip
    return _("Published as version %(n)s: the chart is judged by it from now on.") % {"n": made.version}


ACTS: dict[str, Callable[[Chart], str]] = {
    "propose": _propose,
    "accept": _accept,
    "withdraw": _withdraw,
    "leave-out": _leave_out,
    "count-again": _count_again,
    "note": _note,
    "remove-note": _remove_note,
    "target": _target,
    "remove-target": _remove_target,
    "publish": _publish,
}
