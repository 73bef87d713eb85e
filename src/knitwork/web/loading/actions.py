"""What people and commands do to take records in: files into the home, the registry's own files, a refresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from knitwork.home import Home, LoadOptions, LoadReport, RefreshReport
from knitwork.model.errors import CannotDo
from knitwork.model.units import Registry
from knitwork.web.audit.record import Actor, record
from knitwork.web.profiles.actions import notice_all
from knitwork.web.units import actions, rows
from knitwork.web.units.registry import snapshot

# These name and nest units; every other file holds records.
REGISTRY_FILES = frozenset({"units.csv", "memberships.csv"})


@dataclass(frozen=True, slots=True)
class Came:
    """What became of files: the report of the load, where there was one, and rows brought into the registry by file."""

    report: LoadReport | None
    registry: tuple[tuple[str, int], ...] = ()


def take_in(home: Home, files: Sequence[Path], options: LoadOptions, *, by: Actor) -> Came:
    """Take files in, all or none of those with records; one audit event. Raises CannotDo with nothing taken."""
    records = [file for file in files if file.name not in REGISTRY_FILES]
    report = home.load(records, options) if records else None
    if report is not None:
        home.write_settings(name=home.settings.name, tz=home.settings.tz or options.tz)
        taken = [
            {
                "feed": one.feed,
                "delivery": one.delivery[:12],
                "known": one.known,
                "taken": one.taken,
                "rejected": one.rejected,
            }
            for one in report.taken
        ]
        # After the load and not around it: a transaction that is open for minutes would stop everybody else's work.
        with transaction.atomic():
            record(by=by, action="load", about=f"{len(taken)} files", detail={"files": taken})
    registry = sorted((file for file in files if file.name in REGISTRY_FILES), key=lambda file: file.name, reverse=True)
    return Came(report, tuple((file.name, bring_in(file, by=by)) for file in registry))


def bring_in(file: Path, *, by: Actor) -> int:
    """Bring units.csv or memberships.csv into the registry; return how many rows."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDo(f"{file} cannot be read as text: {error}") from error
    try:
        if file.name == "units.csv":
            return actions.bring_in_units(rows.read_units_csv(text), by=by)
        return actions.bring_in_memberships(rows.read_memberships_csv(text), by=by)
    except CannotDo as refused:
        raise CannotDo(f"{file}: {refused}") from refused


def registry_now(home: Home, *, by: Actor) -> Registry:
    """Note edited profiles and units that records speak of for the first time, and return the registry with them."""
    # Before the deliveries are read by them: the numbers that change have a version with a day to point at.
    notice_all(home.place, by=by)
    registry = snapshot(macro_name=home.settings.name)
    found = home.units_found(registry)
    if {one.unit for one in found} - {unit.unit for unit in registry.units}:
        actions.notice_units(found, above=home.groups_above(found), whole=home.settings.name, by=by)
        registry = snapshot(macro_name=home.settings.name)
    return registry


def refresh(home: Home, *, by: Actor) -> RefreshReport:
    """Derive and measure what is new, as `knitwork refresh` does; one audit event."""
    report = home.refresh(registry_now(home, by=by))
    detail = {"rebuilt": report.rebuilt, "stays": report.stays}
    with transaction.atomic():
        record(by=by, action="refresh", about=f"generation {report.generation}", detail=detail)
    return report
