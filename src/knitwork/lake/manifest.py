"""The manifest: one small file that says which immutable Parquet files are the lake.

It is replaced atomically, so that a reader holds a whole generation or the one before,
never half of each. A file that no manifest names does not exist for readers and is
removed later.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from knitwork.model.errors import CannotDo

FORMAT = 1
WHOLE = -1  # the bucket number of a table that is not cut into buckets


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One immutable Parquet file: which table and bucket it holds, and how many rows."""

    name: str
    table: str
    bucket: int
    rows: int
    delivery: str = ""


@dataclass(frozen=True)
class Manifest:
    """One generation of the lake.

    `landed` holds, by `feed:delivery`, what was counted when that delivery was landed.
    `dirty` are buckets whose derived tables are older than their landed rows.
    `fresh` are the files of landed rows that no derived table has seen yet.
    `links` are the files of landed patient links by which the derived tables were made.
    `streams` says of each live feed which message was the last to land, by its number in the store, and `derived_streams`
    which was the last that the derived tables know.
    `basis` says from which registry, settings and code the derived tables were made.
    """

    generation: int = 0
    made_at: str = ""
    buckets: int = 0
    files: tuple[LakeFile, ...] = ()
    landed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dirty: tuple[int, ...] = ()
    fresh: tuple[str, ...] = ()
    basis: Mapping[str, str] = field(default_factory=dict)
    registry: str = ""
    watermark_us: int | None = None
    derived_generation: int = 0
    feeds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    streams: Mapping[str, int] = field(default_factory=dict)
    derived_streams: Mapping[str, int] = field(default_factory=dict)

    def of(self, table: str, bucket: int | None = None) -> list[LakeFile]:
        """Return the files of a table, of one bucket or of all."""
        return [f for f in self.files if f.table == table and (bucket is None or f.bucket == bucket)]

    def without(self, tables: Iterable[str], buckets: Iterable[int] | None = None) -> Manifest:
        """Return the manifest less the files of these tables (in these buckets)."""
        gone, where = set(tables), None if buckets is None else set(buckets)
        kept = tuple(f for f in self.files if f.table not in gone or (where is not None and f.bucket not in where))
        return replace(self, files=kept)

    def adding(self, files: Iterable[LakeFile]) -> Manifest:
        return replace(self, files=self.files + tuple(files))

    def rows(self, table: str) -> int:
        return sum(f.rows for f in self.of(table))


def read(folder: Path) -> Manifest:
    """Read the current generation; an empty one where nothing was ever written."""
    path = folder / "manifest.json"
    try:
        raw = dict(json.loads(path.read_text("utf-8")))
        written_as = raw.pop("format", None)
        if written_as == FORMAT:
            raw["files"] = tuple(LakeFile(*f) for f in raw["files"])
            raw["dirty"], raw["fresh"] = tuple(raw["dirty"]), tuple(raw["fresh"])
            raw["links"] = tuple(raw.get("links", ()))
            return Manifest(**raw)
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotDo(
            f"{path} cannot be read ({error}): restore it from a backup, or delete the lake/ folder and run refresh --full"
        ) from error
    raise CannotDo(f"{path} was written by another version of Knitwork: delete the lake/ folder and run refresh --full")


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest atomically: written beside, synced, renamed, folder synced."""
    raw = {f.name: getattr(manifest, f.name) for f in fields(manifest)}
    raw["files"] = [[f.name, f.table, f.bucket, f.rows, f.delivery] for f in manifest.files]
    raw["format"] = FORMAT
    beside = folder / f"manifest.{os.getpid()}.tmp"
    try:
        with beside.open("w", encoding="utf-8") as out:
            json.dump(raw, out, separators=(",", ":"), ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(folder / "manifest.json")
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut, whoever wrote it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, manifest: Manifest, *, older_than_s: float, now: float | None = None) -> int:
    """Delete what no manifest names once it is older than the longest question; return how much.

    That is files of generations gone by, and what a killed load or refresh left behind.
    """
    named = {f.name for f in manifest.files}
    now = time.time() if now is None else now
    gone = 0
    for path in [*(folder / "files").glob("*"), *(folder / "spill").glob("*"), *folder.glob("manifest.*.tmp")]:
        if path.name in named:
            continue
        try:
            if now - path.stat().st_mtime > older_than_s:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone
