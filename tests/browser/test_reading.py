"""Whoever has no mouse, no script or no account still gets every page."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from . import inpage
from .conftest import knitwork

PAGES = (
    "/", "/units/RG-CARD/", "/units/RG-CARD/setup/", "/units/RG-CARD/measures/gap_median/",
    "/handoffs/", "/handoffs/RG-ED/RG-CARD/", "/journeys/", "/feeds/", "/measures/", "/help/",
)  # fmt: skip
SHORT = ("/units/RG-CARD/", "/units/RG-CARD/setup/", "/handoffs/RG-ED/RG-CARD/", "/units/RG-CARD/wall/", "/feeds/")


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def stops_by_tab(page):
    """Press Tab until it has been all the way round, and say where it stopped."""
    wanted = page.evaluate(inpage.STOPS)
    seen = []
    for _ in range(len(wanted) + 3):
        page.keyboard.press("Tab")
        at = page.evaluate(inpage.FOCUS)
        if at["stop"] is None or (seen and at["stop"] == seen[0]["stop"]):
            break
        # A date is one field with several stops of its own.
        if not seen or at["stop"] != seen[-1]["stop"]:
            seen.append(at)
    return wanted, seen


@pytest.mark.parametrize("path", SHORT)
def test_tab_alone_reaches_everything_in_the_order_it_is_read(page, riverbend, path):
    page.goto(riverbend.address + path)
    if path.endswith("/setup/"):  # a date field has stops inside that only this loop would count
        page.evaluate("document.querySelectorAll('input[type=date]').forEach(field => field.type = 'text')")

    wanted, seen = stops_by_tab(page)

    assert [at["stop"] for at in seen] == wanted
    assert seen[0]["name"] == "Skip to the page"
    assert not [at["name"] for at in seen if not at["ringed"]], "the focus cannot be seen"
    assert not [at["name"] for at in seen if not at["seen"]], "the focus is off the screen"


@pytest.mark.parametrize("path", SHORT)
def test_what_is_read_later_never_stands_above_what_is_read_before_it(page, riverbend, path):
    page.goto(riverbend.address + path)

    backwards = page.evaluate("""() => {
      const said = [];
      for (const box of document.querySelectorAll('main, .cards, .wall, .tiles, ul, ol, dl, tr, nav, header, footer')) {
        const inside = [...box.children].filter(el => el.checkVisibility() && !el.matches('.unseen, .skip'));
        inside.slice(1).forEach((el, i) => {
          const a = inside[i].getBoundingClientRect(), b = el.getBoundingClientRect();
          const columns = getComputedStyle(box).columnCount !== 'auto';
          if (!columns && b.bottom <= a.top + 1 && b.height && a.height) said.push(el.textContent.trim().slice(0, 40));
        });
      }
      return said;
    }""")

    assert not backwards


def test_the_skip_link_leads_to_the_page_itself(page, riverbend):
    page.goto(riverbend.address + "/units/RG-CARD/")

    page.keyboard.press("Tab")
    shown = page.locator(".skip").bounding_box()
    page.keyboard.press("Enter")

    assert shown["x"] >= 0
    assert shown["height"] >= 24
    assert page.evaluate("document.activeElement.id") == "main"


def words(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    return page.locator("body").inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_without_script_a_page_says_the_same(browser, page, riverbend, path):
    page.goto(riverbend.address + path)
    bare = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=False)
    without = bare.new_page()
    without.goto(riverbend.address + path)

    assert without.locator("svg").count() == page.locator("svg").count()
    assert page.locator("script").count() == 0
    for summary in without.locator("details:not([open]) > summary").all()[::-1]:
        summary.click()
    assert without.locator("body").inner_text() == words(page)
    bare.close()


@pytest.fixture
def stranger(browser):
    """Somebody whom a proxy passed on: not the person at this machine, so not signed in."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, extra_http_headers={"X-Forwarded-For": "203.0.113.9"}
    )
    page = context.new_page()
    yield page
    context.close()


def test_who_is_not_signed_in_is_asked_to_and_the_form_holds_on_every_screen(stranger, riverbend):
    stranger.goto(riverbend.address + "/units/RG-CARD/")

    assert stranger.locator("h1").inner_text() == "Sign in"
    assert not Axe().run(stranger).response["violations"]
    assert not stranger.evaluate(inpage.CONTRAST)
    assert not stranger.evaluate(inpage.TARGETS)
    stranger.set_viewport_size({"width": 360, "height": 740})
    assert not stranger.evaluate(inpage.OVERFLOW)


def test_a_wrong_password_is_answered_with_a_sentence(stranger, riverbend):
    stranger.goto(riverbend.address + "/sign-in/")

    stranger.get_by_label("Name").fill("nobody")
    stranger.get_by_label("Password").fill("nothing at all")
    stranger.get_by_role("button", name="Sign in").click()

    assert "do not go together" in stranger.get_by_role("alert").inner_text()
    assert not Axe().run(stranger).response["violations"]


@pytest.fixture
def ben(stranger, tiny):
    """Ben has an account, and may read charts and totals but no patients."""
    word = "a long enough password"
    if not (tiny.home / "ben").exists():
        knitwork("account", "add", "ben", "--role", "reader", "--home", str(tiny.home), typed=f"{word}\n{word}\n")
        (tiny.home / "ben").touch()
    stranger.goto(tiny.address + "/sign-in/")
    stranger.get_by_label("Name").fill("ben")
    stranger.get_by_label("Password").fill(word)
    stranger.get_by_role("button", name="Sign in").click()
    return stranger


def test_a_reader_is_led_nowhere_that_is_closed_to_him(ben, tiny):
    pages = [
        tiny.of("unit", code="Ward"),
        tiny.of("measure", "?period=day", code="Ward", measure="arrivals"),
        "/feeds/",
    ]
    for path in pages:
        assert ben.goto(tiny.address + path).status == 200
        assert not Axe().run(ben).response["violations"]
        assert ben.locator("main a[href*='/behind/'], main a[href*='/setup/']").count() == 0

    closed = ben.goto(
        tiny.address + tiny.of("behind", "?period=day", code="Ward", measure="arrivals", start="2024-01-01")
    )

    assert closed.status == 403
    assert "P1" not in ben.locator("body").inner_text()
    assert not Axe().run(ben).response["violations"]


def test_whoever_signs_out_is_out(ben, tiny):
    ben.get_by_role("button", name="Sign out").click()
    ben.goto(tiny.address + "/")

    assert ben.locator("h1").inner_text() == "Sign in"


def test_the_language_changes_at_the_foot_of_any_page(page, riverbend):
    page.goto(riverbend.address + "/handoffs/")

    page.get_by_role("button", name="Nederlands").click()

    assert page.locator("html").get_attribute("lang") == "nl"
    assert page.url.endswith("/handoffs/")
    assert "Overdrachten" in page.locator("h1").inner_text()


@pytest.mark.parametrize("path", ["/", "/units/RG-CARD/", "/units/RG-CARD/wall/", "/handoffs/"])
def test_a_page_in_dutch_fits_a_phone_too(page, riverbend, path):
    page.goto(riverbend.address + "/help/")
    page.get_by_role("button", name="Nederlands").click()
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(riverbend.address + path)

    assert not page.evaluate(inpage.OVERFLOW)


def test_a_page_that_does_not_exist_says_so_and_leads_back(page, riverbend):
    answer = page.goto(riverbend.address + "/units/NOT-THERE/")

    assert answer.status == 404
    assert page.locator("main a").count() >= 1
    assert not Axe().run(page).response["violations"]
