"""Stays as XES: a trace for each patient, and for each stay the event of coming and the event of leaving."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import quoteattr

import pyarrow as pa

from knitwork.intake.writing import Written, lost
from knitwork.model.errors import CannotDo

CARRIES = {"stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit")}
FILE = "stays.xes"
# What XML 1.0 has no place for, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><string key="lifecycle:transition" value=""/></global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Unit" keys="org:group"/>
"""


def write(tables: Mapping[str, pa.Table], folder: Path) -> Written:
    """Write the stays to `stays.xes` in `folder`, and list what XES has no place for."""
    stays = tables["stay"].sort_by([("patient", "ascending"), ("start_us", "ascending"), ("unit", "ascending")])
    records = 0
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        out.write(_HEAD)
        patient: str | None = None
        for number, stay in enumerate(_rows(stays), 1):
            if stay["patient"] != patient:
                out.write("</trace>\n" if patient is not None else "")
                patient = stay["patient"]
                out.write(f"<trace>{_text('concept:name', patient)}\n")
            records += _stay(out, stay, number)
        out.write("</trace>\n" if patient is not None else "")
        out.write("</log>\n")
    return Written(records, 1, lost(tables, CARRIES))


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _stay(out: IO[str], stay: Mapping[str, Any], number: int) -> int:
    """Write the events of one stay; return how many."""
    kind, end = stay.get("end_kind"), stay.get("end_us")
    _event(out, stay, number, stay["start_us"], "start", "open" if kind == "open" else None)
    if end is None or kind == "open":
        return 1
    _event(out, stay, number, end, "complete", "inferred" if kind == "inferred" else None)
    return 2


def _event(out: IO[str], stay: Mapping[str, Any], number: int, at: int, transition: str, kind: str | None) -> None:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    visit = stay.get("visit")
    out.write(
        "<event>" + _text("concept:name", "stay") + _text("concept:instance", str(number))
        + _text("lifecycle:transition", transition) + _text("org:group", stay["unit"])
        + f'<date key="time:timestamp" value="{moment.isoformat(timespec="microseconds")}"/>'
        + (_text("visit", visit) if visit is not None else "") + (_text("end_kind", kind) if kind else "") + "</event>\n"
    )  # fmt: skip


def _text(key: str, value: str) -> str:
    if _FORBIDDEN.search(value):
        raise CannotDo(f"a {key} holds a character that XML has no place for: write CSV instead")
    return f'<string key="{key}" value={quoteattr(value, {chr(10): "&#10;", chr(13): "&#13;", chr(9): "&#9;"})}/>'
