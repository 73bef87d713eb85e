"""Stays as a table of text, with the columns that `knitwork stays --format csv` prints."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path

from knitwork.intake.formats.csv.formulas import COLUMNS, guarded
from knitwork.intake.writing import (
    LOG_FLAG,
    READ_ANEW,
    REGISTRY,
    UNIT_CODES,
    UNITS_NAMED_ANEW,
    UNITS_UNTOLD,
    Altered,
    Carries,
    Records,
    Written,
    finest,
    losses,
    of_stays,
)

# The journey is written for people; it is worked out anew where the file is read.
CARRIES = Carries(
    {
        "stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit", "precision", *READ_ANEW),
        "unit": UNIT_CODES,
    },
    (*of_stays(more=LOG_FLAG), UNITS_NAMED_ANEW),
    {
        "stay.source_patient": "stays are written under the number that stays",
        **dict.fromkeys(
            ("event", "request", "message", "duty", "fact", "person", "unit_fact"),
            "a table of stays has no place for it",
        ),
        "unit": REGISTRY,
        "membership": REGISTRY,
    },
    (UNITS_UNTOLD,),
)
FILE = "stays.csv"


def write(records: Records, folder: Path) -> Written:
    """Write the stays to `stays.csv` in `folder`, and list what the table has no place for."""
    written = 0
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        # Lines as RFC 4180 has them; only so are cells quoted that hold either of the two signs.
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for stay in records.rows("stay", order=("patient", "start_us", "unit")):
            written += 1
            end = None if stay.get("end_kind") == "open" else stay.get("end_us")
            writer.writerow([
                guarded(stay["patient"]), guarded(stay["unit"]), _moment(stay["start_us"]), _moment(end),
                stay.get("end_kind") or "", guarded(stay.get("visit") or ""), guarded(stay.get("journey") or ""),
            ])  # fmt: skip
    return Written(written, 1, losses(records, as_read(CARRIES, records)), (FILE,))


def as_read(carries: Carries, records: Records) -> Carries:
    """Add that a table has one precision for all of its times."""
    fine = finest(records)
    one = Altered("stay", "precision", f"precision <> '{fine}'", "a table has one precision, that of its finest time")
    return replace(carries, altered=(*carries.altered, one))


def _moment(us: int | None) -> str:
    if us is None:
        return ""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
    return moment.isoformat(timespec="microseconds" if us % 1_000_000 else "seconds")
