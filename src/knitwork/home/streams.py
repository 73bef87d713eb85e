"""From the message store to the lake: what live feeds sent lands beside the rows of files.

The manifest says of each feed which message was the last to land. That place and the files of the rows appear together,
in one replacement of the manifest, so that a kill at any moment lands every message once. Messages land in many small
batches; files that have become many are written together, so that a feed of years is no heap of files.
"""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from knitwork.home.place import Place
from knitwork.home.publishing import keep_profile, publish
from knitwork.home.reading import LoadOptions, key, profile_digest, profile_for, write_landed
from knitwork.intake.formats.hl7v2.rows import rows_of
from knitwork.intake.landing import BUCKETED, give
from knitwork.intake.messages import Arrival, Messages, Reader, Stored
from knitwork.intake.mllp.hearing import hear
from knitwork.intake.profile import Profile
from knitwork.lake.buckets import how_many
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import paths_sql, write_table
from knitwork.model.errors import Unreadable

STREAM = "stream"
# So many messages land at once: what they say lies in memory meanwhile.
BATCH = 20_000
# So many small files of one table and bucket are written together; one with more rows is small no longer.
MANY_FILES, SMALL_ROWS = 16, 20_000
PARKED = 10_000  # so many parked messages are named at most; all are counted


def messages_of(place: Place) -> Messages:
    """Return the message store of a home; makes nothing."""
    return Messages(place.path / "inbox")


def reader_of(place: Place) -> Reader:
    """Return what reads a payload anew by the profile of its feed: for corrections and replays."""

    def read(feed: str, payload: bytes, came_us: int) -> Arrival:
        profile = profile_for(place, feed, LoadOptions())
        return hear(feed, payload, came_us, zone=profile.zone, identifier=profile.identifier).arrival

    return read


def has_new_messages(place: Place) -> bool:
    """Say whether landing would change anything: new messages, an edited profile, or others that wait for a person."""
    manifest, messages = place.lake.manifest(), messages_of(place)
    return any(
        _is_edited(place, manifest, feed)
        or not _is_told(manifest, messages, feed)
        or messages.since(manifest.streams.get(feed, 0), 1, feed, states=["new"])
        for feed in messages.feeds()
    )


def land_messages(place: Place) -> int:
    """Land what live feeds sent since the last time and return how many messages that was; the one writer calls it.

    A feed whose mapping profile was edited lands anew, all of it.
    """
    messages, landed = messages_of(place), 0
    for feed in messages.feeds():
        manifest = place.lake.manifest()
        if _is_edited(place, manifest, feed):
            manifest = _less(manifest, feed)
        while True:
            batch = messages.since(manifest.streams.get(feed, 0), BATCH, feed, states=["new"])
            if not batch and _is_told(manifest, messages, feed):
                break
            manifest = _land(place, manifest, messages, feed, batch)
            landed += len(batch)
            if len(batch) < BATCH:
                break  # what came meanwhile is for the next time: a busy feed would never let this end
    return landed


def _is_edited(place: Place, manifest: Manifest, feed: str) -> bool:
    """Say whether the mapping profile of a feed is another than the one by which it landed."""
    known = manifest.landed.get(key(feed, STREAM))
    return known is not None and known["profile"] != profile_digest(place, feed)


def _is_told(manifest: Manifest, messages: Messages, feed: str) -> bool:
    """Say whether the manifest counts what waits for a person as the store does."""
    states, told = messages.counts()[feed], manifest.landed.get(key(feed, STREAM), {})
    return (told.get("rejected"), told.get("ignored")) == _set_aside(states)


def _set_aside(states: Mapping[str, int]) -> tuple[int, int]:
    return states.get("parked", 0) + states.get("dead", 0), states.get("ignored", 0)


def _less(manifest: Manifest, feed: str) -> Manifest:
    """Return the manifest less what the stream of a feed ever landed."""
    name = key(feed, STREAM)
    return replace(
        manifest,
        files=tuple(f for f in manifest.files if f.delivery != name),
        landed={k: v for k, v in manifest.landed.items() if k != name},
        streams={k: v for k, v in manifest.streams.items() if k != feed},
        basis={},
    )


@dataclass(slots=True)
class _Told:
    """What a batch says: rows by landed table, and what was noticed."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    first_us: int | None = None
    last_us: int | None = None


def _told(batch: Sequence[Stored], profile: Profile) -> _Told:
    """Read a batch of messages by the profile as it is now."""
    told = _Told()
    moments: list[int] = []
    for one in batch:
        try:
            said = rows_of(one.payload, zone=profile.zone, identifier=profile.identifier)
        except Unreadable:
            told.notes["messages do not begin with MSH any more: the store was damaged"] += 1
            continue
        if said.problem:
            told.notes[f"not understood by the profile as it is now: {said.problem}"] += 1
        told.notes.update(said.notes)
        tail = {"feed": one.feed, "delivery": one.message, "row": 1, "came_us": one.came_us}
        for table, rows in said.tables.items():
            told.tables.setdefault(table, []).extend({**row, **tail} for row in rows)
            moments += [row["at_us"] for row in rows if table == "landed_move" and row.get("at_us") is not None]
    told.first_us, told.last_us = min(moments, default=None), max(moments, default=None)
    return told


def _land(place: Place, manifest: Manifest, messages: Messages, feed: str, batch: Sequence[Stored]) -> Manifest:
    """Land one batch: its files, its counts and the new place in the store, in one generation."""
    profile = profile_for(place, feed, LoadOptions())
    name = key(feed, STREAM)
    buckets = manifest.buckets or how_many(sum(sum(states.values()) for states in messages.counts().values()))
    work = place.lake.files / f"landing-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    con = place.lake.writer()
    try:
        with ExitStack() as undo:
            told = _told(batch, profile)
            keep_profile(place, feed, profile, LoadOptions(), undo)
            for table, rows in told.tables.items():
                give(con, table, rows)
            files = write_landed(con, work, buckets, delivery=name)
            aside = _aside(con, messages.parked(feed, limit=PARKED), feed, work)
            together, gone = _together(place, con, manifest, name, work)
            for file in (*files, *aside, *together):
                (work / file.name).rename(place.lake.files / file.name)
                undo.callback((place.lake.files / file.name).unlink, missing_ok=True)
            kept = tuple(f for f in manifest.files if f.name not in gone and (f.delivery, f.table) != (name, "reject"))
            fresh = [f for f in files if f.table in BUCKETED]
            manifest = publish(place, replace(
                manifest,
                files=(*kept, *files, *aside, *together),
                landed={**manifest.landed, name: _counts(place, manifest, messages, feed, batch, told, profile)},
                buckets=buckets,
                dirty=tuple(sorted({*manifest.dirty, *(f.bucket for f in fresh)})),
                fresh=(*manifest.fresh, *(f.name for f in fresh)),
                streams={**manifest.streams, feed: batch[-1].seq if batch else manifest.streams.get(feed, 0)},
            ))  # fmt: skip
            undo.pop_all()
        return manifest
    finally:
        con.close()
        shutil.rmtree(work, ignore_errors=True)


def _together(
    place: Place, con: Connection, manifest: Manifest, name: str, into: Path
) -> tuple[list[LakeFile], set[str]]:
    """Write small files of a stream together where they are many; return the new files and the names of the old.

    Files that no derived table has seen are left alone, as they are looked for by name.
    """
    made: list[LakeFile] = []
    gone: set[str] = set()
    where = attrgetter("table", "bucket")
    small = [
        f
        for f in manifest.files
        if f.delivery == name and f.rows <= SMALL_ROWS and f.table != "reject" and f.name not in set(manifest.fresh)
    ]
    for (table, bucket), group in groupby(sorted(small, key=where), key=where):
        files = list(group)
        if len(files) < MANY_FILES:
            continue
        source = f"FROM read_parquet({paths_sql(place.lake.paths(files))}, union_by_name = true)"
        merged = f"{table}-{uuid.uuid4().hex[:12]}.parquet"
        made.append(LakeFile(merged, table, bucket, write_table(con, source, into / merged), name))
        gone |= {f.name for f in files}
    return made, gone


def _aside(con: Connection, parked: Iterable[Stored], feed: str, into: Path) -> list[LakeFile]:
    """Write which messages wait for a person, as rows that were set aside."""
    rows = [{"row": 1, "field": one.message, "rule": one.rule, "message": one.reason} for one in parked]
    if not rows:
        return []
    give(con, "rejected", rows)
    name = f"reject-{uuid.uuid4().hex[:12]}.parquet"
    select = f"SELECT '{feed}' AS feed, field AS delivery, \"row\", 'message' AS field, rule, message FROM rejected"
    return [LakeFile(name, "reject", WHOLE, write_table(con, select, into / name), key(feed, STREAM))]


def _counts(
    place: Place,
    manifest: Manifest,
    messages: Messages,
    feed: str,
    batch: Sequence[Stored],
    told: _Told,
    profile: Profile,
) -> dict[str, Any]:
    """Return what is counted of a stream so far, for the manifest."""
    before = manifest.landed.get(key(feed, STREAM), {})
    states = messages.counts()[feed]
    taken = int(before.get("taken", 0)) + len(batch)
    parked, ignored = _set_aside(states)
    tables = Counter(before.get("tables", {})) + Counter({t: len(rows) for t, rows in told.tables.items()})
    firsts = [us for us in (before.get("first_us"), told.first_us) if us is not None]
    lasts = [us for us in (before.get("last_us"), told.last_us) if us is not None]
    noted = Counter(dict(before.get("noted", {}))) + told.notes
    span = messages.spans()[feed]
    first, last = (dt.datetime.fromtimestamp(us / 1e6, dt.UTC) for us in (span.first_came_us, span.last_came_us))
    return {
        "stream": True,
        "feed": feed,
        "delivery": STREAM,
        "name": "live messages",
        "bytes": int(before.get("bytes", 0)) + sum(len(one.payload) for one in batch),
        "received_at": first.isoformat(),
        "last_received_at": last.isoformat(),
        "extracted_at": None,
        "rows": taken + parked + ignored,
        "taken": taken,
        "rejected": parked,
        "ignored": ignored,
        "tables": dict(tables),
        "columns": [],
        "first_us": min(firsts, default=None),
        "last_us": max(lasts, default=None),
        "noted": dict(noted),
        "notes": [f"{count:,} live messages: {sentence}" for sentence, count in sorted(noted.items())],
        "kind": "stays",
        "calendar": profile.calendar or "real",
        "zone": profile.zone,
        "snapshot": None,
        "profile": profile_digest(place, feed),
    }
