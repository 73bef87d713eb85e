"""The reference pages name everything that the code knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from knitwork.intake.formats.csv.columns import ALIASES, EVENT_UNIT, LINK_ALIASES
from knitwork.intake.formats.csv.links import KINDS
from knitwork.intake.profile import CHOICES, ENCODINGS, KEYS, SEPARATORS
from knitwork.intake.quality import RULES
from knitwork.journeys.persons import ASIDE

PAGES = "\n".join(page.read_text("utf-8") for page in (Path(__file__).parents[2] / "docs/reference").glob("*.md"))
NAMES = [a for known in (ALIASES, LINK_ALIASES, KINDS) for aliases in known.values() for a in aliases]
WORDS = [*NAMES, *EVENT_UNIT, *KEYS, *ENCODINGS, *SEPARATORS, *RULES, *ASIDE]


@pytest.mark.parametrize("word", [*dict.fromkeys(WORDS), *(c for choices in CHOICES.values() for c in choices)])
def test_the_pages_name_every_column_key_and_rule(word):
    assert f"`{word}`" in PAGES
