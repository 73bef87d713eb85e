"""The page of faults names tests that exist, and every row of it names one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/faults.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| fault", "|---"))]


@cache
def collected(file: str) -> set[str]:
    """Return the tests that stand in a file, as pytest collects them."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_is_named_exists(file, test):
    assert test in collected(file)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_fault_has_a_promise_and_a_test(row):
    _, fault, promise, tests, _ = row.split("|")

    assert fault.strip()
    assert promise.strip()
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", tests)


def test_a_name_that_is_wrong_is_found():
    assert "test_of_a_fault_that_nobody_thought_of" not in collected("tests/docs/test_faults_page.py")
    assert "test_a_name_that_is_wrong_is_found" in collected("tests/docs/test_faults_page.py")


def test_the_page_has_many_faults_and_is_found_from_the_index():
    assert len(ROWS) >= 45
    assert "reference/faults.md" in (ROOT / "docs/index.md").read_text("utf-8")
