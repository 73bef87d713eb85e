"""Compare numbers and words, and keep what differs with its place."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.case import number

# Two numbers this near nought are both nought: the rule of the oracles' own notes.
NEAR_NOUGHT = 1e-12

Said = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same: in which column, at which point, ours and theirs."""

    what: str
    where: str
    ours: Said
    theirs: Said


@dataclass(slots=True)
class Compared:
    """What has been compared in one case. A class because a case is compared value by value, and each is counted.

    `excused` are columns that a defect of the other tool touches, with the defect's code; `places` narrows it to points.
    """

    rel_tol: float
    points: int = 0
    values: int = 0
    differences: list[Difference] = field(default_factory=list)
    excused: list[tuple[str, frozenset[str], frozenset[str] | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def number(
        self, what: str, where: object, ours: float | None, theirs: str | float | None, *, rel_tol: float | None = None
    ) -> None:
        """Compare two numbers within the tolerance of the case, or a given one; nothing equals nothing."""
        self.values += 1
        wanted = number(theirs) if isinstance(theirs, str) else theirs
        if not _close(ours, wanted, self.rel_tol if rel_tol is None else max(rel_tol, self.rel_tol)):
            self.differences.append(Difference(what, str(where), ours, wanted))

    def same(self, what: str, where: object, ours: Said, theirs: Said) -> None:
        """Compare two words, or yes and no."""
        self.values += 1
        if ours != theirs:
            self.differences.append(Difference(what, str(where), ours, theirs))

    def row(self) -> None:
        """Count a point."""
        self.points += 1

    def excuse(self, code: str, columns: Iterable[str], places: Iterable[object] | None = None) -> None:
        """Say that a defect of the other tool may change these columns, at these points only where they are given."""
        narrowed = None if places is None else frozenset(map(str, places))
        self.excused.append((code, frozenset(columns), narrowed))

    def reason_of(self, one: Difference) -> str | None:
        """Return the code of the defect that explains a difference."""
        for code, columns, places in self.excused:
            if one.what in columns and (places is None or one.where in places):
                return code
        return None

    @property
    def unexplained(self) -> list[Difference]:
        """Return the differences that no named defect explains."""
        return [one for one in self.differences if self.reason_of(one) is None]

    @property
    def reasons(self) -> list[str]:
        """Return the codes of the defects that explain differences here."""
        return list(dict.fromkeys(code for one in self.differences if (code := self.reason_of(one)) is not None))


def _close(ours: float | None, theirs: float | None, rel_tol: float) -> bool:
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return math.isclose(ours, theirs, rel_tol=rel_tol, abs_tol=NEAR_NOUGHT)


def told(differences: list[Difference]) -> str:
    """Say what differs in one sentence: the first difference of each column, and how many more there are."""
    many = Counter(one.what for one in differences)
    first = {one.what: one for one in reversed(differences)}
    parts = []
    for what, count in many.items():
        one = first[what]
        more = f" and {count - 1} more" if count > 1 else ""
        parts.append(f"{what} at {one.where}: {_said(one.ours)} here, {_said(one.theirs)} there{more}")
    return "; ".join(parts[:6]) + ("; and more columns" if len(parts) > 6 else "")


def _said(value: Said) -> str:
    if value is None:
        return "nothing"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
