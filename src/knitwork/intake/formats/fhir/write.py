"""Stays as FHIR R4 bulk NDJSON: an Encounter for each visit, with an entry of `location` for each of its stays."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from knitwork.intake.formats.fhir.encounters import END_KIND, PRECISION
from knitwork.intake.writing import Lost, Written, lost
from knitwork.model.errors import CannotDo

CARRIES = {
    "stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit", "precision"),
    "unit": ("unit", "name"),
}
FILES = ("Patient.ndjson", "Location.ndjson", "Encounter.ndjson")
# What FHIR allows as an id; any other code is told as an identifier.
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

Resource = dict[str, Any]
Stay = Mapping[str, Any]


def write(tables: Mapping[str, pa.Table], folder: Path) -> Written:
    """Write patients, places and visits to a file each in `folder`, and list what is not carried."""
    order = [("patient", "ascending"), ("visit", "ascending"), ("start_us", "ascending"), ("unit", "ascending")]
    stays = tables["stay"].sort_by(order)
    names = {row["unit"]: row["name"] for row in tables["unit"].to_pylist()} if "unit" in tables else {}
    used = dict.fromkeys(sorted(set(stays["unit"].unique().to_pylist())))
    patients = ({"resourceType": "Patient", "id": _code(one)} for one in stays["patient"].unique().to_pylist())
    places = ({"resourceType": "Location", "id": _code(one), "name": names.get(one) or one} for one in used)
    shared: list[str] = []
    records = (
        _lines(folder / FILES[0], patients)
        + _lines(folder / FILES[1], places)
        + _lines(folder / FILES[2], _encounters(stays, shared))
    )
    said = (Lost("stay", "visit", len(shared), "two patients have a visit of one number"),) if shared else ()
    return Written(records, len(FILES), (*lost(tables, CARRIES), *said))


def _lines(path: Path, resources: Iterator[Resource]) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for resource in resources:
            out.write(json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n")
            written += 1
    return written


def _encounters(stays: pa.Table, shared: list[str]) -> Iterator[Resource]:
    """Yield an encounter for each visit; numbers of visits that another patient has too are added to `shared`."""
    seen: set[str] = set()
    for (patient, visit), told in groupby(_rows(stays), key=lambda stay: (stay["patient"], stay["visit"])):
        number = visit
        if visit is None or visit in seen:
            number = f"{patient}/{visit or ''}"
            shared.append(number)
        seen.add(number)
        yield _encounter(patient, number, list(told))


def _rows(table: pa.Table) -> Iterator[Stay]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _encounter(patient: str, visit: str, stays: Sequence[Stay]) -> Resource:
    ends = [None if stay["end_kind"] == "open" else stay["end_us"] for stay in stays]
    whole = {"start": _moment(min(stay["start_us"] for stay in stays))}
    # An end here would be read as that of a stay without one.
    known = [end for end in ends if end is not None]
    if len(known) == len(ends):
        whole["end"] = _moment(max(known))
    return {
        "resourceType": "Encounter",
        "id": _code(visit),
        "status": "in-progress" if any(stay["end_kind"] == "open" for stay in stays) else "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": _reference("Patient", patient),
        "period": whole,
        "location": [_location(stay, end) for stay, end in zip(stays, ends, strict=True)],
    }


def _location(stay: Stay, end: int | None) -> Resource:
    own = [{"url": END_KIND, "valueCode": stay["end_kind"]}]
    if stay.get("precision"):
        own.append({"url": PRECISION, "valueCode": stay["precision"]})
    period: Resource = {"extension": own, "start": _moment(stay["start_us"])}
    if end is not None:
        period["end"] = _moment(end)
    status = "active" if stay["end_kind"] == "open" else "completed"
    return {"location": _reference("Location", stay["unit"]), "status": status, "period": period}


def _reference(kind: str, code: str) -> Resource:
    return {"reference": f"{kind}/{code}"} if _ID.fullmatch(code) else {"identifier": {"value": _code(code)}}


def _code(code: str) -> str:
    """Return a code that will be read as it is written, or say that there is no way."""
    if code != code.strip() or code[:1] in ("[", "{", "\\", "|", "") or "\0" in code:
        raise CannotDo("a code begins with a sign or a space that FHIR would not give back: write CSV instead")
    return code


def _moment(us: int) -> str:
    moment = _EPOCH + dt.timedelta(microseconds=us)
    return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{moment.microsecond:06d}" if moment.microsecond else "") + "Z"
