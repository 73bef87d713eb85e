"""The extracts as three systems would send them: other headers, separators and ways to write a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from knitwork.demo import dirt, twice, vitale
from knitwork.demo.period import DAY_S, EPOCH, Ints, LocalClock
from knitwork.demo.stays import NO_VISIT, OPEN, Stays
from knitwork.demo.units import CODES

NAMED = {
    vitale.NUMBER: vitale.NAME,
    dirt.AUTUMN_NUMBER: dirt.AUTUMN_NAME,
    twice.NUMBER: twice.NAME,
    twice.NUMBER_AT_HILLSIDE: twice.NAME_AT_HILLSIDE,
}
FIRST_NUMBER = 1_000_001
# Days for which texts are kept: 1990 to 2060.
FIRST_DAY, LAST_DAY = 7_305, 32_873


@dataclass(frozen=True, slots=True)
class Style:
    """How one system writes: `day` and `time` are strftime formats, `offset` adds the zone's."""

    name: str
    columns: tuple[str, ...]
    separator: str
    day: str
    time: str
    offset: bool
    visit: bool


STYLES: tuple[Style, ...] = (
    Style(
        "general-adt", ("subject_id", "careunit", "intime", "outtime", "hadm_id"), ",", "%Y-%m-%d ", "%H:%M:%S",
        offset=False, visit=True,
    ),
    Style(
        "hillside-adt", ("MRN", "Department", "Arrival", "Departure", "CSN"), ";", "%d/%m/%Y ", "%H:%M",
        offset=False, visit=True,
    ),
    Style(
        "practice", ("person_id", "location", "from", "to"), ",", "%Y-%m-%dT", "%H:%M:00",
        offset=True, visit=False,
    ),
)  # fmt: skip


class Extract:
    """One file being written, a piece at a time, so that memory does not grow with the patients."""

    def __init__(self, folder: Path, style: Style, clock: LocalClock, *, name: str = "") -> None:
        self.path = folder / f"{name or style.name}.csv"
        self.style = style
        self.clock = clock
        self._out = self.path.open("wb")
        self._out.write((style.separator.join(style.columns) + "\n").encode())

    def __enter__(self) -> Extract:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()

    def append(self, stays: Stays) -> None:
        """Write stays at the end of the file."""
        columns = [
            patients(stays.patient),
            pa.array(CODES).take(pa.array(stays.unit, mask=stays.unit < 0)),
            times(stays.start, style=self.style, clock=self.clock),
            times(stays.end, style=self.style, clock=self.clock),
        ]
        if self.style.visit:
            columns.append(pa.array(stays.visit, mask=stays.visit == NO_VISIT))
        write_rows(self._out, columns, names=self.style.columns, separator=self.style.separator)


def write_rows(out: Any, columns: Sequence[Any], *, names: Sequence[str], separator: str = ",") -> None:
    """Write columns as lines of text, nothing quoted: no value of ours needs it."""
    options = pa_csv.WriteOptions(include_header=False, delimiter=separator, quoting_style="none")
    pa_csv.write_csv(pa.table(list(columns), names=list(names)), out, options)


def patients(numbers: Ints) -> Any:
    """Return patient identifiers as text, one domain for all feeds."""
    texts = pc.binary_join_element_wise("RB", pc.cast(pa.array(numbers + FIRST_NUMBER), pa.string()), "")
    for number in sorted(set(np.unique(numbers[numbers < 0]).tolist())):
        texts = pc.if_else(pa.array(numbers == number), NAMED[number], texts)
    return texts


def times(utc_s: Ints, *, style: Style, clock: LocalClock) -> Any:
    """Return instants as a system writes them; an open end is empty."""
    missing = utc_s == OPEN
    known = np.where(missing, 0, utc_s)
    offset = clock.offset(known)
    local = known + offset
    day = np.where(missing, 0, local // DAY_S - FIRST_DAY)
    day_texts = pc.take(texts_of_days(style.day), pa.array(day, mask=missing))
    by_minute = "%S" not in style.time
    second = local % DAY_S // 60 if by_minute else local % DAY_S
    parts = [day_texts, pc.take(texts_of_times(style.time, by_minute), pa.array(second))]
    if style.offset:
        hours = pa.array([f"-{h:02d}:00" for h in range(13)])
        parts.append(pc.take(hours, pa.array(-offset // 3600)))
    return pc.binary_join_element_wise(*parts, "")


@cache
def texts_of_days(form: str) -> Any:
    days = (EPOCH + dt.timedelta(days=d) for d in range(FIRST_DAY, LAST_DAY))
    return pa.array([day.strftime(form) for day in days])


@cache
def texts_of_times(form: str, by_minute: bool) -> Any:
    midnight = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - only its hours and minutes are written
    step = 60 if by_minute else 1
    return pa.array([(midnight + dt.timedelta(seconds=s)).strftime(form) for s in range(0, DAY_S, step)])
