"""What a chart is asked to do: a frozen, versioned and stored definition with no hidden options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

from knitwork.model.errors import BadDefinition
from knitwork.signals.rules.rule import Rule
from knitwork.signals.stored import Stored, check_choice, check_version, is_number

Chart = Literal[
    "run", "xmr", "mr", "i_prime", "xbar", "s", "r", "p", "p_prime", "np", "c", "c_prime", "u", "u_prime", "g", "t",
    "ewma", "ma",
]  # fmt: skip
Direction = Literal["up", "down", "neither"]
RuleSetName = Literal[
    "shewhart", "anhoej", "best_box", "cut_box", "mdc_2023", "mdc_legacy", "ihi_perla", "western_electric", "nelson",
    "custom",
]  # fmt: skip
Estimator = Literal[
    "mr_screened_once", "mr", "median_mr", "pooled_s", "montgomery_s", "mean_range", "binomial", "poisson", "geometric",
    "none",
]  # fmt: skip
Middle = Literal["mean", "median", "ratio", "transformed"]
LimitKind = Literal["sigma", "probability"]
Precedence = Literal["worse_first", "better_first"]
Limits = Literal["policy", "all"] | int

VERSION = 2

# The mean range of two values from a normal distribution, as the printed tables round it
# (Montgomery, Appendix VI). 3 / 1.128 = 2.6596, which books print as 2.66; tools that use 2.66
# itself are matched with d2 = 3 / 2.66.
D2 = 1.128

_RANGES: tuple[Estimator, ...] = ("mr_screened_once", "mr", "median_mr")
# The estimators of sigma that each chart knows, the usual one first.
SIGMAS: dict[Chart, tuple[Estimator, ...]] = {
    "run": ("none",),
    "xmr": _RANGES,
    "mr": ("mr",),
    "i_prime": _RANGES,
    "xbar": ("pooled_s", "montgomery_s", "mean_range"),
    "s": ("pooled_s", "montgomery_s"),
    "r": ("mean_range",),
    "p": ("binomial",),
    "p_prime": _RANGES,
    "np": ("binomial",),
    "c": ("poisson",),
    "c_prime": _RANGES,
    "u": ("poisson",),
    "u_prime": _RANGES,
    "g": ("geometric",),
    "t": _RANGES,
    "ewma": _RANGES,
    "ma": _RANGES,
}
# The centre lines that each chart knows, the usual one first.
MIDDLES: dict[Chart, tuple[Middle, ...]] = {
    "run": ("median", "mean"),
    "xmr": ("mean", "median"),
    "mr": ("mean", "median"),
    "i_prime": ("ratio",),
    "xbar": ("mean",),
    "s": ("mean",),
    "r": ("mean",),
    "p": ("ratio",),
    "p_prime": ("ratio",),
    "np": ("ratio",),
    "c": ("mean",),
    "c_prime": ("mean",),
    "u": ("ratio",),
    "u_prime": ("ratio",),
    "g": ("median", "mean"),
    "t": ("transformed",),
    "ewma": ("mean",),
    "ma": ("mean",),
}
# Charts whose limits are made of a sigma (or sigma z) that may be fixed by hand; those of the others follow the centre.
SPREADABLE: frozenset[Chart] = frozenset(
    {"xmr", "i_prime", "xbar", "s", "r", "p_prime", "u_prime", "c_prime", "g", "t", "ewma", "ma"}
)
# Charts of a known distribution, whose limits may be its own quantiles.
EXACT: frozenset[Chart] = frozenset({"p", "np", "c", "u", "g", "t"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a series that is judged by itself, from the period labelled `start` on.

    A label between two periods means the first period after it. `limits`, `centre` and `spread` say what those of the
    spec say, for this phase. `reason` says why a person split the series here.
    """

    start: str
    limits: Limits | None = None
    centre: float | None = None
    spread: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.start, str) or not self.start.strip():
            raise BadDefinition(f"a phase starts at {self.start!r}: give the label of a period, such as '2026-04-01'")
        if self.limits is not None:
            _check_limits(self.limits)
        _numbers(self, ("centre", "spread"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec(Stored):
    """How to draw and judge one series.

    `limits` says which points set the centre and the limits: `"policy"` follows the house rule (under 12 points
    none, 12 to 19 trial, from 20 on the first 20, locked), `"all"` uses every point, a whole number n the first n.
    `phases` split the series; each is judged by itself and no rule runs across. `exclude` holds positions counted from 0,
    or labels of periods, that are drawn and not counted.
    `sigma` names the estimator of sigma and `middle` the centre line; left out they take the chart's usual one, which is
    stored by name. `centre` fixes the centre line and `spread` what the limits are made of (sigma, or sigma z of a Laney
    chart) by hand, as published limits do. `limit_kind` asks for `width` sigmas, or for the quantiles of the chart's own
    distribution that lie as far out. `weight` is the lambda of an EWMA, `span` the points of a moving average.
    `factor` multiplies everything that is shown (100 for a percentage); `target`, `centre` and results are in those
    units. `targets` are (label, value) pairs, each in force from its label on; `trajectory` are (label, value) pairs
    joined by straight lines, which may lie ahead of the data.
    `floor` is the least value there can be, such as 0 patients: no lower limit lies below it.
    `precedence` says which verdict colours a point that several rules mark.

    >>> Spec(chart="p", direction="down", factor=100, unit="%") == Spec.from_json(
    ...     Spec(chart="p", direction="down", factor=100, unit="%").to_json()
    ... )
    True
    >>> Spec(chart="p").sigma, Spec(chart="run").middle
    ('binomial', 'median')
    """

    noun = "a chart"
    example = '{"chart": "p"}'

    chart: Chart = "xmr"
    direction: Direction = "neither"
    rules: tuple[RuleSetName, ...] = ("shewhart", "anhoej")
    custom: tuple[Rule, ...] = ()
    limits: Limits = "policy"
    sigma: Estimator = ""  # type: ignore[assignment]  # filled in below
    middle: Middle = ""  # type: ignore[assignment]  # filled in below
    limit_kind: LimitKind = "sigma"
    width: float = 3.0
    d2: float = D2
    sigma_z_floor: float = 1.0
    weight: float = 0.2
    span: int = 3
    floor: float | None = None
    centre: float | None = None
    spread: float | None = None
    target: float | None = None
    targets: tuple[tuple[str, float], ...] = ()
    trajectory: tuple[tuple[str, float], ...] = ()
    factor: float = 1.0
    unit: str = ""
    phases: tuple[Phase, ...] = ()
    exclude: tuple[int | str, ...] = ()
    precedence: Precedence = "worse_first"
    version: int = VERSION

    def __post_init__(self) -> None:
        check_choice("chart", self.chart, get_args(Chart))
        fill = object.__setattr__
        fill(self, "rules", _names(self.rules))
        fill(self, "custom", _custom(self.custom))
        fill(self, "exclude", _places(self.exclude))
        fill(self, "phases", _phases(self.phases))
        fill(self, "targets", _dated("targets", self.targets))
        fill(self, "trajectory", _dated("trajectory", self.trajectory))
        fill(self, "sigma", self.sigma or SIGMAS[self.chart][0])
        fill(self, "middle", self.middle or MIDDLES[self.chart][0])
        check_choice("direction", self.direction, get_args(Direction))
        check_choice(f"sigma of a {self.chart} chart", self.sigma, SIGMAS[self.chart])
        check_choice(f"middle of a {self.chart} chart", self.middle, MIDDLES[self.chart])
        check_choice("limit_kind", self.limit_kind, get_args(LimitKind))
        check_choice("precedence", self.precedence, get_args(Precedence))
        for rule_set in self.rules:
            check_choice("rules", rule_set, get_args(RuleSetName))
        if "custom" in self.rules and not self.custom:
            raise BadDefinition("the rules are custom and none is given: list them in custom, or choose a named set")
        if self.limit_kind == "probability" and self.chart not in EXACT:
            raise BadDefinition(
                f"a {self.chart} chart has no distribution of its own to take limits from: choose limit_kind sigma"
            )
        if self.spread is not None and self.chart not in SPREADABLE:
            raise BadDefinition(
                f"a {self.chart} chart has no spread of its own to fix: fix its centre, from which its limits follow"
            )
        _check_limits(self.limits)
        for name in ("factor", "d2", "width"):
            _positive(name, getattr(self, name))
        if not is_number(self.sigma_z_floor) or self.sigma_z_floor < 0:
            raise BadDefinition(f"sigma_z_floor is {self.sigma_z_floor!r}: give 1, or 0 for no floor")
        if not is_number(self.weight) or not 0 < self.weight <= 1:
            raise BadDefinition(f"weight is {self.weight!r}: give a number above 0 and at most 1, such as 0.2")
        if type(self.span) is not int or not 2 <= self.span <= 100:
            raise BadDefinition(f"span is {self.span!r}: give how many points to average, 2 to 100")
        _numbers(self, ("centre", "spread", "target", "floor"))
        if not isinstance(self.unit, str):
            raise BadDefinition(f"unit is {self.unit!r}: give a word such as '%' or 'min'")
        check_version(self.version, VERSION)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read a definition from plain values; fields left out take their defaults, one of version 1 is brought up."""
        return super(Spec, cls).from_dict(_upgraded(plain))


def _upgraded(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition of version 1 as one of version 2: it named a range estimator for every chart."""
    if plain.get("version") != 1:
        return dict(plain)
    chart = plain.get("chart", "xmr")
    sigma = plain.get("sigma")
    kept = {name: value for name, value in plain.items() if name not in ("version", "sigma")}
    return kept | ({"sigma": sigma} if sigma in SIGMAS.get(chart, ()) else {})


def _names(rules: object) -> tuple[str, ...]:
    if isinstance(rules, str) or not isinstance(rules, (list, tuple)):
        raise BadDefinition(f"rules is {rules!r}: give a list such as ['shewhart', 'anhoej']")
    return tuple(dict.fromkeys(rules))


def _custom(rules: object) -> tuple[Rule, ...]:
    if not isinstance(rules, (list, tuple)):
        raise BadDefinition(f"custom is {rules!r}: give a list of rules such as [{{'name': 'shift_8', 'kind': 'run'}}]")
    read = tuple(rule if isinstance(rule, Rule) else Rule.from_dict(rule) for rule in rules)
    names = [rule.name for rule in read]
    for name in names:
        if names.count(name) > 1:
            raise BadDefinition(f"two custom rules are named {name}: give each a name of its own")
    return read


def _phases(phases: object) -> tuple[Phase, ...]:
    if not isinstance(phases, (list, tuple)):
        raise BadDefinition(f"phases is {phases!r}: give a list such as [{{'start': '2026-04-01'}}]")
    known = [field.name for field in fields(Phase)]
    for phase in phases:
        for name in () if isinstance(phase, Phase) else phase:
            if name not in known:
                raise BadDefinition(f"a phase has no field {name!r}: it knows {', '.join(known)}")
    read = tuple(phase if isinstance(phase, Phase) else Phase(**phase) for phase in phases)
    starts = [phase.start for phase in read]
    for start in starts:
        if starts.count(start) > 1:
            raise BadDefinition(f"two phases start at {start}: leave one of them out")
    return read


def _dated(name: str, pairs: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(pairs, (list, tuple)):
        raise BadDefinition(f"{name} is {pairs!r}: give pairs such as [['2026-04-01', 90]]")
    read = []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise BadDefinition(f"{name} holds {pair!r}: give pairs of a period and a number")
        if not is_number(pair[1]):
            raise BadDefinition(f"the {name} from {pair[0]} on is {pair[1]!r}: give a number")
        read.append((pair[0], float(pair[1])))
    return tuple(read)


def _places(exclude: object) -> tuple[int | str, ...]:
    wrong = BadDefinition(
        f"exclude is {exclude!r}: give positions counted from 0, such as [3, 8], or labels of periods"
    )
    if not isinstance(exclude, (list, tuple)):
        raise wrong
    for place in exclude:
        if type(place) not in (int, str) or (type(place) is int and place < 0) or place == "":
            raise wrong
    return tuple(sorted(set(exclude), key=lambda place: (isinstance(place, str), place)))


def _check_limits(limits: object) -> None:
    if limits in ("policy", "all") or (type(limits) is int and limits >= 2):
        return
    raise BadDefinition(f"limits is {limits!r}: choose policy, all, or how many first points to use (2 or more)")


def _numbers(holder: object, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(holder, name)
        if value is not None and not is_number(value):
            raise BadDefinition(f"{name} is {value!r}: give a number, or leave it out")
        if name == "spread" and value is not None and value <= 0:
            raise BadDefinition(f"spread is {value!r}: give a number above 0, or leave it out")


def _positive(name: str, value: float) -> None:
    if not is_number(value) or value <= 0:
        raise BadDefinition(f"{name} is {value!r}: give a number above 0")
