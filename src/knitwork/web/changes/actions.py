"""What people do with plans of change: they write one down. One transaction, one audit event, and nothing is ever changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.signals.interrupted import ItsSpec
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.changes.models import Plan
from knitwork.web.charts.keep import ChangedMeanwhile, about, check_day, check_period, clean

LONGEST_WHAT = 120
# With more balancing measures than this one of them gets worse by chance, and nobody reads them.
MOST_BALANCING = 5


def make_plan(
    *,
    unit: str,
    measure: str,
    period: str,
    start: dt.date,
    what: str,
    direction: str,
    method: ItsSpec,
    balancing: Sequence[str] = (),
    picked: bool = False,
    seen: int,
    today: dt.date,
    by: Actor,
) -> Plan:
    """Write down how a change will be measured. `seen` is the version that the person saw, 0 where there was none.

    Until the start a later version takes the place of an earlier one. After it a plan stands as it was made; where none
    was made, one can be, and it says of itself that it came late.
    """
    words = _checked(period, start, what, direction)
    others = list(dict.fromkeys(one for one in balancing if one != measure))
    if len(others) > MOST_BALANCING:
        raise CannotDo(
            _("Choose at most %(n)s balancing measures: of more, one gets worse by chance.") % {"n": MOST_BALANCING}
        )
    with transaction.atomic():
        versions = Plan.objects.select_for_update().filter(unit=unit, measure=measure, period=period, start=start)
        last = versions.order_by("-version").first()
        _refuse(last, start, seen=seen, today=today)
        plan = Plan(
            unit=unit, measure=measure, period=period, start=start, version=(last.version if last else 0) + 1,
            what=words, direction=direction, method=method.to_dict(), balancing=others, picked=picked, made_by=actor_name(by),
            made_at=timezone.now(), made_on=today,
        )  # fmt: skip
        try:
            with transaction.atomic():
                plan.save(force_insert=True)
        except IntegrityError as twice:  # two plans at once: the other one was written
            raise _overtaken("") from twice
        detail = {
            "what": words, "start": start.isoformat(), "period": period, "version": plan.version,
            "direction": direction, "method": plan.method, "balancing": others, "picked": picked, "late": plan.is_late,
        }  # fmt: skip
        record(by=by, action="make plan", about=about(unit, measure), detail=detail)
    return plan


def _checked(period: str, start: dt.date, what: str, direction: str) -> str:
    """Return what is changed on one line, or refuse what no plan can say."""
    check_period(period)
    check_day(start)
    words = clean(what)
    if not words:
        raise CannotDo(_("Say in a few words what is changed: it stands on the chart."))
    if len(words) > LONGEST_WHAT:
        raise CannotDo(
            _("What is changed has %(n)s letters: keep it under %(most)s.") % {"n": len(words), "most": LONGEST_WHAT}
        )
    if direction not in ("up", "down"):
        raise CannotDo(_("Say which way the number should go: up or down."))
    return words


def _refuse(last: Plan | None, start: dt.date, *, seen: int, today: dt.date) -> None:
    """Refuse a second plan after the start, and one over a version that this person has not seen."""
    if last is None:
        return
    if today > start:
        raise CannotDo(
            _(
                "The plan of %(day)s stands: after the start nobody chooses another method, for results can be seen by then."
            )
            % {"day": last.made_on.isoformat()}
        )
    if last.version != seen:
        raise _overtaken(last.made_by)


def _overtaken(who: str) -> ChangedMeanwhile:
    text = _("%(who)s wrote another plan since you opened the page: look at it first.")
    return ChangedMeanwhile(text % {"who": who or _("Somebody")})
