"""Which measures the data at hand allows, and in words why not and what would help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from knitwork.measures.definition import NEEDS, Measure
from knitwork.model.units import CONTACT_KINDS, INPATIENT_KINDS, INTENSIVE_KINDS


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the data holds, over all feeds: is there any recorded end, any time of day, which kinds of units, and so on.

    `calendar`, `departures_recorded`: at least one feed has real dates, or records departures.
    """

    ends: bool
    times_of_day: bool
    kinds: frozenset[str]
    units: int
    calendar: bool
    departures_recorded: bool
    capacity: bool


def lacking(measure: Measure, inputs: Inputs) -> list[str]:
    """Return what the measure needs and the data does not have, in the order of its definition."""
    there = {
        "end": inputs.ends,
        "visit": True,
        "icu units": bool(inputs.kinds & INTENSIVE_KINDS),
        "ed units": "ed" in inputs.kinds,
        # A unit whose kind nobody knows may be a ward, but it does not show that there is one.
        "inpatient units": bool(inputs.kinds & (INPATIENT_KINDS - {"other"})),
        "clinic stays": bool(inputs.kinds & CONTACT_KINDS),
        "capacity": inputs.capacity,
        "departures recorded": inputs.departures_recorded,
        "times of day": inputs.times_of_day,
        "calendar": inputs.calendar,
        "two units": inputs.units > 1,
    }
    return [need for need in measure.needs if not there[need]]


def judge(measures: Iterable[Measure], inputs: Inputs) -> dict[str, tuple[bool, str, str]]:
    """Return for each measure whether it can be computed, else why not and what would unlock it.

    >>> from knitwork.measures.catalogue import measure
    >>> bare = Inputs(ends=True, times_of_day=True, kinds=frozenset({"ward"}), units=2, calendar=True,
    ...               departures_recorded=True, capacity=False)
    >>> judge([measure("occupancy")], bare)["occupancy"][1]
    "Not computed: no unit's capacity is known."
    """
    found = {}
    for measure in measures:
        missing = lacking(measure, inputs)
        if missing:
            why = "; ".join(NEEDS[need] for need in missing)
            found[measure.id] = (False, f"Not computed: {why}.", _unlock(measure, missing))
        else:
            found[measure.id] = (True, "", measure.unlock)
    return found


WAYS_OUT = {
    "icu units": "Say on the page of units which of them are intensive or coronary care.",
    "ed units": "Say on the page of units which of them are emergency departments.",
    "inpatient units": "Say on the page of units which of them are wards, intensive care or theatres.",
    "clinic stays": "Add the stays in practices, clinics and home care, and name their kind on the page of units.",
    "capacity": "Add the number of beds of each unit (column capacity of units.csv).",
    "departures recorded": "Add the time at which patients left each unit, and not a copy of the next arrival.",
    "end": "Add the time at which each stay ended.",
    "times of day": "Add the time of day to the dates of arrival and departure.",
    "calendar": "Load records with their real dates, inside the hospital, to see days and months.",
    "two units": "Add the stays in other units.",
}


def _unlock(measure: Measure, missing: list[str]) -> str:
    return " ".join(WAYS_OUT[need] for need in missing if need in WAYS_OUT) or measure.unlock
