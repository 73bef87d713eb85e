"""The page of records against the canonical tables."""

import re
from pathlib import Path

import pytest

from knitwork.model.tables import FLAGS, TABLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "records.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def test_every_table_has_a_section():
    assert set(TABLES) <= set(SECTIONS)


@pytest.mark.parametrize("name", list(TABLES))
def test_every_column_stands_there_as_it_is_defined(name):
    rows = [line for line in SECTIONS[name].splitlines() if line.startswith("| `")]
    wanted = [
        f"| `{c.name}` | {c.type} | {c.meaning}{'; may be empty' if c.optional else ''} | {c.unit} | {c.source} |"
        for c in TABLES[name].columns
    ]

    assert rows == wanted


@pytest.mark.parametrize("name", list(TABLES))
def test_key_and_whether_anything_fills_it_are_said(name):
    table = TABLES[name]

    assert "Key: " + ", ".join(f"`{k}`" for k in table.key) + "." in SECTIONS[name]
    assert ("nothing fills it yet" in SECTIONS[name]) is not table.filled


def test_every_flag_stands_there_with_its_bit():
    for name, bit in FLAGS.items():
        assert f"| {bit} | `{name}` |" in PAGE
