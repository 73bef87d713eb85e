"""Notes of a load in the reader's language: what the readers of the formats write in English is known by its shape."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from knitwork.intake.formats.mimic.tables import MIMIC
from knitwork.intake.formats.omop.tables import OMOP
from knitwork.intake.formats.synthea.tables import SYNTHEA
from knitwork.web import note_shapes, notes

# As the data sets that others published make the readers write them.
NOTED = (
    "1 row has the activity 'Trage', likely a misspelling of 'Triage' (row 13)",
    "2 rows have the activity 'registration', elsewhere it is written 'Registration' (rows 1, 1,204)",
    "1 row has an activity that is no word (row 49)",
    "2 rows do not say who did it (rows 49, 50)",
    "1 row does not say 'triagecode' (row 6)",
    "7 rows repeat patient, activity and time of another (rows 5,170, 5,252, 5,254, 6,061, 6,062, ...)",
    "2 cases have three activities entered within 5 seconds, as from a form (rows 27, 43)",
    "55 of 1,049 cases begin with something other than 'ER Registration': they may be incomplete",
    "10 of 22 cases have one activity only: they may be incomplete",
    "179 cases have an unusual order, such as 'Admission NC' before 'Leucocytes', which in the other 795 come the other "
    "way round (row 6,094)",
    "1 case has 'Treatment evaluation' without 'Treatment', which 5 of 6 have (row 44)",
    "3 people are with two patients at once (rows 18, 22, 23, 43)",
    "1 row has 'Registration' by a Nurse, which nearly always a Clerk does (row 28)",
    "7 rows have a 'triagecode' outside 1 to 5 (rows 44, 45, 46, 47, 48, ...)",
    "15,190 rows are events with one time only: how long each took is not known",
    "breaches is counted of attendances",
    "ENGLAND is the sum of the other units: it is not taken beside them",
    "30% or more of the death times are exactly midnight: they are taken as dates without a time of day",
    "concept: 2,294 rows are not taken: they name codes and say nothing of patients",
    "transfers: 275 rows have no unit: they are discharges and events",
    "encounters still going on: 1",
    "12 live messages: results in words are not read",
    "1 record was taken in part and counts as taken: what was set aside stands in rejects",
    "4 records were taken in part and count as taken: what was set aside stands in rejects",
    "1 deletion took back the record it names",
    "3 deletions took back theirs",
    "1 deletion names a record that no entry here holds and could not be followed: send it as entered-in-error",
    "of QuestionnaireResponse records not taken: 5 answers that are neither a number nor a code, such as dates and words",
    "5 messages: the number (MSH-10) is that of an earlier message with other content; each was taken by itself",
    "2 live messages: an account of one patient got another number: that is not followed",
)
ENGLISH = re.compile(r"\b(the|rows?|cases?|have|has|with|which|are|is not|they|events)\b")


@pytest.mark.parametrize("note", NOTED)
def test_a_note_is_a_sentence_in_english_and_in_dutch(note):
    with translation.override("en-gb"):
        english = notes.told(note)
    with translation.override("nl"):
        dutch = notes.told(note)

    assert english.endswith(".")
    assert english != dutch
    own = re.sub(r"“[^”]*”", "", dutch)  # what the source calls things stays as it came
    assert not ENGLISH.search(own), dutch


def test_numbers_are_written_as_the_reader_writes_them():
    with translation.override("nl"):
        assert notes.told("1,234 rows are events with one time only: how long each took is not known").startswith(
            "1.234"
        )


def test_a_note_of_an_unknown_shape_stands_as_it_was_written():
    with translation.override("nl"):
        assert notes.told("something new was noticed") == "Something new was noticed."


def test_every_reason_for_leaving_a_table_out_is_known():
    reasons = {known.why for model in (MIMIC, OMOP, SYNTHEA) for known in model.tables.values()}

    assert reasons <= note_shapes.LEFT_OUT.keys()
