"""Information that was passed on: Communication and DocumentReference."""

from __future__ import annotations

from collections.abc import Callable

from knitwork.intake.formats.fhir.kind import NEEDED, Gives, Kind
from knitwork.intake.formats.fhir.orders import request_in
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    REFERENCE,
    TEXT,
    by_words,
    code_of,
    first_place,
    moment,
    patient_of,
    place_if,
    words_in,
)  # fmt: skip

# LOINC codes of documents, then words.
MESSAGE_KINDS = {
    "discharge_summary": r"\b(18842-5|28655-9|11490-0|discharge summary|discharge_summary)\b",
    "med_rec": r"\b(56445-0|10160-0|80565-5|medication reconciliation|med_rec)\b",
    "transition_record": r"\b(18761-7|34133-9|81218-0|transition record|transition_record|transfer summary)\b",
    "consult_report": r"\b(11488-4|34117-3|51845-6|consult(ation)? (note|report)|consult_report)\b",
    "handoff": r"\b(28651-8|hand-?off|hand-?over|sbar)\b",
    "result": r"\b(11502-2|18748-4|laboratory report|result)\b",
    "admit_notice": r"\b(34112-3|admit_notice|admission notice)\b",
}


def kinds(zone: str) -> tuple[Kind, ...]:
    """Return how each kind is read; times without an offset are those of `zone`."""

    def at(value: str) -> str:
        return moment(value, zone)

    return (_communication(at), _document(at))


def _communication(at: Callable[[str], str]) -> Kind:
    return Kind(
        "Communication",
        {
            "basedOn": [REFERENCE], "subject": REFERENCE, "encounter": REFERENCE, "sent": TEXT, "received": TEXT,
            "sender": REFERENCE, "recipient": [REFERENCE], "category": [CODEABLE], "topic": CODEABLE,
        },
        {
            "patient": patient_of("j.subject"),
            "kind": by_words([words_in("j.category"), words_in("[j.topic]")], MESSAGE_KINDS, "other"),
            "from_unit": place_if("j.sender"),
            "to_unit": first_place("j.recipient"),
            "about": request_in("j.basedOn"),
            "visit": code_of("j.encounter"),
            "sent_us": at("j.sent"),
            "received_us": at("j.received"),
        },
        (
            Gives(
                "landed_message",
                {
                    "message": "'Communication/' || id", "patient": "patient", "kind": "kind",
                    "from_unit": "from_unit", "to_unit": "to_unit", "request": "about", "visit": "visit",
                    "sent_us": "sent_us", "received_us": "received_us",
                },
                ours=True,
            ),
        ),
        NEEDED,
        "status IN ('not-done', 'preparation')",
        "messages that were never sent",
    )  # fmt: skip


def _document(at: Callable[[str], str]) -> Kind:
    # R4 keeps the visit in one context with an encounter; in R5 the context is a list of references.
    old = "json_extract_string(j.context, '$.encounter[0].reference')"
    new = "json_extract_string(j.context, '$[0].reference')"
    reference = f"{{'reference': coalesce({old}, {new}), 'identifier': {{'value': NULL::VARCHAR}}}}"
    return Kind(
        "DocumentReference",
        {
            "type": CODEABLE, "category": [CODEABLE], "subject": REFERENCE, "date": TEXT, "author": [REFERENCE],
            "custodian": REFERENCE, "context": "JSON", "basedOn": [REFERENCE],
        },
        {
            "patient": patient_of("j.subject"),
            "kind": by_words([words_in("[j.type]"), words_in("j.category")], MESSAGE_KINDS, "other"),
            "from_unit": f"coalesce({first_place('j.author')}, {code_of('j.custodian')})",
            "about": request_in("j.basedOn"),
            "visit": f"CASE WHEN {reference}.reference LIKE '%Encounter/%' THEN {code_of(reference)} END",
            "sent_us": at("j.date"),
        },
        (
            Gives(
                "landed_message",
                {
                    "message": "'DocumentReference/' || id", "patient": "patient", "kind": "kind",
                    "from_unit": "from_unit", "request": "about", "visit": "visit", "sent_us": "sent_us",
                },
            ),
        ),
        NEEDED,
    )  # fmt: skip
