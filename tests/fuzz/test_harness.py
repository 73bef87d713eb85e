"""A harness that cannot fail is worth nothing: it sees what is planted, says where, and goes on behind it."""

from __future__ import annotations

import re

import pytest
from fuzz.child import case_of
from fuzz.targets import TARGETS
from fuzz.watch import run

from fuzz import __main__ as fuzz_main
from tests.fuzz import planted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TARGETS, planted.NAME, planted.TARGET)
        keep = tmp_path_factory.mktemp("kept")
        yield run(planted.NAME, seed=1, cases=len(planted.CASES), keep=keep, child="tests.fuzz.planted")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("raises", r"KeyError at planted\.py:\d+: 'planted'"),
        ("two lines", "this is not one sentence"),
        ("tells of a patient", "a sentence tells of a patient"),
        ("grows", "memory grew by more than 384 MB"),
        ("ends", r"ended the process \(-6\)"),
        ("hangs", "took more than 1 s of the processor"),
    ],
)
def test_a_planted_fault_is_seen_and_its_case_is_kept(outcome, what, told):
    number = planted.CASES.index(what)
    found = [fault for fault in outcome.faults if fault.number == number]

    assert len(found) == 1
    assert re.search(told, found[0].what), found[0].what
    assert found[0].file.read_bytes() == case_of("planted", 1, number)


def test_every_case_is_read_whatever_happened_before_it(outcome):
    assert outcome.cases == len(planted.CASES)
    assert (outcome.taken, outcome.refused, len(outcome.faults)) == (3, 1, 6)
    assert outcome.grown_mb > 384


def test_the_table_names_what_was_found_and_sums_it(outcome):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TARGETS, planted.NAME, planted.TARGET)
        lines = fuzz_main.table([outcome, outcome]).splitlines()

    assert lines[2].startswith("| planted | what is planted | 10 | 10 | 3 | 1 | 6 |")
    assert lines[-1].startswith("| all | | 20 | 20 | 6 | 2 | 12 |")
