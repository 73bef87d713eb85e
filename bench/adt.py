"""A minute of admissions, transfers and discharges, whose sum is known beforehand for every unit.

Each message moves one patient, and so adds one to what a unit's wall says: how many arrived today, or how many left. All
messages about a unit come from one sender, in order, so that the wall's number tells exactly which of them it holds.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

# How often what happens, in a hundred moves. A message that moves nobody could not be told on a wall, so there is none.
ADMISSIONS, TRANSFERS = 40, 35
# A patient stays at least so long: the times of messages are whole seconds.
STAYS_S = 3.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message: when it is due (seconds after the beginning), from which sender, and what the wall will say of it.

    `sign` is the unit and "arrived" or "left", `nth` the how many-eth of these since the beginning it is, from 1.
    """

    due_s: float
    sender: int
    event: str
    patient: str
    visit: str
    unit: str
    prior: str
    sign: tuple[str, str]
    nth: int


class Plan:
    """Draws messages one after the other; the same seed draws the same."""

    def __init__(self, units: Sequence[Sequence[str]], patients: Sequence[str], *, seed: int = 2008) -> None:
        """Give each sender the units it speaks of; `patients` are numbers that the lake knows, for half of the admissions."""
        self.units = units
        self.signs: Counter[tuple[str, str]] = Counter()
        self._chance = random.Random(seed)
        self._known: Iterator[str] = iter(patients)
        self._numbers = count(1)
        # who is in by the messages of each sender: patient, visit, where they were and where they are, since when
        self._inside: list[list[tuple[str, str, tuple[str, ...], float]]] = [[] for _ in units]

    def admit(self, due_s: float, sender: int, unit: str) -> Message:
        """Admit somebody: half of them are new, the others come again."""
        number = next(self._numbers)
        patient = next(self._known, f"N{number}") if number % 2 else f"N{number}"
        visit = f"LIVE-{number}"
        self._inside[sender].append((patient, visit, (unit,), due_s))
        return self._message(due_s, sender, "A01", patient, visit, unit, "")

    def move(self, due_s: float, sender: int) -> Message:
        """Draw what a sender says next."""
        ready = [one for one in self._inside[sender] if due_s - one[3] >= STAYS_S]
        drawn = self._chance.randrange(100)
        if drawn < ADMISSIONS or not ready:
            return self.admit(due_s, sender, self._chance.choice(self.units[sender]))
        one = self._chance.choice(ready)
        self._inside[sender].remove(one)
        patient, visit, path, _since = one
        # back to a unit where they were today would be the same stay again
        rest = [unit for unit in self.units[sender] if unit not in path]
        if drawn >= ADMISSIONS + TRANSFERS or not rest:
            return self._message(due_s, sender, "A03", patient, visit, path[-1], "")
        unit = self._chance.choice(rest)
        self._inside[sender].append((patient, visit, (*path, unit), due_s))
        return self._message(due_s, sender, "A02", patient, visit, unit, path[-1])

    def discharge(self, due_s: float, sender: int) -> Message:
        """Discharge whom this sender admitted first."""
        patient, visit, path, _since = self._inside[sender].pop(0)
        return self._message(due_s, sender, "A03", patient, visit, path[-1], "")

    def _message(
        self, due_s: float, sender: int, event: str, patient: str, visit: str, unit: str, prior: str
    ) -> Message:
        sign = (unit, "left" if event == "A03" else "arrived")
        self.signs[sign] += 1
        if prior:
            self.signs[prior, "left"] += 1
        return Message(due_s, sender, event, patient, visit, unit, prior, sign, self.signs[sign])


def payload(one: Message, control: str, at: dt.datetime) -> bytes:
    """Return the bytes of a message about a moment, of the size that such messages usually have."""
    moment = f"{at:%Y%m%d%H%M%S}+0000"
    pv1 = [""] * 45
    pv1[0], pv1[1], pv1[2], pv1[5], pv1[6] = "1", "I", place(one.unit), place(one.prior), "1042^GRAY^ALMA^^^DR"
    pv1[18], pv1[43] = one.visit, moment
    lines = [
        f"MSH|^~\\&|EHR|NORTH|KNITWORK|NORTH|{moment}||ADT^{one.event}|{control}|P|2.5.1||||||8859/1",
        f"EVN|{one.event}|{moment}|||OPER7|{moment}",
        f"PID|1||{one.patient}^^^NORTH^MR||SPECIMEN^SAM^^^^^L||19500101|U|||1 SAMPLE STREET^^SAMPLETOWN^^0000 AA^NLD^H"
        "||+31 20 0000000^PRN^PH|||||||||||||||||N",
        "NK1|1|SPECIMEN^KIM|SPO^SPOUSE^HL70063|1 SAMPLE STREET^^SAMPLETOWN^^0000 AA^NLD|+31 20 0000000",
        "PV1|" + "|".join(pv1).rstrip("|"),
        f"PV2|||^OBSERVATION AND CARE||||||{at:%Y%m%d}||3",
        "DG1|1||I50.9^HEART FAILURE, UNSPECIFIED^I10||" + f"{at:%Y%m%d}" + "|A",
    ]
    return ("\r".join(lines) + "\r").encode("latin-1")


def place(unit: str) -> str:
    return f"{unit}^{len(unit):02}^1^NORTH" if unit else ""
