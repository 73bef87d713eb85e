"""What was put into Riverbend's records, and where a person should find it.

The generator reads these values and so do the tests. Months count from 1: with the period
that `make demo` uses (November 2024 to October 2026), month 15 is January 2026.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from knitwork.demo.period import Period


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
class Move:
    """A unit that belongs to another parent, and takes part in another mesosystem, from `month` on."""

    unit: str
    month: int
    parent_before: str
    parent_after: str
    group_before: str
    group_after: str


ED_TO_CARDIOLOGY = HandoffShift("RG-ED", "RG-CARD", 15, median_before=29.0, median_after=41.0, spread=0.40)
NOON_AT_SURGICAL = NoonShift("RG-SURG", 18, share_before=0.22, share_after=0.42)
# The team believed in it; nothing changed.
NOON_AT_MEDICAL_A = NoonShift("RG-MED-A", 19, share_before=0.22, share_after=0.22)
CARDIAC_REHAB_MOVES = Move("RP-CREHAB", 13, "RP", "RG", "PRIMARY", "ACUTE-CORONARY")
STEADY_LINKS: tuple[tuple[str, str], ...] = (
    ("RG-ED", "RG-MED-A"),
    ("RG-ED", "RG-MED-B"),
    ("RG-PACU", "RG-SURG"),
    ("RG-PACU", "RG-ORTH"),
    ("HS-ED", "HS-MED"),
)
USUAL_NOON_SHARE = 0.22


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted truth: what it is, the page that should show it, and since when."""

    id: str
    kind: str
    what: str
    page: str
    units: tuple[str, ...]
    measure: str | None = None
    month: int | None = None
    before: float | None = None
    after: float | None = None
    expect: str = "signal"


TRUTHS: tuple[Truth, ...] = (
    Truth(
        "ed-to-cardiology-slower",
        "handoff_worse",
        "Patients wait longer between the Emergency Department and the Cardiology Ward of General: "
        "half now wait more than about 41 minutes, before about 29. No other link changed.",
        page="handoffs",
        units=(ED_TO_CARDIOLOGY.from_unit, ED_TO_CARDIOLOGY.to_unit),
        measure="gap_median",
        month=ED_TO_CARDIOLOGY.month,
        before=ED_TO_CARDIOLOGY.median_before,
        after=ED_TO_CARDIOLOGY.median_after,
    ),
    Truth(
        "surgical-noon-worked",
        "test_worked",
        "The Surgical Ward's test of change worked: more patients go home before noon.",
        page="measure",
        units=(NOON_AT_SURGICAL.unit,),
        measure="discharge_before_noon",
        month=NOON_AT_SURGICAL.month,
        before=NOON_AT_SURGICAL.share_before,
        after=NOON_AT_SURGICAL.share_after,
    ),
    Truth(
        "medical-a-noon-noise",
        "test_noise",
        "Medical Ward A tested the same and nothing changed: what moves there is chance.",
        page="measure",
        units=(NOON_AT_MEDICAL_A.unit,),
        measure="discharge_before_noon",
        month=NOON_AT_MEDICAL_A.month,
        before=NOON_AT_MEDICAL_A.share_before,
        after=NOON_AT_MEDICAL_A.share_after,
        expect="silence",
    ),
    Truth(
        "cardiac-rehab-moved",
        "unit_moved",
        "Cardiac Rehabilitation belonged to the Medical Group and took part in primary care; "
        "it now belongs to General and takes part in acute coronary care.",
        page="unit",
        units=(CARDIAC_REHAB_MOVES.unit, CARDIAC_REHAB_MOVES.parent_before, CARDIAC_REHAB_MOVES.parent_after),
        month=CARDIAC_REHAB_MOVES.month,
        expect="dated membership",
    ),
    Truth(
        "autumn-night",
        "dst_night",
        "A patient came to the Emergency Department of General at 01:40 and left at 01:25 in the night "
        "when the clock was put back: 45 minutes, not a departure before the arrival.",
        page="unit",
        units=("RG-ED", "RG-MED-A"),
        expect="45 minutes in the unit and 45 minutes on the way",
    ),
    *(
        Truth(
            f"steady-{from_unit.lower()}-{to_unit.lower()}",
            "stationary",
            "Nothing changed on this link.",
            page="handoffs",
            units=(from_unit, to_unit),
            measure="gap_median",
            expect="silence",
        )
        for from_unit, to_unit in STEADY_LINKS
    ),
)


def dated(period: Period) -> list[dict[str, Any]]:
    """Return the truths that lie within the period, each with the day it begins (`when`)."""
    autumn = period.clock.autumn_nights(period.start_s, period.end_s)
    rows = []
    for truth in TRUTHS:
        if truth.month is not None and truth.month > period.months:
            continue
        if truth.kind == "dst_night" and not len(autumn):
            continue
        when = period.month_starts(truth.month or 1).isoformat()
        if truth.kind == "dst_night":
            when = str((period.clock.local(autumn[-1:])[0] // 86_400).astype("datetime64[D]"))
        rows.append({**asdict(truth), "when": when})
    return rows
