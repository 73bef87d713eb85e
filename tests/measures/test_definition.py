"""What a measure is, apart from how it is worded."""

from __future__ import annotations

from importlib import resources

from knitwork.measures.definition import read_measure


def test_mending_a_sentence_leaves_the_identity_of_a_measure():
    text = (resources.files("knitwork.measures.catalogue") / "los_median.yaml").read_text("utf-8")
    one = read_measure(text, "los_median.yaml")

    reworded = read_measure(text.replace("why: ", "why: In other words, "), "los_median.yaml")
    redefined = read_measure(text.replace('== "recorded"', '== "inferred"'), "los_median.yaml")

    assert reworded.why != one.why
    assert reworded.identity == one.identity
    assert redefined.identity != one.identity
