"""Which numbers are one person: what the patient links of a generation say.

A person is known by one number, the root of the links between a patient's numbers. Only
numbers that were given up stand in the table `person`; every other number is its own person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row


def person_of(answers: Answers, number: str) -> str:
    """Return the number under which a person's records stand: itself unless it was given up."""
    if not answers.manifest.rows("person"):
        return number
    found = answers.rows("SELECT person FROM {person} WHERE patient = $number", number=number)
    return str(found[0]["person"]) if found else number


def links(answers: Answers, person: str | None = None) -> list[Row]:
    """List the numbers that were given up: patient, person, at_us (may be empty), feed, delivery and row.

    With `person`, which may be any of a person's numbers, only his or hers. Ordered by person and number.
    """
    if not answers.manifest.rows("person"):
        return []
    return answers.rows(
        """
        SELECT patient, person, merged_into, at_us, feed, delivery, row FROM {person}
        WHERE $person IS NULL OR person = $person ORDER BY person, patient
        """,
        person=None if person is None else person_of(answers, person),
    )
