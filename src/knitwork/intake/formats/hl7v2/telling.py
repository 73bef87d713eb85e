"""What is read of every message alike: kind, times, patient and visit; and the rows that are being made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from knitwork.intake.formats.hl7v2.message import Fields, Message, digest
from knitwork.intake.formats.hl7v2.times import When, offset_of, read_time
from knitwork.model.tables import FLAGS

# HL7 tables 0076 and 0003, with the messages and events of a site's own, which begin with Z.
_KIND, _EVENT = re.compile(r"[A-Z]{3}"), re.compile(r"[A-Z]\d\d|Z[A-Z0-9]{2}")


class CannotTell(Exception):
    """Why a message cannot be understood: a sentence without anything of the patient, and the word of its rule."""

    def __init__(self, rule: str, sentence: str) -> None:
        """Keep both."""
        super().__init__(sentence)
        self.rule = rule
        self.sentence = sentence


@dataclass(slots=True)
class Telling:
    """A message while it is read. `zone_assumed`: one of its times had no offset, and nobody named a zone."""

    message: Message
    digest: str
    kind: str
    event: str
    control: str | None
    ack_mode: tuple[str, str]
    sender: str
    zone: str | None
    identifier: str | None
    offset_s: int | None = None
    said_us: int | None = None
    said_twice: bool = False  # in the hour that autumn repeats, and nothing says in which half
    patient: str | None = None
    visit: str | None = None
    zone_assumed: bool = False
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def when(self, segment: Fields | None, number: int, component: int = 1) -> When | None:
        """Return the moment in a field; one less exact than a day is none, and that is noted."""
        text = self.message.part(segment, number, component)
        if text is None or segment is None:
            return None
        moment = read_time(text, self.offset_s, self.zone)
        if moment is None or not moment.to_the_day:
            self.note(f"{segment[0]}-{number} is not a time to the day or better: left out")
            return None
        if moment.assumed:
            self.zone_assumed = True
        return moment

    def us(self, segment: Fields | None, number: int, component: int = 1) -> int | None:
        """Return the microsecond in a field."""
        moment = self.when(segment, number, component)
        return None if moment is None else moment.us

    def add(self, table: str, row: dict[str, Any]) -> None:
        """Add a row."""
        self.tables.setdefault(table, []).append(row)

    def note(self, sentence: str) -> None:
        """Keep a sentence once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def telling_of(message: Message, payload: bytes, *, zone: str | None, identifier: str | None) -> Telling:
    """Read what MSH says of a message, and its patient and visit."""
    head, part = message.first("MSH"), message.part
    kind, event = _code(part(head, 9), _KIND), part(head, 9, 2)
    evn = message.first("EVN")
    telling = Telling(
        message, digest(payload), kind, _code(event or part(evn, 1), _EVENT), part(head, 10),
        ((part(head, 15) or "").upper(), (part(head, 16) or "").upper()),
        f"{part(head, 3) or ''}|{part(head, 4) or ''}", zone, identifier,
    )  # fmt: skip
    telling.offset_s = offset_of(part(head, 7) or "")
    said = telling.when(head, 7) or telling.when(evn, 2)
    if said is not None:
        telling.said_us, telling.said_twice = said.us, said.flags & FLAGS["dst_fold_start"] > 0
    pid, pv1 = message.first("PID"), message.first("PV1")
    telling.patient = number_of(message, pid, 3, identifier)
    telling.visit = part(pv1, 19) or part(pid, 18)
    return telling


def _code(text: str | None, form: re.Pattern[str]) -> str:
    """Return a code in capitals; nothing where the text has not the form of one.

    Where the fields of a message have shifted, a name may stand here, and kinds and events are shown to everybody.
    """
    found = (text or "").upper()
    return found if form.fullmatch(found) else ""


def patient_of(telling: Telling) -> str:
    """Return the patient's number, or say that there is none."""
    if telling.patient is None:
        raise CannotTell("patient_empty", "PID-3 holds no number of the patient that counts here")
    return telling.patient


def entity(message: Message, segment: Fields | None, number: int) -> str | None:
    """Return a number with whose it is, as in 845439^GHH OE; the universal id stands in where there is no other."""
    own, space, universal = (message.part(segment, number, component) for component in (1, 2, 3))
    if own is None:
        return universal
    return f"{own}^{space or universal}" if space or universal else own


def number_of(message: Message, segment: Fields | None, field_number: int, identifier: str | None) -> str | None:
    """Return the one of a patient's numbers that counts: of the wanted type or assigner, else MR, else the first.

    Where a type or an assigner is wanted, a number that names neither counts only when it stands alone.
    """
    numbers = [text for text in message.repetitions(segment, field_number) if message.piece(text)]
    if not numbers:
        return None
    wanted = (identifier or "MR").upper()
    for text in numbers:
        names = [message.piece(text, 5), message.piece(text, 4), message.piece(text, 4, 2)]
        if wanted in [name.upper() for name in names[: 3 if identifier else 1] if name]:
            return message.piece(text)
    if identifier and not (len(numbers) == 1 and not message.piece(numbers[0], 5) and not message.piece(numbers[0], 4)):
        return None
    return message.piece(numbers[0])
