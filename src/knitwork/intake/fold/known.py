"""Which statements of a visit stand: cancels find their targets, corrections take the place of what they correct.

Everything here goes by the order in which things were *said* (MSH-7, then MSH-10), never by the order of arrival.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from knitwork.intake.fold.hours import settled
from knitwork.intake.fold.words import Move, Parked

ADMITS = frozenset({"A01", "A04"})
# Begin a visit that was taken back anew.
OPENS = frozenset({"A01", "A04", "A05", "A14"})
# What each cancel takes back (HL7 v2.5.1 chapter 3.3). A11 takes back the whole visit, A13 an A03 or an A11.
CANCELS: dict[str, frozenset[str]] = {
    "A12": frozenset({"A02", "A17"}),
    "A25": frozenset({"A16"}),
    "A26": frozenset({"A15"}),
    "A27": frozenset({"A14"}),
    "A32": frozenset({"A10"}),
    "A33": frozenset({"A09"}),
    "A38": frozenset({"A05"}),
    "A52": frozenset({"A21"}),
    "A53": frozenset({"A22"}),
    "A55": frozenset({"A54"}),
}
TAKES_BACK = frozenset({*CANCELS, "A11", "A13"})
# Put a patient somewhere, take him away, or announce it.
MOVES = frozenset(
    {"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A09", "A10", "A14", "A15", "A16", "A17", "A21", "A22"}
)
# Say something about a patient who is somewhere, and move nobody.
NOTES = frozenset({"A08", "A31", "A54"})


class Fact:
    """One statement that stands, with all that later messages said of the same numbered movement.

    `place` is its rank in the order of saying, `at` when it took effect, `message` the latest that spoke of it.
    """

    __slots__ = (
        "at", "attending", "bed", "event", "message", "pending", "place", "precision", "prior", "service", "unit",
    )  # fmt: skip

    def __init__(self, move: Move, event: str, place: int) -> None:
        self.message = move.message
        self.event = event
        self.place = place
        self.at = effective(move, event)
        self.precision = move.precision
        self.unit = move.unit
        self.bed = move.bed
        self.prior = move.prior_unit
        self.pending = move.pending_unit
        self.attending = move.attending
        self.service = move.service

    def update(self, move: Move, event: str) -> None:
        """Take over what `move` says; what it leaves empty stays as it was."""
        self.message = move.message
        self.event = event
        at = _stated(move, event)
        if at is not None:
            self.at, self.precision = at, move.precision
        self.unit = move.unit or self.unit
        self.bed = move.bed or self.bed
        self.prior = move.prior_unit or self.prior
        self.pending = move.pending_unit or self.pending
        self.attending = move.attending or self.attending
        self.service = move.service or self.service


Cancel = tuple[int, Move]


def effective(move: Move, event: str) -> int | None:
    """Return when a message took effect: EVN-6 or ZBE-2, else PV1-44 or 45, else when it was recorded, else said."""
    at = _stated(move, event)
    if at is None:
        at = move.recorded_us if move.recorded_us is not None else move.said_us
    return at


def _stated(move: Move, event: str) -> int | None:
    if move.at_us is not None:
        return move.at_us
    if event in ADMITS:
        return move.admit_us
    return move.discharge_us if event == "A03" else None


def said(move: Move) -> tuple[int, int, str, str]:
    """Return the place of a message in the order of saying: MSH-7, then MSH-10 (9 before 10), then its hash."""
    when = move.said_us
    if when is None:
        when = effective(move, move.event) or 0
    control = move.control or ""
    return (when, len(control), control, move.message)


def in_order(moves: Iterable[Move]) -> list[Move]:
    """Return the different messages in the order in which they were said."""
    different: dict[str, Move] = {}
    for move in moves:
        known = different.setdefault(move.message, move)
        if known is not move and known != move:
            # One message, read in two ways (another profile): any fixed choice will do, but not the order of arrival.
            different[move.message] = min(known, move, key=repr)
    return sorted(settled(list(different.values())), key=said)


def standing(moves: list[Move], parked: list[Parked], flags: set[str]) -> list[Fact]:
    """Return what stands of messages in the order of saying, by the time of effect.

    Cancels without a target and statements of a void visit are added to `parked`. What has no time comes last.
    """
    facts, cancels = _numbered(moves, parked, flags)
    if cancels:
        facts, cancels = _unvoided(moves, facts, cancels, parked, flags)
    if cancels:
        facts = _uncancelled(moves, facts, cancels, parked, flags)
    facts.sort(key=_by_effect)
    return _corrected(facts, flags)


def _by_effect(fact: Fact) -> tuple[float, int]:
    return (float("inf") if fact.at is None else fact.at, fact.place)


def _numbered(moves: list[Move], parked: list[Parked], flags: set[str]) -> tuple[list[Fact], list[Cancel]]:
    """Return the statements, those about one numbered movement made one, and the cancels that name no movement."""
    facts: list[Fact] = []
    cancels: list[Cancel] = []
    numbered: dict[str, list[Cancel]] = {}
    for place, move in enumerate(moves):
        event = move.event
        back = event in TAKES_BACK or move.action == "CANCEL"
        by_number = back or event not in NOTES or move.action == "UPDATE"
        if move.movement is not None and event != "A11" and by_number:
            numbered.setdefault(move.movement, []).append((place, move))
        elif back:
            cancels.append((place, move))
        else:
            facts.append(Fact(move, event, place))
    for statements in numbered.values():
        fact = _movement(statements, parked, flags)
        if fact is not None:
            facts.append(fact)
    return facts, cancels


def _movement(statements: list[Cancel], parked: list[Parked], flags: set[str]) -> Fact | None:
    """Return what stands of a numbered movement: the latest holds, and of one instant the cancel does."""
    fact: Fact | None = None
    existed = False
    for back, place, move in _cancels_last(statements):
        if back:
            if existed:
                flags.add("cancelled")
            else:
                parked.append(Parked(move.message, "no_target"))
            fact = None
        elif fact is None or move.action != "UPDATE":
            original = move.original if move.action == "UPDATE" else None
            fact, existed = Fact(move, original or move.event, place), True
        else:
            event = move.original or (move.event if move.event in MOVES else fact.event)
            fact.update(move, event)
            flags.add("corrected")
    return fact


def _cancels_last(statements: list[Cancel]) -> list[tuple[bool, int, Move]]:
    told = [(m.event in TAKES_BACK or m.action == "CANCEL", place, m) for place, m in statements]
    if len(told) > 1:
        told.sort(key=lambda t: (said(t[2])[0], t[0], t[1]))
    return told


def _again(moves: list[Move], place: int, cancel: Move) -> int | None:
    """Return where a cancel that found nothing is read again: after all else of its instant; None where that was.

    Control numbers need not rise, so that within one instant a cancel may stand ahead of what it takes back.
    """
    if moves[place] is not cancel:
        return None
    when, end = said(cancel)[0], place
    while end + 1 < len(moves) and said(moves[end + 1])[0] == when:
        end += 1
    return end if end > place else None


def _unvoided(
    moves: list[Move], facts: list[Fact], cancels: list[Cancel], parked: list[Parked], flags: set[str]
) -> tuple[list[Fact], list[Cancel]]:
    """Apply A11 and A13: an A13 takes back the latest A03 or A11 before it that still stands."""
    back = [c for c in cancels if c[1].event in {"A11", "A13"}]
    if not back:
        return facts, cancels
    steps: list[tuple[int, Fact | Move]] = [(fact.place, fact) for fact in facts]
    steps += back
    steps.sort(key=_first)
    stack: list[tuple[int, Fact | Move]] = []  # each A03 and A11 that an A13 could take back
    void_from: list[int] = []  # the places of A11 that nothing has taken back
    since = [0]  # how many statements stand before the first of these, between each two, and after the last
    reopened: set[int] = set()
    for place, step in steps:  # which grows where a cancel is read again
        if isinstance(step, Fact):
            since[-1] += 1
            if step.event == "A03":
                stack.append((place, step))
            elif step.event in OPENS:
                stack = _open_again(stack, step)
        elif step.event == "A11" and since[-1]:
            void_from.append(place)
            since.append(0)
            stack.append((place, step))
        elif step.event == "A13" and stack:
            where, target = stack.pop()
            flags.add("reopened")
            if isinstance(target, Fact):
                reopened.add(where)
                since[-1] -= 1
            else:
                void_from.pop()
                since[-2:] = [since[-2] + since[-1]]
        elif (later := _again(moves, place, step)) is not None:
            insort(steps, (later, step), key=_first)
        else:
            parked.append(Parked(step.message, "no_target"))
    cancels = [c for c in cancels if c[1].event not in {"A11", "A13"}]
    facts = [fact for fact in facts if fact.place not in reopened]
    return _void(facts, cancels, void_from[-1], parked, flags) if void_from else (facts, cancels)


def _first(step: tuple[int, Fact | Move]) -> int:
    return step[0]


def _placed(cancel: Cancel) -> int:
    return cancel[0]


def _open_again(stack: list[tuple[int, Fact | Move]], opening: Fact) -> list[tuple[int, Fact | Move]]:
    """Return what may still be taken back after an admission: no A11 with what was before it, no earlier discharge."""
    left: list[tuple[int, Fact | Move]] = []
    for place, step in stack:
        if not isinstance(step, Fact):
            return []
        if not _before(step, opening):
            left.append((place, step))
    return left


def _before(discharge: Fact, opening: Fact) -> bool:
    """Say whether a patient was admitted anew after this discharge, so that it can no longer be taken back."""
    return discharge.at is not None and opening.at is not None and discharge.at <= opening.at


def _void(
    facts: list[Fact], cancels: list[Cancel], taken_back: int, parked: list[Parked], flags: set[str]
) -> tuple[list[Fact], list[Cancel]]:
    """Drop what was said up to the A11, and park what was said between it and the next admission."""
    flags.add("voided")
    begins = [f.place for f in facts if f.event in OPENS and f.place > taken_back]
    anew = min(begins, default=None)
    kept = [f for f in facts if anew is not None and f.place >= anew]
    for fact in facts:
        if fact.place > taken_back and (anew is None or fact.place < anew) and fact.event not in NOTES:
            parked.append(Parked(fact.message, "void"))
    return kept, [c for c in cancels if c[0] > taken_back]


def _uncancelled(
    moves: list[Move], facts: list[Fact], cancels: list[Cancel], parked: list[Parked], flags: set[str]
) -> list[Fact]:
    """Apply the cancels that name no movement: each takes back the latest of its kind said before it."""
    facts.sort(key=_by_place)
    kept: dict[str, list[Fact]] = {}
    told = iter(facts)
    fact = next(told, None)
    for place, cancel in cancels:  # which grows where a cancel is read again
        while fact is not None and fact.place <= place:
            kept.setdefault(fact.event, []).append(fact)
            fact = next(told, None)
        kinds = CANCELS.get(cancel.event) or {cancel.original or cancel.event}
        among = [kept[kind] for kind in kinds if kept.get(kind)]
        if among:
            max(among, key=_latest).pop()
            flags.add("cancelled")
        elif (later := _again(moves, place, cancel)) is not None:
            insort(cancels, (later, cancel), key=_placed)
        else:
            parked.append(Parked(cancel.message, "no_target"))
    rest = [] if fact is None else [fact, *told]
    return [f for several in kept.values() for f in several] + rest


def _latest(facts: list[Fact]) -> int:
    return facts[-1].place


def _corrected(facts: list[Fact], flags: set[str]) -> list[Fact]:
    """Keep the last said of admissions with no discharge between, and of discharges with no admission between.

    `facts` and the result are in the order of effect.
    """
    runs: list[list[Fact]] = []
    now: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.event == "A03":
            now.pop("A01", None)
            now.pop("A04", None)
        elif fact.event in ADMITS:
            now.pop("A03", None)
        else:
            continue
        run = now.get(fact.event)
        if run is None:
            now[fact.event] = [fact]
            continue
        run.append(fact)
        if len(run) == 2:
            runs.append(run)
    if not runs:
        return facts
    flags.add("corrected")
    gone: set[str] = set()
    for run in runs:
        run.sort(key=_by_place)
        last = run[-1]
        gone.update(fact.message for fact in run[:-1])
        if last.event != "A03":
            last.place = run[0].place  # so that it stays ahead of what happened in the same minute
        for fact in reversed(run):
            last.unit = last.unit or fact.unit
    kept = [fact for fact in facts if fact.message not in gone]
    kept.sort(key=_by_effect)
    return kept


def _by_place(fact: Fact) -> int:
    return fact.place
