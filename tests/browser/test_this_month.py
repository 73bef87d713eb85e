"""What changed this month that is not noise: from the first page, by clicking, in at most four clicks."""

from __future__ import annotations

import re

import pytest

from .addresses import Site
from .conftest import TINY, knitwork, served
from .test_tasks import MOST_CLICKS, Person


@pytest.fixture
def person(browser, demo):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield Person(context.new_page(), demo)
    context.close()


@pytest.fixture
def guessed(work):
    """A file of its own, whose units nobody has named: the kinds of all are guesses."""
    file, home = work / "guessed.csv", work / "guessed"
    file.write_text(TINY)
    knitwork("open", str(file), "--home", str(home), "--no-serve")
    with served(home) as address:
        yield Site(address, home)


def test_what_is_new_this_month_stands_on_the_first_page_with_what_chance_would_bring(person):
    new = person.page.locator("section[aria-labelledby=new-title]")

    month = re.fullmatch(r"New in (\w+ 20\d\d)", new.locator("h2").inner_text())
    assert month
    said = new.locator(".note").first.inner_text()
    counted = re.match(r"(\d+) of (\d+) charts signal newly in (\w+ 20\d\d); by chance alone we expect", said)
    assert counted
    assert counted[3] == month[1]
    rest = new.locator("summary")
    shown = new.locator("li").count()
    assert shown == int(counted[1]), "every new signal stands there, the rest behind a word"
    assert rest.count() <= 1
    assert person.clicks == 0


def test_a_new_change_leads_to_its_chart_and_to_the_patients_behind_its_last_whole_month(person):
    new = person.page.locator("section[aria-labelledby=new-title] li a").first
    head = new.inner_text()
    month = person.page.locator("#new-title").inner_text().removeprefix("New in ")
    person.click(new)

    assert head.split(" in ", 1)[1] in person.page.locator("nav.above").inner_text()
    row = person.page.get_by_role("row").filter(has_text=month)
    person.click(row.get_by_role("link"))

    assert "written down" in person.reads()
    assert month in person.page.locator(".lead").inner_text()
    assert person.clicks <= MOST_CLICKS


def test_what_lasts_longer_is_told_apart_from_what_is_new(person):
    def addresses(title):
        return {
            one.get_attribute("href") for one in person.page.locator(f"section[aria-labelledby={title}] li a").all()
        }

    assert addresses("new-title").isdisjoint(addresses("longer-title"))
    assert any("RG-CARD/measures/gap_" in one for one in addresses("longer-title"))


def test_a_point_of_the_chart_is_a_click_away_from_its_patients(person):
    person.page.goto(person.site.address + "/units/RG-CARD/measures/gap_median/")
    points = person.page.locator("svg a.point")
    href = points.nth(20).get_attribute("href")
    person.click(points.nth(20))

    assert person.page.url.endswith(href)
    assert person.page.locator("tbody tr").count() > 0


def test_one_walks_from_the_whole_to_a_group_to_a_unit(person):
    person.click(person.page.locator(".map h4 a", has_text="Riverbend General Hospital"))
    assert person.page.locator("h1").inner_text() == "Riverbend General Hospital"
    person.link("Cardiology Ward")
    assert person.page.locator("h1").inner_text() == "Cardiology Ward"
    assert person.clicks <= MOST_CLICKS


def test_a_programme_is_outlined_across_the_map(person):
    person.click(person.page.locator(".across a", has_text="Stroke care"))

    joined = person.page.locator(".cell.joined").all_inner_texts()
    assert any("Stroke Unit" in one for one in joined)
    assert len(joined) < person.page.locator(".cell").count()


def test_all_guesses_are_confirmed_from_the_first_page_in_two_clicks(browser, guessed):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    person = Person(context.new_page(), guessed)
    person.link("Confirm them all on one page")
    person.click(person.page.get_by_role("button", name=re.compile("Confirm")).first)

    assert "confirmed" in person.page.get_by_role("status").inner_text()
    assert person.page.get_by_text("(a guess)").count() == 0
    assert person.clicks == 2
    context.close()
