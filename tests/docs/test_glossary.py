"""The glossary fixes every noun of the spine."""

import re
from pathlib import Path

import pytest

from knitwork.model.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "glossary.md").read_text("utf-8")
WORDS = {word.strip() for entry in re.findall(r"^\*\*(.+?)\*\*", TEXT, re.M) for word in entry.split(",")}

# The nouns of the spine, each with one name in Python, SQL, addresses, screens and the glossary.
NOUNS = (
    "unit", "feed", "delivery", "stay", "visit", "event", "request", "message", "duty", "fact", "journey", "hand-off",
    "link", "measure", "cell", "chart", "signal", "aim", "test", "standard", "watch", "huddle", "meeting", "round",
    "roadblock", "commitment",
)  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_of_the_spine_is_fixed(noun):
    assert noun in WORDS


def test_every_canonical_table_has_its_word_except_the_patient_who_needs_none():
    assert {name.replace("_", " ") for name in TABLES} - {"patient"} <= WORDS


@pytest.mark.real_data
def test_the_nouns_are_those_of_the_design(shared):
    rows = re.search(r"\| noun \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)", (shared / "DESIGN.md").read_text("utf-8"))
    nouns = {noun.strip() for row in rows[1].splitlines() for noun in row.split("|")[1].split(",")}

    assert nouns == set(NOUNS)


def test_no_word_is_fixed_twice():
    entries = re.findall(r"^\*\*(.+?)\*\*", TEXT, re.M)
    words = [word.strip() for entry in entries for word in entry.split(",")]

    assert len(words) == len(set(words))
