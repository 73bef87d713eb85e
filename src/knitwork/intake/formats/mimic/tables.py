"""The tables of MIMIC-III and MIMIC-IV that are read, and what their rows become.

Names as in the documentation of MIMIC-IV 3.1 and MIMIC-III 1.4. The two differ little: where MIMIC-III has other
columns both are named, and the one that is there is taken.
"""

from __future__ import annotations

from dataclasses import replace

from knitwork.intake.formats.known_model import Beside, Into, Known, Model, listed
from knitwork.intake.formats.mimic.facts import FACTS
from knitwork.intake.formats.mimic.orders import ORDERS

_ED = "'Emergency Department'"
_WHO = {"patient": "subject_id", "visit": "hadm_id"}
# One death of a patient, whichever table tells it; the number itself stays out of the name.
_DEATH = "'death/' || md5(subject_id)"
_LEAVES = "lower(eventtype) = 'discharge'"
# MIMIC-III names intensive care units only and numbers the wards.
_UNIT = "coalesce(careunit, curr_careunit, 'Ward ' || curr_wardid)"


def _event(kind: str, moment: str, event: str, code: str = "NULL", **more: str) -> Into:
    columns = {"event": event, "type": f"'{kind}'", "at_us": f"{moment}_us", "precision": f"{moment}_precision"}
    return Into("landed_event", columns | _WHO | {"code": code} | more, f"{moment}_us IS NOT NULL")


_NUMBER = "'transfer/' || coalesce(transfer_id, row_id)"
_TRANSFERS = Known(
    "transfers",
    "subject_id hadm_id transfer_id eventtype careunit intime outtime"
    " | subject_id hadm_id eventtype prev_careunit curr_careunit curr_wardid intime outtime",
    "row_id",
    must={"patient": "subject_id", "unit": f"coalesce({_UNIT}, CASE WHEN {_LEAVES} THEN '-' END)"},
    moments={"start": "intime", "end": "outtime"},
    into=(
        Into("landed", _WHO | {"unit": _UNIT, "record": _NUMBER}, f"{_UNIT} IS NOT NULL"),
        # The number is that of the event which admissions tell: the two are one discharge.
        Into("landed_event", _WHO | {
            "event": f"coalesce('admission/' || hadm_id, {_NUMBER}) || '/discharge'", "type": "'discharge'",
            "at_us": "start_us", "precision": "start_precision",
        }, f"{_UNIT} IS NULL"),
    ),
    doubts=((f"{_UNIT} IS NULL", "row has no unit: it is a discharge and an event",
             "rows have no unit: they are discharges and events"),),
)  # fmt: skip

_ADMISSIONS = Known(
    "admissions",
    "subject_id hadm_id admittime dischtime deathtime admission_location discharge_location edregtime edouttime",
    "hospital_expire_flag",
    must={"patient": "subject_id", "number": "hadm_id", "time": "admittime"},
    moments={
        "admitted": "admittime", "discharged": "dischtime", "died": "deathtime", "registered": "edregtime",
        "left": "edouttime",
    },
    into=(
        _event("arrive", "registered", "'admission/' || hadm_id || '/arrive'", unit=_ED),
        _event("depart", "left", "'admission/' || hadm_id || '/depart'", unit=_ED),
        _event("admit", "admitted", "'admission/' || hadm_id || '/admit'", "admission_location"),
        _event("discharge", "discharged", "'admission/' || hadm_id || '/discharge'", "discharge_location"),
        # Said at the discharge: a time of death then stands against the bare date that patients has.
        _event("death", "died", _DEATH, said_us="coalesce(discharged_us, died_us)"),
    ),
    doubts=(
        ("died_us > discharged_us", "row has a death after the discharge: both are kept",
         "rows have a death after the discharge: both are kept"),
        ("hospital_expire_flag = '1' AND died_us IS NULL", "row says that the patient died, and not when",
         "rows say that the patient died, and not when"),
    ),
)  # fmt: skip

_PATIENTS = Known(
    "patients",
    "subject_id gender dod",
    must={"patient": "subject_id"},
    moments={"died": "dod"},
    into=(Into(
        "landed_event",
        {"event": _DEATH, "patient": "subject_id", "type": "'death'", "at_us": "died_us", "precision": "died_precision"},
        "died_us IS NOT NULL",
    ),),
    why="of patients only the date of death is read",
)  # fmt: skip

_ICU_NUMBER = "coalesce(stay_id, icustay_id)"
_ICU = Known(
    "icustays",
    "subject_id hadm_id first_careunit last_careunit intime outtime",
    "stay_id icustay_id",
    must={"patient": "subject_id"},
    moments={"in": "intime", "out": "outtime"},
    into=(
        _event("icu_in", "in", f"'icustay/' || {_ICU_NUMBER} || '/in'", unit="first_careunit"),
        _event("icu_out", "out", f"'icustay/' || {_ICU_NUMBER} || '/out'", unit="last_careunit"),
    ),
    note="icustays repeat the stays of transfers: they are read as the events icu_in and icu_out; to read them as "
    "stays, set unit to first_careunit in the profile",
)
_ICU_STAYS = replace(
    _ICU,
    must={"patient": "subject_id", "unit": "first_careunit"},
    moments={"start": "intime", "end": "outtime"},
    into=(Into("landed", _WHO | {"unit": "first_careunit", "record": f"'icustay/' || {_ICU_NUMBER}"}),),
    note="icustays were read as stays in their first unit, as the profile says",
)

_SERVICES = Known(
    "services",
    "subject_id hadm_id transfertime prev_service curr_service",
    must={"patient": "subject_id", "code": "curr_service", "time": "transfertime"},
    moments={"since": "transfertime"},
    into=(Into("landed_duty", _WHO | {
        "duty": "'service/' || hadm_id || '/' || transfertime || '/' || curr_service", "staff": "curr_service",
        "role": "'service'", "start_us": "since_us",
        "end_us": "lead(since_us) OVER (PARTITION BY subject_id, hadm_id ORDER BY since_us, \"row\")",
    }),),
)  # fmt: skip

# The number of a stay in the emergency department is that of its transfer, so the two are one stay.
_ED_STAYS = Known(
    "edstays",
    "subject_id hadm_id stay_id intime outtime arrival_transport disposition",
    must={"patient": "subject_id"},
    moments={"start": "intime", "end": "outtime"},
    into=(
        Into("landed", _WHO | {"unit": _ED, "record": "'transfer/' || stay_id"}),
        Into("landed_event", _WHO | {
            "event": "'edstay/' || stay_id || '/arrival'", "type": "'arrive'", "at_us": "start_us",
            "precision": "start_precision", "unit": _ED, "code": "arrival_transport",
        }, "hadm_id IS NULL"),
        Into("landed_event", _WHO | {
            "event": "'edstay/' || stay_id || '/disposition'", "type": "'depart'", "at_us": "end_us",
            "precision": "end_precision", "unit": _ED, "code": "disposition",
        }, "hadm_id IS NULL AND end_us IS NOT NULL"),
    ),
    note="edstays of an admission bring no arrival and departure of their own: admissions tell them",
)  # fmt: skip

_TRIAGE = Known(
    "triage",
    "subject_id stay_id acuity chiefcomplaint",
    must={"patient": "subject_id"},
    numbers={"acuity": "acuity"},
    into=(Into("landed_fact", {
        "fact": "'triage/' || stay_id || '/acuity'", "patient": "subject_id", "kind": "'score'", "code": "'acuity'",
        "code_system": "'mimic'", "unit": _ED, "value": "acuity_num",
    }, "acuity_num IS NOT NULL"),),
    why="they have no acuity",
    note="triage has no time: its acuity is a fact without one",
)  # fmt: skip

_MEDRECON = Known(
    "medrecon",
    "subject_id stay_id charttime name etccode",
    must={"patient": "subject_id", "time": "charttime"},
    moments={"at": "charttime"},
    into=(Into("landed_message", {
        "message": "'medrecon/' || stay_id || '/' || charttime", "patient": "subject_id", "kind": "'med_rec'",
        "from_unit": _ED, "sent_us": "at_us",
        "items_present": "count(*) OVER (PARTITION BY stay_id, charttime)",
    }, once="stay_id, charttime"),),
)  # fmt: skip


def _choose(known: Known, beside: Beside) -> Known:
    return _ICU_STAYS if known is _ICU and (beside.unit or "").lower() == "first_careunit" else known


MIMIC = Model(
    "mimic",
    "MIMIC",
    listed(
        _TRANSFERS,
        _ADMISSIONS,
        _PATIENTS,
        _ICU,
        _SERVICES,
        _ED_STAYS,
        _TRIAGE,
        _MEDRECON,
        *ORDERS,
        *FACTS,
    ),
    calendar="shifted",
    choose=_choose,
)
