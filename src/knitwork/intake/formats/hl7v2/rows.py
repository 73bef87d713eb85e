"""From one message to landed rows: the parser that files, the listener and the store all call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knitwork.intake.formats.hl7v2 import adt, appointments, documents, orders, referrals
from knitwork.intake.formats.hl7v2.message import parse
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, telling_of

Row = dict[str, Any]
_KINDS = {
    "ADT": adt.tell, "SIU": appointments.tell, "REF": referrals.tell, "RRI": referrals.tell, "MDM": documents.tell,
    **dict.fromkeys(orders.ORDERS | orders.RESULTS, orders.tell),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says, as rows by landed table.

    Rows lack what a delivery adds: feed, delivery, row, extracted_us and came_us. `problem` is a sentence, with
    nothing of the patient in it, why the message cannot be understood: there are no rows then and it is to be parked;
    `rule` is its word in intake/quality.py. `ignored`: understood, but of a kind from which nothing is read.
    `type` is the kind of message and its event, such as ADT^A01; empty where MSH-9 holds something else.
    `ack_mode` is MSH-15 and MSH-16, both empty for the original mode. `sender` is MSH-3 and MSH-4 with a bar between.
    `digest` is the message's SHA-256 however it was framed. `notes` are sentences on what was decided on the way.
    """

    tables: dict[str, list[Row]] = field(default_factory=dict)
    control: str | None = None
    type: str = ""
    patient: str | None = None
    visit: str | None = None
    said_us: int | None = None
    ack_mode: tuple[str, str] = ("", "")
    problem: str | None = None
    rule: str | None = None
    ignored: bool = False
    digest: str = ""
    sender: str = ""
    zone_assumed: bool = False
    notes: tuple[str, ...] = ()


def rows_of(payload: bytes, *, zone: str | None = None, identifier: str | None = None) -> Said:
    """Return what a message says; `zone` and `identifier` are the profile's.

    Raises Unreadable, and nothing else whatever the bytes, where the message does not begin with MSH.
    """
    message = parse(payload)
    telling = telling_of(message, payload, zone=zone, identifier=identifier)
    if message.fault:
        return _said(telling, problem=message.fault, rule="hl7_damaged")
    if sum(line.startswith("MSH") for line in message.lines) > 1:
        return _said(telling, problem="it holds more than one message: have each sent by itself", rule="hl7_damaged")
    if not telling.kind or (not telling.event and telling.kind in ("ADT", "SIU", "MDM", "REF", "RRI")):
        return _said(telling, problem="MSH-9 does not say what kind of message it is", rule="hl7_kind_missing")
    if message.lied:
        telling.note("MSH-18 names another character set than the text is written in: the text was believed")
    if message.stray:
        telling.note("lines that are no segments were left out")
    try:
        known = telling.kind in _KINDS and _KINDS[telling.kind](telling)
    except CannotTell as fault:
        return _said(telling, problem=fault.sentence, rule=fault.rule)
    return _said(telling, ignored=not known)


def _said(telling: Telling, *, problem: str | None = None, rule: str | None = None, ignored: bool = False) -> Said:
    return Said(
        tables={} if problem or ignored else telling.tables,
        control=telling.control,
        type=f"{telling.kind}^{telling.event}" if telling.kind and telling.event else telling.kind,
        patient=telling.patient,
        visit=telling.visit,
        said_us=telling.said_us,
        ack_mode=telling.ack_mode,
        problem=problem,
        rule=rule,
        ignored=ignored,
        digest=telling.digest,
        sender=telling.sender,
        zone_assumed=telling.zone_assumed,
        notes=tuple(telling.notes),
    )
