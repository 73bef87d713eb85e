"""Publishing what was read: profiles, files and the one manifest that names them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from knitwork.home.elsewhere import told_elsewhere
from knitwork.home.place import Place
from knitwork.home.reading import LoadOptions, key, profile_digest, profile_path, write_buckets
from knitwork.intake import formats
from knitwork.intake.formats import LandReport, Profile
from knitwork.intake.inbox import Delivery
from knitwork.intake.landing import BUCKETED
from knitwork.lake import manifest as manifests
from knitwork.lake.buckets import STAYS_A_BUCKET, how_many
from knitwork.lake.manifest import LakeFile, Manifest
from knitwork.lake.runner import paths_sql
from knitwork.model.errors import CannotDo

# What stays are made of: how many of these there are decides the number of buckets.
STAYS = ("landed", "landed_move")


def keep_profile(place: Place, feed: str, profile: Profile, options: LoadOptions, undo: ExitStack) -> Path | None:
    """Write down how a feed is read, if that is new.

    This comes before the delivery: should we be killed in between, it is landed later by this profile.
    """
    kept = profile_path(place, feed)
    if kept.exists() and not options.mapping:
        known = formats.read_profile(kept)
        profile = known.with_zone(options.tz)
        if profile == known:
            return None
        # A zone given now is the feed's: what came before is landed anew by it.
    kept.parent.mkdir(exist_ok=True)
    before = kept.read_bytes() if kept.exists() else None
    undo.callback(kept.unlink, missing_ok=True) if before is None else undo.callback(kept.write_bytes, before)
    beside = kept.with_suffix(".tmp")
    undo.callback(beside.unlink, missing_ok=True)
    beside.write_text(formats.write_profile(profile, feed=feed), "utf-8")
    manifests.sync_file(beside)
    beside.replace(kept)
    manifests.sync_folder(kept.parent)
    return kept


def forget(place: Place, delivery: Delivery) -> None:
    # Where even that fails (a full disk), the delivery stays in the inbox and is landed by the next load.
    with suppress(CannotDo, OSError):
        place.inbox.drop(delivery)


def mark_landed(place: Place, deliveries: Sequence[Delivery]) -> None:
    # For people who look into the inbox; what is landed is what the manifest names.
    with suppress(CannotDo):
        for delivery in deliveries:
            place.inbox.mark(delivery, "landed")


def with_delivery(
    place: Place,
    manifest: Manifest,
    delivery: Delivery,
    files: Sequence[LakeFile],
    report: LandReport,
    buckets: int,
    undo: ExitStack,
) -> Manifest:
    """Move a delivery's files into the lake and return the generation that names them."""
    for file in files:
        found = next(place.lake.files.glob(f"landing-*/{file.name}"))
        found.rename(place.lake.files / file.name)
        undo.callback((place.lake.files / file.name).unlink, missing_ok=True)
    manifest = without(manifest, key(delivery.feed, delivery.delivery))
    landed = {**manifest.landed, key(delivery.feed, delivery.delivery): _counts(place, delivery, report)}
    dirty = sorted(set(manifest.dirty) | {f.bucket for f in files if f.table in BUCKETED})
    return replace(
        manifest.adding(files),
        landed=landed,
        # Links alone say nothing of how many stays there will be.
        buckets=manifest.buckets or (0 if report.kind == "links" else buckets),
        dirty=tuple(dirty),
        fresh=manifest.fresh + tuple(f.name for f in files if f.table in BUCKETED),
    )


def publish(place: Place, manifest: Manifest) -> Manifest:
    """Make a generation the current one."""
    news = told_elsewhere(place, place.lake.manifest(), manifest)
    manifest = replace(
        manifest.adding(news),
        dirty=tuple(sorted({*manifest.dirty, *(f.bucket for f in news)})),
        fresh=(*manifest.fresh, *(f.name for f in news)),
    )
    manifest = split_if_large(place, manifest)
    manifest = replace(
        manifest, generation=manifest.generation + 1, made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    )
    manifests.sync_folder(place.lake.files)
    manifests.write(place.lake.folder, manifest)
    return manifest


def _counts(place: Place, delivery: Delivery, report: LandReport) -> dict[str, Any]:
    latest = report.last_us
    return {
        "feed": delivery.feed,
        "delivery": delivery.delivery,
        "name": delivery.name,
        "bytes": delivery.bytes,
        "received_at": delivery.received_at.isoformat(),
        "extracted_at": delivery.extracted_at.isoformat() if delivery.extracted_at else None,
        "again": repeats(place, delivery.delivery, delivery.feed),
        "rows": report.rows,
        "taken": report.landed,
        "rejected": report.rejected,
        "partly": report.partly,
        "ignored": report.ignored,
        "tables": dict(report.tables),
        "columns": [list(column) for column in report.columns],
        "first_us": report.first_us,
        "last_us": latest,
        "notes": list(report.notes),
        "kind": report.kind,
        "calendar": report.profile.calendar or "real",
        "zone": report.profile.zone,
        "snapshot": report.profile.snapshot,
        "profile": profile_digest(place, delivery.feed),
    }


def repeats(place: Place, delivery: str, feed: str) -> list[list[str]]:
    """Return when a delivery came again, and when that was extracted, as a manifest keeps it."""
    return [[came.isoformat(), made.isoformat()] for came, made in place.inbox.again(delivery, feed)]


def split_if_large(place: Place, manifest: Manifest) -> Manifest:
    """Cut all buckets in more when they have grown too large; each patient's rows stay together."""
    stays = sum(manifest.rows(table) for table in STAYS)
    if stays <= 2 * STAYS_A_BUCKET * manifest.buckets:
        return manifest
    buckets = how_many(stays)
    con = place.lake.writer()
    made: list[LakeFile] = []
    try:
        for delivery, table in sorted({(f.delivery, f.table) for f in manifest.files if f.table in BUCKETED}):
            old = [f for f in manifest.of(table) if f.delivery == delivery]
            source = f"FROM read_parquet({paths_sql(place.lake.paths(old))}, union_by_name = true)"
            made.extend(write_buckets(con, table, source, place.lake.files, buckets, delivery=delivery))
    finally:
        con.close()
    manifests.sync_folder(place.lake.files)
    return replace(manifest.without(BUCKETED).adding(made), buckets=buckets, dirty=tuple(range(buckets)), basis={})


def without(manifest: Manifest, landed: str) -> Manifest:
    """Return the manifest less one delivery's landed rows; what was derived of them is no basis any more."""
    if landed not in manifest.landed:
        return manifest
    files = tuple(f for f in manifest.files if f.delivery != landed)
    return replace(manifest, files=files, landed={k: v for k, v in manifest.landed.items() if k != landed}, basis={})
