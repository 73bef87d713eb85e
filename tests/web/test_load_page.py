"""Files taken in from the browser: what became of each is said, broken ones change nothing, owners only."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from knitwork.home import open_home
from knitwork.web import source
from knitwork.web.audit.models import AuditEvent

NIGHT = b"mrn,ward,arrived,left\nP1,ED,2026-03-01 08:00,2026-03-01 10:00\nP2,ED,2026-03-02 08:00,2026-03-02 07:00\n"


def text(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def home(tmp_path, settings, db):
    settings.HOME = tmp_path / "home"
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    source.opened.cache_clear()
    yield open_home(settings.HOME)
    source.opened.cache_clear()


def sent(client, *files, **fields):
    named = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post("/load/", {"files": named, **fields})


def test_a_file_is_taken_into_an_empty_home_and_every_number_made(ada, home):
    assert ada.get("/load/").status_code == 200

    page = text(sent(ada, ("night.csv", NIGHT), feed="adt", tz="Europe/Amsterdam"))

    assert "night.csv 1 row was taken. 1 row was refused." in page
    assert "generation" in page
    assert [row["patient"] for row in home.stays().to_pylist()] == ["P1"]
    event = AuditEvent.objects.get(action="load")
    assert (event.actor, event.detail["files"][0]["taken"]) == ("ada", 1)


def test_the_same_file_again_changes_nothing_and_a_broken_one_is_refused_in_a_sentence(ada, home):
    sent(ada, ("night.csv", NIGHT), feed="adt")
    before = home.answers().deliveries()

    assert "It was taken in before under this feed: nothing was changed." in text(
        sent(ada, ("other-name.csv", NIGHT), feed="adt")
    )
    refused = sent(
        ada, ("whole.csv", NIGHT + b"P9,ED,2026-03-03 08:00,2026-03-03 10:00\n"), ("broken.zip", b"PK\x03\x04")
    )
    assert refused.status_code == 422
    assert "broken.zip is a damaged zip or workbook" in text(refused)
    assert "Nothing was taken in." in text(refused)
    assert home.answers().deliveries() == before


def test_the_time_of_the_extract_is_read_on_the_clock_of_the_home(ada, home):
    home.write_settings(name="North", tz="Europe/Amsterdam")

    sent(ada, ("night.csv", NIGHT), feed="adt", extracted_at="2026-03-03T01:30")

    made = dt.datetime.fromisoformat(home.answers().deliveries()[0]["extracted_at"])
    assert made == dt.datetime(2026, 3, 3, 0, 30, tzinfo=dt.UTC)
    assert "is not a date and time" in text(sent(ada, ("n.csv", NIGHT), feed="adt", extracted_at="tonight"))


def test_nobody_but_an_owner_takes_files_in(tess, ben, cem, nobody, home):
    for client, status in ((tess, 403), (ben, 403), (cem, 403), (nobody, 302)):
        assert client.get("/load/").status_code == status
        assert sent(client, ("night.csv", NIGHT)).status_code == status
    assert not home.has_data
