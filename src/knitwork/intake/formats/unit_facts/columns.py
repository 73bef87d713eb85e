"""Which column of a table of numbers is the unit, the period, its name, what divides it, and what is counted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from knitwork.intake.formats.csv import columns as stays
from knitwork.intake.formats.csv.dates import NO_TIME
from knitwork.intake.profile import Profile

UNIT = (
    "unit", "unit_code", "org_code", "organisation_code", "organization_code", "provider_code", "trust_code", "site_code",
    "ward_code", "ward", "department", "dept", "org", "organisation", "organization", "provider", "trust", "hospital",
    "site", "clinic", "practice", "code", "unit_id", "name",
)  # fmt: skip
NAME = (
    "unit_name", "org_name", "organisation_name", "organization_name", "provider_name", "trust_name", "ward_name",
    "site_name", "name",
)  # fmt: skip
PERIOD = (
    "period", "period_start", "month", "week", "week_commencing", "week_starting", "week_ending", "day", "date",
    "report_date", "reporting_period", "reporting_date", "quarter", "year", "start_date", "start", "time",
)  # fmt: skip
# Columns of codes, even where every code is a number.
DIVIDES = ("type", "category", "class", "group", "specialty", "sex", "gender", "age_band", "age_group", "shift", "band")
# What is counted of what: the same name but for these words, or these names alone.
OF = (
    ("breaches", "attendances"), ("admissions", "attendances"), ("occupied", "open"), ("occ", "open"), ("occd", "open"),
    ("occupied", "available"), ("numerator", "denominator"), ("num", "den"), ("falls", "bed_days"),
    ("deaths", "discharges"), ("dna", "appointments"), ("positive", "responses"), ("delayed", "arrivals"),
    ("filled", "planned"), ("actual", "planned"),
)  # fmt: skip
# Nothing was counted, or the number is too small to be shown.
EMPTY = (*NO_TIME, "*", "..", ":", "SUPPRESSED")
NUMBER = r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?"
# This share of the cells of a column of numbers is a number or empty; other cells are faults.
NUMBERS = 0.95


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the columns. `values` are (place, kind), `of` pairs the kinds of numerators and denominators."""

    unit: int
    period: int
    name: int | None
    divides: tuple[int, ...]
    values: tuple[tuple[int, str], ...]
    of: tuple[tuple[str, str], ...]


def coded(text: str) -> str:
    """Return words as a code.

    >>> coded("G&A beds occ'd")
    'g_a_beds_occd'
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("'", "").replace("\u2019", "")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "_", plain).strip("_")


def lay_out(header: Sequence[str], sample: Sequence[Sequence[str]], profile: Profile) -> Layout | None:
    """Find what each column is, or None where this is no table of units' numbers."""
    names = [stays.plain(cell) for cell in header]
    if _has_people(names, profile) or not sample:
        return None

    def find(aliases: Sequence[str], given: str | None = None) -> int | None:
        wanted = [stays.plain(a) for a in ([given] if given and given != stays.NONE else []) + list(aliases)]
        return next((names.index(alias) for alias in wanted if alias in names), None)

    unit, period = find(UNIT, profile.unit), find(PERIOD, profile.start)
    if unit is None or period is None or unit == period:
        return None
    name = find([alias for alias in NAME if stays.plain(alias) != names[unit]])
    divides: list[int] = []
    values: list[tuple[int, str]] = []
    for place in range(len(header)):
        if place in (unit, period, name):
            continue
        if names[place] in [stays.plain(d) for d in DIVIDES] or not _numbers([row[place] for row in sample]):
            divides.append(place)
        else:
            values.append((place, coded(header[place]) or f"column_{place + 1}"))
    if not values or len({kind for _, kind in values}) < len(values):
        return None
    keys = [tuple(row[place] for place in (unit, period, *divides)) for row in sample]
    if len(set(keys)) < len(keys):
        return None  # several rows of one unit and period: one row is not a fact of the unit
    return Layout(unit, period, name, tuple(divides), tuple(values), _pairs([kind for _, kind in values]))


def _has_people(names: Sequence[str], profile: Profile) -> bool:
    """Say whether there is a patient, an event or an end: such a table is read as stays or events."""
    if profile.patient or any("patientid" in n or "mrn" in n or n.startswith("nhsnumber") for n in names):
        return True
    for role in ("patient", "visit", "activity", "lifecycle", "end"):
        if {stays.plain(alias) for alias in stays.ALIASES[role]}.intersection(names):
            return True
    return any({stays.plain(a) for a in stays.LINK_ALIASES[r]}.intersection(names) for r in ("patient", "merged_into"))


def _numbers(cells: Sequence[str]) -> bool:
    said = [cell.strip() for cell in cells if cell.strip() and cell.strip().upper() not in EMPTY]
    return not said or sum(bool(re.fullmatch(NUMBER, cell)) for cell in said) >= NUMBERS * len(said)


def _pairs(kinds: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pair what is counted with what it is counted of, by the usual words."""
    found: dict[str, str] = {}
    for kind in kinds:
        for one, all_ in OF:
            words = re.sub(rf"(^|_){one}($|_)", rf"\g<1>{all_}\g<2>", kind)
            if words != kind and words in kinds and kind not in found:
                found[kind] = words
    return tuple(found.items())
