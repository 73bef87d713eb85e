"""The units of Riverbend Health, how they nest, and which feed tells of them."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from knitwork.demo.period import DAYS_BEFORE, ZONE, Ints, Period
from knitwork.demo.truths import CARDIAC_REHAB_MOVES

MACRO = "RH"


@dataclass(frozen=True, slots=True)
class Place:
    """One unit. `beds` says that a capacity is known, and so an occupancy."""

    unit: str
    name: str
    kind: str
    parent: str
    feed: str
    beds: bool = False


GROUPS: tuple[tuple[str, str, str, str], ...] = (
    (MACRO, "Riverbend Health", "macrosystem", ""),
    ("RG", "Riverbend General Hospital", "mesosystem", MACRO),
    ("HS", "Hillside Hospital", "mesosystem", MACRO),
    ("RP", "Riverbend Medical Group", "mesosystem", MACRO),
    ("ACUTE-CORONARY", "Acute coronary care", "mesosystem", ""),
    ("STROKE", "Stroke care", "mesosystem", ""),
    ("SURGICAL", "Surgical care", "mesosystem", ""),
    ("PRIMARY", "Primary care", "mesosystem", ""),
)

PLACES: tuple[Place, ...] = (
    Place("RH-EMS", "Riverbend Ambulance Service", "ems", MACRO, "general-adt"),
    Place("RG-ED", "Emergency Department, General", "ed", "RG", "general-adt"),
    Place("RG-OBS", "Observation Unit", "ward", "RG", "general-adt", beds=True),
    Place("RG-CATH", "Cath Lab", "cathlab", "RG", "general-adt"),
    Place("RG-CCU", "Coronary Care Unit", "ccu", "RG", "general-adt", beds=True),
    Place("RG-CARD", "Cardiology Ward", "ward", "RG", "general-adt", beds=True),
    Place("RG-ICU", "Intensive Care Unit", "icu", "RG", "general-adt", beds=True),
    Place("RG-STEP", "Step-down Unit", "ward", "RG", "general-adt", beds=True),
    Place("RG-MED-A", "Medical Ward A", "ward", "RG", "general-adt", beds=True),
    Place("RG-MED-B", "Medical Ward B", "ward", "RG", "general-adt", beds=True),
    Place("RG-STRK", "Stroke Unit", "ward", "RG", "general-adt", beds=True),
    Place("RG-PREOP", "Pre-operative Clinic", "clinic", "RG", "general-adt"),
    Place("RG-OR", "Operating Rooms, General", "or", "RG", "general-adt"),
    Place("RG-PACU", "Recovery Room", "or", "RG", "general-adt"),
    Place("RG-SURG", "Surgical Ward", "ward", "RG", "general-adt", beds=True),
    Place("RG-ORTH", "Orthopaedic Ward", "ward", "RG", "general-adt", beds=True),
    Place("RG-BIRTH", "Birth Centre", "ward", "RG", "general-adt", beds=True),
    Place("RG-REHAB", "Inpatient Rehabilitation", "rehab", "RG", "general-adt", beds=True),
    Place("HS-ED", "Emergency Department, Hillside", "ed", "HS", "hillside-adt"),
    Place("HS-MED", "Hillside Medical Ward", "ward", "HS", "hillside-adt", beds=True),
    Place("HS-GERI", "Hillside Care of the Elderly", "ward", "HS", "hillside-adt", beds=True),
    Place("HS-ICU", "Hillside Intensive Care Unit", "icu", "HS", "hillside-adt", beds=True),
    Place("HS-OR", "Hillside Operating Rooms", "or", "HS", "hillside-adt"),
    Place("HS-SURG", "Hillside Surgical Ward", "ward", "HS", "hillside-adt", beds=True),
    Place("RP-ODELL", "Dr Odell's Internal Medicine", "practice", "RP", "practice"),
    Place("RP-NORTH", "Family Practice North", "practice", "RP", "practice"),
    Place("RP-SOUTH", "Family Practice South", "practice", "RP", "practice"),
    Place("RP-CARDIO", "Cardiologist's Office", "clinic", "RP", "practice"),
    Place("RP-NEURO", "Neurology Clinic", "clinic", "RP", "practice"),
    Place("RP-SURGEON", "Surgeons' Clinic", "clinic", "RP", "practice"),
    Place("RP-CREHAB", "Cardiac Rehabilitation", "rehab", "RP", "practice"),
    Place("RP-NUTR", "Nutritionist's Office", "clinic", "RP", "practice"),
    Place("RP-NURSE", "Visiting Nurse Service", "homecare", "RP", "practice"),
    Place("RH-LAB", "Laboratory", "lab", MACRO, "general-adt"),
    Place("RH-RAD", "Radiology", "radiology", MACRO, "general-adt"),
    Place("RH-PHARM", "Pharmacy", "pharmacy", MACRO, "general-adt"),
    Place("RH-DIET", "Dietary", "dietary", MACRO, "general-adt"),
)

CODES: tuple[str, ...] = tuple(p.unit for p in PLACES)
INDEX: Mapping[str, int] = {code: i for i, code in enumerate(CODES)}
FEEDS: tuple[str, ...] = ("general-adt", "hillside-adt", "practice")
FEED_OF_UNIT = np.array([FEEDS.index(p.feed) for p in PLACES])

# A unit takes part in as many mesosystems as it has patients of.
TAKES_PART: Mapping[str, tuple[str, ...]] = {
    "ACUTE-CORONARY": ("RH-EMS", "RG-ED", "RG-CATH", "RG-CCU", "RG-CARD", "HS-ED", "RP-CARDIO", "RP-NUTR"),
    "STROKE": ("RH-EMS", "RG-ED", "RG-STRK", "RG-ICU", "RG-REHAB", "HS-ED", "RP-NEURO", "RP-NURSE"),
    "SURGICAL": (
        "RG-PREOP", "RG-OR", "RG-PACU", "RG-SURG", "RG-ORTH", "RG-ICU", "RG-REHAB", "HS-OR", "HS-SURG", "RP-SURGEON",
    ),
    "PRIMARY": ("RP-ODELL", "RP-NORTH", "RP-SOUTH", "RP-NUTR", "RP-NURSE"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Joined:
    """A dated membership: None stands for always."""

    unit: str
    group: str
    kind: str
    since: dt.date | None = None
    until: dt.date | None = None


def memberships(period: Period) -> list[Joined]:
    """Return who belongs to and takes part in what; the unit that moves has a row for each time."""
    move = CARDIAC_REHAB_MOVES
    day = period.month_starts(move.month)
    rows = [Joined(code, parent, "belongs") for code, _, _, parent in GROUPS if parent]
    for place in PLACES:
        if place.unit == move.unit:
            rows.append(Joined(place.unit, move.parent_before, "belongs", until=day))
            rows.append(Joined(place.unit, move.parent_after, "belongs", since=day))
            rows.append(Joined(place.unit, move.group_before, "takes_part", until=day))
            rows.append(Joined(place.unit, move.group_after, "takes_part", since=day))
        else:
            rows.append(Joined(place.unit, place.parent, "belongs"))
    rows += [Joined(unit, group, "takes_part") for group, units in TAKES_PART.items() for unit in units]
    return rows


def capacity(mean_census: float) -> int:
    """Return beds for a mean number of patients at midnight: near four fifths full, between 70% and 95% if it can be.

    >>> [capacity(mean) for mean in (9.2, 2.6, 1.4, 1.13, 0.1)]
    [12, 3, 2, 2, 1]
    """
    fair = max(1.0, mean_census / 0.78)
    fits = [beds for beds in (math.floor(fair), math.ceil(fair)) if mean_census <= 0.95 * beds]
    return min(fits, key=lambda beds: abs(mean_census / beds - 0.78))


def write_units(folder: Path, *, period: Period, midnights: Ints) -> tuple[Path, Path]:
    """Write units.csv and memberships.csv; `midnights` counts patients x nights in each of `PLACES`."""
    joined = memberships(period)
    parents = [m for m in joined if m.kind == "belongs"]
    nights = len(period.days) + DAYS_BEFORE
    units_csv, memberships_csv = folder / "units.csv", folder / "memberships.csv"
    with units_csv.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["unit", "name", "kind", "parent", "tz", "capacity", "from", "to"])
        for code, name, kind, parent in GROUPS:
            rows.writerow([code, name, kind, parent, ZONE, "", "", ""])
        for place, total in zip(PLACES, midnights.tolist(), strict=True):
            beds = capacity(total / nights) if place.beds else ""
            for m in (m for m in parents if m.unit == place.unit):
                rows.writerow([place.unit, place.name, place.kind, m.group, ZONE, beds, m.since or "", m.until or ""])
    with memberships_csv.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["unit", "group", "kind", "from", "to"])
        for m in joined:
            rows.writerow([m.unit, m.group, m.kind, midnight(m.since), midnight(m.until)])
    return units_csv, memberships_csv


def midnight(day: dt.date | None) -> str:
    """Return a local midnight with its offset: memberships carry no zone of their own."""
    return "" if day is None else dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).isoformat()
