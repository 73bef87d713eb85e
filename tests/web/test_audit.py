"""The audit only grows, its chain shows any change, and every act writes exactly one event."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

import knitwork.web
from knitwork.home import LoadOptions, open_home
from knitwork.home.place import Place
from knitwork.home.profiles import keep_text
from knitwork.home.streams import messages_of
from knitwork.intake.mllp.hearing import hear
from knitwork.signals.episodes import Episode
from knitwork.signals.interrupted import ItsSpec
from knitwork.web.accounts import actions as accounts
from knitwork.web.alerts import actions as alerts
from knitwork.web.alerts.episodes import chart_name
from knitwork.web.audit.models import AuditEvent
from knitwork.web.audit.record import broken_links, record
from knitwork.web.changes import actions as changes
from knitwork.web.charts import actions as charts
from knitwork.web.charts.notes import NoteRow
from knitwork.web.loading import actions as loading
from knitwork.web.parked import actions as parked
from knitwork.web.profiles import actions as profiles
from knitwork.web.units import actions as units
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.rows import MembershipRow, UnitRow
from knitwork.web.walls import actions as walls
from knitwork.web.walls.keep import Arrangement
from knitwork.web.walls.models import Wall


def guessed():
    """Return a unit whose kind nobody has confirmed."""
    return Unit.objects.create(code="Q", name="Q", kind="ward")


def taking_part():
    """Return the membership of a unit in a programme."""
    unit, group = Unit.objects.get(code="X"), Unit.objects.get(code="G")
    return Membership.objects.create(unit=unit, group=group, kind="takes_part")


def meant_x():
    """Return a code of which somebody said that it means X."""
    AUDITED.append(1)
    return units.say_same(code="X2", means="X", by="other")


def hung():
    """Return a wall that somebody has made."""
    return Wall.objects.create(unit="X", name="Corridor", created_by="test", created_at=timezone.now())


CHART = {"unit": "X", "measure": "gap_median"}
DAY = dt.date(2026, 3, 1)


def proposed():
    """Return the number of a phase that somebody else proposed."""
    made = charts.propose_phase(**CHART, start=DAY, reason="A new roster", worse=False, by="other")
    AUDITED.append(1)
    return made.pk


def left_out():
    made = charts.leave_out(**CHART, day=DAY, period="month", reason="The ward was closed", by="other")
    AUDITED.append(1)
    return made.pk


def noted():
    made = charts.add_note(**CHART, day=DAY, text="New roster", by="other")
    AUDITED.append(1)
    return made.pk


def wanted():
    made = charts.set_target(**CHART, day=DAY, value=30, reason="Agreed", by="other")
    AUDITED.append(1)
    return made.pk


def episode():
    """Return what an act on an alert speaks of."""
    one = Episode(
        chart=chart_name("X", "gap_median", "month"), rule="longest_run", side="high", since="2025-06-01",
        start="2025-06-01", end="2026-02-01", verdict="worse", recent=True,
    )  # fmt: skip
    return {"episodes": [one], "seen": "new", "today": DAY, "by": "test"}


PLACE: list[Place] = []
WHOLE = b"MSH|^~\\&|A|B|C|D|20260301080000||ADT^A01|1|P|2.5\rEVN||20260301080000\rPID|1||P-1\rPV1||I|W7\r"


@pytest.fixture(autouse=True)
def place(tmp_path):
    """Give the acts on what a home keeps a home, in which the profile of one feed lies."""
    made = Place(tmp_path / "home")
    made.create()
    keep_text(made, "adt", "zone: UTC\n")
    PLACE[:] = [made]
    return made


def waiting():
    """Return a message without a patient's number, which waits for a person."""
    (one,) = messages_of(PLACE[0]).store([hear("adt", WHOLE.replace(b"P-1", b""), 1).arrival])
    assert one.state == "parked"
    return one


def readable():
    """Return a message that waits although it can be read as the profile is now."""
    store = messages_of(PLACE[0])
    (one,) = store.store([replace(hear("adt", WHOLE, 1).arrival, state="parked", rule="no_patient", reason="No PID-3")])
    assert one.state == "parked"
    return one


STAYS = "patient,unit,start,end\nP1,W7,2026-03-01 08:00,2026-03-02 08:00\n"


def stays(folder):
    """Return a file of stays."""
    file = folder / "stays.csv"
    file.write_text(STAYS, "utf-8")
    return file


def loaded():
    """Return a home with a stay whose unit and profile nobody has noticed: each is an event of its own."""
    home = open_home(PLACE[0].path)
    home.load([stays(PLACE[0].path.parent)])
    AUDITED.extend([1, 1, 1])
    return home


# One entry for each event that making ready for an act wrote.
AUDITED: list[int] = []

ACTS = {
    "knitwork.web.alerts.actions.acknowledge": lambda: alerts.acknowledge(**episode(), note="Seen it"),
    "knitwork.web.alerts.actions.snooze": lambda: alerts.snooze(
        **episode(), until=DAY + dt.timedelta(days=9), note="After the move"
    ),
    "knitwork.web.alerts.actions.resolve": lambda: alerts.resolve(**episode(), reason="A clock was wrong"),
    "knitwork.web.alerts.actions.open_again": lambda: alerts.open_again(**episode(), note="It was not the clock"),
    "knitwork.web.changes.actions.make_plan": lambda: changes.make_plan(
        **CHART,
        period="month",
        start=DAY,
        what="Early rounds",
        direction="down",
        method=ItsSpec(),
        seen=0,
        today=DAY,
        by="test",
    ),
    "knitwork.web.charts.actions.propose_phase": lambda: charts.propose_phase(
        **CHART, start=DAY, reason="A new roster", worse=False, by="test"
    ),
    "knitwork.web.charts.actions.accept_phase": lambda: charts.accept_phase(
        phase=proposed(), reason="Seen it", worse=False, by="test"
    ),
    "knitwork.web.charts.actions.withdraw_phase": lambda: charts.withdraw_phase(
        phase=proposed(), reason="A mistake", by="test"
    ),
    "knitwork.web.charts.actions.leave_out": lambda: charts.leave_out(
        **CHART, day=DAY, period="month", reason="The ward was closed", by="test"
    ),
    "knitwork.web.charts.actions.count_again": lambda: charts.count_again(
        exclusion=left_out(), reason="It was open", by="test"
    ),
    "knitwork.web.charts.actions.add_note": lambda: charts.add_note(**CHART, day=DAY, text="Roster", by="test"),
    "knitwork.web.charts.actions.remove_note": lambda: charts.remove_note(note=noted(), by="test"),
    "knitwork.web.charts.actions.bring_in_notes": lambda: charts.bring_in_notes(
        [NoteRow(DAY, "Roster", "X"), NoteRow(DAY, "Roster", "X")], by="test"
    ),
    "knitwork.web.charts.actions.set_target": lambda: charts.set_target(
        **CHART, day=DAY, value=30, reason="Agreed", by="test"
    ),
    "knitwork.web.charts.actions.remove_target": lambda: charts.remove_target(
        target=wanted(), reason="Withdrawn", by="test"
    ),
    "knitwork.web.charts.actions.choose_rules": lambda: charts.choose_rules(
        sets=["nelson"], reason="The board wants them", version=0, by="test"
    ),
    "knitwork.web.charts.actions.publish_limits": lambda: charts.publish_limits(
        **CHART,
        period="month",
        version=0,
        spec={},
        phases=[{"start": "2026-03-01", "centre": 30.0}],
        records={},
        reason="Agreed",
        by="test",
    ),
    "knitwork.web.parked.actions.correct": lambda: parked.correct(
        PLACE[0], waiting(), WHOLE.decode().replace("\r", "\n"), by="test"
    ),
    "knitwork.web.parked.actions.dismiss": lambda: parked.dismiss(PLACE[0], waiting(), "A test", by="test"),
    "knitwork.web.parked.actions.replay": lambda: parked.replay(PLACE[0], readable(), by="test"),
    # One event for each message that is read again: here there is one.
    "knitwork.web.parked.actions.replay_alike": lambda: parked.replay_alike(
        PLACE[0], "adt", readable().reason, by="test"
    ),
    "knitwork.web.profiles.actions.notice": lambda: profiles.notice(PLACE[0], "adt", by="test"),
    "knitwork.web.profiles.actions.notice_all": lambda: profiles.notice_all(PLACE[0], by="test"),
    "knitwork.web.profiles.actions.save_profile": lambda: profiles.save_profile(
        PLACE[0], feed="lab", text="zone: UTC\n", why="It is in Greenwich", based_on=0, by="test"
    ),
    "knitwork.web.accounts.actions.add_account": lambda: accounts.add_account(
        name="dora", password="a long enough password", by="test"
    ),
    "knitwork.web.accounts.actions.set_role": lambda: accounts.set_role(name="eva", role="team", by="test"),
    "knitwork.web.accounts.actions.add_local_owner": lambda: accounts.add_local_owner(by="test"),
    "knitwork.web.units.actions.notice_units": lambda: units.notice_units(["A", "B"], by="test"),
    "knitwork.web.units.actions.set_up_unit": lambda: units.set_up_unit(
        code="X", name="Ex", kind="ward", group="G", by="test"
    ),
    "knitwork.web.units.actions.set_up_units": lambda: units.set_up_units(
        [units.Wish(code="X", name="Ex", kind="ward", group="G")], by="test"
    ),
    "knitwork.web.loading.actions.take_in": lambda: loading.take_in(
        open_home(PLACE[0].path), [stays(PLACE[0].path.parent)], LoadOptions(), by="test"
    ),
    "knitwork.web.loading.actions.refresh": lambda: loading.refresh(loaded(), by="test"),
    "knitwork.web.units.actions.confirm_kinds": lambda: units.confirm_kinds({guessed().code: "ward"}, by="test"),
    "knitwork.web.units.actions.stop_taking_part": lambda: units.stop_taking_part(
        membership=taking_part().pk, until_us=None, by="test"
    ),
    "knitwork.web.units.actions.take_part": lambda: units.take_part(code="X", group="G", by="test"),
    "knitwork.web.units.actions.bring_in_units": lambda: units.bring_in_units([UnitRow("Y", parent="G")], by="test"),
    "knitwork.web.units.actions.bring_in_memberships": lambda: units.bring_in_memberships(
        [MembershipRow("X", "G", "belongs")], by="test"
    ),
    "knitwork.web.units.actions.say_same": lambda: units.say_same(code="X2", means="X", by="test"),
    "knitwork.web.units.actions.take_back": lambda: units.take_back(code=meant_x().code, by="test"),
    "knitwork.web.units.actions.look_through": lambda: units.look_through(by="test"),
    "knitwork.web.walls.actions.make_wall": lambda: walls.make_wall(unit="X", said=Arrangement("Desk"), by="test"),
    "knitwork.web.walls.actions.arrange_wall": lambda: walls.arrange_wall(
        wall=hung().pk, version=1, said=Arrangement("Desk"), by="test"
    ),
    "knitwork.web.walls.actions.give_link": lambda: walls.give_link(wall=hung().pk, by="test"),
    "knitwork.web.walls.actions.withdraw_link": lambda: walls.withdraw_link(wall=hung().pk, by="test"),
    "knitwork.web.walls.actions.remove_wall": lambda: walls.remove_wall(wall=hung().pk, by="test"),
}


def acts():
    """Yield every public function of every actions.py, by its full name."""
    for found in pkgutil.walk_packages(knitwork.web.__path__, "knitwork.web."):
        if found.name.endswith(".actions"):
            module = importlib.import_module(found.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == found.name and not name.startswith("_"):
                    yield f"{found.name}.{name}", function


def test_every_act_is_tried_here():
    assert {name for name, _function in acts()} == ACTS.keys()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_says_who_does_it_by_name(name):
    parameters = inspect.signature(dict(acts())[name]).parameters

    assert parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["by"].default is inspect.Parameter.empty


@pytest.mark.django_db
@pytest.mark.parametrize("name", ACTS)
def test_an_act_writes_exactly_one_event(name):
    accounts.add_account(name="eva", password="a long enough password", role="reader", by="test")
    units.bring_in_units([UnitRow("X", kind="ward"), UnitRow("G", kind="mesosystem")], by="test")
    before = AuditEvent.objects.count()
    AUDITED.clear()

    ACTS[name]()

    assert AuditEvent.objects.count() == before + len(AUDITED) + 1
    assert AuditEvent.objects.latest("id").actor == "test"
    assert broken_links() == []


@pytest.mark.django_db
def test_an_act_that_fails_leaves_neither_change_nor_event(monkeypatch):
    def fail(**_kwargs):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr(units, "record", fail)

    with pytest.raises(RuntimeError):
        units.notice_units(["A"], by="test")

    assert not units.Unit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_is_only_written_in_the_transaction_of_its_act():
    with pytest.raises(RuntimeError, match="in the transaction"):
        record(by="test", action="nothing", about="nothing")


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE audit_auditevent SET actor = 'x'", "DELETE FROM audit_auditevent"])
def test_the_database_refuses_to_change_or_delete_an_event(sql):
    units.notice_units(["A"], by="test")

    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_change_behind_the_back_of_the_database_is_found():
    for code in "ABC":
        units.notice_units([code], by="test")
    second = AuditEvent.objects.order_by("id")[1]

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_no_change")
        cursor.execute("UPDATE audit_auditevent SET actor = 'tesu' WHERE id = %s", [second.pk])

    assert broken_links() == [second.pk]


def test_opening_the_patients_behind_a_point_is_written_down_first(ada):
    response = ada.get("/units/CCU/measures/gap_median/behind/2026-09-01/")
    event = AuditEvent.objects.get(action="read patients")

    assert b"P-0042" in response.content
    assert event.actor == "ada"
    assert event.detail == {"unit": "CCU", "measure": "gap_median", "period": "month", "start": "2026-09-01", "rows": 1}
    assert "P-0042" not in str(event.detail)


def test_no_patient_is_shown_when_the_reading_cannot_be_written_down(ada, monkeypatch):
    def fail(**_kwargs):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr("knitwork.web.pages.measure.record", fail)

    with pytest.raises(RuntimeError):
        ada.get("/units/CCU/measures/gap_median/behind/2026-09-01/")
