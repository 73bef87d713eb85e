"""A code of 200 letters without a space widens no page: not at a desk, not on a phone."""

from __future__ import annotations

import pytest

from .addresses import Site
from .conftest import knitwork, served

LONG = "W" * 200
PAGES = (
    "/", "/?view=list", f"/units/{LONG}/", f"/units/{LONG}/understand/", f"/units/{LONG}/setup/", f"/units/{LONG}/walls/new/",
    f"/units/{LONG}/measures/los_median/", "/setup/", "/handoffs/?view=matrix", f"/handoffs/{LONG}/Ward/",
    f"/journeys/?unit={LONG}", "/feeds/",
)  # fmt: skip


@pytest.fixture(scope="module")
def long(work):
    rows = []
    for n in range(60):
        who, day = ("P" * 200 if n == 7 else f"P{n}"), f"2025-{1 + n % 12:02}-0{1 + n % 9}"
        rows += [f"{who},{LONG},{day} 10:00,{day} 12:00", f"{who},Ward,{day} 13:00,{day} 15:00"]
    file = work / "long.csv"
    file.write_text("patient,unit,start,end\n" + "\n".join(rows) + "\n")
    knitwork("open", str(file), "--home", str(work / "long"), "--no-serve")
    with served(work / "long") as found:
        yield Site(found, work / "long")


@pytest.mark.parametrize("width", [1440, 360])
def test_a_long_code_widens_no_page(browser, long, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    wide = []
    for path in (*PAGES, long.patient("P" * 200)):
        assert page.goto(long.address + path).status == 200, path
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wide += [(path[:40], beyond)] if beyond > 0 else []
    context.close()

    assert not wide
