"""Every page of the site, walked in Chromium: answers, stays on the site, breaks no policy, fits every screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from . import inpage
from .addresses import DOWNLOADS, FORMS_ONLY, ROUTES, WAITING

DESK, PHONE, WALL = (1440, 900), (360, 740), (1920, 1080)
AXE = Axe()


class Walk:
    """One tab that is led from page to page and remembers what went wrong where."""

    def __init__(self, browser, site):
        self.site, self.path = site, ""
        self.complaints: list[tuple[str, str]] = []
        self.walked: list[str] = []
        self.context = browser.new_context()
        self.context.add_init_script(inpage.WATCH)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complain("console", [said.text] if said.type == "error" else []))
        self.page.on("pageerror", lambda error: self.complain("script", [str(error)]))
        # The stream of a wall ends when one leaves the page: that is no failure.
        self.page.on(
            "requestfailed",
            lambda asked: self.complain("did not come", [asked.url] * (f"{self.site.address}/live/" not in asked.url)),
        )
        self.page.on(
            "response", lambda came: self.complain("came as", [f"{came.status} {came.url}"] * (came.status > 399))
        )
        self.page.on("request", lambda asked: self.complain("asks elsewhere", self.elsewhere(asked.url)))

    def elsewhere(self, url):
        return [] if url.startswith((f"{self.site.address}/", "data:")) else [url]

    def complain(self, what, found):
        self.complaints += [(self.path, f"[{what}] {one}") for one in found]

    def ask(self, what, text, *words):
        self.complain(what, self.page.evaluate(text, *words))

    def accessible(self, what, contrast):
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.axe_script)
        wanted = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrast}}}
        found = self.page.evaluate("wanted => axe.run(wanted).then(found => found.violations)", wanted)
        self.complain(what, [f"{v['id']}: {v['help']}: {[n['target'] for n in v['nodes'][:3]]}" for v in found])

    def size(self, size):
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def open(self, route, path):
        """Open a page at the desk and look at it in every way a person may meet it."""
        self.path = path
        self.walked.append(route)
        self.size(WALL if route == "wall" else DESK)
        answer = self.page.goto(self.site.address + path)
        if answer.status != 200:
            self.complain("status", [str(answer.status)])
        self.complain("refused by the policy", self.page.evaluate("window.refused"))

    def look(self, route):
        wall = route == "wall"
        early = self.walked.count(route) <= 3
        self.ask("wide", inpage.OVERFLOW)
        self.ask("contrast", inpage.CONTRAST)
        self.ask("pictures", inpage.PICTURES, 21 if wall else 13)
        self.ask("targets", inpage.TARGETS)
        if wall:
            self.ask("wall", inpage.WALL)
        # Four fifths of the time of axe go into contrast; CONTRAST asks for more of it, on every page.
        self.accessible("axe", contrast=early)
        self.page.evaluate("document.documentElement.dir = 'rtl'")
        self.ask("right to left", inpage.OVERFLOW)
        self.ask("pictures right to left", inpage.PICTURES, 13)
        self.size(PHONE)
        self.ask("phone, right to left", inpage.OVERFLOW)
        self.page.evaluate("document.documentElement.dir = 'ltr'")
        self.ask("phone", inpage.OVERFLOW)
        self.ask("phone targets", inpage.TARGETS)
        self.ask("phone pictures", inpage.PICTURES, 13)
        self.ask("phone contrast", inpage.CONTRAST)
        if early:  # a phone's page is the desk's: three of each kind are enough
            self.accessible("axe, phone", contrast=False)

    def other_media(self):
        """Print, forced colours, less motion: the same page again, without loading it anew."""
        self.size((718, 1000))  # A4 less its margins
        self.page.emulate_media(media="print")
        self.ask("print", inpage.OVERFLOW)
        self.ask("print contrast", inpage.CONTRAST)
        self.size(DESK)
        self.page.emulate_media(media="screen", forced_colors="active")
        self.ask("forced colours", inpage.CONTRAST)
        self.page.emulate_media(media="screen", forced_colors="none", reduced_motion="reduce")
        moving = self.page.evaluate("document.getAnimations().length")
        self.complain("moves", [f"{moving} animations"] if moving else [])
        self.page.emulate_media(media="screen", forced_colors="none", reduced_motion="no-preference")


def walk_all(browser, site, sites_pages):
    walk = Walk(browser, site)
    for route, path in sites_pages:
        if route in DOWNLOADS:  # a file, not a page
            answer = walk.context.request.get(site.address + path)
            walk.path, walk.walked = path, [*walk.walked, route]
            walk.complain("status", [] if answer.status == 200 else [str(answer.status)])
            continue
        walk.open(route, path)
        walk.look(route)
        walk.other_media()
    walk.context.close()
    return walk


def told(walk):
    """Return each complaint once, with how many pages it stands on and the first of them."""
    pages: dict[str, list[str]] = {}
    for path, complaint in walk.complaints:
        pages.setdefault(complaint, []).append(path)
    said = [f"{complaint} ({len(where)}: {where[0]})" for complaint, where in pages.items()]
    return "\n".join([*said[:60], *([f"and {len(said) - 60} more"] if len(said) > 60 else [])])


def quiet(walk):
    if walk.complaints:
        pytest.fail(told(walk), pytrace=False)


def test_every_page_of_riverbend_holds_on_every_screen(browser, riverbend):
    walk = walk_all(browser, riverbend, riverbend.pages())

    quiet(walk)
    missed = set(ROUTES) - set(walk.walked) - FORMS_ONLY - WAITING
    assert not missed, f"no page walked for {missed}: add one to addresses.py"


def test_every_page_of_a_tiny_file_holds_on_every_screen(browser, tiny):
    walk = walk_all(browser, tiny, tiny.pages(each=4))

    quiet(walk)
    assert set(walk.walked) >= WAITING


def test_every_page_of_an_empty_home_holds_on_every_screen(browser, empty):
    walk = walk_all(browser, empty, [("system", "/"), ("help", "/help/"), ("sign-in", "/sign-in/")])

    quiet(walk)


@pytest.mark.real_data
def test_every_page_of_real_patients_with_shifted_dates_holds_on_every_screen(browser, mimic):
    walk = walk_all(browser, mimic, mimic.pages(each=3))

    quiet(walk)
