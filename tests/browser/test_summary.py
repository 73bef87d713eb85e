"""A summary goes to a meeting on paper: one sheet, whether of one unit or of one measure over thirty."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/units/RH/summary/", "/units/RG-CCU/summary/", "/measures/gap_over_60/"])
def test_a_summary_prints_on_one_sheet(page, riverbend, path):
    page.goto(riverbend.address + path)

    sheets = re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4", prefer_css_page_size=True))

    assert len(sheets) == 1
