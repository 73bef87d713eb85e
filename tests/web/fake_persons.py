"""The invented system's patient links: one number was given up for another."""

from knitwork.home.linking import LinkState

GIVEN_UP = {"P-0017-OLD": "P-0017"}


class FakePersons:
    def person_of(self, number):
        return GIVEN_UP.get(number, number)

    def link_state(self):
        return LinkState(
            deliveries=1, taken=len(GIVEN_UP), rejected=0, given_up=len(GIVEN_UP), persons=len(GIVEN_UP), aside=0, waiting=0,
            feeds=("patient-links",),
        )  # fmt: skip
