"""The hazard log names guards that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "safety" / "hazards.md").read_text("utf-8")
HAZARDS = re.findall(r"^## (H\d+)\. [^\n]+\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
GUARDS = [
    (f, s)
    for f, said in re.findall(r'`(tests/[\w/.]+)`: ((?:"[^"]+"(?:, )?)+)', TEXT)
    for s in re.findall('"([^"]+)"', said)
]


@pytest.mark.parametrize(("number", "said"), HAZARDS)
def test_every_hazard_says_how_it_misleads_what_guards_and_what_remains(number, said):
    assert "**Could " in said
    assert "**Guards.**" in said
    assert "**Remains.**" in said


@pytest.mark.parametrize(("file", "sentence"), GUARDS)
def test_every_test_that_is_named_as_a_guard_exists(file, sentence):
    name = "test_" + sentence.lower().replace(" ", "_")

    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_every_file_that_is_named_exists():
    for file in re.findall(r"`(tests/[\w/.]+)`", TEXT):
        assert (ROOT / file).exists(), file
