"""Deriving and measuring: landed rows to journeys, hand-offs, atoms and cells.

Only buckets with new rows are rebuilt, and only cells whose atoms changed are made anew;
the result equals a full refresh. Everything becomes visible at once, with the manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from knitwork import __version__
from knitwork.home.linking import only_links
from knitwork.home.load import land_missing
from knitwork.home.merge import merge
from knitwork.home.persons import LINK_TABLES, Guests, known_to, linked, moved, tables
from knitwork.home.place import Place
from knitwork.home.trouble import in_sentences
from knitwork.intake.lock import one_writer
from knitwork.journeys import kernel as journeys
from knitwork.lake import manifest as manifests
from knitwork.lake import runner
from knitwork.lake.buckets import bucket_of
from knitwork.lake.runner import Kernel
from knitwork.measures.catalogue import catalogue
from knitwork.measures.kernel import kernel_sql
from knitwork.model.errors import CannotDo
from knitwork.model.units import Registry

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


def unit_codes(place: Place) -> list[str]:
    """Return every unit code that occurs in landed rows; reads one column of every bucket."""
    manifest = place.lake.manifest()
    if not manifest.of("landed"):
        return []
    return [r["unit"] for r in place.lake.rows(manifest, "SELECT DISTINCT unit FROM {landed} ORDER BY unit")]


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
    if not manifest.of("landed"):
        what = "only patient links have" if manifest.of("patient_link") else "nothing has"
        raise CannotDo(f"{what} been loaded into {place.path} yet: load a file of stays first, with knitwork load FILE")
    counted = {
        k: v
        for k, v in manifest.landed.items()
        if as_of is None or dt.datetime.fromisoformat(v["received_at"]) <= as_of
    }
    landed = [f for f in manifest.of("landed") if f.delivery in counted]
    if as_of is not None and not landed:
        first = min(str(v["received_at"]) for v in manifest.landed.values() if not only_links(v))
        raise CannotDo(f"nothing had been delivered by {as_of.isoformat()}: the first delivery came at {first}")
    registry = registry.with_found(unit_codes(place))
    feeds = feed_calendars(counted)
    basis = {
        "registry": registry.digest(),
        "settings": hashlib.sha256(place.settings.model_dump_json().encode()).hexdigest(),
        "code": code_hash(),
        "as_of": as_of.isoformat() if as_of else "",
    }
    # A feed that is new touches only its own rows; one whose calendar turned out shifted touches all.
    turned = any(feeds.get(f, c["calendar"]) != c["calendar"] for f, c in manifest.feeds.items())
    everything = full or turned or dict(manifest.basis) != basis
    who = linked(place, manifest, counted)
    stirred = {bucket_of(person, manifest.buckets) for person in who.stirred}
    rebuild = set(range(manifest.buckets)) if everything else {*manifest.dirty, *stirred}
    if not rebuild and who.sources == manifest.links:
        return RefreshReport(
            manifest.generation,
            manifest.buckets,
            0,
            manifest.rows("stay"),
            time.monotonic() - began,
            nothing_to_do=True,
        )
    numbers = moved(who, manifest.buckets)
    guests = Guests(place, landed, numbers, rebuild)
    try:
        rows = {b: [place.lake.path(f) for f in landed if f.bucket == b] + guests.of(b) for b in sorted(rebuild)}
        rows = {b: files for b, files in rows.items() if files}
        made = runner.run(
            derive_kernel(place, registry, feeds),
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
    fresh = replace(
        fresh,
        watermark_us=watermark(counted),
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
        basis=basis,
        registry=registry.to_json(),
    )
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


def derive_kernel(place: Place, registry: Registry, feeds: dict[str, str]) -> Kernel:
    """Return the whole kernel of one bucket: journeys first, then the measures' atoms."""
    settings = place.settings.journeys
    shifted = frozenset(f for f, calendar in feeds.items() if calendar == "shifted")
    return Kernel(
        statements=(journeys.TYPES, *journeys.statements(settings), *kernel_sql(catalogue())),
        outputs=(*journeys.OUTPUTS, *MEASURE_OUTPUTS),
        shared=journeys.shared_tables(registry, settings, shifted, tuple(sorted(feeds))),
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


def watermark(landed: Mapping[str, Mapping[str, Any]]) -> int | None:
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
        else:
            received = dt.datetime.fromisoformat(str(one["received_at"]))
            real.append(min(last, int(received.timestamp() * 1e6) + AHEAD_US))
    return max(real or shifted, default=None)


def local_day(us: int, zone: str | None) -> int:
    """Return the local day, counted from 1970-01-01, on which a moment falls."""
    moment = dt.datetime.fromtimestamp(us / 1e6, ZoneInfo(zone or "UTC"))
    return moment.date().toordinal() - dt.date(1970, 1, 1).toordinal()


@cache
def code_hash() -> str:
    """Return a hash of what decides the derived tables: the kernel's SQL, who is one person, the measures and our version."""
    parts = [__version__, *journeys.statements(journeys.JourneySettings()), *kernel_sql(catalogue())]
    parts += [m.digest for m in catalogue()]
    parts.append((resources.files("knitwork.journeys") / "persons.py").read_text("utf-8"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
