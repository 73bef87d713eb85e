"""What was put into Riverbend's records: by how much, where and since when.

The generator reads these values and so do the tests; `ledger` lists them with their pages. Months count
from 1: with the period that `make demo` uses (November 2024 to October 2026), month 15 is January 2026.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HandoffShift:
    """A link whose transit changes for good; medians in minutes."""

    from_unit: str
    to_unit: str
    month: int
    median_before: float
    median_after: float
    spread: float


@dataclass(frozen=True, slots=True)
class NoonShift:
    """A test of change on a ward: the share of discharges before noon from `month` on."""

    unit: str
    month: int
    share_before: float
    share_after: float


@dataclass(frozen=True, slots=True)
class Mix:
    """A hospital whose two wards take other patients from `month` on: the strong ward takes many more of them."""

    hospital: str
    month: int
    strong: NoonShift
    weak: NoonShift


@dataclass(frozen=True, slots=True)
class Move:
    """A unit that belongs to another parent, and takes part in another mesosystem, from `month` on."""

    unit: str
    month: int
    parent_before: str
    parent_after: str
    group_before: str
    group_after: str


ED_TO_CARDIOLOGY = HandoffShift("RG-ED", "RG-CARD", 15, median_before=29.0, median_after=41.0, spread=0.40)
NOON_AT_SURGICAL = NoonShift("RG-SURG", 18, share_before=0.22, share_after=0.48)
# The team believed in it; nothing changed.
NOON_AT_MEDICAL_A = NoonShift("RG-MED-A", 19, share_before=0.22, share_after=0.22)
# Both wards get worse and the hospital gets better: the ward that sends many home before noon now has most patients.
HILLSIDE_MIX = Mix(
    "HS",
    12,
    strong=NoonShift("HS-MED", 12, share_before=0.52, share_after=0.42),
    weak=NoonShift("HS-GERI", 12, share_before=0.16, share_after=0.07),
)
NOON_SHIFTS = (NOON_AT_SURGICAL, NOON_AT_MEDICAL_A, HILLSIDE_MIX.strong, HILLSIDE_MIX.weak)
CARDIAC_REHAB_MOVES = Move("RP-CREHAB", 13, "RP", "RG", "PRIMARY", "ACUTE-CORONARY")
STEADY_LINKS: tuple[tuple[str, str], ...] = (
    ("RG-ED", "RG-MED-A"),
    ("RG-ED", "RG-MED-B"),
    ("RG-PACU", "RG-SURG"),
    ("RG-PACU", "RG-ORTH"),
    ("HS-ED", "HS-MED"),
)
USUAL_NOON_SHARE = 0.22
