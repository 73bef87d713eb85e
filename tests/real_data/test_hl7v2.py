"""About a hundred messages of every kind that others made: each is read, left out by name, or refused with a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from knitwork.intake.formats import open_delivery
from knitwork.intake.formats.hl7v2.rows import rows_of

pytestmark = pytest.mark.real_data


@pytest.fixture
def files(shared):
    return sorted((shared / "data" / "hl7v2").glob("*.hl7"))


def kind_by_hand(path):
    """Return MSH-9 by splitting the first line, and nothing else of ours."""
    head = path.read_bytes().decode("latin-1").lstrip("\ufeff\r\n ").replace("\n", "\r").split("\r")[0]
    return "^".join(head.split("|")[8].split("^")[:2])


def test_every_file_is_known_for_what_it_is(files):
    assert len(files) > 90
    assert {open_delivery(path).name for path in files} == {"hl7v2"}


def test_every_message_is_taken_left_out_by_name_or_refused_with_a_reason(files):
    fate: dict[str, Counter[str]] = {}
    for path in files:
        said = rows_of(path.read_bytes())
        kind = kind_by_hand(path)
        assert said.type.split("^")[0] == kind.split("^")[0], path.name
        became = "refused" if said.problem else "left out" if said.ignored or not said.tables else "taken"
        fate.setdefault(kind.split("^")[0], Counter())[became] += 1
        if became == "refused":
            assert said.rule and said.problem

    by_hand = Counter(kind_by_hand(path).split("^")[0] for path in files)
    assert {kind: counted.total() for kind, counted in fate.items()} == dict(by_hand)
    assert all(counted["refused"] == 0 for counted in fate.values()), fate
    # Of ADT nobody needs A29 (a person deleted), A41 and A45 within one patient, A60 (allergies).
    assert fate["ADT"]["left out"] <= 9
    assert all(counted["left out"] == 0 for kind, counted in fate.items() if kind != "ADT"), fate


def test_every_admission_and_transfer_names_the_unit_that_stands_in_it(files):
    for path in files:
        said = rows_of(path.read_bytes())
        for move in said.tables.get("landed_move", ()):
            if move["unit"] is not None:
                assert move["unit"] in path.read_bytes().decode("latin-1"), path.name
