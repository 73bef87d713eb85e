"""The pages over a real home: a file loaded, derived and shown, nothing invented in between."""

from __future__ import annotations

import datetime as dt
import json
import random

import pytest

from knitwork.home import open_home
from knitwork.home.export import export
from knitwork.web import source
from knitwork.web.units.actions import notice_units
from knitwork.web.units.registry import snapshot
from knitwork.web.walls import watching

from . import routes


def stays(patients=150):
    """Write about two years of stays: emergency department, then a ward, and some through intensive care."""
    rng = random.Random(7)
    lines = ["patient,unit,start,end"]
    for patient in range(patients):
        at = dt.datetime(2024, 1, 3) + dt.timedelta(minutes=rng.randrange(700 * 1440))
        ways = [["Emergency", "Ward 7"], ["Emergency", "Medical ICU", "Ward 7"], ["Emergency", "Med/Surg"]]
        for unit in rng.choice(ways):
            end = at + dt.timedelta(minutes=rng.randrange(120, 4000))
            lines.append(f"P{patient},{unit},{at:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M}")
            at = end + dt.timedelta(minutes=rng.randrange(5, 90))
    return "\n".join(lines) + "\n"


@pytest.fixture
def home(tmp_path, settings, db):
    folder = tmp_path / "home"
    file = tmp_path / "stays.csv"
    file.write_text(stays(), "utf-8")
    made = open_home(folder)
    made.load([file])
    notice_units(made.unit_codes(), by="test")
    made.refresh(snapshot(macro_name=made.settings.name))
    settings.HOME = folder
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    yield made
    source.opened.cache_clear()


def test_walls_are_made_anew_when_records_are_derived_and_not_when_they_land(home, tmp_path):
    before = watching.seen()
    later = tmp_path / "later.csv"
    later.write_text("patient,unit,start,end\nP9000,Emergency,2025-11-30 10:00,2025-11-30 12:00\n", "utf-8")
    home.load([later])

    assert home.is_behind
    assert watching.seen() == before

    home.refresh()

    assert watching.seen() != before


def test_every_page_of_a_real_home_can_be_opened(ada, home):
    words = {
        "CCU": "Medical ICU",
        "ED": "Emergency",
        "CATH": "Med~2FSurg",
        "gap_median": "los_median",
        "adt": "stays",
        routes.patient("P-0042").split("/")[2]: routes.patient("P42").split("/")[2],
    }
    for name, (address, _right) in routes.PAGES.items():
        parts = [words.get(part, part) for part in address.split("/")]
        here = "/".join(parts).replace("2026-09-01", "2024-09-01").replace("through=ED", "through=Emergency")
        response = ada.get(here)

        assert response.status_code == 200, name


def test_every_page_says_that_the_numbers_are_those_of_an_earlier_time(ada, home):
    said = "as they were known then"
    home.refresh(as_of=dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC))

    for address in ("/", "/units/Emergency/", "/feeds/", "/handoffs/"):
        assert said in ada.get(address).content.decode(), address
    assert "2 January 2030" in ada.get("/").content.decode()

    home.refresh()

    assert said not in ada.get("/").content.decode()


def test_the_pages_of_two_feeds_that_tell_of_the_same_stays_say_so(ada, home, tmp_path):
    (tmp_path / "night.csv").write_text(stays().replace(":0", ":1"), "utf-8")
    home.load([tmp_path / "night.csv"])
    home.refresh(snapshot(macro_name=home.settings.name))

    assert "night tells of the same stays" in ada.get("/feeds/stays/").content.decode()
    assert "stays tells of the same stays" in ada.get("/feeds/night/").content.decode()
    assert "tells of the same stays" in ada.get("/feeds/").content.decode()


def test_the_numbers_of_a_page_are_those_of_the_file(ada, home):
    page = ada.get("/").content.decode()

    assert "Medical ICU" in page
    assert "intensive care" in page
    assert (
        f"{home.answers().unit_numbers('Emergency', 'micro')['patients_12m']:,}"
        in ada.get("/units/Emergency/").content.decode()
    )


def test_a_new_generation_is_seen_by_the_next_page_without_a_restart(ada, home, tmp_path):
    assert "Ward 12" not in ada.get("/").content.decode()
    before = home.answers().generation

    late = tmp_path / "late.csv"
    late.write_text("patient,unit,start,end\nP9001,Ward 12,2025-12-01 08:00,2025-12-02 09:00\n", "utf-8")
    home.load([late])
    notice_units(home.unit_codes(), by="test")
    home.refresh(snapshot(macro_name=home.settings.name))

    assert home.answers().generation > before
    assert "Ward 12" in ada.get("/").content.decode()
    assert "2 December 2025" in ada.get("/units/Ward 12/").content.decode()


def test_a_lake_that_cannot_be_read_is_one_sentence_and_no_crash(ada, home):
    (home.path / "lake" / "manifest.json").write_text("{", "utf-8")

    response = ada.get("/")

    assert response.status_code == 409
    assert "restore it from a backup" in response.content.decode()


@pytest.mark.slow
def test_an_encounter_that_never_was_leaves_every_page_standing(home, tmp_path, ada):
    def encounter(number, status, **more):
        return {
            "resourceType": "Encounter", "id": number, "status": status, "class": {"code": "IMP"},
            "subject": {"reference": f"Patient/{number}"}, "period": {"start": "2025-11-29T08:00:00Z", **more},
            "location": [{"location": {"reference": "Location/Emergency"}}],
        }  # fmt: skip

    never = tmp_path / "never.ndjson"
    sent = [encounter("F1", "finished", end="2025-11-29T20:00:00Z"), encounter("F2", "cancelled"),
            encounter("F3", "entered-in-error", end="2025-11-29T20:00:00Z")]  # fmt: skip
    never.write_text("\n".join(json.dumps(one) for one in sent) + "\n", "utf-8")
    home.load([never])
    home.refresh(snapshot(macro_name=home.settings.name))

    for path in ("/", "/feeds/", "/feeds/fhir/", "/feeds/fhir/taken-back.csv", "/units/Emergency/", "/journeys/"):
        assert ada.get(path).status_code == 200, path
    for format_ in ("csv", "fhir", "xes", "hl7v2"):
        export(home, to=format_, target=tmp_path / f"out-{format_}")
    assert {"F2", "F3"}.isdisjoint(home.stays().column("patient").to_pylist())
