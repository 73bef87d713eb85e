"""The tables of MIMIC in which one asks and another answers: orders, beds asked for, drugs given."""

from __future__ import annotations

from knitwork.intake.formats.known_model import Into, Known

_WHO = {"patient": "subject_id", "visit": "hadm_id"}

# What an order is, by its type; the others are of kind other.
_KINDS = {
    "Lab": "lab", "Radiology": "imaging", "Medications": "pharmacy", "IV therapy": "pharmacy", "TPN": "pharmacy",
    "Blood Bank": "lab", "Nutrition": "diet", "Consults": "consult", "ADT orders": "transfer",
}  # fmt: skip
_KIND = "CASE order_type " + " ".join(f"WHEN '{t}' THEN '{k}'" for t, k in _KINDS.items()) + " ELSE 'other' END"
# What stands until it is stopped has been done when another order stops it; what is done once was then called off.
_STANDING = "order_type IN ('Medications', 'IV therapy', 'TPN', 'Nutrition', 'Respiratory', 'General Care')"
_STOPS = "transaction_type = 'D/C' AND discontinue_of_poe_id IS NOT NULL"

_POE = Known(
    "poe",
    "poe_id subject_id hadm_id ordertime order_type transaction_type discontinue_of_poe_id",
    "order_subtype",
    must={"patient": "subject_id", "number": "poe_id", "time": "ordertime"},
    moments={"asked": "ordertime"},
    into=(
        Into("landed_request", _WHO | {
            "request": "'poe/' || poe_id", "kind": _KIND, "code": "order_subtype", "requested_us": "asked_us",
            "state": "'open'", "said_us": "asked_us",
        }, f"NOT coalesce({_STOPS}, false)"),
        Into("landed_request", _WHO | {
            "request": "'poe/' || discontinue_of_poe_id", "closed_us": "asked_us",
            "state": f"CASE WHEN {_STANDING} THEN 'done' ELSE 'cancelled' END", "said_us": "asked_us",
        }, _STOPS),
    ),
)  # fmt: skip

_PHARMACY = Known(
    "pharmacy",
    "subject_id hadm_id pharmacy_id starttime stoptime medication entertime verifiedtime",
    must={"patient": "subject_id", "number": "pharmacy_id", "time": "entertime"},
    moments={"asked": "entertime", "verified": "verifiedtime", "started": "starttime", "stopped": "stoptime"},
    into=(Into("landed_request", _WHO | {
        "request": "'pharmacy/' || pharmacy_id", "kind": "'pharmacy'", "code": "medication",
        "requested_us": "asked_us", "accepted_us": "verified_us", "started_us": "started_us", "done_us": "stopped_us",
        "state": "CASE WHEN stopped_us IS NULL THEN 'open' ELSE 'done' END",
    }),),
)  # fmt: skip

_EMAR = Known(
    "emar",
    "subject_id hadm_id emar_id charttime medication event_txt scheduletime storetime",
    must={"patient": "subject_id", "number": "emar_id", "time": "charttime"},
    moments={"given": "charttime", "stored": "storetime"},
    into=(Into("landed_event", _WHO | {
        "event": "'emar/' || emar_id", "type": "'med_given'", "at_us": "given_us", "precision": "given_precision",
        "recorded_us": "stored_us", "code": "medication",
    }, "event_txt IN ('Administered', 'Delayed Administered', 'Partial Administered', 'Administered in Other Location',"
       " 'Administered Bolus from IV Drip', 'Started', 'Started in Other Location')"),),
    why="no drug was given",
)  # fmt: skip


def _place(careunit: str, ward: str) -> str:
    """Return the SQL of a unit, or of a ward by its number; 0 is home and 1 the first that is free."""
    return f"coalesce({careunit}, CASE WHEN {ward} NOT IN ('0', '1') THEN 'Ward ' || {ward} END)"


_CALLOUT = Known(
    "callout",
    "row_id subject_id hadm_id curr_careunit callout_wardid discharge_wardid callout_outcome createtime outcometime",
    "submit_careunit curr_wardid updatetime acknowledgetime firstreservationtime",
    must={"patient": "subject_id", "number": "row_id", "time": "createtime"},
    moments={
        "asked": "createtime", "said": "updatetime", "accepted": "acknowledgetime", "reserved": "firstreservationtime",
        "closed": "outcometime",
    },
    into=(Into("landed_request", _WHO | {
        "request": "'callout/' || row_id", "kind": "'transfer'",
        "from_unit": _place("coalesce(submit_careunit, curr_careunit)", "curr_wardid"),
        "to_unit": _place("NULL", "coalesce(nullif(nullif(discharge_wardid, '0'), '1'), callout_wardid)"),
        "requested_us": "asked_us", "accepted_us": "accepted_us", "scheduled_us": "reserved_us",
        "done_us": "CASE WHEN callout_outcome = 'Discharged' THEN closed_us END", "closed_us": "closed_us",
        "state": "CASE callout_outcome WHEN 'Discharged' THEN 'done' WHEN 'Cancelled' THEN 'cancelled' ELSE 'open' END",
        "said_us": "said_us",
    }),),
)  # fmt: skip

ORDERS = (_POE, _PHARMACY, _EMAR, _CALLOUT)
