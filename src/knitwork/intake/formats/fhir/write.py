"""Records as FHIR R4 bulk NDJSON: an Encounter for each visit, with an entry of `location` for each of its stays.

What is beside the stays goes into resources of its own (write_records.py), numbers that were given up into Patient.link.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from knitwork.intake.formats.fhir import write_records
from knitwork.intake.formats.fhir.encounters import END_KIND, PRECISION
from knitwork.intake.formats.fhir.own import columns_of, url
from knitwork.intake.formats.fhir.written import Resource, at, code_of, is_plain, reference
from knitwork.intake.writing import (
    READ_ANEW,
    REGISTRY,
    Altered,
    Carries,
    Missing,
    Records,
    Written,
    losses,
    of_stays,
)

# Visits of which another patient has one of the same number too; the first patient's keep it.
SHARED = """(SELECT visit, min(patient) AS first FROM {stay} GROUP BY visit HAVING count(DISTINCT patient) > 1)"""
_NUMBERED_ANEW = f"EXISTS (FROM {SHARED} d WHERE d.visit = t.visit AND d.first <> t.patient)"
BESIDE = {
    "request": write_records.request, "message": write_records.message, "event": write_records.event,
    "duty": write_records.duty, "fact": write_records.fact,
}  # fmt: skip
_UNTIMED = "FHIR gives it a place only with a time"
CARRIES = Carries(
    {
        "stay": ("patient", "unit", "start_us", "end_us", "end_kind", "visit", "precision", *READ_ANEW),
        **{table: (*columns_of(f"landed_{table}"), "said_us") for table in BESIDE},
        "person": ("patient", "merged_into", "at_us"),
        "unit": ("unit", "name"),
    },
    (
        *of_stays(more="CASE WHEN precision = 'd' THEN 8 ELSE 0 END"),
        Altered("stay", "visit", _NUMBERED_ANEW, "two patients have a visit of one number"),
    ),
    {
        "stay.source_patient": "stays are written under the number that stays",
        "unit": REGISTRY,
        "membership": REGISTRY,
        "unit_fact": "a resource is of a patient",
    },
    (Missing("event", "at_us IS NULL", _UNTIMED), Missing("fact", "at_us IS NULL", _UNTIMED)),
)
_FIRST = ("Patient", "Location", "Encounter")
_KINDS = (
    *_FIRST, "ServiceRequest", "Appointment", "Communication", "Observation", "EpisodeOfCare", "Condition", "Procedure",
    "QuestionnaireResponse", "Claim",
)  # fmt: skip
FILES = tuple(f"{kind}.ndjson" for kind in _KINDS)
_PLACES = {"stay": ("unit",), "event": ("unit",), "request": ("from_unit", "to_unit"), "message": ("from_unit", "to_unit"),
           "duty": ("unit",), "fact": ("unit",)}  # fmt: skip

Stay = Mapping[str, Any]


def write(records: Records, folder: Path) -> Written:
    """Write the records to a file for each kind of resource in `folder`, and list what is not carried."""
    with ExitStack() as stack:
        out = _Files(folder, stack)
        for resource in _places(records):
            out.put(resource)
        for resource in _patients(records):
            out.put(resource)
        for resource in _encounters(records):
            out.put(resource)
        for table, made in BESIDE.items():
            for row in records.rows(table, order=("patient", table)):
                if row.get("at_us") is not None or table not in ("event", "fact"):
                    out.put(made(row))
    nowhere = Missing("unit", f"unit NOT IN ({_places_sql(records)})", "no record names it")
    carries = replace(CARRIES, missing=(*CARRIES.missing, nowhere))
    return Written(out.written, len(out.open), losses(records, carries), FILES)


class _Files:
    """A file for each kind of resource, opened with the first of the kind; the first kinds have theirs always."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack, self.written = folder, stack, 0
        self.open: dict[str, IO[str]] = {}
        for kind in _FIRST:
            self._file(kind)

    def put(self, resource: Resource) -> None:
        """Write one resource as a line."""
        line = json.dumps(resource, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self._file(resource["resourceType"]).write(line + "\n")
        self.written += 1

    def _file(self, kind: str) -> IO[str]:
        if kind not in self.open:
            path = self.folder / f"{kind}.ndjson"
            self.open[kind] = self.stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
        return self.open[kind]


def _patients(records: Records) -> Iterator[Resource]:
    """Yield every patient, with the number for which it was given up, where it was."""
    several = [f"SELECT patient FROM {{{table}}}" for table in ("stay", *BESIDE, "person") if table in records.tables]
    linked = "SELECT NULL::VARCHAR AS patient, NULL::VARCHAR AS merged_into, NULL::BIGINT AS at_us WHERE false"
    if "person" in records.tables:
        several.append("SELECT merged_into FROM {person}")
        linked = "SELECT patient, merged_into, at_us FROM {person}"
    sql = f"""SELECT p.patient, l.merged_into, l.at_us
        FROM (SELECT DISTINCT patient FROM ({" UNION ALL ".join(several)})) p
        LEFT JOIN ({linked}) l ON l.patient = p.patient  -- one row a number: multiplies nothing
        ORDER BY p.patient"""
    for patient, into, at_us in records.stream(sql):
        resource: Resource = {"resourceType": "Patient", "id": code_of(patient)}
        if into is not None:
            resource["active"] = False
            resource["link"] = [{"other": reference("Patient", into), "type": "replaced-by"}]
        if at_us is not None:
            resource["extension"] = [{"url": url("at_us"), "valueDateTime": at(at_us)}]
        yield resource


def _places(records: Records) -> Iterator[Resource]:
    """Yield every place that a record names, with the name that people call it by."""
    names = {row["unit"]: row["name"] for row in records.rows("unit", order=("unit",))}
    for (unit,) in records.stream(f"{_places_sql(records)} ORDER BY ALL"):
        if is_plain(unit):
            yield {"resourceType": "Location", "id": unit, "name": names.get(unit) or unit}


def _places_sql(records: Records) -> str:
    several = [
        f"SELECT {column} AS unit FROM {{{table}}}"
        for table, columns in _PLACES.items()
        for column in columns
        if column in records.columns(table)
    ]
    return f"SELECT DISTINCT unit FROM ({' UNION ALL '.join(several)}) WHERE unit IS NOT NULL"


def _encounters(records: Records) -> Iterator[Resource]:
    """Yield an encounter for each visit."""
    shared = dict(records.ask(f"SELECT visit, first FROM {SHARED}"))
    stays = records.rows("stay", order=("patient", "visit", "start_us", "unit"))
    for (patient, visit), told in groupby(stays, key=lambda stay: (stay["patient"], stay["visit"])):
        own = visit is not None and shared.get(visit, patient) == patient
        yield _encounter(patient, visit if own else f"{patient}/{visit or ''}", list(told))


def _encounter(patient: str, visit: str, stays: Sequence[Stay]) -> Resource:
    ends = [None if stay["end_kind"] == "open" else stay["end_us"] for stay in stays]
    whole = {"start": at(min(stay["start_us"] for stay in stays))}
    # An end here would be read as that of a stay without one.
    known = [end for end in ends if end is not None]
    if len(known) == len(ends):
        whole["end"] = at(max(known))
    return {
        "resourceType": "Encounter",
        "id": code_of(visit),
        "status": "in-progress" if any(stay["end_kind"] == "open" for stay in stays) else "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": reference("Patient", patient),
        "period": whole,
        "location": [_location(stay, end) for stay, end in zip(stays, ends, strict=True)],
    }


def _location(stay: Stay, end: int | None) -> Resource:
    own = [{"url": END_KIND, "valueCode": stay["end_kind"]}]
    if stay.get("precision"):
        own.append({"url": PRECISION, "valueCode": stay["precision"]})
    period: Resource = {"extension": own, "start": at(stay["start_us"])}
    if end is not None:
        period["end"] = at(end)
    status = "active" if stay["end_kind"] == "open" else "completed"
    return {"location": reference("Location", stay["unit"]), "status": status, "period": period}
