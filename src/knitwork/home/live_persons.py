"""Whose number is it: the persons of the lake, and the links that messages brought since.

Links of messages are followed in the order in which they came. Where they contradict each other the next refresh, which
weighs the set of all links, may decide otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A number was given up for another (merge) or was not (unmerge); with a visit only that visit."""

    patient: str
    merged_into: str
    kind: str
    visit: str | None


class People:
    """Numbers and their persons. Holds no more than the lake's given-up numbers and the links since."""

    def __init__(self, persons: Mapping[str, str]) -> None:
        self._persons = persons
        self._moved: dict[tuple[str, str | None], str] = {}
        self._numbers: dict[str, set[str]] = {}
        for number, person in persons.items():
            self._numbers.setdefault(person, {person}).add(number)

    def of(self, number: str, visit: str | None = None) -> str:
        """Return the person whose number, or whose visit under this number, it is."""
        at, seen = number, {number}
        while True:
            moved = self._moved.get((at, visit)) if visit is not None else None
            # a number that was given back is its own person, whatever the lake says
            into = moved or self._moved.get((at, None)) or self._persons.get(at, at)
            if into in seen:
                return at
            seen.add(into)
            at = into

    def numbers(self, person: str) -> set[str]:
        """Return every number that is or was this person's."""
        return self._numbers.get(person, {person})

    def sides(self, link: Link) -> set[str]:
        """Return the persons on either side of a link as they are now."""
        return {self.of(link.patient, link.visit), self.of(link.merged_into, link.visit)}

    def take(self, link: Link) -> set[str]:
        """Follow a link; return the persons who gain or lose by it."""
        before = self.of(link.patient, link.visit)
        self._moved[link.patient, link.visit] = link.patient if link.kind == "unmerge" else link.merged_into
        after = self.of(link.patient, link.visit)
        both = self.numbers(before) | self.numbers(after) | {link.patient}
        self._numbers[before] = self._numbers[after] = both
        return {before, after}
