"""Units: what people say about them, what is refused, and units.csv in and out."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from knitwork.model.errors import CannotDo
from knitwork.web.audit.models import AuditEvent
from knitwork.web.units.actions import bring_in_memberships, bring_in_units, notice_units, set_up_unit, take_part
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.registry import snapshot
from knitwork.web.units.rows import read_memberships_csv, read_units_csv, write_memberships_csv, write_units_csv

CSV = """unit,name,kind,parent,tz,capacity,from,to
RIV,Riverbend Health,macrosystem,,,,,
AMI,Acute coronary programme,mesosystem,RIV,,,,
SURG,Surgical programme,mesosystem,RIV,,,,
W7,Cardiology ward,ward,SURG,Europe/Amsterdam,28,,2025-11-01
W7,Cardiology ward,ward,AMI,Europe/Amsterdam,28,2025-11-01,
X1,Ward X,ward?,SURG,,,,
"""


def us(*when):
    return int(dt.datetime(*when, tzinfo=dt.UTC).timestamp()) * 1_000_000


@pytest.mark.django_db
def test_units_csv_goes_in_and_out_unchanged_with_dated_memberships():
    bring_in_units(read_units_csv(CSV), by="test")
    registry = snapshot()
    written = write_units_csv(registry)

    assert sorted(written.splitlines()) == sorted(CSV.splitlines())
    # Midnight in Amsterdam in winter is 23:00 UTC.
    assert [m.until_us for m in registry.parents("W7")] == [us(2025, 10, 31, 23), None]
    assert registry.level_of("RIV") == "macro"
    bring_in_units(read_units_csv(written), by="test")
    assert snapshot() == registry


@pytest.mark.django_db
def test_memberships_csv_goes_in_and_out_unchanged():
    bring_in_units(read_units_csv(CSV), by="test")
    take_part(code="X1", group="AMI", since_us=us(2026, 1, 1, 6), by="test")
    before = snapshot()

    bring_in_memberships(read_memberships_csv(write_memberships_csv(before)), by="test")

    assert snapshot() == before


@pytest.mark.django_db
def test_noticed_units_are_guessed_and_known_ones_left_alone():
    bring_in_units(read_units_csv(CSV), by="test")

    made = notice_units(["W7", "Medical ICU", ""], by="load")

    assert made == 1
    icu = Unit.objects.get(code="Medical ICU")
    assert (icu.kind, icu.kind_guessed) == ("icu", True)
    assert Unit.objects.get(code="W7").kind_guessed is False
    assert notice_units(["W7"], by="load") == 0


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("A,,castle,,,,,", "“castle” is no kind of unit"),
        ("A,,ward,,Mars/Base,,,", "no time zone"),
        ("A,,ward,,,many,,", "is no number"),
        ("A,,ward,,,-3,,", "above 0"),
        ("A,,ward,B,,,soon,", "is no date"),
        (",Ward,ward,,,,,", "has no “unit”"),
        ("A,,ward,A,,,,", "itself inside it"),
        ("A,,ward,B,,,2026-01-02,2026-01-01", "before it joins"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_row_is_one_sentence_and_changes_nothing(row, says):
    with pytest.raises(CannotDo, match=says):
        bring_in_units(read_units_csv(f"unit,name,kind,parent,tz,capacity,from,to\nZ,,ward,,,,,\n{row}\n"), by="test")

    assert not Unit.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_a_unit_cannot_belong_to_two_groups_at_once():
    with pytest.raises(CannotDo, match="at the same time"):
        bring_in_units(read_units_csv("unit,parent\nA,\nB,\nC,A\nC,B\n"), by="test")


@pytest.mark.django_db
def test_a_unit_cannot_hold_itself_through_others():
    bring_in_units(read_units_csv("unit,parent\nA,\nB,A\nC,B\n"), by="test")

    with pytest.raises(CannotDo, match="itself inside it"):
        set_up_unit(code="A", name="A", kind="mesosystem", group="C", by="test")


@pytest.mark.django_db
def test_the_database_itself_refuses_two_parents_at_once():
    bring_in_units(read_units_csv("unit,parent\nA,\nB,\nC,A\n"), by="test")
    unit, group = Unit.objects.get(code="C"), Unit.objects.get(code="B")

    with pytest.raises(DatabaseError, match="one group at a time"), transaction.atomic():
        Membership.objects.create(unit=unit, group=group)
    later = Membership.objects.create(unit=unit, group=group, kind="takes_part")
    with pytest.raises(DatabaseError, match="one group at a time"), transaction.atomic():
        Membership.objects.filter(pk=later.pk).update(kind="belongs")


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"kind": "castle"}, {"capacity": -1}, {"name": ""}, {"since_us": 5, "until_us": 5}])
def test_the_database_itself_refuses_a_unit_that_makes_no_sense(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.create(**({"code": "A", "name": "A", "kind": "ward"} | wrong))


def filled(**changes):
    said = {
        "name": "Coronary care",
        "kind": "ccu",
        "group": "AMI",
        "since": "",
        "tz": "Europe/Amsterdam",
        "capacity": "18",
    }
    return said | changes


def test_what_is_said_in_the_form_is_kept_shown_and_written_down(ada):
    bring_in_units(read_units_csv(CSV), by="test")

    response = ada.post("/units/CCU/setup/", filled(), follow=True)

    page = response.content.decode()
    assert "Coronary care</h1>" in page
    assert "Kept." in page
    unit = Unit.objects.get(code="CCU")
    assert (unit.kind, unit.kind_guessed, unit.capacity) == ("ccu", False, 18)
    event = AuditEvent.objects.get(action="set up unit")
    assert event.actor == "ada"
    assert event.detail["now"]["group"] == "AMI"
    form = ada.get("/units/CCU/setup/").content.decode()
    assert 'value="Coronary care"' in form
    assert '<option value="AMI" selected>' in form


def test_a_dated_move_keeps_the_past(ada):
    bring_in_units(read_units_csv(CSV), by="test")
    ada.post("/units/CCU/setup/", filled(group="SURG"))

    ada.post("/units/CCU/setup/", filled(group="AMI", since="2026-03-01"))

    moved = us(2026, 2, 28, 23)
    assert [(m.group, m.since_us, m.until_us) for m in snapshot().parents("CCU")] == [
        ("SURG", None, moved),
        ("AMI", moved, None),
    ]


@pytest.mark.parametrize(("wrong", "says"), [({"tz": "Mars/Base"}, "no time zone"), ({"name": ""}, "required")])
def test_a_form_that_cannot_be_kept_says_why_and_changes_nothing(ada, wrong, says):
    bring_in_units(read_units_csv(CSV), by="test")

    response = ada.post("/units/CCU/setup/", filled(**wrong))

    assert response.status_code == 422
    assert says in response.content.decode()
    assert not Unit.objects.filter(code="CCU").exists()


@pytest.mark.parametrize("who", ["ben", "tess", "cem"])
def test_only_an_owner_sets_units_up(request, who):
    assert request.getfixturevalue(who).post("/units/CCU/setup/", filled()).status_code == 403
    assert not Unit.objects.exists()
