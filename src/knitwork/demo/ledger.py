"""The planted truths as a list that a person can walk: what was done, the page that shows it, and what stands there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from knitwork.demo import twice
from knitwork.demo.period import Period
from knitwork.demo.truths import (
    CARDIAC_REHAB_MOVES,
    ED_TO_CARDIOLOGY,
    HILLSIDE_MIX,
    NOON_AT_MEDICAL_A,
    NOON_AT_SURGICAL,
    STEADY_LINKS,
)

# One measure of one unit.
Chart = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted truth: what it is, the page that shows it, and what a person reads there.

    `also` names the charts elsewhere that move with it: a signal there is no chance either.
    """

    id: str
    kind: str
    what: str
    page: str
    says: str
    units: tuple[str, ...]
    measure: str | None = None
    month: int | None = None
    before: float | None = None
    after: float | None = None
    expect: str = "signal"
    also: tuple[Chart, ...] = ()


def charts(units: str, measures: str) -> tuple[Chart, ...]:
    """Return each of these measures of each of these units."""
    return tuple((unit, measure) for unit in units.split() for measure in measures.split())


def measure_page(unit: str, measure: str) -> str:
    return f"/units/{unit}/measures/{measure}/"


TRUTHS: tuple[Truth, ...] = (
    Truth(
        "ed-to-cardiology-slower",
        "handoff_worse",
        "Patients wait longer between the Emergency Department and the Cardiology Ward of General: "
        "half now wait more than about 41 minutes, before about 29. No other link changed.",
        page=f"/handoffs/{ED_TO_CARDIOLOGY.from_unit}/{ED_TO_CARDIOLOGY.to_unit}/",
        says="Worse since a month near January 2026; half of the patients wait about 41 minutes now.",
        units=(ED_TO_CARDIOLOGY.from_unit, ED_TO_CARDIOLOGY.to_unit),
        measure="gap_median",
        month=ED_TO_CARDIOLOGY.month,
        before=ED_TO_CARDIOLOGY.median_before,
        after=ED_TO_CARDIOLOGY.median_after,
        also=charts("RG-CARD RG-ED RG RH", "gap_median gap_over_60 unaccounted_time_share"),
    ),
    Truth(
        "surgical-noon-worked",
        "test_worked",
        "The Surgical Ward's test of change worked: more patients go home before noon.",
        page=measure_page(NOON_AT_SURGICAL.unit, "discharge_before_noon"),
        says="Better since a month near April 2026: about 48% go home before noon, before about 22%.",
        units=(NOON_AT_SURGICAL.unit,),
        measure="discharge_before_noon",
        month=NOON_AT_SURGICAL.month,
        before=NOON_AT_SURGICAL.share_before,
        after=NOON_AT_SURGICAL.share_after,
        also=charts("RG RH", "discharge_before_noon"),
    ),
    Truth(
        "medical-a-noon-noise",
        "test_noise",
        "Medical Ward A tested the same and nothing changed: what moves there is chance.",
        page=measure_page(NOON_AT_MEDICAL_A.unit, "discharge_before_noon"),
        says="No signal; about 22% went home before noon all the time.",
        units=(NOON_AT_MEDICAL_A.unit,),
        measure="discharge_before_noon",
        month=NOON_AT_MEDICAL_A.month,
        before=NOON_AT_MEDICAL_A.share_before,
        after=NOON_AT_MEDICAL_A.share_after,
        expect="silence",
    ),
    Truth(
        "hillside-mix",
        "simpson",
        "From October 2025 Hillside's Medical Ward takes many more patients, and for a shorter time; Care of the "
        "Elderly keeps few, and longer. On both wards fewer go home before noon than before, and in the whole hospital "
        "more do, because most now lie on the ward that sends many home before noon.",
        page=measure_page(HILLSIDE_MIX.hospital, "discharge_before_noon"),
        says="Read with care: the whole rose, and 2 of the 3 units inside fell. It looks better only because patients "
        "went to other units than before.",
        units=(HILLSIDE_MIX.hospital, HILLSIDE_MIX.strong.unit, HILLSIDE_MIX.weak.unit),
        measure="discharge_before_noon",
        month=HILLSIDE_MIX.month,
        expect="the whole better, both wards worse",
        also=charts("HS", "discharge_before_noon")
        + charts("HS HS-ED", "gap_median gap_over_60")
        + charts(
            "HS-MED HS-GERI",
            "arrivals midnight_census occupancy los_median los_p90 long_stay_rate discharge_before_noon "
            "handoffs_per_100_journeys transfers_per_visit unaccounted_time_share",
        ),
    ),
    Truth(
        "cardiac-rehab-moved",
        "unit_moved",
        "Cardiac Rehabilitation belonged to the Medical Group and took part in primary care; "
        "it now belongs to General and takes part in acute coronary care.",
        page=f"/units/{CARDIAC_REHAB_MOVES.unit}/",
        says="Until 1 November 2025 it belonged to Riverbend Medical Group; numbers before that stay there.",
        units=(CARDIAC_REHAB_MOVES.unit, CARDIAC_REHAB_MOVES.parent_before, CARDIAC_REHAB_MOVES.parent_after),
        month=CARDIAC_REHAB_MOVES.month,
        expect="dated membership",
        also=charts("RG RP", "arrivals long_stay_rate los_median los_p90 return_7d bounce_back_2d transfers_per_visit"),
    ),
    Truth(
        "winter",
        "season",
        "More people come to the emergency departments in winter than in summer, by about a quarter.",
        page=measure_page("RG-ED", "arrivals"),
        says="The line wanders about its centre: fewer crossings than chance would give.",
        units=("RG-ED",),
        measure="arrivals",
        expect="season",
        also=charts("RG-ED HS-ED RG RH", "arrivals midnight_census"),
    ),
    Truth(
        "autumn-night",
        "dst_night",
        "A patient came to the Emergency Department of General at 01:40 and left at 01:25 in the night "
        "when the clock was put back: 45 minutes, not a departure before the arrival.",
        page="/feeds/",
        says="Some rows of general-adt have a time in the hour that autumn repeats: order decides which.",
        units=("RG-ED", "RG-MED-A"),
        expect="45 minutes in the unit and 45 minutes on the way",
    ),
    Truth(
        "late-rows",
        "late",
        "40 rows from the middle of General's records came the day after all others, in a delivery of their own.",
        page="/feeds/",
        says="40 rows came late, and the months that they changed.",
        units=("RG",),
        expect="40 rows",
    ),
    Truth(
        "doubled-piece",
        "duplicates",
        "120 rows of Hillside's extract stand in it twice.",
        page="/feeds/",
        says="120 rows of hillside-adt.csv were known already: they stand in the file twice.",
        units=("HS",),
        expect="120 rows",
    ),
    Truth(
        "two-numbers",
        "merge",
        f"One person is {twice.NAME} at General and {twice.NAME_AT_HILLSIDE} at Hillside: taken from Hillside's "
        "emergency department to the Stroke Unit of General on 8 June 2026 under the other number.",
        page="/patients/",
        says=f"Look for {twice.NAME}: one journey under both numbers, with the 70 minutes between Hillside and the Stroke Unit.",
        units=("HS-ED", "RG-STRK"),
        expect="one journey",
    ),
    *(
        Truth(
            f"steady-{from_unit.lower()}-{to_unit.lower()}",
            "stationary",
            "Nothing changed on this link.",
            page=f"/handoffs/{from_unit}/{to_unit}/",
            says="No signal.",
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
        if truth.kind == "merge" and not twice.is_told(period):
            continue
        when = period.month_starts(truth.month or 1).isoformat()
        if truth.kind == "dst_night":
            when = str((period.clock.local(autumn[-1:])[0] // 86_400).astype("datetime64[D]"))
        if truth.kind == "merge":
            when = twice.first_day(period).isoformat()
        rows.append({**asdict(truth), "when": when})
    return rows
