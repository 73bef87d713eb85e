"""The page of all units: guesses confirmed at once, rows changed in place, nothing lost, nobody overwritten unseen."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from knitwork.web.audit.models import AuditEvent
from knitwork.web.audit.record import broken_links
from knitwork.web.units.actions import bring_in_units, notice_units, set_up_unit, take_part
from knitwork.web.units.models import Membership, Unit
from knitwork.web.units.registry import snapshot
from knitwork.web.units.rows import read_units_csv
from knitwork.web.units.table import ROWS_AT_A_TIME

CSV = """unit,name,kind,parent,tz,capacity,from,to
RIV,Riverbend Health,macrosystem,,,,,
AMI,Acute coronary programme,mesosystem,RIV,,,,
SURG,Surgical programme,mesosystem,RIV,,,,
CCU,Coronary care,ccu?,AMI,,16,,
W7,Cardiology ward,ward?,SURG,,28,,2025-11-01
W7,Cardiology ward,ward?,AMI,,28,2025-11-01,
X1,e002090d,other?,SURG,,,,
"""


@pytest.fixture
def units(db):
    bring_in_units(read_units_csv(CSV), by="test")
    return {unit.code: unit for unit in Unit.objects.all()}


def text(response):
    return response.content.decode()


def form_of(page):
    """Return what a browser would send of the page as it stands."""
    body = page.split('class="all-units"')[1].split("</form>")[0]
    sent = {name: unescape(value) for name, value in re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', body)}
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', body):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = chosen.group(1) if chosen else ""
    sent |= dict(re.findall(r'<input type="date" name="([^"]+)" value="([^"]*)"', body))
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def unescape(value):
    return value.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")


def us(*when):
    return int(dt.datetime(*when, tzinfo=dt.UTC).timestamp()) * 1_000_000


def test_guesses_stand_first_and_one_button_confirms_them_all(ada, units):
    page = text(ada.get("/setup/"))
    names = ("Cardiology ward", "Coronary care", "Acute coronary programme")
    order = [page.index(f'value="{name}"') for name in names]

    after = ada.post("/setup/", form_of(page) | {"act": "confirm"}, follow=True)

    assert order == sorted(order)
    assert "2 kinds confirmed." in text(after)
    assert "knitwork refresh" in text(after)
    assert not Unit.objects.get(code="CCU").kind_guessed
    # No word told the kind of this one: there is no guess to confirm, a person must choose.
    assert Unit.objects.get(code="X1").kind_guessed
    assert "choose one" in text(after)
    event = AuditEvent.objects.get(action="confirm kinds")
    assert event.detail["kinds"] == {"CCU": "ccu", "W7": "ward"}
    assert event.actor == "ada"


def test_rows_are_changed_in_place_and_the_others_stay_as_they_are(ada, units):
    page = text(ada.get("/setup/"))
    before = snapshot()
    changed = {f"kind-{units['X1'].pk}": "ward", f"name-{units['X1'].pk}": "Ward X", "act": "keep"}

    ada.post("/setup/", form_of(page) | changed)

    unit = Unit.objects.get(code="X1")
    assert (unit.name, unit.kind, unit.kind_guessed) == ("Ward X", "ward", False)
    assert snapshot().memberships == before.memberships
    assert [one for one in snapshot().units if one.unit != "X1"] == [one for one in before.units if one.unit != "X1"]
    assert AuditEvent.objects.get(action="set up units").detail["units"][0]["was"]["name"] == "e002090d"


def test_sending_a_page_on_which_nothing_was_changed_changes_and_writes_nothing(ada, units):
    page, before = text(ada.get("/setup/")), snapshot()

    after = ada.post("/setup/", form_of(page) | {"act": "keep"}, follow=True)

    assert "Nothing was changed." in text(after)
    assert snapshot() == before
    assert not AuditEvent.objects.filter(actor="ada").exists()


def test_a_new_place_with_a_date_is_a_move_and_a_new_date_alone_puts_the_day_right(ada, units):
    pk = units["CCU"].pk
    page = text(ada.get("/setup/"))
    ada.post("/setup/", form_of(page) | {f"group-{pk}": "SURG", f"since-{pk}": "2026-03-01", "act": "keep"})

    assert [(m.group, m.since_us, m.until_us) for m in snapshot().parents("CCU")] == [
        ("AMI", None, us(2026, 3, 1)),
        ("SURG", us(2026, 3, 1), None),
    ]

    for day, moved in (("2026-02-01", us(2026, 2, 1)), ("2026-05-01", us(2026, 5, 1))):
        page = text(ada.get("/setup/"))
        ada.post("/setup/", form_of(page) | {f"since-{pk}": day, "act": "keep"})
        assert [(m.group, m.since_us, m.until_us) for m in snapshot().parents("CCU")] == [
            ("AMI", None, moved),
            ("SURG", moved, None),
        ]


@pytest.mark.parametrize(
    ("row", "wrong", "says"),
    [
        ("CCU", {"name": ""}, "A unit needs a name"),
        ("CCU", {"kind": "castle"}, "Choose one of the kinds"),
        ("CCU", {"group": "NOWHERE"}, "no unit with that code"),
        ("CCU", {"since": "soon"}, "is no date"),
        ("AMI", {"group": "AMI"}, "itself inside it"),
        ("RIV", {"group": "AMI"}, "itself inside it"),
    ],
)
def test_an_error_stands_beside_its_row_and_nothing_that_was_written_is_lost(ada, units, row, wrong, says):
    before = snapshot()
    sent = form_of(text(ada.get("/setup/")))
    sent |= {f"{name}-{units[row].pk}": value for name, value in wrong.items()}
    sent |= {f"name-{units['W7'].pk}": "Ward Seven", "act": "keep"}

    response = ada.post("/setup/", sent)

    page = text(response)
    assert response.status_code == 422
    assert says in page.split(f'id="e{units[row].pk}"')[1].split("</tr>")[0]
    assert page.count('role="alert"') == 1
    assert 'value="Ward Seven"' in page
    assert snapshot() == before
    assert not AuditEvent.objects.filter(actor="ada").exists()
    # Put right, the same sending keeps both.
    again = form_of(page) | {f"{name}-{units[row].pk}": sent_before(units[row], name) for name in wrong}
    assert ada.post("/setup/", again | {"act": "keep"}).status_code == 302
    assert Unit.objects.get(code="W7").name == "Ward Seven"


def sent_before(unit, name):
    now_in = unit.memberships.filter(until_us__isnull=True).first()
    return {"name": unit.name, "kind": unit.kind, "group": now_in.group.code if now_in else "", "since": ""}[name]


def test_what_somebody_else_changed_meanwhile_is_never_overwritten_unseen(ada, units):
    pk = units["CCU"].pk
    opened = form_of(text(ada.get("/setup/")))
    set_up_unit(code="CCU", name="Heart watch", kind="ccu", group="AMI", capacity=16, by="bea")

    first = ada.post("/setup/", opened | {f"name-{pk}": "Coronary care unit", "act": "keep"})

    assert first.status_code == 422
    assert "Somebody changed this unit since you opened the page: it is now “Heart watch”" in text(first)
    assert 'value="Coronary care unit"' in text(first)
    assert Unit.objects.get(code="CCU").name == "Heart watch"
    # Having read that, a second sending puts hers in its place.
    ada.post("/setup/", form_of(text(first)) | {"act": "keep"})
    assert Unit.objects.get(code="CCU").name == "Coronary care unit"


def test_rows_that_one_did_not_touch_keep_what_somebody_else_wrote(ada, units):
    opened = form_of(text(ada.get("/setup/")))
    set_up_unit(code="CCU", name="Heart watch", kind="ccu", group="AMI", capacity=16, by="bea")

    ada.post("/setup/", opened | {f"name-{units['W7'].pk}": "Ward Seven", "act": "keep"})

    assert Unit.objects.get(code="CCU").name == "Heart watch"
    assert Unit.objects.get(code="W7").name == "Ward Seven"


def test_a_guess_that_somebody_corrected_meanwhile_is_not_confirmed(ada, units):
    opened = form_of(text(ada.get("/setup/")))
    Unit.objects.filter(code="CCU").update(kind="icu")

    after = ada.post("/setup/", opened | {"act": "confirm"}, follow=True)

    assert Unit.objects.get(code="CCU").kind_guessed
    assert "left alone: CCU" in text(after)


def test_hundreds_of_units_come_page_by_page_and_go_back_in_one_sending(ada, db):
    notice_units([f"Ward {n:03}" for n in range(ROWS_AT_A_TIME + 30)], by="load")

    first, second = text(ada.get("/setup/")), text(ada.get("/setup/?page=2"))
    response = ada.post("/setup/", form_of(first) | {"act": "confirm"})

    assert len(re.findall(r'name="name-', first)) == ROWS_AT_A_TIME
    assert len(re.findall(r'name="name-', second)) == 30
    assert response.status_code == 302
    assert Unit.objects.filter(kind_guessed=False).count() == ROWS_AT_A_TIME


@pytest.mark.parametrize("who", ["ben", "tess", "cem"])
def test_only_an_owner_sees_the_page_of_all_units(request, who, units):
    client = request.getfixturevalue(who)

    assert client.get("/setup/").status_code == 403
    assert client.post("/setup/", {"act": "confirm"}).status_code == 403
    assert client.post("/units/CCU/setup/", {"act": "join", "group": "SURG"}).status_code == 403
    assert Unit.objects.filter(kind_guessed=True).count() == 3


def test_a_group_is_added_and_units_can_belong_to_it(ada, units):
    ada.post("/setup/", {"act": "group", "group-name": "Hillside", "group-kind": "mesosystem"})
    page = text(ada.get("/setup/"))
    ada.post("/setup/", form_of(page) | {f"group-{units['CCU'].pk}": "Hillside", "act": "keep"})

    assert [m.group for m in snapshot().parents("CCU")] == ["Hillside"]
    assert [e.action for e in AuditEvent.objects.filter(actor="ada")] == ["set up unit", "set up units"]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"group-name": "CCU", "group-kind": "mesosystem"}, "already"),
        ({"group-name": " ", "group-kind": "mesosystem"}, "a code and a name"),
        ({"group-name": "West", "group-kind": "ward"}, "mesosystem or a macrosystem"),
    ],
)
def test_a_group_that_cannot_be_is_refused_in_words(ada, units, said, says):
    response = ada.post("/setup/", said | {"act": "group"})

    assert response.status_code == 422
    assert says in text(response)
    assert not AuditEvent.objects.filter(actor="ada").exists()


def test_a_home_in_which_nobody_named_a_unit_says_what_would_stand_there(ada):
    assert "knitwork load FILE" in text(ada.get("/setup/"))


def test_a_unit_says_what_it_belonged_to_and_takes_part_in_with_dates(ada, units):
    take_part(code="W7", group="SURG", since_us=us(2026, 1, 15), by="test")

    page = text(ada.get("/units/W7/setup/"))

    history = page.split('id="history-title"')[1].split("</section>")[0]
    assert "Acute coronary programme: since 1 November 2025" in history
    assert "Surgical programme: until 1 November 2025" in history
    assert "Surgical programme: since 15 January 2026" in page.split('id="part-title"')[1]


def test_keeping_a_unit_as_it_stands_leaves_its_past_alone(ada, units):
    before = snapshot().memberships
    page = text(ada.get("/units/W7/setup/"))
    assert re.search(r'<input type="date" name="since" value="2025-11-01"', page)

    kept = {"name": "Ward Seven", "kind": "ward", "group": "AMI", "since": "2025-11-01", "tz": "", "capacity": "28"}
    ada.post("/units/W7/setup/", kept)

    assert Unit.objects.get(code="W7").name == "Ward Seven"
    assert snapshot().memberships == before


def test_a_unit_takes_part_from_a_day_on_and_ends_it(ada, units):
    ada.post("/units/CCU/setup/", {"act": "join", "group": "SURG", "since": "2026-01-15"})
    made = Membership.objects.get(unit__code="CCU", kind="takes_part")
    # Midnight where the records are: Amsterdam.
    assert (made.group.code, made.since_us) == ("SURG", us(2026, 1, 14, 23))

    wrong = ada.post("/units/CCU/setup/", {"act": "leave", "membership": made.pk, "until": "2025-01-01"})
    assert wrong.status_code == 422
    assert "end before it began" in text(wrong)
    assert 'value="2025-01-01"' in text(wrong)

    ada.post("/units/CCU/setup/", {"act": "leave", "membership": made.pk, "until": "2026-07-01"})
    assert Membership.objects.get(pk=made.pk).until_us == us(2026, 6, 30, 22)
    assert [e.action for e in AuditEvent.objects.filter(actor="ada")] == ["take part", "stop taking part"]
    assert broken_links() == []


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"act": "join", "group": "NOWHERE"}, "There is no unit"),
        ({"act": "join", "group": "SURG", "since": "soon"}, "is no date"),
        ({"act": "join", "group": "SURG", "since": "2026-02-01", "until": "2026-01-01"}, "before it joins"),
        ({"act": "leave", "membership": "99999", "until": ""}, "no longer there"),
        ({"act": "leave", "membership": "x", "until": ""}, "no longer there"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(ada, units, said, says):
    before = snapshot()

    response = ada.post("/units/CCU/setup/", said)

    assert response.status_code == 422
    assert says in text(response)
    assert snapshot() == before
