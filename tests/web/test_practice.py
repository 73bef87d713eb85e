"""A practice of two doctors opens its list of appointments: what it is shown is true, and nothing is in the way."""

from __future__ import annotations

import datetime as dt
import random
import re

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.web import source
from knitwork.web.units.actions import notice_units
from knitwork.web.units.registry import snapshot

PAGES = (
    "/",
    "/units/Dr Odell/",
    "/units/Dr Odell/understand/",
    "/units/Dr Odell/wall/",
    "/journeys/",
    "/handoffs/",
    "/feeds/",
)


def appointments(rows: int) -> str:
    rng = random.Random(4)
    days = [dt.date(2026, 5, 4) + dt.timedelta(days=n) for n in range(150)]
    weekdays = [day for day in days if day.weekday() < 5]
    lines = ["patient,date,time,clinic"]
    for _ in range(rows):
        clock = f"{rng.randrange(8, 17):02}:{rng.choice(('00', '20', '40'))}"
        who = rng.choice(("Dr Odell", "Dr Odell", "Dr Marsh"))
        lines.append(f"M{rng.randrange(120):03},{rng.choice(weekdays):%d/%m/%Y},{clock},{who}")
    return "\n".join(lines) + "\n"


@pytest.fixture(params=[300, 12])
def rows(request, tmp_path, settings, db):
    file = tmp_path / "appointments.csv"
    file.write_text(appointments(request.param), "utf-8")
    home = open_home(tmp_path / "home")
    home.load([file], LoadOptions(tz="Europe/London"))
    notice_units(home.unit_codes(), by="test")
    home.refresh(snapshot(macro_name=home.settings.name))
    settings.HOME = home.path
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    yield request.param
    source.opened.cache_clear()


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_every_page_can_be_opened(ada, rows):
    assert [ada.get(page).status_code for page in PAGES] == [200] * len(PAGES)


def test_a_time_of_an_appointment_is_not_told_as_a_departure(ada, rows):
    page = text(ada.get("/units/Dr Odell/"))

    assert "The records do not say who left." in page
    assert "nobody can say who is here" in page
    assert not re.search(r"\d left", page)
    assert "Went on to" not in page
    assert not re.search(r"left since", page)


def test_the_wall_shows_months_where_weeks_hold_too_few(ada, rows):
    wall = text(ada.get("/units/Dr Odell/wall/"))

    assert ("too few patients here to show a chart" in wall) is (rows == 12)
