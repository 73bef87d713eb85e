"""The fold beside a slow one that was written from the rules in another way."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from knitwork.intake.fold import Folded, Move, fold_visit
from tests.intake.adt import soup
from tests.intake.slow_fold import slow_fold


def plain(folded: Folded) -> dict[str, Any]:
    return {
        "stays": [
            (s.unit, s.start_us, s.end_us, s.end_kind, s.leave, s.precision, s.message, s.end_message)
            for s in folded.stays
        ],
        "events": [tuple(e) for e in folded.events],
        "duties": sorted((tuple(d) for d in folded.duties), key=repr),
        "parked": [tuple(p) for p in folded.parked],
        "waiting": [tuple(w) for w in folded.waiting],
    }


def compare(moves: list[Move]) -> None:
    slow = slow_fold(moves)
    slow["duties"].sort(key=repr)

    assert plain(fold_visit(moves)) == slow


@pytest.mark.parametrize("seed", range(20))
def test_fast_and_slow_agree_on_messages_that_make_no_sense(seed):
    random = Random(seed)
    for _ in range(200):
        compare(soup(random))
