"""The tables of Synthea that are read, and what their rows become.

Nobody moves inside a hospital in Synthea, so a unit is an organisation and a class of encounter together.
"""

from __future__ import annotations

from knitwork.intake.formats.known_model import BORN, Into, Known, Model, birth, day_of_birth, listed

# What a unit of each class of encounter is.
CLASSES = {
    "ambulatory": "clinic", "emergency": "ed", "home": "homecare", "hospice": "hospice", "inpatient": "ward",
    "outpatient": "clinic", "snf": "snf", "urgentcare": "clinic", "virtual": "virtual", "wellness": "practice",
}  # fmt: skip
_KIND = "CASE encounterclass " + " ".join(f"WHEN '{c}' THEN '{kind}'" for c, kind in CLASSES.items()) + " END"
_UNIT = "organization || ':' || encounterclass"
_WHO = {"patient": "patient", "visit": "encounter"}
# Rows without a number of their own are told apart by what they say; rows that say the same, by their turn.
_SAME = "coalesce(encounter, md5(patient)), code, {}"
_TURN = 'row_number() OVER (PARTITION BY patient, encounter, code, {} ORDER BY "row")'


def _number(kind: str, at: str) -> str:
    return f"concat_ws('/', '{kind}', {_SAME.format(at)}, {_TURN.format(at)})"


_ENCOUNTERS = Known(
    "encounters",
    "id start stop patient organization provider encounterclass code total_claim_cost",
    must={"patient": "patient", "number": "id", "unit": _UNIT},
    moments={"start": "start", "end": "stop"},
    numbers={"cost": "total_claim_cost"},
    into=(
        Into("landed", {"patient": "patient", "unit": _UNIT, "record": "'encounter/' || id"}),
        Into("landed_duty", {
            "duty": "'encounter/' || id || '/provider'", "patient": "patient", "staff": "provider",
            "role": "'attending'", "unit": _UNIT, "visit": "id", "start_us": "start_us", "end_us": "stay_end_us",
        }, "provider IS NOT NULL"),
        Into("landed_fact", {
            "fact": "'encounter/' || id || '/total_claim_cost'", "patient": "patient", "kind": "'cost'",
            "code": "'total_claim_cost'", "code_system": "'synthea'", "at_us": "start_us",
            "precision": "start_precision", "unit": _UNIT, "visit": "id", "value": "cost_num", "value_unit": "'USD'",
        }, "cost_num IS NOT NULL"),
        # The name comes from organizations, under the same code.
        Into("landed_place", {"place": _UNIT, "parent": "organization", "kind": _KIND}, once=_UNIT),
    ),
)  # fmt: skip

_ORGANIZATIONS = Known(
    "organizations",
    "id name address city state zip revenue utilization",
    must={"number": "id"},
    into=(
        Into("landed_place", {"place": "id", "name": "name", "form": "'organisation'"}),
        *(
            Into("landed_place", {
                "place": f"id || ':{c}'", "name": f"name || ', {c}'", "parent": "id", "kind": f"'{kind}'",
            }, "name IS NOT NULL")
            for c, kind in CLASSES.items()
        ),
    ),
)  # fmt: skip

_PATIENTS = Known(
    "patients",
    "id birthdate deathdate ssn race gender",
    must={"patient": "id"},
    moments={BORN: day_of_birth("birthdate"), "died": "deathdate"},
    into=(Into("landed_event", {
        "event": "'death/' || md5(id)", "patient": "id", "type": "'death'", "at_us": "died_us",
        "precision": "died_precision",
    }, "died_us IS NOT NULL"), birth("id")),
    why="of patients only the dates of birth and death are read",
)  # fmt: skip

_CONDITIONS = Known(
    "conditions",
    "start stop patient encounter code description",
    must={"patient": "patient", "code": "code", "time": "start"},
    moments={"at": "start"},
    into=(Into("landed_fact", _WHO | {
        "fact": _number("condition", "start"), "kind": "'diagnosis'", "code": "code", "code_system": "'SNOMED-CT'",
        "at_us": "at_us", "precision": "at_precision",
    }),),
)  # fmt: skip

_OBSERVATIONS = Known(
    "observations",
    "date patient encounter code description value units type",
    "category",
    must={"patient": "patient", "code": "code", "time": "date"},
    moments={"at": "date"},
    numbers={"value": "CASE WHEN type = 'numeric' THEN value END"},
    into=(Into("landed_fact", _WHO | {
        "fact": _number("observation", "date"),
        "kind": "CASE category WHEN 'laboratory' THEN 'lab' WHEN 'survey' THEN 'prom' ELSE 'score' END",
        "code": "code", "code_system": "'LOINC'", "at_us": "at_us", "precision": "at_precision", "value": "value_num",
        "value_unit": "CASE WHEN type = 'numeric' THEN units END",
        "value_code": "CASE WHEN type <> 'numeric' THEN value END",
    }),),
)  # fmt: skip

_PROCEDURES = Known(
    "procedures",
    "start patient encounter code description base_cost reasoncode | date patient encounter code description base_cost reasoncode",
    must={"patient": "patient", "code": "code", "time": "coalesce(start, date)"},
    moments={"at": "coalesce(start, date)"},
    into=(Into("landed_event", _WHO | {
        "event": _number("procedure", "coalesce(start, date)"), "type": "'procedure'", "at_us": "at_us",
        "precision": "at_precision", "code": "code",
    }),),
)  # fmt: skip

_CAREPLANS = Known(
    "careplans",
    "id start stop patient encounter code description reasoncode",
    must={"patient": "patient", "number": "id", "time": "start"},
    moments={"begun": "start", "stopped": "stop"},
    into=(Into("landed_request", _WHO | {
        "request": "'careplan/' || id", "kind": "'other'", "code": "code", "requested_us": "begun_us",
        "closed_us": "stopped_us", "state": "CASE WHEN stopped_us IS NULL THEN 'open' ELSE 'done' END",
    }),),
    note="a careplan is a weak request: it says when it began and stopped, and not who was asked",
)  # fmt: skip

_IMAGING = Known(
    "imaging_studies",
    "id date patient encounter modality_code",
    "procedure_code",
    must={"patient": "patient", "number": "id", "time": "date"},
    moments={"at": "date"},
    # A study has a row for each picture.
    into=(Into("landed_event", _WHO | {
        "event": "'imaging_study/' || id", "type": "'imaging'", "at_us": "at_us", "precision": "at_precision",
        "code": "coalesce(procedure_code, modality_code)",
    }, once="id"),),
)  # fmt: skip

_TRANSACTIONS = Known(
    "claims_transactions",
    "id claimid patientid type amount fromdate payments appointmentid",
    must={"patient": "patientid", "number": "id"},
    moments={"at": "fromdate"},
    numbers={"amount": "CASE type WHEN 'CHARGE' THEN amount WHEN 'PAYMENT' THEN payments END"},
    into=(Into("landed_fact", {
        "fact": "'claim_transaction/' || id", "patient": "patientid", "kind": "'cost'", "code": "lower(type)",
        "code_system": "'synthea'", "at_us": "at_us", "precision": "at_precision", "visit": "appointmentid",
        "value": "amount_num", "value_unit": "'USD'",
    }, "amount_num IS NOT NULL"),),
    why="they move what is owed from one payer to another",
)  # fmt: skip

_NO_WAY = "no unit, request or outcome is in them"
_UNREAD = (
    Known("allergies", "start stop patient encounter code description type category reaction1", why=_NO_WAY),
    Known(
        "claims",
        "id patientid providerid departmentid servicedate status1",
        why="their amounts stand in claims_transactions",
    ),
    Known("devices", "start stop patient encounter code description udi", why=_NO_WAY),
    Known("immunizations", "date patient encounter code description base_cost", why=_NO_WAY),
    Known("medications", "start stop patient payer encounter code dispenses totalcost", why=_NO_WAY),
    Known("payers", "id name amount_covered amount_uncovered revenue", why="they say nothing of patients"),
    Known("payer_transitions", "patient payer ownership", why=_NO_WAY),
    Known("providers", "id organization name speciality", why="they are people, who are never rated"),
    Known("supplies", "date patient encounter code description quantity", why=_NO_WAY),
)

SYNTHEA = Model(
    "synthea",
    "Synthea",
    listed(
        _ENCOUNTERS, _ORGANIZATIONS, _PATIENTS, _CONDITIONS, _OBSERVATIONS, _PROCEDURES, _CAREPLANS, _IMAGING,
        _TRANSACTIONS, *_UNREAD,
    ),
)  # fmt: skip
