"""Which column is which: the usual names of the columns that a file of stays or events needs.

Names are compared without regard to case, spaces, underscores and hyphens. Where two columns
of a file could be the same thing, the earlier name in the list wins and that is said.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knitwork.intake.formats.csv.showing import looks_like_names
from knitwork.model.errors import CannotDo
from knitwork.model.quoting import one_line

if TYPE_CHECKING:
    from knitwork.intake.profile import Profile

LINK_COLUMNS = ("patient", "merged_into", "at", "kind")
COLUMNS = ("patient", "unit", "start", "end", "visit", "activity", "lifecycle", "instance", "clock")

ALIASES: dict[str, tuple[str, ...]] = {
    "patient": (
        "patient", "patient_id", "mrn", "subject_id", "person_id", "case_id",
        "case:concept:name", "case", "patient_nr", "patient_no", "patient_visit_nr",
    ),
    "unit": (
        "unit", "ward", "careunit", "curr_careunit", "department", "location", "organization", "org", "group",
        "unit_id", "unit_name", "care_unit", "dept", "clinic", "practice",
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
    "date": ("date", "appointment", "appointment_date", "visit_date"),
}  # fmt: skip

# A start in two columns, the day and the time of day: an appointment list has no other.
DAY_AND_CLOCK = (
    ("date", "time"), ("appointment_date", "appointment_time"), ("visit_date", "visit_time"), ("start_date", "start_time"),
    ("arrival_date", "arrival_time"), ("admission_date", "admission_time"),
)  # fmt: skip

# A file of patient links: the number that is given up, the one that stays, when, and whether it was undone.
LINK_ALIASES: dict[str, tuple[str, ...]] = {
    "patient": (
        "old_mrn", "old_patient_id", "prior_mrn", "prior_patient_id", "retired_mrn", "retired_id", "merged_mrn",
        "source_patient_id", "merged_from",
    ),
    "merged_into": (
        "merged_into", "into", "survivor", "surviving_mrn", "surviving_patient_id", "surviving_id", "survivor_id",
        "merged_with", "new_mrn", "new_patient_id", "target_patient_id",
    ),
    "at": ("at", "merged_at", "merged_on", "merge_time", "merge_date", "time", "timestamp", "event_time", "date"),
    "kind": ("kind", "action", "type", "event", "event_type"),
}  # fmt: skip

# Beside the names above, in a file of events only; never a person's column (employee, originator, nurse, doctor).
EVENT_UNIT = ("org:group", "resource", "org:resource", "org:role")

# What a profile writes for "this file has no such column, whatever a header may suggest".
NONE = "-"


@dataclass(frozen=True, slots=True)
class Match:
    """Which header serves each role and where it stands, and what had to be chosen."""

    roles: dict[str, str]
    places: dict[str, int]
    notes: tuple[str, ...]


def plain(name: str) -> str:
    """Return a header without case, spaces, underscores and hyphens.

    >>> plain(" Patient-ID ")
    'patientid'
    """
    return re.sub(r"[\s_\-]+", "", name).casefold()


_PLAIN = {role: tuple(plain(alias) for alias in aliases) for role, aliases in ALIASES.items()}
_PLAIN_LINK = {role: tuple(plain(alias) for alias in aliases) for role, aliases in LINK_ALIASES.items()}
_PLAIN_EVENT_UNIT = tuple(plain(alias) for alias in EVENT_UNIT)


def score(header: Sequence[str]) -> int:
    """Say how many roles a line would serve as a header: 0 for a line of data."""
    names = {plain(cell) for cell in header}
    stays = sum(1 for aliases in _PLAIN.values() if names.intersection(aliases))
    if not names.intersection(_PLAIN_LINK["merged_into"] + _PLAIN_LINK["patient"]):
        return stays
    patient = names.intersection(_PLAIN_LINK["patient"] + _PLAIN["patient"])
    others = sum(1 for role in ("merged_into", "at", "kind") if names.intersection(_PLAIN_LINK[role]))
    return max(stays, others + len(patient))


def choose(header: Sequence[str], profile: Profile, *, name: str) -> Match:
    """Find the column for each role: by the profile, else by the usual names; refuse when a needed one is missing."""
    roles: dict[str, str] = {}
    notes: list[str] = []
    names = [plain(cell) for cell in header]
    given = {role: value for role in COLUMNS if (value := getattr(profile, role))}
    for role, column in given.items():
        if column == NONE:
            continue
        if plain(column) in names:
            roles[role] = header[names.index(plain(column))]

    def find(role: str, aliases: Sequence[str]) -> None:
        if given.get(role) == NONE:
            return
        found = [
            cell
            for alias in aliases
            for cell, own in zip(header, names, strict=True)
            if own == alias and cell not in roles.values()
        ]
        found = list(dict.fromkeys(found))
        if found and role not in roles:
            roles[role] = found.pop(0)
            if role in given:
                notes.append(
                    f"{name} has no column '{given[role]}' for the {role}, as the profile says: "
                    f"'{one_line(roles[role])}' was read"
                )
        if found and plain(roles[role]) in aliases:
            others = " and ".join(f"'{one_line(other)}'" for other in found)
            notes.append(f"the {role} was read from '{one_line(roles[role])}', although {others} could be it too")

    for role in ("patient", "visit", "activity", "lifecycle", "instance"):
        find(role, _PLAIN[role])
    _find_day_and_clock(header, names, roles, given)
    find("start", _PLAIN["start"] + _PLAIN["time"] + _PLAIN["date"])
    find("end", _PLAIN["end"])
    find("unit", _PLAIN["unit"] + (_PLAIN_EVENT_UNIT if "activity" in roles else ()))
    # Of tests and notes that say "-" the activities are no units: they happened, and nobody was anywhere for them.
    nowhere = given.get("unit") == NONE and "activity" in roles
    if "unit" not in roles and "activity" in roles and not nowhere:
        roles["unit"] = roles["activity"]
    _require(header, roles, given, name=name, nowhere=nowhere)
    if "clock" in roles:
        notes.append(f"the start was read from '{one_line(roles['start'])}' and '{one_line(roles['clock'])}' together")
    for role, column in roles.items():
        if names.count(plain(column)) > 1:
            raise CannotDo(
                f"{name}: the column '{column}' for the {role} stands {names.count(plain(column))} times "
                "in the header: rename all but one"
            )
    return Match(roles, {role: names.index(plain(column)) for role, column in roles.items()}, tuple(notes))


def _find_day_and_clock(
    header: Sequence[str], names: Sequence[str], roles: dict[str, str], given: Mapping[str, str]
) -> None:
    """Take a day and a time of day that belong together as the start, where no other column is named for it."""
    if "start" in given or "clock" in given:
        return
    for day, clock in DAY_AND_CLOCK:
        others = [alias for alias in _PLAIN["start"] if alias in names and alias not in (plain(day), plain(clock))]
        if plain(day) in names and plain(clock) in names and not others:
            roles["start"], roles["clock"] = header[names.index(plain(day))], header[names.index(plain(clock))]
            return


class ColumnGone(CannotDo):
    """A column that the profile names is not there, and no other has much the same name."""

    def __init__(self, told: str, *, role: str, column: str, header: Sequence[str]) -> None:
        """Keep which column it is, and what stands in the header now."""
        super().__init__(told)
        self.role, self.column, self.header = role, column, tuple(header)


def _require(
    header: Sequence[str], roles: Mapping[str, str], given: Mapping[str, str], *, name: str, nowhere: bool
) -> None:
    needed = ("patient", "start") if nowhere else ("patient", "unit", "start")
    missing = [role for role in needed if role not in roles]
    if not missing:
        return
    role = missing[0]
    gone = next((one for one in missing if one in given), None)
    new = new_name(given[gone], [cell for cell in header if cell not in roles.values()]) if gone else None
    if gone and new and looks_like_names([new]):
        raise CannotDo(
            f"{name}: the column '{given[gone]}', which the feed's profile names for the {gone}, is gone, and '{new[:40]}' "
            f'looks like its new name: write {gone}: "{new[:40]}" in the profile if it is, or ask for the old name'
        )
    shown = ", ".join(f"'{cell}'" for cell in header[:12]) + (" ..." if len(header) > 12 else "")
    if not looks_like_names(header):  # it may be a row of a table that lost its header, and about a patient
        shown = f"{len(header):,} columns, whose names are not shown as some look like data"
    wish = f" (the profile says '{given[role]}')" if role in given else ""
    told = (
        f"{name}: no column for the {' and the '.join(missing)} was found among {shown}{wish}: "
        f"name the {role} column one of {', '.join(ALIASES[role])}, or say which it is in a profile"
    )
    raise ColumnGone(told, role=gone, column=given[gone], header=header) if gone else CannotDo(told)


def new_name(gone: str, left: Sequence[str]) -> str | None:
    """Return which of the columns that serve nothing looks like the new name of one that is gone; None where none does.

    >>> new_name("ward", ["bed", "ward_code"]), new_name("ward", ["bed", "age"])
    ('ward_code', None)
    """
    names = {plain(cell): cell for cell in reversed(left) if plain(cell)}
    inside = [cell for name, cell in names.items() if plain(gone) in name or name in plain(gone)]
    close = difflib.get_close_matches(plain(gone), names, n=1, cutoff=0.6)
    return names[close[0]] if close else inside[0] if len(inside) == 1 else left[0] if len(left) == 1 else None


def choose_links(header: Sequence[str], profile: Profile, *, name: str) -> Match | None:
    """Find the columns of a file of patient links; None when it is none, or has all that stays need.

    The number given up is found by a name that says so, else by the usual names of a patient; beside
    one that says so a plain patient is the number that stays. A feed's profile speaks of its links only
    when it names `merged_into`: a feed of stays may bring links too.
    """
    names = [plain(cell) for cell in header]
    given = {role: value for role in LINK_COLUMNS if (value := getattr(profile, role))} if profile.merged_into else {}
    roles: dict[str, str] = {
        role: header[names.index(plain(column))]
        for role, column in given.items()
        if column != NONE and plain(column) in names
    }

    def find(role: str, aliases: Sequence[str]) -> None:
        if role in roles or given.get(role) == NONE:
            return
        found = [
            cell
            for alias in aliases
            for cell, own in zip(header, names, strict=True)
            if own == alias and cell not in roles.values()
        ]
        if found:
            roles[role] = found[0]

    find("patient", _PLAIN_LINK["patient"])
    find("merged_into", _PLAIN_LINK["merged_into"] + (_PLAIN["patient"] if "patient" in roles else ()))
    find("patient", _PLAIN["patient"])
    find("at", _PLAIN_LINK["at"])
    find("kind", _PLAIN_LINK["kind"])
    if not {"patient", "merged_into"} <= roles.keys() or _has_stays(names, profile):
        return None
    for role, column in roles.items():
        if names.count(plain(column)) > 1:
            raise CannotDo(
                f"{name}: the column '{column}' for the {role} stands {names.count(plain(column))} times "
                "in the header: rename all but one"
            )
    return Match(roles, {role: names.index(plain(column)) for role, column in roles.items()}, ())


def _has_stays(names: Sequence[str], profile: Profile) -> bool:
    """Say whether a header has a patient, a unit and a start; an event alone, such as A40, is no unit."""
    if not profile.merged_into and profile.unit and plain(profile.unit) in names:
        return True
    starts = _PLAIN["start"] + _PLAIN["time"] + _PLAIN["date"]
    wanted = (_PLAIN["patient"], _PLAIN["unit"] + _PLAIN_EVENT_UNIT, starts)
    return all(set(aliases).intersection(names) for aliases in wanted)
