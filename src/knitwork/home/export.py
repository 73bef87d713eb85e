"""Writing what a home holds in another format, whole or not at all.

The files are made in a folder beside the target, which has another name until they are whole: a run that is killed
leaves no half file under the name that was asked for, and what it leaves beside it goes with the next run.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from knitwork.home.answers import Answers
from knitwork.home.home import Home
from knitwork.home.trouble import in_sentences
from knitwork.intake.formats import FORMATS
from knitwork.intake.writing import ANEW, PROVENANCE, Records, Written
from knitwork.lake.engine import Connection, connect
from knitwork.lake.manifest import sync_file, sync_folder
from knitwork.lake.runner import paths_sql
from knitwork.model.errors import CannotDo

TARGETS = tuple(sorted(name for name, format in FORMATS.items() if format.write))
# What a home holds of records; a format says itself which of them it keeps.
TABLES = ("stay", "event", "request", "message", "duty", "fact", "person", "unit_fact")
# To sort a million stays takes less than a quarter of this; beyond it they are sorted on disk.
MEMORY_MB = 256
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PREFIX = ".export-"
_HOLD = "held"
# A folder without a holder that is older than this was left behind by a run that was killed.
_LEFT_S = 3_600


def export(home: Home, *, to: str, target: Path, overwrite: bool = False, losses: Path | None = None) -> Written:
    """Write the records of `home` to a folder, zip or file, and the list of losses as JSON to `losses`.

    Reads the lake a batch at a time. Raises CannotDo, with nothing written.
    """
    format = FORMATS.get(to)
    if format is None or format.write is None:
        raise CannotDo(f"'{to}' is no format that can be written: use {', '.join(TARGETS)}")
    answers = home.answers()
    if not answers.is_derived:
        raise CannotDo(f"{home.path} holds nothing derived yet: load a file and run knitwork refresh")
    for one in (target, losses):
        if one is not None and not overwrite and one.exists() and not _is_empty_folder(one):
            raise CannotDo(f"{one} is there already: give another name, or say --overwrite")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target) as made, in_sentences(home.path, doing="written"), records_of(answers) as records:
            folder = made / "files"
            folder.mkdir()
            written = format.write(records, folder)
            told = None if losses is None else _told(made / "losses.json", written, records, to=to, answers=answers)
            _put(folder, target, written)
            if told is not None and losses is not None:
                losses.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(told, losses)
    except OSError as problem:
        raise CannotDo(_why(target, problem)) from None
    except CannotDo as problem:
        cause = problem.__cause__
        if isinstance(cause, OSError) and cause.filename != str(home.path):
            raise CannotDo(_why(target, cause)) from None
        raise
    return written


def _why(target: Path, problem: OSError) -> str:
    if problem.errno in _FULL:
        return (
            f"nothing was written: the disk of {target.parent} is full or its quota is used up; "
            "make room and try again, or give another place"
        )
    return f"{target} could not be written ({problem.strerror}): give another place"


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


@contextmanager
def records_of(answers: Answers) -> Iterator[Records]:
    """Open the tables of one generation for a writer, on a connection of their own with little memory."""
    place, manifest = answers.place, answers.manifest
    con = connect(
        memory=f"{min(MEMORY_MB, place.lake.memory_mb)}MB", threads=place.lake.threads, spill=place.lake.spill
    )
    try:
        files = {table: manifest.of(table) for table in TABLES}
        sources = {t: f"read_parquet({paths_sql(place.lake.paths(found))})" for t, found in files.items() if found}
        yield Records(con, {**sources, **_registry(con, answers)})
    finally:
        con.close()


def _registry(con: Connection, answers: Answers) -> dict[str, str]:
    """Leave the units and what they belong to in the connection; return where they are."""
    registry = answers.registry
    for name, kept, schema in (("unit", registry.units, _UNIT), ("membership", registry.memberships, _MEMBERSHIP)):
        con.register("given", pa.Table.from_pylist([asdict(one) for one in kept], schema=schema))
        con.execute(f"CREATE TABLE {name} AS FROM given")
        con.unregister("given")
    return {"unit": "unit", "membership": "membership"}


_UNIT = pa.schema([
    ("unit", pa.string()), ("name", pa.string()), ("kind", pa.string()), ("kind_guessed", pa.bool_()),
    ("tz", pa.string()), ("capacity", pa.float64()), ("since_us", pa.int64()), ("until_us", pa.int64()),
])  # fmt: skip
_MEMBERSHIP = pa.schema([
    ("unit", pa.string()), ("group", pa.string()), ("kind", pa.string()), ("since_us", pa.int64()),
    ("until_us", pa.int64()),
])  # fmt: skip


def _told(path: Path, written: Written, records: Records, *, to: str, answers: Answers) -> Path:
    """Write for machines what became of each column of each table; `docs/reference/export.md` tells the fields."""
    lost = {(one.table, one.column) for one in written.lost}
    whole = {one.table for one in written.lost if not one.column and one.how == "left out"}
    kept = {
        table: [
            column
            for column in records.columns(table)
            if table not in whole and (table, column) not in lost and column not in (*PROVENANCE, *ANEW.get(table, ()))
        ]
        for table in records.tables
    }
    told = {
        "format": to,
        "generation": answers.generation,
        "records": written.records,
        "losses": [asdict(one) for one in written.lost],
        "kept": kept,
    }
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sync_file(path)
    return path


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Yield a new folder beside the target, which is gone afterwards; remove those of runs that were killed."""
    for left in target.parent.glob(f"{_PREFIX}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=_PREFIX) as made,
        (Path(made) / _HOLD).open("wb") as hold,
    ):
        fcntl.flock(hold, fcntl.LOCK_EX)
        yield Path(made)


def _is_left(folder: Path) -> bool:
    """Say whether nobody works in a folder of an export any more: the system drops a lock when its holder dies."""
    with suppress(OSError):
        try:
            with (folder / _HOLD).open("rb") as hold:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
        except FileNotFoundError:
            return time.time() - folder.stat().st_mtime > _LEFT_S
    return False


def _put(folder: Path, target: Path, written: Written) -> None:
    """Move what was written to where it shall be: into a zip, to the name of one file, or into a folder."""
    files = sorted(folder.iterdir())
    if target.suffix.lower() == ".zip":
        packed = folder.parent / "packed.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
        files = [packed]
    for file in files:
        sync_file(file)
    if files == [folder.parent / "packed.zip"] or (len(files) == 1 and target.suffix.lower() == files[0].suffix):
        files[0].replace(target)
    elif target.exists() and not _is_empty_folder(target):
        for file in files:
            file.replace(target / file.name)
        for name in {*written.names} - {file.name for file in files}:
            # An earlier export had records for it and this one has none.
            (target / name).unlink(missing_ok=True)
        sync_folder(target)
    else:
        folder.chmod(0o777 & ~_umask())
        folder.replace(target)
    sync_folder(target.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
