"""Admissions, transfers and discharges (ADT): where a patient is. `docs/reference/hl7v2.md` has the table of events."""

from __future__ import annotations

from knitwork.intake.fold import SAID
from knitwork.intake.formats.hl7v2 import facts, links
from knitwork.intake.formats.hl7v2.message import Fields
from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, number_of
from knitwork.intake.formats.hl7v2.times import When

# Take back what another said; its diagnoses are then no news.
CANCELS = frozenset({"A11", "A12", "A13", "A25", "A26", "A27", "A32", "A33", "A38", "A52", "A53", "A55", "A62"})
# Say something of a patient who need not be anywhere.
UPDATES = frozenset({"A08", "A28", "A31"})
MOVES = (
    CANCELS
    | UPDATES
    | {"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A09", "A10", "A14", "A15", "A16", "A17", "A21", "A22"}
    | {"A23", "A54", "A61"}
)
# The admission or discharge in PV1 that is the time of the event itself.
_OWN_TIME = {"A01": 44, "A04": 44, "A03": 45}
# A clock may run so much ahead; what lies farther after the recording was planned then.
_AHEAD_US = 5 * 60_000_000
_DAY_US = 86_400_000_000
# Those whose sender has looked at who the patient is.
_TELL_OF_LIFE = frozenset({"A01", "A04", "A05", "A08", "A28", "A31"})


def tell(telling: Telling) -> bool:
    """Fill the tables; say whether anything of this event is read."""
    if telling.event in links.EVENTS:
        return links.tell(telling)
    if telling.event not in MOVES:
        return False
    for number, (pid, pv1) in enumerate(_patients(telling)):
        patient = number_of(telling.message, pid, 3, telling.identifier)
        if patient is None:
            raise CannotTell("patient_empty", "PID-3 holds no number of the patient that counts here")
        if pv1 is None and telling.event not in UPDATES:
            raise CannotTell("hl7_segment_missing", "it has no PV1 segment, which says where the patient is")
        _move(telling, patient, pid, pv1, digest=telling.digest if not number else f"{telling.digest}/{number + 1}")
    return True


def event_time(telling: Telling, evn: Fields | None, zbe: Fields | None = None, pv1: Fields | None = None) -> When:
    """Return when the event happened: ZBE-2, EVN-6, the admission or discharge where it fits, EVN-2, MSH-7."""
    said = telling.when(zbe, 2) or telling.when(evn, 6)
    if said is not None:
        return said
    recorded = telling.when(evn, 2) or telling.when(telling.message.first("MSH"), 7)
    number = _OWN_TIME.get(telling.event)
    own = None if number is None else telling.when(pv1, number)
    if own is not None and (recorded is None or _fits(own, recorded)):
        return own
    if recorded is None:
        raise CannotTell("hl7_time_missing", "it has no time: EVN-2, EVN-6 and MSH-7 are empty or no times")
    return recorded


def _fits(own: When, recorded: When) -> bool:
    """Say whether an admission or discharge tells more of its time than the recording does.

    One that lies after the recording was planned; a mere day is less exact than a recording on that day.
    """
    if own.has_clock or not recorded.has_clock:
        return own.us <= recorded.us + _AHEAD_US
    return own.us + _DAY_US <= recorded.us


def _patients(telling: Telling) -> list[tuple[Fields | None, Fields | None]]:
    """Return PID and PV1: two of each where two patients change places (A17)."""
    message = telling.message
    if telling.event != "A17":
        return [(message.first("PID"), message.first("PV1"))]
    found: list[tuple[Fields | None, Fields | None]] = []
    for segment in message.each("PID", "PV1"):
        if segment[0] == "PID":
            found.append((segment, None))
        elif found:
            found[-1] = (found[-1][0], segment)
    return found or [(None, None)]


def _move(telling: Telling, patient: str, pid: Fields | None, pv1: Fields | None, *, digest: str) -> None:
    message, part = telling.message, telling.message.part
    evn, zbe = message.first("EVN"), message.first("ZBE")
    here = place_of(message, pv1, 3)
    at = event_time(telling, evn, zbe, pv1)
    recorded, admit = telling.us(evn, 2), telling.us(pv1, 44)
    visit, historic = part(pv1, 19) or part(pid, 18), part(zbe, 5)
    said_twice = SAID if telling.said_twice else 0
    telling.add("landed_move", {
        "message": digest, "patient": patient, "visit": visit, "event": telling.event,
        "at_us": at.us, "recorded_us": telling.said_us if recorded is None else recorded, "control": telling.control,
        "unit": here.unit or part(zbe, 7, 10) or part(zbe, 7), "bed": here.bed,
        "prior_unit": place_of(message, pv1, 6).unit, "pending_unit": place_of(message, pv1, 42).unit,
        "class": part(pv1, 2), "service": part(pv1, 10), "attending": part(pv1, 7), "admit_us": admit,
        "discharge_us": telling.us(pv1, 45), "disposition": part(pv1, 36), "movement": part(zbe, 1),
        "action": part(zbe, 4), "historic": None if historic is None else historic.upper() == "Y",
        "original": part(zbe, 6), "precision": at.landed_precision, "zone": telling.zone or "UTC",
        "zone_assumed": telling.zone_assumed, "flags": at.flags | said_twice, "said_us": telling.said_us, "cancelled": False,
    })  # fmt: skip
    if telling.event in _TELL_OF_LIFE:
        _life(telling, patient, pid)
    if telling.event not in CANCELS:
        facts.of_admission(telling, patient, visit=visit, unit=here.unit, at_us=at.us if admit is None else admit)


def _life(telling: Telling, patient: str, pid: Fields | None) -> None:
    """Add the days of birth (PID-7) and death (PID-29): nothing else happens before the one or after the other."""
    for type_, number in (("birth", 7), ("death", 29)):
        when = telling.when(pid, number)
        if when is not None:
            telling.add("landed_event", {
                "event": f"PID/{patient}/{type_}", "patient": patient, "at_us": when.us, "type": type_,
                "precision": when.landed_precision, "said_us": telling.said_us, "cancelled": False,
            })  # fmt: skip
