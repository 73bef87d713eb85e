"""From an object-centric log to events, stays and requests.

Events of patients are made a table of events, read as every such table is; a request is the sum of the events that
touch it.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from knitwork.intake import landing
from knitwork.intake.formats.csv import read as tables
from knitwork.intake.formats.csv.zones import instant
from knitwork.intake.formats.ocel import documents, sqlite
from knitwork.intake.formats.ocel.roles import Roles, find_roles, move, stage
from knitwork.intake.formats.ocel.sniff import kind_of
from knitwork.intake.formats.ocel.store import Store, Touched
from knitwork.intake.formats.unit_facts.columns import coded
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile
from knitwork.intake.unpack import parts
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo, Unreadable

COLUMNS = ("patient", "visit", "activity", "lifecycle", "time", "unit", "originator", "value", "pair_of")
_TAKERS = {"sqlite": sqlite.take, "json": documents.take_json, "xml": documents.take_xml}


@dataclass(slots=True)
class Made:
    """The table of events that was made, the log's roles, and what is to be said."""

    path: Path
    store: Store
    roles: Roles
    notes: list[str]
    ignored: int = 0
    rows: int = 0


def guess(file: Path, *, name: str, profile: Profile | None = None, work: Path | None = None) -> Profile:
    """Return the profile by which `file` would be read: the types of objects that are patients, visits and units."""
    base = profile or Profile()
    with _made(file, name=name, profile=base, work=work) as made:
        return _completed(base, made.roles)


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
    """Leave `landed`, `landed_event`, `landed_request` and `rejected` in `con`, made from one log."""
    name = name or file.name
    try:
        with _made(file, name=name, profile=profile, work=work) as made:
            full = replace(
                profile, patient="patient", unit="unit", visit="visit", start="time", end="-", activity="activity",
                lifecycle="lifecycle", instance="-", encoding="utf-8", separator="comma",
            )  # fmt: skip
            report = tables.land(
                con, made.path, full, feed=feed, delivery=delivery, extracted_us=extracted_us, received_us=received_us,
                name=name, work=work,
            )  # fmt: skip
            requests = _requests(con, made, zone=profile.zone or "UTC")
            tail = {"cancelled": False, "feed": feed, "delivery": delivery, "extracted_us": extracted_us}
            told = dict(report.tables)
            if requests:
                told["landed_request"] = landing.give(con, "landed_request", [{**r, **tail} for r in requests])
            return replace(
                report,
                rows=report.rows + made.ignored,
                ignored=made.ignored,
                notes=(*made.notes, *report.notes),
                profile=replace(_completed(profile, made.roles), calendar=report.profile.calendar),
                tables=told,
            )
    except CannotDo:
        landing.clear(con)
        raise


@contextmanager
def _made(file: Path, *, name: str, profile: Profile, work: Path | None) -> Iterator[Made]:
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as made, Store(Path(made)) as store:
        folder = Path(made)
        notes = []
        taken = 0
        for part in parts(file, name=name, work=folder):
            kind = kind_of(part.path)
            if kind is None:
                notes.append(f"passed over: {part.name} is no OCEL 2.0 log")
                continue
            _TAKERS[kind](store, part.path, name=part.name)
            taken += 1
        if not taken:
            raise Unreadable(f"{name} is no OCEL 2.0 log: export it as SQLite, JSON or XML")
        store.settle(name=name)
        types = store.types()
        roles = find_roles(types, profile)
        if roles is None:
            shown = ", ".join(f"'{one[:40]}'" for one in list(types)[:12]) or "none"
            raise CannotDo(
                f"{name} has no objects of patients or visits (its types are {shown}): say which type is the patient with --map"
            )
        store.owners({roles.patient})
        log = Made(folder / "events.csv", store, roles, notes)
        _write(log)
        if not log.rows:
            raise Unreadable(f"{name} has no event that touches a patient: export it again")
        notes += _said(log, types)
        yield log


def _write(made: Made) -> None:
    """Write one row for each event, patient and unit; a log without moves is a log of events at places."""
    moves = made.roles.unit is not None and any(_moves(made.roles, event) for event in made.store.events())
    with made.path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(COLUMNS)
        for event in made.store.events():
            rows = list(_rows(made, event, moves=moves))
            writer.writerows(rows)
            made.rows += len(rows)
            made.ignored += not rows


def _moves(roles: Roles, event: Touched) -> bool:
    return any(type_ == roles.unit and move(event.type, qualifier) for _, type_, qualifier in event.objects)


def _rows(made: Made, event: Touched, *, moves: bool) -> Iterator[list[str]]:
    roles = made.roles
    visits = _of(event, roles.visit)
    patients = _of(event, roles.patient) or list(dict.fromkeys(o for v in visits if (o := made.store.owner(v))))
    units: list[tuple[str, str]] = [(id_, q) for id_, type_, q in event.objects if type_ == roles.unit]
    staff = next((id_ for id_, type_, _ in event.objects if type_ in roles.staff), "")
    for patient in patients:
        visit = next((v for v in visits if len(visits) == 1 or made.store.owner(v) == patient), "")
        for unit, qualifier in units or [("", "")]:
            step = move(event.type, qualifier) if unit else ""
            lifecycle = step or ("event" if moves else "")
            pair = "stay" if step else ""
            yield [patient, visit, event.type, lifecycle, event.at, unit, staff, event.value, pair]


def _of(event: Touched, type_: str | None) -> list[str]:
    return list(dict.fromkeys(id_ for id_, its, _ in event.objects if its == type_))


def _requests(con: Connection, made: Made, *, zone: str) -> list[dict[str, Any]]:
    """Return one row for each request that is one patient's, with the first time of each stage."""
    found: dict[str, dict[str, Any]] = {}
    if not made.roles.requests:
        return []
    events = list(made.store.events()) if made.roles.requests else []
    moments = _moments(con, sorted({event.at for event in events}), zone=zone)
    for row, event in enumerate(events, 1):
        at = moments.get(event.at)
        for id_, type_, _ in event.objects:
            if type_ not in made.roles.requests or at is None:
                continue
            patient = _of(event, made.roles.patient) or [made.store.owner(id_)]
            if len(patient) != 1 or not patient[0]:
                continue
            one = found.setdefault(id_, {
                "request": f"{coded(type_)}/{id_}", "patient": patient[0], "kind": _kind(type_), "requested_us": at,
                "state": "open", "row": row, "visit": next(iter(_of(event, made.roles.visit)), None),
                "from_unit": next(iter(_of(event, made.roles.unit)), None), "said_us": at,
            })  # fmt: skip
            one["said_us"] = max(one["said_us"], at)
            _stage(one, stage(event.type), at)
    return list(found.values())


def _stage(one: dict[str, Any], column: str | None, at: int) -> None:
    if column == "cancelled":
        one["state"] = "cancelled"
    elif column:
        one[column] = min(one.get(column, at), at)
        if column in ("done_us", "reported_us", "closed_us") and one["state"] == "open":
            one["state"] = "done"


def _kind(type_: str) -> str:
    return next(
        (kind for kind in ("referral", "consult", "lab", "imaging", "transfer") if kind in type_.lower()), "other"
    )


def _moments(con: Connection, said: list[str], *, zone: str) -> dict[str, int]:
    """Return the instants of times in ISO 8601, by their text."""
    found: dict[str, int] = {}
    for begin in range(0, len(said), 50_000):
        rows = con.execute(
            f"""SELECT t, CASE WHEN regexp_matches(t, '(Z|[+-]\\d\\d:?\\d\\d)$') THEN epoch_us(try_cast(t AS TIMESTAMPTZ))
            ELSE {instant("try_cast(t AS TIMESTAMP)", zone)} END FROM (SELECT unnest($said) AS t)""",
            {"said": said[begin : begin + 50_000]},
        ).fetchall()
        found |= {text: us for text, us in rows if us is not None}
    return found


def _completed(profile: Profile, roles: Roles) -> Profile:
    return replace(profile, patient=roles.patient, unit=roles.unit, visit=roles.visit)


def _said(made: Made, types: dict[str, int]) -> list[str]:
    roles = made.roles
    named = [("patients", roles.patient), ("visits", roles.visit), ("units", roles.unit)]
    named += [("requests", one) for one in roles.requests] + [("people", one) for one in roles.staff]
    notes = [f"objects of the type '{type_[:60]}' are {what}" for what, type_ in named if type_]
    known = {type_ for _, type_ in named}
    left = [f"'{one[:60]}' ({n:,})" for one, n in types.items() if one not in known]
    if left:
        notes.append(f"objects that are not read: {', '.join(left[:12])}")
    if made.ignored:
        several = "event touches" if made.ignored == 1 else "events touch"
        notes.append(f"{made.ignored:,} {several} no patient: not read")
    return notes
