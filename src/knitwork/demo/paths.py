"""The paths that Riverbend's patients take, as a table.

A path is a row of steps; a step may be skipped by chance. Minutes are medians of log-normal
draws: stays of patients are skewed, and a mean would hide it.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 60.0
DAY = 1440.0
OWN_PRACTICE = "own practice"


@dataclass(frozen=True, slots=True)
class Step:
    """One stay of a path.

    `after` is the time since the step before: minutes on the way, or days where the patient
    went home between (`booked`: by appointment; `back`: unplanned). `stay_later` holds from the
    month in which Hillside changed whom its wards take.
    """

    unit: str
    stay: float
    spread: float = 0.45
    after: float = 0.0
    chance: float = 1.0
    with_previous: bool = False
    booked: bool = False
    back: bool = False
    stay_later: float | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A path, how many times a patient takes it in 24 months on average, and when it begins.

    `rate_later` holds from the month in which Hillside changed whom its wards take.
    """

    name: str
    rate: float
    rhythm: str
    steps: tuple[Step, ...]
    rate_later: float | None = None


def ems(chance: float) -> Step:
    return Step("RH-EMS", 34, spread=0.3, chance=chance)


def ed(stay: float, unit: str = "RG-ED") -> Step:
    return Step(unit, stay, spread=0.5, after=4)


def visits(
    unit: str, count: int, *, stay: float, first_days: float, every_days: float, chance: float
) -> tuple[Step, ...]:
    """Return a course of `count` booked visits, of which patients leave out some."""
    first = Step(unit, stay, spread=0.2, after=first_days, chance=chance, booked=True)
    more = Step(unit, stay, spread=0.2, after=every_days, chance=0.93, with_previous=True, booked=True)
    return (first, *(more,) * (count - 1))


OWN_DOCTOR = Step(OWN_PRACTICE, 32, spread=0.35, after=9, chance=0.45, booked=True)

CORONARY = (
    Step("RG-CCU", 1.9 * DAY, spread=0.5, after=17),
    Step("RG-CARD", 2.4 * DAY, spread=0.45, after=46),
    Step("RP-CARDIO", 35, spread=0.3, after=9, chance=0.85, booked=True),
    *visits("RP-CREHAB", 8, stay=75, first_days=7, every_days=4, chance=0.62),
    Step("RP-NUTR", 40, spread=0.2, after=5, chance=0.35, booked=True),
    Step("RP-NURSE", 45, spread=0.3, after=3, chance=0.25, booked=True),
)

PATHS: tuple[Path, ...] = (
    Path("practice visit", 1.75, "office", (Step(OWN_PRACTICE, 30, spread=0.4),)),
    Path("cardiologist", 0.14, "office", (Step("RP-CARDIO", 34, spread=0.3),)),
    Path("neurologist", 0.07, "office", (Step("RP-NEURO", 38, spread=0.3),)),
    Path("surgeon", 0.08, "office", (Step("RP-SURGEON", 26, spread=0.3),)),
    Path("nutritionist", 0.05, "office", (Step("RP-NUTR", 42, spread=0.2),)),
    Path(
        "care at home",
        0.02,
        "office",
        visits("RP-NURSE", 6, stay=45, first_days=1, every_days=5, chance=1.0),
    ),
    Path("emergency, treated and home", 0.50, "emergency", (ems(0.16), ed(195))),
    Path("emergency, treated and home at Hillside", 0.28, "emergency", (ed(165, "HS-ED"),)),
    Path("observed overnight", 0.05, "illness", (ems(0.2), ed(260), Step("RG-OBS", 21 * HOUR, after=24, spread=0.35))),
    Path(
        "heart failure and rhythm",
        0.16,
        "heart",
        (
            ems(0.35),
            ed(250),
            Step("RG-CARD", 3.1 * DAY, after=29, spread=0.55),
            Step("RP-CARDIO", 33, spread=0.3, after=10, chance=0.4, booked=True),
            Step("RG-ED", 240, after=9, spread=0.5, chance=0.09, back=True),
            Step("RG-CARD", 3.6 * DAY, after=29, spread=0.55, with_previous=True),
        ),
    ),
    Path(
        "medical emergency to ward A",
        0.13,
        "illness",
        (
            ems(0.3),
            ed(270),
            Step("RG-MED-A", 3.7 * DAY, after=34, spread=0.6),
            OWN_DOCTOR,
            Step("RG-ED", 250, after=9, spread=0.5, chance=0.10, back=True),
            Step("RG-MED-A", 4.0 * DAY, after=34, spread=0.6, with_previous=True),
        ),
    ),
    Path(
        "medical emergency to ward B",
        0.13,
        "illness",
        (
            ems(0.3),
            ed(270),
            Step("RG-MED-B", 3.8 * DAY, after=37, spread=0.6),
            *visits("RP-NURSE", 3, stay=45, first_days=2, every_days=4, chance=0.12),
            Step("RG-ED", 250, after=9, spread=0.5, chance=0.08, back=True),
            Step("RG-MED-B", 4.0 * DAY, after=37, spread=0.6, with_previous=True),
        ),
    ),
    Path(
        "heart attack",
        0.036,
        "heart",
        (ems(0.7), Step("RG-ED", 48, spread=0.45, after=4), Step("RG-CATH", 72, spread=0.3, after=13), *CORONARY),
    ),
    Path(
        "heart attack, from Hillside",
        0.012,
        "heart",
        (Step("HS-ED", 62, spread=0.4), Step("RG-CATH", 75, spread=0.3, after=58), *CORONARY),
    ),
    Path(
        "stroke",
        0.030,
        "illness",
        (
            ems(0.8),
            Step("RG-ED", 95, spread=0.45, after=4),
            Step("RG-ICU", 2.0 * DAY, spread=0.5, after=26, chance=0.15),
            Step("RG-STRK", 4.6 * DAY, spread=0.5, after=33),
            Step("RG-REHAB", 11 * DAY, spread=0.4, after=85, chance=0.38),
            *visits("RP-NURSE", 4, stay=50, first_days=3, every_days=6, chance=0.3),
            Step("RP-NEURO", 42, spread=0.3, after=20, chance=0.55, booked=True),
        ),
    ),
    Path(
        "stroke, from Hillside",
        0.008,
        "illness",
        (
            Step("HS-ED", 85, spread=0.4),
            Step("RG-STRK", 5.0 * DAY, spread=0.5, after=64),
            Step("RG-REHAB", 12 * DAY, spread=0.4, after=85, chance=0.4),
        ),
    ),
    Path(
        "critical illness",
        0.032,
        "illness",
        (
            ems(0.65),
            ed(160),
            Step("RG-ICU", 3.2 * DAY, spread=0.65, after=27),
            Step("RG-STEP", 1.9 * DAY, spread=0.45, after=41),
            Step("RG-ICU", 2.6 * DAY, spread=0.5, after=22, chance=0.08),
            Step("RG-STEP", 2.0 * DAY, spread=0.45, after=41, with_previous=True),
            Step("RG-MED-B", 3.1 * DAY, spread=0.5, after=52, chance=0.7),
            OWN_DOCTOR,
        ),
    ),
    Path(
        "critical illness, from Hillside",
        0.010,
        "illness",
        (
            ed(210, "HS-ED"),
            Step("HS-MED", 1.1 * DAY, spread=0.6, after=31),
            Step("RG-ICU", 3.0 * DAY, spread=0.6, after=66),
            Step("RG-STEP", 2.0 * DAY, spread=0.45, after=41),
            Step("RG-MED-A", 3.0 * DAY, spread=0.5, after=52, chance=0.7),
        ),
    ),
    Path(
        "planned operation",
        0.095,
        "office",
        (
            Step("RG-PREOP", 50, spread=0.25),
            Step("RG-OR", 118, spread=0.45, after=11, booked=True),
            Step("RG-PACU", 95, spread=0.35, after=9),
            Step("RG-ICU", 1.2 * DAY, spread=0.4, after=19, chance=0.07),
            Step("RG-SURG", 2.7 * DAY, spread=0.5, after=32),
            Step("RP-SURGEON", 24, spread=0.3, after=12, chance=0.75, booked=True),
        ),
    ),
    Path(
        "new joint",
        0.050,
        "office",
        (
            Step("RG-PREOP", 55, spread=0.25),
            Step("RG-OR", 105, spread=0.3, after=14, booked=True),
            Step("RG-PACU", 88, spread=0.3, after=9),
            Step("RG-ORTH", 2.9 * DAY, spread=0.4, after=35),
            Step("RG-REHAB", 8 * DAY, spread=0.35, after=80, chance=0.22),
            *visits("RP-NURSE", 3, stay=45, first_days=2, every_days=4, chance=0.25),
            Step("RP-SURGEON", 25, spread=0.3, after=18, chance=0.75, booked=True),
        ),
    ),
    Path(
        "emergency operation",
        0.030,
        "illness",
        (
            ems(0.3),
            ed(230),
            Step("RG-OR", 110, spread=0.4, after=24),
            Step("RG-PACU", 90, spread=0.35, after=9),
            Step("RG-SURG", 3.4 * DAY, spread=0.55, after=32),
            Step("RP-SURGEON", 24, spread=0.3, after=12, chance=0.6, booked=True),
        ),
    ),
    Path("day surgery", 0.045, "theatre", (Step("RG-OR", 62, spread=0.4), Step("RG-PACU", 150, spread=0.3, after=8))),
    Path("birth", 0.063, "anytime", (Step("RG-BIRTH", 2.1 * DAY, spread=0.35),)),
    Path(
        "medical emergency at Hillside",
        0.0375,
        "illness",
        (ed(225, "HS-ED"), Step("HS-MED", 4.4 * DAY, spread=0.6, after=31, stay_later=2.2 * DAY), OWN_DOCTOR),
        rate_later=0.134,
    ),
    Path(
        "frail and elderly at Hillside",
        0.100,
        "illness",
        (
            ed(250, "HS-ED"),
            Step("HS-GERI", 4.2 * DAY, spread=0.5, after=39, stay_later=10.5 * DAY),
            OWN_DOCTOR,
        ),
        rate_later=0.032,
    ),
    Path(
        "critical illness at Hillside",
        0.026,
        "illness",
        (
            ed(170, "HS-ED"),
            Step("HS-ICU", 2.8 * DAY, spread=0.6, after=25),
            Step("HS-MED", 2.9 * DAY, spread=0.5, after=44),
        ),
    ),
    Path(
        "planned operation at Hillside",
        0.040,
        "theatre",
        (
            Step("HS-OR", 100, spread=0.4),
            Step("HS-SURG", 2.3 * DAY, spread=0.45, after=38),
            Step("RP-SURGEON", 25, spread=0.3, after=13, chance=0.6, booked=True),
        ),
    ),
)

# What a stay in a kind of unit asks of the support microsystems: (unit, chance, minutes).
SUPPORT: dict[str, tuple[tuple[str, float, float], ...]] = {
    "ed": (("RH-LAB", 0.30, 22), ("RH-RAD", 0.22, 28)),
    "ward": (("RH-LAB", 0.35, 14), ("RH-RAD", 0.20, 30), ("RH-PHARM", 0.18, 12), ("RH-DIET", 0.15, 25)),
    "icu": (("RH-LAB", 0.70, 12), ("RH-RAD", 0.50, 32), ("RH-PHARM", 0.50, 12)),
    "ccu": (("RH-LAB", 0.70, 12), ("RH-PHARM", 0.50, 12), ("RH-DIET", 0.40, 25)),
    "practice": (("RH-LAB", 0.18, 9),),
}
