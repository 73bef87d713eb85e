"""The tables of the OMOP common data model 5.3 and 5.4 that are read, and what their rows become.

In OMOP 0 is the concept that says nothing.
"""

from __future__ import annotations

from knitwork.intake.formats.known_model import Into, Known, Model, listed
from knitwork.intake.formats.omop.clinical import CLINICAL
from knitwork.intake.formats.omop.unread import UNREAD

# Visits and places by their concepts: what they are called in the OMOP vocabulary, and what such a unit is.
CONCEPTS: dict[str, tuple[str, str | None]] = {
    "9201": ("Inpatient Visit", "ward"),
    "9202": ("Outpatient Visit", "clinic"),
    "9203": ("Emergency Room Visit", "ed"),
    "262": ("Emergency Room and Inpatient Visit", None),
    "581476": ("Home Visit", "homecare"),
    "5083": ("Telehealth", "virtual"),
    "32037": ("Intensive Care", "icu"),
    "581379": ("Inpatient Critical Care Facility", "icu"),
    "8717": ("Inpatient Hospital", "ward"),
    "8756": ("Outpatient Hospital", "clinic"),
    "8870": ("Emergency Room - Hospital", "ed"),
    "8940": ("Office", "practice"),
    "8863": ("Skilled Nursing Facility", "snf"),
    "8546": ("Hospice", "hospice"),
}


def _of_concept(concept: str, part: int) -> str:
    """Return the SQL of the name (0) or the kind (1) of a concept, empty for one that is not known here."""
    cases = " ".join(f"WHEN '{number}' THEN '{one[part]}'" for number, one in CONCEPTS.items() if one[part])
    return f"CASE {concept} {cases} END"


def _unit(concept: str) -> str:
    return f"coalesce('care_site/' || nullif(care_site_id, '0'), 'visit/' || nullif({concept}, '0'))"


def _place(concept: str) -> Into:
    """Name the units that are kinds of visits."""
    return Into(
        "landed_place",
        {"place": f"'visit/' || {concept}", "name": _of_concept(concept, 0), "kind": _of_concept(concept, 1)},
        f"nullif(care_site_id, '0') IS NULL AND {_of_concept(concept, 0)} IS NOT NULL",
        once=concept,
    )


_DETAIL = Known(
    "visit_detail",
    "visit_detail_id person_id visit_detail_concept_id visit_detail_start_date visit_detail_end_date visit_occurrence_id",
    "visit_detail_start_datetime visit_detail_end_datetime care_site_id provider_id",
    must={"patient": "person_id", "number": "visit_detail_id", "unit": _unit("visit_detail_concept_id")},
    moments={
        "start": "coalesce(visit_detail_start_datetime, visit_detail_start_date)",
        "end": "coalesce(visit_detail_end_datetime, visit_detail_end_date)",
    },
    into=(
        Into("landed", {
            "patient": "person_id", "unit": _unit("visit_detail_concept_id"), "visit": "visit_occurrence_id",
            "record": "'visit_detail/' || visit_detail_id",
        }),
        Into("landed_duty", {
            "duty": "'visit_detail/' || visit_detail_id || '/provider'", "patient": "person_id", "staff": "provider_id",
            "role": "'attending'", "unit": _unit("visit_detail_concept_id"), "visit": "visit_occurrence_id",
            "start_us": "start_us", "end_us": "stay_end_us",
        }, "nullif(provider_id, '0') IS NOT NULL"),
        Into("landed_part", {
            "patient": "person_id", "visit": "visit_occurrence_id",
            "record": "'visit_occurrence/' || visit_occurrence_id",
        }, "visit_occurrence_id IS NOT NULL"),
        _place("visit_detail_concept_id"),
    ),
)  # fmt: skip

_START = "coalesce(visit_start_datetime, visit_start_date)"
_END = "coalesce(visit_end_datetime, visit_end_date)"
_SPELL = {"patient": "person_id", "visit": "visit_occurrence_id"}
_LEFT = "coalesce(discharged_to_concept_id, discharge_to_concept_id)"
_PLACED = _unit("visit_concept_id")
_VISIT = Known(
    "visit_occurrence",
    "visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date",
    "visit_start_datetime visit_end_datetime care_site_id provider_id discharged_to_concept_id discharge_to_concept_id",
    must={"patient": "person_id", "number": "visit_occurrence_id"},
    moments={"start": _START, "end": _END},
    into=(
        Into("landed", _SPELL | {
            "unit": _PLACED, "record": "'visit_occurrence/' || visit_occurrence_id", "whole": "true",
        }, f"{_PLACED} IS NOT NULL"),
        Into("landed_event", _SPELL | {
            "event": "'visit_occurrence/' || visit_occurrence_id || '/start'", "type": "'arrive'", "at_us": "start_us",
            "precision": "start_precision", "code": "visit_concept_id",
        }),
        Into("landed_event", _SPELL | {
            "event": "'visit_occurrence/' || visit_occurrence_id || '/end'", "type": "'discharge'",
            "at_us": "stay_end_us", "precision": "end_precision", "code": f"nullif({_LEFT}, '0')",
        }, "stay_end_us IS NOT NULL"),
        _place("visit_concept_id"),
    ),
    doubts=((
        f"{_PLACED} IS NULL", "visit names no place, and is a stay only by its details",
        "visits name no place, and are stays only by their details",
    ),),
    note="visit_occurrence was read as arrivals, discharges and stays; where visit_detail tells of a visit, its details "
    "are the stays",
)  # fmt: skip

_CARE_SITE = Known(
    "care_site",
    "care_site_id care_site_name place_of_service_concept_id location_id",
    "care_site_source_value",
    must={"number": "care_site_id"},
    into=(Into("landed_place", {
        "place": "'care_site/' || care_site_id", "name": "coalesce(care_site_name, care_site_source_value)",
        "parent": "'location/' || nullif(location_id, '0')", "kind": _of_concept("place_of_service_concept_id", 1),
    }),),
)  # fmt: skip

# Patients live at locations too: only the town is read, never an address.
_LOCATION = Known(
    "location",
    "location_id address_1 city state zip",
    "county",
    must={"number": "location_id"},
    into=(Into("landed_place", {
        "place": "'location/' || location_id", "name": "coalesce(city, county, state)", "form": "'site'",
    }, "coalesce(city, county, state) IS NOT NULL"),),
    why="they name no town",
)  # fmt: skip


OMOP = Model(
    "omop",
    "the OMOP common data model",
    listed(_DETAIL, _VISIT, _CARE_SITE, _LOCATION, *CLINICAL, *UNREAD),
)
