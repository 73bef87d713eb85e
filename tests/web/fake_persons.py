"""The invented system's patient links: one number was given up for another."""

from collections.abc import Mapping
from types import MappingProxyType

from knitwork.home.linking import LinkState

GIVEN_UP = {"P-0017-OLD": "P-0017", "HS/42": "P-0042"}
# 5 October 2026, 14:00 in Amsterdam.
LINKED_US = 1_791_201_600_000_000


class FakePersons:
    """The answers of `knitwork.home.linking`; `given_up`, from each number to its person, may be changed by a test."""

    given_up: Mapping[str, str] = MappingProxyType(GIVEN_UP)

    def person_of(self, number):
        return self.given_up.get(number, number)

    def links(self, person=None):
        wanted = None if person is None else self.person_of(person)
        return [
            {"patient": number, "person": whose, "merged_into": whose, "at_us": LINKED_US if "OLD" not in number else None,
             "feed": "patient-links", "delivery": "links", "row": row}
            for row, (number, whose) in enumerate(self.given_up.items(), start=1) if wanted in (None, whose)
        ]  # fmt: skip

    def link_state(self):
        return LinkState(
            deliveries=1, taken=len(GIVEN_UP), rejected=0, given_up=len(GIVEN_UP), persons=len(set(GIVEN_UP.values())), aside=0, waiting=0,
            feeds=("patient-links",),
        )  # fmt: skip
