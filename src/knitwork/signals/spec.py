"""What a chart is asked to do: a frozen, versioned and stored definition with no hidden options."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from knitwork.model.errors import BadDefinition

Chart = Literal["run", "xmr", "p", "p_prime", "u", "u_prime", "c"]
Direction = Literal["up", "down", "neither"]
RuleSetName = Literal["shewhart", "anhoej"]
Estimator = Literal["mr_screened_once", "mr"]

VERSION = 1

# The mean range of two values from a normal distribution, as the printed tables round it
# (Montgomery, Appendix VI). 3 / 1.128 = 2.6596, which books print as 2.66; tools that use 2.66
# itself are matched with d2 = 3 / 2.66.
D2 = 1.128


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """How to draw and judge one series.

    `limits` says which points set the centre and the limits: `"policy"` follows the house rule (under 12 points
    none, 12 to 19 trial, from 20 on the first 20, locked), `"all"` uses every point, a whole number n the first n.
    `sigma` names the estimator of the moving-range charts and of the Laney charts.
    `factor` multiplies everything that is shown (100 for a percentage); `target`, `centre` and results are in those
    units. Values that already come in the units shown need a factor of 1.
    `floor` is the least value there can be, such as 0 patients: no lower limit lies below it.
    `centre` fixes the centre line by hand. `exclude` holds positions, counted from 0, that are drawn and not counted.

    >>> Spec(chart="p", direction="down", factor=100, unit="%") == Spec.from_json(
    ...     Spec(chart="p", direction="down", factor=100, unit="%").to_json()
    ... )
    True
    """

    chart: Chart = "xmr"
    direction: Direction = "neither"
    rules: tuple[RuleSetName, ...] = ("shewhart", "anhoej")
    limits: Literal["policy", "all"] | int = "policy"
    sigma: Estimator = "mr_screened_once"
    d2: float = D2
    sigma_z_floor: float = 1.0
    floor: float | None = None
    centre: float | None = None
    target: float | None = None
    factor: float = 1.0
    unit: str = ""
    exclude: tuple[int, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", _names(self.rules))
        object.__setattr__(self, "exclude", _positions(self.exclude))
        _one_of("chart", self.chart, get_args(Chart))
        _one_of("direction", self.direction, get_args(Direction))
        _one_of("sigma", self.sigma, get_args(Estimator))
        for rule_set in self.rules:
            _one_of("rules", rule_set, get_args(RuleSetName))
        _check_limits(self.limits)
        _positive("factor", self.factor)
        _positive("d2", self.d2)
        if not _is_number(self.sigma_z_floor) or self.sigma_z_floor < 0:
            raise BadDefinition(f"sigma_z_floor is {self.sigma_z_floor!r}: give 1, or 0 for no floor")
        for name in ("centre", "target", "floor"):
            value = getattr(self, name)
            if value is not None and not _is_number(value):
                raise BadDefinition(f"{name} is {value!r}: give a number, or leave it out")
        if not isinstance(self.unit, str):
            raise BadDefinition(f"unit is {self.unit!r}: give a word such as '%' or 'min'")
        if self.version != VERSION:
            raise BadDefinition(
                f"this definition has version {self.version!r} and only version {VERSION} is known here: "
                "use a newer Knitwork, or write the definition again"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as plain values, every field named."""
        plain = asdict(self)
        return plain | {"rules": list(self.rules), "exclude": list(self.exclude)}

    def to_json(self) -> str:
        """Return the definition as JSON with its keys in order, fit to be stored and compared."""
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Spec:
        """Read a definition from plain values; fields left out take their defaults."""
        known = [field.name for field in fields(cls)]
        for name in plain:
            if name not in known:
                raise BadDefinition(f"a chart has no field {name!r}: it knows {', '.join(known)}")
        return cls(**plain)

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Read a definition that `to_json` wrote."""
        try:
            plain = json.loads(text)
        except ValueError as fault:
            raise BadDefinition(f"this chart definition is not JSON ({fault}): paste it again in full") from fault
        if not isinstance(plain, dict):
            raise BadDefinition('a chart definition is a JSON object such as {"chart": "p"}')
        return cls.from_dict(plain)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadDefinition(f"{name} is {value!r}: choose one of {', '.join(known)}")


def _names(rules: object) -> tuple[str, ...]:
    if isinstance(rules, str) or not isinstance(rules, (list, tuple)):
        raise BadDefinition(f"rules is {rules!r}: give a list such as ['shewhart', 'anhoej']")
    return tuple(dict.fromkeys(rules))


def _positions(exclude: object) -> tuple[int, ...]:
    if not isinstance(exclude, (list, tuple)) or any(type(place) is not int or place < 0 for place in exclude):
        raise BadDefinition(f"exclude is {exclude!r}: give positions counted from 0, such as [3, 8]")
    return tuple(sorted(set(exclude)))


def _check_limits(limits: object) -> None:
    if limits in ("policy", "all") or (type(limits) is int and limits >= 2):
        return
    raise BadDefinition(f"limits is {limits!r}: choose policy, all, or how many first points to use (2 or more)")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _positive(name: str, value: float) -> None:
    if not _is_number(value) or value <= 0:
        raise BadDefinition(f"{name} is {value!r}: give a number above 0")
