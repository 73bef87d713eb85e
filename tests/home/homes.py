"""What the tests of homes share: random extracts, and homes compared table by table."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from knitwork.home import Home, LoadOptions, open_home
from knitwork.model.units import Membership, Registry, Unit, guess_kind

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FIRST = dt.datetime(2024, 1, 29, 22, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
UNITS = ("ED", "ICU", "Ward A", "Ward B", "CCU", "Lab", "OR 1", "Clinic", "Rehab")
MOVE = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
TABLES = (
    "stay", "visit", "journey", "patient", "fact_stay", "fact_handoff", "fact_visit", "fact_journey", "cell", "cell_pair",
    "cell_patients", "feed_state",
)  # fmt: skip
HEADER = ("patient", "unit", "start", "end", "visit")
Row = dict[str, str]


def us(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def registry(*, capacity: bool = True) -> Registry:
    """Two mesosystems in one macrosystem, three zones; one ward moves from one to the other."""
    zones = {"ED": "Europe/Amsterdam", "Ward A": "Europe/Amsterdam", "Clinic": "America/New_York"}
    units = [
        Unit(n, n, guess_kind(n), tz=zones.get(n), capacity=8.0 if n == "ICU" and capacity else None) for n in UNITS
    ]
    groups = [
        Unit("North", "North", "mesosystem"),
        Unit("South", "South", "mesosystem"),
        Unit("System", "System", "macrosystem"),
    ]
    belongs = [
        Membership(u, "North" if i % 2 else "South") for i, u in enumerate(UNITS) if u not in ("Ward B", "Rehab")
    ]
    belongs += [Membership("Ward B", "North", until_us=us(MOVE)), Membership("Ward B", "South", since_us=us(MOVE))]
    belongs += [Membership("North", "System"), Membership("South", "System")]
    return Registry((*units, *groups), tuple(belongs), "System")


def extract(seed: int, *, patients: int = 25, days: int = 90, first: dt.datetime = FIRST) -> list[Row]:
    """Invent an extract: visits with gaps, overlaps, ties, missing ends, zero-length stays and returns."""
    chance = random.Random(seed)
    rows: dict[tuple[str, str, str], Row] = {}
    for p in range(patients):
        at = first + dt.timedelta(minutes=15 * chance.randrange(4 * 24 * days))
        for visit in range(chance.randint(1, 3)):
            given = chance.choice([f"{p}/{visit}", ""])
            for _ in range(chance.randint(1, 5)):
                length = dt.timedelta(minutes=chance.choice([0, 4, 45, 180, 600, 2_000, 9_000]))
                end = "" if chance.random() < 0.12 else (at + length).isoformat()
                row = dict(zip(HEADER, (f"P{p}", chance.choice(UNITS), at.isoformat(), end, given), strict=True))
                rows[row["patient"], row["unit"], row["start"]] = row
                at += length + dt.timedelta(minutes=chance.choice([0, 0, 15, 30, 120, -30]))
            at += dt.timedelta(hours=chance.choice([2, 24, 60, 24 * 8, 24 * 35]))
    return list(rows.values())


def later(rows: Sequence[Row], seed: int, *, new_units: bool = True) -> list[Row]:
    """Invent what the next extract says: late rows, corrected and closed stays, new patients and units, other days."""
    chance = random.Random(seed)
    told = []
    for row in rows:
        if row["end"] == "" and chance.random() < 0.6:  # the patient has left in the meantime
            told.append({**row, "end": (dt.datetime.fromisoformat(row["start"]) + dt.timedelta(hours=7)).isoformat()})
        elif chance.random() < 0.05:  # a corrected end
            told.append({**row, "end": (dt.datetime.fromisoformat(row["start"]) + dt.timedelta(hours=3)).isoformat()})
        elif chance.random() < 0.1:  # overlaps the last extract
            told.append(row)
        elif chance.random() < 0.05:  # late: a step that was forgotten
            told.append({**row, "unit": "Discharge lounge", "end": row["start"]})
    day = dt.timedelta(days=1)
    if not new_units:
        told = [row for row in told if row["unit"] in UNITS]
    told += [{**r, "patient": "N" + r["patient"]} for r in extract(seed + 1, patients=3, first=FIRST + 70 * day)]
    told += [{**r, "patient": "O" + r["patient"]} for r in extract(seed + 2, patients=1, first=FIRST - 3 * day)]
    return told


def write(path: Path, rows: Iterable[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


LINK_HEADER = ("patient", "merged_into", "at", "kind")


def write_links(path: Path, *links: str) -> Path:
    """Write patient links: `"P1>P2"`, with an `@2026-03-01` for the time, and a `!` before an unmerge."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(LINK_HEADER)
        for link in links:
            pair, _, at = link.lstrip("!").partition("@")
            writer.writerow([*pair.split(">"), at, "unmerge" if link.startswith("!") else "merge"])
    return path


def options(*, feed: str = "adt", received_at: dt.datetime = NOON) -> LoadOptions:
    return LoadOptions(feed=feed, tz="UTC", received_at=received_at)


def home_with(folder: Path, *batches: Sequence[Path], refresh_each: bool = False) -> Home:
    """Load each batch of files into a home, and refresh at the end or after each."""
    home = open_home(folder)
    for batch in batches:
        home.load(batch, options())
        if refresh_each:
            home.refresh(registry())
    if not refresh_each:
        home.refresh(registry())
    return home


def rows_of(home: Home, table: str, *, without: Sequence[str] = ()) -> list[str]:
    """All rows of a table as text, in order."""
    lake = home.place.lake
    manifest = lake.manifest()
    if not manifest.of(table):
        return []
    found = lake.rows(manifest, f"SELECT * FROM {{{table}}}")
    return sorted(repr(sorted((k, str(v)) for k, v in row.items() if k not in without)) for row in found)


def digests(home: Home, *, tables: Sequence[str] = TABLES, without: Sequence[str] = ()) -> dict[str, str]:
    """The SHA-256 of every table's rows in order: what DESIGN 2 calls equal."""
    return {t: hashlib.sha256("\n".join(rows_of(home, t, without=without)).encode()).hexdigest() for t in tables}


def assert_same(one: Home, other: Home, *, tables: Sequence[str] = TABLES, without: Sequence[str] = ()) -> None:
    """Compare two homes table by table, and say which rows differ first."""
    if digests(one, tables=tables, without=without) == digests(other, tables=tables, without=without):
        assert rows_of(one, "stay") != []
        assert rows_of(one, "cell") != []
        return
    for table in tables:
        left, right = set(rows_of(one, table, without=without)), set(rows_of(other, table, without=without))
        assert (table, sorted(left - right)[:3]) == (table, sorted(right - left)[:3])
    raise AssertionError("a row stands twice")
