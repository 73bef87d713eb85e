"""From an XES log to events and stays: made a table of events first, and then read as every such table is.

So the rules, the checks and the words are those of event logs as CSV; `docs/reference/csv.md` tells them.
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from knitwork.intake import landing
from knitwork.intake.formats.csv import read as tables
from knitwork.intake.formats.xes.parse import Attributes, Log, read_events
from knitwork.intake.formats.xes.sniff import claims
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.unpack import parts
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo, Unreadable

PATIENT, VISIT, ACTIVITY = "case:concept:name", "visit", "concept:name"
LIFECYCLE, INSTANCE, TIME = "lifecycle:transition", "concept:instance", "time:timestamp"
GROUP, RESOURCE, ROLE = "org:group", "org:resource", "org:role"
FIXED = (PATIENT, VISIT, ACTIVITY, LIFECYCLE, INSTANCE, TIME, GROUP, RESOURCE, ROLE, "value", "end_kind")
# Names under which a trace or an event says who the patient is; its trace is then a visit.
PATIENTS = ("patient", "patient_id", "patientid", "case:patient", "mrn", "subject_id", "person_id")
VISITS = ("visit", "visit_id", "encounter_id", "hadm_id")
# Other attributes become columns too, as far as the first events have them.
LOOKED_AT, MOST = 1_000, 40
# More resources than this, or such words in them, are people and not departments.
DEPARTMENTS = 200
_PEOPLE = re.compile(r"\b(nurse|doctor|dr|clerk|employee|user|mr|mrs|ms|resource|staff|physician)\b", re.IGNORECASE)


@dataclass(slots=True)
class Made:
    """The table that was made of a log: where it is, what it had, and what is to be said."""

    path: Path
    groups: int = 0
    roles: int = 0
    resources: set[str] = field(default_factory=set)
    with_patient: bool = False
    log: Log = field(default_factory=Log)
    notes: list[str] = field(default_factory=list)


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read; reads all of it, as only then the departments are known."""
    base = profile or Profile()
    with _made(file, name=name, profile=base, work=work) as (made, full):
        return tables.guess(made.path, name=name, profile=full, work=work)


def land(
    con: Connection,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    delivery: str,
    extracted_us: int | None = None,
    received_us: int | None = None,
    name: str = "",
    work: Path | None = None,
) -> LandReport:
    """Leave `landed`, `landed_event` and `rejected` in `con`, made from one log."""
    name = name or file.name
    try:
        with _made(file, name=name, profile=profile, work=work) as (made, full):
            report = tables.land(
                con, made.path, full, feed=feed, delivery=delivery, extracted_us=extracted_us, received_us=received_us,
                name=name, work=work,
            )  # fmt: skip
            return replace(report, notes=(*made.notes, *report.notes))
    except CannotDo:
        landing.clear(con)
        raise


@contextmanager
def _made(file: Path, *, name: str, profile: Profile, work: Path | None) -> Iterator[tuple[Made, Profile]]:
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as folder:
        made = Made(Path(folder) / "events.csv")
        rows = Path(folder) / "rows.csv"
        with rows.open("w", encoding="utf-8", newline="") as out:
            writer = _Writer(out, made)
            for part in parts(file, name=name, work=Path(folder)):
                if not claims(part.path, part.name):
                    made.notes.append(f"passed over: {part.name} is no XES")
                    continue
                read_events(part.path, name=part.name, log=made.log, event=writer.take)
            writer.settle()
        if not writer.rows:
            raise Unreadable(f"{name} is an XES log without an event: export it again")
        unit = _unit(made, profile)
        header = [_column(column, unit) for column in (*FIXED, *writer.others)]
        with made.path.open("wb") as whole, rows.open("rb") as body:
            whole.write((",".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in header) + "\n").encode())
            shutil.copyfileobj(body, whole)
        _notes(made, unit)
        full = replace(
            profile, patient=profile.patient or PATIENT, unit=unit, start=profile.start or TIME, end=None,
            activity=profile.activity or ACTIVITY, lifecycle=profile.lifecycle or LIFECYCLE,
            instance=profile.instance or INSTANCE, visit=profile.visit or VISIT, encoding="utf-8", separator="comma",
        )  # fmt: skip
        yield made, full


class _Writer:
    """Writes events as rows; which other columns there are is settled by the first of them."""

    def __init__(self, out: IO[str], made: Made) -> None:
        self.csv = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self.made = made
        self.waiting: list[tuple[Attributes, Attributes]] = []
        self.others: list[str] = []
        self.settled = False
        self.rows = 0

    def take(self, trace: Attributes, event: Attributes) -> None:
        self.rows += 1
        if self.settled:
            self._write(trace, event)
            return
        self.waiting.append((trace, event))
        if len(self.waiting) >= LOOKED_AT:
            self.settle()

    def settle(self) -> None:
        """Fix the columns, and write what waited for them."""
        if self.settled:
            return
        known = {*FIXED, *PATIENTS, *VISITS}
        names = {key: None for trace, event in self.waiting for key in (*trace, *event)}
        self.others = [
            key for key in names
            if key and key not in known and key.isprintable() and not key.startswith(("lifecycle:", "time:", "concept:"))
        ][:MOST]  # fmt: skip
        self.settled = True
        for trace, event in self.waiting:
            self._write(trace, event)
        self.waiting = []

    def _write(self, trace: Attributes, event: Attributes) -> None:
        made, case = self.made, trace.get("concept:name", "")
        patient = _first(PATIENTS, event, trace)
        made.with_patient |= bool(patient)
        visit = _first(VISITS, event, trace) or (case if patient else "")
        group, resource = event.get(GROUP, ""), event.get(RESOURCE, "")
        made.groups += bool(group)
        made.roles += bool(event.get(ROLE))
        if resource and len(made.resources) <= DEPARTMENTS:
            made.resources.add(resource)
        self.csv.writerow([
            _plain(cell) for cell in (
                patient or case, visit, _activity(made.log, event), event.get(LIFECYCLE, ""), event.get(INSTANCE, ""),
                event.get(TIME, ""), group, resource, event.get(ROLE, ""), event.get("value", ""),
                event.get("end_kind", ""), *(event.get(key, trace.get(key, "")) for key in self.others),
            )
        ])  # fmt: skip


def _activity(log: Log, event: Attributes) -> str:
    """Return what happened: its name, else what the log's first classifier puts together."""
    if name := event.get(ACTIVITY, ""):
        return name
    for keys in log.classifiers.values():
        if said := [event[key] for key in keys if event.get(key)]:
            return "+".join(said)
    return ""


def _first(names: tuple[str, ...], *where: Attributes) -> str:
    return next((found for attributes in where for name in names if (found := attributes.get(name, ""))), "")


def _plain(cell: str) -> str:
    return cell.replace("\0", "")


def _unit(made: Made, profile: Profile) -> str:
    """Return the attribute that says where: as the profile says, the group, resources that are no people, or what."""
    if profile.unit:
        return profile.unit
    if made.groups:
        return GROUP
    people = sum(bool(_PEOPLE.search(name)) for name in made.resources)
    if made.resources and len(made.resources) <= DEPARTMENTS and 2 * people < len(made.resources):
        return RESOURCE
    return ROLE if made.roles else ACTIVITY


def _column(column: str, unit: str) -> str:
    """Name a column: who did something is `originator` where it is not the unit."""
    if column == unit:
        return column
    return {RESOURCE: "originator", ROLE: "role of the originator", GROUP: "group of the originator"}.get(
        column, column
    )


def _notes(made: Made, unit: str) -> None:
    log = made.log
    made.notes.append(f"{log.traces:,} traces: each is {'a visit' if made.with_patient else 'a patient'}")
    places = {GROUP: "the groups (org:group)", RESOURCE: "the resources (org:resource)", ROLE: "the roles (org:role)"}
    where = places.get(unit, "the activities" if unit == ACTIVITY else f"'{unit[:80]}'")
    made.notes.append(f"the units are {where}")
    if log.empty_traces:
        made.notes.append(f"{log.empty_traces:,} {'trace has' if log.empty_traces == 1 else 'traces have'} no event")
