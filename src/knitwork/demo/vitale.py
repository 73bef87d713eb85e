"""Dan Vitale, 62, and his heart attack: the one patient of Riverbend with a name.

His story is that of *Clinical Microsystems, Part 1*: he sees his internist, Mary Odell, about
pains in his arm; despite good care he has a heart attack at his workplace six months later.
The units stand in the paper's order. A stay at the laboratory, in radiology, the pharmacy or
the dietary department runs beside the others.
"""

from __future__ import annotations

import datetime as dt

from knitwork.demo import told
from knitwork.demo.period import Period
from knitwork.demo.stays import NO_VISIT, Stays, join

NAME = "DAN-VITALE"
NUMBER = -1
HOSPITAL_VISIT = 10_000_001

BEFORE: tuple[told.Told, ...] = (
    # Sharp pains in the arm, raised blood pressure: tests are ordered, and a follow-up visit.
    ("RP-ODELL", "2026-01-13 09:30", "2026-01-13 10:05"),
    ("RH-LAB", "2026-01-13 10:20", "2026-01-13 10:36"),
    ("RP-ODELL", "2026-01-21 14:00", "2026-01-21 14:30"),
    # Good, evidence-based care of his pressure and lipids: every four weeks.
    ("RP-ODELL", "2026-02-17 09:00", "2026-02-17 09:20"),
    ("RP-ODELL", "2026-03-17 09:10", "2026-03-17 09:30"),
    ("RP-ODELL", "2026-04-14 09:05", "2026-04-14 09:25"),
    ("RP-ODELL", "2026-05-12 10:00", "2026-05-12 10:25"),
    ("RP-ODELL", "2026-06-09 09:40", "2026-06-09 10:00"),
    ("RP-ODELL", "2026-07-07 09:15", "2026-07-07 09:40"),
)
IN_HOSPITAL: tuple[told.Told, ...] = (
    ("RH-EMS", "2026-07-14 10:47", "2026-07-14 11:19"),
    ("RG-ED", "2026-07-14 11:23", "2026-07-14 12:06"),
    ("RH-LAB", "2026-07-14 11:34", "2026-07-14 11:49"),
    ("RH-RAD", "2026-07-14 11:41", "2026-07-14 11:52"),
    ("RG-CATH", "2026-07-14 12:18", "2026-07-14 13:31"),
    ("RG-CCU", "2026-07-14 13:49", "2026-07-16 14:10"),
    ("RH-LAB", "2026-07-14 18:00", "2026-07-14 18:12"),
    ("RH-PHARM", "2026-07-14 20:00", "2026-07-14 20:15"),
    ("RH-DIET", "2026-07-15 11:00", "2026-07-15 11:30"),
    # He waits two and a half hours for a bed on the ward: his longest wait in the hospital.
    ("RG-CARD", "2026-07-16 16:45", "2026-07-18 11:20"),
    ("RH-PHARM", "2026-07-18 09:30", "2026-07-18 09:50"),
)
REHABILITATION = tuple(
    ("RP-CREHAB", f"{day} 13:00", f"{day} 14:15")
    for day in (dt.date(2026, 7, 28) + dt.timedelta(weeks=week, days=extra) for week in range(12) for extra in (0, 3))
)
AFTER: tuple[told.Told, ...] = (
    ("RP-CARDIO", "2026-07-23 10:30", "2026-07-23 11:10"),
    *REHABILITATION,
    ("RP-NUTR", "2026-07-30 09:00", "2026-07-30 09:45"),
    ("RP-NURSE", "2026-08-03 11:00", "2026-08-03 11:50"),
    ("RP-NURSE", "2026-08-10 11:00", "2026-08-10 11:40"),
    ("RP-ODELL", "2026-08-12 09:00", "2026-08-12 09:30"),
    ("RP-NURSE", "2026-08-17 11:15", "2026-08-17 11:45"),
    ("RP-CARDIO", "2026-09-15 10:00", "2026-09-15 10:30"),
)

# Where he is first seen in each unit, in the order of the paper.
UNITS_IN_ORDER = (
    "RP-ODELL", "RH-LAB", "RH-EMS", "RG-ED", "RH-RAD", "RG-CATH", "RG-CCU", "RH-PHARM", "RH-DIET", "RG-CARD",
    "RP-CARDIO", "RP-CREHAB", "RP-NUTR", "RP-NURSE",
)  # fmt: skip


def journey(period: Period) -> Stays:
    """Return Dan Vitale's stays, at the same distance from the end of any period."""
    parts = ((BEFORE, NO_VISIT), (IN_HOSPITAL, HOSPITAL_VISIT), (AFTER, NO_VISIT))
    return join([told.stays(period, number=NUMBER, visit=visit, told=part) for part, visit in parts])
