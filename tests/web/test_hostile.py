"""Patients and units with names that try to break a page: every page opens, every link leads back, nothing is run."""

from __future__ import annotations

import csv
import datetime as dt
import html
import random
import re
from urllib.parse import urljoin, urlsplit

import pytest

from knitwork.home import LoadOptions, open_home
from knitwork.web import source
from knitwork.web.units.actions import notice_units
from knitwork.web.units.registry import snapshot

from .routes import looking_for, patient

UNITS = (
    "<script>alert(1)</script>", "\"Quoted\" 'single' & co", "A/B//C", "../../etc/passwd", "W" * 200, "عيادة القلب / قسم",
    "🏥 Ward 😀", "~2F tilde %2F", "?q=1#frag", ".", "new", "=cmd|calc", "{{ 7*7 }}",
)  # fmt: skip
PATIENTS = (
    "<img src=x onerror=alert(1)>", '"', "a/b/c", "..", "P" * 200, "مريض", "😀", "?x=1&y=2#z", "~7E", "%2e%2e", "\\back",
)  # fmt: skip
MOST = 260


@pytest.fixture
def home(tmp_path, settings, db):
    rng = random.Random(9)
    with (tmp_path / "stays.csv").open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(("patient", "unit", "start", "end"))
        for who in (*PATIENTS, *(f"P{n}" for n in range(90))):
            at = dt.datetime(2025, 1, 1) + dt.timedelta(minutes=rng.randrange(300 * 1440))
            for unit in rng.sample(UNITS, 4):
                end = at + dt.timedelta(minutes=rng.randrange(120, 3000))
                rows.writerow((who, unit, f"{at:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}"))
                at = end + dt.timedelta(minutes=rng.randrange(5, 120))
        rows.writerow(("<b>x</b>", "<i>U</i>", "<u>no time</u>", ""))
    made = open_home(tmp_path / "home")
    made.load([tmp_path / "stays.csv"], LoadOptions(feed="hostile"))
    notice_units(made.unit_codes(), by="test")
    made.refresh(snapshot(macro_name=made.settings.name))
    settings.HOME = made.path
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    yield made
    source.opened.cache_clear()


def kind(path: str) -> str:
    """Return what sort of page an address is, so that each sort is opened a few times."""
    return re.sub(r"(units|patients|measures|behind|handoffs/[^/]*|handoffs|help)/[^/]+", r"\1/X", path)


@pytest.mark.slow
def test_every_page_opens_every_link_leads_somewhere_and_nothing_is_run(ada, home):
    todo = ["/", *(looking_for(letter) for letter in ("a", "P", "<"))]
    opened: dict[str, int] = {}
    seen: set[str] = set()
    while todo and len(seen) < MOST:
        address = todo.pop(0)
        sort = kind(urlsplit(address).path)
        if address in seen or opened.get(sort, 0) >= 14:
            continue
        seen.add(address)
        opened[sort] = opened.get(sort, 0) + 1
        response = ada.get(address)
        assert response.status_code == 200, address
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = response.content.decode()
        assert not re.search(r"<script>alert|<img src=x|<i>U|<u>no|<b>x", page), address
        found = (urljoin(address, html.unescape(one)).split("#")[0] for one in re.findall(r'href="([^"]*)"', page))
        todo += [one for one in found if one.startswith("/") and not one.startswith("/static/")]
    assert len(opened) >= 20, opened


def test_who_may_read_only_reads_no_patient_of_such_names(ben, home):
    for address in ("/patients/", patient("a/b//c"), patient(".."), "/journeys/patients/?through=A~2FB"):
        assert ben.get(address).status_code == 403, address
    for unit in ("A~2FB~2F~2FC", "new", "~2E"):
        assert ben.get(f"/units/{unit}/").status_code == 200
        assert ben.get(f"/units/{unit}/measures/los_median/behind/2025-03-01/").status_code == 403
        assert ben.get(f"/handoffs/{unit}/new/behind/2025-03-01/").status_code == 403
    page = ben.get("/units/new/").content.decode()
    assert not any(html.escape(who) in page for who in PATIENTS if len(who) > 4)
