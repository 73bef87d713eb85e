"""`knitwork doctor`: is the installation whole, is the home sound, and what to do if not."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

from knitwork.cli.printing import counted, say
from knitwork.home import Home
from knitwork.model.errors import CannotDo

NEEDED = ("duckdb", "pyarrow", "numpy", "pyyaml", "django", "uvicorn")
LEAST_FREE_GB = 2.0

Finding = tuple[bool, str]


def check(home: Home) -> int:
    """Print each finding; return 0 when nothing is wrong, else 1."""
    wrong = 0
    for good, sentence in findings(home):
        say(f"{'ok   ' if good else 'WRONG'}  {sentence}")
        wrong += not good
    say("Nothing is wrong." if not wrong else f"{counted(wrong, 'thing needs', 'things need')} attention.")
    return 1 if wrong else 0


def findings(home: Home) -> Iterator[Finding]:
    """Look at Python, libraries, disk, settings, inbox, lake and database, one finding each."""
    version = sys.version.split()[0]
    yield sys.version_info >= (3, 11), f"Python {version} (3.11 or newer is needed)"
    for name in NEEDED:
        try:
            yield True, f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield False, f"{name} is not installed: run make again"
    if not home.path.exists():
        yield True, f"{home.path} does not exist yet: knitwork open FILE makes it"
        return
    free = shutil.disk_usage(home.path).free / 1e9
    yield (
        free >= LEAST_FREE_GB,
        f"{free:.1f} GB free on the disk of {home.path} (at least {LEAST_FREE_GB:g} GB is wanted)",
    )
    yield os.access(home.path, os.W_OK), f"{home.path} may be written to"
    try:
        yield True, f"knitwork.toml: the system is called {home.settings.name}"
    except CannotDo as refused:
        yield False, str(refused)
        return
    yield from _inbox(home)
    yield from _lake(home)
    yield from _database(home)


def _inbox(home: Home) -> Iterator[Finding]:
    deliveries = home.place.inbox.deliveries()
    yield True, f"the inbox holds {counted(len(deliveries), 'delivery', 'deliveries')}"
    for delivery in deliveries:
        file = home.place.inbox.file(delivery)
        if not file.exists():
            yield False, f"the file of delivery {delivery.name} is missing: load it again"
            continue
        with file.open("rb") as content:
            whole = hashlib.file_digest(content, "sha256").hexdigest() == delivery.delivery
        if not whole:
            yield False, f"the file of delivery {delivery.name} has changed on disk: restore it from a copy"


def _lake(home: Home) -> Iterator[Finding]:
    try:
        manifest = home.place.lake.manifest()
    except CannotDo as refused:
        yield False, str(refused)
        return
    missing = [f.name for f in manifest.files if not home.place.lake.path(f).exists()]
    files, buckets = counted(len(manifest.files), "file", "files"), counted(manifest.buckets, "bucket", "buckets")
    good = f"the lake is at generation {manifest.generation}, {files} in {buckets}"
    gone = counted(len(missing), "file of the lake is", "files of the lake are")
    yield (
        not missing,
        good if not missing else f"{gone} missing: run knitwork refresh --full",
    )
    landed = set(manifest.landed)
    waiting = [d.name for d in home.place.inbox.deliveries() if f"{d.feed}:{d.delivery}" not in landed]
    yield (
        not waiting,
        "every delivery is in the lake"
        if not waiting
        else f"{counted(len(waiting), 'delivery waits', 'deliveries wait')}: run knitwork refresh",
    )
    yield (
        not manifest.dirty,
        "derived tables are up to date" if not manifest.dirty else "new rows wait: run knitwork refresh",
    )


def _database(home: Home) -> Iterator[Finding]:
    path = home.path / "knitwork.sqlite3"
    if not path.exists():
        yield True, "no database yet: the first refresh makes it"
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        said = database.execute("PRAGMA integrity_check").fetchone()[0]
    yield said == "ok", f"the database says: {said}"
