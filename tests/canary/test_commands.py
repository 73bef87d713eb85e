"""No command that a log may keep says who a patient is: of every format, read well or refused."""

from __future__ import annotations

import re

import pytest

from tests.canary.conftest import HEADLESS
from tests.canary.words import PATIENT, leaks

pytestmark = pytest.mark.slow

# These are asked for a patient's rows, and answer the person who asked: their output is no log.
ASKED_FOR_PATIENTS = ("stays", "journeys")
# Files of the home that are read by people and programs beside the records themselves.
PLAIN = (".toml", ".yaml", ".yml", ".json", ".log", ".txt", ".lock")


def test_the_files_were_read_so_that_silence_means_something(said):
    whole = said.done[next(iter(said.done))]
    taken = re.findall(r"^(\S+): \d[\d,]* (?:rows?|patient links?) taken", whole.out, re.M)

    assert set(taken) >= {one.name for one in said.feeds if not one.bad}
    assert len(re.findall(r" rejected", whole.out)) > 20
    assert sum(done.status == 1 for name, done in said.done.items() if name.startswith("load")) >= 8


def test_no_command_says_who_a_patient_is(said):
    found = {name: leaks(done.out + done.err) for name, done in said.done.items()}

    assert {name: some for name, some in found.items() if some} == {}


def test_no_sentence_on_a_missing_header_quotes_the_first_patient(said):
    found = [leaks(done.out + done.err) for name, done in said.done.items() if HEADLESS in name]

    assert found == [[], []]


def test_no_command_fell_over(said):
    assert [name for name, done in said.done.items() if "Traceback" in done.err or "fault of its own" in done.err] == []


def test_no_file_of_the_home_is_called_after_a_patient_and_no_settings_hold_one(said):
    found = {}
    for path in said.home.rglob("*"):
        name = str(path.relative_to(said.home))
        some = leaks(name)
        if path.is_file() and path.suffix in PLAIN:
            some += leaks(path.read_bytes())
        if some:
            found[name] = some

    assert found == {}
    assert any(path.suffix == ".yaml" for path in said.home.rglob("*"))


def test_what_a_person_asks_for_is_answered(said, knitwork):
    """The other side: these commands do show patients, so the search can find one in what commands say."""
    for name in ASKED_FOR_PATIENTS:
        done = knitwork(name, "--home", said.home)

        assert done.status == 0
        assert any(leak.word.startswith(PATIENT) for leak in leaks(done.out)), name


def test_what_was_set_aside_is_told_without_the_name_and_number_of_the_patient(said, knitwork):
    """A date that stands where a time should is shown to whoever asks for the row: it is what is wrong with it."""
    done = knitwork("rejects", "--home", said.home)

    assert done.status == 0
    assert done.out.strip()
    assert [leak for leak in leaks(done.out) if leak.kind != "birth date"] == []
