"""A second language, and pages that could run from right to left."""

from __future__ import annotations

import ast
import html
import re
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po
from bench.messages import collect
from django.utils import translation

from knitwork.draw.labels import number, value_text
from knitwork.intake.formats.csv.dates import FAMILY_NAMES
from knitwork.lake.engine import connect
from knitwork.web import notes, say
from knitwork.web.source import definitions

from .fake_answers import MEASURES, REGISTRY
from .routes import HTML, HTML_NAMES

DUTCH = files("knitwork.web") / "locale" / "nl" / "LC_MESSAGES" / "django.po"


def in_dutch():
    with DUTCH.open("rb") as handle:
        return read_po(handle)


def forms(texts):
    return [texts] if isinstance(texts, str) else list(texts)


def test_switching_the_language_changes_the_page(ada):
    assert ">Today<" in ada.get("/").content.decode()

    ada.post("/language/", {"language": "nl", "next": "/"})
    page = ada.get("/").content.decode()

    assert '<html lang="nl"' in page
    assert ">Vandaag<" in page
    assert ">Today<" not in page


def test_the_browser_language_is_followed(ada):
    assert ">Begrijpen<" in ada.get("/", headers={"accept-language": "nl"}).content.decode()


def test_every_text_of_the_screens_is_in_dutch():
    dutch = {(message.context, *forms(message.id)): forms(message.string) for message in in_dutch() if message.id}

    missing = [m.id for m in collect() if m.id and not all(dutch.get((m.context, *forms(m.id)), [""]))]

    assert not missing, "run `make messages` and translate these"


def spoken(page):
    """Return what a page says: its texts, and what only a screen reader or a pointer is told."""
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    told = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', page)
    texts = [*re.split(r"<[^>]+>", page), *told]
    return {html.unescape(" ".join(text.split())) for text in texts if text.strip()}


def sentences_in_english():
    """Return every text that Dutch says otherwise, as a pattern with room for its numbers and names."""
    found = []
    for message in in_dutch():
        for text in forms(message.id):
            if text and text not in forms(message.string):
                parts = re.split(r"%\(\w+\)[sd]", text.replace("%%", "%"))
                # A pattern of places alone, or of one short word between them, fits Dutch too.
                if max(len(part.split()) for part in parts) > 2 or len(parts) == 1:
                    gaps = (re.escape(" ".join(part.split())) for part in parts)
                    found.append(re.compile(r"\s?.+?\s?".join(gaps)))
    return found


SHAPES = sentences_in_english()


IN_DUTCH = [
    pytest.param(address, id=name)
    for name, address in zip(HTML_NAMES, HTML, strict=True)
    if not address.startswith("/help/")
]


@pytest.mark.parametrize("address", IN_DUTCH)
def test_no_page_says_in_english_what_it_could_say_in_dutch(ada, address):
    """The manual is in English and says so; names of units and measures of the invented system stay."""
    ada.post("/language/", {"language": "nl", "next": "/"})
    names = {word for one in MEASURES.values() for word in (one.wording.title, one.wording.short)}
    # A picture breaks a unit's name where its box ends.
    names |= {word for one in REGISTRY.units for word in one.name.split()}
    texts = spoken(ada.get(address).content.decode()) - names

    left = {text for text in texts if any(shape.fullmatch(text) for shape in SHAPES)}

    assert not left


def test_a_measure_speaks_the_language_of_who_reads_it_now():
    one = definitions()["gap_median"]

    with translation.override("nl"):
        assert one.rise == "patiënten wachten langer tussen afdelingen"
    with translation.override("en-gb"):
        assert one.rise == "patients wait longer between units"


def test_numbers_have_the_marks_and_units_of_the_language():
    with translation.override("nl"):
        assert number(1284.2) == "1.284"
        assert value_text(-3.14159, "h", 1) == "−3,1\u00a0u"
        assert say.duration(86400 * 2.5) == "2,5\u00a0dagen"
        assert value_text(1, "days") == "1\u00a0dag"
    with translation.override("en-gb"):
        assert number(1284.2) == "1,284"
        assert value_text(1, "days") == "1\u00a0day"


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (
            "dates were read as day, month, year: in 1,204 values the first number is over 12",
            "Datums zijn gelezen als dag, maand, jaar: in 1,204 waarden is het eerste getal hoger dan 12.",
        ),
        ("the end times were read as digits only, year first", "De eindtijden zijn gelezen als alleen cijfers, jaar eerst."),
        ("a.xlsx: the sheet 'ADT 1' was read", "a.xlsx: het blad “ADT 1” is gelezen."),
        ("something that nobody knows", "Something that nobody knows."),
    ],
)  # fmt: skip
def test_what_a_load_noted_is_said_in_dutch(note, said):
    with translation.override("nl"):
        assert notes.told(note) == said


def test_each_way_of_writing_times_has_a_name_in_dutch():
    with translation.override("nl"):
        kept = [name for family, name in FAMILY_NAMES.items() if str(notes.FORMS.get(name, name)) == name]

    assert kept == ["ISO 8601"], "ISO is called so everywhere"


def test_every_reason_to_refuse_a_row_is_said_in_dutch():
    from knitwork.intake.formats.csv import rules

    con = connect()
    told = [
        con.execute(f"SELECT {rules.message(repr(rule), repr('s'), 'NULL')}").fetchall()[0][0]
        for rule in re.findall(r"WHEN '(\w+)'", rules.message("x", "''", "''"))
    ]

    with translation.override("nl"):
        assert len(told) >= 8
        assert [text for text in told if notes.refused(text) == text] == []
        assert notes.refused("the unit is empty; start s, end (empty)") == "de afdeling is leeg; begin s, einde (leeg)"


def test_every_dutch_sentence_keeps_its_places():
    """A translation that loses a %(name)s would fail only when its page is shown."""
    catalogue = in_dutch()
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


# Verbs lose in the plural the letter that nouns gain.
VERBS = re.compile(r"\b(differ|lie|do)e?s\b")


def test_no_plural_in_the_source_is_shorter_than_its_singular():
    """In English the plural adds letters: a shorter one says that the two were given the wrong way round."""
    found = []
    for file in files("knitwork").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            told = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ngettext"
            if told and all(isinstance(one, ast.Constant) for one in node.args[:2]):
                found.append(tuple(one.value for one in node.args[:2]))

    assert len(found) > 50
    assert [(one, many) for one, many in found if len(many) < len(VERBS.sub(r"\1", one))] == []
