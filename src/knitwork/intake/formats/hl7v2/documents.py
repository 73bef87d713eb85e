"""Documents (MDM T01 to T11) as messages: that they were sent, and of what kind. Their text is never read."""

from __future__ import annotations

import re

from knitwork.intake.formats.hl7v2.places import place_of
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, entity, patient_of

EVENTS = frozenset(f"T{n:02}" for n in range(1, 12))
# Those by which a document is first sent; the others change one that was.
_SENDS = frozenset({"T01", "T02", "T05", "T06", "T09", "T10"})
# TXA-2 (HL7 table 0270), and words in its name.
_BY_TYPE = {"DS": "discharge_summary", "TS": "transition_record", "CN": "consult_report"}
_WORDS = (
    ("discharge_summary", re.compile(r"\bdischarge\b.*\b(summary|letter|note|report)\b")),
    ("transition_record", re.compile(r"\b(transfer|transition|referral)\b.*\b(summary|record|letter|note)\b")),
    ("consult_report", re.compile(r"\bconsult")),
    ("med_rec", re.compile(r"\bmedication\b.*\breconciliation\b")),
    ("handoff", re.compile(r"\bhand-?(off|over)\b")),
)  # fmt: skip


def tell(telling: Telling) -> bool:
    """Fill `landed_message`; say whether this event is read."""
    if telling.event not in EVENTS:
        return False
    message, part = telling.message, telling.message.part
    txa = message.first("TXA")
    number = entity(message, txa, 12)
    if number is None:
        raise CannotTell("hl7_number_missing", "the document has no number in TXA-12")
    code = (part(txa, 2) or "").upper()
    name = (part(txa, 2, 2) or code).lower()[:200]
    kind = _BY_TYPE.get(code) or next((kind for kind, words in _WORDS if words.search(name)), "other")
    order = entity(message, txa, 14)
    evn = message.first("EVN")
    sent = telling.us(evn, 6) or telling.us(evn, 2) or telling.said_us
    telling.add("landed_message", {
        "message": f"document/{number}", "patient": patient_of(telling), "kind": kind,
        "from_unit": place_of(message, message.first("PV1"), 3).unit,
        "request": None if order is None else f"placer/{order}", "visit": telling.visit,
        "sent_us": sent if telling.event in _SENDS else None, "said_us": telling.said_us,
        "cancelled": telling.event == "T11",
    })  # fmt: skip
    return True
