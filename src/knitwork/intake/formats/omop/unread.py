"""The tables of OMOP of which nothing is read, so that each is named with its rows and the reason."""

from __future__ import annotations

from knitwork.intake.formats.known_model import Known

_STAFF = "they are people, who are never rated"
_NO_WAY = "no unit, request or outcome is in them"
_DERIVED = "they were worked out from other tables"
_WORDS = "they name codes and say nothing of patients"

UNREAD = tuple(
    Known(table, needs, why=why)
    for table, needs, why in (
        ("provider", "provider_id provider_name specialty_concept_id", _STAFF),
        ("drug_exposure", "drug_exposure_id person_id drug_concept_id", _NO_WAY),
        ("device_exposure", "device_exposure_id person_id device_concept_id", _NO_WAY),
        ("specimen", "specimen_id person_id specimen_concept_id", _NO_WAY),
        ("note_nlp", "note_nlp_id note_id lexical_variant", _NO_WAY),
        ("payer_plan_period", "payer_plan_period_id person_id payer_plan_period_start_date", _NO_WAY),
        ("observation_period", "observation_period_id person_id observation_period_start_date", _NO_WAY),
        ("fact_relationship", "domain_concept_id_1 fact_id_1 domain_concept_id_2 fact_id_2", _NO_WAY),
        ("episode_event", "episode_id event_id episode_event_field_concept_id", _NO_WAY),
        ("condition_era", "condition_era_id person_id condition_concept_id", _DERIVED),
        ("drug_era", "drug_era_id person_id drug_concept_id", _DERIVED),
        ("dose_era", "dose_era_id person_id drug_concept_id", _DERIVED),
        ("cohort", "cohort_definition_id subject_id cohort_start_date", _DERIVED),
        ("cohort_definition", "cohort_definition_id cohort_definition_name", _DERIVED),
        ("cdm_source", "cdm_source_name cdm_source_abbreviation cdm_holder", "they describe the data set"),
        ("metadata", "metadata_concept_id metadata_type_concept_id name", "they describe the data set"),
        ("concept", "concept_id concept_name domain_id vocabulary_id concept_class_id", _WORDS),
        ("concept_ancestor", "ancestor_concept_id descendant_concept_id", _WORDS),
        ("concept_class", "concept_class_id concept_class_name", _WORDS),
        ("concept_relationship", "concept_id_1 concept_id_2 relationship_id", _WORDS),
        ("concept_synonym", "concept_id concept_synonym_name", _WORDS),
        ("domain", "domain_id domain_name domain_concept_id", _WORDS),
        ("drug_strength", "drug_concept_id ingredient_concept_id", _WORDS),
        ("relationship", "relationship_id relationship_name is_hierarchical", _WORDS),
        ("source_to_concept_map", "source_code source_concept_id source_vocabulary_id target_concept_id", _WORDS),
        ("vocabulary", "vocabulary_id vocabulary_name vocabulary_concept_id", _WORDS),
    )
)
