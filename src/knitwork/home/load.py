"""Taking files in: from a path to landed rows in the lake, all or nothing.

A file is read and checked before it becomes a delivery. Then it is accepted into the
inbox, its rows are written as bucketed files, and the manifest is replaced. A crash
between the last two leaves a delivery that the next load or refresh lands.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from knitwork.home.place import Place
from knitwork.home.trouble import in_sentences
from knitwork.intake import formats
from knitwork.intake.formats import LandReport, Profile
from knitwork.intake.inbox import Delivery, Staged, microseconds
from knitwork.intake.lock import one_writer
from knitwork.lake import manifest as manifests
from knitwork.lake.buckets import STAYS_A_BUCKET, bucket_sql, how_many
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import paths_sql, write_table
from knitwork.model.errors import CannotDo

# The clock of a feed may run ahead by so much before its latest times stop counting as "now".
AHEAD_US = 2 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: rows taken, rejected, and what was noticed, in sentences."""

    path: Path
    feed: str
    delivery: str
    known: bool
    rows: int
    taken: int
    rejected: int
    notes: tuple[str, ...] = ()
    profile: Path | None = None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did with each file, and which files of a folder it left out and why."""

    taken: tuple[Taken, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(t.taken for t in self.taken)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How files are to be read: feed name, zone, mapping file and time of extraction, where given."""

    feed: str | None = None
    tz: str | None = None
    mapping: Path | None = None
    extracted_at: dt.datetime | None = None
    received_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


def feed_name(path: Path) -> str:
    """Name a feed after a file, without its endings.

    >>> feed_name(Path("/x/Last night's ADT.csv.gz"))
    'last-night-s-adt'
    """
    stem = re.sub(r"(\.(csv|tsv|txt|gz|zip|xlsx|psv|tab))+$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold())[:64].strip("-") or "feed"


def load(
    place: Place,
    paths: Sequence[Path],
    options: LoadOptions,
    *,
    progress: Callable[[str], None] | None = None,
) -> LoadReport:
    """Take these files in. Raises CannotDo, with nothing changed, when a named file cannot be read."""
    made = outermost_new(place.path)
    try:
        with in_sentences(place.path, doing="taken in"), one_writer(place.path):
            return _load(place, paths, options, progress)
    except BaseException:
        if made and not place.has_data:
            shutil.rmtree(made, ignore_errors=True)
            place.__dict__.pop("inbox", None)  # its folders went too; the next load makes them again
        raise


def outermost_new(path: Path) -> Path | None:
    """Return the topmost folder that has to be made for `path`; None when it exists."""
    return next((p for p in [*reversed(path.parents), path] if not p.exists()), None)


def _load(
    place: Place, paths: Sequence[Path], options: LoadOptions, progress: Callable[[str], None] | None
) -> LoadReport:
    place.create()
    place.inbox.clean()
    land_missing(place)
    staged: list[_Read] = []
    left_out: list[str] = []
    candidates: list[tuple[Path, bool]] = []
    for path in paths:
        folder = formats.files_in(path)
        candidates.extend((file, path.is_dir()) for file in folder.files)
        left_out.extend(folder.passed_over)
    work = place.lake.files / f"landing-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    buckets = place.lake.manifest().buckets or how_many(sum(expected_rows(p) for p, _ in candidates if p.is_file()))
    try:
        with ExitStack() as copies:
            for path, from_folder in candidates:
                if progress:
                    progress(path.name)
                try:
                    copy = copies.enter_context(place.inbox.stage(path))
                    staged.append(_read(place, path, copy, options, into=work, buckets=buckets))
                except CannotDo as refused:
                    if not from_folder:
                        raise
                    left_out.append(f"passed over: {refused}")
            if not staged:
                raise CannotDo(f"nothing in {', '.join(str(p) for p in paths)} could be taken in; {left_out[0]}")
            return LoadReport(tuple(_accept(place, staged, options, buckets)), tuple(left_out))
    finally:
        shutil.rmtree(work, ignore_errors=True)


# What one row of stays takes in a plain file, and in a packed one.
BYTES_A_ROW, BYTES_A_PACKED_ROW = 55, 9


def expected_rows(path: Path) -> int:
    """Guess a file's rows from its size: good enough to choose the number of buckets."""
    packed = path.suffix.casefold() in {".gz", ".zip", ".xlsx"}
    return path.stat().st_size // (BYTES_A_PACKED_ROW if packed else BYTES_A_ROW)


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read and found good, and its rows in files that no manifest names yet.

    Without a report its content was taken in before.
    """

    path: Path
    feed: str
    copy: Staged
    report: LandReport | None
    files: tuple[LakeFile, ...] = ()


def profile_path(place: Place, feed: str) -> Path:
    return place.path / "feeds" / f"{feed}.yaml"


def profile_digest(place: Place, feed: str) -> str:
    """Return the hash of a feed's mapping profile: rows landed by another one are landed anew."""
    path = profile_path(place, feed)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _profile(place: Place, feed: str, options: LoadOptions) -> Profile:
    kept = profile_path(place, feed)
    if options.mapping:
        profile = formats.read_profile(options.mapping)
    elif kept.exists():
        profile = formats.read_profile(kept)
    else:
        profile = Profile()
    return profile.with_zone(options.tz or (place.settings.tz if profile.zone is None else None))


def _read(place: Place, path: Path, copy: Staged, options: LoadOptions, *, into: Path, buckets: int) -> _Read:
    feed = checked_feed(options.feed) if options.feed else feed_name(path)
    if key(feed, copy.delivery) in place.lake.manifest().landed:
        return _Read(path, feed, copy, None)
    files, report = _land(
        place, copy.path, _profile(place, feed, options), feed=feed, content=copy.delivery, name=path.name,
        received_at=options.received_at, extracted_at=options.extracted_at, into=into, buckets=buckets,
    )  # fmt: skip
    return _Read(path, feed, copy, report, files)


def _land(
    place: Place,
    file: Path,
    profile: Profile,
    *,
    feed: str,
    content: str,
    name: str,
    received_at: dt.datetime,
    extracted_at: dt.datetime | None,
    into: Path,
    buckets: int,
) -> tuple[tuple[LakeFile, ...], LandReport]:
    con = place.lake.writer()
    try:
        reader = formats.open_delivery(file, name=name)
        profile = reader.guess(file, name=name, profile=profile, work=into)
        report = reader.land(
            con,
            file,
            profile,
            feed=feed,
            delivery=content,
            extracted_us=microseconds(extracted_at) if extracted_at else None,
            received_us=microseconds(received_at),
            name=name,
            work=into,
        )
        files = list(write_buckets(con, "FROM landed", into, buckets, delivery=content))
        if report.rejected:
            rejects = f"reject-{uuid.uuid4().hex[:12]}.parquet"
            rows = write_table(
                con,
                f"SELECT '{feed}' AS feed, '{content}' AS delivery, \"row\", field, rule, message FROM rejected ORDER BY \"row\"",
                into / rejects,
            )
            files.append(LakeFile(rejects, "reject", WHOLE, rows, key(feed, content)))
        return tuple(replace(f, delivery=key(feed, content)) for f in files), report
    finally:
        con.close()


def write_buckets(con: Connection, source: str, into: Path, buckets: int, *, delivery: str) -> list[LakeFile]:
    """Write rows into one file for each bucket that has any."""
    if buckets == 1:
        name = f"landed-0000-{uuid.uuid4().hex[:12]}.parquet"
        return [LakeFile(name, "landed", 0, write_table(con, source, into / name), delivery)]
    folder = into / f"cut-{uuid.uuid4().hex[:12]}"
    con.execute(
        f"COPY (SELECT *, {bucket_sql('patient', buckets)} AS bucket FROM ({source})) TO '{folder}' "
        "(FORMAT parquet, PARTITION_BY (bucket), COMPRESSION zstd, COMPRESSION_LEVEL 1, FILENAME_PATTERN 'part-{uuid}')"
    )
    made = []
    for part in sorted(folder.glob("bucket=*/*.parquet")):
        bucket = int(part.parent.name.split("=")[1])
        name = f"landed-{bucket:04d}-{uuid.uuid4().hex[:12]}.parquet"
        counted = con.execute(f"SELECT count(*) FROM read_parquet({paths_sql([part])})").fetchall()[0][0]
        manifests.sync_file(part)
        part.rename(into / name)
        made.append(LakeFile(name, "landed", bucket, int(counted), delivery))
    shutil.rmtree(folder)
    return made


FEED = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def checked_feed(feed: str) -> str:
    """Return a feed's name if it can also name a file; it stands in paths, commands and addresses.

    >>> checked_feed("general-adt")
    'general-adt'
    """
    if not FEED.fullmatch(feed):
        raise CannotDo(f"{feed!r} cannot name a feed: use small letters, digits, dots and dashes, 64 at most")
    return feed


def key(feed: str, content: str) -> str:
    return f"{feed}:{content}"


def _accept(place: Place, reads: Sequence[_Read], options: LoadOptions, buckets: int) -> list[Taken]:
    """Make the files that were read deliveries: profiles and inbox first, then one manifest for all of them."""
    results: list[Taken] = []
    manifest = place.lake.manifest()
    accepted: list[Delivery] = []
    with ExitStack() as undo:
        for read in reads:
            # the same content may also stand in a folder twice
            if read.report is None or key(read.feed, read.copy.delivery) in manifest.landed:
                counted = manifest.landed[key(read.feed, read.copy.delivery)]
                rows, rejected = int(counted["rows"]), int(counted["rejected"])
                results.append(Taken(read.path, read.feed, read.copy.delivery, True, rows, 0, rejected))
                continue
            new_profile = keep_profile(place, read.feed, read.report.profile, options, undo)
            delivery = place.inbox.accept(
                read.copy, feed=read.feed, received_at=options.received_at, extracted_at=options.extracted_at
            )
            if delivery.new:
                undo.callback(_forget, place, delivery)
            accepted.append(delivery)
            manifest = with_delivery(place, manifest, delivery, read.files, read.report, buckets, undo)
            results.append(
                Taken(
                    read.path, read.feed, read.copy.delivery, False, read.report.rows, read.report.landed,
                    read.report.rejected, read.report.notes, new_profile,
                )
            )  # fmt: skip
        if accepted:
            publish(place, manifest)
        undo.pop_all()
    mark_landed(place, accepted)
    return results


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


def _forget(place: Place, delivery: Delivery) -> None:
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
    dirty = sorted(set(manifest.dirty) | {f.bucket for f in files if f.table == "landed"})
    return replace(
        manifest.adding(files),
        landed=landed,
        buckets=manifest.buckets or buckets,
        dirty=tuple(dirty),
        fresh=manifest.fresh + tuple(f.name for f in files if f.table == "landed"),
    )


def publish(place: Place, manifest: Manifest) -> Manifest:
    """Make a generation the current one."""
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
        "rows": report.rows,
        "taken": report.landed,
        "rejected": report.rejected,
        "first_us": report.first_us,
        "last_us": latest,
        "notes": list(report.notes),
        "calendar": report.profile.calendar or "real",
        "zone": report.profile.zone,
        "profile": profile_digest(place, delivery.feed),
    }


def split_if_large(place: Place, manifest: Manifest) -> Manifest:
    """Cut all buckets in more when they have grown too large; each patient's rows stay together."""
    stays = manifest.rows("landed")
    if stays <= 2 * STAYS_A_BUCKET * manifest.buckets:
        return manifest
    buckets = how_many(stays)
    con = place.lake.writer()
    made: list[LakeFile] = []
    try:
        for delivery in sorted({f.delivery for f in manifest.of("landed")}):
            old = [f for f in manifest.of("landed") if f.delivery == delivery]
            source = f"FROM read_parquet({paths_sql(place.lake.paths(old))})"
            made.extend(write_buckets(con, source, place.lake.files, buckets, delivery=delivery))
    finally:
        con.close()
    manifests.sync_folder(place.lake.files)
    return replace(manifest.without(["landed"]).adding(made), buckets=buckets, dirty=tuple(range(buckets)), basis={})


def land_missing(place: Place) -> int:
    """Land deliveries that the lake does not hold as it should; return how many.

    They are those that a crash left in the inbox only, and those whose feed's mapping
    profile was edited since.
    """
    manifest = place.lake.manifest()
    digests = {str(v["feed"]): profile_digest(place, str(v["feed"])) for v in manifest.landed.values()}
    edited = {k for k, v in manifest.landed.items() if v["profile"] != digests[str(v["feed"])]}
    missing = [
        d
        for d in place.inbox.deliveries()
        if key(d.feed, d.delivery) not in manifest.landed or key(d.feed, d.delivery) in edited
    ]
    for delivery in missing:
        work = place.lake.files / f"landing-{uuid.uuid4().hex[:12]}"
        work.mkdir(parents=True)
        try:
            kept = profile_path(place, delivery.feed)
            profile = formats.read_profile(kept) if kept.exists() else Profile().with_zone(place.settings.tz)
            file = place.inbox.file(delivery)
            buckets = manifest.buckets or how_many(sum(expected_rows(place.inbox.file(d)) for d in missing))
            files, report = _land(
                place, file, profile, feed=delivery.feed, content=delivery.delivery, name=delivery.name,
                received_at=delivery.received_at, extracted_at=delivery.extracted_at, into=work, buckets=buckets,
            )  # fmt: skip
            with ExitStack() as undo:
                manifest = publish(place, with_delivery(place, manifest, delivery, files, report, buckets, undo))
                undo.pop_all()
            mark_landed(place, [delivery])
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return len(missing)


def without(manifest: Manifest, landed: str) -> Manifest:
    """Return the manifest less one delivery's landed rows; what was derived of them is no basis any more."""
    if landed not in manifest.landed:
        return manifest
    files = tuple(f for f in manifest.files if f.delivery != landed)
    return replace(manifest, files=files, landed={k: v for k, v in manifest.landed.items() if k != landed}, basis={})
