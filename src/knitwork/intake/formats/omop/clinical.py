"""The tables of OMOP that say something of a patient in codes and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from knitwork.intake.formats.known_model import BORN, Into, Known, birth, day_of_birth

_WHO = {"patient": "person_id", "visit": "visit_occurrence_id"}


def _said(concept: str, source: str) -> dict[str, str]:
    """Return the code: the concept, or the source's own value where no concept was found for it."""
    known = f"nullif({concept}, '0')"
    return {
        "code": f"coalesce({known}, {source})",
        "code_system": f"CASE WHEN {known} IS NOT NULL THEN 'OMOP' WHEN {source} IS NOT NULL THEN 'source' END",
    }


def _facts(
    table: str,
    kind: str,
    day: str,
    clock: str,
    *,
    reads: str = "",
    number: str = "",
    more: Mapping[str, str] | None = None,
) -> Known:
    """Define a table of facts by the usual names of its columns."""
    what = table.removesuffix("_occurrence")
    said = _said(f"{what}_concept_id", f"{what}_source_value")
    return Known(
        table,
        f"{table}_id person_id {what}_concept_id {day}",
        f"{clock} {what}_source_value visit_occurrence_id {number} {reads}",
        must={"patient": "person_id", "number": f"{table}_id", "code": said["code"], "time": f"coalesce({clock}, {day})"},
        moments={"at": f"coalesce({clock}, {day})"},
        numbers={"value": number} if number else {},
        into=(Into("landed_fact", _WHO | said | {
            "fact": f"'{table}/' || {table}_id", "kind": kind, "at_us": "at_us", "precision": "at_precision",
        } | dict(more or {})),),
    )  # fmt: skip


_VALUE = {
    "value": "value_num",
    "value_unit": "coalesce(unit_source_value, nullif(unit_concept_id, '0'))",
    "value_code": "nullif(value_as_concept_id, '0')",
}
_CONDITION = _facts("condition_occurrence", "'diagnosis'", "condition_start_date", "condition_start_datetime")
_PROCEDURE = _facts("procedure_occurrence", "'procedure'", "procedure_date", "procedure_datetime")
_MEASUREMENT = _facts(
    "measurement", "'lab'", "measurement_date", "measurement_datetime", number="value_as_number",
    reads="value_as_concept_id unit_source_value unit_concept_id", more=_VALUE,
)  # fmt: skip
_OBSERVATION = _facts(
    "observation", "CASE WHEN value_num IS NULL THEN 'flag' ELSE 'score' END", "observation_date",
    "observation_datetime", number="value_as_number", reads="value_as_concept_id unit_source_value unit_concept_id",
    more=_VALUE,
)  # fmt: skip

_DEATH = Known(
    "death",
    "person_id death_date death_type_concept_id",
    "death_datetime cause_concept_id",
    must={"patient": "person_id", "time": "coalesce(death_datetime, death_date)"},
    moments={"died": "coalesce(death_datetime, death_date)"},
    into=(Into("landed_event", {
        "event": "'death/' || md5(person_id)", "patient": "person_id", "type": "'death'", "at_us": "died_us",
        "precision": "died_precision", "code": "nullif(cause_concept_id, '0')",
    }),),
)  # fmt: skip

# A year or a month of birth is no day before which nothing can be.
_Y, _M, _D = (f"try_cast(try_cast({part}_of_birth AS DOUBLE) AS INTEGER)" for part in ("year", "month", "day"))
_BIRTHDAY = f"CASE WHEN ({_Y} + {_M} + {_D}) IS NOT NULL THEN printf('%04d-%02d-%02d', {_Y}, {_M}, {_D}) END"
_PERSON = Known(
    "person",
    "person_id gender_concept_id year_of_birth race_concept_id",
    "month_of_birth day_of_birth birth_datetime",
    must={"patient": "person_id"},
    moments={BORN: day_of_birth(f"coalesce(birth_datetime, {_BIRTHDAY})")},
    into=(birth("person_id"),),
    why="of persons only the day of birth is read",
)

_NOTE = Known(
    "note",
    "note_id person_id note_date note_type_concept_id note_text",
    "note_datetime note_class_concept_id visit_occurrence_id",
    must={"patient": "person_id", "number": "note_id", "time": "coalesce(note_datetime, note_date)"},
    moments={"sent": "coalesce(note_datetime, note_date)"},
    into=(Into("landed_message", _WHO | {
        "message": "'note/' || note_id", "sent_us": "sent_us",
        # 44814637 is a discharge summary.
        "kind": "CASE WHEN '44814637' IN (note_type_concept_id, coalesce(note_class_concept_id, '')) "
                "THEN 'discharge_summary' ELSE 'other' END",
    }),),
    note="notes have no receiver, and their text is not read",
)  # fmt: skip

_EPISODE = Known(
    "episode",
    "episode_id person_id episode_concept_id episode_start_date",
    "episode_start_datetime episode_end_date episode_end_datetime",
    must={"patient": "person_id", "number": "episode_id", "time": "coalesce(episode_start_datetime, episode_start_date)"},
    moments={
        "begun": "coalesce(episode_start_datetime, episode_start_date)",
        "over": "coalesce(episode_end_datetime, episode_end_date)",
    },
    into=tuple(
        Into("landed_event", {
            "event": f"'episode/' || episode_id || '/{word}'", "patient": "person_id", "type": f"'episode_{word}'",
            "at_us": f"{moment}_us", "precision": f"{moment}_precision", "code": "nullif(episode_concept_id, '0')",
        }, f"{moment}_us IS NOT NULL")
        for word, moment in (("start", "begun"), ("end", "over"))
    ),
)  # fmt: skip

# A cost names the record that it is of, in any of a dozen tables; it can be read where it names the person too.
_AMOUNTS = ("total_charge", "total_cost", "total_paid")
_COST = Known(
    "cost",
    "cost_id cost_event_id cost_domain_id total_charge total_cost total_paid",
    "person_id currency_concept_id",
    numbers={amount.removeprefix("total_"): amount for amount in _AMOUNTS},
    into=tuple(
        Into("landed_fact", {
            "fact": f"'cost/' || cost_id || '/{amount}'", "patient": "person_id", "kind": "'cost'",
            "code": f"'{amount}'", "code_system": "'OMOP'", "value": f"{amount.removeprefix('total_')}_num",
            # 44818668 is the US dollar.
            "value_unit": "CASE currency_concept_id WHEN '44818668' THEN 'USD' ELSE nullif(currency_concept_id, '0') END",
        }, f"person_id IS NOT NULL AND {amount.removeprefix('total_')}_num IS NOT NULL")
        for amount in _AMOUNTS
    ),
    why="they name no person, or no amount",
)  # fmt: skip

CLINICAL = (_CONDITION, _PROCEDURE, _MEASUREMENT, _OBSERVATION, _PERSON, _DEATH, _NOTE, _EPISODE, _COST)
