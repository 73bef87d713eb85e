"""Records beside stays as FHIR R4 resources: elements where FHIR has them, our extensions (own.py) for all else.

A column is written as an extension too where our own reader would make something else of the element: so the standard
elements are for everybody, and nothing is lost on the way back.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from knitwork.intake.formats.fhir.duties import MANAGES
from knitwork.intake.formats.fhir.encounters import ROLES
from knitwork.intake.formats.fhir.facts import EXPERIENCE, MOMENTS, OBSERVATION_KINDS
from knitwork.intake.formats.fhir.notes import MESSAGE_KINDS
from knitwork.intake.formats.fhir.orders import REQUEST_KINDS
from knitwork.intake.formats.fhir.own import ELEMENT, UNKNOWN, columns_of, url
from knitwork.intake.formats.fhir.written import Resource, at, is_id, is_plain, reference

Row = Mapping[str, Any]
# An element that is said goes into the resource; the columns that it says are added to the list beside it.
Said = tuple[Resource, Collection[str]]

_KIND = "urn:knitwork:kind"
_REQUESTED = {"open": "active", "done": "completed", "cancelled": "revoked", None: "unknown"}
_BOOKED = {"open": "booked", "done": "fulfilled", "cancelled": "cancelled", "no_show": "noshow"}
_CATEGORIES = {"lab": "laboratory", "prom": "survey", "experience": "experience"}
_MOMENTS = {code for codes in MOMENTS.values() for code in codes}


def request(row: Row) -> Resource:
    """Return a request as ServiceRequest, or an Appointment."""
    resource, said = _appointment(row) if row.get("kind") == "appointment" else _order(row)
    return _finished("request", row, resource, said, otherwise={"kind": "other"})


def _order(row: Row) -> Said:
    kind, state = row.get("kind"), row.get("state")
    resource: Resource = {
        "resourceType": "ServiceRequest", **_head("ServiceRequest", row, "request"), "intent": "order",
        "status": _REQUESTED.get(state, "revoked"), "subject": reference("Patient", row["patient"]),
    }  # fmt: skip
    said = _id_said("ServiceRequest", row["request"], "request") | {"patient"}
    said |= {"state"} if state in _REQUESTED else set()
    if kind is not None:
        resource["category"] = [{"coding": [{"system": _KIND, "code": kind}]}]
        said |= {"kind"} if _first(kind, REQUEST_KINDS) == kind else set()
    said |= _text(resource, "code", row.get("code"), "code", lambda code: {"coding": [{"code": code}]})
    said |= _text(resource, "priority", row.get("priority"), "priority")
    said |= _place(resource, "requester", row.get("from_unit"), "from_unit")
    said |= _place(resource, "performer", row.get("to_unit"), "to_unit", several=True)
    said |= _visit(resource, row)
    said |= _time(resource, "authoredOn", row, "requested_us") | _time(
        resource, "occurrenceDateTime", row, "scheduled_us"
    )
    return resource, said


def _appointment(row: Row) -> Said:
    state, patient = row.get("state"), reference("Patient", row["patient"])
    actors: list[Resource] = [{"actor": patient, "status": "accepted"}]
    resource: Resource = {"resourceType": "Appointment", **_head("Appointment", row, "request"), "participant": actors}
    said = _id_said("Appointment", row["request"], "request") | {"kind", "patient"}
    if "reference" not in patient:
        # Only a reference tells which of the participants is the patient.
        resource["subject"] = patient
    if state is not None:
        resource["status"] = _BOOKED.get(state, "cancelled")
        said |= {"state"} if state in _BOOKED else set()
    if is_id(row.get("to_unit")):
        actors.append({"actor": reference("Location", row["to_unit"]), "status": "accepted"})
        said |= {"to_unit"}
    said |= _text(resource, "serviceType", row.get("code"), "code", lambda code: [{"coding": [{"code": code}]}])
    said |= _time(resource, "created", row, "requested_us") | _time(resource, "start", row, "scheduled_us")
    return resource, said


def message(row: Row) -> Resource:
    """Return a message as Communication."""
    kind = row.get("kind")
    resource: Resource = {
        "resourceType": "Communication", **_head("Communication", row, "message"), "status": "completed",
        "subject": reference("Patient", row["patient"]),
    }  # fmt: skip
    said = _id_said("Communication", row["message"], "message") | {"patient"}
    if kind is not None:
        resource["category"] = [{"coding": [{"system": _KIND, "code": kind}]}]
        said |= {"kind"} if (_first(kind, MESSAGE_KINDS) or "other") == kind else set()
    said |= _place(resource, "sender", row.get("from_unit"), "from_unit")
    said |= _place(resource, "recipient", row.get("to_unit"), "to_unit", several=True)
    about = row.get("request") or ""
    if about.startswith("ServiceRequest/") and is_id(about.removeprefix("ServiceRequest/")):
        resource["basedOn"] = [{"reference": about}]
        said |= {"request"}
    said |= (
        _visit(resource, row)
        | _time(resource, "sent", row, "sent_us")
        | _time(resource, "received", row, "received_us")
    )
    return _finished("message", row, resource, said, otherwise={"kind": "other"})


def event(row: Row) -> Resource:
    """Return an event as an Observation that is marked as one: something was seen to happen at a time."""
    resource: Resource = {
        "resourceType": "Observation", **_head("Observation", row, "event"), "status": "final",
        "category": [{"coding": [{"system": _KIND, "code": "event"}]}],
        "subject": reference("Patient", row["patient"]),
    }  # fmt: skip
    said = {"patient"} | _text(resource, "code", row.get("type"), "type", lambda code: {"coding": [{"code": code}]})
    said |= _visit(resource, row) | _time(resource, "effectiveDateTime", row, "at_us") | _seconds(row)
    if _is_number(row.get("value")):
        resource["valueQuantity"] = {"value": row["value"]}
        said |= {"value"}
    return _finished("event", row, resource, said, otherwise={"precision": "s"})


def duty(row: Row) -> Resource:
    """Return a duty as EpisodeOfCare."""
    role = row.get("role")
    resource: Resource = {
        "resourceType": "EpisodeOfCare", **_head("EpisodeOfCare", row, "duty"),
        "status": "active" if row.get("end_us") is None else "finished",
        "patient": reference("Patient", row["patient"]), "period": {},
    }  # fmt: skip
    said = _id_said("EpisodeOfCare", row["duty"], "duty") | {"patient"}
    if role is not None and is_plain(role):
        resource["type"] = [{"coding": [{"code": role}]}]
        said |= {"role"} if role.lower() == role and role not in ROLES else set()
    if is_id(row.get("staff")):
        resource["careManager"] = {"reference": f"Practitioner/{row['staff']}"}
        said |= {"staff"}
    if row.get("unit") is not None and is_plain(row["unit"]):
        resource["managingOrganization"] = reference("Organization", row["unit"])
        said |= {"unit"}
    said |= _time(resource["period"], "start", row, "start_us") | _time(resource["period"], "end", row, "end_us")
    if not resource["period"]:
        del resource["period"]
    return _finished("duty", row, resource, said, otherwise={"role": MANAGES})


def fact(row: Row) -> Resource:
    """Return a fact as Condition, Procedure, QuestionnaireResponse, Claim or Observation, by its kind."""
    kind, code, value = row.get("kind"), row.get("code"), row.get("value")
    if kind == "diagnosis":
        return _finished("fact", row, *_condition(row), otherwise={"precision": "s"})
    if kind == "procedure" and code not in _MOMENTS:
        return _finished("fact", row, *_procedure(row), otherwise={"precision": "s"})
    answered = _is_number(value) or (value is None and row.get("value_code") is not None)
    if kind in ("prom", "experience") and code is not None and answered:
        return _finished("fact", row, *_answer(row), otherwise={"precision": "s"})
    if kind == "cost" and _is_number(value):
        return _finished("fact", row, *_claim(row), otherwise={"precision": "s", "code": "charge"})
    return _finished("fact", row, *_observation(row), otherwise={"precision": "s"})


def _fact(kind: str, row: Row, **more: Any) -> Said:
    """Return what most facts have alike: id, patient, code with its system, visit and precision."""
    resource: Resource = {
        "resourceType": kind, **_head(kind, row, "fact"), **more, "subject": reference("Patient", row["patient"]),
    }  # fmt: skip
    said = _id_said(kind, row["fact"], "fact") | {"patient"} | _visit(resource, row) | _seconds(row)
    coding = {
        element: row[column]
        for element, column in (("system", "code_system"), ("code", "code"))
        if row.get(column) is not None and is_plain(row[column])
    }
    if coding:
        resource["code"] = {"coding": [coding]}
    return resource, said | {
        column for element, column in (("system", "code_system"), ("code", "code")) if element in coding
    }


def _condition(row: Row) -> Said:
    resource, said = _fact("Condition", row)
    return resource, {*said, "kind"} | _time(resource, "onsetDateTime", row, "at_us")


def _procedure(row: Row) -> Said:
    resource, said = _fact("Procedure", row, status="completed")
    said = {*said, "kind"} | _time(resource, "performedDateTime", row, "at_us")
    if row.get("unit") is not None and is_plain(row["unit"]):
        resource["location"] = reference("Location", row["unit"])
        said |= {"unit"}
    return resource, said


def _observation(row: Row) -> Said:
    resource, said = _fact("Observation", row, status="final")
    kind, value, answer = row.get("kind"), row.get("value"), row.get("value_code")
    said = {*said} | _time(resource, "effectiveDateTime", row, "at_us")
    if kind in _CATEGORIES:
        resource["category"] = [{"coding": [{"code": _CATEGORIES[kind]}]}]
        said |= {"kind"} if _first(_CATEGORIES[kind], OBSERVATION_KINDS) == kind else set()
    elif kind == ("flag" if value is None else "score"):
        said |= {"kind"}
    if _is_number(value):
        resource["valueQuantity"] = {"value": value}
        said |= {"value"} | _text(resource["valueQuantity"], "code", row.get("value_unit"), "value_unit")
    elif value is None:
        said |= _text(resource, "valueCodeableConcept", answer, "value_code", lambda code: {"coding": [{"code": code}]})
    return resource, said


def _answer(row: Row) -> Said:
    """Return a questionnaire with one answer; the question is the code, the questionnaire its system."""
    value, asked = row.get("value"), row.get("code_system")
    answer: Resource
    said: set[str] = set()
    if value is None:
        answer, said = {"valueCoding": {"code": row["value_code"]}}, {"value_code"}
    elif row.get("value_unit") is None:
        answer, said = {"valueDecimal": value}, {"value"}
    else:
        answer, said = {"valueQuantity": {"value": value, "code": row["value_unit"]}}, {"value", "value_unit"}
    resource: Resource = {
        "resourceType": "QuestionnaireResponse", **_head("QuestionnaireResponse", row, "fact"), "status": "completed",
        "subject": reference("Patient", row["patient"]), "item": [{"linkId": row["code"], "answer": [answer]}],
    }  # fmt: skip
    said |= {"patient", "code"} | _visit(resource, row) | _time(resource, "authored", row, "at_us") | _seconds(row)
    said |= _text(resource, "questionnaire", asked, "code_system")
    felt = bool(asked and re.search(EXPERIENCE, asked.lower()))
    return resource, said | ({"kind"} if (row["kind"] == "experience") == felt else set())


def _claim(row: Row) -> Said:
    total: Resource = {"value": row["value"]}
    resource: Resource = {
        "resourceType": "Claim", **_head("Claim", row, "fact"), "status": "active", "use": "claim",
        "patient": reference("Patient", row["patient"]), "total": total,
    }  # fmt: skip
    said = _id_said("Claim", row["fact"], "fact") | {"patient", "kind", "value"} | _seconds(row)
    said |= {"code"} if row.get("code") == "charge" else set()
    said |= _text(total, "currency", row.get("value_unit"), "value_unit") | _time(resource, "created", row, "at_us")
    billed: Resource = {"sequence": 1}
    if row.get("visit") is not None and is_plain(row["visit"]):
        billed["encounter"] = [reference("Encounter", row["visit"])]
        said |= {"visit"}
        resource["item"] = [billed]
    return resource, said


# What the functions above share


def _head(kind: str, row: Row, key: str) -> Resource:
    """Return id and time of saying. A code that no id may be is hashed; it stands in an extension then."""
    whole = str(row[key])
    own = whole.removeprefix(f"{kind}/")
    head: Resource = {"id": own if is_id(own) else hashlib.sha256(whole.encode()).hexdigest()}
    if row.get("said_us") is not None:
        head["meta"] = {"lastUpdated": at(row["said_us"])}
    return head


def _id_said(kind: str, whole: str, key: str) -> set[str]:
    return {key} if whole.startswith(f"{kind}/") and is_id(whole.removeprefix(f"{kind}/")) else set()


def _text(
    resource: Resource, element: str, value: str | None, column: str, made: Callable[[str], Any] = str
) -> set[str]:
    if value is None or not is_plain(value):
        return set()
    resource[element] = made(value)
    return {column}


def _place(resource: Resource, element: str, unit: str | None, column: str, *, several: bool = False) -> set[str]:
    """Say a place where persons may stand too: only a reference tells it from these."""
    if unit is None or not is_id(unit):
        return set()
    place = reference("Location", unit)
    resource[element] = [place] if several else place
    return {column}


def _visit(resource: Resource, row: Row) -> set[str]:
    visit = row.get("visit")
    if visit is None or not is_plain(visit):
        return set()
    resource["encounter"] = reference("Encounter", visit)
    return {"visit"}


def _time(resource: Resource, element: str, row: Row, column: str) -> set[str]:
    us = row.get(column)
    if us is None:
        return set()
    resource[element] = at(us)
    return {column}


def _seconds(row: Row) -> set[str]:
    """Times are written with seconds, and are read as known to the second."""
    return {"precision"} if row.get("precision") == "s" else set()


def _is_number(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _first(word: str, patterns: Mapping[str, str]) -> str | None:
    """Return the kind that our reader finds in a word."""
    return next((kind for kind, pattern in patterns.items() if re.search(pattern, word.lower())), None)


def _finished(
    table: str, row: Row, resource: Resource, said: Collection[str], *, otherwise: Mapping[str, str] | None = None
) -> Resource:
    """Add an extension for each column that no element says; `otherwise` is what is read where nothing is said."""
    own: list[Resource] = []
    for column, type_ in columns_of(f"landed_{table}").items():
        value = row.get(column)
        if value is None and column in (otherwise or {}):
            own.append({"url": url(column), "valueCode": UNKNOWN})
        elif value is not None and column not in said:
            own.append({"url": url(column), **_value(value, type_)})
    return {**resource, "extension": own} if own else resource


def _value(value: Any, type_: str) -> Resource:
    if type_ == "BIGINT":
        return {"valueDateTime": at(value)}
    if type_ == "DOUBLE" and not math.isfinite(value):
        return {"valueString": str(value)}
    return {ELEMENT[type_]: value}
