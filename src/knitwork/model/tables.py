"""The canonical tables, column by column: meaning, unit and source.

Sources are the standards named in `docs/reference/records.md`; the word after the type is
what other systems call the same thing. Instants are int64 microseconds since 1970 in UTC.
A column that may be empty says so; empty means unknown and is never counted as yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "instant", "int", "number", "flag", "code"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, meaning, unit of measurement and where other systems keep it."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    source: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table, its key, and whether anything fills it yet."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    filled: bool


def _c(name: str, type: Type, meaning: str, unit: str = "", source: str = "", *, optional: bool = False) -> Column:
    return Column(name, type, meaning, unit, source, optional)


PROVENANCE = (
    _c("feed", "text", "where the record came from"),
    _c("delivery", "text", "the delivery that said so last, by the SHA-256 of its content"),
    _c("row", "int", "its row in that delivery, the first row of data being 1"),
)

UNIT = Table(
    "unit",
    "a microsystem, support microsystem, mesosystem or macrosystem",
    ("unit",),
    (
        _c(
            "unit",
            "text",
            "the code used in records",
            source="FHIR Location/Organization id; HL7 v2 PL.1; OMOP care_site",
        ),
        _c("name", "text", "what people call it"),
        _c("kind", "code", "what it does: ed, icu, ward, lab ...", source="list in model/units.py"),
        _c("kind_guessed", "flag", "the kind was guessed from the name and nobody has confirmed it"),
        _c("tz", "text", "IANA time zone in which its days and nights are counted", optional=True),
        _c("capacity", "number", "patients it can hold at once", "beds", optional=True),
        _c("since", "instant", "when it opened", optional=True),
        _c("until", "instant", "when it closed", optional=True),
    ),
    True,
)

MEMBERSHIP = Table(
    "membership",
    "a unit belongs to one parent at a time, and may take part in several mesosystems",
    ("unit", "group", "kind", "since"),
    (
        _c("unit", "text", "the member"),
        _c("group", "text", "the unit it belongs to or takes part in", source="FHIR Organization.partOf"),
        _c("kind", "code", "belongs or takes_part"),
        _c("since", "instant", "first moment, included", optional=True),
        _c("until", "instant", "last moment, excluded", optional=True),
    ),
    True,
)

PATIENT = Table(
    "patient",
    "a person with at least one record, in an identifier domain",
    ("patient",),
    (
        _c(
            "patient",
            "text",
            "identifier as it came; of several that are linked, the one that stays",
            source="HL7 v2 PID-3; FHIR Patient.identifier; MIMIC subject_id",
        ),
        _c("domain", "text", "identifier domain; feeds of one hospital share one"),
        _c("first", "instant", "start of the first stay"),
        _c("last", "instant", "latest start or end of any stay"),
        _c("stays", "int", "number of stays", "stays"),
    ),
    True,
)

PATIENT_LINK = Table(
    "patient_link",
    "a statement that one number of a patient was given up for another, or that this was undone",
    ("feed", "delivery", "row"),
    (
        _c("patient", "text", "the number that is given up", source="HL7 v2 MRG-1; FHIR Patient.link replaced-by"),
        _c("merged_into", "text", "the number that stays", source="HL7 v2 PID-3"),
        _c("kind", "code", "merge or unmerge", source="HL7 v2 A40, A37"),
        _c("at", "instant", "when it was done", source="HL7 v2 EVN-6", optional=True),
        *PROVENANCE,
    ),
    True,
)

PERSON = Table(
    "person",
    "a number that was given up, and the person whose it is by all patient links together",
    ("patient",),
    (
        _c("patient", "text", "the number that was given up"),
        _c("person", "text", "the number at the end of the links, under which all records of the person stand"),
        _c("merged_into", "text", "the next number on the way there"),
        _c("at", "instant", "when it was merged into that", optional=True),
        *PROVENANCE,
    ),
    True,
)

STAY = Table(
    "stay",
    "one patient in one unit, from one moment to another: [start, end)",
    ("patient", "unit", "start"),
    (
        _c("patient", "text", "who: the person's number"),
        _c("source_patient", "text", "the number it came under, where that was given up", optional=True),
        _c("unit", "text", "where", source="FHIR Encounter.location; OMOP visit_detail; MIMIC transfers; HL7 v2 PV1-3"),
        _c("start", "instant", "arrival"),
        _c("end", "instant", "departure", optional=True),
        _c("end_kind", "code", "recorded, open (still here), inferred (from what came next) or unknown"),
        _c("precision", "code", "the finest part of the times that was recorded: s, m or d"),
        _c("visit", "text", "the visit it is part of"),
        _c("visit_given", "flag", "the visit came with the record and was not derived"),
        _c("journey", "text", "the journey it is part of"),
        _c("zone", "text", "time zone by which naive times were read"),
        _c("zone_assumed", "flag", "nobody named the zone; UTC was assumed"),
        _c("flags", "int", "what was noticed: sum of the bits in FLAGS"),
        *PROVENANCE,
    ),
    True,
)

VISIT = Table(
    "visit",
    "stays of one patient that follow one another: a given visit, or a gap of at most 24 h",
    ("patient", "visit"),
    (
        _c("patient", "text", "who"),
        _c("visit", "text", "given id, or the patient's id with a running number"),
        _c("journey", "text", "the journey it is part of"),
        _c("start", "instant", "start of its first stay"),
        _c("end", "instant", "end of its last stay", optional=True),
        _c("stays", "int", "its stays", "stays"),
        _c("units", "int", "different units stayed in, support running beside left out", "units"),
        _c("handoffs", "int", "hand-offs between microsystems", "hand-offs"),
    ),
    True,
)

SAID = _c(
    "said", "instant", "when the source said so last", source="HL7 v2 MSH-7; FHIR meta.lastUpdated", optional=True
)

EVENT = Table(
    "event",
    "something that happened to a patient at a moment",
    ("event",),
    (
        _c("event", "text", "identifier"),
        _c("patient", "text", "whom it concerns"),
        _c("at", "instant", "when it happened", source="HL7 v2 EVN-6; FHIR performed[x]", optional=True),
        _c("recorded", "instant", "when it was written down", source="HL7 v2 EVN-2", optional=True),
        _c("precision", "code", "s, m or d", optional=True),
        _c("type", "code", "first_contact, arrive, triage, seen, ecg, decide_admit, ready, depart, device ..."),
        _c("unit", "text", "where", optional=True),
        _c("visit", "text", "during which visit", optional=True),
        _c("staff", "text", "who did it; never rated", optional=True),
        _c("code", "text", "code in the source's own system", optional=True),
        _c("value", "number", "its number, if it has one", "as the code says", optional=True),
        SAID,
        *PROVENANCE,
    ),
    True,
)

REQUEST = Table(
    "request",
    "one unit asks another to do something for a patient",
    ("request",),
    (
        _c("request", "text", "identifier", source="FHIR ServiceRequest/Task; HL7 v2 ORC-2"),
        _c("patient", "text", "for whom"),
        _c("kind", "code", "referral, lab, imaging, pharmacy, diet, consult, transfer, appointment, homecare, other"),
        _c("code", "text", "what is asked for, in the source's own system", optional=True),
        _c("priority", "code", "as the source has it", optional=True),
        _c("from_unit", "text", "who asks", optional=True),
        _c("to_unit", "text", "who is asked", optional=True),
        _c("visit", "text", "during which visit", optional=True),
        _c("requested", "instant", "asked", source="FHIR authoredOn; HL7 v2 ORC-9", optional=True),
        _c("accepted", "instant", "accepted", optional=True),
        _c("scheduled", "instant", "planned for", optional=True),
        _c("started", "instant", "begun", optional=True),
        _c("done", "instant", "done", optional=True),
        _c("reported", "instant", "result sent", source="HL7 v2 OBR-22; FHIR issued", optional=True),
        _c("read", "instant", "result read by who asked", optional=True),
        _c("closed", "instant", "closed", optional=True),
        _c("state", "code", "open, done, declined, cancelled, no_show, lapsed", optional=True),
        SAID,
        *PROVENANCE,
    ),
    True,
)

MESSAGE = Table(
    "message",
    "information about a patient passed from one unit to another",
    ("message",),
    (
        _c("message", "text", "identifier", source="FHIR Communication/DocumentReference; HL7 v2 MDM"),
        _c("patient", "text", "about whom"),
        _c("kind", "code", "handoff, discharge_summary, transition_record, med_rec, result, consult_report, other"),
        _c("from_unit", "text", "sender", optional=True),
        _c("to_unit", "text", "receiver", optional=True),
        _c("request", "text", "the request that it answers", source="FHIR basedOn", optional=True),
        _c("visit", "text", "during which visit", optional=True),
        _c("sent", "instant", "sent", optional=True),
        _c("received", "instant", "received", optional=True),
        _c("read", "instant", "read", optional=True),
        _c("items_expected", "int", "items the standard asks for", "items", optional=True),
        _c("items_present", "int", "items that were there", "items", optional=True),
        SAID,
        *PROVENANCE,
    ),
    True,
)

DUTY = Table(
    "duty",
    "who is accountable for a patient, and when",
    ("duty",),
    (
        _c("duty", "text", "identifier", source="FHIR participant/CareTeam; HL7 v2 PV1-7"),
        _c("patient", "text", "for whom"),
        _c("staff", "text", "who; never rated", optional=True),
        _c("role", "code", "attending, nurse, service ...", optional=True),
        _c("unit", "text", "where", optional=True),
        _c("visit", "text", "during which visit", optional=True),
        _c("start", "instant", "from", optional=True),
        _c("end", "instant", "until", optional=True),
        SAID,
        *PROVENANCE,
    ),
    True,
)

FACT = Table(
    "fact",
    "a coded statement about a patient: diagnosis, procedure, answer, cost, result",
    ("fact",),
    (
        _c("fact", "text", "identifier"),
        _c("patient", "text", "about whom"),
        _c("kind", "code", "diagnosis, procedure, prom, experience, cost, lab, score, flag"),
        _c("code", "text", "code", optional=True),
        _c("code_system", "text", "whose code", optional=True),
        _c("at", "instant", "when it held", optional=True),
        _c("precision", "code", "s, m or d", optional=True),
        _c("unit", "text", "where", optional=True),
        _c("visit", "text", "during which visit", optional=True),
        _c("rank", "int", "its place among the facts of its kind and visit, the first being 1", optional=True),
        _c("value", "number", "its number", "as value_unit says", optional=True),
        _c("value_unit", "text", "the unit of its number", "UCUM, or ISO 4217", optional=True),
        _c("value_code", "text", "the answer or result as a code", optional=True),
        SAID,
        *PROVENANCE,
    ),
    True,
)

UNIT_FACT = Table(
    "unit_fact",
    "a number about a unit and not about a patient: capacity, staffing, a survey, a budget",
    ("unit", "kind", "at"),
    (
        _c("unit", "text", "which unit"),
        _c("kind", "code", "what is counted"),
        _c("at", "instant", "when"),
        _c("num", "number", "numerator", "as the kind says", optional=True),
        _c("den", "number", "denominator", "as the kind says", optional=True),
        _c("value", "number", "value", "as the kind says", optional=True),
        *PROVENANCE,
    ),
    True,
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        UNIT,
        MEMBERSHIP,
        PATIENT,
        PATIENT_LINK,
        PERSON,
        STAY,
        VISIT,
        EVENT,
        REQUEST,
        MESSAGE,
        DUTY,
        FACT,
        UNIT_FACT,
    )
}

# What may be noticed about one stay. Bits, so that a stay can carry several.
FLAGS: dict[str, int] = {
    "dst_gap": 1,  # the local time never existed: moved forward by the clock change
    "dst_fold_start": 2,  # the local start happened twice: the fold was chosen by order
    "dst_fold_end": 4,
    "date_only": 8,  # no time of day was recorded
    "zero_length": 16,  # start equals end
    "long_open": 32,  # over 365 days without an end
    "event_log": 64,  # made of events: the end is the last event seen, not a departure
    "short": 128,  # under 5 minutes
}
