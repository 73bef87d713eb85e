"""The page on changes names every word, method and field that there is, and its example runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from knitwork.signals.interrupted.spec import ItsSpec, Method
from knitwork.signals.worked import NOTES, Claim

PAGE = (Path(__file__).parents[2] / "docs/reference/did-it-work.md").read_text("utf-8")


@pytest.mark.parametrize("word", [*get_args(Claim), *get_args(Method), *NOTES, *(one.name for one in fields(ItsSpec))])
def test_every_word_method_note_and_field_is_on_the_page(word):
    assert f"`{word}`" in PAGE


def test_the_example_runs_and_says_what_the_page_says():
    names = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.S)[1], names)

    assert names["answer"].verdict == "sustained"
    assert names["size"].spec.method == "ar1"
    assert set(names["size"].horizons) == {3, 6, 12}
