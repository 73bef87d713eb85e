"""Which numbers are one person: what the patient links of a generation say.

A person is known by one number, the root of the links between a patient's numbers. Only
numbers that were given up stand in the table `person`; every other number is its own person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from knitwork.home.answers import Answers, Row


@dataclass(frozen=True, slots=True)
class LinkState:
    """What is known of patient links: how many came, and what they mean together.

    `taken` links came, of which `waiting` are newer than the derived tables; by the others `given_up`
    numbers belong to `persons` persons, and `aside` links are set aside. `feeds` brought links and no stays.
    """

    deliveries: int
    taken: int
    rejected: int
    given_up: int
    persons: int
    aside: int
    waiting: int
    feeds: tuple[str, ...]


def only_links(delivery: Mapping[str, Any]) -> bool:
    """Say whether a delivery, as the manifest tells of it, brought patient links and nothing else."""
    return str(delivery.get("kind", "stays")) == "links"


def link_state(answers: Answers) -> LinkState:
    """Count what came of patient links and what they mean."""
    manifest = answers.manifest
    mine = [d for d in manifest.landed.values() if only_links(d)]
    persons = 0
    if manifest.rows("person"):
        persons = int(answers.one("SELECT count(DISTINCT person) AS n FROM {person}")["n"])
    stays = {str(d["feed"]) for d in manifest.landed.values() if not only_links(d)}
    return LinkState(
        deliveries=len(mine),
        taken=sum(d["taken"] for d in mine),
        rejected=sum(d["rejected"] for d in mine),
        given_up=manifest.rows("person"),
        persons=persons,
        aside=manifest.rows("link_reject"),
        waiting=sum(f.rows for f in manifest.of("patient_link") if f.name not in manifest.links),
        feeds=tuple(sorted({str(d["feed"]) for d in mine} - stays)),
    )


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
