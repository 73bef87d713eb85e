"""What people do about episodes. Each act: one transaction, one audit event, and nobody acts on what has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knitwork.model.errors import CannotDo
from knitwork.signals.episodes import Episode
from knitwork.web.alerts.episodes import day_of, matched, one_chart, state_of
from knitwork.web.alerts.models import Alert
from knitwork.web.audit.record import Actor, actor_name, record
from knitwork.web.charts.keep import ChangedMeanwhile, about, clean

LONGEST_NOTE = 500
# Who wants to hear of a signal later than this does not want to hear of it: then it is to be resolved, with a reason.
LONGEST_SNOOZE = dt.timedelta(days=366)


def acknowledge(*, episodes: Sequence[Episode], seen: str, note: str, today: dt.date, by: Actor) -> list[Alert]:
    """Say that somebody has seen these episodes of one chart and takes care of them; a note may say how."""
    return _act(episodes, seen=seen, state=Alert.ACKNOWLEDGED, note=_note(note), until=None, today=today, by=by)


def snooze(
    *, episodes: Sequence[Episode], seen: str, until: dt.date, note: str, today: dt.date, by: Actor
) -> list[Alert]:
    """Put these episodes of one chart off until a day, on which they are new again."""
    if not today < until <= today + LONGEST_SNOOZE:
        raise CannotDo(_("Choose a day after today, and within a year: then it stands among the new ones again."))
    return _act(episodes, seen=seen, state=Alert.SNOOZED, note=_note(note), until=until, today=today, by=by)


def resolve(*, episodes: Sequence[Episode], seen: str, reason: str, today: dt.date, by: Actor) -> list[Alert]:
    """Settle these episodes of one chart for good, with a reason; points that follow do not open them again."""
    if not clean(reason):
        raise CannotDo(_("Say why it is settled: whoever sees the chart next will want to know."))
    return _act(episodes, seen=seen, state=Alert.RESOLVED, note=_note(reason), until=None, today=today, by=by)


def open_again(*, episodes: Sequence[Episode], seen: str, note: str, today: dt.date, by: Actor) -> list[Alert]:
    """Put these episodes of one chart among the new ones again."""
    return _act(episodes, seen=seen, state=Alert.AGAIN, note=_note(note), until=None, today=today, by=by)


def _note(text: str) -> str:
    note = clean(text)
    if len(note) > LONGEST_NOTE:
        raise CannotDo(
            _("The note has %(n)s letters: keep it under %(most)s.") % {"n": len(note), "most": LONGEST_NOTE}
        )
    return note


def _act(
    episodes: Sequence[Episode],
    *,
    seen: str,
    state: str,
    note: str,
    until: dt.date | None,
    today: dt.date,
    by: Actor,
) -> list[Alert]:
    """Write a state for each episode; refused where one is no longer in the state that the person saw."""
    if not episodes:
        raise CannotDo(_("Nothing signals there any more: open the page again."))
    unit, measure, period = one_chart(episodes)
    with transaction.atomic():
        kept = Alert.objects.select_for_update().filter(unit=unit, measure=measure, period=period)
        told = []
        for episode, alert in matched(episodes, kept):
            _refuse_overtaken(alert, seen, today)
            told.append(_written(episode, alert, state=state, note=note, until=until, by=by))
        detail = {
            "episodes": [{"rule": a.rule, "side": a.side, "since": a.since.isoformat()} for a in told],
            "period": period, "was": seen, "now": state, "note": note, "until": until.isoformat() if until else None,
        }  # fmt: skip
        record(by=by, action=f"{VERBS[state]} alert", about=about(unit, measure), detail=detail)
    return told


VERBS = {
    Alert.ACKNOWLEDGED: "acknowledge",
    Alert.SNOOZED: "snooze",
    Alert.RESOLVED: "resolve",
    Alert.AGAIN: "open again",
}


def _refuse_overtaken(alert: Alert | None, seen: str, today: dt.date) -> None:
    """Refuse where an episode is no longer in the state that the person saw."""
    if state_of(alert, today) != seen:
        raise _overtaken(alert.by if alert else "")


def _overtaken(who: str) -> ChangedMeanwhile:
    text = _("%(who)s acted on this since you opened the page: look at it again.")
    return ChangedMeanwhile(text % {"who": who or _("Somebody")})


def _written(
    episode: Episode, alert: Alert | None, *, state: str, note: str, until: dt.date | None, by: Actor
) -> Alert:
    last = day_of(episode.end)
    if alert is None:
        unit, measure, period = one_chart([episode])
        since = day_of(episode.since)
        alert = Alert(
            unit=unit, measure=measure, period=period, rule=episode.rule, side=episode.side, since=since, last=last
        )
    alert.last = max(alert.last, last)
    alert.state, alert.until, alert.note = state, until, note
    alert.by, alert.at = actor_name(by), timezone.now()
    try:
        with transaction.atomic():
            alert.save()
    except IntegrityError as twice:  # two first acts at once: the other one was written
        raise _overtaken("") from twice
    return alert
