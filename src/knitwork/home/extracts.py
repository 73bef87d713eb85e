"""Feeds that send everything each time: which deliveries speak together, and for what of their feed.

All files of one extract speak with one voice: what one of them lacks another may tell. They are those with the same
time of extraction; where nobody gave one, those that came by the same load.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from knitwork.home.elsewhere import NAMED
from knitwork.intake.inbox import microseconds

# The feed, a landed table, the make of a delivery, the delivery, its place among the feed's extracts, and from when to
# when (UTC microseconds) it speaks for the feed
Extract = tuple[str, str, str, str, int, int, int]
STAYS = "landed"
_ALWAYS = 2**62
_EVER_BEFORE = dt.datetime.min.replace(tzinfo=dt.UTC)
_Landed = Mapping[str, Any]


def snapshots(landed: Mapping[str, _Landed], as_of: dt.datetime | None = None) -> tuple[Extract, ...]:
    """Return the extracts of the feeds that send everything each time, in the order in which they were made.

    A feed is one as soon as any delivery's profile says so. An extract without a time of extraction comes before all
    that have one, by content. A file that came again is part of the last extract that it was extracted with; with
    `as_of` of those that had come by then.
    """
    landed = {key: _newest(one, as_of) for key, one in landed.items()}
    kinds = {str(one["feed"]): one.get("snapshot") for one in landed.values() if one.get("snapshot")}
    found: list[Extract] = []
    for feed, kind in sorted(kinds.items()):
        mine = [one for one in landed.values() if one["feed"] == feed and one["kind"] != "links"]
        for weight, files in enumerate(_together(mine)):
            span = (-_ALWAYS, _ALWAYS) if kind == "whole" else _span(files)
            for one in files:
                found += [(feed, table, make, str(one["delivery"]), weight, *span) for table, make in _told(one)]
    return tuple(found)


# A feed, a delivery of it, and when that was last extracted (UTC microseconds)
Repeat = tuple[str, str, int]


def repeats(landed: Mapping[str, _Landed], as_of: dt.datetime | None = None) -> tuple[Repeat, ...]:
    """Return the deliveries that came again, with the last time at which each was extracted."""
    found = [(one, made(_newest(one, as_of))) for one in landed.values() if one.get("again")]
    return tuple(sorted((str(one["feed"]), str(one["delivery"]), microseconds(at)) for one, at in found if at))


def _newest(one: _Landed, as_of: dt.datetime | None) -> _Landed:
    """Return what was counted of a delivery under the last time at which it was extracted."""
    times = [
        dt.datetime.fromisoformat(extracted)
        for came, extracted in one.get("again", ())
        if as_of is None or dt.datetime.fromisoformat(came) <= as_of
    ]
    first = made(one)
    latest = max([*times, *([first] if first else [])], default=None)
    return one if latest == first else {**one, "extracted_at": latest.isoformat() if latest else None}


def _told(one: _Landed) -> list[tuple[str, str]]:
    """Return for which landed tables a file speaks, with its make.

    It speaks for all stays of its feed, but only for the records beside them that came in files of its own make: one
    of encounters says nothing of observations, although both bring facts.
    """
    tables = sorted(table for table, rows in (one.get("tables") or {}).items() if rows and table in NAMED)
    found = [(table, _make(one)) for table in tables if table != STAYS]
    return [(STAYS, ""), *found] if one["kind"] == "stays" else found


def _make(one: _Landed) -> str:
    """Name the kinds of resources or the tables that a file holds; empty for one of which only columns are known."""
    columns = [(str(name), str(kind)) for name, kind in one.get("columns") or ()]
    kinds = {
        name if kind == "resource" else name.split(".")[0]
        for name, kind in columns
        if kind == "resource" or "." in name
    }
    return ", ".join(sorted(kinds))


def _together(deliveries: Sequence[_Landed]) -> list[list[_Landed]]:
    """Return deliveries by the extract that they are files of, the oldest extract first."""
    files: dict[tuple[dt.datetime, str], list[_Landed]] = defaultdict(list)
    for one in sorted(deliveries, key=lambda one: str(one["delivery"])):
        made_at = made(one)
        files[made_at or _EVER_BEFORE, "" if made_at else str(one["received_at"])].append(one)
    return sorted(files.values(), key=lambda all_: (made(all_[0]) or _EVER_BEFORE, str(all_[0]["delivery"])))


def _span(files: Sequence[_Landed]) -> tuple[int, int]:
    """Return from the first moment that any file of an extract tells of to the extraction, or past the last moment."""
    firsts = [int(one["first_us"]) for one in files if one["first_us"] is not None]
    lasts = [int(one["last_us"]) + 1 for one in files if one["last_us"] is not None]
    if not firsts or not lasts:  # it tells of no moment, and so speaks for none
        return (0, 0)
    made_at = made(files[0])
    return min(firsts), max(*lasts, microseconds(made_at) if made_at else 0)


def made(landed: _Landed) -> dt.datetime | None:
    """Return when an extract was made: an instant, for its text may stand on any clock."""
    return dt.datetime.fromisoformat(str(landed["extracted_at"])) if landed["extracted_at"] else None
