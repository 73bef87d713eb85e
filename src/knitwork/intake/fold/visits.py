"""The fold itself: from the set of a visit's messages to its stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from knitwork.intake.fold.known import OPENS, in_order, standing
from knitwork.intake.fold.sweep import walk_through
from knitwork.intake.fold.words import Folded, Move, Parked


def visits_of(
    moves: Iterable[Move], *, person: Mapping[str, str] | None = None
) -> dict[tuple[str, str | None], list[Move]]:
    """Group messages by person and visit; `person` names, for numbers that were given up, whose they are.

    Messages without a number of a visit stand together under the person and None; `fold_visit` parts them.
    """
    found: dict[tuple[str, str | None], list[Move]] = {}
    for move in moves:
        who = move.patient if person is None else person.get(move.patient, move.patient)
        found.setdefault((who, move.visit), []).append(move)
    return found


def fold_visit(moves: Iterable[Move]) -> Folded:
    """Return what the messages of one visit come to: the same for the same set, in any order, however often repeated.

    Fold fewer messages to see what was known then. Messages without a number of a visit are all those of one patient.
    """
    ordered = in_order(moves)
    if not ordered:
        return Folded()
    if ordered[0].visit is not None:
        return _fold(ordered)
    parts = [_fold(chain) for chain in _chains(ordered)]
    return Folded(
        tuple(stay for part in parts for stay in part.stays),
        tuple(event for part in parts for event in part.events),
        tuple(duty for part in parts for duty in part.duties),
        tuple(parked for part in parts for parked in part.parked),
        tuple(waiting for part in parts for waiting in part.waiting),
        tuple(sorted({flag for part in parts for flag in part.flags})),
    )


def _chains(ordered: list[Move]) -> list[list[Move]]:
    """Part messages without a visit's number: an admission said after a discharge begins another visit."""
    chains: list[list[Move]] = [[]]
    discharged = False
    for move in ordered:
        if discharged and move.event in OPENS:
            chains.append([])
            discharged = False
        elif move.event in {"A03", "A13"}:
            discharged = move.event == "A03"
        chains[-1].append(move)
    return chains


def _fold(ordered: list[Move]) -> Folded:
    parked: list[Parked] = []
    flags: set[str] = set()
    walk = walk_through(standing(ordered, parked, flags), parked, flags)
    parked.sort()
    return Folded(
        tuple(walk.stays),
        tuple(walk.events),
        tuple(walk.duties),
        tuple(parked),
        tuple(walk.waiting[kind] for kind in sorted(walk.waiting)),
        tuple(sorted(flags)),
    )
