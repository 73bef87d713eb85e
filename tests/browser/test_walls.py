"""A wall that hangs: new records without a reload, pages that turn and stop, grey when nothing comes, links, the form."""

from __future__ import annotations

import shutil
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from . import inpage
from .conftest import knitwork, served

WALL = "/units/RH/wall/"
LATE = "patient,unit,start,end\nLATE-1,RG-CARD,2026-10-{day:02} 08:00,2026-10-{day:02} 20:00\n"


@pytest.fixture(scope="module")
def built(work):
    """A small Riverbend that nobody serves."""
    home = work / "built"
    knitwork("demo", "--home", str(home), "--patients", "2000", "--no-serve")
    return home


@pytest.fixture(scope="module")
def ward(work, built):
    """A home of its own, which these tests may change."""
    home = work / "walls"
    shutil.copytree(built, home)
    with served(home) as address:
        yield address, home


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, timezone_id="Asia/Tokyo")
    context.add_init_script(inpage.WATCH)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def screen(browser):
    """A screen on the ward: a proxy passed it on, so it is nobody who may sign in by itself."""
    context = browser.new_context(
        viewport={"width": 1920, "height": 1080}, extra_http_headers={"X-Forwarded-For": "203.0.113.9"}
    )
    yield context.new_page()
    context.close()


def front(page):
    """Return the number of the page that is seen."""
    return page.locator("[data-page]:not([hidden])").get_attribute("data-page")


def state(page):
    return page.locator("#wall").get_attribute("data-state")


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    return what()


def test_new_records_appear_without_a_reload_and_the_wall_stays_as_it_was_left(page, ward, tmp_path):
    address, home = ward
    page.goto(address + WALL)
    page.keyboard.press("s")
    page.keyboard.press("ArrowRight")
    page.locator("[data-to='2']").focus()
    page.evaluate("window.stayed = true")
    tag = page.locator("#wall").get_attribute("data-tag")
    late = tmp_path / "late.csv"
    late.write_text(LATE.format(day=29))

    knitwork("load", str(late), "--feed", "late", "--home", str(home))
    knitwork("refresh", "--home", str(home))

    assert until(lambda: page.locator("#wall").get_attribute("data-tag") != tag)
    assert page.evaluate("window.stayed") is True
    assert front(page) == "2"
    assert page.locator("[data-turn]").inner_text() == "Turn pages (S)"
    assert page.evaluate("document.activeElement.dataset.to") == "2"
    assert until(lambda: page.locator("#told").inner_text() == "New records are shown.")
    assert page.evaluate("window.refused") == []


def test_pages_turn_by_themselves_and_s_stops_them(page, ward):
    page.clock.install()
    page.goto(ward[0] + WALL)
    assert front(page) == "1"

    page.clock.run_for(21_000)
    assert front(page) == "2"
    page.keyboard.press("s")
    page.clock.run_for(120_000)
    assert front(page) == "2"
    page.get_by_role("button", name="Turn pages").click()
    page.clock.run_for(21_000)

    assert front(page) == "1"


def test_the_keys_turn_by_hand_and_what_is_turned_by_hand_stays(page, ward):
    page.clock.install()
    page.goto(ward[0] + WALL)

    page.keyboard.press("ArrowRight")
    assert front(page) == "2"
    page.keyboard.press("ArrowRight")
    assert front(page) == "1"
    page.keyboard.press("ArrowLeft")
    page.clock.run_for(60_000)
    assert front(page) == "2"
    assert page.locator("[aria-current='page']").inner_text() == "2"
    page.keyboard.press("Space")
    page.clock.run_for(21_000)

    assert front(page) == "1"


def test_who_wants_less_motion_is_not_turned_round(page, ward):
    page.emulate_media(reduced_motion="reduce")
    page.clock.install()
    page.goto(ward[0] + WALL)

    page.clock.run_for(120_000)

    assert front(page) == "1"
    assert page.locator("[data-turn]").inner_text() == "Turn pages (S)"


def test_without_script_the_pages_are_links_and_no_clock_stands_still(browser, ward):
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, java_script_enabled=False)
    bare = context.new_page()
    bare.goto(ward[0] + WALL)

    assert front(bare) == "1"
    assert not bare.locator("[data-turn]").is_visible()
    assert not bare.locator("[data-clock]").is_visible()
    bare.get_by_role("link", name="Page 2").click()

    assert front(bare) == "2"
    context.close()


def test_the_clock_is_that_of_the_home_and_not_of_the_screen(page, ward):
    page.clock.install(time="2026-11-23T17:05:00Z")
    page.goto(ward[0] + WALL)

    # Riverbend lies in New York, this browser in Tokyo.
    assert page.locator("[data-clock] .time").inner_text() == "12:05"
    assert page.locator("[data-clock] .day").inner_text() == "Monday 23 November"


def test_records_that_grow_old_turn_an_open_wall_grey_by_themselves(page, ward):
    page.clock.install(time="2026-10-31T17:00:00Z")
    page.goto(ward[0] + WALL)
    page.evaluate("document.getElementById('wall').dataset.state = ''")
    page.clock.run_for(1_000)
    assert state(page) == ""
    assert not page.locator(".when-stale").is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    late = int(page.locator("[data-late]").get_attribute("data-late"))

    page.clock.set_system_time((late + 1_000) / 1000)
    page.clock.run_for(1_000)

    assert state(page) in ("stale", "lost")
    page.clock.run_for(16_000)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_a_wall_that_hears_nothing_more_turns_grey_and_says_since_when(page, ward):
    page.clock.install(time="2026-10-31T17:00:00Z")
    page.route("**/live/**", lambda route: route.abort())
    page.goto(ward[0] + WALL)
    page.clock.run_for(44_000)
    assert state(page) != "lost"

    page.clock.run_for(2_500)

    assert state(page) == "lost"
    assert page.locator(".when-lost").inner_text() == "Connection lost since 13:00"
    assert not Axe().run(page).response["violations"]
    assert not page.evaluate(inpage.CONTRAST)


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1366, 768)])
def test_the_wall_fills_every_screen_alike(page, ward, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(ward[0] + WALL)

    scale = size[0] / 1920
    heights = page.evaluate("""() => [...document.querySelectorAll('.board:not([hidden]) .kw-wall text')]
      .filter(el => el.checkVisibility()).map(el => parseFloat(getComputedStyle(el).fontSize) * el.getScreenCTM().a)""")
    assert heights
    assert min(heights) >= 20.95 * scale
    assert parseFloat(page, ".said") >= 20.95 * scale
    assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert not page.evaluate(inpage.OVERFLOW)


def parseFloat(page, selector):  # noqa: N802 - the browser's own name for it
    return page.evaluate("what => parseFloat(getComputedStyle(document.querySelector(what)).fontSize)", selector)


def test_a_lead_makes_a_wall_with_the_keyboard_alone_and_hangs_it_by_a_link(page, screen, ward):
    address = ward[0]
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(address + "/units/RG-CARD/walls/new/")
    assert not Axe().run(page).response["violations"]
    page.get_by_label("Name").fill("Corridor")
    page.get_by_label("What is ticked below").focus()
    page.keyboard.press("Space")
    boxes = page.locator("input[name=item]")
    for at in (0, 1, boxes.count() - 1):
        boxes.nth(at).focus()
        page.keyboard.press("Space")
    page.get_by_label("Name").focus()
    page.keyboard.press("Enter")
    assert "Kept." in page.locator("[role=status]").inner_text()
    first = page.locator(".chosen label").first.inner_text()
    page.get_by_role("button", name="Down").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".chosen label").nth(1).inner_text() == first
    page.get_by_role("button", name="Keep").first.click()
    assert page.locator(".chosen label").nth(1).inner_text() == first

    page.get_by_role("button", name="Give a link").click()
    link = page.locator("#link").input_value()
    assert not Axe().run(page).response["violations"]
    screen.goto(link)

    assert screen.locator("h1").inner_text() == "Cardiology Ward"
    assert screen.locator(".kw-flow").count() == 1
    assert screen.locator("main a[href^='/']").count() == 0
    assert not Axe().run(screen).response["violations"]
    assert not screen.evaluate(inpage.WALL)
    # Rearranged at the desk, the screen on the ward changes by itself.
    tag = screen.locator("#wall").get_attribute("data-tag")
    page.get_by_role("button", name="Down").first.click()
    page.get_by_role("button", name="Keep").first.click()
    assert until(lambda: screen.locator("#wall").get_attribute("data-tag") != tag)

    page.get_by_role("button", name="Withdraw the link").click()

    assert until(lambda: screen.locator("h1").inner_text() == "No wall here")


def test_a_phone_shows_all_charts_under_each_other_and_turns_nothing(page, ward):
    page.set_viewport_size({"width": 360, "height": 740})
    page.clock.install()
    page.goto(ward[0] + WALL)

    page.clock.run_for(60_000)

    assert page.locator(".board:visible").count() == page.locator(".board").count() > 1
    assert not page.locator(".turn").is_visible()
    assert not page.evaluate(inpage.OVERFLOW)


def test_a_printed_wall_is_white_and_whole(page, ward):
    page.goto(ward[0] + WALL)
    page.set_viewport_size({"width": 718, "height": 1000})
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".board:visible").count() == page.locator(".board").count()
    assert not page.evaluate(inpage.OVERFLOW)
    assert not page.evaluate(inpage.CONTRAST)


def test_the_server_stops_within_four_seconds_though_walls_are_open(work, built, browser):
    home = work / "stopping"
    shutil.copytree(built, home)
    context = browser.new_context()
    with served(home) as address:
        pages = [context.new_page() for _ in range(3)]
        for page in pages:
            page.goto(address + WALL)
        time.sleep(1)
        began = time.monotonic()

    assert time.monotonic() - began < 4
    context.close()
