"""The fold itself: from the set of a visit's messages to its stays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from knitwork.intake.fold.known import ADMITS, OPENS, TAKES_BACK, effective, in_order, standing
from knitwork.intake.fold.sweep import walk_through
from knitwork.intake.fold.words import Folded, FoldedStay, Move, Parked, TakenBack

# So many messages are folded to tell what was taken back in one visit, the latest that takes back first: a visit of some
# hundred messages is told whole, and a test patient of ten thousand holds nobody up.
_MOST_FOLDED = 1_000_000
# A visit with none of these never had a stay that it has no longer.
_RESTATED = frozenset({"cancelled", "corrected", "voided"})


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
    """Part messages without a visit's number: an admission after a discharge begins another visit.

    What is said late of an earlier visit goes to it by the time of its effect.
    """
    chains: list[list[Move]] = [[]]
    begun: list[float] = [float("-inf")]
    left: int | None = None  # when the patient was discharged from the last visit
    for move in ordered:
        at = effective(move, move.event)
        if at is None:
            chains[-1].append(move)
            continue
        if left is not None and move.event in OPENS and at >= left:
            chains.append([])
            begun.append(at)
            left = None
        where = bisect_right(begun, at) - 1
        chains[where].append(move)
        if where == len(chains) - 1 and move.event in {"A03", "A13"}:
            left = at if move.event == "A03" else None
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


def taken_back(moves: Iterable[Move]) -> list[TakenBack]:
    """Return the stays that stood until a later message took them back, by the order of saying.

    For each message that may take something back: the stays before it that are gone with it, and are not there in the
    end. Folds a visit twice for each of these, the latest first and in bounded time, so ask only where `fold_visit`
    says that something was restated.
    """
    ordered = in_order(moves)
    if not ordered:
        return []
    chains = [ordered] if ordered[0].visit is not None else _chains(ordered)
    return [back for chain in chains for back in _taken_back(chain)]


def restated(folded: Folded) -> bool:
    """Say whether a visit may have had stays that it has no longer."""
    return not _RESTATED.isdisjoint(folded.flags)


def _taken_back(ordered: list[Move]) -> list[TakenBack]:
    folded = _fold(ordered)
    if not restated(folded):
        return []
    now = _places(folded.stays)
    found: dict[tuple[str, int], TakenBack] = {}
    left = _MOST_FOLDED
    for number, back in reversed(_may_take_back(ordered)):
        left -= 2 * number + 1
        if left < 0:
            break
        then = now | _places(_fold(ordered[: number + 1]).stays)
        for stay in _fold(ordered[:number]).stays:
            if (stay.unit, stay.start_us) not in then:
                why = "cancelled" if back else "corrected"
                found.setdefault((stay.unit, stay.start_us), TakenBack(stay, ordered[number].message, why))
    return list(found.values())


def _may_take_back(ordered: list[Move]) -> list[tuple[int, bool]]:
    """Return the places of messages that may take a stay back, and of each whether it cancels or corrects."""
    found: list[tuple[int, bool]] = []
    admitted = False
    for number, move in enumerate(ordered):
        back = move.event in TAKES_BACK or move.action == "CANCEL"
        if back or move.action == "UPDATE" or (move.event in ADMITS and admitted):
            found.append((number, back))
        admitted = admitted or move.event in ADMITS
    return found


def _places(stays: Iterable[FoldedStay]) -> set[tuple[str, int]]:
    return {(stay.unit, stay.start_us) for stay in stays}
