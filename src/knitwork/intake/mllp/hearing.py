"""What is read of a payload when it comes: enough to store it, to answer it, and to say why it is parked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.messages import Arrival
from knitwork.model.errors import Unreadable

NOT_HL7 = "it does not begin with MSH, so it is no HL7 v2 message"
DAMAGED = "hl7_damaged"


@dataclass(frozen=True, slots=True)
class Heard:
    """What to store of a payload, and the MSH-15 and MSH-16 of who waits for an answer."""

    arrival: Arrival
    mode: tuple[str, str] = ("", "")

    @property
    def is_answer(self) -> bool:
        """Say whether this is itself an acknowledgement: those are neither kept nor answered."""
        return self.arrival.type.split("^", maxsplit=1)[0] in ("ACK", "MCF")


def hear(feed: str, payload: bytes, came_us: int, *, zone: str | None = None, identifier: str | None = None) -> Heard:
    """Read a payload that came by a feed; whatever its bytes, something is returned that can be stored."""
    came = Arrival(feed, payload, came_us)
    try:
        said = rows_of(payload, zone=zone, identifier=identifier)
    except Unreadable:
        return Heard(replace(came, state="dead", reason=NOT_HL7, rule=DAMAGED))
    except Exception as problem:  # one bad message never stops a feed, not even by a fault of ours
        return Heard(unread(came, problem))
    arrival = replace(
        came,
        state="parked" if said.problem else "ignored" if said.ignored else "new",
        reason=said.problem or ("nothing is read from messages of this kind" if said.ignored else ""),
        type=said.type,
        patient=said.patient,
        visit=said.visit,
        said_us=said.said_us,
        sender=said.sender,
        control=said.control or "",
        rule=said.rule or "",
    )
    return Heard(arrival, said.ack_mode)


def unread(came: Arrival, problem: Exception) -> Arrival:
    """Return what is stored of a payload that a fault of ours kept from being read: its bytes, parked."""
    reason = f"it could not be read ({type(problem).__name__})"
    return Arrival(came.feed, came.payload, came.came_us, state="parked", reason=reason, rule=DAMAGED)
