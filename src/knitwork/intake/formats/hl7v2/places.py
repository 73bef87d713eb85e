"""Where a patient is, as HL7 v2 writes it: point of care, room, bed, facility (the data type PL)."""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.intake.formats.hl7v2.message import Fields, Message


@dataclass(frozen=True, slots=True)
class Place:
    """A unit and a bed in it, and the facility that both are in."""

    unit: str | None
    bed: str | None
    facility: str | None


NOWHERE = Place(None, None, None)


def place_of(message: Message, segment: Fields | None, number: int) -> Place:
    """Return the place in a field.

    The point of care is the unit; a place that has none, no room and no bed is its facility, as with a clinic. The
    bed is written room/bed, or either of them where the other is empty.
    """
    if segment is None or number >= len(segment) or not segment[number]:
        return NOWHERE
    unit = message.part(segment, number)
    room, bed, facility = (message.part(segment, number, component) for component in (2, 3, 4))
    where = f"{room}/{bed}" if room and bed else room or bed
    return Place(unit or (facility if where is None else None), where, facility)
