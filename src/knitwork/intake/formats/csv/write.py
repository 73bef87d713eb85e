"""Stays as a table of text, with the columns that `knitwork stays --format csv` prints."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from knitwork.intake.writing import Written, lost

COLUMNS = ("patient", "unit", "start", "end", "end_kind", "visit", "journey")
# The journey is written for people; it is worked out anew where the file is read.
CARRIES = {"stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit")}
FILE = "stays.csv"


def write(tables: Mapping[str, pa.Table], folder: Path) -> Written:
    """Write the stays to `stays.csv` in `folder`, and list what the table has no place for."""
    stays = tables["stay"].sort_by([("patient", "ascending"), ("start_us", "ascending"), ("unit", "ascending")])
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(COLUMNS)
        for batch in stays.to_batches(max_chunksize=10_000):
            for stay in batch.to_pylist():
                end = None if stay.get("end_kind") == "open" else stay.get("end_us")
                writer.writerow([
                    stay["patient"], stay["unit"], _moment(stay["start_us"]), _moment(end), stay.get("end_kind") or "",
                    stay.get("visit") or "", stay.get("journey") or "",
                ])  # fmt: skip
    return Written(stays.num_rows, 1, lost(tables, CARRIES))


def _moment(us: int | None) -> str:
    if us is None:
        return ""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
    return moment.isoformat(timespec="microseconds" if us % 1_000_000 else "seconds")
