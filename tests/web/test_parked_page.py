"""Messages that wait for a person: who sees them, what is marked, and that every act is written down and loses nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.urls import reverse

from knitwork.home.place import Place
from knitwork.home.streams import messages_of
from knitwork.intake.mllp.hearing import hear
from knitwork.web.audit.models import AuditEvent
from knitwork.web.pages import feed, feeds
from knitwork.web.parked.words import payload_of, segments, text_of

from . import fake_answers

GOOD = (
    b"MSH|^~\\&|ADT|RIV|KNIT|RIV|20260301080000||ADT^A01|SECRET77|P|2.5\r"
    b"EVN|A01|20260301080000\rPID|1||P-4711^^^RIV||M\xc3\xbcller^Ida\rPV1|1|I|W7^1^1||||||||||||||||V-9\r"
)
BAD = GOOD.replace(b"P-4711^^^RIV", b"")


@pytest.fixture
def store(settings, tmp_path, db):
    settings.HOME = tmp_path / "home"
    place = Place(settings.HOME)
    place.create()
    return messages_of(place)


@pytest.fixture
def waiting(store):
    (one,) = store.store([hear("adt", BAD, 1_772_352_000_000_000).arrival])
    assert one.state == "parked"
    return one


def page(one):
    return reverse("parked-message", kwargs={"feed": "adt", "seq": one.seq})


def test_the_list_says_what_waits_and_names_no_patient(ben, waiting):
    text = ben.get("/feeds/adt/parked/").content.decode()

    assert "1 message could not be read" in text
    assert waiting.reason in text
    assert not any(secret in text for secret in ("Müller", "SECRET77", "V-9", page(waiting)))


def test_the_page_of_the_feed_leads_to_what_waits_and_is_silent_where_nothing_does(
    ben, tess, store, waiting, monkeypatch
):
    live = SimpleNamespace(messages=store)
    for page_of in (feed, feeds):
        monkeypatch.setattr(page_of, "with_answers", lambda _request: replace(fake_answers.fake_source(), live=live))
    assert "1 message waits for a person." in ben.get("/feeds/adt/").content.decode()
    assert 'href="/feeds/adt/parked/">1 message of adt waits to be corrected.' in ben.get("/feeds/").content.decode()

    tess.post(page(waiting), {"act": "dismiss", "why": "a test of the sender"})
    assert "for a person" not in ben.get("/feeds/adt/").content.decode()
    assert "to be corrected" not in ben.get("/feeds/").content.decode()


def test_a_message_that_was_read_and_had_no_effect_stands_there_with_the_reason(ben, store, invented_system):
    (one,) = store.store([hear("adt", GOOD, 1_772_352_000_000_000).arrival])
    row = {"feed": "adt", "delivery": one.message, "row": 1, "field": "message", "rule": "no_target", "message": "-"}
    answers = fake_answers.FakeAnswers()
    answers.rejects = lambda feed=None, limit=500: [row, row | {"delivery": "d1"}]
    invented_system["answers"] = answers

    text = ben.get("/feeds/adt/parked/").content.decode()
    assert "No effect: takes back what no message has said: 2" in text
    assert "ADT^A01" in text
    assert "1 more is not listed." in text
    assert "SECRET77" not in text


def test_a_message_is_only_for_those_who_may_see_patients_and_the_reading_is_written_down(ben, tess, waiting):
    assert ben.get(page(waiting)).status_code == 403
    text = tess.get(page(waiting)).content.decode()

    assert "Müller" in text
    event = AuditEvent.objects.latest("id")
    assert (event.actor, event.action, event.about) == ("tess", "read a message", f"message {waiting.seq} of adt")


def test_a_corrected_message_counts_and_the_original_stays_beside_it(tess, store, waiting):
    answer = tess.post(page(waiting), {"act": "correct", "text": text_of(GOOD).replace("\n", "\r\n")})

    assert answer.status_code == 302
    assert store.counts() == {"adt": {"ignored": 1, "new": 1}}
    old = store.find(waiting.message)
    new = store.find(old.corrected_by)
    assert (old.payload, new.payload, new.replaces) == (BAD, GOOD.rstrip(b"\r"), waiting.message)
    assert AuditEvent.objects.filter(action="corrected a message", actor="tess").count() == 1
    assert "SECRET77" not in str(list(AuditEvent.objects.values()))


def test_the_second_of_two_who_correct_is_told_and_changes_nothing(tess, ada, store, waiting):
    tess.post(page(waiting), {"act": "correct", "text": text_of(GOOD)})
    before = store.counts()
    answer = ada.post(page(waiting), {"act": "correct", "text": text_of(GOOD.replace(b"4711", b"4712"))}, follow=True)

    assert "Somebody answered this message before you" in answer.content.decode()
    assert store.counts() == before


@pytest.mark.parametrize(
    "asked", [{"act": "correct", "text": text_of(BAD)}, {"act": "replay"}, {"act": "dismiss", "why": " "}]
)
def test_what_cannot_be_done_is_said_and_neither_done_nor_written_down(tess, store, waiting, asked):
    answer = tess.post(page(waiting), asked)

    assert answer.status_code == 422
    assert store.counts() == {"adt": {"parked": 1}}
    assert {e.action for e in AuditEvent.objects.all()} <= {"read a message", "account added"}


def test_a_message_that_was_set_aside_is_kept_with_its_reason(tess, store, waiting):
    tess.post(page(waiting), {"act": "dismiss", "why": "a test of the sender"})

    kept = store.find(waiting.message)
    assert (kept.state, kept.payload, kept.decided_by, kept.decided_why) == (
        "ignored",
        BAD,
        "tess",
        "a test of the sender",
    )
    assert "No message waits" in tess.get("/feeds/adt/parked/").content.decode()


def test_a_message_that_does_not_say_what_it_is_is_not_said_to_be_of_a_kind(tess, store):
    (one,) = store.store([hear("adt", b"<html>no message</html>", 1_772_352_000_000_000).arrival])
    text = tess.get(page(one)).content.decode()

    assert ", as" not in text.split("That you opened it")[0].rsplit("It came on", 1)[1]


def test_reading_all_again_says_how_many_still_wait(tess, ben, waiting):
    assert ben.post("/feeds/adt/parked/", {"reason": waiting.reason}).status_code == 403
    answer = tess.post("/feeds/adt/parked/", {"reason": waiting.reason}, follow=True)

    assert "1 message still waits" in answer.content.decode()


def test_a_feed_without_messages_has_no_such_page(tess, store):
    assert tess.get("/feeds/adt/parked/").status_code == 404


def test_the_field_that_a_reason_names_is_marked_also_where_it_is_missing():
    found = segments(b"MSH|^~\\&|A\rPID|1", "PID-3 names no patient")

    assert [(s.name, [(f.number, f.marked) for f in s.fields]) for s in found] == [
        ("MSH", [(2, False), (3, False)]),
        ("PID", [(1, False), (2, False), (3, True)]),
    ]


@pytest.mark.parametrize("payload", [GOOD, BAD, b"\xff\xfe\x80 no message", GOOD.replace(b"\xc3\xbc", b"\xfc")])
def test_a_text_that_nobody_changed_is_the_message_byte_by_byte(payload):
    assert payload_of(text_of(payload).replace("\n", "\r\n"), payload) == payload
