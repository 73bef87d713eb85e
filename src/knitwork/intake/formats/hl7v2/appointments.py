"""Appointments (SIU S12 to S26) as requests."""

from __future__ import annotations

from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, entity, patient_of

# S17 deletes what was entered in error; S20 to S25 speak of single resources and of times without a patient.
EVENTS = frozenset({f"S{n}" for n in (12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 26)})
_STATES = {"S12": "open", "S13": "open", "S15": "cancelled", "S16": "cancelled", "S26": "no_show"}
# SCH-25 (HL7 table 0278) and words that are used for the same.
_BY_STATUS = {
    "COMPLETE": "done", "COMPLETED": "done", "FULFILLED": "done", "CANCELLED": "cancelled", "CANCELED": "cancelled",
    "DC": "cancelled", "DELETED": "cancelled", "NOSHOW": "no_show", "NO SHOW": "no_show", "NO-SHOW": "no_show",
    "BOOKED": "open", "PENDING": "open", "WAITLIST": "open", "OVERBOOK": "open", "ARRIVED": "open", "STARTED": "open",
    "CHECKED-IN": "open",
}  # fmt: skip
_BEGUN = frozenset({"ARRIVED", "STARTED", "CHECKED-IN"})
# Where a resource segment says when it is wanted.
_STARTS = {"AIS": 4, "AIL": 6, "AIG": 8, "AIP": 6}


def tell(telling: Telling) -> bool:
    """Fill `landed_request`; say whether this event is read."""
    if telling.event not in EVENTS:
        return False
    sch = telling.message.first("SCH")
    number = entity(telling.message, sch, 2) or entity(telling.message, sch, 1)
    if number is None:
        raise CannotTell("hl7_number_missing", "the appointment has no number in SCH-1 or SCH-2")
    patient = patient_of(telling)
    part, said = telling.message.part, telling.said_us
    status = (part(sch, 25) or "").upper()
    state = _STATES.get(telling.event)
    if state in (None, "open"):
        state = _BY_STATUS.get(status, state)
    telling.add("landed_request", {
        "request": f"appointment/{number}", "patient": patient, "kind": "appointment", "code": _code(telling, sch),
        "from_unit": place_of(telling.message, sch, 15).unit, "to_unit": _where(telling), "visit": telling.visit,
        "requested_us": said if telling.event == "S12" else None, "scheduled_us": _scheduled(telling, sch),
        "started_us": said if status in _BEGUN else None, "done_us": said if state == "done" else None,
        "closed_us": said if state in ("cancelled", "no_show") else None, "state": state, "said_us": said,
        "cancelled": telling.event == "S17",
    })  # fmt: skip
    return True


def _code(telling: Telling, sch: Fields | None) -> str | None:
    """Return what it is for: the service, the type of appointment, the reason."""
    part = telling.message.part
    return part(telling.message.first("AIS"), 3) or part(sch, 8) or part(sch, 7)


def _scheduled(telling: Telling, sch: Fields | None) -> int | None:
    """Return when it begins: by SCH-11, TQ1-7, else the earliest of its services, places and people."""
    told = telling.us(sch, 11, 4) or telling.us(telling.message.first("TQ1"), 7)
    if told is not None:
        return told
    starts = [telling.us(segment, _STARTS[segment[0]]) for segment in telling.message.each(*_STARTS)]
    return min((start for start in starts if start is not None), default=None)


def _where(telling: Telling) -> str | None:
    for ail in telling.message.each("AIL"):
        if (unit := place_of(telling.message, ail, 3).unit) is not None:
            return unit
    return None
