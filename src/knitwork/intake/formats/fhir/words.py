"""The SQL of what every resource is made of: references, times, codes; and the structures they are read by.

A structure names what is looked for in the JSON; all else is skipped, and what has another shape reads as empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from knitwork.intake.formats.csv.dates import ISO, local_time
from knitwork.intake.formats.csv.rules import PLACEHOLDER_BEFORE, cast_us, means_open, names_offset
from knitwork.intake.formats.csv.zones import first_fold, instant, quoted, suspect

TEXT = "VARCHAR"
CODING = {"system": TEXT, "code": TEXT, "display": TEXT}
CODEABLE = {"coding": [CODING], "text": TEXT}
PERIOD = {"start": TEXT, "end": TEXT}
REFERENCE = {"reference": TEXT, "display": TEXT, "identifier": {"value": TEXT}}
QUANTITY = {"value": "DOUBLE", "unit": TEXT, "code": TEXT}
MONEY = {"value": "DOUBLE", "currency": TEXT}
# In every resource.
HEAD: Mapping[str, Any] = {"resourceType": TEXT, "id": TEXT, "meta": {"lastUpdated": TEXT}, "status": TEXT}


def structure(shape: Mapping[str, Any]) -> str:
    """Return a shape as DuckDB wants to hear it, a text literal of JSON."""
    return quoted(json.dumps({**HEAD, **shape}))


def text(value: str) -> str:
    """Return the SQL of a text: trimmed, empty as NULL, and no piece of JSON that stands where a text should."""
    # By comparison, since this runs for every value: '!' is the first sign after the space.
    json = f"{value} BETWEEN '[' AND '\\' OR {value} BETWEEN '{{' AND '|'"
    usual = f"{value} >= '!' AND NOT ends_with({value}, ' ')"
    return f"CASE WHEN {value} IS NULL OR {json} THEN NULL WHEN {usual} THEN {value} ELSE nullif(trim({value}), '') END"


def code_of(reference: str) -> str:
    """Return the SQL of the id that a Reference names: `Location/7`, an address, `urn:uuid:7`, a search or a number."""
    plain = f"{reference}.reference"
    short = f"{plain} BETWEEN 'A' AND '[' AND contains({plain}, '/') AND NOT contains({plain}, '?')"
    id_ = f"substr({plain}, instr({plain}, '/') + 1)"
    # Nearly all are `Kind/id`, some with `/_history/3`; to split takes three times as long, other cases twenty times.
    said = text(plain)
    return f"""CASE WHEN {short} AND NOT contains({id_}, '/') AND {id_} <> '' THEN {id_} ELSE nullif(CASE
        WHEN {short} THEN split_part({plain}, '/', 2)
        WHEN {said} IS NULL THEN {text(f"{reference}.identifier.value")}
        ELSE {once(said, "named", _OTHERWISE)} END, '') END"""


# The id in a reference that is no `Kind/id`.
_OTHERWISE = """CASE WHEN starts_with(named, '#') THEN NULL
    WHEN contains(named, '?') THEN regexp_extract(named, '[^|=]*$')
    WHEN starts_with(named, 'urn:') THEN split_part(named, ':', -1)
    WHEN contains(named, '/_history/') THEN split_part(split_part(named, '/_history/', 1), '/', -1)
    ELSE split_part(named, '/', -1) END"""


def names(reference: str, *kinds: str) -> str:
    """Return the SQL that says whether a Reference names a resource of one of these kinds."""
    return f"coalesce(regexp_matches({reference}.reference, '(^|/)({'|'.join(kinds)})[/?]'), false)"


def patient_of(reference: str) -> str:
    """Return the SQL of a patient's code; groups, devices and places are no patients, and a name is no code."""
    said = f"{reference}.reference"
    other = f"NOT starts_with({said}, 'Patient/') AND contains({said}, '/') AND NOT {names(reference, 'Patient')}"
    return f"CASE WHEN {other} THEN NULL ELSE {code_of(reference)} END"


def place_of(reference: str) -> str:
    """Return the SQL of a place's code; one that is only named in words is known by them."""
    return f"coalesce({code_of(reference)}, {text(f'{reference}.display')})"


PLACES = ("Location", "Organization", "HealthcareService")


def place_if(reference: str) -> str:
    """Return the SQL of a place's code where a Reference may name persons too."""
    return f"CASE WHEN {names(reference, *PLACES)} THEN {code_of(reference)} END"


def first_place(references: str) -> str:
    """Return the SQL of the first place among a list of References."""
    found = f"list_filter({references}, lambda r: {names('r', *PLACES)})[1]"
    return code_of(found)


def coded(codeable: str) -> str:
    """Return the SQL of the first code of a CodeableConcept."""
    return text(f"{codeable}.coding[1].code")


def system(codeable: str) -> str:
    return text(f"{codeable}.coding[1].system")


def local_or_offset(value: str, zone: str) -> str:
    """Return the SQL of an instant in UTC microseconds; of two moments in autumn the first."""
    local, second = local_time(value, ISO), instant(local_time(value, ISO), zone)
    first = f"CASE WHEN {suspect(local, zone)} THEN {first_fold(local, second, zone)} END"
    naive = second if zone == "UTC" else f"coalesce({first}, {second})"
    made_up = f"({local} < {PLACEHOLDER_BEFORE} OR {means_open(local)})"
    return f"""CASE WHEN {value} IS NULL OR {made_up} THEN NULL
        WHEN {names_offset(value, ISO)} THEN {cast_us(value)} ELSE {naive} END"""


def moment(value: str, zone: str) -> str:
    """Return the SQL of an instant of what may be a long expression."""
    return once(text(value), "said", local_or_offset("said", zone))


def precision(value: str) -> str:
    """Return the SQL of the finest part that a time was recorded to."""
    return f"CASE WHEN {value} IS NULL THEN NULL WHEN length({value}) <= 10 THEN 'd' WHEN {value}[17:17] = ':' THEN 's' ELSE 'm' END"


def one_of(value: str, words: Mapping[str, str], otherwise: str = "NULL") -> str:
    """Return the SQL that turns a code into our word for it."""
    cases = " ".join(f"WHEN {quoted(code)} THEN {quoted(word)}" for code, word in words.items())
    return f"CASE lower({value}) {cases} ELSE {otherwise} END"


def listed(words: Sequence[str]) -> str:
    return "(" + ", ".join(quoted(word) for word in words) + ")"


def words_in(codeables: str) -> str:
    """Return the SQL of all codes, displays and texts in a list of CodeableConcepts, in small letters."""
    each = "list_prepend(c.text, flatten(list_transform(c.coding, lambda k: [k.code, k.display])))"
    return f"lower(array_to_string(flatten(list_transform({codeables}, lambda c: {each})), ' '))"


def by_words(said: Sequence[str], patterns: Mapping[str, str], otherwise: str) -> str:
    """Return the SQL of the first kind whose pattern is found in the first of several texts that shows any."""
    cases = " ".join(
        f"WHEN regexp_matches(said, {quoted(pattern)}) THEN {quoted(kind)}" for kind, pattern in patterns.items()
    )
    told = ", ".join(once(one, "said", f"CASE {cases} END") for one in said)
    return f"coalesce({told}, {quoted(otherwise)})"


def once(value: str, name: str, then: str) -> str:
    """Return SQL in which a long expression is worked out once, and `then` uses it by name."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"
