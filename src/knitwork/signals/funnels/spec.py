"""What a funnel is asked to do: a frozen, versioned and stored definition with no hidden options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from knitwork.model.errors import BadDefinition
from knitwork.signals.spec import Direction
from knitwork.signals.stored import Stored, check_choice, check_version, is_number

Kind = Literal["proportion", "rate", "ratio"]
Transform = Literal["normal", "arcsine", "sqrt", "log", "log_counts", "log_counts_half"]
Limits = Literal[
    "exact", "exact_interpolated", "garwood", "normal", "arcsine", "sqrt", "log", "log_counts", "log_counts_half"
]
Overdispersion = Literal["additive", "multiplicative", "none"]
Extremes = Literal["winsorise", "truncate", "keep"]
SpreadFloor = Literal["chance", "none"]
SpreadModel = Literal["scale", "mixture"]

VERSION = 1

# The square root takes counts of zero, which the logarithm does not (Spiegelhalter 2005, appendix A).
TRANSFORM_OF: dict[Kind, Transform] = {"proportion": "arcsine", "rate": "sqrt", "ratio": "sqrt"}
FOR_PROPORTIONS = {"exact", "exact_interpolated", "normal", "arcsine"}
FOR_COUNTS = {"exact", "exact_interpolated", "garwood", "normal", "sqrt", "log", "log_counts", "log_counts_half"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelSpec(Stored):
    """How to judge units against each other.

    `kind` says what a unit's numerator and denominator are: cases of cases (`proportion`), events for an exposure
    (`rate`), or observed events for expected ones (`ratio`).
    `limits` names the limits against chance; `overdispersion`, `transform`, `extremes` and `trim` name how the spread
    between units is found, `spread_floor` whether its limits may lie inside those of chance (`none`) or not.
    `spread_model` says how tau squared widens limits: added on the scale of `transform`, or as the quantiles of a
    `mixture`, beta-binomial or Poisson-gamma, for which the spread is found on the scale of the values (`normal`).
    `centre` is a number in the units shown, or `pooled`: the sum of numerators over the sum of denominators. Left out
    it is pooled, and 1 (times `factor`) for a ratio. `transform` left out is arcsine for a proportion, else sqrt.
    A unit is flagged outside the limits at `judged_at`, one of `levels`. `quantile_digits` rounds normal quantiles as
    some tools do. `power_ratio` is the true ratio (for a proportion: odds ratio) whose chance of a flag is told.

    >>> FunnelSpec(kind="ratio").centre, FunnelSpec(factor=100, unit="%").transform
    (1.0, 'arcsine')
    """

    noun = "a funnel"
    example = '{"kind": "ratio"}'

    kind: Kind = "proportion"
    limits: Limits = "exact"
    levels: tuple[float, ...] = (0.95, 0.998)
    judged_at: float = 0.998
    centre: float | Literal["pooled"] | None = None
    overdispersion: Overdispersion = "additive"
    transform: Transform | None = None
    extremes: Extremes = "winsorise"
    trim: float = 0.1
    spread_floor: SpreadFloor = "chance"
    spread_model: SpreadModel = "scale"
    least_units: int = 10
    dispersion_alpha: float = 0.05
    interval_level: float = 0.95
    power_ratio: float = 2.0
    power_wanted: float = 0.8
    false_discovery: float = 0.05
    quantile_digits: int | None = None
    direction: Direction = "neither"
    factor: float = 1.0
    unit: str = ""
    highlight: str | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, get_args(Kind))
        check_choice("limits", self.limits, get_args(Limits))
        check_choice("overdispersion", self.overdispersion, get_args(Overdispersion))
        check_choice("extremes", self.extremes, get_args(Extremes))
        check_choice("spread_floor", self.spread_floor, get_args(SpreadFloor))
        check_choice("spread_model", self.spread_model, get_args(SpreadModel))
        check_choice("direction", self.direction, get_args(Direction))
        if self.transform is None:
            object.__setattr__(self, "transform", TRANSFORM_OF[self.kind])
        check_choice("transform", self.transform, get_args(Transform))
        self._check_fit()
        self._check_numbers()
        self._check_levels()
        self._check_centre()
        if not isinstance(self.unit, str):
            raise BadDefinition(f"unit is {self.unit!r}: give a word such as '%'")
        if self.highlight is not None and not isinstance(self.highlight, str):
            raise BadDefinition(f"highlight is {self.highlight!r}: give the name of one unit, or leave it out")
        check_version(self.version, VERSION)

    def _check_fit(self) -> None:
        known = FOR_PROPORTIONS if self.kind == "proportion" else FOR_COUNTS
        for name in ("limits", "transform"):
            if getattr(self, name) not in known:
                raise BadDefinition(
                    f"{name} is {getattr(self, name)!r} and the kind is {self.kind}: "
                    f"choose one of {', '.join(sorted(known & set(get_args(Limits if name == 'limits' else Transform))))}"
                )
        if self.spread_model == "mixture" and (self.overdispersion, self.transform) != ("additive", "normal"):
            raise BadDefinition(
                "spread_model is mixture, whose spread is a variance of the values themselves: choose overdispersion "
                "additive and transform normal, or spread_model scale"
            )

    def _check_numbers(self) -> None:
        for name in ("factor", "power_ratio"):
            if not is_number(getattr(self, name)) or getattr(self, name) <= 0:
                raise BadDefinition(f"{name} is {getattr(self, name)!r}: give a number above 0")
        if self.power_ratio == 1:
            raise BadDefinition("power_ratio is 1: give the ratio that ought to be found, such as 2")
        for name in ("dispersion_alpha", "interval_level", "power_wanted", "false_discovery"):
            if not is_number(getattr(self, name)) or not 0 < getattr(self, name) < 1:
                raise BadDefinition(f"{name} is {getattr(self, name)!r}: give a share between 0 and 1")
        if not is_number(self.trim) or not 0 < self.trim < 0.5:
            raise BadDefinition(f"trim is {self.trim!r}: give the share at each end, between 0 and 0.5, such as 0.1")
        if type(self.least_units) is not int or self.least_units < 2:
            raise BadDefinition(f"least_units is {self.least_units!r}: give a whole number from 2")
        digits = self.quantile_digits
        if digits is not None and (type(digits) is not int or digits < 1):
            raise BadDefinition(f"quantile_digits is {digits!r}: give a whole number from 1, or leave it out")

    def _check_levels(self) -> None:
        levels = self.levels
        if not isinstance(levels, (list, tuple)) or not all(is_number(one) and 0 < one < 1 for one in levels):
            raise BadDefinition(f"levels is {levels!r}: give shares between 0 and 1, such as [0.95, 0.998]")
        object.__setattr__(self, "levels", tuple(sorted(set(levels))))
        if self.judged_at not in self.levels:
            raise BadDefinition(f"judged_at is {self.judged_at!r}: choose one of the levels {list(self.levels)}")

    def _check_centre(self) -> None:
        centre = self.centre
        if centre is None:
            centre = self.factor * 1.0 if self.kind == "ratio" else "pooled"
            object.__setattr__(self, "centre", centre)
        if centre == "pooled":
            return
        if not is_number(centre) or centre <= 0:
            raise BadDefinition(f"centre is {centre!r}: give a number above 0 in the units shown, or pooled")
        if self.kind == "proportion" and centre >= self.factor:
            raise BadDefinition(f"centre is {centre!r}: a proportion shown times {self.factor:g} lies below that")

    @classmethod
    def like(cls, tool: str, **call: Any) -> FunnelSpec:
        """Return the definition that asks for the numbers of another tool's call (`funnels.like` lists them)."""
        from knitwork.signals.funnels.like import like

        return like(tool, **call)
