"""Help: every page of the docs can be read inside the application, and its links stay there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.urls import resolve
from django.urls.exceptions import Resolver404

from knitwork.web import manual
from knitwork.web.pages import help as help_pages
from knitwork.web.urls import urlpatterns

ROOT = Path(__file__).parents[2]


def test_every_page_of_the_docs_is_a_page_of_the_help():
    written = {p.relative_to(ROOT / "docs").with_suffix("").as_posix() for p in (ROOT / "docs").rglob("*.md")}

    assert set(manual.paths()) == written


@pytest.mark.parametrize("path", manual.paths())
def test_every_link_of_the_help_leads_to_a_page_and_a_heading_of_it(path):
    page = manual.page(path)

    for link in re.findall(r'(?:href|src)="([^"]+)"', page.html):
        address, _, heading = link.partition("#")
        if address:
            try:
                found = resolve(address)
            except Resolver404:
                raise AssertionError(f"{path} leads to {link}") from None
            if found.url_name == "help-picture":
                assert manual.picture(found.kwargs["name"]) is not None, link
                continue
        target = manual.page(found.kwargs["path"]) if address else page
        assert not heading or f'id="{heading}"' in target.html, f"{path} leads to {link}"


@pytest.mark.parametrize("path", manual.paths())
def test_no_page_of_the_help_has_a_style_of_its_own_or_a_heading_without_words(path):
    html = str(manual.page(path).html)

    assert " style=" not in html
    assert not re.search(r"<th[^>]*>\s*</th>", html)
    assert html.count("<td") + html.count("<th") >= html.count("<tr>")


def test_numbers_of_a_table_stand_at_the_end_and_code_can_be_scrolled_by_keys():
    assert '<td class="n">' in str(manual.page("reference/benchmarks").html)
    engine = str(manual.page("background/engine").html)
    assert engine.count("<pre>") == engine.count('<div class="wide" tabindex="0" role="group"><pre>') > 0


def test_a_link_that_leads_out_of_the_docs_keeps_its_words_only():
    html = manual.page("index").html

    assert "Threat model" in html
    assert "THREAT_MODEL" not in html


def test_a_term_of_the_glossary_has_an_address():
    assert 'id="hand-off"' in manual.page("glossary").html


def test_no_help_is_in_the_package_but_the_docs_are():
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert built["force-include"] == {"docs": "knitwork/docs"}


def test_a_word_is_found_with_the_section_it_stands_in(ben):
    said = ben.get("/help/", {"q": "signal chance"}).content.decode()

    assert "How many to expect by chance" in said
    assert "/help/how-to/read-a-chart/#how-many-to-expect-by-chance" in said


def test_what_is_looked_for_is_shown_as_it_was_typed_and_never_as_markup(ben):
    said = ben.get("/help/", {"q": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in said
    assert "Nothing in the manual has all these words" in said


def test_a_word_is_found_where_a_word_begins_with_it():
    assert not any("emergency" in one.excerpt and "merge " not in one.excerpt for one in manual.search("merge"))


def test_sections_with_the_word_in_their_heading_come_first():
    found = manual.search("duplicates")

    assert all("duplicates" in f"{one.section.heading} {one.section.text}".lower() for one in found)
    in_heading = ["duplicates" in one.section.heading.lower() for one in manual.search("hand-off")]
    assert in_heading == sorted(in_heading, reverse=True)


@pytest.mark.parametrize("path", ["nowhere", "../../etc/passwd", "how-to/../../pyproject", "pictures/wall.png"])
def test_what_is_no_page_of_the_docs_is_not_read(ben, path):
    assert manual.page(path) is None
    assert ben.get(f"/help/{path}/").status_code in (301, 404)


@pytest.mark.parametrize("name", ["nothing.png", "index.md", "..", "%2e%2e%5cindex.md"])
def test_only_pictures_of_the_docs_are_given(ben, name):
    assert ben.get(f"/help/pictures/{name}").status_code == 404


def test_every_page_of_the_application_offers_a_page_of_the_help():
    for route in urlpatterns:
        assert help_pages.about(route.name) in manual.paths(), route.name


@pytest.mark.parametrize(
    ("address", "about"),
    [
        ("/feeds/", "how-to/load-last-nights-extract"),
        ("/setup/", "how-to/name-and-nest-units"),
        ("/units/CCU/walls/", "how-to/hang-a-wall"),
        ("/units/CCU/walls/new/", "how-to/hang-a-wall"),
        ("/units/CCU/understand/", "how-to/read-a-chart"),
        ("/patients/", "how-to/merge-patients"),
    ],
)
def test_a_page_offers_the_help_that_belongs_to_it(ada, address, about):
    said = ada.get(address).content.decode()

    assert f"/help/{about}/" in said


def test_the_page_of_all_units_is_part_of_today(ada):
    said = ada.get("/setup/").content.decode()

    assert re.search(r'<a href="/" class="here"', said)
