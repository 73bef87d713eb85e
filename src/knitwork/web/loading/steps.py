"""Steps of taking records in that pages and commands share: the registry's own files, and what a refresh needs first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from knitwork.home import Home
from knitwork.model.errors import CannotDo
from knitwork.model.units import Registry
from knitwork.web.audit.record import Actor
from knitwork.web.profiles.actions import notice_all
from knitwork.web.units import actions, rows
from knitwork.web.units.registry import snapshot

# These name and nest units; every other file holds records.
REGISTRY_FILES = frozenset({"units.csv", "memberships.csv"})


def parted(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Tell files of records from the registry's own, of which the units come before what they belong to."""
    records = [file for file in files if file.name not in REGISTRY_FILES]
    registry = [file for file in files if file.name in REGISTRY_FILES]
    return records, sorted(registry, key=lambda file: file.name, reverse=True)


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
