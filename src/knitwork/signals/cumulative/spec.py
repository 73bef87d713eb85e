"""What a cumulative chart is asked to do: frozen, versioned and stored definitions with no hidden options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from knitwork.model.errors import BadDefinition
from knitwork.signals.spec import Direction
from knitwork.signals.stored import (
    Stored,
    check_above,
    check_choice,
    check_number,
    check_version,
    check_word,
    check_yes_or_no,
    is_number,
    plain_of,
)

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TabularSpec(Stored):
    """How to sum the distances of values from their centre, in sigmas.

    `k` is the slack that each value may be off without counting: half the shift to be found. `h` is the limit.
    `head_start` starts both sums above zero, so that a process that begins wrong is found sooner.
    """

    centre: float
    sigma: float
    k: float = 0.5
    h: float = 5.0
    head_start: float = 0.0
    direction: Direction = "neither"
    unit: str = ""
    chart: Literal["cusum"] = "cusum"
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("chart", self.chart, ("cusum",))
        check_number("centre", self.centre, example="10")
        check_above("sigma", self.sigma, 0, example="1")
        check_above("h", self.h, 0, example="5")
        if not is_number(self.k) or self.k < 0:
            raise BadDefinition(f"k is {self.k!r}: give half the shift to be found in sigmas, such as 0.5")
        if not is_number(self.head_start) or not 0 <= self.head_start < self.h:
            raise BadDefinition(
                f"head_start is {self.head_start!r}: give 0, or a number under the limit such as half of it, {self.h / 2:g}"
            )
        check_choice("direction", self.direction, get_args(Direction))
        check_word("unit", self.unit, example="'min'")
        check_version(self.version, VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class BernoulliSpec(Stored):
    """How to watch the rate of an event case by case against a rate that is given or that the first cases set.

    The upper sum looks for odds multiplied by `odds_ratio`, the lower for odds divided by it. Give `baseline`, a
    proportion, or `baseline_cases`, how many first cases with a known outcome set it.
    """

    baseline: float | None = None
    baseline_cases: int | None = None
    odds_ratio: float = 2.0
    limit: float = 3.5
    reset: bool = True
    direction: Direction = "neither"
    chart: Literal["bernoulli_cusum"] = "bernoulli_cusum"
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("chart", self.chart, ("bernoulli_cusum",))
        if (self.baseline is None) == (self.baseline_cases is None):
            raise BadDefinition(
                "give either baseline, a rate between 0 and 1, or baseline_cases, how many first cases set it"
            )
        if self.baseline is not None and not (is_number(self.baseline) and 0 < self.baseline < 1):
            raise BadDefinition(f"baseline is {self.baseline!r}: give a rate between 0 and 1, such as 0.035")
        if self.baseline_cases is not None and (type(self.baseline_cases) is not int or self.baseline_cases < 1):
            raise BadDefinition(f"baseline_cases is {self.baseline_cases!r}: give how many first cases, such as 200")
        check_above("odds_ratio", self.odds_ratio, 1, example="2; the lower sum takes its inverse")
        check_above("limit", self.limit, 0, example="3.5")
        check_yes_or_no("reset", self.reset)
        check_choice("direction", self.direction, get_args(Direction))
        check_version(self.version, VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAdjustedSpec(Stored):
    """How to watch outcomes case by case against the chance that each case had.

    The upper sum looks for odds multiplied by `odds_up`, the lower for odds multiplied by `odds_down`. The limits are
    those of Steiner and others 2000: 4.5 for doubled odds and 4 for halved.
    """

    odds_up: float = 2.0
    odds_down: float = 0.5
    limit_up: float = 4.5
    limit_down: float = 4.0
    reset: bool = True
    direction: Direction = "neither"
    chart: Literal["risk_adjusted_cusum"] = "risk_adjusted_cusum"
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("chart", self.chart, ("risk_adjusted_cusum",))
        check_above("odds_up", self.odds_up, 1, example="2")
        if not is_number(self.odds_down) or not 0 < self.odds_down < 1:
            raise BadDefinition(f"odds_down is {self.odds_down!r}: give a number between 0 and 1, such as 0.5")
        check_above("limit_up", self.limit_up, 0, example="4.5")
        check_above("limit_down", self.limit_down, 0, example="4")
        check_yes_or_no("reset", self.reset)
        check_choice("direction", self.direction, get_args(Direction))
        check_version(self.version, VERSION)


CusumSpec = TabularSpec | BernoulliSpec | RiskAdjustedSpec
SPECS: dict[str, type[TabularSpec] | type[BernoulliSpec] | type[RiskAdjustedSpec]] = {
    "cusum": TabularSpec,
    "bernoulli_cusum": BernoulliSpec,
    "risk_adjusted_cusum": RiskAdjustedSpec,
}


def cusum_spec_from_json(text: str) -> CusumSpec:
    """Read a definition of any cumulative chart: its `chart` says of which.

    >>> cusum_spec_from_json(BernoulliSpec(baseline=0.035).to_json())
    BernoulliSpec(baseline=0.035, ..., limit=3.5, ...)
    """
    plain = plain_of(text)
    check_choice("chart", plain.get("chart"), tuple(SPECS))
    return SPECS[plain["chart"]].from_dict(plain)
