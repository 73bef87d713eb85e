"""Walls: what stands on them, how they are cut into pages, who arranges them, and the links that open them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.urls import get_resolver
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from knitwork.model.errors import CannotDo
from knitwork.web import source as sources
from knitwork.web.accounts.models import Account
from knitwork.web.audit.models import AuditEvent
from knitwork.web.walls import paging
from knitwork.web.walls.actions import (
    ChangedMeanwhile,
    arrange_wall,
    give_link,
    make_wall,
    remove_wall,
    withdraw_link,
)
from knitwork.web.walls.arrange import key_of
from knitwork.web.walls.items import Item, choices, read_all
from knitwork.web.walls.keep import Arrangement
from knitwork.web.walls.links import token_of, wall_of
from knitwork.web.walls.models import Wall

from . import fake_answers
from .conftest import account, browser
from .routes import WALLS

GAP, RETURNS, WAIT, FLOW = (
    Item("measure", ("gap_median",)), Item("measure", ("return_rate",)), Item("pair", ("CCU", "W7")), Item("flow")
)  # fmt: skip


def text(response):
    return response.content.decode()


def titles(page):
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<h3>(.*?)</h3>", page)]


@pytest.fixture
def lena(db):
    """Lena leads the coronary care unit: she arranges its walls."""
    return browser(account("lena", "lead"))


@pytest.fixture
def corridor(db):
    """A wall that somebody made for the corridor."""
    return make_wall(unit="CCU", said=Arrangement("Corridor", (GAP, WAIT, RETURNS)), by="test")


# Pages and cells

kinds = st.lists(st.sampled_from(["signal", "quiet", "picture"]), max_size=60)


@given(kinds, st.booleans())
def test_every_card_stands_once_in_its_order_and_no_page_has_more_than_twelve(all_of_them, widen):
    cut = paging.pages(all_of_them, widen=widen)

    assert [at for page in cut for at in page.cards] == list(range(len(all_of_them)))
    for page in cut:
        assert page.cards
        assert page.rows <= 3
        assert len(page.cards) + len(page.wide) <= min(page.columns * page.rows, 12)
        assert all(all_of_them[at] == "signal" for at in page.wide)
        assert not any(all_of_them[at] == "picture" for at in page.cards) or len(page.cards) == 1


@given(st.lists(st.sampled_from(["signal", "quiet"]), max_size=60).map(sorted))
def test_wide_signals_cost_no_further_page(all_of_them):
    in_order = all_of_them[::-1]

    assert len(paging.pages(in_order)) == len(paging.pages(in_order, widen=False))


@given(st.integers(1, 12), st.text("abcdefghij ", max_size=60), st.text("abcdefghij ", max_size=80))
def test_words_and_picture_of_a_card_fit_into_its_cell(count, title, said):
    page = paging.pages(["quiet"] * count)[0]
    head, small, _letters = paging.SIZES[page.rows]
    height = paging.room("A unit", "A lead", "A foot")

    frame = paging.frame_of(page, wide=False, height=height, title=title, said=said)

    cell = (height - paging.GAP * (page.rows - 1)) / page.rows
    words = paging.lines(title, frame.width, head, bold=True) * head * 1.2
    words += paging.lines(said, frame.width - small * 1.2, small) * small * 1.3
    assert frame.height + words + paging.CARD_WORDS <= cell or frame.height == frame.font * 4


# What stands on a wall


def test_signals_stand_first_and_the_number_by_chance_is_printed(ada):
    page = text(ada.get("/units/CCU/wall/"))
    marks = re.findall(r'<span class="mark ?(\w*)"', page)

    assert any(marks)
    assert "" not in marks[: len([mark for mark in marks if mark])]
    assert re.search(r"\d+ of \d+ measures signal in their last three points. By chance alone we expect", page)


def test_a_wall_with_more_than_twelve_charts_has_further_pages_that_are_links(lena):
    offered = choices(fake_answers.fake_source(), "CCU")
    wall = make_wall(unit="CCU", said=Arrangement("All", tuple(choice.item for choice in offered)), by="test")
    address = f"/units/CCU/walls/{wall.pk}/show/"

    def fronts(query):
        return re.findall(r'data-page="(\d)"[^>]*?(hidden)?>', text(lena.get(address + query)))

    assert 'href="?page=2"' in text(lena.get(address))
    assert fronts("") == fronts("?page=soon") == [("1", ""), ("2", "hidden"), ("3", "hidden")]
    assert fronts("?page=2") == [("1", "hidden"), ("2", ""), ("3", "hidden")]
    assert fronts("?page=99") == [("1", "hidden"), ("2", "hidden"), ("3", "")]


@pytest.mark.parametrize(
    ("later", "state"), [(dt.timedelta(hours=1), ""), (dt.timedelta(days=2), ""), (dt.timedelta(days=3), "stale")]
)
def test_a_wall_turns_grey_when_the_records_of_its_unit_are_old(ada, monkeypatch, later, state):
    monkeypatch.setattr(timezone, "now", lambda: fake_answers.AS_OF + later)

    page = text(ada.get("/units/CCU/wall/"))

    assert f'data-state="{state}"' in page
    assert "Nothing new since 14 October 2026, 08:10" in page
    # The page knows the moment itself, and needs no server to turn grey.
    late = (fake_answers.AS_OF_US + 2 * 86_400_000_000) // 1000
    assert f'data-late="{late}"' in page


def test_a_demo_says_that_its_data_are_invented(ada, settings, monkeypatch):
    import dataclasses

    monkeypatch.setattr(sources, "source", lambda: dataclasses.replace(fake_answers.fake_source(), invented=True))
    monkeypatch.setattr("knitwork.web.pages.frame.source", sources.source)

    assert "Invented data, which end on 14 October 2026" in text(ada.get("/units/CCU/wall/"))


def test_a_wall_made_by_hand_shows_what_was_chosen_in_that_order(lena, corridor):
    page = text(lena.get(f"/units/CCU/walls/{corridor.pk}/show/"))

    shown = titles(page)
    assert shown[0] == "Wait between units, median"
    assert shown[-1] == "Return within 7 days"
    # The pair of the invented system has 12 hand-offs a month: it stands between them.
    assert shown[1] == "Wait, Coronary care unit → Cardiology ward"


def test_what_was_chosen_and_is_gone_is_named_and_breaks_nothing(lena, corridor):
    Wall.objects.filter(pk=corridor.pk).update(
        items=[
            ["measure", "no_such"],
            ["pair", "CCU", "nowhere"],
            ["later kind"],
            "nonsense",
            ["measure", "gap_median"],
        ]
    )

    response = lena.get(f"/units/CCU/walls/{corridor.pk}/show/")

    assert response.status_code == 200
    assert "no_such" in text(response)
    assert "Wait between units, median" in titles(text(response))


def test_a_pair_with_few_patients_is_not_drawn(lena, corridor, invented_system, monkeypatch):
    few = fake_answers.FakeAnswers.pair_series

    def small(self, *words):
        return [row | {"count": 3, "timed": 3} for row in few(self, *words)]

    monkeypatch.setattr(fake_answers.FakeAnswers, "pair_series", small)

    page = text(lena.get(f"/units/CCU/walls/{corridor.pk}/show/"))

    assert "Wait, Coronary care unit → Cardiology ward" not in titles(page)
    assert "Too few patients for a wall" in page


def test_the_flow_picture_takes_a_page_of_its_own(lena):
    wall = make_wall(unit="CCU", said=Arrangement("Huddle", (GAP, FLOW)), by="test")

    page = text(lena.get(f"/units/CCU/walls/{wall.pk}/show/"))

    assert page.count('data-page="') == 2
    assert "kw-flow" in page.split('data-page="2"')[1]
    # Seven patients came from Med/Surg 4: too few for a wall.
    assert "Med/Surg 4" not in page


# Who may


@pytest.mark.parametrize("name", WALLS)
def test_every_view_of_a_wall_carries_its_right(name):
    view = next(pattern for pattern in get_resolver().url_patterns if pattern.name == name).callback

    assert view.right == WALLS[name]


@pytest.mark.parametrize(
    ("who", "show", "arrange"), [("ada", 200, 200), ("lena", 200, 200), ("tess", 200, 403), ("ben", 200, 403),
                                 ("cem", 403, 403), ("nobody", 302, 302)]
)  # fmt: skip
def test_walls_are_read_by_readers_and_arranged_by_leads(request, corridor, who, show, arrange):
    client = request.getfixturevalue(who)

    assert client.get(f"/units/CCU/walls/{corridor.pk}/show/").status_code == show
    assert client.get(f"/live/?unit=CCU&wall={corridor.pk}").status_code == show
    assert client.get(f"/units/CCU/walls/{corridor.pk}/").status_code == arrange
    assert client.post(f"/units/CCU/walls/{corridor.pk}/", {"act": "link"}).status_code in (arrange, 302)
    assert (Wall.objects.get(pk=corridor.pk).link is not None) is (arrange == 200)


def test_a_wall_of_another_unit_is_not_found_under_this_one(lena, corridor):
    for address in (f"/units/ED/walls/{corridor.pk}/", f"/units/ED/walls/{corridor.pk}/show/"):
        assert lena.get(address).status_code == 404
    assert lena.get(f"/live/?unit=ED&wall={corridor.pk}").status_code == 404
    assert lena.get("/live/?unit=nowhere").status_code == 404
    assert lena.get("/live/?unit=CCU&wall=one").status_code == 404


def test_a_reader_sees_no_link_in_the_list_of_walls(ben, lena, corridor):
    give_link(wall=corridor.pk, by="test")
    token = token_of(Wall.objects.get(pk=corridor.pk))

    assert "Corridor" in text(ben.get("/units/CCU/walls/"))
    assert token not in text(ben.get("/units/CCU/walls/"))
    assert token in text(lena.get(f"/units/CCU/walls/{corridor.pk}/"))


# Arranging


def said(**changes):
    filled = {
        "name": "Corridor", "period": "", "seconds": "20", "by_itself": "no", "version": "1",
        "order": [key_of(GAP), key_of(RETURNS), key_of(WAIT)], "item": [key_of(WAIT), key_of(GAP)], "act": "keep",
    }  # fmt: skip
    return filled | changes


def test_a_wall_is_made_kept_and_written_down(lena):
    response = lena.post("/units/CCU/walls/new/", said(name="Huddle", seconds="45"), follow=True)

    wall = Wall.objects.get()
    assert (wall.name, wall.seconds, wall.created_by, wall.version) == ("Huddle", 45, "lena", 1)
    assert read_all(wall.items) == (GAP, WAIT)
    assert "Kept." in text(response)
    event = AuditEvent.objects.get(action="make wall")
    assert (event.actor, event.about) == ("lena", f"wall {wall.pk} of unit CCU")


def test_up_and_down_change_the_order_in_the_form_and_keep_nothing_yet(lena, corridor):
    response = lena.post(f"/units/CCU/walls/{corridor.pk}/", said(act="down-0"))

    page = text(response)
    assert page.index("Wait, Coronary") < page.index("Wait between units, median")
    assert read_all(Wall.objects.get().items) == (GAP, WAIT, RETURNS)
    assert lena.post(f"/units/CCU/walls/{corridor.pk}/", said(act="up-0")).status_code == 200
    assert lena.post(f"/units/CCU/walls/{corridor.pk}/", said(act="down-nine")).status_code == 200


def test_of_two_people_the_second_is_told_and_loses_nothing(lena, ada, corridor):
    ada.post(f"/units/CCU/walls/{corridor.pk}/", said(name="Corridor, ours"))

    response = lena.post(f"/units/CCU/walls/{corridor.pk}/", said(name="Corridor, mine", item=[key_of(RETURNS)]))

    page = text(response)
    assert response.status_code == 409
    assert "Somebody else changed this wall while you did" in page
    assert 'value="Corridor, mine"' in page
    assert re.search(rf'value="{key_of(RETURNS)}" id="item-0" checked', page)
    assert Wall.objects.get().name == "Corridor, ours"
    # Whoever has read that, keeps his own over it with the form as it stands.
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert (
        lena.post(f"/units/CCU/walls/{corridor.pk}/", said(name="Corridor, mine", version=version)).status_code == 302
    )
    assert Wall.objects.get().name == "Corridor, mine"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": " "}, "needs a name"), ({"seconds": "2"}, "5 to 600"), ({"seconds": "x"}, "5 to 600"),
        ({"item": []}, "Choose at least one"), ({"item": ["measure\x1fno_such"]}, "Choose at least one"),
    ],
)  # fmt: skip
def test_an_arrangement_that_no_wall_can_have_is_refused_in_words(lena, corridor, wrong, why):
    response = lena.post(f"/units/CCU/walls/{corridor.pk}/", said(**wrong))

    assert response.status_code == 422
    assert why in text(response)
    assert Wall.objects.get().version == 1


def test_two_walls_of_a_unit_have_two_names(lena, corridor):
    with pytest.raises(CannotDo, match="another wall named"):
        make_wall(unit="CCU", said=Arrangement("Corridor"), by="test")

    make_wall(unit="ED", said=Arrangement("Corridor"), by="test")
    remove_wall(wall=corridor.pk, by="test")
    make_wall(unit="CCU", said=Arrangement("Corridor"), by="test")


@pytest.mark.parametrize("wrong", [{"seconds": 1}, {"name": ""}, {"period": "year"}, {"removed": True, "link": 1}])
def test_the_database_itself_refuses_a_wall_that_makes_no_sense(corridor, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Wall.objects.filter(pk=corridor.pk).update(**wrong)


@pytest.mark.django_db
def test_every_act_leaves_one_event_and_a_refused_one_none(corridor):
    arrange_wall(wall=corridor.pk, version=1, said=Arrangement("Huddle"), by="test")
    give_link(wall=corridor.pk, by="test")
    withdraw_link(wall=corridor.pk, by="test")
    with pytest.raises(ChangedMeanwhile):
        arrange_wall(wall=corridor.pk, version=1, said=Arrangement("Late"), by="test")
    remove_wall(wall=corridor.pk, by="test")
    with pytest.raises(CannotDo, match="taken down"):
        give_link(wall=corridor.pk, by="test")

    acts = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert acts == ["make wall", "arrange wall", "give link", "withdraw link", "remove wall"]


def test_everything_that_is_offered_can_be_shown(lena):
    offered = choices(fake_answers.fake_source(), "CCU")

    assert {choice.item.kind for choice in offered} == {"measure", "pair", "flow"}
    wall = make_wall(unit="CCU", said=Arrangement("All", tuple(choice.item for choice in offered)), by="test")
    assert lena.get(f"/units/CCU/walls/{wall.pk}/show/").status_code == 200


# Links


@pytest.fixture
def link(corridor):
    give_link(wall=corridor.pk, by="test")
    return f"/wall/{token_of(Wall.objects.get(pk=corridor.pk))}/"


def test_a_link_opens_its_wall_and_nothing_else(nobody, link):
    response = nobody.get(link)

    page = text(response)
    assert response.status_code == 200
    assert "Wait between units, median" in page
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    # No way on: only what belongs to this page itself.
    assert {
        one for one in re.findall(r'href="([^"]*)"', page) if not one.startswith(("/static/", "#", "?page="))
    } == set()
    assert nobody.get("/units/CCU/wall/").status_code == 302
    assert nobody.post(link, {"act": "remove"}).status_code in (200, 403, 405)
    assert Wall.objects.get().removed is False
    assert nobody.get("/live" + link.removeprefix("/wall")).status_code == 200


def test_a_withdrawn_link_opens_nothing_and_says_no_more_than_a_wrong_one(nobody, corridor, link):
    withdraw_link(wall=corridor.pk, by="test")

    gone, never = nobody.get(link), nobody.get("/wall/nothing/")

    assert gone.status_code == never.status_code == 404

    def plain(response, address):
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text(response)).replace(address, "")

    assert plain(gone, link) == plain(never, "/wall/nothing/")
    assert "Coronary" not in text(gone)
    assert nobody.get("/live" + link.removeprefix("/wall")).status_code == 404


def test_a_new_link_closes_the_one_before_and_an_old_one_never_opens_again(nobody, corridor, link):
    give_link(wall=corridor.pk, by="test")
    second = f"/wall/{token_of(Wall.objects.get())}/"
    withdraw_link(wall=corridor.pk, by="test")
    give_link(wall=corridor.pk, by="test")

    third = f"/wall/{token_of(Wall.objects.get())}/"
    assert [nobody.get(one).status_code for one in (link, second, third)] == [404, 404, 200]


def test_a_wall_taken_down_takes_its_link_with_it(nobody, corridor, link):
    remove_wall(wall=corridor.pk, by="test")

    assert nobody.get(link).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "token",
    [
        "", ".", "a.b", "x" * 5000, "\u202e.\u0000", Signer(salt="other", sep=".").sign_object([1, 1]),
        Signer(salt="knitwork.wall", sep=".").sign_object([1, None]),
        Signer(salt="knitwork.wall", sep=".").sign_object({"wall": 1}),
        Signer(key="another home", salt="knitwork.wall", sep=".").sign_object([1, 1]),
    ],
    ids=["nothing", "a stop", "two letters", "far too long", "odd letters", "signed for something else", "no version",
         "not a pair", "another home's"],
)  # fmt: skip
def test_a_hostile_token_opens_nothing(corridor, token):
    give_link(wall=corridor.pk, by="test")

    assert wall_of(token) is None


@given(st.text(max_size=120))
def test_no_text_that_was_not_signed_here_opens_a_wall(token):
    # No database is asked for what carries no signature of ours.
    assert wall_of(token) is None


def test_a_link_tampered_with_opens_nothing(nobody, link):
    for at in range(len("/wall/"), len(link) - 1, 7):
        other = "A" if link[at] != "A" else "B"
        assert nobody.get(link[:at] + other + link[at + 1 :]).status_code == 404


def test_listening_never_prolongs_a_session(lena):
    lena.get("/units/CCU/wall/")
    before = lena.session.get_expiry_date(), dict(lena.session.items())
    cookie = lena.cookies["knitwork"].value

    response = lena.get("/live/?unit=CCU")

    assert response.status_code == 200
    assert "knitwork" not in response.cookies
    assert lena.cookies["knitwork"].value == cookie
    assert dict(lena.session.items()) == before[1]


def test_a_role_taken_away_closes_the_stream(lena):
    assert lena.get("/live/?unit=CCU").status_code == 200

    Account.objects.filter(username="lena").update(role="")

    assert lena.get("/live/?unit=CCU").status_code == 403


# Nothing about a single patient


@pytest.mark.parametrize("scale", [0.03, 0.06, 0.3, 1.0])
@pytest.mark.parametrize("unit", ["CCU", "ED", "RIV", "REHAB"])
def test_no_wall_names_a_patient_or_shows_a_count_under_eleven(ada, invented_system, scale, unit):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=scale)

    page = text(ada.get(f"/units/{unit}/wall/"))

    assert "P-0042" not in page
    assert "/behind/" not in page
    assert "/patients/" not in page
    # A wall's charts carry no value of a single point, and a rate that rests on few is not drawn at all.
    assert "<title>" not in page.split("<main")[1]


def test_dutch_and_english_walls_do_not_mix(ada):
    english = text(ada.get("/units/CCU/wall/"))
    dutch = text(ada.get("/units/CCU/wall/", headers={"accept-language": "nl"}))

    assert 'lang="nl"' in dutch
    assert "signal in their last three points" in english
    assert text(ada.get("/units/CCU/wall/")) == english
