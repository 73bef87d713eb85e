"""Which unit each code in the records means: beds and rooms stand for the ward that holds them, old codes for new ones.

Worked out from what the feeds say of their places, and from the codes that people have mapped in the registry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from knitwork.home.place import Place
from knitwork.intake.landing import BUCKETED, LANDED, no_rows
from knitwork.journeys.told import UNITS
from knitwork.lake.manifest import LakeFile, Manifest
from knitwork.lake.runner import paths_sql
from knitwork.model.units import FoundUnit, Registry

# Parts of a unit, by the word that the feeds use: a patient in one of these is in the unit that holds it.
PARTS = frozenset({"bed", "room", "bay", "cubicle", "chair"})
# Above the units.
ABOVE = frozenset({"building", "site", "organisation", "area", "jurisdiction"})


@dataclass(frozen=True, slots=True)
class Known:
    """A place as the feeds last named it."""

    place: str
    name: str | None
    parent: str | None
    form: str | None
    kind: str | None


def known_places(place: Place, manifest: Manifest, deliveries: Collection[str]) -> dict[str, Known]:
    """Return every place that these deliveries name, each by the latest word about it, field by field."""
    files = [f for f in manifest.of("landed_place") if f.delivery in deliveries]
    if not files:
        return {}
    said = "(coalesce(said_us, extracted_us, -1), delivery, row)"
    latest = ", ".join(
        f"arg_max({c}, {said}) FILTER ({c} IS NOT NULL) AS {c}" for c in ("name", "parent", "form", "kind")
    )
    rows = place.lake.rows(
        manifest,
        f"SELECT place, {latest} FROM ({no_rows(LANDED['landed_place'])} UNION ALL BY NAME "
        f"FROM read_parquet({paths_sql(place.lake.paths(files))}, union_by_name = true)) "
        "WHERE place IS NOT NULL AND cancelled IS NOT TRUE GROUP BY place",
    )
    return {row["place"]: Known(**row) for row in rows}


def unit_of(code: str, places: Mapping[str, Known]) -> str:
    """Return the unit that holds a bed or room; the code itself for anything else."""
    at, seen = code, {code}
    while (known := places.get(at)) is not None and known.form in PARTS and known.parent and known.parent not in seen:
        at = known.parent
        seen.add(at)
    # A bed whose ward is not named stays what it is.
    return at


def meanings(places: Mapping[str, Known], registry: Registry) -> tuple[tuple[str, str], ...]:
    """Return the unit of every code that means another one than itself, ordered by code."""
    aliases = registry.aliases
    found = {}
    for code in {*places, *aliases}:
        unit = aliases.get(code) or unit_of(code, places)
        unit = aliases.get(unit, unit)
        if unit != code:
            found[code] = unit
    return tuple(sorted(found.items()))


def found_units(place: Place, manifest: Manifest, registry: Registry) -> list[FoundUnit]:
    """Return every unit that records speak of, with the name, kind and parent that feeds give it; ordered by code."""
    places = known_places(place, manifest, set(manifest.landed))
    means = dict(meanings(places, registry))
    codes = {means.get(code, code) for code in _codes(place, manifest)}
    return [_found(code, places) for code in sorted(codes)]


def _found(code: str, places: Mapping[str, Known]) -> FoundUnit:
    known = places.get(code)
    if known is None:
        return FoundUnit(code)
    parent, seen = known.parent, {code}
    # A ward's own parent may be a floor without a name of its own.
    while parent and parent in places and parent not in seen and not places[parent].name and places[parent].parent:
        seen.add(parent)
        parent = places[parent].parent
    return FoundUnit(code, known.name or code, known.kind, parent if parent in places and parent != code else None)


def groups_above(found: Collection[FoundUnit], place: Place, manifest: Manifest) -> list[FoundUnit]:
    """Return the places in which these units lie, each with its own parent, the outermost last."""
    places = known_places(place, manifest, set(manifest.landed))
    waiting = [one.parent for one in found if one.parent]
    groups: dict[str, FoundUnit] = {}
    while waiting:
        code = waiting.pop()
        if code in groups or code not in places:
            continue
        groups[code] = replace(_found(code, places))
        if groups[code].parent:
            waiting.append(groups[code].parent or "")
    return [groups[code] for code in sorted(groups)]


def _codes(place: Place, manifest: Manifest) -> set[str]:
    """Return every unit code in landed rows; reads one column of every file."""
    found: set[str] = set()
    for table in BUCKETED:
        files: list[LakeFile] = manifest.of(table)
        for column in (name for name, _ in LANDED[table] if name in UNITS):
            if files:
                rows = place.lake.rows(
                    manifest,
                    f"SELECT DISTINCT {column} AS unit FROM read_parquet({paths_sql(place.lake.paths(files))}, "
                    f"union_by_name = true) WHERE {column} IS NOT NULL",
                )
                found |= {row["unit"] for row in rows}
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A code as records use it: how many rows of stays and moves name it, what feeds call it, and the unit it stands for."""

    code: str
    rows: int
    unit: str
    name: str | None = None
    form: str | None = None


def told_codes(place: Place, manifest: Manifest, registry: Registry) -> list[Told]:
    """Return every code in which records tell a patient's stay, ordered; reads one column of every file."""
    places = known_places(place, manifest, set(manifest.landed))
    means = dict(meanings(places, registry))
    counted: dict[str, int] = {}
    for table in ("landed", "landed_move"):
        if files := manifest.of(table):
            rows = place.lake.rows(
                manifest,
                f"SELECT unit, count(*)::BIGINT AS n FROM read_parquet({paths_sql(place.lake.paths(files))}, "
                "union_by_name = true) WHERE unit IS NOT NULL GROUP BY unit",
            )
            for row in rows:
                counted[row["unit"]] = counted.get(row["unit"], 0) + int(row["n"])
    found = []
    for code in sorted({*counted, *registry.aliases}):
        known = places.get(code)
        named = (known.name, known.form) if known else (None, None)
        found.append(Told(code, counted.get(code, 0), means.get(code, code), *named))
    return found
