"""Codes of sources that mean one unit: what may be said of them, what is refused, and what the records then tell."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from knitwork.home import open_home
from knitwork.model.errors import CannotDo
from knitwork.web import source
from knitwork.web.audit.models import AuditEvent
from knitwork.web.units.actions import bring_in_units, look_through, notice_units, say_same, set_up_unit, take_back
from knitwork.web.units.codes import aliases, new_codes
from knitwork.web.units.models import CodeMeaning, Unit
from knitwork.web.units.registry import snapshot
from knitwork.web.units.rows import read_units_csv

CSV = """unit,name,kind,parent
RIV,Riverbend,macrosystem,
ED,Emergency,ed,RIV
ED2,Emergency two,ed,RIV
ED3,Emergency three,ed,RIV
W7,Ward 7,ward,RIV
"""
STAYS = """patient,unit,start,end
P1,ED,2026-03-01 08:00,2026-03-01 10:00
P1,W7,2026-03-01 10:30,2026-03-03 10:00
P2,ED2,2026-03-02 08:00,2026-03-02 10:00
P2,W7,2026-03-02 10:30,2026-03-03 10:00
P3,ED2,2026-03-04 08:00,2026-03-04 10:00
"""


@pytest.fixture
def units(db):
    bring_in_units(read_units_csv(CSV), by="test")


def test_a_code_that_means_another_unit_is_none_itself(units):
    say_same(code="ED2", means="ED", by="ada")

    registry = snapshot()
    assert registry.aliases == {"ED2": "ED"}
    assert registry.get("ED2") is None
    assert {m.unit for m in registry.memberships} == {"ED", "ED3", "W7"}


def test_codes_that_mean_each_other_in_a_row_all_mean_the_last(units):
    say_same(code="ED3", means="ED2", by="ada")
    say_same(code="ED2", means="ED", by="ada")

    assert aliases() == {"ED2": "ED", "ED3": "ED"}
    take_back(code="ED2", by="ada")
    assert aliases() == {"ED3": "ED2"}


@pytest.mark.parametrize(
    ("code", "means", "says"),
    [
        ("ED", "ED", "is itself already"),
        ("", "ED", "as it stands in the records"),
        ("ED", "ED2", "“ED2” means “ED” already: take that back first"),
        ("ED", "ED3", "“ED3” means “ED” already: take that back first"),
        ("ED2", "NOWHERE", "There is no unit “NOWHERE”"),
        ("ED2", "RIV", "is a group, in which no patient stays"),
        ("RIV", "W7", "holds other units"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_kept(units, code, means, says):
    say_same(code="ED2", means="ED", by="ada")
    say_same(code="ED3", means="ED2", by="ada")
    before = CodeMeaning.objects.count(), AuditEvent.objects.count()

    with pytest.raises(CannotDo, match=says):
        say_same(code=code, means=means, by="ada")

    assert (CodeMeaning.objects.count(), AuditEvent.objects.count()) == before


def test_what_was_never_said_cannot_be_taken_back(units):
    with pytest.raises(CannotDo, match="means no other unit"):
        take_back(code="ED2", by="ada")


def test_the_database_itself_keeps_every_word(units):
    say_same(code="ED2", means="ED", by="ada")
    take_back(code="ED2", by="ben")

    assert [(one.said_by, one.means) for one in CodeMeaning.objects.all()] == [("ada", "ED"), ("ben", "")]
    for act in (CodeMeaning.objects.all().delete, lambda: CodeMeaning.objects.update(means="W7")):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            act()
    assert AuditEvent.objects.filter(action="map code", actor="ada").count() == 1
    assert AuditEvent.objects.filter(action="take back code", actor="ben").count() == 1


def test_a_code_is_new_until_somebody_looked_or_named_it(db):
    notice_units(["A", "B", "C"], by="load")
    assert new_codes() == {"A", "B", "C"}

    set_up_unit(code="A", name="Acute", kind="ward", group=None, by="ada")
    say_same(code="B", means="A", by="ada")
    assert new_codes() == {"C"}
    look_through(by="ada")
    assert new_codes() == set()
    notice_units(["D"], by="load")
    assert new_codes() == {"D"}


def test_new_codes_stand_first_and_are_named_on_the_page(ada, db):
    bring_in_units(read_units_csv("unit,name\nED,Emergency\n"), by="test")
    notice_units(["W7", "OR", "CATH"], by="load")
    page = ada.get("/setup/codes/").content.decode()
    assert "3 new codes: name them" in page
    assert "3 new codes: name them" in ada.get("/setup/").content.decode()
    assert page.index("New codes") < page.index("Codes that mean another unit")

    pk = {u.code: u.pk for u in Unit.objects.all()}
    said = {"act": "new", f"name-{pk['W7']}": "Ward seven", f"name-{pk['OR']}": "OR", f"means-{pk['CATH']}": "ED"}
    done = ada.post("/setup/codes/", said, follow=True).content.decode()

    assert "2 codes were given a word." in done
    assert "No code is new" in done
    assert Unit.objects.get(code="W7").name == "Ward seven"
    assert aliases() == {"CATH": "ED"}


def test_a_refusal_stands_on_the_page_with_what_was_written(ada, units):
    answer = ada.post("/setup/codes/", {"act": "same", "code": "ED", "means": "ED"})

    assert answer.status_code == 422
    assert "is itself already" in answer.content.decode()
    assert 'value="ED" required' in answer.content.decode()


def test_beds_are_shown_with_the_ward_that_the_feed_says_holds_them(ada, units):
    page = ada.get("/setup/codes/").content.decode()

    assert "W7-B1" in page
    assert "(as the feed says)" in page


@pytest.fixture
def home(tmp_path, settings, db):
    file = tmp_path / "stays.csv"
    file.write_text(STAYS, "utf-8")
    made = open_home(tmp_path / "home")
    made.load([file])
    notice_units(made.unit_codes(), by="test")
    made.refresh(snapshot(macro_name="Home"))
    settings.HOME = made.path
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    yield made
    source.opened.cache_clear()


def stays_of(home, unit):
    return sorted(row["patient"] for row in home.stays(unit=unit).to_pylist())


def test_two_codes_count_as_one_unit_until_it_is_taken_back_and_old_links_still_lead_there(ada, home):
    assert (stays_of(home, "ED"), stays_of(home, "ED2")) == (["P1"], ["P2", "P3"])
    ada.post("/setup/codes/", {"act": "same", "code": "ED2", "means": "ED"})
    home.refresh(snapshot(macro_name="Home"))

    assert (stays_of(home, "ED"), stays_of(home, "ED2")) == (["P1", "P2", "P3"], [])
    assert {(h["from_unit"], h["to_unit"]): h["count"] for h in home.handoffs().to_pylist()}["ED", "W7"] == 2
    assert ada.get("/units/ED2/?period=week").headers["Location"] == "/units/ED/?period=week"
    assert ada.get("/handoffs/ED2/W7/").headers["Location"] == "/handoffs/ED/W7/"
    page = ada.get("/setup/codes/").content.decode()
    assert "ada, " in page
    row = page[page.index('<th scope="row">ED2</th>') :]
    assert '<td class="n">2</td>' in row[: row.index("</tr>")]

    ada.post("/setup/codes/", {"act": "back", "code": "ED2"})
    home.refresh(snapshot(macro_name="Home"))
    assert (stays_of(home, "ED"), stays_of(home, "ED2")) == (["P1"], ["P2", "P3"])
    assert ada.get("/units/ED2/").status_code == 200


def test_a_code_that_nobody_knows_is_still_no_page(ada, home):
    assert ada.get("/units/NOWHERE/").status_code == 404


def test_when_it_was_said_is_the_moment_of_saying(units):
    before = timezone.now()
    said = say_same(code="ED2", means="ED", by="ada")

    assert before <= said.said_at <= timezone.now() + dt.timedelta(seconds=1)


def test_a_code_that_means_another_unit_is_not_named_among_the_units(ada, units):
    page = ada.get("/setup/").content.decode()
    assert "Emergency two" in page
    say_same(code="ED2", means="ED", by="ada")

    page = ada.get("/setup/").content.decode()
    assert "Emergency two" not in page
    assert "Emergency three" in page
