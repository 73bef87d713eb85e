"""A second language, and pages that could run from right to left."""

from __future__ import annotations

import ast
import re
from importlib.resources import files

import pytest
from django.utils import translation


def test_switching_the_language_changes_the_page(ada):
    assert ">Today<" in ada.get("/").content.decode()

    ada.post("/language/", {"language": "nl", "next": "/"})
    page = ada.get("/").content.decode()

    assert '<html lang="nl"' in page
    assert ">Vandaag<" in page
    assert ">Today<" not in page


def test_the_browser_language_is_followed(ada):
    assert ">Begrijpen<" in ada.get("/", headers={"accept-language": "nl"}).content.decode()


def test_every_dutch_sentence_keeps_its_places():
    """A translation that loses a %(name)s would fail only when its page is shown."""
    from babel.messages.pofile import read_po

    source = files("knitwork.web") / "locale" / "nl" / "LC_MESSAGES" / "django.po"
    with source.open("rb") as handle:
        catalogue = read_po(handle)
    for message in catalogue:
        if message.id and message.string:
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            strings = [message.string] if isinstance(message.string, str) else list(message.string)
            wanted = set(re.findall(r"%\((\w+)\)", " ".join(ids)))
            for string in filter(None, strings):
                assert set(re.findall(r"%\((\w+)\)", string)) <= wanted, message.id


def test_the_compiled_translation_is_of_this_source():
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = files("knitwork.web") / "locale" / "nl" / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as handle:
        made = BytesIO()
        write_mo(made, read_po(handle))

    assert (folder / "django.mo").read_bytes() == made.getvalue()


@pytest.mark.parametrize(
    "word", ["margin-left", "margin-right", "padding-left", "padding-right", "text-align: left", "float:"]
)
def test_the_style_has_no_left_and_right(word):
    assert word not in (files("knitwork.web") / "static" / "knitwork" / "knitwork.css").read_text()


def test_the_language_is_put_back():
    translation.activate("en-gb")
    assert translation.gettext("Today") == "Today"


def test_no_plural_in_the_source_is_shorter_than_its_singular():
    """In English the plural adds letters: a shorter one says that the two were given the wrong way round."""
    found = []
    for file in files("knitwork").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            told = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ngettext"
            if told and all(isinstance(one, ast.Constant) for one in node.args[:2]):
                found.append(tuple(one.value for one in node.args[:2]))

    assert len(found) > 50
    assert [(one, many) for one, many in found if len(many) < len(one)] == []
