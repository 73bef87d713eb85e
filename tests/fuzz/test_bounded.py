"""A bounded part of `make fuzz`: the first cases of each target are read or refused in words, and in time."""

from __future__ import annotations

import time

import pytest
from fuzz.__main__ import cases
from fuzz.child import attempt, case_of
from fuzz.targets import TARGETS, Room
from fuzz.watch import run

# Some 5,500 inputs. Landing FHIR takes seconds whatever is in the file, and is left to the slow run.
QUICK = {
    "hl7-message": 2_000, "hl7-file": 2, "csv-header": 300, "csv-rows": 4, "fhir-document": 300, "xes-log": 300,
    "xes-events": 1, "yaml-profile": 500, "yaml-measure": 300,
}  # fmt: skip


@pytest.mark.parametrize(("name", "number"), QUICK.items())
def test_the_first_damaged_inputs_are_read_or_refused_in_words(name, number, tmp_path):
    target, room = TARGETS[name], Room(tmp_path)
    taken, slow = 0, []
    for case in range(number):
        began = time.process_time()
        taken += attempt(target, case_of(name, 1, case), room)
        if time.process_time() - began > target.limit_s:
            slow.append(case)

    # The first case opens what is opened once, such as the engine.
    assert [case for case in slow if case] == []
    assert taken > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_more_inputs_are_read_in_processes_of_their_own(name, tmp_path):
    """With the limits of `make fuzz` on time and memory, and another seed, so that it finds more than the quick run."""
    outcome = run(name, seed=2, cases=cases(name, 20_000), keep=tmp_path)

    assert [fault.what for fault in outcome.faults] == []
    assert outcome.cases == cases(name, 20_000)
