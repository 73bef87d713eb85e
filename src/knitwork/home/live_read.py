"""What one stored message says, by the profile of its feed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from knitwork.home.live_persons import Link
from knitwork.home.live_visits import Read, Told
from knitwork.home.place import Place
from knitwork.home.reading import LoadOptions, profile_for, profile_path
from knitwork.home.streams import STREAM
from knitwork.intake.fold import Move
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.messages import Stored
from knitwork.model.errors import Unreadable

# `class` is a word of Python.
_COLUMNS = {name: name.rstrip("_") for name in (field.name for field in fields(Move))}


def reader_of(place: Place) -> Read:
    """Return what understands a stored message of this home; a profile is read again when it changes."""
    known: dict[str, tuple[object, str | None, str | None]] = {}

    def read(one: Stored) -> Told:
        path = profile_path(place, one.feed)
        edition = path.stat().st_mtime_ns if path.exists() else None
        if one.feed not in known or known[one.feed][0] != edition:
            profile = profile_for(place, one.feed, LoadOptions())
            known[one.feed] = (edition, profile.zone or place.settings.tz, profile.identifier)
        _edition, zone, identifier = known[one.feed]
        return told_by(one, zone=zone, identifier=identifier)

    return read


def told_by(one: Stored, *, zone: str | None, identifier: str | None) -> Told:
    """Return where a message says that somebody is, and which numbers it says are one person."""
    try:
        tables = rows_of(one.payload, zone=zone, identifier=identifier).tables
    except Unreadable:
        return Told()
    moves = tuple(_move(row, one) for row in tables.get("landed_move", ()))
    links = tuple(
        Link(row["patient"], row["merged_into"], row.get("kind") or "merge", row.get("visit"))
        for row in tables.get("linked", ())
    )
    return Told(moves, links)


def _move(row: dict[str, Any], one: Stored) -> Move:
    said: dict[str, Any] = {name: row.get(column) for name, column in _COLUMNS.items()}
    said |= {"feed": one.feed, "delivery": STREAM, "row": one.seq, "came_us": one.came_us}
    return Move(**said)
