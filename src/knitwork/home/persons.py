"""From the patient links of all deliveries to who is one person, and which buckets that stirs.

Landed rows lie in the bucket of the number they came under, and are derived in the bucket of
their person. Rows whose person lives elsewhere are handed over as guests of that bucket.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from knitwork.home.place import Place
from knitwork.journeys.persons import ASIDE, PatientLink, Persons, persons
from knitwork.lake.buckets import bucket_of
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import SharedTable, paths_sql, write_table

LINK_TABLES = ("person", "link_reject")
_PERSON = (
    "patient VARCHAR, person VARCHAR, merged_into VARCHAR, at_us BIGINT, feed VARCHAR, delivery VARCHAR, row BIGINT"
)
_ASIDE = "feed VARCHAR, delivery VARCHAR, row BIGINT, field VARCHAR, rule VARCHAR, message VARCHAR"


@dataclass(frozen=True)
class Linked:
    """Who is one person now, and what differs from the generation before.

    `sources` are the files of landed links it was made of; `stirred` the persons who gained or lost
    a number, as they were and as they are, and those who have new rows under a number that was given up.
    """

    now: Persons = field(default_factory=Persons)
    sources: tuple[str, ...] = ()
    stirred: frozenset[str] = frozenset()


def landed_links(place: Place, manifest: Manifest, deliveries: Collection[str]) -> list[PatientLink]:
    """Read the links of these deliveries."""
    files = [f for f in manifest.of("patient_link") if f.delivery in deliveries]
    if not files:
        return []
    found = place.lake.rows(
        manifest,
        "SELECT patient, merged_into, kind, at_us, feed, delivery, row, extracted_us "
        f"FROM read_parquet({paths_sql(place.lake.paths(files))})",
    )
    return [PatientLink(**row) for row in found]


def linked(place: Place, manifest: Manifest, deliveries: Collection[str]) -> Linked:
    """Work out the persons by the links of these deliveries, and who differs from the derived generation."""
    sources = tuple(sorted(f.name for f in manifest.of("patient_link") if f.delivery in deliveries))
    before = {}
    if manifest.rows("person"):
        before = {r["patient"]: r["person"] for r in place.lake.rows(manifest, "SELECT patient, person FROM {person}")}
    now = persons(landed_links(place, manifest, deliveries))
    changed = [n for n in before.keys() | now.person.keys() if before.get(n, n) != now.of(n)]
    stirred = {p for n in changed for p in (before.get(n, n), now.of(n))} | {
        now.of(number) for number in new_rows_of(place, manifest, now.person)
    }
    return Linked(now, sources, frozenset(stirred))


def new_rows_of(place: Place, manifest: Manifest, numbers: Collection[str]) -> list[str]:
    """Return which of these numbers have landed rows that no derived table has seen yet."""
    fresh = [f for f in manifest.of("landed") if f.name in set(manifest.fresh)]
    if not fresh or not numbers:
        return []
    con = place.lake.writer()
    try:
        SharedTable("given_up", "patient VARCHAR", tuple((number,) for number in numbers)).make(con)
        rows = f"read_parquet({paths_sql(place.lake.paths(fresh))})"
        found = con.execute(f"SELECT DISTINCT l.patient FROM {rows} l SEMI JOIN given_up g ON g.patient = l.patient")
        return [str(row[0]) for row in found.fetchall()]
    finally:
        con.close()


def tables(place: Place, found: Linked) -> list[LakeFile]:
    """Write who is one person, and the links that were set aside; nothing where there are no links."""
    made = []
    rows = [
        (n, found.now.person[n], k.merged_into, k.at_us, k.feed, k.delivery, k.row) for n, k in found.now.links.items()
    ]
    aside = [(k.feed, k.delivery, k.row, _FIELDS[rule], rule, ASIDE[rule]) for k, rule in found.now.aside]
    for table, columns, values in (("person", _PERSON, rows), ("link_reject", _ASIDE, aside)):
        if not values:
            continue
        con = place.lake.writer()
        try:
            SharedTable(table, columns, tuple(values)).make(con)
            name = f"{table}-{uuid.uuid4().hex[:12]}.parquet"
            count = write_table(con, f"FROM {table} ORDER BY ALL", place.lake.files / name)
            made.append(LakeFile(name, table, WHOLE, count))
        finally:
            con.close()
    return made


_FIELDS = {"merged_elsewhere": "merged_into", "link_in_a_circle": "link", "unmerge_of_nothing": "kind"}


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that was given up: the bucket its rows lie in, and the one in which its person lives."""

    number: str
    person: str
    lies: int
    lives: int


def moved(found: Linked, buckets: int) -> list[Moved]:
    return [Moved(n, p, bucket_of(n, buckets), bucket_of(p, buckets)) for n, p in found.now.person.items()]


def known_to(numbers: Sequence[Moved], rebuild: Collection[int]) -> dict[int, tuple[SharedTable, ...]]:
    """Return what each bucket must know: the numbers given up whose rows or whose person it holds."""
    rows: dict[int, list[tuple[object, ...]]] = {bucket: [] for bucket in rebuild}
    for one in numbers:
        for bucket in {one.lies, one.lives} & rows.keys():
            rows[bucket].append((one.number, one.person, one.lives == bucket))
    columns = "patient VARCHAR, person VARCHAR, here BOOLEAN"
    return {bucket: (SharedTable("link_raw", columns, tuple(mine)),) for bucket, mine in rows.items()}


class Guests:
    """Rows of given-up numbers, cut by the bucket of their person, in files that last for one refresh."""

    def __init__(
        self, place: Place, landed: Sequence[LakeFile], numbers: Sequence[Moved], rebuild: Collection[int]
    ) -> None:
        self.folder = place.lake.spill / f"guests-{uuid.uuid4().hex[:12]}"
        self.files: dict[int, list[Path]] = {}
        moving = [(one.number, one.lives) for one in numbers if one.lives in rebuild and one.lives != one.lies]
        lying = {one.lies for one in numbers if one.lives in rebuild and one.lives != one.lies}
        sources = [f for f in landed if f.bucket in lying]
        if not sources:
            return
        self.folder.mkdir(parents=True)
        con = place.lake.writer()
        try:
            SharedTable("moving", "patient VARCHAR, bucket INTEGER", tuple(moving)).make(con)
            con.execute(
                f"COPY (SELECT l.*, m.bucket FROM read_parquet({paths_sql(place.lake.paths(sources))}, union_by_name = true) l "
                "JOIN moving m ON m.patient = l.patient)"  # one row a number: multiplies nothing
                f" TO '{str(self.folder).replace(chr(39), chr(39) * 2)}/cut' (FORMAT parquet, PARTITION_BY (bucket))"
            )
        finally:
            con.close()
        for part in sorted((self.folder / "cut").glob("bucket=*/*.parquet")):
            bucket = int(part.parent.name.split("=")[1])
            # out of the folder whose name would be read as a column
            at = self.folder / f"{bucket}-{part.name}"
            part.rename(at)
            self.files.setdefault(bucket, []).append(at)

    def of(self, bucket: int) -> list[Path]:
        return self.files.get(bucket, [])

    def go(self) -> None:
        """Remove the files."""
        with suppress(OSError):
            shutil.rmtree(self.folder)
