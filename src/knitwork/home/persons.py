"""From the patient links of all deliveries to who is one person, and which buckets that stirs.

Landed rows lie in the bucket of the number they came under, and are derived in the bucket of
their person. Rows whose person lives elsewhere are handed over as guests of that bucket.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

from knitwork.home.place import Place
from knitwork.intake.landing import BUCKETED, LANDED, no_rows
from knitwork.journeys.persons import ASIDE, PatientLink, Persons, persons
from knitwork.lake.buckets import bucket_of
from knitwork.lake.manifest import WHOLE, LakeFile, Manifest
from knitwork.lake.runner import SharedTable, paths_sql, write_table

LINK_TABLES = ("person", "link_reject", "visit_moved")
_PERSON = (
    "patient VARCHAR, person VARCHAR, merged_into VARCHAR, at_us BIGINT, feed VARCHAR, delivery VARCHAR, row BIGINT"
)
WITH_VISIT = {table for table in BUCKETED if "visit" in dict(LANDED[table])}
_VISIT = "patient VARCHAR, visit VARCHAR, person VARCHAR"
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


def landed_links(
    place: Place, manifest: Manifest, deliveries: Collection[str], as_of_us: int | None = None
) -> list[PatientLink]:
    """Read the links of these deliveries, of live messages those that had come by `as_of_us`."""
    files = [f for f in manifest.of("patient_link") if f.delivery in deliveries]
    if not files:
        return []
    names = ", ".join(f'"{f.name}"' for f in fields(PatientLink))
    found = place.lake.rows(
        manifest,
        f"SELECT {names} FROM ({no_rows(LANDED['linked'])} UNION ALL BY NAME "
        f"FROM read_parquet({paths_sql(place.lake.paths(files))}, union_by_name = true)) "
        "WHERE $as_of IS NULL OR came_us IS NULL OR came_us <= $as_of",
        {"as_of": as_of_us},
    )
    return [PatientLink(**row) for row in found]


def linked(place: Place, manifest: Manifest, deliveries: Collection[str], as_of_us: int | None = None) -> Linked:
    """Work out the persons by the links of these deliveries, and who differs from the derived generation."""
    sources = tuple(sorted(f.name for f in manifest.of("patient_link") if f.delivery in deliveries))
    before = {}
    if manifest.rows("person"):
        before = {r["patient"]: r["person"] for r in place.lake.rows(manifest, "SELECT patient, person FROM {person}")}
    now = persons(landed_links(place, manifest, deliveries, as_of_us))
    changed = [n for n in before.keys() | now.person.keys() if before.get(n, n) != now.of(n)]
    stirred = {p for n in changed for p in (before.get(n, n), now.of(n))} | _moved_visits(place, manifest, now)
    news = new_rows_of(place, manifest, {*now.person, *(number for number, _ in now.visits)})
    stirred |= {now.of(number) for number in news} | {p for (n, _), p in now.visits.items() if n in set(news)}
    return Linked(now, sources, frozenset(stirred))


def _moved_visits(place: Place, manifest: Manifest, now: Persons) -> set[str]:
    """Return the persons who lost or gained a single visit since the derived generation."""
    before: dict[tuple[str, str], str] = {}
    if manifest.rows("visit_moved"):
        rows = place.lake.rows(manifest, "SELECT patient, visit, person FROM {visit_moved}")
        before = {(r["patient"], r["visit"]): r["person"] for r in rows}
    changed = [k for k in before.keys() | now.visits.keys() if before.get(k) != now.visits.get(k)]
    return {p for k in changed for p in (now.of(k[0]), before.get(k, k[0]), now.visits.get(k, k[0]))}


def new_rows_of(place: Place, manifest: Manifest, numbers: Collection[str]) -> list[str]:
    """Return which of these numbers have landed rows that no derived table has seen yet."""
    fresh = [f for f in manifest.files if f.table in BUCKETED and f.name in set(manifest.fresh)]
    if not fresh or not numbers:
        return []
    con = place.lake.writer()
    try:
        SharedTable("given_up", "patient VARCHAR", tuple((number,) for number in numbers)).make(con)
        rows = f"read_parquet({paths_sql(place.lake.paths(fresh))}, union_by_name = true)"
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
    visits = [(number, visit, person) for (number, visit), person in sorted(found.now.visits.items())]
    for table, columns, values in (
        ("person", _PERSON, rows), ("link_reject", _ASIDE, aside), ("visit_moved", _VISIT, visits),
    ):  # fmt: skip
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
    """A number that was given up, or one visit of it: the bucket its rows lie in, and where its person lives.

    `whole` is the bucket in which the rest of the number's records are derived.
    """

    number: str
    visit: str | None
    person: str
    lies: int
    lives: int
    whole: int


def moved(found: Linked, buckets: int) -> list[Moved]:
    """Return every number and visit that stands under another person."""

    def one(number: str, visit: str | None, person: str) -> Moved:
        lies, whole = bucket_of(number, buckets), bucket_of(found.now.of(number), buckets)
        return Moved(number, visit, person, lies, bucket_of(person, buckets), whole)

    return [
        *(one(n, None, p) for n, p in found.now.person.items()),
        *(one(n, v, p) for (n, v), p in found.now.visits.items()),
    ]


def known_to(numbers: Sequence[Moved], rebuild: Collection[int]) -> dict[int, tuple[SharedTable, ...]]:
    """Return what each bucket must know: the numbers and visits given up whose rows or whose person it holds."""
    rows: dict[int, list[tuple[object, ...]]] = {bucket: [] for bucket in rebuild}
    for one in numbers:
        for bucket in {one.lies, one.lives, one.whole} & rows.keys():
            rows[bucket].append((one.number, one.visit, one.person, one.lives == bucket))
    columns = "patient VARCHAR, visit VARCHAR, person VARCHAR, here BOOLEAN"
    return {bucket: (SharedTable("link_raw", columns, tuple(mine)),) for bucket, mine in rows.items()}


class Guests:
    """Rows of given-up numbers, cut by the bucket of their person, in files that last for one refresh."""

    def __init__(
        self, place: Place, landed: Sequence[LakeFile], numbers: Sequence[Moved], rebuild: Collection[int]
    ) -> None:
        self.folder = place.lake.spill / f"guests-{uuid.uuid4().hex[:12]}"
        self.files: dict[int, dict[str, list[Path]]] = {}
        moving = [one for one in numbers if one.lives in rebuild and one.lives != one.lies]
        lying = {one.lies for one in moving}
        for table in sorted({f.table for f in landed}):
            sources = [f for f in landed if f.bucket in lying and f.table == table]
            if sources:
                self._cut(place, table, sources, moving)

    def _cut(self, place: Place, table: str, sources: Sequence[LakeFile], moving: Sequence[Moved]) -> None:
        """Cut the rows of one landed table."""
        into = self.folder / table
        into.mkdir(parents=True)
        visit = "" if table not in WITH_VISIT else " AND (m.visit IS NULL OR m.visit = l.visit)"
        rows = tuple((m.number, m.visit, m.lives) for m in moving if visit or m.visit is None)
        con = place.lake.writer()
        try:
            SharedTable("moving", "patient VARCHAR, visit VARCHAR, bucket INTEGER", rows).make(con)
            con.execute(
                f"COPY (SELECT DISTINCT l.*, m.bucket FROM read_parquet({paths_sql(place.lake.paths(sources))}, union_by_name = true) l "
                f"JOIN moving m ON m.patient = l.patient{visit})"
                f" TO '{str(into).replace(chr(39), chr(39) * 2)}/cut' (FORMAT parquet, PARTITION_BY (bucket))"
            )
        finally:
            con.close()
        for part in sorted((into / "cut").glob("bucket=*/*.parquet")):
            bucket = int(part.parent.name.split("=")[1])
            # out of the folder whose name would be read as a column
            at = into / f"{bucket}-{part.name}"
            part.rename(at)
            self.files.setdefault(bucket, {}).setdefault(table, []).append(at)

    def of(self, bucket: int, table: str) -> list[Path]:
        return self.files.get(bucket, {}).get(table, [])

    def go(self) -> None:
        """Remove the files."""
        with suppress(OSError):
            shutil.rmtree(self.folder)
