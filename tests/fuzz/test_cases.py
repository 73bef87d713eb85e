"""The cases are many, differ from each other, are the same for the same seed, and could give a patient away."""

from __future__ import annotations

from random import Random

import pytest
from fuzz.child import case_of
from fuzz.mutate import mutated
from fuzz.targets import TARGETS, Broken, spoken

from fuzz import __main__ as fuzz_main
from fuzz import seeds


def test_the_shares_of_the_targets_are_a_million_inputs():
    assert sum(fuzz_main.cases(name, 1_000_000) * one.records for name, one in TARGETS.items()) >= 1_000_000


def test_a_target_that_is_given_few_inputs_has_one_case_at_least():
    assert {fuzz_main.cases(name, 10) for name in TARGETS} >= {1}


@pytest.mark.parametrize("name", [name for name, one in TARGETS.items() if one.records == 1])
def test_a_case_is_the_same_whatever_came_before_it_and_differs_from_the_next(name):
    first = [case_of(name, 1, number) for number in range(40)]

    assert case_of(name, 1, 7) == first[7]
    assert len(set(first)) > 30
    assert case_of(name, 2, 7) != first[7]


@pytest.mark.parametrize("grammar", [seeds.hl7, seeds.csv, seeds.fhir, seeds.xes])
def test_what_stands_for_a_patient_is_in_the_inputs(grammar):
    cases = [mutated(grammar(), Random(number)) for number in range(60)]

    assert sum(any(secret.encode() in case for secret in seeds.SECRETS) for case in cases) > 20


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("two\nlines", "not one sentence"),
        ("", "not one sentence"),
        ("x" * 2_000, "a sentence of 2,000 characters"),
        ("no column was found among 'Quackenbush'", "tells of a patient"),
    ],
)
def test_a_sentence_that_nobody_should_read_is_a_fault(sentence, why):
    spoken(["the row has 2 columns and the header has 4"])

    with pytest.raises(Broken, match=why):
        spoken([sentence])
