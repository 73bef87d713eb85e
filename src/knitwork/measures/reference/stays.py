"""Stays as the reference evaluator holds them: their order, their ends, and their merging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knitwork.model.units import BESIDE_RANK, Registry

Row = dict[str, object]
FOREVER_US = 2**62
_CERTAINTY = {"recorded": 3, "inferred": 2, "open": 1, "unknown": 0}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a home may set: the longest gaps in a visit and a journey, its zone, its shifted feeds."""

    visit_gap_hours: int = 24
    journey_gap_days: int = 30
    tz: str = "UTC"
    shifted_feeds: frozenset[str] = frozenset()


@dataclass(slots=True)
class Stay:
    """One stay as it came, or several of one unit merged."""

    patient: str
    unit: str
    start: int
    end: int | None
    end_kind: str
    feed: str
    precise: bool
    kind: str
    tz: str
    given: str | None = None
    visit: str = ""
    journey: str = ""
    concurrent: bool = False

    @property
    def order(self) -> tuple[int, int, str]:
        return (self.start, FOREVER_US if self.end is None else self.end, self.unit)

    @property
    def reach(self) -> int:
        """How far the stay is known to run."""
        return self.start if self.end is None else self.end

    @property
    def finality(self) -> tuple[int, int]:
        """What makes an end later than another: a missing end is latest, and a recorded one beats an inferred."""
        return (FOREVER_US if self.end is None else self.end, _CERTAINTY[self.end_kind])

    def covers(self, at: int) -> bool:
        """Say whether the patient is known to have been there at `at`, and stayed on."""
        return self.start <= at < (FOREVER_US if self.end_kind == "open" else self.reach)


@dataclass(slots=True)
class Node:
    """One patient's unbroken time in one unit of a level."""

    unit: str
    stays: list[Stay]

    @property
    def first(self) -> Stay:
        return self.stays[0]

    @property
    def last(self) -> Stay:
        return self.stays[-1]

    @property
    def ending(self) -> Stay:
        """The stay whose end is the node's."""
        return max(self.stays, key=lambda s: s.finality)

    @property
    def precise(self) -> bool:
        return all(s.precise for s in self.stays)


def read_stay(row: Row, registry: Registry, rules: Settings) -> Stay:
    unit = registry.get(str(row["unit"]))
    if unit is None:
        raise KeyError(row["unit"])
    end = row.get("end_us")
    return Stay(
        patient=str(row["patient"]),
        unit=unit.unit,
        start=int(str(row["start_us"])),
        end=None if end is None else int(str(end)),
        end_kind=str(row.get("end_kind") or ("unknown" if end is None else "recorded")),
        feed=str(row.get("feed") or ""),
        precise=row.get("precision", "s") != "d",
        kind=unit.kind,
        tz=unit.tz or rules.tz,
        given=None if row.get("visit") is None else str(row["visit"]),
    )


def merged(stays: Sequence[Stay]) -> list[Stay]:
    """Merge the stays of one visit that overlap or touch in the same unit, one after the other."""
    done: list[Stay] = []
    for unit in sorted({s.unit for s in stays}):
        group: list[Stay] = []
        for stay in sorted((s for s in stays if s.unit == unit), key=lambda s: s.order):
            if group and stay.start > max(s.reach for s in group):
                done.append(_joined(group))
                group = []
            group.append(stay)
        done.append(_joined(group))
    return sorted(done, key=lambda s: s.order)


def _joined(group: list[Stay]) -> Stay:
    one, ending = group[0], max(group, key=lambda s: s.finality)
    return replace(
        one, end=ending.end, end_kind=ending.end_kind, feed=group[-1].feed, precise=all(s.precise for s in group)
    )


def ended(stays: list[Stay]) -> None:
    """Say of each missing end whether it can be inferred, is still to come, or is unknown.

    Of one that the source calls unknown the patient has left, and it is not still to come.

    A stay that may run beside this one (a blood test during a ward stay) says nothing of its end.
    """
    for i, stay in enumerate(stays):
        if stay.end_kind not in ("open", "missing", "unknown"):
            continue
        following = [
            s.start for s in stays[i + 1 :] if _tells(s, stay) and s.given is not None and s.given == stay.given
        ]
        if following:
            stay.end, stay.end_kind = following[0], "inferred"
        else:
            gone = stay.end_kind == "unknown" or any(s.start > stay.start and _tells(s, stay) for s in stays)
            stay.end, stay.end_kind = None, "unknown" if gone else "open"


def _tells(other: Stay, stay: Stay) -> bool:
    """Say whether `other` cannot have run beside `stay`, and so tells that it had ended."""
    return BESIDE_RANK.get(other.kind, 0) <= BESIDE_RANK.get(stay.kind, 0)
