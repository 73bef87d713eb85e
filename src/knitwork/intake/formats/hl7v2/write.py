"""Stays as HL7 v2: for each visit an admission, what moved the patient on, and a discharge where one is recorded."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Any

from knitwork.intake.formats.hl7v2.message import escaped
from knitwork.intake.writing import (
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
        "person": ("patient", "merged_into", "at_us"),
        "unit": UNIT_CODES,
    },
    (*of_stays(), UNITS_NAMED_ANEW),
    {
        "stay.source_patient": "stays are written under the number that stays",
        **dict.fromkeys(
            ("event", "request", "message", "duty", "fact", "unit_fact"),
            "only where patients are is written, and which numbers are one patient's",
        ),
        "unit": REGISTRY,
        "membership": REGISTRY,
    },
    (UNITS_UNTOLD,),
)
FILE = "adt.hl7"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_STRUCTURES = {
    "A01": "ADT_A01", "A02": "ADT_A02", "A03": "ADT_A03", "A09": "ADT_A09", "A10": "ADT_A09", "A40": "ADT_A39",
}  # fmt: skip
# Read back, these are events beside the stays.
_EVENTS = ("A01", "A03", "A09", "A10")
# HL7 v2 writes a time to the tenth of a millisecond.
_FINEST_US = 100
_MINUTE_US = 60_000_000
_ORDER = ("patient", "visit", "start_us", "end_us", "unit")
_TOO_FINE = "HL7 v2 writes no times finer than a tenth of a millisecond"

Stay = Mapping[str, Any]
Unsaid = Counter[tuple[str, str, str]]


def write(records: Records, folder: Path) -> Written:
    """Write the stays and the numbers given up to `adt.hl7` in `folder`, and list what ADT messages cannot say.

    A patient is in one unit at a time in HL7: a stay that overlaps the one before it in its visit is written under a
    number of its own, made of the visit's.
    """
    unsaid: Unsaid = Counter()
    written: Counter[str] = Counter()
    numbers = count(1)
    with (folder / FILE).open("w", encoding="utf-8", newline="") as out:
        for link in records.rows("person", order=("patient",)):
            out.write(_merge(next(numbers), link, unsaid))
            written["A40"] += 1
        for _key, visit in groupby(
            records.rows("stay", order=_ORDER), key=lambda stay: (stay["patient"], stay["visit"])
        ):
            for number, track in enumerate(_tracks(list(visit), unsaid)):
                own = f"{track[0]['visit'] or ''}/{number + 1}" if number else track[0]["visit"] or ""
                exact = _exact(track, unsaid)
                for event, at, unit in _told(track, unsaid):
                    when = _moment(at, exact=exact)
                    out.write(_message(next(numbers), event, when, track[0]["patient"], own, unit))
                    written[event] += 1
    said = tuple(
        Lost(table, column, rows, why, "altered") for (table, column, why), rows in sorted(unsaid.items()) if rows
    )
    events = sum(written[event] for event in _EVENTS)
    added = (Lost("event", "", events, "each coming and each leaving is read back as an event too", "added"),)
    lost = (*losses(records, CARRIES), *said, *(added if events else ()))
    return Written(sum(written.values()), 1, lost, (FILE,))


def _tracks(visit: Sequence[Stay], unsaid: Unsaid) -> list[list[Stay]]:
    """Part the stays of a visit so that none overlaps another of its part; the first part has the first stay."""
    tracks: list[list[Stay]] = []
    for stay in visit:
        number, fits = next(((i, t) for i, t in enumerate(tracks) if _follows(t[-1], stay)), (len(tracks), None))
        if fits is None:
            tracks.append([stay])
        else:
            fits.append(stay)
        if number:
            unsaid["stay", "visit", "the patient was in two units of the visit at once"] += 1
    return tracks


def _follows(before: Stay, stay: Stay) -> bool:
    """Say whether one stay comes after another; what has no end is followed by nothing."""
    if before["end_kind"] == "open" or before["end_us"] is None:
        return False
    return bool(before["end_us"] <= stay["start_us"])


def _exact(track: Sequence[Stay], unsaid: Unsaid) -> bool:
    """Say whether the times of a track are written with seconds; one message may tell of two stays."""
    times = [us for stay in track for us in (stay["start_us"], stay["end_us"]) if us is not None]
    minutes = all(stay.get("precision") == "m" for stay in track) and not any(us % _MINUTE_US for us in times)
    for stay in track:
        unsaid["stay", "start_us", _TOO_FINE] += stay["start_us"] % _FINEST_US > 0
        unsaid["stay", "end_us", _TOO_FINE] += (stay["end_us"] or 0) % _FINEST_US > 0
        if not minutes and stay.get("precision") not in ("s", None):
            unsaid["stay", "precision", "its times are written with seconds, as others of the visit are"] += 1
    return not minutes


def _told(track: Sequence[Stay], unsaid: Unsaid) -> Iterator[tuple[str, int, str]]:
    """Yield event, instant and unit of the messages that tell of stays that follow each other."""
    for number, stay in enumerate(track):
        unit, end = stay["unit"], stay["end_us"]
        before = track[number - 1] if number else None
        if before is None:
            yield "A01", stay["start_us"], unit
        else:
            yield "A02" if _is_transfer(before, stay) else "A10", stay["start_us"], unit
        after = track[number + 1] if number + 1 < len(track) else None
        # What has no end is told by the lack of a message, and read back as not ended or not known to have.
        if stay["end_kind"] == "open" or end is None or (after is not None and _ends_with(stay, after)):
            continue
        if stay["end_kind"] == "inferred":
            unsaid["stay", "end_kind", "a departure that a message tells of is a recorded one"] += 1
        yield "A09" if after is not None else "A03", end, unit


def _ends_with(stay: Stay, after: Stay) -> bool:
    """Say whether the next arrival tells the end of a stay too, and how it is known."""
    return bool(stay["unit"] != after["unit"] and stay["end_us"] == after["start_us"])


def _is_transfer(before: Stay, stay: Stay) -> bool:
    """Say whether one message says both that a stay ended and that the next began."""
    return before["end_kind"] == "recorded" and _ends_with(before, stay)


def _message(number: int, event: str, when: str, patient: str, visit: str, unit: str) -> str:
    # PV1-44 is the admission and PV1-45 the discharge; the visit stands in PV1-19.
    own = {"A01": f"{'|' * 25}{when}", "A03": f"{'|' * 26}{when}"}.get(event, "")
    return (
        f"{_head(number, event, when)}PID|1||{_plain(patient)}^^^KNITWORK^MR\r"
        f"PV1|1|U|{_plain(unit)}||||||||||||||||{_plain(visit) if visit else ''}{own}\r"
    )


def _merge(number: int, link: Mapping[str, Any], unsaid: Unsaid) -> str:
    """Return the message that a patient's number was given up for another."""
    at = link.get("at_us")
    unsaid["person", "at_us", _TOO_FINE] += (at or 0) % _FINEST_US > 0
    return (
        f"{_head(number, 'A40', '' if at is None else _moment(at, exact=True))}"
        f"PID|1||{_plain(link['merged_into'])}^^^KNITWORK^MR\rMRG|{_plain(link['patient'])}^^^KNITWORK^MR\r"
    )


def _head(number: int, event: str, when: str) -> str:
    return (
        f"MSH|^~\\&|KNITWORK||||{when}||ADT^{event}^{_STRUCTURES[event]}|{number:010d}|P|2.5.1||||||UNICODE UTF-8\r"
        f"EVN||{when}||||{when}\r"
    )


def _moment(us: int, *, exact: bool) -> str:
    moment = _EPOCH + dt.timedelta(microseconds=us)
    if not exact:
        return f"{moment:%Y%m%d%H%M}+0000"
    fraction = f".{moment.microsecond // _FINEST_US:04d}" if moment.microsecond >= _FINEST_US else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}+0000"


def _plain(text: str) -> str:
    """Return a text as it may stand in a component, without a sign that would end its line or frame."""
    if text != text.strip() or text == '""' or not text:
        raise CannotDo(
            "a code begins or ends with a blank that HL7 would not give back, or is two quotes: write CSV instead"
        )
    return "".join(c if c >= " " else f"\\X{ord(c):02X}\\" for c in escaped(text))
