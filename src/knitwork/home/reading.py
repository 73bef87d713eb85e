"""Reading a file: from what came to landed rows in files that no manifest names yet."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

from knitwork.home.place import Place
from knitwork.home.quality.drift import in_order, neighbours, new_name
from knitwork.intake import formats
from knitwork.intake.formats import Format, LandReport, Profile
from knitwork.intake.formats.csv.columns import ColumnGone
from knitwork.intake.formats.csv.showing import looks_like_names
from knitwork.intake.inbox import Staged, microseconds
from knitwork.intake.landing import BUCKETED, made
from knitwork.lake import manifest as manifests
from knitwork.lake.buckets import bucket_sql
from knitwork.lake.engine import Connection
from knitwork.lake.manifest import WHOLE, LakeFile
from knitwork.lake.runner import paths_sql, write_table
from knitwork.model.errors import CannotDo


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How files are to be read: feed name, zone, mapping file and time of extraction, where given."""

    feed: str | None = None
    tz: str | None = None
    mapping: Path | None = None
    format: str = "auto"
    extracted_at: dt.datetime | None = None
    received_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


def feed_name(path: Path) -> str:
    """Name a feed after a file, without its endings.

    >>> feed_name(Path("/x/Last night's ADT.csv.gz"))
    'last-night-s-adt'
    """
    stem = re.sub(r"(\.(csv|tsv|txt|gz|zip|xlsx|psv|tab))+$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold())[:64].strip("-") or "feed"


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


# What one row of stays takes in a plain file, and in a packed one.
BYTES_A_ROW, BYTES_A_PACKED_ROW = 55, 9


def expected_rows(path: Path) -> int:
    """Guess a file's rows from its size: good enough to choose the number of buckets."""
    packed = path.suffix.casefold() in {".gz", ".zip", ".xlsx"}
    return path.stat().st_size // (BYTES_A_PACKED_ROW if packed else BYTES_A_ROW)


@dataclass(frozen=True, slots=True)
class Read:
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


def profile_for(place: Place, feed: str, options: LoadOptions) -> Profile:
    kept = profile_path(place, feed)
    if options.mapping:
        profile = formats.read_profile(options.mapping)
    elif kept.exists():
        profile = formats.read_profile(kept)
    else:
        profile = Profile()
    return profile.with_zone(options.tz or (place.settings.tz if profile.zone is None else None))


def read(place: Place, path: Path, copy: Staged, options: LoadOptions, *, into: Path, buckets: int) -> Read:
    reader = formats.open_delivery(copy.path, name=path.name, format=options.format)
    feed = checked_feed(options.feed) if options.feed else reader.feed or feed_name(path)
    if key(feed, copy.delivery) in place.lake.manifest().landed:
        return Read(path, feed, copy, None)
    try:
        files, report = land(
            place, copy.path, profile_for(place, feed, options), feed=feed, content=copy.delivery, name=path.name,
            received_at=options.received_at, extracted_at=options.extracted_at, into=into, buckets=buckets,
            reader=reader,
        )  # fmt: skip
    except ColumnGone as gone:
        if new := _in_its_place(place, feed, gone):
            raise CannotDo(
                f"{path.name}: the column '{gone.column}', which the feed's profile names for the {gone.role}, is gone, "
                f"and '{new}' stands in its place: write {gone.role}: \"{new}\" in the profile if it is the same thing, "
                "or ask for the old name"
            ) from None
        raise
    return Read(path, feed, copy, report, files)


def _in_its_place(place: Place, feed: str, gone: ColumnGone) -> str | None:
    """Return which new column stands where the one that is gone stood in the last file of the feed that had it."""
    told = [one for one in place.lake.manifest().landed.values() if one["feed"] == feed]
    for one in reversed(in_order(told)):
        before = [(str(name), "") for name, _ in one.get("columns") or ()]
        names = {name for name, _ in before}
        if gone.column in names:
            now = [(name, "") for name in gone.header]
            added = [one for one in now if one[0] not in names]
            new = new_name(gone.column, "", added, neighbours(before, gone.column), now)
            return new if new and looks_like_names([new]) and len(new) <= LONGEST_NAME else None
    return None


# A longer name of a column is none that a sentence can quote.
LONGEST_NAME = 40

UNTIMED = (
    "each extract of this feed holds everything, and nobody said when this one was made: it counts as older than all "
    "that say so"
)


def land(
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
    reader: Format | None = None,
) -> tuple[tuple[LakeFile, ...], LandReport]:
    con = place.lake.writer()
    try:
        reader = reader or formats.open_delivery(file, name=name)
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
        if profile.snapshot and extracted_at is None and report.kind == "stays":
            report = replace(report, notes=(*report.notes, UNTIMED))
        files = write_landed(con, into, buckets, delivery=key(feed, content))
        # Also of a record that was taken in part.
        aside = set_aside(con)
        if aside:
            rejects = f"reject-{uuid.uuid4().hex[:12]}.parquet"
            rows = write_table(
                con,
                f"SELECT '{feed}' AS feed, '{content}' AS delivery, \"row\", field, rule, message FROM rejected ORDER BY \"row\"",
                into / rejects,
            )
            files.append(LakeFile(rejects, "reject", WHOLE, rows, key(feed, content)))
        # A record may tell of several things, and of some of them too little.
        if aside > report.rejected:
            report = replace(report, partly=aside - report.rejected)
        return tuple(files), report
    finally:
        con.close()


def set_aside(con: Connection) -> int:
    """Count the records of which a format set something aside."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'rejected'").fetchall():
        return 0
    return int(con.execute('SELECT count(DISTINCT "row") FROM rejected').fetchall()[0][0])


# The links of patients have stood in the lake under this name since before there were other formats.
IN_LAKE = {"linked": "patient_link"}


def write_landed(con: Connection, into: Path, buckets: int, *, delivery: str) -> list[LakeFile]:
    """Write every landed table of this connection that has rows: cut by patient, or whole where it has none."""
    files: list[LakeFile] = []
    for table in made(con):
        if table in BUCKETED:
            files += write_buckets(con, table, f"FROM {table}", into, buckets, delivery=delivery)
        elif (con.execute(f"SELECT count(*) FROM {table}").fetchall())[0][0]:
            kept = IN_LAKE.get(table, table)
            name = f"{kept}-{uuid.uuid4().hex[:12]}.parquet"
            rows = write_table(con, f'FROM {table} ORDER BY "row"', into / name)
            files.append(LakeFile(name, kept, WHOLE, rows, delivery))
    return files


def write_buckets(
    con: Connection, table: str, source: str, into: Path, buckets: int, *, delivery: str
) -> list[LakeFile]:
    """Write rows into one file for each bucket that has any."""
    if buckets == 1:
        name = f"{table}-0000-{uuid.uuid4().hex[:12]}.parquet"
        rows = write_table(con, source, into / name)
        if not rows:
            (into / name).unlink()
            return []
        return [LakeFile(name, table, 0, rows, delivery)]
    folder = into / f"cut-{uuid.uuid4().hex[:12]}"
    con.execute(
        f"COPY (SELECT *, {bucket_sql('patient', buckets)} AS bucket FROM ({source})) TO '{folder}' "
        "(FORMAT parquet, PARTITION_BY (bucket), COMPRESSION zstd, COMPRESSION_LEVEL 1, FILENAME_PATTERN 'part-{uuid}')"
    )
    files = []
    for part in sorted(folder.glob("bucket=*/*.parquet")):
        bucket = int(part.parent.name.split("=")[1])
        name = f"{table}-{bucket:04d}-{uuid.uuid4().hex[:12]}.parquet"
        counted = con.execute(f"SELECT count(*) FROM read_parquet({paths_sql([part])})").fetchall()[0][0]
        manifests.sync_file(part)
        part.rename(into / name)
        files.append(LakeFile(name, table, bucket, int(counted), delivery))
    shutil.rmtree(folder, ignore_errors=True)  # no row, no folder
    return files
