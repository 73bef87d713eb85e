"""What the types of a log mean: which objects are patients, visits, units, requests or people, which events are moves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from knitwork.intake.formats.csv.columns import NONE
from knitwork.intake.profile import Profile

# The earlier of several types that fit is taken.
WORDS: dict[str, tuple[str, ...]] = {
    "patient": ("patient", "person", "subject", "resident"),
    "visit": ("visit", "encounter", "admission", "spell", "episode"),
    "unit": ("unit", "ward", "department", "clinic", "location", "organisation", "organization"),
    "request": ("request", "order", "referral"),
    "staff": ("nurse", "doctor", "clinician", "physician", "practitioner", "employee", "staff", "resource"),
}
ENTER = ("enter", "entered", "arrive", "arrived", "arrival", "admit", "admitted", "admission", "in")
LEAVE = ("leave", "left", "depart", "departed", "departure", "discharge", "discharged", "exit", "out")
INTO, OUT_OF = (
    ("to", "into", "target", "enters", "enter", "destination"),
    ("from", "source", "leaves", "leave", "origin"),
)
# What becomes of a request, by the words of the events that touch it.
STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cancelled", ("cancel", "cancelled", "withdraw", "withdrawn")),
    ("accepted_us", ("accept", "accepted", "approve", "approved")),
    ("scheduled_us", ("schedule", "scheduled", "book", "booked")),
    ("reported_us", ("report", "reported", "result", "resulted")),
    ("read_us", ("read", "seen", "review", "reviewed")),
    ("closed_us", ("close", "closed")),
    ("started_us", ("start", "started", "begin", "collect", "collected")),
    ("done_us", ("complete", "completed", "done", "perform", "performed", "finish", "finished")),
    ("requested_us", ("request", "requested", "order", "ordered", "place", "placed", "create", "created", "refer", "referred")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roles:
    """The type of object that serves each role, where one does."""

    patient: str
    visit: str | None
    unit: str | None
    requests: tuple[str, ...]
    staff: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """Return the words of a name.

    >>> words_of("ServiceRequest_created")
    ['service', 'request', 'created']
    """
    return [w.casefold() for w in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", text)]


def find_roles(types: Iterable[str], profile: Profile) -> Roles | None:
    """Return what the types of objects mean, or None where none of them is a patient or a visit."""
    names = list(types)

    def fits(role: str) -> list[str]:
        given = getattr(profile, role, None)
        if given and given != NONE and given in names:
            return [given]
        return [name for word in WORDS[role] for name in names if word in [w.removesuffix("s") for w in words_of(name)]]

    taken: list[str] = []

    def first(role: str) -> str | None:
        found = next((name for name in fits(role) if name not in taken), None)
        if found:
            taken.append(found)
        return found

    patient, unit, visit = first("patient"), first("unit"), first("visit")
    if patient is None:
        patient, visit = visit, None
    if patient is None:
        return None
    requests = tuple(dict.fromkeys(name for name in fits("request") if name not in taken))
    staff = tuple(dict.fromkeys(name for name in fits("staff") if name not in (*taken, *requests)))
    return Roles(patient, visit, unit, requests, staff)


def move(event: str, qualifier: str) -> str:
    """Say whether an event begins or ends a stay in a unit, by the unit's qualifier, else by the event's words."""
    for words, starts, ends in ((words_of(qualifier), INTO, OUT_OF), (words_of(event), ENTER, LEAVE)):
        if set(words) & set(starts):
            return "start"
        if set(words) & set(ends):
            return "complete"
    return ""


def stage(event: str) -> str | None:
    """Return what an event does to a request, or None."""
    words = set(words_of(event))
    return next((column for column, said in STAGES if words & set(said)), None)
