"""Coded statements about patients: conditions, procedures, observations, answers and costs."""

from __future__ import annotations

from collections.abc import Callable

from knitwork.intake.formats.fhir.kind import NEEDED, TIMED, Gives, Kind
from knitwork.intake.formats.fhir.orders import FINAL, request_in
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    MONEY,
    PERIOD,
    QUANTITY,
    REFERENCE,
    TEXT,
    by_words,
    code_of,
    coded,
    listed,
    moment,
    patient_of,
    place_of,
    precision,
    system,
    text,
    words_in,
)  # fmt: skip

# Acts that are moments of a journey, by SNOMED CT.
MOMENTS = {
    "ecg": ("29303009", "164847006"),
    "device": ("415070008", "11101003", "36969009", "428488008"),
    "thrombolysis": ("307521008", "426763006", "472191000119101"),
}
OBSERVATION_KINDS = {
    "lab": r"\b(laboratory|lab)\b",
    "prom": r"\bsurvey\b",
    "experience": r"\bexperience\b",
}
EXPERIENCE = r"experience|satisfaction|cahps|friends-and-family"
# As deep as groups of questions are followed.
DEEPEST = 16


def kinds(zone: str) -> tuple[Kind, ...]:
    """Return how each kind is read; times without an offset are those of `zone`."""

    def at(value: str) -> str:
        return moment(value, zone)

    return (_condition(at), _procedure(at), _observation(at), _answers(at), _claim(at), _benefit(at))


def _when(at: Callable[[str], str], *values: str) -> dict[str, str]:
    """Return the columns of the moment of a fact: the first of several that is given to the day or finer."""
    said = "coalesce(" + ", ".join(f"CASE WHEN length({value}) >= 10 THEN {text(value)} END" for value in values) + ")"
    return {"at_raw": said, "at_us": at(said), "precision": precision(said)}


def _fact(kind: str, name: str, **more: str) -> Gives:
    columns = {"fact": f"'{name}/' || id", "patient": "patient", "kind": kind, "code": "code", "visit": "visit"}
    return Gives("landed_fact", {**columns, "at_us": "at_us", "precision": "precision", **more}, ours=True)


def _condition(at: Callable[[str], str]) -> Kind:
    return Kind(
        "Condition",
        {
            "code": CODEABLE, "subject": REFERENCE, "encounter": REFERENCE, "onsetDateTime": TEXT,
            "onsetPeriod": PERIOD, "recordedDate": TEXT, "verificationStatus": CODEABLE,
        },
        {
            "patient": patient_of("j.subject"),
            "code": coded("j.code"),
            "code_system": system("j.code"),
            "visit": code_of("j.encounter"),
            "wrong": "coalesce(list_has_any(list_transform(j.verificationStatus.coding, lambda k: k.code), "
            "['entered-in-error', 'refuted']), false)",
            **_when(at, "j.onsetDateTime", "j.onsetPeriod.start", "j.recordedDate"),
        },
        (_fact("'diagnosis'", "Condition", code_system="code_system", cancelled="cancelled OR wrong"),),
        # An illness need not have begun on a known day.
        {**NEEDED, "time_unreadable": "at_raw IS NOT NULL AND at_us IS NULL"},
    )  # fmt: skip


def _procedure(at: Callable[[str], str]) -> Kind:
    cases = " ".join(f"WHEN code IN {listed(codes)} THEN '{word}'" for word, codes in MOMENTS.items())
    end = 'coalesce(j.performedPeriod."end", j.occurrencePeriod."end")'
    return Kind(
        "Procedure",
        {
            "code": CODEABLE, "subject": REFERENCE, "encounter": REFERENCE, "performedDateTime": TEXT,
            "performedPeriod": PERIOD, "occurrenceDateTime": TEXT, "occurrencePeriod": PERIOD, "location": REFERENCE,
            "basedOn": [REFERENCE],
        },
        {
            "patient": patient_of("j.subject"),
            "code": coded("j.code"),
            "code_system": system("j.code"),
            "unit": place_of("j.location"),
            "visit": code_of("j.encounter"),
            "about": request_in("j.basedOn"),
            "done_us": at(f"coalesce({end}, j.performedDateTime, j.occurrenceDateTime)"),
            **_when(
                at, "j.performedDateTime", "j.performedPeriod.start", "j.occurrenceDateTime", "j.occurrencePeriod.start"
            ),
        },
        (
            _fact("'procedure'", "Procedure", code_system="code_system", unit="unit"),
            Gives(
                "landed_event",
                {
                    "event": "'Procedure/' || id", "patient": "patient", "at_us": "at_us", "precision": "precision",
                    "type": f"CASE {cases} END", "unit": "unit", "visit": "visit", "code": "code",
                },
                f"CASE {cases} END IS NOT NULL",
            ),
            Gives(
                "landed_request",
                {"request": "about", "patient": "patient", "done_us": "done_us", "state": "'done'"},
                "about IS NOT NULL AND status = 'completed'",
            ),
        ),
        TIMED,
        "status IN ('not-done', 'preparation')",
        "procedures that were not done",
    )  # fmt: skip


def _observation(at: Callable[[str], str]) -> Kind:
    value = "coalesce(j.valueQuantity.value, try_cast(j.valueInteger AS DOUBLE))"
    return Kind(
        "Observation",
        {
            "category": [CODEABLE], "code": CODEABLE, "subject": REFERENCE, "encounter": REFERENCE,
            "effectiveDateTime": TEXT, "effectivePeriod": PERIOD, "effectiveInstant": TEXT, "issued": TEXT,
            "valueQuantity": QUANTITY, "valueInteger": TEXT, "valueCodeableConcept": CODEABLE, "valueBoolean": TEXT,
            "basedOn": [REFERENCE],
            "component": [
                {"code": CODEABLE, "valueQuantity": QUANTITY, "valueInteger": TEXT, "valueCodeableConcept": CODEABLE}
            ],
        },
        {
            "patient": patient_of("j.subject"),
            "number": value,
            "kind": f"coalesce(nullif({by_words([words_in('j.category')], OBSERVATION_KINDS, '')}, ''), "
            f"CASE WHEN {value} IS NOT NULL OR len(j.component) > 0 THEN 'score' ELSE 'flag' END)",
            "code": coded("j.code"),
            "code_system": system("j.code"),
            "visit": code_of("j.encounter"),
            "about": request_in("j.basedOn"),
            "value_unit": f"coalesce({text('j.valueQuantity.code')}, {text('j.valueQuantity.unit')})",
            "value_code": f"coalesce({coded('j.valueCodeableConcept')}, {text('j.valueBoolean')})",
            "parts": "j.component",
            "issued_us": at("j.issued"),
            **_when(at, "j.effectiveDateTime", "j.effectivePeriod.start", "j.effectiveInstant", "j.issued"),
        },
        (
            _fact(
                "kind", "Observation", code_system="code_system", value="number", value_unit="value_unit",
                value_code="value_code",
            ),
            Gives(
                "landed_fact",
                {
                    "fact": "'Observation/' || id || '/' || n", "patient": "patient", "kind": "kind",
                    "code": coded("part.code"), "code_system": system("part.code"), "visit": "visit",
                    "at_us": "at_us", "precision": "precision",
                    "value": "coalesce(part.valueQuantity.value, try_cast(part.valueInteger AS DOUBLE))",
                    "value_unit": f"coalesce({text('part.valueQuantity.code')}, {text('part.valueQuantity.unit')})",
                    "value_code": coded("part.valueCodeableConcept"),
                },
                source="(SELECT *, unnest(parts) AS part, generate_subscripts(parts, 1) AS n FROM staged)",
            ),
            # What happened is written so by us: it has a time and may have a number, as an observation has.
            Gives(
                "landed_event",
                {
                    "event": "id", "patient": "patient", "at_us": "at_us", "precision": "precision", "visit": "visit",
                    "type": "code", "value": "number",
                },
                ours=True, mark="event",
            ),
            Gives(
                "landed_request",
                {"request": "about", "patient": "patient", "reported_us": "issued_us"},
                f"about IS NOT NULL AND status IN {listed(FINAL)} AND issued_us IS NOT NULL",
            ),
        ),
        TIMED,
        "status IN ('registered', 'cancelled')",
        "observations that have not been made",
    )  # fmt: skip


# Groups of questions hold questions, and so may answers. Answers to one question are told apart by what they say.
_ANSWERED = f"""(WITH RECURSIVE asked AS (
        SELECT "row", unnest(json_extract(tree, '$[*]')) AS item, 1 AS depth FROM staged WHERE rule IS NULL
        UNION ALL SELECT "row", unnest(list_concat(json_extract(item, '$.item[*]'),
            json_extract(item, '$.answer[*].item[*]'))), depth + 1 FROM asked WHERE depth < {DEEPEST}),
    answers AS (SELECT "row", json_extract_string(item, '$.linkId') AS link,
        unnest(json_extract(item, '$.answer[*]')) AS answer FROM asked)
    SELECT s.*, link, answer, row_number() OVER (PARTITION BY s."row", s.id, link ORDER BY answer::VARCHAR) AS n
    FROM answers JOIN staged s USING ("row"))"""


def _answers(at: Callable[[str], str]) -> Kind:
    def said(*paths: str) -> str:
        return "coalesce(" + ", ".join(f"json_extract_string(answer, '$.{path}')" for path in paths) + ")"

    number = f"try_cast({said('valueDecimal', 'valueInteger', 'valueQuantity.value')} AS DOUBLE)"
    code = said("valueCoding.code", "valueBoolean")
    return Kind(
        "QuestionnaireResponse",
        {
            "questionnaire": TEXT, "subject": REFERENCE, "source": REFERENCE, "encounter": REFERENCE,
            "authored": TEXT, "item": "JSON",
        },
        {
            "patient": f"coalesce({patient_of('j.subject')}, {patient_of('j.source')})",
            "questionnaire": text("j.questionnaire"),
            "visit": code_of("j.encounter"),
            "tree": "j.item",
            **_when(at, "j.authored"),
        },
        (
            Gives(
                "landed_fact",
                {
                    "fact": "'QuestionnaireResponse/' || id || '/' || link || CASE WHEN n > 1 THEN '/' || n ELSE '' END",
                    "patient": "patient", "at_us": "at_us", "precision": "precision", "visit": "visit",
                    "kind": f"CASE WHEN regexp_matches(lower(questionnaire), '{EXPERIENCE}') THEN 'experience' "
                    "ELSE 'prom' END",
                    "code": "link", "code_system": "questionnaire", "value": number,
                    "value_unit": said("valueQuantity.code", "valueQuantity.unit"), "value_code": code,
                },
                # words that a person wrote are not taken
                f"link IS NOT NULL AND coalesce(({number})::VARCHAR, {code}) IS NOT NULL",
                _ANSWERED,
                ours=True,
            ),
        ),
        TIMED,
        "status IN ('in-progress', 'stopped')",
        "questionnaires that were not finished",
        beside=f"FROM {_ANSWERED} WHERE link IS NOT NULL AND rule IS NULL AND coalesce(({number})::VARCHAR, {code}) IS NULL",
        beside_why="answers that are neither a number nor a code, such as dates and words",
    )  # fmt: skip


_COST_SHAPE = {
    "use": TEXT, "patient": REFERENCE, "billablePeriod": PERIOD, "created": TEXT,
    "item": [{"encounter": [REFERENCE], "net": MONEY}],
}  # fmt: skip
# What the items cost together, where they say so in one currency.
_NETS = "list_filter(list_transform(j.item, lambda i: i.net), lambda n: n.value IS NOT NULL)"
_ITEMS = (
    f"CASE WHEN len(list_distinct(list_transform({_NETS}, lambda n: coalesce(n.currency, '')))) = 1 "
    f"THEN list_sum(list_transform({_NETS}, lambda n: n.value)) END"
)
_ITEMS_CURRENCY = text(f"{_NETS}[1].currency")


def _cost_columns(at: Callable[[str], str]) -> dict[str, str]:
    return {
        "patient": patient_of("j.patient"),
        "use": "lower(j.use)",
        "visit": code_of("j.item[1].encounter[1]"),
        **_when(at, "j.billablePeriod.start", "j.created"),
    }


_NOT_BILLED = "coalesce(use IN ('preauthorization', 'predetermination'), false)"


def _claim(at: Callable[[str], str]) -> Kind:
    return Kind(
        "Claim",
        {**_COST_SHAPE, "total": MONEY},
        {
            **_cost_columns(at),
            "code": "'charge'",
            "value": f"coalesce(j.total.value, {_ITEMS})",
            "currency": f"CASE WHEN j.total.value IS NULL THEN {_ITEMS_CURRENCY} ELSE {text('j.total.currency')} END",
        },
        (_fact("'cost'", "Claim", value="value", value_unit="currency"),),
        {**TIMED, "value_empty": "value IS NULL"},
        _NOT_BILLED,
        "claims made in advance, for which nothing was billed",
    )


def _benefit(at: Callable[[str], str]) -> Kind:
    return Kind(
        "ExplanationOfBenefit",
        {**_COST_SHAPE, "total": [{"category": CODEABLE, "amount": MONEY}], "payment": {"amount": MONEY}},
        {**_cost_columns(at), "totals": "j.total", "payment": "j.payment.amount",
         "items": f"CASE WHEN coalesce(len(list_filter(j.total, lambda t: t.amount.value IS NOT NULL)), 0) = 0 THEN {_ITEMS} END",
         "items_currency": _ITEMS_CURRENCY},
        (
            Gives(
                "landed_fact",
                {
                    "fact": "'ExplanationOfBenefit/' || id || '/' || n", "patient": "patient", "kind": "'cost'",
                    "code": coded("total.category"), "visit": "visit", "at_us": "at_us", "precision": "precision",
                    "value": "total.amount.value", "value_unit": text("total.amount.currency"),
                },
                "total.amount.value IS NOT NULL",
                "(SELECT *, unnest(totals) AS total, generate_subscripts(totals, 1) AS n FROM staged)",
            ),
            Gives(
                "landed_fact",
                {
                    "fact": "'ExplanationOfBenefit/' || id || '/paid'", "patient": "patient", "kind": "'cost'",
                    "code": "'paid'", "visit": "visit", "at_us": "at_us", "precision": "precision",
                    "value": "payment.value", "value_unit": text("payment.currency"),
                },
                "payment.value IS NOT NULL",
            ),
            Gives(
                "landed_fact",
                {
                    "fact": "'ExplanationOfBenefit/' || id || '/items'", "patient": "patient", "kind": "'cost'",
                    "code": "'charge'", "visit": "visit", "at_us": "at_us", "precision": "precision",
                    "value": "items", "value_unit": "items_currency",
                },
                "items IS NOT NULL",
            ),
        ),
        {
            **TIMED,
            "value_empty": "items IS NULL AND payment.value IS NULL "
            "AND coalesce(len(list_filter(totals, lambda t: t.amount.value IS NOT NULL)), 0) = 0",
        },
        _NOT_BILLED,
        "claims made in advance, for which nothing was billed",
    )  # fmt: skip
