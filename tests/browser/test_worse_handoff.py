"""Which hand-off got worse, and since when: found by clicking, by somebody who has read no manual."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from knitwork.demo.period import Period
from knitwork.demo.truths import ED_TO_CARDIOLOGY

MOST_CLICKS = 4
PAIR = "Emergency Department, General → Cardiology Ward"
# The change was planted in month 15 of the period that `make demo` uses.
TRUTH = "January 2026"


class Person:
    """Somebody at the desk who clicks and reads, and whose clicks are counted."""

    def __init__(self, page, site):
        self.page, self.clicks = page, 0
        page.goto(site.address + "/")

    def click(self, name, where="main, header, nav"):
        self.page.locator(where).get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def reads(self):
        return re.sub(r"\s+", " ", self.page.locator("main").inner_text())


@pytest.fixture
def person(browser, demo):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield Person(context.new_page(), demo)
    context.close()


def test_the_truth_is_the_month_that_the_demo_planted():
    period = Period(dt.date(2026, 10, 31), 24)

    assert period.month_starts(ED_TO_CARDIOLOGY.month).strftime("%B %Y") == TRUTH


def test_one_click_opens_the_sentence_that_says_which_and_since_when(person):
    person.click("Understand")

    lead = person.page.locator(".lead").first.inner_text()
    after, before = map(int, re.findall(r"(\d+)\smin", lead))
    assert f"{PAIR}: worse since {TRUTH}, half waited over" in lead
    assert before == pytest.approx(ED_TO_CARDIOLOGY.median_before, abs=2)
    assert after == pytest.approx(ED_TO_CARDIOLOGY.median_after, abs=2)
    assert person.clicks <= MOST_CLICKS


def test_the_pair_that_got_worse_says_when_and_what_the_wait_was_before_and_since(person):
    person.click("Understand")
    person.click(PAIR)

    said = person.reads()
    assert f"Worse since {TRUTH}" in person.page.locator(".lead").inner_text()
    before, after = map(int, re.findall(r"half went over within (\d+) min", said))
    assert before == pytest.approx(ED_TO_CARDIOLOGY.median_before, abs=2)
    assert after == pytest.approx(ED_TO_CARDIOLOGY.median_after, abs=2)
    assert person.page.locator("figure.large svg").first.is_visible()
    assert person.clicks <= MOST_CLICKS


def test_no_other_pair_is_said_to_have_changed(person):
    person.click("Understand")

    assert person.page.locator(".lead").filter(has_text="→").count() == 1
    assert person.page.locator(".turned").count() == 1


def test_the_patients_behind_the_month_are_as_many_as_its_row_says(person):
    person.click("Understand")
    person.click(PAIR)
    row = person.page.get_by_role("row").filter(has_text=TRUTH)
    counted = int(row.get_by_role("cell").nth(0).inner_text())
    row.get_by_role("link").click()
    person.page.wait_for_load_state()
    person.clicks += 1

    assert person.page.locator("tbody tr").count() == counted
    assert "written down" in person.reads()
    assert person.clicks <= MOST_CLICKS


def test_it_is_marked_in_the_matrix_and_drawn_in_the_map(person):
    person.click("Understand")
    person.click("Matrix")
    assert person.page.locator("td .mark.worse").count() == 1

    person.click("Map")
    assert person.page.locator(".kw-map path.stream.worse").count() == 1
    assert person.clicks <= MOST_CLICKS


@pytest.mark.parametrize("view", ["matrix", "map"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_view_is_wider_than_its_window_and_no_word_leaves_its_box(browser, demo, view, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{demo.address}/handoffs/?view={view}")

    wide = page.evaluate("document.documentElement.scrollWidth")
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.kw-map a')].flatMap(link => {
            const box = link.querySelector('rect').getBoundingClientRect();
            return [...link.querySelectorAll('text')].filter(text => {
                const word = text.getBoundingClientRect();
                return word.right > box.right || word.left < box.left || word.bottom > box.bottom || word.top < box.top;
            }).map(text => text.textContent);
        })"""
    )

    assert wide <= width
    assert outside == []
    context.close()
