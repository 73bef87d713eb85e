"""The reference page names everything that the code knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from knitwork.intake.formats.csv.columns import ALIASES, EVENT_UNIT
from knitwork.intake.formats.csv.profile import CHOICES, ENCODINGS, KEYS, SEPARATORS
from knitwork.intake.quality import RULES

PAGE = (Path(__file__).parents[2] / "docs/reference/csv.md").read_text("utf-8")
WORDS = [*(a for aliases in ALIASES.values() for a in aliases), *EVENT_UNIT, *KEYS, *ENCODINGS, *SEPARATORS, *RULES]


@pytest.mark.parametrize("word", [*dict.fromkeys(WORDS), *(c for choices in CHOICES.values() for c in choices)])
def test_the_page_names_every_column_key_and_rule(word):
    assert f"`{word}`" in PAGE
