"""Opens a delivery: from a file as it came to plain tables, each with its dialect and its columns."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from knitwork.intake.formats.csv.activities import Extras, extras
from knitwork.intake.formats.csv.columns import COLUMNS, LINK_COLUMNS, choose, choose_links
from knitwork.intake.formats.csv.encoding import as_utf8
from knitwork.intake.formats.csv.sniff import Dialect, sniff
from knitwork.intake.formats.csv.unpack import unpack
from knitwork.intake.formats.csv.workbook import as_csv
from knitwork.intake.profile import Profile
from knitwork.model.errors import CannotDo, Unreadable


@dataclass(frozen=True, slots=True)
class Table:
    """One plain UTF-8 table of a delivery, with the place of the column that serves each role."""

    path: Path
    name: str
    dialect: Dialect
    roles: dict[str, str]
    places: dict[str, int]
    workbook: bool
    kept: Extras


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables of one delivery, the folder for temporary files, and what was noticed.

    They are all of stays (or events), or all of patient links.
    """

    tables: tuple[Table, ...]
    work: Path
    notes: tuple[str, ...]
    encoding: str
    separator: str
    links: bool = False


@contextmanager
def opened(file: Path, *, name: str, profile: Profile, work: Path | None = None) -> Iterator[Opened]:
    """Open a delivery for the length of the block; temporary files go into a folder under `work`."""
    with tempfile.TemporaryDirectory(prefix="knitwork-", dir=work) as folder:
        yield _open(file, name=name, profile=profile, work=Path(folder))


def _open(file: Path, *, name: str, profile: Profile, work: Path) -> Opened:
    tables: list[Table] = []
    notes: list[str] = []
    linking: list[Table] = []
    faults: list[CannotDo] = []
    encoding = "utf-8"
    members = 0
    for plain in unpack(file, name=name, work=work):
        members += 1
        try:
            path = plain.path
            if plain.kind == "xlsx":
                named = [v for role in (*COLUMNS, *LINK_COLUMNS) if (v := getattr(profile, role))]
                path, sheet = as_csv(path, name=plain.name, work=work, named=named)
                notes.append(f"{plain.name}: the sheet '{sheet}' was read")
                dialect = sniff(path, name=plain.name, profile=replace(profile, separator=","))
            else:
                path, encoding = as_utf8(path, name=plain.name, work=work, wanted=profile.encoding)
                if encoding != "utf-8":
                    notes.append(f"{plain.name} is written in {encoding}")
                dialect = sniff(path, name=plain.name, profile=profile)
            found = choose_links(dialect.header, profile, name=plain.name)
            chosen = found or choose(dialect.header, profile, name=plain.name)
        except CannotDo as fault:
            faults.append(fault)
            continue
        notes += [note for note in chosen.notes if note not in notes]
        first = (linking if found else tables)[:1]
        kept = Extras({}, ()) if found else extras(dialect.header, chosen)
        kept = _aligned(kept, first[0].kept if first else kept)
        table = Table(
            _safe(path, work), plain.name, dialect, chosen.roles, {**chosen.places, **kept.places},
            plain.kind == "xlsx", kept,
        )  # fmt: skip
        (linking if found else tables).append(table)
    links = not tables
    if links:
        tables = linking
    else:
        faults += [CannotDo(f"{t.name} holds patient links beside tables of stays: load it by itself") for t in linking]
    if not tables:
        raise faults[0] if faults else Unreadable(f"{name} is empty: export it again")
    if faults:
        notes += [f"passed over: {fault}" for fault in faults]
    return Opened(tuple(tables), work, tuple(notes), encoding, tables[0].dialect.separator, links)


def described(tables: Sequence[Table]) -> tuple[tuple[str, str], ...]:
    """Return the columns of the first table with a word for what is in them, empty where a sample shows nothing."""
    header, sample = tables[0].dialect.header, tables[0].dialect.sample
    times = {tables[0].places[role] for role in ("start", "end", "clock", "at") if role in tables[0].places}
    return tuple(
        (name, "time" if place in times else _word([row[place] for row in sample if len(row) == len(header)]))
        for place, name in enumerate(header)
    )


def _word(values: Sequence[str]) -> str:
    said = [value for value in values if value.strip()]
    if not said:
        return ""
    return "number" if all(re.fullmatch(r"\s*[+-]?\d+([.,]\d+)?\s*", value) for value in said) else "text"


def _aligned(kept: Extras, first: Extras) -> Extras:
    """Give the columns of a later table the raw names that those of the first have."""
    raw = {name: own for own, name in first.others}
    places = {role: place for role, place in kept.places.items() if role in first.places and not role.startswith("x")}
    places |= {raw[name]: kept.places[own] for own, name in kept.others if name in raw}
    return Extras(places, first.others)


def _safe(path: Path, work: Path) -> Path:
    """Give a path whose name would be taken for a pattern a name that is not."""
    if not any(mark in str(path) for mark in "*?[]{}"):
        return path
    link = work / f"link{len(list(work.iterdir()))}"
    link.symlink_to(path.resolve())
    return link
