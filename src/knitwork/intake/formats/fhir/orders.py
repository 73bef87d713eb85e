"""Requests and how they went on: ServiceRequest, Task, Appointment, DiagnosticReport."""

from __future__ import annotations

from collections.abc import Callable

from knitwork.intake.formats.fhir.kind import NEEDED, TIMED, Gives, Kind
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    PERIOD,
    REFERENCE,
    TEXT,
    by_words,
    code_of,
    coded,
    first_place,
    listed,
    moment,
    names,
    one_of,
    patient_of,
    place_if,
    text,
    words_in,
)  # fmt: skip

# A code, or in R5 a code or a reference.
EITHER = {**CODEABLE, "concept": CODEABLE}
# Codes are SNOMED CT and the examples of the standard's value sets; words are looked for after codes.
REQUEST_KINDS = {
    "lab": r"\b(108252007|laborator(y|ies)|lab)\b",
    "imaging": r"\b(363679005|imaging|radiolog\w*|x-ray|mri|ultrasound)\b",
    "referral": r"\b(3457005|306206005|103696004|referral|refer)\b",
    "consult": r"\b(11429006|consult\w*)\b",
    "pharmacy": r"\b(pharmac\w*|medication)\b",
    "diet": r"\b(diet\w*|nutrition\w*)\b",
    "transfer": r"\b(transfer|107724000)\b",
    "homecare": r"\b(home care|home health|homecare)\b",
}
# What somebody proposes or plans has not been asked of anybody.
NOT_ASKED = ("proposal", "plan", "directive", "option")
REQUEST_STATES = {
    "draft": "open", "active": "open", "on-hold": "open", "revoked": "cancelled", "completed": "done", "ended": "done",
}  # fmt: skip
TASK_STATES = {
    "draft": "open", "requested": "open", "received": "open", "accepted": "open", "ready": "open",
    "in-progress": "open", "on-hold": "open", "rejected": "declined", "cancelled": "cancelled", "failed": "lapsed",
    "completed": "done",
}  # fmt: skip
APPOINTMENT_STATES = {
    "proposed": "open", "pending": "open", "booked": "open", "waitlist": "open", "arrived": "open",
    "checked-in": "open", "fulfilled": "done", "noshow": "no_show", "cancelled": "cancelled",
}  # fmt: skip
FINAL = ("final", "amended", "corrected", "appended")


def request_in(references: str) -> str:
    """Return the SQL of the id of the first ServiceRequest among a list of References."""
    found = f"list_filter({references}, lambda r: {names('r', 'ServiceRequest')})[1]"
    return f"'ServiceRequest/' || {code_of(found)}"


def kinds(zone: str) -> tuple[Kind, ...]:
    """Return how each kind is read; times without an offset are those of `zone`."""

    def at(value: str) -> str:
        return moment(value, zone)

    return (_service_request(at), _task(at), _appointment(at), _diagnostic_report(at))


def _service_request(at: Callable[[str], str]) -> Kind:
    return Kind(
        "ServiceRequest",
        {
            "intent": TEXT, "priority": TEXT, "category": [CODEABLE], "code": EITHER, "doNotPerform": TEXT,
            "subject": REFERENCE, "encounter": REFERENCE, "occurrenceDateTime": TEXT, "occurrencePeriod": PERIOD,
            "authoredOn": TEXT, "requester": REFERENCE, "performer": [REFERENCE], "locationReference": [REFERENCE],
        },
        {
            "patient": patient_of("j.subject"),
            "intent": "lower(j.intent)",
            "forbidden": "coalesce(lower(j.doNotPerform) = 'true', false)",
            "kind": by_words(
                [words_in("j.category"), words_in("[{'coding': j.code.coding, 'text': j.code.text}, j.code.concept]")],
                REQUEST_KINDS, "other",
            ),
            "code": f"coalesce({coded('j.code')}, {coded('j.code.concept')})",
            "priority": text("j.priority"),
            "from_unit": place_if("j.requester"),
            "to_unit": f"coalesce({first_place('j.performer')}, {first_place('j.locationReference')})",
            "visit": code_of("j.encounter"),
            "requested_us": at("j.authoredOn"),
            "scheduled_us": at("coalesce(j.occurrenceDateTime, j.occurrencePeriod.start)"),
        },
        (
            Gives(
                "landed_request",
                {
                    "request": "'ServiceRequest/' || id", "patient": "patient", "kind": "kind", "code": "code",
                    "priority": "priority", "from_unit": "from_unit", "to_unit": "to_unit", "visit": "visit",
                    "requested_us": "requested_us", "scheduled_us": "scheduled_us",
                    "state": one_of("status", REQUEST_STATES),
                },
                ours=True,
            ),
        ),
        NEEDED,
        f"coalesce(intent IN {listed(NOT_ASKED)}, false) OR forbidden",
        "proposals, plans or orders not to do something, which ask nothing of anybody",
    )  # fmt: skip


def _task(at: Callable[[str], str]) -> Kind:
    about = f"coalesce({request_in('j.basedOn')}, {request_in('[j.focus]')})"
    finished = "status = 'completed'"
    return Kind(
        "Task",
        {
            "basedOn": [REFERENCE], "focus": REFERENCE, "for": REFERENCE, "encounter": REFERENCE, "authoredOn": TEXT,
            "lastModified": TEXT, "requester": REFERENCE, "owner": REFERENCE, "executionPeriod": PERIOD,
            "code": CODEABLE, "priority": TEXT,
        },
        {
            "patient": patient_of('j."for"'),
            "about": about,
            "visit": code_of("j.encounter"),
            "code": coded("j.code"),
            "kind": by_words([words_in("[j.code]")], REQUEST_KINDS, "other"),
            "priority": text("j.priority"),
            "from_unit": place_if("j.requester"),
            "to_unit": place_if("j.owner"),
            "authored_us": at("j.authoredOn"),
            "changed_us": at("j.lastModified"),
            "started_us": at("j.executionPeriod.start"),
            "ended_us": at('j.executionPeriod."end"'),
        },
        (
            # A task about a request says how that went on; another one is a request of its own.
            Gives(
                "landed_request",
                {
                    "request": "coalesce(about, 'Task/' || id)", "patient": "patient", "to_unit": "to_unit",
                    "visit": "visit",
                    "kind": "CASE WHEN about IS NULL THEN kind END", "code": "CASE WHEN about IS NULL THEN code END",
                    "priority": "CASE WHEN about IS NULL THEN priority END",
                    "from_unit": "CASE WHEN about IS NULL THEN from_unit END",
                    "requested_us": "CASE WHEN about IS NULL THEN authored_us END",
                    "accepted_us": "CASE WHEN status = 'accepted' THEN changed_us END",
                    "started_us": "coalesce(started_us, CASE WHEN status = 'in-progress' THEN changed_us END)",
                    "done_us": f"CASE WHEN {finished} THEN coalesce(ended_us, changed_us) END",
                    "closed_us": f"CASE WHEN {finished} THEN coalesce(changed_us, ended_us) END",
                    "state": one_of("status", TASK_STATES),
                    "said_us": "coalesce(said_us, changed_us)",
                },
            ),
        ),
        NEEDED,
        "cancelled AND about IS NOT NULL",
        "tasks entered in error, which say nothing of the request they were about",
    )  # fmt: skip


def _appointment(at: Callable[[str], str]) -> Kind:
    actors = "list_transform(j.participant, lambda p: p.actor)"
    person = f"list_filter({actors}, lambda r: {names('r', 'Patient')})[1]"
    return Kind(
        "Appointment",
        {
            "subject": REFERENCE, "participant": [{"actor": REFERENCE}], "created": TEXT, "start": TEXT,
            "basedOn": [REFERENCE], "serviceType": "JSON", "priority": TEXT,
        },
        {
            "patient": f"coalesce({patient_of('j.subject')}, {code_of(person)})",
            "to_unit": first_place(actors),
            "about": request_in("j.basedOn"),
            "requested_us": at("j.created"),
            "scheduled_us": at('j."start"'),
            "code": "coalesce(json_extract_string(j.serviceType, '$[0].coding[0].code'), "
            "json_extract_string(j.serviceType, '$[0].concept.coding[0].code'))",
        },
        (
            Gives(
                "landed_request",
                {
                    "request": "'Appointment/' || id", "patient": "patient", "kind": "'appointment'", "code": "code",
                    "to_unit": "to_unit", "requested_us": "requested_us", "scheduled_us": "scheduled_us",
                    "state": one_of("status", APPOINTMENT_STATES),
                },
                ours=True,
            ),
            Gives(
                "landed_request",
                {
                    "request": "about", "patient": "patient", "scheduled_us": "scheduled_us", "said_us": "said_us",
                },
                "about IS NOT NULL AND status NOT IN ('cancelled', 'noshow', 'entered-in-error', 'proposed')",
            ),
        ),
        NEEDED,
    )  # fmt: skip


def _diagnostic_report(at: Callable[[str], str]) -> Kind:
    return Kind(
        "DiagnosticReport",
        {
            "basedOn": [REFERENCE], "subject": REFERENCE, "encounter": REFERENCE, "effectiveDateTime": TEXT,
            "effectivePeriod": PERIOD, "issued": TEXT, "performer": [REFERENCE], "code": CODEABLE,
        },
        {
            "patient": patient_of("j.subject"),
            "about": request_in("j.basedOn"),
            "visit": code_of("j.encounter"),
            "from_unit": first_place("j.performer"),
            "at_raw": text("coalesce(j.issued, j.effectiveDateTime, j.effectivePeriod.start)"),
            "at_us": at("coalesce(j.issued, j.effectiveDateTime, j.effectivePeriod.start)"),
            "started_us": at("coalesce(j.effectiveDateTime, j.effectivePeriod.start)"),
            "issued_us": at("j.issued"),
        },
        (
            Gives(
                "landed_message",
                {
                    "message": "'DiagnosticReport/' || id", "patient": "patient", "kind": "'result'",
                    "from_unit": "from_unit", "request": "about", "visit": "visit", "sent_us": "issued_us",
                },
            ),
            Gives(
                "landed_request",
                {
                    "request": "about", "patient": "patient", "started_us": "started_us", "reported_us": "issued_us",
                    "state": "'done'",
                },
                f"about IS NOT NULL AND status IN {listed(FINAL)}",
            ),
        ),
        TIMED,
    )  # fmt: skip
