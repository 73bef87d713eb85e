"""The page of settings against the settings themselves."""

import re
from pathlib import Path

import pytest

from knitwork.home.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md").read_text("utf-8")
ROWS = {row.split("`")[1]: row for row in PAGE.splitlines() if re.match(r"\| `[a-z_]+` \|", row)}


def test_the_page_names_every_setting_and_none_that_does_not_exist():
    assert list(ROWS) == list(Settings.model_fields)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_meaning_and_default_are_those_of_the_code(name):
    field = Settings.model_fields[name]
    default = "none" if field.default is None else str(field.default)

    assert field.description in ROWS[name]
    assert default.lower() in ROWS[name].split("|")[3].lower()  # TOML writes false, Python False
