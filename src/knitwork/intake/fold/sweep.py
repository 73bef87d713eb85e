"""Walk through what stands in the order in which it took effect, and say where the patient was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

from knitwork.intake.fold.known import ADMITS, NOTES, Fact
from knitwork.intake.fold.words import EndKind, FoldedDuty, FoldedEvent, FoldedStay, Parked, Waiting

COARSE = {"s": 0, "m": 1, "d": 2}


class Walk:
    """Where the patient is so far: the stay that is open, what is announced, who is accountable."""

    __slots__ = (
        "attending", "bed", "discharged", "duties", "events", "flags", "leave", "message", "parked", "precision",
        "seen", "service", "start", "stays", "unit", "waiting",
    )  # fmt: skip

    def __init__(self, parked: list[Parked], flags: set[str]) -> None:
        self.parked = parked
        self.flags = flags
        self.stays: list[FoldedStay] = []
        self.events: list[FoldedEvent] = []
        self.duties: list[FoldedDuty] = []
        self.waiting: dict[str, Waiting] = {}
        self.attending: tuple[str, int, str] | None = None
        self.service: tuple[str, int, str] | None = None
        self.unit: str | None = None  # of the open stay; empty while there is none
        self.bed: str | None = None
        self.start = 0
        self.message = ""
        self.precision = "s"
        self.leave = False
        self.discharged = False
        self.seen: list[Fact] = []  # notes that named a unit while no stay was open

    def park(self, fact: Fact, why: str) -> None:
        self.parked.append(Parked(fact.message, why))

    def tell(self, fact: Fact, at: int, type_: str, to_unit: str | None = None) -> None:
        self.events.append(FoldedEvent(type_, at, self.unit or fact.unit, fact.message, to_unit))

    def begin(self, fact: Fact, at: int, unit: str, *, leave: bool = False) -> None:
        self.unit, self.start, self.message, self.leave = unit, at, fact.message, leave
        self.precision = fact.precision or "s"
        self.bed = fact.bed if not leave else self.bed

    def end(self, at: int | None, kind: EndKind, fact: Fact | None = None) -> None:
        """End the open stay, if there is one."""
        if self.unit is None:
            return
        precision = self.precision
        if fact is not None and fact.precision and COARSE.get(fact.precision, 0) > COARSE.get(precision, 0):
            precision = fact.precision
        by = fact.message if fact is not None else None
        self.stays.append(
            FoldedStay(self.unit, self.start, at, kind, precision, self.leave, self.bed, self.message, by)
        )
        if at == self.start:
            self.flags.add("zero_length")
        self.unit = None

    def accountable(self, fact: Fact, at: int) -> None:
        """Note who is accountable from now on, where the message names another than before."""
        if fact.attending is not None and (self.attending is None or self.attending[0] != fact.attending):
            self._relieve("attending", self.attending, at)
            self.attending = (fact.attending, at, fact.message)
        if fact.service is not None and (self.service is None or self.service[0] != fact.service):
            self._relieve("service", self.service, at)
            self.service = (fact.service, at, fact.message)

    def _relieve(self, role: str, held: tuple[str, int, str] | None, at: int | None) -> None:
        if held is not None:
            self.duties.append(FoldedDuty(held[0], role, held[1], at, held[2]))

    def off_duty(self, at: int | None) -> None:
        self._relieve("attending", self.attending, at)
        self._relieve("service", self.service, at)
        self.attending = self.service = None

    def announce(self, fact: Fact, at: int, kind: str, from_unit: str | None, to_unit: str | None) -> None:
        """Wait for something; who waits already for the same unit keeps waiting since then."""
        held = self.waiting.get(kind)
        if held is None or (to_unit is not None and held.to_unit != to_unit):
            self.waiting[kind] = Waiting(kind, at, from_unit, to_unit, fact.message)

    def arrived(self) -> None:
        for kind in ("admission", "transfer", "arrival"):
            self.waiting.pop(kind, None)


def _place(walk: Walk, fact: Fact, at: int, unit: str | None) -> None:
    """Put the patient into `unit`; the same unit again changes the bed only."""
    if unit is None:
        if walk.unit is None:
            walk.park(fact, "no_unit")
        return
    if walk.unit == unit and not walk.leave:
        walk.bed = fact.bed or walk.bed
        if "transfer" in walk.waiting and walk.waiting["transfer"].to_unit == unit:
            del walk.waiting["transfer"]
        return
    told = fact.prior is None or fact.prior == walk.unit
    if walk.unit is not None:
        if not told:
            walk.flags.add("prior_mismatch")
        walk.end(at, "recorded" if told and fact.event != "A10" else "inferred", fact)
    elif not walk.stays and fact.event not in ADMITS:
        walk.flags.add("no_admission")
        if fact.prior is not None and fact.prior != unit:
            walk.events.append(FoldedEvent("depart", at, fact.prior, fact.message, unit))
    walk.begin(fact, at, unit)
    walk.arrived()


def _admit(walk: Walk, fact: Fact, at: int) -> None:
    walk.discharged = False
    _place(walk, fact, at, fact.unit)
    walk.waiting.pop("admission", None)
    walk.accountable(fact, at)
    walk.tell(fact, at, "arrive" if fact.event == "A04" else "admit")


def _transfer(walk: Walk, fact: Fact, at: int) -> None:
    unit = fact.unit
    if walk.discharged:
        walk.park(fact, "after_discharge")
        return
    if unit is None and fact.event == "A10" and "arrival" in walk.waiting:
        unit = walk.waiting["arrival"].to_unit
    if unit is not None or fact.event not in {"A06", "A07"}:
        _place(walk, fact, at, unit)
    walk.accountable(fact, at)
    if fact.event == "A10":
        walk.tell(fact, at, "arrive")
    elif fact.event in {"A06", "A07"}:
        walk.tell(fact, at, "class_change")


def _depart(walk: Walk, fact: Fact, at: int) -> None:
    if walk.discharged or walk.unit is None:
        walk.park(fact, "after_discharge" if walk.discharged else "no_stay")
        return
    if fact.unit is not None and walk.unit not in {fact.unit, fact.prior}:
        walk.park(fact, "unit_mismatch")
        return
    to_unit = fact.pending or (fact.unit if fact.unit != walk.unit else None)
    walk.tell(fact, at, "depart", to_unit)
    left = walk.unit
    walk.end(at, "recorded", fact)
    walk.waiting.pop("transfer", None)
    walk.announce(fact, at, "arrival", left, to_unit)


def _leave(walk: Walk, fact: Fact, at: int) -> None:
    if walk.discharged or walk.unit is None or walk.leave:
        walk.park(fact, "after_discharge" if walk.discharged else "no_stay" if walk.unit is None else "on_leave")
        return
    walk.tell(fact, at, "leave")
    unit = walk.unit
    walk.end(at, "recorded", fact)
    walk.begin(fact, at, unit, leave=True)


def _return(walk: Walk, fact: Fact, at: int) -> None:
    if walk.discharged or walk.unit is None or not walk.leave:
        walk.park(fact, "after_discharge" if walk.discharged else "no_stay" if walk.unit is None else "not_on_leave")
        return
    unit, bed = walk.unit, walk.bed
    walk.end(at, "recorded", fact)
    walk.begin(fact, at, fact.unit or unit)
    walk.bed = fact.bed or bed
    walk.tell(fact, at, "return")


def _discharge(walk: Walk, fact: Fact, at: int) -> None:
    if walk.unit is None and not (walk.stays and not walk.discharged):
        walk.park(fact, "before_admission")
        return
    walk.tell(fact, at, "discharge")
    walk.end(at, "recorded", fact)
    walk.off_duty(at)
    walk.waiting.clear()
    walk.discharged = True


def _gone(walk: Walk, fact: Fact) -> None:
    """Discharge at a time that nobody knows."""
    walk.end(None, "missing", fact)
    walk.off_duty(None)
    walk.waiting.clear()
    walk.discharged = True


def _ready(walk: Walk, fact: Fact, at: int) -> None:
    if walk.discharged:
        walk.park(fact, "after_discharge")
        return
    transfer = fact.event == "A15"
    walk.tell(fact, at, "ready_to_move" if transfer else "ready", fact.pending)
    walk.announce(fact, at, "transfer" if transfer else "discharge", walk.unit or fact.unit, fact.pending)


def _expect(walk: Walk, fact: Fact, at: int) -> None:
    to_unit = fact.pending or fact.unit
    walk.events.append(FoldedEvent("expected", at, to_unit, fact.message))
    if walk.unit is None:
        walk.announce(fact, at, "admission", fact.prior, to_unit)


def _note(walk: Walk, fact: Fact, at: int) -> None:
    if walk.discharged or not (walk.unit or walk.stays):
        if fact.unit is not None and not walk.stays:
            walk.seen.append(fact)
        return
    if walk.unit is not None and fact.unit is not None and fact.unit != walk.unit:
        walk.park(fact, "unit_mismatch")
    walk.bed = fact.bed if fact.unit == walk.unit and fact.bed else walk.bed
    walk.accountable(fact, at)


STEPS: dict[str, Callable[[Walk, Fact, int], None]] = {
    "A01": _admit, "A04": _admit,
    "A02": _transfer, "A17": _transfer, "A10": _transfer, "A06": _transfer, "A07": _transfer,
    "A03": _discharge, "A09": _depart, "A21": _leave, "A22": _return, "A15": _ready, "A16": _ready,
    "A05": _expect, "A14": _expect, **dict.fromkeys(NOTES, _note),
}  # fmt: skip


def walk_through(facts: list[Fact], parked: list[Parked], flags: set[str]) -> Walk:
    """Return where the patient was, from statements in the order of their effect."""
    walk = Walk(parked, flags)
    for fact in facts:
        step = STEPS.get(fact.event)
        if step is None:
            continue
        if fact.at is not None:
            step(walk, fact, fact.at)
        elif fact.event == "A03" and walk.unit is not None:
            _gone(walk, fact)
        else:
            walk.park(fact, "no_time")
    walk.end(None, "open")
    walk.off_duty(None)
    if not walk.stays:
        for fact in walk.seen:
            walk.park(fact, "no_movement")
    walk.stays = _in_turn(walk.stays)
    return walk


def _in_turn(stays: list[FoldedStay]) -> list[FoldedStay]:
    """Set stays of one instant a microsecond apart where nothing else would keep their order.

    All that reads stays orders them by start, end and unit: two of no length at one moment would be told by their names.
    """
    found: list[FoldedStay] = []
    for _, group in groupby(stays, key=_start):
        some = list(group)
        kept = len(some) == 1 or (sorted(some, key=_read_by) == some and len({s.unit for s in some}) == len(some))
        found += some if kept else [_moved(stay, place) for place, stay in enumerate(some)]
    return found


def _start(stay: FoldedStay) -> int:
    return stay.start_us


def _read_by(stay: FoldedStay) -> tuple[float, str]:
    return (float("inf") if stay.end_us is None else stay.end_us, stay.unit)


def _moved(stay: FoldedStay, by_us: int) -> FoldedStay:
    start_us = stay.start_us + by_us
    # Of no length still, so that the next begins after it; none ends before it starts.
    end_us = None if stay.end_us is None else max(stay.end_us, start_us)
    return replace(stay, start_us=start_us, end_us=end_us)
