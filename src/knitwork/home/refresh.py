"""Deriving and measuring: landed rows to journeys, hand-offs, atoms and cells.

Only buckets with new rows are rebuilt, and only cells whose atoms changed are made anew;
the result equals a full refresh. Everything becomes visible at once, with the manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from knitwork import __version__
from knitwork.home import restated
from knitwork.home.extracts import Extract, Repeat, repeats, snapshots
from knitwork.home.linking import only_links
from knitwork.home.load import land_missing
from knitwork.home.merge import merge
from knitwork.home.persons import LINK_TABLES, Guests, known_to, linked, moved, tables
from knitwork.home.place import Place
from knitwork.home.places import found_units, known_places, meanings
from knitwork.home.streams import land_messages
from knitwork.home.trouble import in_sentences
from knitwork.home.unit_facts import unit_facts
from knitwork.intake.inbox import microseconds
from knitwork.intake.landing import BUCKETED
from knitwork.intake.lock import one_writer
from knitwork.journeys import kernel as journeys
from knitwork.journeys.told import EXTRACT_COLUMNS, REPEAT_COLUMNS
from knitwork.lake import manifest as manifests
from knitwork.lake import runner
from knitwork.lake.buckets import bucket_of
from knitwork.lake.manifest import LakeFile
from knitwork.lake.runner import Kernel, SharedTable
from knitwork.measures.catalogue import catalogue
from knitwork.measures.kernel import kernel_sql
from knitwork.model.errors import CannotDo
from knitwork.model.units import FoundUnit, Registry

ATOMS = ("atom_count", "atom_value", "fact_census", "atom_patients", "fact_handoff")
MEASURE_OUTPUTS = ("atom_count", "atom_value")
CELLS = ("cell", "cell_pair", "cell_patients", "feed_state")
# The clock of a feed may run ahead by so much before its latest times stop counting as "now".
AHEAD_US = 2 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did: the generation it made, and how much it had to rebuild."""

    generation: int
    buckets: int
    rebuilt: int
    stays: int
    seconds: float
    nothing_to_do: bool = False
    full_merge: bool = True


def units_found(place: Place, registry: Registry) -> list[FoundUnit]:
    """Return every unit that records speak of; reads the unit columns of every bucket."""
    return found_units(place, place.lake.manifest(), registry)


def refresh(
    place: Place,
    registry: Registry,
    *,
    full: bool = False,
    as_of: dt.datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RefreshReport:
    """Bring the derived tables up to the landed rows, under this registry.

    With `as_of`, only deliveries received by then count. Raises CannotDo when nothing was ever loaded.
    """
    with in_sentences(place.path, doing="made anew"), one_writer(place.path):
        place.create()
        land_missing(place)
        land_messages(place)
        return _refresh(place, registry, full=full, as_of=as_of, progress=progress)


def _refresh(
    place: Place,
    registry: Registry,
    *,
    full: bool,
    as_of: dt.datetime | None,
    progress: Callable[[int, int], None] | None,
) -> RefreshReport:
    began = time.monotonic()
    manifest = place.lake.manifest()
    if not any(manifest.of(table) for table in (*BUCKETED, "landed_unit_fact")):
        what = "only patient links have" if manifest.of("patient_link") else "nothing has"
        raise CannotDo(f"{what} been loaded into {place.path} yet: load a file of stays first, with knitwork load FILE")
    as_of_us = None if as_of is None else microseconds(as_of)
    counted = {
        k: v
        for k, v in manifest.landed.items()
        if as_of is None or dt.datetime.fromisoformat(v["received_at"]) <= as_of
    }
    landed = [f for f in manifest.files if f.table in BUCKETED and f.delivery in counted]
    if as_of is not None and not counted:
        first = min(str(v["received_at"]) for v in manifest.landed.values() if not only_links(v))
        raise CannotDo(f"nothing had been delivered by {as_of.isoformat()}: the first delivery came at {first}")
    registry = registry.with_found(units_found(place, registry))
    feeds = feed_calendars(counted)
    means = meanings(known_places(place, manifest, counted), registry)
    extracts, again = snapshots(counted, as_of), repeats(counted, as_of)
    basis = {
        "registry": registry.digest(),
        "settings": hashlib.sha256(place.settings.model_dump_json().encode()).hexdigest(),
        "code": code_hash(),
        "as_of": as_of.isoformat() if as_of else "",
        "places": hashlib.sha256(repr((means, extracts, again)).encode()).hexdigest(),
    }
    # A feed that is new touches only its own rows; one whose calendar turned out shifted touches all.
    turned = any(feeds.get(f, c["calendar"]) != c["calendar"] for f, c in manifest.feeds.items())
    everything = full or turned or {k: v for k, v in manifest.basis.items() if k != "unit_facts"} != basis
    who = linked(place, manifest, counted, as_of_us)
    buckets = max(manifest.buckets, 1)
    stirred = {bucket_of(person, buckets) for person in who.stirred}
    rebuild = set(range(buckets)) if everything else {*manifest.dirty, *stirred}
    stale_facts = {f.name for f in manifest.of("landed_unit_fact")} != set(manifest.basis.get("unit_facts", "").split())
    if not rebuild and who.sources == manifest.links and not stale_facts:
        return RefreshReport(
            manifest.generation,
            buckets,
            0,
            manifest.rows("stay"),
            time.monotonic() - began,
            nothing_to_do=True,
        )
    numbers = moved(who, buckets)
    guests = Guests(place, landed, numbers, rebuild)
    try:
        rows = {b: _sources(place, landed, guests, b) for b in sorted(rebuild)}
        # Without any rows at all one bucket still makes the tables, empty.
        rows = {b: files for b, files in rows.items() if files or not landed}
        made = runner.run(
            derive_kernel(place, registry, feeds, means=means, extracts=extracts, again=again, as_of_us=as_of_us),
            rows,
            own=known_to(numbers, rows),
            into=place.lake.files,
            memory_mb=place.settings.memory_mb,
            spill=place.lake.spill,
            progress=progress,
        )
    finally:
        guests.go()
    derived = (*journeys.OUTPUTS, *MEASURE_OUTPUTS)
    # A bucket that has no rows any more, after a split, a merge or as of an earlier time, keeps no tables either.
    fresh = manifest.without(derived, None if everything else rebuild).adding(made)
    fresh = fresh.without(LINK_TABLES).adding(tables(place, who))
    fresh = fresh.without(("unit_fact",)).adding(unit_facts(place, manifest, counted, means))
    fresh = replace(
        fresh,
        watermark_us=watermark(counted, as_of_us),
        feeds={f: {"calendar": c} for f, c in feeds.items()},
        links=who.sources,
    )
    full_merge = False
    if rebuild:
        cells, full_merge = merge(
            place,
            old=None if everything else manifest,
            new=fresh,
            registry=registry,
            rebuilt=sorted(rebuild),
            stirred=who.stirred,
        )
        fresh = fresh.without(CELLS).adding(cells)
    fresh = replace(
        fresh,
        generation=manifest.generation + 1,
        derived_generation=manifest.generation + 1,
        made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        dirty=(),
        fresh=(),
        derived_streams=manifest.streams,
        basis={**basis, "unit_facts": " ".join(sorted(f.name for f in manifest.of("landed_unit_fact")))},
        registry=registry.to_json(),
    )
    fresh = restated.kept(place, manifest, fresh)
    manifests.sync_folder(place.lake.files)
    manifests.write(place.lake.folder, fresh)
    manifests.sweep(place.lake.folder, fresh, older_than_s=place.settings.keep_seconds)
    return RefreshReport(
        fresh.generation,
        fresh.buckets,
        len(rows),
        fresh.rows("stay"),
        time.monotonic() - began,
        full_merge=full_merge,
    )


def _sources(place: Place, landed: Sequence[LakeFile], guests: Guests, bucket: int) -> dict[str, list[Path]]:
    """Return the files of one bucket by landed table, with the rows of given-up numbers that live there."""
    found = {t: [place.lake.path(f) for f in landed if f.bucket == bucket and f.table == t] for t in BUCKETED}
    found = {table: files + guests.of(bucket, table) for table, files in found.items()}
    return {table: files for table, files in found.items() if files}


def derive_kernel(
    place: Place,
    registry: Registry,
    feeds: Mapping[str, str],
    *,
    means: Sequence[tuple[str, str]] = (),
    extracts: Sequence[Extract] = (),
    again: Sequence[Repeat] = (),
    as_of_us: int | None = None,
) -> Kernel:
    """Return the whole kernel of one bucket: journeys first, then the measures' atoms."""
    settings = place.settings.journeys
    shifted = frozenset(f for f, calendar in feeds.items() if calendar == "shifted")
    return Kernel(
        statements=(journeys.TYPES, *journeys.statements(settings, as_of_us=as_of_us), *kernel_sql(catalogue())),
        outputs=(*journeys.OUTPUTS, *MEASURE_OUTPUTS),
        shared=(
            *journeys.shared_tables(registry, settings, shifted, tuple(sorted(feeds))),
            SharedTable("place_raw", "code VARCHAR, unit VARCHAR", tuple(means)),
            SharedTable("extract_raw", EXTRACT_COLUMNS, tuple(extracts)),
            SharedTable("again_raw", REPEAT_COLUMNS, tuple(again)),
        ),
        inputs=journeys.INPUTS,
    )


def feed_calendars(landed: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Say of each feed whether its dates are real or were shifted: shifted once any delivery's were."""
    found: dict[str, str] = {}
    for one in landed.values():
        if only_links(one):
            continue
        feed = str(one["feed"])
        found[feed] = "shifted" if "shifted" in (found.get(feed), one["calendar"]) else "real"
    return found


def watermark(landed: Mapping[str, Mapping[str, Any]], as_of_us: int | None = None) -> int | None:
    """Return the latest moment the data speaks of; shifted calendars count only where there is no other.

    A time far ahead of its delivery is a clock's fault and does not move the watermark.
    """
    real, shifted = [], []
    for one in landed.values():
        last = one["last_us"]
        if not isinstance(last, int):
            continue
        if one["calendar"] == "shifted":
            shifted.append(last)
            continue
        received = microseconds(dt.datetime.fromisoformat(str(one.get("last_received_at", one["received_at"]))))
        # A live feed goes on after the moment that is asked about.
        received = received if as_of_us is None else min(received, as_of_us)
        real.append(min(last, received + AHEAD_US))
    return max(real or shifted, default=None)


def local_day(us: int, zone: str | None) -> int:
    """Return the local day, counted from 1970-01-01, on which a moment falls."""
    moment = dt.datetime.fromtimestamp(us / 1e6, ZoneInfo(zone or "UTC"))
    return moment.date().toordinal() - dt.date(1970, 1, 1).toordinal()


# What decides besides the SQL, by package: these files, or all.
_DECIDES = {"knitwork.journeys": ("persons.py", "told.py", "moves.py"), "knitwork.intake.fold": ()}


@cache
def code_hash() -> str:
    """Return a hash of what decides the derived tables: the kernel and what it calls, the measures and our version."""
    parts = [__version__, *journeys.sql(journeys.JourneySettings()), *kernel_sql(catalogue())]
    parts += [m.digest for m in catalogue()]
    for package, names in _DECIDES.items():
        folder = resources.files(package)
        files = [folder / name for name in names] or sorted(folder.iterdir(), key=lambda file: file.name)
        parts += [file.read_text("utf-8") for file in files if file.name.endswith(".py")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
