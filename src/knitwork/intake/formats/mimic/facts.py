"""The tables of MIMIC that say something of a patient in codes and numbers, and those of which nothing is read."""

from __future__ import annotations

from knitwork.intake.formats.known_model import Into, Known

_WHO = {"patient": "subject_id", "visit": "hadm_id"}

_LABS = Known(
    "labevents",
    "subject_id hadm_id itemid charttime value valuenum valueuom flag",
    "labevent_id row_id specimen_id storetime priority",
    must={"patient": "subject_id", "code": "itemid", "number": "coalesce(labevent_id, row_id)"},
    moments={"taken": "charttime", "stored": "storetime"},
    numbers={"value": "valuenum"},
    into=(
        Into("landed_fact", _WHO | {
            "fact": "'labevent/' || coalesce(labevent_id, row_id)", "kind": "'lab'", "code": "itemid",
            "code_system": "'mimic'", "at_us": "taken_us", "precision": "taken_precision", "value": "value_num",
            "value_unit": "valueuom", "value_code": "flag",
        }),
        # One specimen is one request: it is reported when the last of its results is.
        Into("landed_request", _WHO | {
            "request": "'specimen/' || specimen_id", "kind": "'lab'", "priority": "priority",
            "requested_us": "min(taken_us) OVER (PARTITION BY specimen_id)", "started_us": "min(taken_us) OVER (PARTITION BY specimen_id)",
            "reported_us": "max(stored_us) OVER (PARTITION BY specimen_id)",
            "state": "CASE WHEN max(stored_us) OVER (PARTITION BY specimen_id) IS NULL THEN 'open' ELSE 'done' END",
        }, "specimen_id IS NOT NULL AND taken_us IS NOT NULL", once="specimen_id"),
    ),
    note="a specimen is a request for lab work, asked for when it was taken and reported when its last result was stored",
)  # fmt: skip

# MIMIC-III has the same columns for diagnoses and procedures: of ICD-9 only diagnoses have letters or five digits.
_KIND = """CASE WHEN bool_or(length(icd9_code) > 4 OR icd9_code > ':') OVER () THEN 'diagnosis' ELSE 'procedure' END"""
_ICD9 = Known(
    "diagnoses_icd or procedures_icd",
    "row_id subject_id hadm_id seq_num icd9_code",
    must={"patient": "subject_id"},
    numbers={"rank": "seq_num"},
    into=(Into("landed_fact", _WHO | {
        "fact": f"{_KIND} || '/' || hadm_id || '/' || coalesce(seq_num, row_id)", "kind": _KIND, "code": "icd9_code",
        "code_system": "'ICD-9'", "rank": "rank_num",
    }, "icd9_code IS NOT NULL"),),
    why="they have no code",
    note="diagnoses and procedures of MIMIC-III have no time",
)  # fmt: skip

_DIAGNOSES = Known(
    "diagnoses_icd",
    "subject_id hadm_id seq_num icd_code icd_version",
    must={"patient": "subject_id", "code": "icd_code"},
    numbers={"rank": "seq_num"},
    into=(Into("landed_fact", _WHO | {
        "fact": "'diagnosis/' || hadm_id || '/' || seq_num", "kind": "'diagnosis'", "code": "icd_code",
        "code_system": "'ICD-' || icd_version", "rank": "rank_num",
    }),),
    note="diagnoses_icd has no time: its diagnoses belong to the whole visit",
)  # fmt: skip

_PROCEDURES = Known(
    "procedures_icd",
    "subject_id hadm_id seq_num chartdate icd_code icd_version",
    must={"patient": "subject_id", "code": "icd_code"},
    moments={"at": "chartdate"},
    numbers={"rank": "seq_num"},
    into=(Into("landed_fact", _WHO | {
        "fact": "'procedure/' || hadm_id || '/' || seq_num", "kind": "'procedure'", "code": "icd_code",
        "code_system": "'ICD-' || icd_version", "at_us": "at_us", "precision": "at_precision", "rank": "rank_num",
    }),),
)  # fmt: skip

_DRG = Known(
    "drgcodes",
    "subject_id hadm_id drg_type drg_code description",
    must={"patient": "subject_id", "code": "drg_code"},
    into=(Into("landed_fact", _WHO | {
        "fact": "'drg/' || hadm_id || '/' || coalesce(drg_type, '-') || '/' || drg_code", "kind": "'flag'",
        "code": "drg_code", "code_system": "'DRG ' || coalesce(drg_type, '')",
    }),),
)  # fmt: skip


def _unread(table: str, needs: str, why: str = "no unit, request or outcome is in them") -> Known:
    return Known(table, needs, why=why)


_NAMES = "it names codes and says nothing of patients"
_UNREAD = (
    _unread("d_icd_diagnoses or d_icd_procedures", "icd_code icd_version long_title", _NAMES),
    _unread("d_labitems", "itemid label fluid category", _NAMES),
    _unread("d_items", "itemid label linksto category unitname", _NAMES),
    _unread("omr", "subject_id chartdate seq_num result_name result_value"),
    _unread("prescriptions", "subject_id hadm_id starttime stoptime drug gsn ndc"),
    _unread("emar_detail", "subject_id emar_id emar_seq administration_type"),
    _unread("poe_detail", "poe_id poe_seq subject_id field_name field_value"),
    _unread("microbiologyevents", "subject_id hadm_id spec_itemid spec_type_desc"),
    _unread("hcpcsevents", "subject_id hadm_id hcpcs_cd seq_num"),
    _unread("chartevents", "subject_id hadm_id charttime itemid value valuenum valueuom warning"),
    _unread("inputevents", "subject_id hadm_id starttime endtime itemid amount amountuom"),
    _unread("vitalsign", "subject_id stay_id charttime temperature heartrate rhythm"),
    _unread("pyxis", "subject_id stay_id charttime med_rn name gsn_rn"),
)

FACTS = (_LABS, _ICD9, _DIAGNOSES, _PROCEDURES, _DRG, *_UNREAD)
