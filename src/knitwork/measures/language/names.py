"""What an expression may speak of: the names that each kind of row has, and functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from knitwork.model.units import CONTACT_KINDS, INPATIENT_KINDS, INTENSIVE_KINDS, KINDS

Fact = Literal["stay", "handoff", "visit", "journey", "census"]
ValueType = Literal["yes or no", "number", "text", "moment"]

END_KINDS = ("recorded", "open", "inferred", "unknown")

# Lists of kinds that have a name, so that a definition cannot forget one of them.
KIND_SETS: dict[str, frozenset[str]] = {
    "intensive": INTENSIVE_KINDS,
    "inpatient": INPATIENT_KINDS,
    "contact": CONTACT_KINDS,
}


@dataclass(frozen=True, slots=True)
class Property:
    """One name: its type, the column that holds it, and for a moment which local parts are known.

    A moment `end` lives in the columns `end_us`, `end_day` and `end_hour`.
    """

    type: ValueType
    column: str
    parts: frozenset[str] = frozenset()
    choices: tuple[str, ...] = ()


def _moment(column: str, *parts: str) -> Property:
    return Property("moment", column, frozenset({"us", *parts}))


def _kind(column: str) -> Property:
    return Property("text", column, choices=KINDS)


PROPERTIES: dict[Fact, dict[str, Property]] = {
    "stay": {
        "stay.unit": Property("text", "unit"),
        "stay.kind": _kind("kind"),
        "stay.start": _moment("start", "day", "hour"),
        "stay.end": _moment("end", "day", "hour"),
        "stay.end_kind": Property("text", "end_kind", choices=END_KINDS),
        "stay.concurrent": Property("yes or no", "concurrent"),
        "stay.first": Property("yes or no", "first"),
        "stay.last": Property("yes or no", "last"),
        "stay.precise": Property("yes or no", "precise"),
        "prev.unit": Property("text", "prev_unit"),
        "prev.kind": _kind("prev_kind"),
        "next.unit": Property("text", "next_unit"),
        "next.kind": _kind("next_kind"),
        "next.start": _moment("next_start"),
    },
    "handoff": {
        "handoff.from_unit": Property("text", "from_unit"),
        "handoff.to_unit": Property("text", "to_unit"),
        "handoff.from_kind": _kind("from_kind"),
        "handoff.to_kind": _kind("to_kind"),
        "handoff.left": _moment("left", "day", "hour"),
        "handoff.arrived": _moment("arrived", "day", "hour"),
        "handoff.transit_s": Property("number", "transit_s"),
        "handoff.overlap_s": Property("number", "overlap_s"),
        "handoff.precise": Property("yes or no", "precise"),
    },
    "visit": {
        "visit.unit": Property("text", "unit"),
        "visit.kind": _kind("kind"),
        "visit.start": _moment("start"),
        "visit.end": _moment("end", "day", "hour"),
        "visit.is_last": Property("yes or no", "is_last"),
        "visit.last_kind": _kind("last_kind"),
        "visit.units": Property("number", "units"),
        "visit.handoffs": Property("number", "handoffs"),
        "visit.returns": Property("number", "returns"),
        "visit.gap_s": Property("number", "gap_s"),
        "visit.elapsed_s": Property("number", "elapsed_s"),
        "visit.inpatient": Property("yes or no", "inpatient"),
        "visit.precise": Property("yes or no", "precise"),
    },
    "journey": {
        "journey.unit": Property("text", "unit"),
        "journey.start": _moment("start"),
        "journey.end": _moment("end", "day"),
        "journey.closed": Property("yes or no", "closed"),
        "journey.visits": Property("number", "visits"),
        "journey.units": Property("number", "units"),
        "journey.handoffs": Property("number", "handoffs"),
    },
    "census": {
        "census.midnights": Property("number", "midnights"),
        "census.days": Property("number", "days"),
        "unit.capacity": Property("number", "capacity"),
    },
}

# Numbers that exist only when the results of all buckets are merged.
MERGED_NAMES = frozenset({"value", "baseline.p95"})

# function: (arguments, part of the moment that it reads, result). All take moments.
FUNCTIONS: dict[str, tuple[int, str]] = {
    "seconds": (2, "us"),
    "minutes": (2, "us"),
    "hours": (2, "us"),
    "days": (2, "us"),
    "cal_days": (2, "day"),
    "hour": (1, "hour"),
    "weekday": (1, "day"),
}

MICROSECONDS_IN: dict[str, int] = {
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
}

FOLLOWING_PARTS = frozenset({"us", "day"})


def following_column(kinds: frozenset[str] | None) -> str:
    """Return the column in which the start of a following stay is kept, without its ending.

    >>> following_column(None), following_column(frozenset({"icu", "ccu"})), following_column(frozenset({"ed"}))
    ('following_same_unit', 'following_intensive', 'following_ed')
    """
    if kinds is None:
        return "following_same_unit"
    if not kinds:
        return "following_any"
    for name, members in KIND_SETS.items():
        if kinds == members:
            return f"following_{name}"
    return "following_" + "_".join(sorted(kinds))
