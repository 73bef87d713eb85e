"""What happened to Dan Vitale and where he waited, found by somebody who has read no manual, in at most four clicks."""

from __future__ import annotations

import pytest

from .test_tasks import MOST_CLICKS, Person


@pytest.fixture
def found(browser, demo):
    """The page of Dan Vitale, reached from the first page by clicking, and by typing half a name."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    person = Person(context.new_page(), demo)
    person.link("Understand")
    person.link("Patients")
    person.page.get_by_label("Patient id").fill("vitale")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/patients/?q=*")
    person.link("DAN-VITALE")
    yield person
    context.close()


def test_what_happened_to_him_is_said_in_the_lead(found):
    lead = found.page.locator(".lead").inner_text().replace("\u00a0", " ")

    assert found.clicks <= MOST_CLICKS
    assert "In hospital once, from 14 July 2026 for 4 days" in lead
    units = (
        "Riverbend Ambulance Service",
        "Emergency Department, General",
        "Cath Lab",
        "Coronary Care Unit",
        "Cardiology Ward",
    )
    assert " → ".join(units) in lead


def test_where_he_waited_longest_is_said_and_drawn(found):
    lead = found.page.locator(".lead").inner_text().replace("\u00a0", " ")
    longest = found.page.locator(".kw-lanes text.longest")

    assert "2 h 35 min: from Coronary Care Unit to Cardiology Ward" in lead
    assert longest.count() == 1
    assert longest.text_content().replace("\u00a0", " ") == "2 h 35 min"
    assert longest.bounding_box()["height"] >= 13


def test_the_chain_leads_from_his_internist_to_rehabilitation(found):
    chain = found.page.locator(".chain a").all_inner_texts()

    assert chain[0] == "Dr Odell's Internal Medicine"
    for unit in (
        "Riverbend Ambulance Service",
        "Cath Lab",
        "Coronary Care Unit",
        "Cardiology Ward",
        "Cardiac Rehabilitation",
    ):
        assert unit in chain
    assert chain.index("Cath Lab") < chain.index("Coronary Care Unit") < chain.index("Cardiac Rehabilitation")


def test_words_in_his_pictures_stay_in_their_boxes(found):
    over = found.page.evaluate(
        """() => [...document.querySelectorAll('.kw-lanes g')].flatMap((group) => {
          const text = group.querySelector('text'), box = group.querySelector('rect, path');
          if (!text || !box) return [];
          const inner = text.getBoundingClientRect(), outer = box.getBoundingClientRect();
          return inner.left < outer.left - 1 || inner.right > outer.right + 1 ? [text.textContent] : [];
        })"""
    )

    assert over == []


def test_on_a_phone_the_page_does_not_scroll_sideways(browser, demo):
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(demo.address + demo.patient("DAN-VITALE"))

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "2 h 35 min" in page.locator(".lead").inner_text().replace("\u00a0", " ")
    context.close()
