"""Stays as XES: a trace for each patient, and for each stay the event of coming and the event of leaving."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import quoteattr

from knitwork.intake.formats.csv.write import as_read
from knitwork.intake.writing import (
    LOG_FLAG,
    READ_ANEW,
    REGISTRY,
    UNIT_CODES,
    UNITS_NAMED_ANEW,
    UNITS_UNTOLD,
    Carries,
    Lost,
    Records,
    Written,
    losses,
    of_stays,
)
from knitwork.model.errors import CannotDo

CARRIES = Carries(
    {
        "stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit", "precision", *READ_ANEW),
        "unit": UNIT_CODES,
    },
    (*of_stays(more=LOG_FLAG), UNITS_NAMED_ANEW),
    {
        "stay.source_patient": "stays are written under the number that stays",
        "event": "an event of a log is read as a stay in its unit",
        **dict.fromkeys(
            ("request", "message", "duty", "fact", "person", "unit_fact"),
            "an event log has no place for it",
        ),
        "unit": REGISTRY,
        "membership": REGISTRY,
    },
    (UNITS_UNTOLD,),
)
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


def write(records: Records, folder: Path) -> Written:
    """Write the stays to `stays.xes` in `folder`, and list what XES has no place for."""
    events = 0
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        out.write(_HEAD)
        patient: str | None = None
        for number, stay in enumerate(records.rows("stay", order=("patient", "start_us", "unit")), 1):
            if stay["patient"] != patient:
                out.write("</trace>\n" if patient is not None else "")
                patient = stay["patient"]
                out.write(f"<trace>{_text('concept:name', stay['patient'])}\n")
            events += _stay(out, stay, number)
        out.write("</trace>\n" if patient is not None else "")
        out.write("</log>\n")
    added = (Lost("event", "", events, "each coming and each leaving is read back as an event too", "added"),)
    return Written(events, 1, (*losses(records, as_read(CARRIES, records)), *(added if events else ())), (FILE,))


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
