"""How feeds are read: looked at, tried on the last delivery, kept with who and why, taken back, and read anew by."""

from __future__ import annotations

import html
import re
from contextlib import nullcontext

import pytest
from django.db import DatabaseError, transaction

from knitwork.cli import acts
from knitwork.home import LoadOptions, open_home
from knitwork.home.profiles import with_values
from knitwork.intake.profile import parse_profile
from knitwork.web import source
from knitwork.web.audit.models import AuditEvent
from knitwork.web.profiles.history import difference, versions
from knitwork.web.profiles.models import ProfileVersion
from knitwork.web.units.actions import notice_units
from knitwork.web.units.registry import snapshot

NIGHT = """mrn,ward,bed_group,admitted,discharged
P1,ED,E,2026-03-01 08:00,2026-03-01 10:00
P1,W7,W,2026-03-01 10:30,2026-03-03 10:00
P2,ED,E,2026-03-02 08:00,2026-03-02 10:00
P3,,W,2026-03-04 08:00,2026-03-04 10:00
"""


def text(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def home(tmp_path, settings, db):
    file = tmp_path / "night.csv"
    file.write_text(NIGHT, "utf-8")
    made = open_home(tmp_path / "home")
    made.load([file], LoadOptions(feed="adt"))
    refreshed(made)
    settings.HOME = made.path
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    yield made
    source.opened.cache_clear()


def refreshed(home):
    notice_units(home.unit_codes(), by="test")
    home.refresh(snapshot(macro_name="Home"))


def file_of(home, feed="adt"):
    return home.path / "feeds" / f"{feed}.yaml"


def wanted(home, **values):
    return with_values(file_of(home).read_text("utf-8"), values, feed="adt")


def kept(client, home, why="the zone was assumed", based_on=1, **values):
    said = {"act": "save", "text": wanted(home, **values), "why": why, "based_on": based_on}
    return client.post("/feeds/adt/profile/", said, follow=True)


def test_the_page_says_what_was_guessed_and_from_how_many_rows(ben, home):
    page = text(ben.get("/feeds/adt/profile/"))

    assert "Patient's number mrn guessed from 4 rows" in page
    assert "Unit ward guessed from 4 rows" in page
    assert "Guesses are those of the last delivery, night.csv, of 4 rows." in page
    assert "Version 1, the first load" in page


def test_a_reader_sees_it_and_changes_nothing(ben, cem, nobody, home):
    assert "Change it" not in text(ben.get("/feeds/adt/profile/"))
    assert ben.post("/feeds/adt/profile/", {"act": "fields", "zone": "UTC"}).status_code == 403
    assert ben.post("/profiles/", {"feed": "lab", "like": "adt"}).status_code == 403
    for address in ("/feeds/adt/profile/", "/feeds/adt/profile/1/", "/profiles/"):
        assert ben.get(address).status_code == 200
        assert cem.get(address).status_code == 403
        assert nobody.get(address).status_code == 302


def test_a_change_is_shown_on_the_last_delivery_before_it_is_kept(ada, home):
    before = file_of(home).read_bytes()
    said = {"act": "fields", "unit": "bed_group", "zone": "Europe/Amsterdam"}

    page = text(ada.post("/feeds/adt/profile/", said))

    assert "Taken 3 4" in page
    assert "Set aside 1 0" in page
    assert 'unit: "bed_group"' in page
    assert "set aside: no unit 1 0" in page
    assert file_of(home).read_bytes() == before
    assert ProfileVersion.objects.count() == 1


def test_what_is_kept_has_who_when_why_and_which_lines(ada, home):
    kept(ada, home, zone="Europe/Amsterdam")

    first, second = ProfileVersion.objects.all()
    assert (second.number, second.said_by, second.why) == (2, "ada", "the zone was assumed")
    assert second.text == file_of(home).read_text("utf-8")
    assert difference(first.text, second.text) == [("-", "zone:"), ("+", 'zone: "Europe/Amsterdam"')]
    event = AuditEvent.objects.get(action="profile", actor="ada")
    assert event.detail == {"version": 2, "why": "the zone was assumed", "changed": ["zone"]}
    page = text(ada.get("/feeds/adt/profile/"))
    assert "Time zone Europe/Amsterdam said: ada, " in page
    assert "What it changed in version 1" in text(ada.get("/feeds/adt/profile/2/"))


def test_the_kept_profile_reads_every_delivery_anew_and_past_points_change(ada, home):
    first = min(row["start_us"] for row in home.stays().to_pylist())

    page = text(kept(ada, home, zone="Europe/Amsterdam"))
    assert "The next refresh reads the 1 delivery of this feed anew" in page
    refreshed(home)

    # Eight o'clock in Amsterdam in winter is seven in UTC.
    assert min(row["start_us"] for row in home.stays().to_pylist()) == first - 3_600_000_000


def test_the_next_delivery_is_read_by_it(ada, home, tmp_path):
    kept(ada, home, unit="bed_group")
    night = tmp_path / "night-2.csv"
    night.write_text("mrn,ward,bed_group,admitted,discharged\nP9,ED,X9,2026-03-05 08:00,2026-03-05 09:00\n", "utf-8")

    home.load([night], LoadOptions(feed="adt"))

    assert "X9" in home.unit_codes()


def test_a_file_edited_by_hand_becomes_a_version_at_the_next_look(ada, home):
    ada.get("/feeds/adt/profile/")
    file_of(home).write_text(wanted(home, cadence="1 d"), "utf-8")

    page = text(ada.get("/feeds/adt/profile/"))

    assert "Version 2, by hand" in page
    assert "edited by hand" in page
    assert [one.why for one in versions("adt")] == ["edited by hand", "first load"]


def test_a_file_broken_by_hand_is_said_with_its_line_and_can_be_mended_here(ada, home):
    ada.get("/feeds/adt/profile/")
    good = file_of(home).read_text("utf-8")
    file_of(home).write_text("zone: Mars/Base\n", "utf-8")

    page = text(ada.get("/feeds/adt/profile/"))
    assert "feeds/adt.yaml, line 1: 'Mars/Base' is not a time zone" in page
    ada.post("/feeds/adt/profile/", {"act": "save", "text": good, "why": "a slip", "based_on": 2})

    assert file_of(home).read_text("utf-8") == good


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("zone: Mars/Base", "line 1: 'Mars/Base' is not a time zone"),
        ("wards: x", "line 1: 'wards' is not known here"),
        ("cadence: often", "cadence is a number and min, h or d"),
        ("patient: [a, b]", "line 1: 'patient' needs one value"),
        ("patient: '-'", "By this profile the last delivery could not be read"),
    ],
)
def test_the_checks_are_those_of_the_file_and_nothing_is_kept(ada, home, said, says):
    before = file_of(home).read_bytes()

    answer = ada.post("/feeds/adt/profile/", {"act": "text", "text": said})
    assert says in text(answer)
    assert "Keep this version" not in text(answer)
    if "By this" not in says:
        refused = ada.post("/feeds/adt/profile/", {"act": "save", "text": said, "why": "x", "based_on": 1})
        assert refused.status_code == 422
    assert file_of(home).read_bytes() == before


def test_without_a_reason_or_on_an_old_version_it_is_not_kept_and_nothing_written_is_lost(ada, home):
    before = file_of(home).read_bytes()

    without = kept(ada, home, why=" ", zone="UTC")
    assert "Say why in a few words" in text(without)
    stale = kept(ada, home, based_on=0, zone="UTC")
    assert "Somebody else changed how adt is read" in text(stale)

    assert 'zone: "UTC"' in text(stale)
    assert file_of(home).read_bytes() == before


def test_an_older_version_can_be_read_and_taken_back(ada, home):
    first = file_of(home).read_text("utf-8")
    kept(ada, home, zone="Europe/Amsterdam")

    page = ada.post("/feeds/adt/profile/", {"act": "back", "number": 1})
    assert "back to version 1" in page.content.decode()
    ada.post("/feeds/adt/profile/", {"act": "save", "text": first, "why": "back to version 1", "based_on": 2})

    assert file_of(home).read_text("utf-8") == first
    assert [one.number for one in versions("adt")] == [3, 2, 1]


def test_a_new_feed_begins_with_the_profile_of_another(ada, home, tmp_path):
    kept(ada, home, unit="bed_group")

    page = text(ada.post("/profiles/", {"feed": "adt-south", "like": "adt"}, follow=True))
    assert "the profile of adt" in page
    file = tmp_path / "south.csv"
    file.write_text("mrn,ward,bed_group,admitted,discharged\nS1,ED,SOUTH,2026-03-05 08:00,2026-03-05 09:00\n", "utf-8")
    home.load([file], LoadOptions(feed="adt-south"))

    assert "SOUTH" in home.unit_codes()
    again = ada.post("/profiles/", {"feed": "adt-south", "like": "adt"})
    assert "There is a profile of adt-south already" in text(again)
    assert "cannot name a feed" in text(ada.post("/profiles/", {"feed": "../x", "like": "adt"}))


def test_the_profile_of_another_feed_can_be_tried_on_this_one(ada, home):
    (home.path / "feeds" / "other.yaml").write_text("unit: bed_group\n", "utf-8")

    assert "Taken 3 4" in text(ada.post("/feeds/adt/profile/", {"act": "like", "like": "other"}))


def test_there_is_no_page_of_a_feed_that_is_not_there(ada, home):
    for address in ("/feeds/nothing/profile/", "/feeds/~2E~2E~2Fknitwork/profile/", "/feeds/adt/profile/9/"):
        assert ada.get(address).status_code == 404


def test_the_database_itself_keeps_every_version(ada, home):
    ada.get("/profiles/")
    assert ProfileVersion.objects.count() == 1

    for act in (ProfileVersion.objects.all().delete, lambda: ProfileVersion.objects.update(text="")):
        with pytest.raises(DatabaseError, match="a version of a profile is never"), transaction.atomic():
            act()


def test_nothing_is_left_behind_by_trying(ada, home):
    before = {p.name for p in (home.path / "lake" / "files").iterdir()}
    ada.post("/feeds/adt/profile/", {"act": "fields", "unit": "bed_group"})

    assert {p.name for p in (home.path / "lake" / "files").iterdir()} == before


def test_comments_of_the_file_stay_when_a_field_is_changed():
    ours = "# asked of the ward on 3 March\nzone: UTC   # by Ben\nunit: ward\n"

    assert with_values(ours, {"unit": "dept"}, feed="adt") == ours.replace("unit: ward", 'unit: "dept"')
    assert parse_profile(with_values(ours, {"zone": None}, feed="adt"), source="").zone is None


def test_a_value_of_several_lines_is_written_anew():
    folded = "unit: >-\n  ward\n  name\nzone: UTC\n"

    changed = parse_profile(with_values(folded, {"unit": "dept"}, feed="adt"), source="")

    assert (changed.unit, changed.zone) == ("dept", "UTC")


def test_the_feed_leads_to_its_profile(ben, home):
    assert "/feeds/adt/profile/" in ben.get("/feeds/adt/").content.decode()


def test_a_refresh_notices_an_edited_profile_before_anybody_opens_a_page(home, monkeypatch):
    monkeypatch.setattr(acts, "database", lambda _home: nullcontext())
    acts.bring_up(home, quiet=True)
    file_of(home).write_text(wanted(home, zone="Europe/Oslo"), "utf-8")
    acts.bring_up(home, quiet=True)
    acts.bring_up(home, quiet=True)

    assert [(one.number, one.said_by, one.why) for one in versions("adt")] == [
        (2, "", "edited by hand"),
        (1, "", "first load"),
    ]
    event = AuditEvent.objects.filter(action="profile").latest("id")
    assert (event.actor, event.detail["changed"]) == ("the command line", ["zone"])
