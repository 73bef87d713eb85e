"""Plans of change: written down in advance, never changed, and late ones say so."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from knitwork.model.errors import CannotDo
from knitwork.signals.interrupted import ItsSpec
from knitwork.web.audit.models import AuditEvent
from knitwork.web.changes.actions import make_plan
from knitwork.web.changes.models import Plan
from knitwork.web.charts.keep import ChangedMeanwhile

START = dt.date(2026, 3, 1)
BEFORE, AFTER = dt.date(2026, 2, 20), dt.date(2026, 3, 2)
METHOD = ItsSpec(season="annual", wash_out=1)


def plan(**more):
    said = {
        "unit": "CCU", "measure": "gap_median", "period": "month", "start": START, "what": "Early rounds",
        "direction": "down", "method": METHOD, "balancing": ("return_rate",), "seen": 0, "today": BEFORE, "by": "lena",
    }  # fmt: skip
    return make_plan(**(said | more))


@pytest.mark.django_db
def test_a_plan_keeps_its_method_as_it_was_stated():
    made = plan()

    assert ItsSpec.from_dict(Plan.objects.get().method) == METHOD
    assert (made.version, made.is_late, made.balancing) == (1, False, ["return_rate"])


@pytest.mark.django_db
@pytest.mark.parametrize(("today", "late"), [(BEFORE, False), (START, False), (AFTER, True)])
def test_a_plan_made_after_the_start_says_so(today, late):
    assert plan(today=today).is_late is late


@pytest.mark.django_db
def test_until_the_start_another_version_takes_its_place_and_the_first_is_kept():
    plan()
    plan(seen=1, today=START, what="Earlier rounds")

    assert [one.what for one in Plan.objects.order_by("version")] == ["Early rounds", "Earlier rounds"]


@pytest.mark.django_db
@pytest.mark.parametrize("first_made", [BEFORE, AFTER])
def test_after_the_start_a_plan_stands_whenever_it_was_made(first_made):
    plan(today=first_made)

    with pytest.raises(CannotDo, match="after the start nobody chooses another method"):
        plan(seen=1, today=AFTER, method=ItsSpec(method="ols"))
    assert Plan.objects.count() == 1


@pytest.mark.django_db
def test_two_people_do_not_write_over_each_other():
    plan()

    with pytest.raises(ChangedMeanwhile, match="lena wrote another plan"):
        plan(seen=0, by="omar")


@pytest.mark.django_db
def test_the_second_of_two_plans_at_once_is_refused_in_a_sentence(monkeypatch):
    plan()
    monkeypatch.setattr("django.db.models.query.QuerySet.first", lambda self: None)

    with pytest.raises(ChangedMeanwhile, match="Somebody wrote another plan"):
        plan(by="omar")
    assert Plan.objects.get().made_by == "lena"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"what": " "}, "few words what is changed"),
        ({"what": "a" * 121}, "keep it under 120"),
        ({"direction": "neither"}, "up or down"),
        ({"period": "year"}, "choose day, week or month"),
        ({"start": dt.date(26, 3, 1)}, "check the year"),
        ({"balancing": tuple("abcdef")}, "at most 5 balancing"),
    ],
)
def test_what_no_plan_can_say_is_refused_in_a_sentence(said, why):
    with pytest.raises(CannotDo, match=why):
        plan(**said)
    assert not Plan.objects.exists()


@pytest.mark.django_db
def test_a_measure_does_not_balance_itself_and_none_stands_twice():
    assert plan(balancing=("gap_median", "los_median", "los_median")).balancing == ["los_median"]


@pytest.mark.django_db
def test_the_audit_keeps_the_method_and_whether_it_came_late():
    plan(today=AFTER)

    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.about) == ("lena", "make plan", "gap_median in CCU")
    assert event.detail["late"] is True
    assert event.detail["method"]["season"] == "annual"


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE changes_plan SET method = '{}'", "DELETE FROM changes_plan"])
def test_the_database_refuses_to_change_or_delete_a_plan(sql):
    plan()

    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2, "made_on": AFTER}, {"direction": "neither"}, {"period": "year"}, {"what": ""}, {"unit": ""},
        {"made_by": ""},
    ],
)  # fmt: skip
def test_the_database_refuses_what_no_plan_can_be(wrong):
    said = {
        "unit": "CCU", "measure": "gap_median", "period": "month", "start": START, "version": 1, "what": "x",
        "direction": "down", "method": {}, "made_by": "lena", "made_at": timezone.now(), "made_on": BEFORE,
    }  # fmt: skip

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan(**(said | wrong)).save()
