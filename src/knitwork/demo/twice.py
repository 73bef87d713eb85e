"""A patient with two numbers: registered at General, and once more at Hillside, where nobody knew her.

Until the numbers are linked nobody sees that the patient who left Hillside's emergency department is the
one who came to the Stroke Unit of General: her journey ends in one feed and begins in the other.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from knitwork.demo import told
from knitwork.demo.period import ZONE, Period
from knitwork.demo.stays import NO_VISIT, Stays, join

NAME, NAME_AT_HILLSIDE = "RB-TWO-NUMBERS", "HS-TWO-NUMBERS"
NUMBER, NUMBER_AT_HILLSIDE = -3, -4
HOSPITAL_VISIT = 10_000_003
# When a clerk found out, and said so.
LINKED = "2026-09-15 10:00"
COLUMNS = ("patient", "merged_into", "at")

BEFORE: tuple[told.Told, ...] = (("RP-NORTH", "2026-05-19 11:00", "2026-05-19 11:25"),)
AT_HILLSIDE: tuple[told.Told, ...] = (("HS-ED", "2026-06-08 07:40", "2026-06-08 09:05"),)
AT_GENERAL: tuple[told.Told, ...] = (
    # An hour and ten minutes on the road between two hospitals and two numbers.
    ("RG-STRK", "2026-06-08 10:15", "2026-06-13 10:30"),
    ("RG-REHAB", "2026-06-13 12:05", "2026-06-24 14:00"),
)
AFTER: tuple[told.Told, ...] = (
    ("RP-NURSE", "2026-06-29 10:00", "2026-06-29 10:50"),
    ("RP-NEURO", "2026-07-14 14:30", "2026-07-14 15:10"),
)


def journey(period: Period) -> Stays:
    """Return the patient's stays under both numbers; a transfer between the hospitals keeps its visit number."""
    parts = (
        (BEFORE, NUMBER, NO_VISIT),
        (AT_HILLSIDE, NUMBER_AT_HILLSIDE, HOSPITAL_VISIT),
        (AT_GENERAL, NUMBER, HOSPITAL_VISIT),
        (AFTER, NUMBER, NO_VISIT),
    )
    return join([told.stays(period, number=number, visit=visit, told=part) for part, number, visit in parts])


def first_day(period: Period) -> dt.date:
    """Return the day on which the patient is taken from one hospital to the other."""
    return dt.date(1970, 1, 1) + dt.timedelta(seconds=told.on_wall(AT_HILLSIDE[0][1]) + told.shift_s(period))


def is_told(period: Period) -> bool:
    """Say whether the whole story lies in the period."""
    return int(journey(period).start.min()) >= period.start_s


def write_links(folder: Path, period: Period) -> Path:
    """Write patient-links.csv, which says that the two numbers are one person's, if her story lies in the period."""
    path = folder / "patient-links.csv"
    at = dt.datetime.fromtimestamp(told.on_wall(LINKED) + told.shift_s(period), dt.UTC).replace(tzinfo=ZoneInfo(ZONE))
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        if is_told(period):
            rows.writerow([NAME_AT_HILLSIDE, NAME, at.isoformat()])
    return path
