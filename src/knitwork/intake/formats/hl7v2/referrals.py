"""Referrals and their answers (REF and RRI I12 to I15) as requests."""

from __future__ import annotations

from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, entity, patient_of

EVENTS = frozenset({"I12", "I13", "I14", "I15"})
# RF1-1 (HL7 table 0283).
_STATES = {"A": "open", "P": "open", "R": "declined", "E": "lapsed"}


def tell(telling: Telling) -> bool:
    """Fill `landed_request`; say whether this event is read."""
    if telling.event not in EVENTS:
        return False
    rf1, part, said = telling.message.first("RF1"), telling.message.part, telling.said_us
    number = entity(telling.message, rf1, 6) or entity(telling.message, rf1, 11)
    if number is None:
        raise CannotTell("hl7_number_missing", "the referral has no number in RF1-6 or RF1-11")
    status = (part(rf1, 1) or "").upper()
    state = "cancelled" if telling.event == "I14" else _STATES.get(status)
    asked = None
    if telling.kind == "REF" and telling.event == "I12":
        asked = telling.us(rf1, 9) or telling.us(rf1, 7) or said
    telling.add("landed_request", {
        "request": f"referral/{number}", "patient": patient_of(telling), "kind": "referral", "code": part(rf1, 3),
        "priority": part(rf1, 2), "from_unit": _provider(telling, "RP"), "to_unit": _provider(telling, "RT"),
        "visit": telling.visit, "requested_us": asked, "accepted_us": said if status == "A" else None,
        "closed_us": said if state in ("cancelled", "declined", "lapsed") else None, "state": state, "said_us": said,
        "cancelled": False,
    })  # fmt: skip
    return True


def _provider(telling: Telling, role: str) -> str | None:
    """Return the place of who refers (RP) or is referred to (RT), from PRD-4."""
    message = telling.message
    for prd in message.each("PRD"):
        if role in [message.piece(text) for text in message.repetitions(prd, 1)]:
            return place_of(message, prd, 4).unit
    return None
