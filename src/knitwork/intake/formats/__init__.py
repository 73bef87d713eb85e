"""The formats that can be taken in: one folder each, all with the same parts in the same order.

A format's folder has `sniff` (is this mine, and what is it), `read` (guess a profile, land typed rows) and, where the
format can be written too, `write`. `FORMATS` is the one table that names them, the most particular first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knitwork.intake.formats.csv.read import guess, land
from knitwork.intake.formats.csv.unpack import kind_of
from knitwork.intake.formats.csv.write import write as write_csv
from knitwork.intake.formats.fhir import read as fhir
from knitwork.intake.formats.fhir.sniff import claims as claims_fhir
from knitwork.intake.formats.fhir.write import write as write_fhir
from knitwork.intake.formats.hl7v2 import read as hl7v2
from knitwork.intake.formats.hl7v2.sniff import claims as claims_hl7v2
from knitwork.intake.formats.hl7v2.write import write as write_hl7v2
from knitwork.intake.formats.mimic import read as mimic
from knitwork.intake.formats.mimic.sniff import claims as claims_mimic
from knitwork.intake.formats.ocel import read as ocel
from knitwork.intake.formats.ocel.sniff import claims as claims_ocel
from knitwork.intake.formats.omop import read as omop
from knitwork.intake.formats.omop.sniff import claims as claims_omop
from knitwork.intake.formats.parquet import read as parquet
from knitwork.intake.formats.parquet.sniff import claims as claims_parquet
from knitwork.intake.formats.synthea import read as synthea
from knitwork.intake.formats.synthea.sniff import claims as claims_synthea
from knitwork.intake.formats.unit_facts import read as unit_facts
from knitwork.intake.formats.unit_facts.sniff import claims as claims_unit_facts
from knitwork.intake.formats.xes import read as xes
from knitwork.intake.formats.xes.sniff import claims as claims_xes
from knitwork.intake.formats.xes.write import write as write_xes
from knitwork.intake.inbox import cannot_open
from knitwork.intake.landing import LandReport
from knitwork.intake.profile import Profile, parse_profile, read_profile, write_profile
from knitwork.intake.writing import Records, Written
from knitwork.model.errors import CannotDo, Unreadable

__all__ = [
    "FORMATS", "Folder", "Format", "LandReport", "Profile", "files_in", "guess", "land", "open_delivery",
    "parse_profile", "read_profile", "write_profile",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    `claims` says whether a file is of this kind, by its content; it raises Unreadable where it is, but damaged.
    `feed` names the feed of a kind that comes in many files, whose names say what they hold and not whence they come.
    `write` is there for kinds that can be written too: it makes its files in a folder.
    """

    name: str
    title: str
    claims: Callable[[Path, str], bool]
    guess: Callable[..., Profile]
    land: Callable[..., LandReport]
    feed: str = ""
    write: Callable[[Records, Path], Written] | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder that can be taken in, and the others with the reason why not."""

    files: tuple[Path, ...]
    passed_over: tuple[str, ...]


def _claims_table(path: Path, name: str) -> bool:
    kind_of(path, name=name)
    return True


# Tables of text come last: what is not a table is refused there, with the reason.
FORMATS: dict[str, Format] = {
    "mimic": Format(
        "mimic", "MIMIC-III and MIMIC-IV: one table, or a zip of them", claims_mimic, mimic.guess, mimic.land, "mimic"
    ),
    "ocel": Format("ocel", "OCEL 2.0 in SQLite, JSON or XML, also as gz or zip", claims_ocel, ocel.guess, ocel.land),
    "xes": Format("xes", "XES event logs, also as gz or zip", claims_xes, xes.guess, xes.land, write=write_xes),
    "omop": Format(
        "omop",
        "OMOP 5.3 and 5.4: one table as CSV or Parquet, or a zip of them",
        claims_omop,
        omop.guess,
        omop.land,
        "omop",
    ),
    "synthea": Format(
        "synthea", "CSV of Synthea: one table, or a zip of them", claims_synthea, synthea.guess, synthea.land, "synthea"
    ),
    "fhir": Format(
        "fhir",
        "FHIR R4 and R5 in JSON: bulk NDJSON, Bundles and single resources",
        claims_fhir,
        fhir.guess,
        fhir.land,
        "fhir",
        write_fhir,
    ),
    "hl7v2": Format(
        "hl7v2",
        "HL7 v2 messages: one, many, or a batch, also as gz or zip",
        claims_hl7v2,
        hl7v2.guess,
        hl7v2.land,
        "hl7v2",
        write_hl7v2,
    ),
    "parquet": Format(
        "parquet", "Parquet: one table, also in a gz or zip", claims_parquet, parquet.guess, parquet.land
    ),
    "unit_facts": Format(
        "unit_facts",
        "numbers of units by period, without patients: csv, tsv, also as gz or zip",
        claims_unit_facts,
        unit_facts.guess,
        unit_facts.land,
    ),
    "csv": Format("csv", "tables: csv, tsv, xlsx, also as gz or zip", _claims_table, guess, land, write=write_csv),
}


def open_delivery(path: Path, *, name: str = "", format: str = "auto") -> Format:
    """Return the format that reads `path`, or say why none does. Looks at content, never at the name."""
    name = name or path.name
    if format != "auto":
        if format not in FORMATS:
            raise CannotDo(f"the format '{format}' is not known: use auto or {', '.join(FORMATS)}")
        if not FORMATS[format].claims(path, name):
            raise Unreadable(f"{name} is not of the format {format}: leave --format out to have it found out")
        return FORMATS[format]
    for candidate in FORMATS.values():
        if candidate.claims(path, name):
            return candidate
    raise Unreadable(f"{name} is of no known format")


def files_in(path: Path, *, profile: Profile | None = None) -> Folder:
    """Return `path` itself, or what of a folder can be taken in, in the order of the names."""
    try:
        if not path.exists():
            raise Unreadable(f"{path} does not exist: check the name and the folder")
        if not path.is_dir():
            if not path.is_file():
                raise Unreadable(f"{path} is not a file: give a file such as a csv, or a folder of them")
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
        what = f"{len(candidates):,} files, none of which can be read" if candidates else "no files"
        raise CannotDo(f"{path} holds {what}: give a folder with a csv, tsv or xlsx that has patient, unit and start")
    return Folder(tuple(files), tuple(reasons))


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.parts)
