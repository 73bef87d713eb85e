"""Which column is which: the usual names of the columns that a file of stays or events needs.

Names are compared without regard to case, spaces, underscores and hyphens. Where two columns
of a file could be the same thing, the earlier name in the list wins and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knitwork.model.errors import CannotDo

ALIASES: dict[str, tuple[str, ...]] = {
    "patient": (
        "patient", "patient_id", "mrn", "subject_id", "person_id", "case_id",
        "case:concept:name", "case", "patient_nr", "patient_no", "patient_visit_nr",
    ),
    "unit": (
        "unit", "ward", "careunit", "curr_careunit", "department", "location", "organization", "org", "group",
        "unit_id", "unit_name", "care_unit", "dept",
    ),
    "start": (
        "start", "intime", "admit", "from", "arrival", "timestamp", "start_time", "start_ts", "in_time",
        "arrived", "admitted", "start_date", "admission", "start_timestamp",
    ),
    "end": (
        "end", "outtime", "discharge", "to", "departure", "stop", "end_time", "complete_ts", "complete", "out_time",
        "left", "discharged", "end_date", "complete_time", "complete_timestamp", "end_ts", "stop_time",
    ),
    "visit": ("visit", "visit_id", "hadm_id", "encounter_id", "csn"),
    "activity": ("activity", "handling", "task", "event", "concept:name"),
    "lifecycle": ("lifecycle", "registration_type", "lifecycle:transition", "event_lifecycle_state", "lifecycle_id"),
    "instance": ("handling_id", "activity_instance_id", "event_matching", "activity_instance", "concept:instance"),
    "time": ("time", "timestamp", "time:timestamp", "event_time"),
}  # fmt: skip

# Beside the names above, in a file of events only; never a person's column (employee, originator, nurse, doctor).
EVENT_UNIT = ("resource", "org:resource", "org:group", "org:role")

NEEDED_STAYS = ("patient", "unit", "start")


@dataclass(frozen=True, slots=True)
class Match:
    """Which header serves each role, and what had to be chosen."""

    roles: dict[str, str]
    notes: tuple[str, ...]


def plain(name: str) -> str:
    """Return a header without case, spaces, underscores and hyphens.

    >>> plain(" Patient-ID ")
    'patientid'
    """
    return re.sub(r"[\s_\-]+", "", name).casefold()


_PLAIN = {role: tuple(plain(alias) for alias in aliases) for role, aliases in ALIASES.items()}
_PLAIN_EVENT_UNIT = tuple(plain(alias) for alias in EVENT_UNIT)


def score(header: Sequence[str]) -> int:
    """Say how many roles a line would serve as a header: 0 for a line of data."""
    names = {plain(cell) for cell in header}
    return sum(1 for aliases in _PLAIN.values() if names.intersection(aliases))


def match(header: Sequence[str]) -> Match:
    """Find the columns by their names."""
    roles: dict[str, str] = {}
    notes: list[str] = []
    taken: set[str] = set()

    def choose(role: str, aliases: Sequence[str], *, quiet: bool = False) -> None:
        found = [cell for alias in aliases for cell in header if plain(cell) == alias and cell not in taken]
        if not found:
            return
        roles[role] = found[0]
        taken.add(found[0])
        others = [f"'{name}'" for name in dict.fromkeys(found[1:]) if name != found[0]]
        if others and not quiet:
            notes.append(f"the {role} was read from '{found[0]}', although {' and '.join(others)} could be it too")

    for role in ("patient", "visit", "activity", "lifecycle", "instance", "start", "end"):
        choose(role, _PLAIN[role], quiet=role in ("start", "end"))
    events = "activity" in roles
    if "start" not in roles:
        choose("start", _PLAIN["time"])
    choose("unit", _PLAIN["unit"] + (_PLAIN_EVENT_UNIT if events else ()))
    return Match(roles, tuple(notes))


def require(header: Sequence[str], roles: dict[str, str], *, name: str) -> None:
    """Refuse a file whose needed columns were not found, saying what was found and what would do."""
    missing = [role for role in NEEDED_STAYS if role not in roles]
    if "unit" in missing and "activity" in roles:
        missing.remove("unit")
    if not missing:
        return
    role = missing[0]
    shown = ", ".join(f"'{cell[:40]}'" for cell in header[:12]) + (" ..." if len(header) > 12 else "")
    raise CannotDo(
        f"{name}: no column for the {' and the '.join(missing)} was found among {shown}: "
        f"name the {role} column one of {', '.join(ALIASES[role])}, or say which it is with --map"
    )
