"""What people decide about charts. Each act: one transaction, one audit event, a reason, and nothing is ever deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.signals.spec import Limits, Spec
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.charts.keep import (
    ChangedMeanwhile,
    about,
    check_day,
    check_period,
    check_value,
    limits_columns,
    note_of,
    reason_of,
    renew,
    second_person_words,
    standing,
)
from knitwork.web.charts.models import Annotation, Exclusion, Phase, PublishedLimits, RuleSetChoice, Target
from knitwork.web.charts.notes import NoteRow


def propose_phase(
    *,
    unit: str,
    measure: str,
    start: dt.date,
    limits: Limits = "policy",
    reason: str,
    worse: bool | None,
    evidence: Mapping[str, Any] | None = None,
    by: Actor,
) -> Phase:
    """Propose new limits from a day on; nothing moves until somebody accepts.

    `worse` says whether the level became worse, None where nobody can tell: then a second person accepts.
    """
    why = reason_of(reason)
    check_day(start)
    columns = limits_columns(limits)
    with transaction.atomic():
        same = Phase.objects.filter(unit=unit, measure=measure, start=start).exclude(state=Phase.WITHDRAWN).first()
        if same is not None:
            raise ChangedMeanwhile(
                _("%(who)s proposed a phase from that day already: accept it, or withdraw it first.")
                % {"who": same.proposed_by}
            )
        phase = Phase(
            unit=unit, measure=measure, start=start, reason=why, evidence=dict(evidence or {}),
            needs_second=worse is not False, proposed_by=actor_name(by), proposed_at=timezone.now(), **columns,
        )  # fmt: skip
        phase.save(force_insert=True)
        detail = {"start": start.isoformat(), "limits": limits, "reason": why, "needs_second": phase.needs_second}
        record(by=by, action="propose phase", about=about(unit, measure), detail=detail)
        renew()
    return phase


def accept_phase(*, phase: int, reason: str, worse: bool | None, by: Actor) -> Phase:
    """Let a proposed phase hold. Where the level became worse, or nobody can tell, never by who proposed it."""
    why, who = reason_of(reason), actor_name(by)
    with transaction.atomic():
        kept = standing(Phase, phase)
        if kept.state == Phase.ACCEPTED:
            raise ChangedMeanwhile(_("%(who)s has accepted that phase already.") % {"who": kept.accepted_by})
        kept.needs_second = kept.needs_second or worse is not False
        if kept.needs_second and who == kept.proposed_by:
            raise CannotDo(second_person_words(worse))
        kept.state, kept.accepted_by, kept.accepted_at, kept.accepted_reason = Phase.ACCEPTED, who, timezone.now(), why
        kept.save(update_fields=["needs_second", "state", "accepted_by", "accepted_at", "accepted_reason"])
        detail = {"start": kept.start.isoformat(), "proposed_by": kept.proposed_by, "reason": why}
        record(by=by, action="accept phase", about=about(kept.unit, kept.measure), detail=detail)
        renew()
    return kept


def withdraw_phase(*, phase: int, reason: str, hides_harm: bool = False, by: Actor) -> Phase:
    """Take a phase back, proposed or accepted: the limits before it hold again.

    `hides_harm` says that a signal of harm vanishes with it: then never by who proposed or accepted it.
    """
    why, who = reason_of(reason), actor_name(by)
    with transaction.atomic():
        kept = standing(Phase, phase)
        was = kept.state
        kept.hides_harm = hides_harm and was == Phase.ACCEPTED
        if kept.hides_harm and who in (kept.proposed_by, kept.accepted_by):
            raise CannotDo(
                _(
                    "Without these limits the signal that it got worse would vanish: somebody else withdraws them, not "
                    "who proposed or accepted them. Ask another lead or owner."
                )
            )
        kept.state, kept.withdrawn_by, kept.withdrawn_at = Phase.WITHDRAWN, who, timezone.now()
        kept.withdrawn_reason = why
        kept.save(update_fields=["state", "hides_harm", "withdrawn_by", "withdrawn_at", "withdrawn_reason"])
        detail = {"start": kept.start.isoformat(), "was": was, "hides_harm": kept.hides_harm, "reason": why}
        record(by=by, action="withdraw phase", about=about(kept.unit, kept.measure), detail=detail)
        renew()
    return kept


def leave_out(*, unit: str, measure: str, day: dt.date, period: str, reason: str, by: Actor) -> Exclusion:
    """Draw one period of a chart and count it no more."""
    why = reason_of(reason)
    check_day(day)
    check_period(period)
    with transaction.atomic():
        same = Exclusion.objects.filter(unit=unit, measure=measure, period=period, day=day, undone_by="").first()
        if same is not None:
            raise ChangedMeanwhile(_("%(who)s left that period out already.") % {"who": same.made_by})
        made = Exclusion(unit=unit, measure=measure, period=period, day=day, reason=why)
        made.made_by, made.made_at = actor_name(by), timezone.now()
        made.save(force_insert=True)
        detail = {"day": day.isoformat(), "period": period, "reason": why}
        record(by=by, action="leave out period", about=about(unit, measure), detail=detail)
        renew()
    return made


def count_again(*, exclusion: int, reason: str, by: Actor) -> Exclusion:
    """Count a period again that was left out."""
    why = reason_of(reason)
    with transaction.atomic():
        kept = standing(Exclusion, exclusion)
        kept.undone_by, kept.undone_at, kept.undone_reason = actor_name(by), timezone.now(), why
        kept.save(update_fields=["undone_by", "undone_at", "undone_reason"])
        detail = {"day": kept.day.isoformat(), "period": kept.period, "reason": why}
        record(by=by, action="count period again", about=about(kept.unit, kept.measure), detail=detail)
        renew()
    return kept


def add_note(*, unit: str, measure: str = "", day: dt.date, text: str, by: Actor) -> Annotation:
    """Write a note at a day of one chart of a unit, or of all its charts."""
    said = note_of(text)
    check_day(day)
    with transaction.atomic():
        if Annotation.objects.filter(unit=unit, measure=measure, day=day, text=said, removed_by="").exists():
            raise ChangedMeanwhile(_("That note stands there already."))
        note = Annotation(unit=unit, measure=measure, day=day, text=said)
        note.made_by, note.made_at = actor_name(by), timezone.now()
        note.save(force_insert=True)
        record(by=by, action="add note", about=about(unit, measure), detail={"day": day.isoformat(), "text": said})
        renew()
    return note


def remove_note(*, note: int, by: Actor) -> Annotation:
    """Take a note off the chart; it stays in the list."""
    with transaction.atomic():
        kept = standing(Annotation, note)
        kept.removed_by, kept.removed_at = actor_name(by), timezone.now()
        kept.save(update_fields=["removed_by", "removed_at"])
        detail = {"day": kept.day.isoformat(), "text": kept.text}
        record(by=by, action="remove note", about=about(kept.unit, kept.measure), detail=detail)
        renew()
    return kept


def bring_in_notes(rows: Iterable[NoteRow], *, by: Actor) -> int:
    """Take over a table of improvement actions as notes; those that stand already are passed over. Says how many."""
    rows = list(dict.fromkeys(rows))
    with transaction.atomic():
        named = {row.unit for row in rows}
        standing_now = Annotation.objects.filter(unit__in=named, removed_by="")
        known = set(standing_now.values_list("unit", "measure", "day", "text"))
        new = [row for row in rows if (row.unit, row.measure, row.day, row.text) not in known]
        who, now = actor_name(by), timezone.now()
        Annotation.objects.bulk_create(
            Annotation(unit=r.unit, measure=r.measure, day=r.day, text=r.text, made_by=who, made_at=now) for r in new
        )
        detail = {"units": sorted({row.unit for row in new}), "known": len(rows) - len(new)}
        record(by=by, action="bring in notes", about=f"{len(new)} notes", detail=detail)
        renew()
    return len(new)


def set_target(
    *, unit: str, measure: str, kind: str = Target.TARGET, day: dt.date, value: float, reason: str, by: Actor
) -> Target:
    """Say what is wanted from a day on, or at a day of the trajectory; another value of that day is kept as history."""
    why = reason_of(reason)
    check_day(day)
    check_value(value)
    if kind not in (Target.TARGET, Target.TRAJECTORY):
        raise CannotDo(_("A target holds from a day on, or is a point of a trajectory: choose one of the two."))
    with transaction.atomic():
        who, now = actor_name(by), timezone.now()
        same = Target.objects.select_for_update().filter(unit=unit, measure=measure, kind=kind, day=day, removed_by="")
        was = same.values_list("value", flat=True).first()
        same.update(removed_by=who, removed_at=now, removed_reason=why)
        made = Target(unit=unit, measure=measure, kind=kind, day=day, value=value, reason=why, set_by=who, set_at=now)
        made.save(force_insert=True)
        detail = {"kind": kind, "day": day.isoformat(), "value": value, "was": was, "reason": why}
        record(by=by, action="set target", about=about(unit, measure), detail=detail)
        renew()
    return made


def remove_target(*, target: int, reason: str, by: Actor) -> Target:
    """Take a target or a point of a trajectory off the chart; it stays in the list."""
    why = reason_of(reason)
    with transaction.atomic():
        kept = standing(Target, target)
        kept.removed_by, kept.removed_at, kept.removed_reason = actor_name(by), timezone.now(), why
        kept.save(update_fields=["removed_by", "removed_at", "removed_reason"])
        detail = {"kind": kept.kind, "day": kept.day.isoformat(), "value": kept.value, "reason": why}
        record(by=by, action="remove target", about=about(kept.unit, kept.measure), detail=detail)
        renew()
    return kept


def choose_rules(
    *, sets: Sequence[str], custom: Sequence[Mapping[str, Any]] = (), reason: str, version: int, by: Actor
) -> RuleSetChoice:
    """Choose the rules that judge every chart, the past as well, under a new version.

    `version` is the one that the person saw. Raises `BadDefinition` where a set or a rule is not known.
    """
    why = reason_of(reason)
    if not sets:
        raise CannotDo(_("Choose at least one set of rules: without any no chart would ever signal."))
    checked = Spec(rules=tuple(sets), custom=tuple(custom))  # type: ignore[arg-type]  # Spec reads and checks both
    rules = [rule.to_dict() for rule in checked.custom] if "custom" in checked.rules else []
    with transaction.atomic():
        last = RuleSetChoice.objects.select_for_update().order_by("-version").first()
        now = last.version if last else 0
        if now != version:
            raise ChangedMeanwhile(
                _("%(who)s chose other rules since you opened the page: look at them, then choose again.")
                % {"who": last.chosen_by if last else ""}
            )
        made = RuleSetChoice(version=now + 1, sets=list(checked.rules), custom=rules, reason=why)
        made.chosen_by, made.chosen_at = actor_name(by), timezone.now()
        made.save(force_insert=True)
        detail = {"version": made.version, "sets": made.sets, "custom": rules, "reason": why,
                  "was": last.sets if last else None}  # fmt: skip
        record(by=by, action="choose rules", about="all charts", detail=detail)
        renew()
    return made


def publish_limits(
    *,
    unit: str,
    measure: str,
    period: str,
    version: int,
    spec: Mapping[str, Any],
    phases: Sequence[Mapping[str, Any]],
    records: Mapping[str, Any],
    reason: str,
    by: Actor,
) -> PublishedLimits:
    """Publish the limits of a chart as its next version, by which it is judged from now on; `version` is the one seen."""
    why = reason_of(reason)
    check_period(period)
    if not phases:
        raise CannotDo(_("There are no limits to publish yet."))
    with transaction.atomic():
        every = PublishedLimits.objects.select_for_update().filter(unit=unit, measure=measure, period=period)
        last = every.order_by("-version").first()
        now = last.version if last else 0
        if now != version:
            raise ChangedMeanwhile(
                _("%(who)s published other limits since you opened the page: look at them first.")
                % {"who": last.published_by if last else ""}
            )
        made = PublishedLimits(
            unit=unit, measure=measure, period=period, version=now + 1, spec=dict(spec), phases=list(phases),
            records=dict(records), reason=why, published_by=actor_name(by), published_at=timezone.now(),
        )  # fmt: skip
        made.save(force_insert=True)
        detail = {"period": period, "version": made.version, "phases": made.phases, "reason": why}
        record(by=by, action="publish limits", about=about(unit, measure), detail=detail)
        renew()
    return made
