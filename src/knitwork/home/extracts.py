"""Feeds that send everything each time: which deliveries speak together, and for what of their feed.

All files of one extract speak with one voice: what one of them lacks another may tell. They are those with the same
time of extraction; where nobody gave one, those that came by the same load.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from knitwork.intake.inbox import microseconds

# feed, delivery, its place among the feed's extracts, and from when to when (UTC microseconds) it speaks for the feed
Extract = tuple[str, str, int, int, int]
_ALWAYS = 2**62
_EVER_BEFORE = dt.datetime.min.replace(tzinfo=dt.UTC)
_Landed = Mapping[str, Any]


def snapshots(landed: Mapping[str, _Landed]) -> tuple[Extract, ...]:
    """Return the extracts of the feeds that send everything each time, in the order in which they were made.

    A feed is one as soon as any delivery's profile says so. An extract without a time of extraction comes before all
    that have one, by content.
    """
    kinds = {str(one["feed"]): one.get("snapshot") for one in landed.values() if one.get("snapshot")}
    found: list[Extract] = []
    for feed, kind in sorted(kinds.items()):
        mine = [one for one in landed.values() if one["feed"] == feed and one["kind"] == "stays"]
        for weight, files in enumerate(_together(mine)):
            span = (-_ALWAYS, _ALWAYS) if kind == "whole" else _span(files)
            found += [(feed, str(one["delivery"]), weight, *span) for one in files]
    return tuple(found)


def _together(deliveries: Sequence[_Landed]) -> list[list[_Landed]]:
    """Return deliveries by the extract that they are files of, the oldest extract first."""
    files: dict[tuple[dt.datetime, str], list[_Landed]] = defaultdict(list)
    for one in sorted(deliveries, key=lambda one: str(one["delivery"])):
        made_at = made(one)
        files[made_at or _EVER_BEFORE, "" if made_at else str(one["received_at"])].append(one)
    return sorted(files.values(), key=lambda all_: (made(all_[0]) or _EVER_BEFORE, str(all_[0]["delivery"])))


def _span(files: Sequence[_Landed]) -> tuple[int, int]:
    """Return from the first moment that any file of an extract tells of to the extraction, or past the last moment."""
    made_at = made(files[0])
    last = max(int(one["last_us"] or 0) + 1 for one in files)
    return min(int(one["first_us"] or 0) for one in files), max(last, microseconds(made_at) if made_at else 0)


def made(landed: _Landed) -> dt.datetime | None:
    """Return when an extract was made: an instant, for its text may stand on any clock."""
    return dt.datetime.fromisoformat(str(landed["extracted_at"])) if landed["extracted_at"] else None
