"""What goes into the fold and what comes out: messages, stays, events, duties, and what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

EndKind = Literal["recorded", "open", "missing", "inferred"]


@dataclass(frozen=True, slots=True)
class Move:
    """What one message says of a patient's whereabouts: a row of `landed_move` (columns in `intake/landing.py`)."""

    message: str
    patient: str
    visit: str | None
    event: str
    at_us: int | None = None
    said_us: int | None = None
    recorded_us: int | None = None
    control: str | None = None
    unit: str | None = None
    bed: str | None = None
    prior_unit: str | None = None
    pending_unit: str | None = None
    class_: str | None = None
    service: str | None = None
    attending: str | None = None
    admit_us: int | None = None
    discharge_us: int | None = None
    disposition: str | None = None
    movement: str | None = None
    action: str | None = None
    historic: bool | None = None
    original: str | None = None
    precision: str | None = None
    flags: int | None = None
    feed: str | None = None
    delivery: str | None = None
    row: int | None = None
    came_us: int | None = None


@dataclass(frozen=True, slots=True)
class FoldedStay:
    """One patient in one unit; `message` began it and `end_message` ended it.

    With `leave` the patient was away with leave, and the unit kept the place: no hand-off lies on either side.
    """

    unit: str
    start_us: int
    end_us: int | None
    end_kind: EndKind
    precision: str
    leave: bool
    bed: str | None
    message: str
    end_message: str | None = None


class FoldedEvent(NamedTuple):
    """Something that happened at a moment: arrive, admit, ready_to_move, ready, depart, leave, return ..."""

    type: str
    at_us: int
    unit: str | None
    message: str
    to_unit: str | None = None


class FoldedDuty(NamedTuple):
    """Who (role attending) or which service was accountable, and from when until when."""

    staff: str
    role: str
    start_us: int
    end_us: int | None
    message: str


class Parked(NamedTuple):
    """A message that did not do what it says, and the word for why (see WHY)."""

    message: str
    why: str


class TakenBack(NamedTuple):
    """A stay that stood until `message` was said, and why it no longer does: cancelled or corrected."""

    stay: FoldedStay
    message: str
    why: str


class Waiting(NamedTuple):
    """What is announced and has not happened: an admission, a transfer, a discharge, or an arrival after leaving."""

    kind: str
    since_us: int
    from_unit: str | None
    to_unit: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What the messages of one visit come to."""

    stays: tuple[FoldedStay, ...] = ()
    events: tuple[FoldedEvent, ...] = ()
    duties: tuple[FoldedDuty, ...] = ()
    parked: tuple[Parked, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    flags: tuple[str, ...] = ()


# Why a message is parked, in words for people.
WHY: dict[str, str] = {
    "no_target": "takes back something that no message has said yet",
    "void": "was said after the visit was taken back and before it began again",
    "no_time": "has no time at all",
    "no_unit": "names no unit",
    "no_stay": "speaks of a stay that no message has begun",
    "no_movement": "names a unit, but no message says that the patient came there",
    "before_admission": "has a discharge before the admission",
    "after_discharge": "moves a patient who is discharged",
    "on_leave": "starts a leave that has begun already",
    "not_on_leave": "ends a leave that no message has begun",
    "unit_mismatch": "names another unit than the one the patient was moved to",
}
