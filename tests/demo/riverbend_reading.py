"""Riverbend's files read again by other means: csv and datetime, none of the generator's code."""

from __future__ import annotations

import csv
import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

HERE = ZoneInfo("America/New_York")
SUPPORT = {"RH-LAB", "RH-RAD", "RH-PHARM", "RH-DIET"}


class Row(NamedTuple):
    patient: str
    unit: str
    start: dt.datetime
    end: dt.datetime | None
    visit: str
    feed: str


def wall(text: str, form: str) -> dt.datetime:
    return dt.datetime.strptime(text, form).replace(tzinfo=HERE)


def read(folder: Path) -> list[Row]:
    """Return all rows of the three feeds as they stand, bad and doubled ones included; the late delivery comes last."""
    found = []
    for file, feed, separator, form in (
        ("general-adt", "general-adt", ",", "%Y-%m-%d %H:%M:%S"),
        ("hillside-adt", "hillside-adt", ";", "%d/%m/%Y %H:%M"),
        ("practice", "practice", ",", ""),
        ("general-adt-late", "general-adt", ",", "%Y-%m-%d %H:%M:%S"),
    ):
        with (folder / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines, delimiter=separator)
            next(rows)
            for patient, unit, start, end, *visit in rows:
                if form:
                    begins, ends = wall(start, form), wall(end, form) if end else None
                else:
                    begins = dt.datetime.fromisoformat(start)
                    ends = dt.datetime.fromisoformat(end) if end else None
                found.append(Row(patient, unit, begins, ends, (visit or [""])[0], feed))
    return found


def instant(when: dt.datetime) -> float:
    """Return UTC seconds; the first of two equal wall times in autumn."""
    return when.timestamp()


def good(rows: list[Row]) -> list[Row]:
    """Leave out rows without a unit or with an end a day before the start, and the second of doubled rows."""
    kept = (r for r in rows if r.unit and not (r.end and instant(r.end) < instant(r.start) - 86_400))
    return list(dict.fromkeys(kept))


def handoffs(rows: list[Row]) -> list[tuple[Row, Row, float]]:
    """Return neighbouring bed stays of one numbered visit, with the minutes between them."""
    visits: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.visit and row.unit not in SUPPORT:
            visits.setdefault((row.patient, row.visit), []).append(row)
    pairs = []
    for stays in visits.values():
        stays.sort(key=lambda r: instant(r.start))
        for before, after in pairwise(stays):
            if before.end is not None:
                pairs.append((before, after, (instant(after.start) - instant(before.end)) / 60))
    return pairs
