"""Alerts: one for one episode however many points follow, a new one for a new episode, and every act written down."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from knitwork.model.errors import CannotDo
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.episodes import Episode
from knitwork.web.alerts.actions import acknowledge, open_again, resolve, snooze
from knitwork.web.alerts.episodes import chart_name, episodes_of, matched, state_of
from knitwork.web.alerts.models import Alert
from knitwork.web.audit.models import AuditEvent
from knitwork.web.charts.keep import ChangedMeanwhile

TODAY = dt.date(2026, 10, 14)


def month(n):
    return dt.date(2024 + (n - 1) // 12, (n - 1) % 12 + 1, 1)


def of(values):
    """Return the episodes of a chart with these monthly values, from January 2024 on."""
    labels = tuple(month(at + 1).isoformat() for at in range(len(values)))
    evaluation = evaluate(Series(labels=labels, values=tuple(values)), Spec(chart="xmr", direction="down"))
    return episodes_of("CCU", "gap_median", "month", evaluation=evaluation)


def runs(episodes):
    return [one for one in episodes if one.rule == "longest_run"]


STEADY = [40.0, 42.0, 39.0, 41.0, 38.0, 43.0, 40.5, 41.5, 39.5, 38.5] * 2
# One of ten on the wanted side before the change came: 40.5 is the centre, about.
WORSE = [44.0, 45.0, 44.5, 45.5, 44.2, 45.2, 44.7, 45.7, 44.1]


def episode(*, unit="CCU", measure="gap_median", period="month", **more):
    plain = {
        "chart": chart_name(unit, measure, period), "rule": "longest_run", "side": "high", "since": first(1),
        "start": first(1), "end": first(8), "verdict": "worse", "recent": True,
    }  # fmt: skip
    return Episode(**(plain | more))


def first(n):
    return month(n).isoformat()


def alert_of(one):
    """Return what is kept of an episode, or None."""
    return matched([one], Alert.objects.all())[0][1]


def take(one, **more):
    said = {"episodes": [one], "seen": "new", "note": "", "today": TODAY, "by": "lena"}
    return acknowledge(**(said | more))[0]


# One episode over two generations


@pytest.mark.django_db
def test_the_same_episode_does_not_alert_twice_as_new_points_come_in():
    earlier = runs(of(STEADY + WORSE))[0]
    take(earlier)

    later = runs(of([*STEADY, *WORSE, 45.1, 44.6]))[0]
    kept = alert_of(later)

    assert later.end > earlier.end
    assert state_of(kept, TODAY) == "acknowledged"


@pytest.mark.django_db
def test_an_episode_whose_first_day_moves_by_a_correction_is_the_same():
    take(episode())

    moved = episode(since=first(2), start=first(2), end=first(9))

    assert state_of(alert_of(moved), TODAY) == "acknowledged"


@pytest.mark.django_db
def test_a_new_episode_on_the_same_chart_is_new_again():
    take(episode())

    new = episode(since=first(12), start=first(12), end=first(20))

    assert alert_of(new) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [{"unit": "ED"}, {"measure": "arrivals"}, {"period": "week"}, {"rule": "beyond_limits"}, {"side": "low"}],
)
def test_another_chart_rule_or_side_is_another_episode(other):
    take(episode())

    different = episode(**other)

    assert alert_of(different) is None


@given(st.integers(1, 60), st.integers(0, 20), st.integers(1, 60), st.integers(0, 20))
def test_episodes_are_the_same_where_they_share_a_month_whichever_is_kept(start, long, other, longer):
    one = episode(since=first(start), start=first(start), end=first(start + long))
    kept = row(since=month(other), last=month(other + longer))

    shared = set(range(start, start + long + 1)) & set(range(other, other + longer + 1))

    assert (matched([one], [kept])[0][1] is kept) == bool(shared)


def test_only_what_touches_the_last_three_points_is_an_episode():
    assert runs(of(STEADY + WORSE))
    assert not runs(of([*STEADY, *WORSE, *STEADY[:6]]))


# States


@pytest.mark.django_db
def test_a_snoozed_episode_is_new_again_on_its_day():
    until = TODAY + dt.timedelta(days=7)
    kept = snooze(episodes=[episode()], seen="new", until=until, note="", today=TODAY, by="lena")[0]

    assert state_of(kept, TODAY) == "snoozed"
    assert state_of(kept, until - dt.timedelta(days=1)) == "snoozed"
    assert state_of(kept, until) == "new"
    take(episode(), today=until)
    assert Alert.objects.get().state == "acknowledged"


@pytest.mark.django_db
@pytest.mark.parametrize("days_on", [-1, 0, 367])
def test_a_snooze_ends_after_today_and_within_a_year(days_on):
    until = TODAY + dt.timedelta(days=days_on)

    with pytest.raises(CannotDo, match="after today, and within a year"):
        snooze(episodes=[episode()], seen="new", until=until, note="", today=TODAY, by="lena")
    assert not Alert.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "  ", "\u200b"])
def test_a_resolution_needs_a_reason(reason):
    with pytest.raises(CannotDo, match="Say why it is settled"):
        resolve(episodes=[episode()], seen="new", reason=reason, today=TODAY, by="lena")


@pytest.mark.django_db
def test_what_is_resolved_stays_so_and_can_be_opened_again():
    resolve(episodes=[episode()], seen="new", reason="A clock was wrong", today=TODAY, by="lena")
    later = episode(end=first(11))
    assert state_of(alert_of(later), TODAY) == "resolved"

    open_again(episodes=[later], seen="resolved", note="It was not the clock", today=TODAY, by="omar")

    kept = Alert.objects.get()
    assert (state_of(kept, TODAY), kept.by, kept.last) == ("new", "omar", month(11))


@pytest.mark.django_db
def test_two_people_cannot_act_on_what_only_one_of_them_saw():
    take(episode())

    with pytest.raises(ChangedMeanwhile, match="lena acted on this since you opened the page"):
        take(episode(), by="omar")
    assert Alert.objects.get().by == "lena"


@pytest.mark.django_db
def test_the_second_of_two_first_acts_at_once_is_refused_in_a_sentence(monkeypatch):
    take(episode())
    monkeypatch.setattr("knitwork.web.alerts.actions.matched", lambda found, kept: [(one, None) for one in found])

    with pytest.raises(ChangedMeanwhile, match="Somebody acted on this"):
        take(episode(), by="omar")
    assert Alert.objects.get().by == "lena"
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_every_act_is_one_event_that_names_the_episode_and_what_was_said():
    resolve(
        episodes=[episode(), episode(rule="beyond_limits")], seen="new", reason="A clock was wrong", today=TODAY,
        by="lena",
    )  # fmt: skip

    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.about) == ("lena", "resolve alert", "gap_median in CCU")
    assert [one["rule"] for one in event.detail["episodes"]] == ["longest_run", "beyond_limits"]
    assert event.detail["note"] == "A clock was wrong"
    assert event.detail["was"] == "new"


@pytest.mark.django_db
def test_a_refused_act_leaves_nothing_behind():
    take(episode(rule="beyond_limits"))

    with pytest.raises(ChangedMeanwhile):
        acknowledge(episodes=[episode(), episode(rule="beyond_limits")], seen="new", note="", today=TODAY, by="omar")

    assert Alert.objects.count() == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_an_act_on_nothing_is_refused():
    with pytest.raises(CannotDo, match="Nothing signals there any more"):
        acknowledge(episodes=[], seen="new", note="", today=TODAY, by="lena")


@pytest.mark.django_db
def test_a_note_longer_than_its_room_is_refused_in_words():
    with pytest.raises(CannotDo, match="keep it under 500"):
        take(episode(), note="a" * 501)


# What the database itself refuses


def row(**more):
    plain = {
        "unit": "CCU", "measure": "gap_median", "period": "month", "rule": "longest_run", "side": "high",
        "since": month(1), "last": month(9), "state": "acknowledged", "by": "lena", "at": timezone.now(),
    }  # fmt: skip
    return Alert(**(plain | more))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "gone"}, {"state": "snoozed"}, {"until": TODAY}, {"state": "resolved"}, {"side": "left"},
        {"period": "year"}, {"last": dt.date(2020, 1, 1)}, {"unit": ""}, {"by": ""}, {"rule": ""},
    ],
)  # fmt: skip
def test_the_database_refuses_what_no_alert_can_be(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        row(**wrong).save()


@pytest.mark.django_db
def test_the_database_refuses_a_second_alert_of_one_episode():
    row().save()

    with pytest.raises(IntegrityError), transaction.atomic():
        row(state="resolved", note="x").save()
