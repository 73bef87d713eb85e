"""Admissions, transfers and discharges (ADT): where a patient is, and which numbers are one person."""

from __future__ import annotations

from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, number_of
from knitwork.intake.formats.hl7v2.times import When

MOVES = frozenset({
    *(f"A{n:02}" for n in range(1, 18)), *(f"A{n}" for n in range(21, 29)), "A31", "A32", "A33", "A38", "A52", "A53",
    "A54", "A55", "A61", "A62",
}) - {"A24"}  # fmt: skip
_AT_LEAST_SLACK_US = 5 * 60_000_000


def tell(telling: Telling) -> bool:
    """Fill `landed_move` and `linked`; say whether anything of this event is read."""
    if telling.event not in MOVES:
        return False
    message = telling.message
    patient = None
    pid: Fields | None = None
    for segment in message.each("PID", "PV1"):
        if segment[0] == "PID":
            pid, patient = segment, number_of(message, segment, 3, telling.identifier)
    if patient is None:
        raise CannotTell("patient_empty", "PID-3 holds no number of the patient that counts here")
    _move(telling, patient, pid, message.first("PV1"))
    return True


def _move(telling: Telling, patient: str, pid: Fields | None, pv1: Fields | None) -> None:
    message, part = telling.message, telling.message.part
    evn, zbe = message.first("EVN"), message.first("ZBE")
    here, before, next_ = (place_of(message, pv1, number) for number in (3, 6, 42))
    at = _at(telling, evn, zbe, pv1)
    if at is None:
        raise CannotTell("at_unreadable", "it has no time: EVN-2, EVN-6 and MSH-7 are empty or not times")
    recorded = telling.us(evn, 2)
    historic = part(zbe, 5)
    telling.add("landed_move", {
        "message": telling.digest, "patient": patient, "visit": part(pv1, 19) or part(pid, 18),
        "event": telling.event, "at_us": at.us, "recorded_us": telling.said_us if recorded is None else recorded,
        "control": telling.control, "unit": here.unit, "bed": here.bed, "prior_unit": before.unit,
        "pending_unit": next_.unit, "class": part(pv1, 2), "service": part(pv1, 10), "attending": part(pv1, 7),
        "admit_us": telling.us(pv1, 44), "discharge_us": telling.us(pv1, 45), "disposition": part(pv1, 36),
        "movement": part(zbe, 1), "action": part(zbe, 4), "historic": None if historic is None else historic == "Y",
        "original": part(zbe, 6), "precision": at.landed_precision, "zone": telling.zone or "UTC",
        "zone_assumed": telling.zone_assumed, "flags": at.flags, "said_us": telling.said_us, "cancelled": False,
    })  # fmt: skip


def _at(telling: Telling, evn: Fields | None, zbe: Fields | None, pv1: Fields | None) -> When | None:
    """Return when the event happened: ZBE-2, EVN-6, the admission or discharge, EVN-2, MSH-7."""
    recorded = telling.when(evn, 2) or telling.when(telling.message.first("MSH"), 7)
    said = telling.when(zbe, 2) or telling.when(evn, 6)
    if said is not None:
        return said
    number = {"A01": 44, "A04": 44, "A03": 45}.get(telling.event)
    if number is None:
        return recorded
    told = telling.when(pv1, number)
    if told is None:
        return recorded
    if recorded is None:
        return told
    if not told.has_clock and abs(told.us - recorded.us) <= 36 * 3_600_000_000:
        return recorded
    return told if told.us <= recorded.us + _AT_LEAST_SLACK_US else recorded
