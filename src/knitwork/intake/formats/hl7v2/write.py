"""Stays as HL7 v2: for each visit an admission, what moved the patient on, and a discharge where one is recorded."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from knitwork.intake.formats.hl7v2.message import escaped
from knitwork.intake.writing import Lost, Written, lost

CARRIES = {"stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit")}
FILE = "adt.hl7"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_STRUCTURES = {"A01": "ADT_A01", "A02": "ADT_A02", "A03": "ADT_A03", "A09": "ADT_A09", "A10": "ADT_A09"}
# HL7 v2 writes a time to the tenth of a millisecond.
_FINEST_US = 100

Stay = Mapping[str, Any]


def write(tables: Mapping[str, pa.Table], folder: Path) -> Written:
    """Write the stays to `adt.hl7` in `folder`, and list what ADT messages cannot say.

    A patient is in one unit at a time in HL7: a stay that overlaps the one before it in its visit is written under a
    number of its own, made of the visit's.
    """
    order = [("patient", "ascending"), ("visit", "ascending"), ("start_us", "ascending"), ("unit", "ascending")]
    stays = tables["stay"].sort_by(order)
    unsaid: Counter[tuple[str, str]] = Counter()
    records = 0
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        numbers = count(1)
        for _key, visit in groupby(_rows(stays), key=lambda stay: (stay["patient"], stay["visit"])):
            for number, track in enumerate(_tracks(list(visit), unsaid)):
                own = track[0]["visit"] if not number else f"{track[0]['visit']}/{number + 1}"
                for event, at, unit in _told(track, unsaid):
                    out.write(_message(next(numbers), event, at, track[0]["patient"], own, unit))
                    records += 1
    said = tuple(Lost("stay", column, rows, why) for (column, why), rows in sorted(unsaid.items()) if rows)
    return Written(records, 1, (*lost(tables, CARRIES), *said))


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _tracks(visit: Sequence[Stay], unsaid: Counter[tuple[str, str]]) -> list[list[Stay]]:
    """Part the stays of a visit so that none overlaps another of its part; the first part has the first stay."""
    tracks: list[list[Stay]] = []
    for stay in visit:
        fits = next((track for track in tracks if _follows(track[-1], stay)), None)
        if fits is not None:
            fits.append(stay)
            continue
        if tracks:
            unsaid["visit", "the patient was in two units at once"] += 1
        tracks.append([stay])
    return tracks


def _follows(before: Stay, stay: Stay) -> bool:
    """Say whether one stay comes after another; what is still open is followed by nothing."""
    if before["end_kind"] == "open":
        return False
    end = before["end_us"]
    return bool(before["start_us"] < stay["start_us"] if end is None else end <= stay["start_us"])


def _told(track: Sequence[Stay], unsaid: Counter[tuple[str, str]]) -> Iterator[tuple[str, int, str]]:
    """Yield event, instant and unit of the messages that tell of stays that follow each other."""
    for number, stay in enumerate(track):
        unit, start, end, kind = stay["unit"], stay["start_us"], stay["end_us"], stay["end_kind"]
        if start % _FINEST_US or (end or 0) % _FINEST_US:
            unsaid["start_us", "HL7 v2 writes no times finer than a tenth of a millisecond"] += 1
        before = track[number - 1] if number else None
        if before is None:
            yield "A01", start, unit
        elif _is_transfer(before, stay):
            yield "A02", start, unit
        else:
            yield "A10", start, unit
        after = track[number + 1] if number + 1 < len(track) else None
        if kind in ("open", "missing", "unknown") or end is None:
            if kind != "open":
                unsaid["end_kind", "a message says when a stay ended, not that nobody knows"] += 1
        elif after is None:
            unsaid["end_kind", "a discharge is always recorded"] += kind == "inferred"
            yield "A03", end, unit
        elif not _is_transfer(stay, after) and (kind == "recorded" or end < after["start_us"]):
            unsaid["end_kind", "a departure is always recorded"] += kind == "inferred"
            yield "A09", end, unit


def _is_transfer(before: Stay, stay: Stay) -> bool:
    """Say whether one message says both the end of a stay and the beginning of the next."""
    moved = before["unit"] != stay["unit"]
    return bool(moved and before["end_kind"] == "recorded" and before["end_us"] == stay["start_us"])


def _message(number: int, event: str, at: int, patient: str, visit: str, unit: str) -> str:
    when = _moment(at)
    # PV1-44 is the admission and PV1-45 the discharge; the visit stands in PV1-19.
    own = {"A01": f"{'|' * 25}{when}", "A03": f"{'|' * 26}{when}"}.get(event, "")
    return (
        f"MSH|^~\\&|KNITWORK||||{when}||ADT^{event}^{_STRUCTURES[event]}|{number:010d}|P|2.5.1||||||UNICODE UTF-8\r"
        f"EVN||{when}||||{when}\r"
        f"PID|1||{_plain(patient)}^^^KNITWORK^MR\r"
        f"PV1|1|U|{_plain(unit)}||||||||||||||||{_plain(visit)}{own}\r"
    )


def _moment(us: int) -> str:
    moment = _EPOCH + dt.timedelta(microseconds=us)
    fraction = f".{moment.microsecond // _FINEST_US:04d}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}+0000"


def _plain(text: str) -> str:
    """Return a text as it may stand in a component, without a sign that would end its line or frame."""
    return "".join(c if c >= " " else f"\\X{ord(c):02X}\\" for c in escaped(text))
