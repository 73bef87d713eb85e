"""The formats that can be taken in: one folder each, all with the same parts in the same order.

A format's folder has `sniff` (is this mine, and what is it), `profile` (how people say what is
what) and `read` (guess a profile, land typed rows). `FORMATS` is the one table that names them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake.formats.csv.profile import Profile, parse_profile, read_profile, write_profile
from knitwork.intake.formats.csv.read import LandReport, guess, land
from knitwork.intake.formats.csv.unpack import kind_of
from knitwork.intake.inbox import cannot_open
from knitwork.model.errors import CannotDo, Unreadable

__all__ = [
    "FORMATS", "Folder", "Format", "LandReport", "Profile", "files_in", "guess", "land", "open_delivery",
    "parse_profile", "read_profile", "write_profile",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `claims` raises Unreadable, with the reason, when a file is not of this kind."""

    name: str
    title: str
    claims: Callable[[Path, str], None]
    guess: Callable[..., Profile]
    land: Callable[..., LandReport]


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder that can be taken in, and the others with the reason why not."""

    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def _claims_table(path: Path, name: str) -> None:
    kind_of(path, name=name)


FORMATS: dict[str, Format] = {
    "csv": Format("csv", "tables: csv, tsv, xlsx, also as gz or zip", _claims_table, guess, land),
}


def open_delivery(path: Path, *, name: str = "", format: str = "auto") -> Format:
    """Return the format that reads `path`, or say why none does. Looks at content, never at the name."""
    name = name or path.name
    if format != "auto":
        if format not in FORMATS:
            raise CannotDo(f"the format '{format}' is not known: use auto or {', '.join(FORMATS)}")
        FORMATS[format].claims(path, name)
        return FORMATS[format]
    fault: Unreadable | None = None
    for candidate in FORMATS.values():
        try:
            candidate.claims(path, name)
        except Unreadable as problem:
            fault = fault or problem
        else:
            return candidate
    raise fault or Unreadable(f"{name} is of no known format")


def files_in(path: Path, *, profile: Profile | None = None) -> Folder:
    """Return `path` itself, or what of a folder can be taken in, in the order of the names."""
    try:
        if not path.exists():
            raise Unreadable(f"{path} does not exist: check the name and the folder")
        if not path.is_dir():
            if not path.is_file():
                raise Unreadable(f"{path} is not a file: give a csv, tsv, xlsx, gz or zip file, or a folder of them")
            return Folder((path,), ())
        candidates = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path)))
    except OSError as problem:
        raise cannot_open(path, problem) from None
    files: list[Path] = []
    reasons: list[str] = []
    for candidate in candidates:
        try:
            open_delivery(candidate).guess(candidate, name=candidate.name, profile=profile)
        except CannotDo as fault:
            reasons.append(f"passed over: {fault}")
        else:
            files.append(candidate)
    if not files:
        what = f"{len(candidates):,} files, none of which is a table of stays" if candidates else "no files"
        raise CannotDo(f"{path} holds {what}: give a folder with a csv, tsv or xlsx that has patient, unit and start")
    return Folder(tuple(files), tuple(reasons))


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.parts)
