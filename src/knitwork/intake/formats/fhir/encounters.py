"""Encounters of R4 and R5, and EncounterHistory: stays, phases, who took part, how they came and went.

A stay is one entry of `location[]` that the patient really was in; where an encounter names no place, its whole period
is one stay, in the class of its service provider. Encounters that are part of another one are its stays.
"""

from __future__ import annotations

import json
from typing import Any

from knitwork.intake.formats.csv.rules import cast_us
from knitwork.intake.formats.csv.zones import quoted
from knitwork.intake.formats.fhir.words import (
    CODEABLE,
    PERIOD,
    REFERENCE,
    TEXT,
    code_of,
    coded,
    listed,
    names,
    one_of,
    patient_of,
    place_of,
    text,
)  # fmt: skip

END_KIND = "urn:knitwork:end-kind"
PRECISION = "urn:knitwork:precision"

# What not every encounter has stays JSON until it is asked for: to take it apart costs time also where it is missing.
_OWN = [{"url": TEXT, "valueCode": TEXT}]
_PLACE = {"location": REFERENCE, "status": TEXT, "period": {**PERIOD, "extension": "JSON"}}
_PHASES = [{"status": TEXT, "period": PERIOD}]
_PARTICIPANTS = [{"type": [CODEABLE], "period": PERIOD, "individual": REFERENCE, "actor": REFERENCE}]
_WAYS = {"admitSource": CODEABLE, "dischargeDisposition": CODEABLE}
_DIAGNOSES = [{"condition": "JSON", "rank": TEXT}]
SHAPE = {
    "class": "JSON",
    "statusHistory": "JSON",
    "subjectStatus": "JSON",
    "subject": REFERENCE,
    "participant": "JSON",
    "period": PERIOD,
    "actualPeriod": PERIOD,
    "location": [_PLACE],
    "serviceProvider": REFERENCE,
    "partOf": REFERENCE,
    "encounter": REFERENCE,
    "hospitalization": "JSON",
    "admission": "JSON",
    "diagnosis": "JSON",
}

TAKEN_BACK = ("cancelled", "entered-in-error")
NOT_YET = ("planned",)
GOING_ON = ("arrived", "triaged", "in-progress", "onleave", "on-hold")
# The patient has left, whether or not anybody wrote down when.
OVER = ("finished", "discharged", "completed", "discontinued")
# A patient is not, or not yet, in a place that is only kept for him or her.
NOT_THERE = ("planned", "reserved")

CLASS_KINDS = {
    "emer": "ed", "imp": "ward", "acute": "ward", "nonac": "ward", "obsenc": "ward", "amb": "clinic", "ss": "ward",
    "hh": "homecare", "vr": "virtual", "fld": "ems", "prenc": "clinic",
}  # fmt: skip
CLASS_NAMES = {
    "emer": "emergency", "imp": "inpatient", "acute": "acute inpatient", "nonac": "inpatient, non-acute",
    "obsenc": "observation", "amb": "ambulatory", "ss": "short stay", "hh": "home health", "vr": "virtual",
    "fld": "field", "prenc": "pre-admission",
}  # fmt: skip


def staged(kind: str, source: str) -> str:
    """Return the SELECT that makes of each Encounter or EncounterHistory in `source` what the others build on."""
    history = kind == "EncounterHistory"
    class_ = "coalesce(json_extract_string(j.class, '$.code'), json_extract_string(j.class, '$[0].coding[0].code'))"
    own = f"coalesce({text('j.id')}, '')"
    kept = f"list_has_any(list_transform(j.location, lambda l: lower(l.status)), [{listed(NOT_THERE)[1:-1]}])"
    there = f"list_filter(j.location, lambda l: lower(coalesce(l.status, '')) NOT IN {listed(NOT_THERE)})"
    return f"""SELECT "row", {text("j.id")} AS id, {quoted(kind + "/")} || {own} AS record,
        {patient_of("j.subject")} AS patient,
        {code_of("j.encounter") if history else text("j.id")} AS visit,
        {"NULL::VARCHAR" if history else code_of("j.partOf")} AS part_of,
        lower({text("j.status")}) AS status,
        coalesce(status IN {listed(TAKEN_BACK)}, false) AS cancelled,
        {cast_us(text("j.meta.lastUpdated"))} AS said_us,
        {text("coalesce(j.actualPeriod.start, j.period.start)")} AS start_raw,
        {text('coalesce(j.actualPeriod."end", j.period."end")')} AS end_raw,
        coalesce(status IN {listed(GOING_ON)}, false) AND end_raw IS NULL AS going_on,
        coalesce(status IN {listed(OVER)}, false) AS over,
        CASE WHEN {kept} THEN {there} ELSE j.location END AS placed,
        {text(class_)} AS class, {place_of("j.serviceProvider")} AS provider,
        {text("j.serviceProvider.display")} AS provider_name,
        j.statusHistory AS phases, {text("json_extract_string(j.subjectStatus, '$.coding[0].code')")} AS subject_status,
        j.participant AS participants, coalesce(j.hospitalization, j.admission) AS admission, j.diagnosis AS diagnoses,
        j.actualPeriod IS NOT NULL OR j.admission IS NOT NULL OR starts_with(j.class::VARCHAR, '[') AS is_r5
        FROM {source} AS j WHERE j."resourceType" IS NOT NULL"""


def stays(table: str, *, whole: bool = True, climbs: bool = True, recounted: bool = False) -> str:
    """Return the SELECT of raw stays, as texts; what they are worth is judged when they are typed.

    `visit_of` tells the visit at the top of encounters that are part of each other, `parents` which have parts;
    without `climbs` there is no row in `visit_of`, and so nothing to look up.
    With `whole` an encounter that names no place is one stay; one that is taken back is a row without a stay.
    With `recounted` there are histories, and an encounter whose history names places has its stays from there alone.
    """
    told_there = f"AND (e.id IS NULL OR e.id NOT IN ({RECOUNTED}))" if recounted else ""
    start_us = cast_us("l.period.start")
    latest = f"list_max(list_transform(placed, lambda p: {cast_us('p.period.start')}))"
    unit = "coalesce(provider || '/' || class, provider)"
    visit = "coalesce(v.visit, e.visit)" if climbs else "e.visit"
    # Where only the end of a place is told and no other place came before it, the patient was there from the beginning.
    ends = """len(list_filter(placed, lambda p: p.period.start IS NULL AND p.period."end" IS NOT NULL))"""
    earliest = f"list_min(list_transform(placed, lambda p: {cast_us('p.period.start')}))"
    first = f"""{ends} = 1 AND coalesce({cast_us('l.period."end"')} <= {earliest}, places = 1)"""
    shared = f"""e."row", e.patient, {visit} AS visit, e.record, e.said_us, e.cancelled"""
    source = "e LEFT JOIN visit_of v ON v.id = e.id" if climbs else "e"
    return f"""
    WITH e AS (SELECT e.*, coalesce(len(e.placed), 0) AS places FROM {table} e),
    entries AS (SELECT *, unnest(placed) AS l FROM e WHERE places > 0 AND NOT cancelled
            AND (status IS NULL OR status NOT IN {listed(NOT_YET)}) {told_there}),
    told AS (SELECT *, l.period.start IS NULL AND l.period."end" IS NULL AS whole,
            CASE WHEN l.period."end" IS NULL AND l.period.start IS NOT NULL
                THEN places = 1 OR {start_us} >= {latest} END AS latest,
            CASE WHEN l.period.start IS NULL AND l.period."end" IS NOT NULL THEN {first} ELSE false END AS from_first,
            {_own(END_KIND)} AS own, {_own(PRECISION)} AS finest FROM entries)
    SELECT {shared}, false AS whole_visit, {place_of("e.l.location")} AS unit, {text("e.l.location.display")} AS unit_name,
        CASE WHEN whole OR from_first THEN start_raw ELSE {text("e.l.period.start")} END AS start_raw,
        CASE WHEN whole OR latest THEN end_raw ELSE {text('e.l.period."end"')} END AS end_raw,
        CASE WHEN own IS NOT NULL THEN own
            WHEN latest AND end_raw IS NOT NULL THEN 'inferred'
            WHEN going_on AND (whole OR lower(l.status) = 'active' OR (l.status IS NULL AND latest)) THEN 'open'
            WHEN over THEN 'unknown' END
            AS end_kind_raw, finest
        FROM told {source}
    """ + (
        f"""UNION ALL BY NAME
    SELECT {shared}, true AS whole_visit, {unit} AS unit, NULL AS unit_name, e.start_raw, e.end_raw,
        CASE WHEN going_on THEN 'open' WHEN over THEN 'unknown' END AS end_kind_raw, NULL AS finest
        FROM {source} WHERE places = 0 AND NOT cancelled AND (status IS NULL OR status NOT IN {listed(NOT_YET)})
            AND (e.id IS NULL OR e.id NOT IN (SELECT id FROM parents))"""
        if whole
        else ""
    )


def _own(url: str) -> str:
    """Return the SQL of what we ourselves wrote beside the period of a stay."""
    told = f"list_filter({_read('l.period.extension', _OWN)}, lambda x: x.url = {quoted(url)})[1].valueCode"
    return f"CASE WHEN l.period.extension IS NOT NULL THEN {told} END"


def _read(json_: str, shape: Any) -> str:
    """Return the SQL that takes apart what stayed JSON."""
    return f"json_transform({json_}, {quoted(json.dumps(shape))})"


def taken_back(table: str) -> str:
    """Return the SELECT of the rows that take an encounter's earlier stays back; they need no place and no time."""
    return f"""SELECT e.patient, coalesce(v.visit, e.visit) AS visit, e.record, e.said_us, true AS cancelled, e."row",
        {place_of("e.placed[1].location")} AS unit, 'missing' AS end_kind
        FROM {table} e LEFT JOIN visit_of v ON v.id = e.id WHERE e.cancelled AND e.patient IS NOT NULL"""


VISIT_OF = """CREATE TEMP TABLE visit_of AS
    WITH RECURSIVE links AS (SELECT id, any_value(part_of) AS part_of FROM encounters
            WHERE part_of IS NOT NULL AND part_of <> id GROUP BY id),
    climb AS (SELECT id, part_of AS visit, 1 AS steps FROM links
        UNION ALL SELECT c.id, l.part_of, steps + 1 FROM climb c JOIN links l ON l.id = c.visit WHERE steps < 8)
    SELECT id, arg_max(visit, steps) AS visit FROM climb GROUP BY id"""

# The encounters whose history in this delivery names places.
RECOUNTED = "SELECT DISTINCT visit FROM histories WHERE len(placed) > 0 AND NOT cancelled AND visit IS NOT NULL"
# Those whose stays came as encounters, or as the history of one, are no stays themselves.
PARENTS = f"""CREATE TEMP TABLE parents AS SELECT DISTINCT part_of AS id FROM encounters
        WHERE part_of IS NOT NULL AND part_of <> id AND NOT cancelled
            AND (status IS NULL OR status NOT IN {listed(NOT_YET)})
    UNION {RECOUNTED}"""


# Which encounters and histories are parts of an encounter that may have come as a whole, by this file or by another.
PARTS = f"""SELECT patient, 'Encounter/' || part_of AS record, visit, said_us, "row" FROM encounters
        WHERE part_of IS NOT NULL AND part_of <> id AND patient IS NOT NULL AND NOT cancelled
            AND (status IS NULL OR status NOT IN {listed(NOT_YET)})
    UNION ALL SELECT patient, 'Encounter/' || visit, visit, said_us, "row" FROM histories
        WHERE len(placed) > 0 AND NOT cancelled AND visit IS NOT NULL AND patient IS NOT NULL"""


# R4 tells the phases of a visit by status, R5 by the state of the subject. A patient who comes back is not new.
PHASES = {
    "arrived": "arrive", "triaged": "triage", "in-progress": "roomed", "onleave": "leave", "finished": "depart",
    "receiving-care": "roomed", "on-leave": "leave", "departed": "depart",
}  # fmt: skip
ROLES = {
    "atnd": "attending", "pprf": "primary", "sprf": "secondary", "adm": "admitting", "dis": "discharging",
    "con": "consulting", "ref": "referring",
}  # fmt: skip
# Whose part in an encounter is that they saw the patient.
SEERS = ("attending", "primary", "admitting", "consulting")
STAFF = ("Practitioner", "PractitionerRole", "CareTeam")


def phases(instant: str, precision: str) -> str:
    """Return the SELECT of the events of an encounter's status history; `instant` and `precision` are over `at_raw`."""
    earlier = "phases[n - 1].status"
    return f"""SELECT record || '/phase/' || n AS event, patient, {instant} AS at_us, {precision} AS precision,
        CASE WHEN lower(phase.status) = 'in-progress' AND {earlier} = 'onleave' THEN 'return'
            ELSE {one_of("phase.status", PHASES)} END AS type,
        visit, said_us, cancelled, "row"
        FROM (SELECT *, phase.period.start AS at_raw FROM (SELECT *, unnest(phases) AS phase,
            generate_subscripts(phases, 1) AS n FROM (SELECT * REPLACE ({_read("phases", _PHASES)} AS phases)
                FROM encounters WHERE phases IS NOT NULL) WHERE len(phases) > 0))
        WHERE patient IS NOT NULL AND type IS NOT NULL AND {instant} IS NOT NULL"""


def history(instant: str, precision: str) -> str:
    """Return the SELECT of the events of EncounterHistory."""
    return f"""SELECT record AS event, patient, {instant} AS at_us, {precision} AS precision,
        {one_of("subject_status", PHASES)} AS type, visit, said_us, cancelled, "row"
        FROM (SELECT *, start_raw AS at_raw FROM histories)
        WHERE patient IS NOT NULL AND type IS NOT NULL AND {instant} IS NOT NULL"""


def duties(start: str, end: str) -> str:
    """Return the SELECT of who took part; `start` and `end` are instants over `start_raw` and `end_raw`."""
    return f"""SELECT record || '/participant/' || n AS duty, patient, {code_of("who")} AS staff,
        coalesce({one_of("role_code", ROLES)}, lower(role_code), 'other') AS role, visit,
        {start} AS start_us, {end} AS end_us, said_us, cancelled, "row", start_raw, record
        FROM (SELECT "row", record, patient, visit, said_us, cancelled, n,
                coalesce(p.individual, p.actor) AS who, p.type[1].coding[1].code AS role_code,
                p.period.start AS start_raw, p.period."end" AS end_raw
            FROM (SELECT *, unnest(participants) AS p, generate_subscripts(participants, 1) AS n
                FROM (SELECT * REPLACE ({_read("participants", _PARTICIPANTS)} AS participants)
                    FROM encounters WHERE participants IS NOT NULL) WHERE len(participants) > 0))
        WHERE patient IS NOT NULL AND {names("who", *STAFF)} AND {code_of("who")} IS NOT NULL"""


def seen(precision: str) -> str:
    """Return the SELECT of when somebody first saw the patient, from `duties` told with `start_raw`."""
    return f"""SELECT record || '/seen' AS event, patient, min(start_us) AS at_us,
        arg_min({precision}, start_us) AS precision, 'seen' AS type, any_value(visit) AS visit,
        arg_min(staff, start_us) AS staff, any_value(said_us) AS said_us, bool_or(cancelled) AS cancelled, "row"
        FROM told_duties WHERE role IN {listed(SEERS)} AND start_us IS NOT NULL GROUP BY "row", record, patient"""


def ways(start: str, end: str) -> str:
    """Return the SELECT of how patients came and where they went: facts, with the departure's code."""
    base = 'patient, visit, said_us, cancelled, "row"'
    told = (
        f"""(SELECT * REPLACE ({_read("admission", _WAYS)} AS admission) FROM encounters WHERE admission IS NOT NULL)"""
    )
    return f"""SELECT * FROM (
        SELECT record || '/admit_source' AS fact, 'flag' AS kind, 'admit_source' AS code,
            {coded("admission.admitSource")} AS value_code, {start} AS at_us, 's' AS precision, {base}
        FROM {told}
        UNION ALL SELECT record || '/disposition', 'flag', 'discharge_disposition',
            {coded("admission.dischargeDisposition")}, {end}, 's', {base} FROM {told})
        WHERE patient IS NOT NULL AND value_code IS NOT NULL AND at_us IS NOT NULL"""


def diagnoses() -> str:
    """Return the SELECT that adds to conditions their rank in the encounter that they were diagnoses of."""
    reference = """coalesce(json_extract_string(d.condition, '$.reference'),
        json_extract_string(d.condition, '$[0].reference.reference'))"""
    found = f"{{'reference': {reference}, 'identifier': {{'value': NULL::VARCHAR}}}}"
    return f"""SELECT 'Condition/' || {code_of("found")} AS fact, patient, visit, 'diagnosis' AS kind,
        try_cast(d.rank AS INTEGER) AS rank, said_us, "row"
        FROM (SELECT *, {found} AS found FROM (SELECT *, unnest({_read("diagnoses", _DIAGNOSES)}) AS d
            FROM encounters WHERE diagnoses IS NOT NULL AND NOT cancelled))
        WHERE patient IS NOT NULL AND {names("found", "Condition")} AND try_cast(d.rank AS INTEGER) IS NOT NULL"""


# The encounters of which `named` has something to tell.
NAMING = (
    """provider IS NOT NULL OR list_has_any(list_transform(placed, lambda l: l.location.display IS NOT NULL), [true])"""
)


def named() -> str:
    """Return the SELECT of places that encounters name in words, and of the classes of providers they were in."""
    unit = "provider || '/' || class"
    return f"""SELECT place, any_value(name ORDER BY name) AS name, any_value(parent ORDER BY parent) AS parent,
            any_value(kind ORDER BY kind) AS kind, min("row") AS "row" FROM (
        SELECT {place_of("l.location")} AS place, {text("l.location.display")} AS name, NULL AS parent, NULL AS kind,
            "row" FROM (SELECT "row", unnest(placed) AS l FROM encounters WHERE len(placed) > 0)
            WHERE l.location.display IS NOT NULL
        UNION ALL SELECT {unit}, concat_ws(', ', provider_name, {one_of("class", CLASS_NAMES, "class")}), provider,
            {one_of("class", CLASS_KINDS)}, "row" FROM encounters WHERE coalesce(len(placed), 0) = 0
        UNION ALL SELECT provider, provider_name, NULL, NULL, "row" FROM encounters)
        WHERE place IS NOT NULL AND (name IS NOT NULL OR parent IS NOT NULL) GROUP BY place"""
