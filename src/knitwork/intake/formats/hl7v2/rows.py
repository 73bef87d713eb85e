"""From one message to landed rows: the parser that files, the listener and the store all call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knitwork.intake.formats.hl7v2 import adt
from knitwork.intake.formats.hl7v2.message import Message, parse
from knitwork.intake.formats.hl7v2.telling import CannotTell, Telling, telling_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says, as rows by landed table.

    Rows lack what a delivery adds: feed, delivery, row, extracted_us and came_us. `problem` is a sentence, with
    nothing of the patient in it, why the message cannot be understood: there are no rows then and it is to be parked.
    `ignored`: understood, but of a kind from which nothing is read. `ack_mode` is MSH-15 and MSH-16, both empty for
    the original mode. `digest` is the message's SHA-256 however it was framed. `rule` is the problem's word in
    intake/quality.py. `notes` are sentences on what was decided on the way.
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
    notes: tuple[str, ...] = ()


def rows_of(payload: bytes, *, zone: str | None = None, identifier: str | None = None) -> Said:
    """Return what a message says; `zone` and `identifier` are the profile's.

    Raises Unreadable, and nothing else whatever the bytes, where the message does not begin with MSH.
    """
    message = parse(payload)
    telling = telling_of(message, payload, zone=zone, identifier=identifier)
    if message.fault:
        return _said(telling, problem=message.fault, rule="hl7_damaged")
    try:
        known = _tell(telling)
    except CannotTell as fault:
        return _said(telling, problem=fault.sentence, rule=fault.rule)
    return _said(telling, ignored=not known)


def _tell(telling: Telling) -> bool:
    """Fill the tables; say whether anything of this kind is read."""
    if telling.kind == "ADT":
        return adt.tell(telling)
    return False


def _said(telling: Telling, *, problem: str | None = None, rule: str | None = None, ignored: bool = False) -> Said:
    return Said(
        {} if problem else telling.tables,
        telling.control,
        f"{telling.kind}^{telling.event}" if telling.event else telling.kind,
        telling.patient,
        telling.visit,
        telling.said_us,
        telling.ack_mode,
        problem,
        rule,
        ignored,
        telling.digest,
        tuple(telling.notes),
    )


__all__ = ["Message", "Row", "Said", "rows_of"]
