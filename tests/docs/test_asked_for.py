"""Each thing that users of other tools asked for has an answer, and a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "reference" / "asked-for.md").read_text("utf-8")
ROWS = [row for row in TEXT.splitlines() if row.startswith("| ") and not row.startswith("| asked")]
SHOWN = [(file, sentence) for row in ROWS for file, sentence in re.findall(r'`(tests/[\w/.]+)`: "([^"]+)"', row)]
# The threads of features.md 3.9, and how many requests signals.md section 4 lists.
THREADS = ("297", "117", "293", "294", "94", "382", "463", "240", "172", "93", "79", "42")
REQUESTS = 14


@pytest.mark.parametrize(("file", "sentence"), sorted(set(SHOWN)))
def test_every_test_that_shows_an_answer_exists(file, sentence):
    name = "test_" + sentence.lower().replace(" ", "_")

    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_every_request_has_an_answer_and_a_test(row):
    asked, where, here, shown = (cell.strip() for cell in row.strip("| ").split(" | "))

    assert asked and where and here
    assert "tests/" in shown


def test_every_thread_and_every_request_is_answered():
    first, second = TEXT.split("## The list of requests")

    assert all(re.search(rf"\b{thread}\b", first) for thread in THREADS)
    assert re.findall(r"^\| (\d+)\. ", second, re.M) == [str(number) for number in range(1, REQUESTS + 1)]


@pytest.mark.real_data
def test_the_requests_are_those_of_the_reference(shared):
    text = (shared / "reference" / "signals.md").read_text("utf-8")
    asks = text.split("## 4. What users ask for")[1].split("\n## ")[0]

    assert len(re.findall(r"^\| \d+ \|", asks, re.M)) == REQUESTS
    cited = set(re.findall(r"#(\d+)", asks))
    assert {number for number in cited if not re.search(rf"\b{number}\b", TEXT)} == set()
