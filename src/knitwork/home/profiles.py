"""Profiles of feeds as people change them: what one says now, what would be guessed, what another would do.

The file `feeds/<feed>.yaml` of the home is the truth, whoever wrote it: loads, pages and commands all read it.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from knitwork.home.place import Place
from knitwork.home.reading import checked_feed, profile_path
from knitwork.home.trouble import in_sentences
from knitwork.intake import formats
from knitwork.intake.formats import LandReport, Profile
from knitwork.intake.inbox import Delivery, microseconds
from knitwork.intake.landing import made
from knitwork.intake.lock import one_writer
from knitwork.intake.profile import KEYS, quoted
from knitwork.lake import manifest as manifests
from knitwork.lake.engine import Connection
from knitwork.model.errors import CannotDo


@dataclass(frozen=True, slots=True)
class Tried:
    """What a profile makes of one delivery: rows by what became of them, set aside by rule, and what was noticed."""

    name: str
    rows: int
    taken: int
    marked: int
    rejected: int
    ignored: int
    rules: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guessed:
    """What would be read of a feed's last delivery if nobody had said anything, and of how many rows that is."""

    profile: Profile
    name: str
    rows: int
    columns: tuple[str, ...]


def feeds_with_profiles(place: Place) -> list[str]:
    """Return every feed of which a profile is kept, one that has not come yet too."""
    return sorted(file.stem for file in (place.path / "feeds").glob("*.yaml"))


def kept_text(place: Place, feed: str) -> str | None:
    """Return the text of a feed's profile as it stands in its file; None where there is none."""
    file = profile_path(place, checked_feed(feed))
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotDo(f"{file} could not be read ({problem}): save it as plain UTF-8 text") from None


def keep_text(place: Place, feed: str, text: str) -> Path:
    """Check a profile and put it in the place of the one that is kept; the old one stays whole until the new one is."""
    formats.parse_profile(text, source=f"the profile of {feed}")
    kept = profile_path(place, checked_feed(feed))
    with in_sentences(place.path, doing="kept"), one_writer(place.path):
        kept.parent.mkdir(exist_ok=True)
        beside = kept.with_suffix(".tmp")
        try:
            beside.write_text(text, "utf-8")
            manifests.sync_file(beside)
            beside.replace(kept)
        finally:
            beside.unlink(missing_ok=True)
        manifests.sync_folder(kept.parent)
    return kept


def with_values(text: str, values: Mapping[str, str | None], *, feed: str) -> str:
    r"""Return a profile's text with these values in it; comments and the order of its lines stay.

    >>> with_values("# ours\nzone: UTC\n", {"zone": "Europe/Oslo", "cadence": "1 d"}, feed="adt")
    '# ours\nzone: "Europe/Oslo"\ncadence: "1 d"\n'
    """
    source = f"the profile of {feed}"
    wanted = replace(formats.parse_profile(text, source=source), **values)
    changed = text if text.endswith("\n") or not text else text + "\n"
    for key, value in values.items():
        line = f"{key}: {quoted(value)}".rstrip()
        pattern = re.compile(rf"^{key}[ \t]*:.*$", re.MULTILINE)
        found = pattern.search(changed)
        if found:
            changed = changed[: found.start()] + line + changed[found.end() :]
        if not found and value is not None:
            changed += line + "\n"
    try:
        holds = formats.parse_profile(changed, source=source) == wanted
    except CannotDo:
        holds = False
    # A value that runs over several lines cannot be replaced in one: then the whole file is written anew.
    return changed if holds else formats.write_profile(wanted, feed=feed)


def last_delivery(place: Place, feed: str) -> Delivery | None:
    """Return the newest file of a feed; None where it has none, as a feed of live messages."""
    if not (place.path / "inbox" / "index.sqlite3").exists():
        return None
    return max(place.inbox.deliveries(feed), key=lambda one: (one.received_at, one.delivery), default=None)


def guessed(place: Place, feed: str) -> Guessed | None:
    """Return what the last delivery of a feed would be read by, had nobody said anything of it."""
    last = last_delivery(place, feed)
    if last is None:
        return None
    landed = place.lake.manifest().landed.get(f"{feed}:{last.delivery}", {})
    columns = tuple(str(name) for name, _ in landed.get("columns", ()))
    with _work(place) as work:
        try:
            reader = formats.open_delivery(place.inbox.file(last), name=last.name)
            found = reader.guess(place.inbox.file(last), name=last.name, profile=Profile(), work=work)
        except CannotDo:
            # What cannot be guessed was said: the file is read by a profile that somebody wrote.
            found = Profile()
    return Guessed(found, last.name, int(landed.get("rows", 0)), columns)


def try_out(place: Place, feed: str, profile: Profile) -> Tried | None:
    """Read the last delivery of a feed by a profile, and keep nothing. Raises CannotDo where it cannot be read by it."""
    last = last_delivery(place, feed)
    if last is None:
        return None
    with in_sentences(place.path, doing="tried"), _work(place) as work:
        con = place.lake.writer()
        try:
            file = place.inbox.file(last)
            reader = formats.open_delivery(file, name=last.name)
            report = reader.land(
                con,
                file,
                reader.guess(file, name=last.name, profile=profile, work=work),
                feed=feed,
                delivery=last.delivery,
                extracted_us=microseconds(last.extracted_at) if last.extracted_at else None,
                received_us=microseconds(last.received_at),
                name=last.name,
                work=work,
            )
            return _tried(con, last.name, report)
        finally:
            con.close()


def _tried(con: Connection, name: str, report: LandReport) -> Tried:
    marked = con.execute("SELECT count(*) FROM landed WHERE flags <> 0").fetchall() if "landed" in made(con) else [(0,)]
    rules = con.execute("SELECT rule, count(*) FROM rejected GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    return Tried(
        name, report.rows, report.landed, int(marked[0][0]), report.rejected, report.ignored,
        {str(rule): int(n) for rule, n in rules}, report.notes,
    )  # fmt: skip


@contextmanager
def _work(place: Place) -> Iterator[Path]:
    """Give a folder for what reading needs, gone afterwards."""
    work = place.lake.files / f"trying-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def changed_keys(before: Profile, after: Profile) -> tuple[str, ...]:
    """Return the keys in which two profiles differ, in the order of the file."""
    return tuple(key for key in KEYS if getattr(before, key) != getattr(after, key))
