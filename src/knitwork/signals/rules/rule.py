"""A rule as data: what it looks for, with every constant named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from knitwork.model.errors import BadDefinition

Kind = Literal[
    "beyond",
    "run",
    "trend",
    "zone",
    "within",
    "outside",
    "alternating",
    "longest_run",
    "few_crossings",
    "few_runs",
    "many_runs",
]
Ties = Literal["skip", "break"]
Marks = Literal["whole", "matching", "completing"]
Method = Literal["anhoej", "best_box", "cut_box"]

# Rules that speak of the whole series: they have no side and mark no point.
OF_THE_WHOLE = frozenset({"few_crossings", "few_runs", "many_runs"})
# Rules that need limits; on a run chart they stay silent.
NEED_LIMITS = frozenset({"beyond", "zone", "within", "outside"})
LONGEST = 1000
# Fewer points than these make no such pattern.
SHORTEST = {"trend": 2, "alternating": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, fit to be stored.

    `length` is how many points in a row it looks at, `count` how many of them must show it (all where not given), and
    `sigmas` how far out. `ties` says what a point on the centre line, or in a trend a point equal to the one before,
    does: it is passed over (`skip`) or ends the pattern (`break`). `marks` says which points are coloured: the `whole`
    pattern, the points of it that are `matching`, or those that are `completing` it. `same_side` asks that all points of
    a zone rule lie on one side of the centre, `both_sides` that those of an outside rule lie on both; `within_limits`
    leaves points beyond three sigmas out of a zone rule.
    `method` names the critical values of the runs rules.
    """

    name: str
    kind: Kind
    length: int = 1
    count: int | None = None
    sigmas: float = 3.0
    ties: Ties = "skip"
    marks: Marks = "whole"
    same_side: bool = False
    within_limits: bool = False
    both_sides: bool = False
    method: Method = "anhoej"

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, get_args(Kind))
        _one_of("ties", self.ties, get_args(Ties))
        _one_of("marks", self.marks, get_args(Marks))
        _one_of("method", self.method, get_args(Method))
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise BadDefinition(f"a rule's name is {self.name!r}: give one word, such as shift_8")
        if type(self.length) is not int or not 1 <= self.length <= LONGEST:
            raise BadDefinition(f"the rule {self.name} has the length {self.length!r}: give 1 to {LONGEST} points")
        if self.length < SHORTEST.get(self.kind, 1):
            raise BadDefinition(
                f"the rule {self.name} looks at {self.length} points and one of its kind needs {SHORTEST[self.kind]}: "
                "give a greater length"
            )
        if self.count is not None and (type(self.count) is not int or not 1 <= self.count <= self.length):
            raise BadDefinition(
                f"the rule {self.name} asks for {self.count!r} of {self.length} points: give 1 to {self.length}"
            )
        if not isinstance(self.sigmas, (int, float)) or not 0 < self.sigmas < 100:
            raise BadDefinition(f"the rule {self.name} looks {self.sigmas!r} sigmas out: give a number above 0")

    @property
    def least(self) -> int:
        """Return how many points of the pattern must show it."""
        return self.length if self.count is None else self.count

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Rule:
        """Read a rule from plain values; fields left out take their defaults."""
        known = [field.name for field in fields(cls)]
        for name in plain:
            if name not in known:
                raise BadDefinition(f"a rule has no field {name!r}: it knows {', '.join(known)}")
        for name in ("name", "kind"):
            if name not in plain:
                raise BadDefinition(f"a rule has no {name}: give one, such as {{'name': 'shift_8', 'kind': 'run'}}")
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain values, every field named."""
        return asdict(self)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadDefinition(f"a rule's {name} is {value!r}: choose one of {', '.join(known)}")
