"""What a measure is, apart from how it is worded."""

from __future__ import annotations

from importlib import resources

import pytest

from knitwork.measures.definition import read_measure
from knitwork.model.errors import BadDefinition


def test_mending_a_sentence_leaves_the_identity_of_a_measure():
    text = (resources.files("knitwork.measures.catalogue") / "los_median.yaml").read_text("utf-8")
    one = read_measure(text, "los_median.yaml")

    reworded = read_measure(text.replace("why: ", "why: In other words, "), "los_median.yaml")
    redefined = read_measure(text.replace('== "recorded"', '== "inferred"'), "los_median.yaml")

    assert reworded.why != one.why
    assert reworded.identity == one.identity
    assert redefined.identity != one.identity


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "line 2, column 8: an alias (*) is not read here: write the value itself"),
        ("id: " + "[" * 200_000, "line 1, column 28: this is nested too deep"),
        ("id: a\x00b\n", "cannot be read: it holds signs that YAML does not allow"),
        ("id: \ud800\n", "cannot be read: it holds signs that YAML does not allow"),
        ("#" * 600_000, "more than 524,288 characters"),
    ],
)
def test_yaml_that_would_explode_is_refused_before_it_does(text, says):
    with pytest.raises(BadDefinition) as caught:
        read_measure(text, "m.yaml")

    assert says in str(caught.value)
