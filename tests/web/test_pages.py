"""What every page has in common, and what each says."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from html.parser import HTMLParser

import pytest
from django.urls import get_resolver

from knitwork.web.converters import UnitCode

from . import fake_answers
from .routes import HTML, HTML_NAMES, OPEN, PAGES, PROFILES, WALLS


class Reader(HTMLParser):
    """Collects what a strict content security policy would refuse, ids, links and headings."""

    def __init__(self):
        super().__init__()
        self.inline, self.ids, self.links, self.headings, self.outside = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inline += [name for name in attrs if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in attrs):
            self.inline.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        self.outside += [v for k, v in attrs.items() if k in ("src", "href") and v and v.startswith(("http", "//"))]


def read(response):
    reader = Reader()
    reader.feed(response.content.decode())
    return reader


def text(response):
    return response.content.decode()


def test_every_route_is_declared_and_nothing_else_is():
    names = {pattern.name for pattern in get_resolver().url_patterns}

    assert names == PAGES.keys() | OPEN | WALLS.keys() | PROFILES.keys()


@pytest.mark.parametrize("name", PAGES)
def test_every_view_carries_the_right_it_needs(name):
    view = next(pattern for pattern in get_resolver().url_patterns if pattern.name == name).callback

    assert view.right == PAGES[name][1]


@pytest.mark.parametrize("name", PAGES)
def test_ada_may_see_every_page(ada, name):
    assert ada.get(PAGES[name][0]).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_ben_may_read_and_neither_see_patients_nor_set_up(ben, name):
    address, right = PAGES[name]

    assert ben.get(address).status_code == (200 if right == "read" else 403)


@pytest.mark.parametrize("name", PAGES)
def test_cem_is_refused_everywhere(cem, name):
    response = cem.get(PAGES[name][0])

    assert response.status_code == 403
    assert "Coronary" not in text(response)


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_asked_to_sign_in(nobody, name):
    address = PAGES[name][0]

    response = nobody.get(address)

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("address", HTML, ids=HTML_NAMES)
def test_a_page_obeys_the_strictest_policy(ada, address):
    response = ada.get(address)
    policy = response["Content-Security-Policy"]
    reader = read(response)

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert reader.inline == []
    assert reader.outside == []


@pytest.mark.parametrize("address", HTML, ids=HTML_NAMES)
def test_a_page_has_one_title_and_no_id_twice(ada, address):
    reader = read(ada.get(address))

    assert reader.headings.count("h1") == 1
    assert len(reader.ids) == len(set(reader.ids))


@pytest.mark.slow
def test_every_link_of_every_page_leads_somewhere(ada):
    seen = {link.split("#")[0] for address in HTML for link in read(ada.get(address)).links if link.startswith("/")}

    assert {link: ada.get(link).status_code for link in seen if ada.get(link).status_code != 200} == {}


@pytest.mark.parametrize(
    "address",
    [
        "/units/nowhere/",
        "/units/nowhere/wall/",
        "/units/CCU/measures/nothing/",
        "/units/CCU/measures/gap_median/behind/soon/",
        "/handoffs/CCU/nowhere/",
        "/handoffs/CCU/OR/",
        "/journeys/?unit=nowhere",
        "/units/bad~code/",
        "/nothing/",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_so(ada, address):
    response = ada.get(address)

    assert response.status_code == 404
    assert "There is no such page here" in text(response)


@pytest.mark.parametrize("code", ["Med/Surg ~ 4", "..", ".", "a%2Fb", "Unité ?#", "~2F"])
def test_any_unit_code_goes_into_an_address_and_back(code):
    converter = UnitCode()

    assert converter.to_python(converter.to_url(code)) == code
    assert "/" not in converter.to_url(code)


@pytest.mark.parametrize(("address", "begins"), [("/", 'class="map'), ("/?view=list", 'class="nested"')])
def test_the_system_page_nests_units_as_they_are_now(ada, address, begins):
    page = text(ada.get(address))
    units = page[page.index(begins) :]

    # The cardiology ward moved from the surgical to the coronary programme in November 2025.
    assert units.count("Cardiology ward") == 1
    assert units.index("Acute coronary") < units.index("Cardiology ward") < units.index("Surgical programme")
    assert "(a guess)" in page


def test_a_measure_that_cannot_be_computed_says_what_would_unlock_it(ada):
    for address in ("/measures/", "/units/CCU/understand/", "/units/CCU/measures/occupancy/"):
        assert "Give units a capacity in units.csv." in text(ada.get(address))
    assert "14 of 15 measures can be computed" in text(ada.get("/measures/"))


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_the_period_can_be_chosen(ada, period):
    assert ada.get(f"/units/CCU/?period={period}").status_code == 200
    assert f"period={period}" in text(ada.get(f"/units/CCU/measures/return_rate/?period={period}"))


def test_an_unknown_period_or_level_is_taken_for_the_usual_one(ada):
    assert ada.get("/units/CCU/?period=century").status_code == 200
    assert ada.get("/handoffs/?level=galaxy").status_code == 200


def test_numbers_come_as_csv_with_the_columns_of_the_command(ada):
    response = ada.get("/units/CCU/measures/return_rate/numbers.csv")
    rows = list(csv.DictReader(io.StringIO(text(response))))

    assert response["Content-Type"].startswith("text/csv")
    assert list(rows[0]) == [
        "measure",
        "version",
        "level",
        "unit",
        "period",
        "stratum",
        "numerator",
        "denominator",
        "value",
    ]
    assert len(rows) == 24


def test_a_feed_without_departures_says_so_in_words(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(unrecorded=True)

    for address in ("/units/CCU/", "/handoffs/"):
        assert "departure not recorded by this feed" in text(ada.get(address))
    assert "does not record when patients leave" in text(ada.get("/handoffs/ED/CATH/"))


def test_departures_that_are_unknown_are_not_laid_at_the_door_of_the_feed(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(unknown=True)

    for address in ("/units/CCU/", "/handoffs/"):
        assert "departure unknown" in text(ada.get(address))
        assert "not recorded by this feed" not in text(ada.get(address))
    assert "No wait between units can be told here" in text(ada.get("/handoffs/"))
    assert "departures of these patients are unknown" in text(ada.get("/handoffs/ED/CATH/"))


def test_the_waits_of_a_pair_stand_in_its_table(ada):
    page = text(ada.get("/handoffs/ED/CATH/"))
    cells = re.findall(r'<td class="n">([^<]*)</td>', page)

    assert len(cells) == 24 * 5
    assert "–" not in cells


def test_only_levels_that_exist_are_offered(ada, invented_system):
    assert "between systems" not in text(ada.get("/handoffs/"))
    assert "between mesosystems" in text(ada.get("/handoffs/"))

    flat = dataclasses.replace(fake_answers.REGISTRY, units=fake_answers.REGISTRY.units[3:], memberships=())
    invented_system["answers"] = fake_answers.FakeAnswers(registry=flat)

    assert "between mesosystems" not in text(ada.get("/handoffs/"))
    assert 'aria-label="Level"' not in text(ada.get("/handoffs/"))


def test_a_shifted_calendar_gives_totals_and_no_chart(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(shifted=True)

    for address in HTML:
        # A funnel of all records holds units beside each other and needs no date.
        assert "kw-chart" not in text(ada.get(address)).replace("kw-chart kw-funnel", ""), address
    assert "shifted for privacy" in text(ada.get("/units/CCU/"))
    assert "last 12 months" not in text(ada.get("/units/CCU/"))
    assert "All records together" in text(ada.get("/units/CCU/understand/"))


def test_an_empty_system_says_what_would_stand_here(ada, invented_system):
    invented_system["answers"] = None

    assert "No records have been loaded yet" in text(ada.get("/"))
    assert ada.get("/units/CCU/").status_code == 409
    assert "knitwork load" in text(ada.get("/handoffs/"))


def test_a_unit_without_patients_still_has_its_page(ada, invented_system):
    invented_system["answers"] = fake_answers.FakeAnswers(scale=0)

    assert ada.get("/units/CCU/").status_code == 200
    assert ada.get("/units/CCU/wall/").status_code == 200
    assert ada.get("/").status_code == 200


def test_the_second_look_at_the_system_asks_for_no_series(ada, invented_system):
    ada.get("/")
    invented_system["answers"].asked.clear()

    ada.get("/")

    assert invented_system["answers"].asked == []


def test_pages_are_compressed_and_below_the_size_agreed(ada):
    for address in HTML:
        response = ada.get(address, headers={"accept-encoding": "gzip"})

        assert response["Content-Encoding"] == "gzip"
        assert len(response.content) < 120_000


def test_our_own_files_are_served_from_the_package(ada):
    for name in ("knitwork.css", "chart.css", "mark.svg"):
        response = ada.get(f"/static/knitwork/{name}")

        assert response.status_code == 200
        assert b"".join(response.streaming_content)
