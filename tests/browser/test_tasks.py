"""What people come for, done as they would do it: by clicking, in at most four clicks from the first page."""

from __future__ import annotations

import re

import pytest

from .conftest import knitwork

MOST_CLICKS = 4


class Person:
    """Somebody at the desk who clicks and reads, and whose clicks are counted."""

    def __init__(self, page, site):
        self.page, self.site, self.clicks = page, site, 0
        page.goto(site.address + "/")

    def click(self, where):
        where.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def link(self, name):
        self.click(self.page.locator("main, header, nav").get_by_role("link", name=name).first)

    def unit(self, name):
        """Walk to a unit by its cell on the map of the first page."""
        self.click(self.page.locator(".map .cell").get_by_role("link", name=name, exact=True))

    def reads(self):
        return self.page.locator("main").inner_text()


@pytest.fixture
def person(browser, demo):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield Person(context.new_page(), demo)
    context.close()


def test_which_hand_off_got_worse_and_since_when(person):
    person.unit("Cardiology Ward")
    person.link("from Emergency Department, General")

    lead = person.page.locator(".lead").inner_text()
    assert person.page.locator("h1").inner_text() == "Emergency Department, General → Cardiology Ward"
    assert re.search(r"Worse since \w+ 20\d\d", lead), lead
    assert person.clicks <= MOST_CLICKS


def test_the_hand_off_that_got_worse_is_found_from_the_list_of_hand_offs_too(person):
    person.link("Understand")
    person.link("Emergency Department, General → Cardiology Ward")

    assert "Worse since" in person.page.locator(".lead").inner_text()
    assert person.clicks <= MOST_CLICKS


def test_who_is_behind_a_point_of_a_measure(person):
    person.unit("Cardiology Ward")
    person.link("Wait between units")
    row = person.page.get_by_role("row").filter(has_text="July 2026")
    counted = int(row.get_by_role("cell").nth(0).inner_text().replace(",", ""))
    person.click(row.get_by_role("link"))

    listed = person.page.locator("tbody tr")
    assert listed.count() == counted
    assert "Cardiology Ward" in listed.first.inner_text()
    assert "written down" in person.reads()
    assert person.clicks <= MOST_CLICKS


def test_what_was_refused_and_why(person):
    person.click(person.page.locator(".fresh a"))
    person.click(person.page.locator("summary"))

    said = person.reads()
    assert "14 rows could not be used" in said
    rows = person.page.locator("details tbody tr")
    assert rows.count() == 14
    assert all(len(row.inner_text().split("\t")[-1]) > 15 for row in rows.all()), "a row is refused without a reason"
    assert person.clicks <= MOST_CLICKS


def test_a_unit_that_signals_is_named_with_its_signals_on_the_first_page(person):
    ward = person.page.get_by_role("link", name="Cardiology Ward", exact=True)
    cell = person.page.locator(".map .cell").filter(has=ward)
    assert cell.locator(".mark.worse").count() == 1
    assert "worse" in cell.text_content().lower()

    person.link("as a list")
    row = person.page.locator(".unit-line").filter(has=ward)
    assert "worse" in row.inner_text().lower()


def test_a_unit_is_set_up_and_the_numbers_follow_after_a_refresh(browser, tiny):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    person = Person(context.new_page(), tiny)
    page = person.page
    person.unit("Home care")
    assert "a guess" in person.reads()

    person.link("Confirm its kind, name and place")
    page.get_by_label("Kind").select_option(label="hospice")
    page.get_by_label("Name").fill("Home care of the North")
    person.click(page.get_by_role("button", name="Confirm"))
    kept = page.get_by_role("status").inner_text()
    knitwork("refresh", "--home", str(tiny.home))
    page.goto(tiny.address + "/?view=list")
    line = page.locator(".unit-line").filter(has_text="Home care of the North").inner_text()

    assert kept
    assert "hospice" in line
    assert "a guess" not in line
    assert person.clicks <= MOST_CLICKS
    context.close()


def test_a_kind_that_cannot_be_is_refused_beside_its_field(browser, tiny):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(tiny.address + "/units/Ward/setup/")

    page.get_by_label("Time zone").fill("Europe/Atlantis")
    page.locator("form.form button").click()

    assert "Atlantis" in page.get_by_role("alert").first.inner_text()
    assert page.get_by_label("Time zone").input_value() == "Europe/Atlantis"
    context.close()
