"""Which numbers are one person: a pure function of the set of patient links, never of their order.

A link says that one number of a patient was given up for another (a merge), or that this was
undone (an unmerge). Links are weighed by their time, one without a time least of all; equal
times by the larger content hash, then the larger row.

- An unmerge undoes the merges of the same two numbers that are not later than it.
- Of the merges that are left the weightiest is taken first. One that would merge a number a
  second time, elsewhere, or close a circle with weightier ones, is set aside with the reason.
- A person is the number at the end: A into B and B into C make C the person of all three.
- A link that names a visit moves that visit alone, whatever becomes of the number. Of several the weightiest holds;
  where that one is undone the visit stays with its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Why a link counts for nothing, in words. No numbers of patients: lists of rejected rows are widely read.
ASIDE: dict[str, str] = {
    "merged_elsewhere": "a later link merges the same number into another one",
    "link_in_a_circle": "with later links it would close a circle, in which every number is given up for another",
    "unmerge_of_nothing": "no merge of these two numbers is known that is not later, so there is nothing to undo",
}


@dataclass(frozen=True, slots=True)
class PatientLink:
    """What one row said: `patient` was given up for `merged_into`, or, with kind `unmerge`, was not.

    `at_us` is when that was done, `extracted_us` when the delivery was made; both may be unknown. With a `visit` only
    that visit was moved to the other number. `came_us` is when a live message came, empty for a file.
    """

    patient: str
    merged_into: str
    kind: str = "merge"
    at_us: int | None = None
    feed: str = ""
    delivery: str = ""
    row: int = 0
    extracted_us: int | None = None
    visit: str | None = None
    came_us: int | None = None

    @property
    def time(self) -> float:
        """The source time in microseconds; without any, before all times."""
        known = self.extracted_us if self.at_us is None else self.at_us
        return float("-inf") if known is None else known

    @property
    def weight(self) -> tuple[float, str, int, str]:
        """What decides between links that contradict each other: the larger wins."""
        return self.time, self.delivery, self.row, self.feed


@dataclass(frozen=True)
class Persons:
    """The links that hold, by the number given up; each such number's person; and the links set aside, with why."""

    links: Mapping[str, PatientLink] = field(default_factory=dict)
    person: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[tuple[PatientLink, str], ...] = ()
    # The person to whom a visit of a number was moved, by number and visit.
    visits: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, number: str) -> str:
        """Return the person whose number this is.

        >>> persons([PatientLink("A", "B"), PatientLink("B", "C")]).of("A")
        'C'
        """
        return self.person.get(number, number)


def persons(links: Iterable[PatientLink]) -> Persons:
    """Work out the persons. Costs about 5 s for a million links, and their memory."""
    everything = list(links)
    told = [link for link in everything if link.visit is None]
    undone: dict[tuple[str, str], float] = {}
    first: dict[tuple[str, str], float] = {}
    for link in told:
        pair = link.patient, link.merged_into
        if link.kind == "unmerge":
            undone[pair] = max(undone.get(pair, float("-inf")), link.time)
        else:
            first[pair] = min(first.get(pair, float("inf")), link.time)
    aside = [
        (link, "unmerge_of_nothing")
        for link in told
        if link.kind == "unmerge" and first.get((link.patient, link.merged_into), float("inf")) > link.time
    ]
    standing = [
        link
        for link in told
        if link.kind != "unmerge"
        and not ((pair := (link.patient, link.merged_into)) in undone and link.time <= undone[pair])
    ]
    held: dict[str, PatientLink] = {}
    shortcut: dict[str, str] = {}
    for link in sorted(standing, key=lambda one: one.weight, reverse=True):
        known = held.get(link.patient)
        if known is not None:
            if known.merged_into != link.merged_into:
                aside.append((link, "merged_elsewhere"))
        elif _end(shortcut, link.merged_into) == link.patient:
            aside.append((link, "link_in_a_circle"))
        else:
            held[link.patient] = link
            shortcut[link.patient] = link.merged_into
    return Persons(
        dict(sorted(held.items())),
        {number: _end(shortcut, number) for number in sorted(held)},
        tuple(sorted(aside, key=lambda found: (found[0].delivery, found[0].feed, found[0].row))),
        _visits([link for link in everything if link.visit is not None], shortcut),
    )


def _visits(links: Iterable[PatientLink], shortcut: dict[str, str]) -> dict[tuple[str, str], str]:
    """Work out where single visits went: the weightiest word about each holds, followed from number to number."""
    last: dict[tuple[str, str], PatientLink] = {}
    for link in sorted(links, key=lambda one: one.weight):
        last[(link.patient, link.visit or "")] = link
    step = {key: link.merged_into for key, link in last.items() if link.kind != "unmerge"}
    found = {}
    for number, visit in sorted(step):
        at, seen = number, {number}
        while (at, visit) in step and step[(at, visit)] not in seen:
            at = step[(at, visit)]
            seen.add(at)
        found[(number, visit)] = _end(shortcut, at)
    return found


def _end(shortcut: dict[str, str], number: str) -> str:
    """Follow the links to their end, and remember the end for all numbers on the way."""
    end = number
    while end in shortcut:
        end = shortcut[end]
    while number in shortcut:
        shortcut[number], number = end, shortcut[number]
    return end
