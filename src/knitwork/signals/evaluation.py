"""The record of one evaluated series, from which chart, tile, table and sentence are all made.

They cannot disagree because none of them computes anything: each reads this record.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from knitwork.signals.series import Numbers
from knitwork.signals.spec import Chart, Direction, Spec
from knitwork.signals.step import Step

Verdict = Literal["better", "worse", "neither"]
Mark = Literal["", "better", "worse", "neither"]
BaselineKind = Literal["few", "trial", "locked", "all"]
LimitsKind = Literal["none", "trial", "locked", "all"]

# Which verdict colours a point, a tile or a row that several apply to. Harm is never hidden behind good news, unless an
# organisation has chosen so; the list of signals keeps them all.
PRECEDENCE: tuple[Verdict, ...] = ("worse", "better", "neither")
BETTER_FIRST: tuple[Verdict, ...] = ("better", "worse", "neither")

# Fewer points than these carry no icon (the house rule; NHS England, Making Data Count).
ENOUGH, ENOUGH_MDC = 12, 13

# Rules that speak of single points; all others speak of a stretch of them, or of the whole series.
SINGLE = frozenset({"beyond", "zone"})

# Signals that touch this many last tested points are recent (DESIGN 4).
RECENT = 3


def verdict_of(side: Literal["high", "low"] | None, direction: Direction) -> Verdict:
    """Judge a side of the centre line by the direction that is wanted.

    >>> verdict_of("high", "down"), verdict_of("high", "up"), verdict_of(None, "up")
    ('worse', 'better', 'neither')
    """
    if side is None or direction == "neither":
        return "neither"
    return "better" if (side == "high") == (direction == "up") else "worse"


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule that fired once: from point `start` to point `end` (positions from 0), and the points it marks.

    `kind` says what sort of rule it is (`rules.rule.Kind`). A rule of the whole series, such as `few_crossings`, has no
    side and marks no point. A run begins where a point happens to lie on the other side of the centre, be it before the
    change; `step` estimates when the change came. It is told of recent runs only, and None where the estimate is too wide
    to be worth saying.
    """

    rule: str
    start: int
    end: int
    points: tuple[int, ...]
    side: Literal["high", "low"] | None
    verdict: Verdict
    step: Step | None = None
    kind: str = "beyond"

    @property
    def since(self) -> int:
        """Return the position to date the change by: the estimate where there is one, or the first point."""
        return self.start if self.step is None else self.step.at


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """One phase of an evaluation: from position `start` up to but without `after`, judged by itself.

    The numbers are those of the whole record, for this phase.
    """

    start: int
    after: int
    label: str
    reason: str
    centre: float | None
    baseline_kind: BaselineKind
    limits_kind: LimitsKind
    baseline_n: int
    baseline_end: int | None
    n_useful: int
    n_off_centre: int
    longest_run: int | None
    longest_run_limit: int | None
    crossings: int | None
    crossings_limit: int | None
    mean_range: float | None
    sigma: float | None
    sigma_z: float | None
    lag1: float | None
    reasons: tuple[str, ...]
    formula: str


@dataclass(frozen=True, slots=True)
class Point:
    """One period of an evaluation, in the units shown (numerator and denominator as they came).

    `lower_1`, `upper_1` and so on lie one and two sigmas out; `observed` is the value itself where an average is drawn.
    """

    position: int
    label: str
    value: float | None
    numerator: float | None
    denominator: float | None
    centre: float | None
    lower: float | None
    upper: float | None
    included: bool
    tested: bool
    hollow: bool
    mark: Mark
    rules: tuple[str, ...]
    phase: int = 0
    target: float | None = None
    trajectory: float | None = None
    lower_1: float | None = None
    upper_1: float | None = None
    lower_2: float | None = None
    upper_2: float | None = None
    observed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One series, judged. Columns have one entry a period; `None` stands where there is nothing.

    `chart` is what to draw: the chart of `spec`, or `run` where the house rule allows no limits yet.
    `baseline_kind` says which points set the centre: `few` (under 12, all so far), `trial`, `locked` or `all`;
    `limits_kind` is the same for the limits, and `none` where there are none (`reasons` say why).
    `n_useful` counts the points the house rule counts (complete, with a value, not excluded), `n_off_centre` those of
    them that lie off the centre line and so count in runs. Excluded points are laid against the limits, nothing else.
    `sigma` is one number only where all points share it. `lag1` is the correlation of neighbours.
    Where the series has phases, these and all numbers below them are those of the last phase, `phases` has those of each,
    and `phase_of` says to which each point belongs. `targets` and `trajectory` are what was wanted at each point.
    `observed` are the values themselves where averages or ranges are drawn.
    """

    spec: Spec
    chart: Chart
    labels: tuple[str, ...]
    values: Numbers
    numerators: Numbers | None
    denominators: Numbers | None
    centres: Numbers
    lowers: Numbers
    uppers: Numbers
    included: tuple[bool, ...]
    tested: tuple[bool, ...]
    hollow: tuple[bool, ...]
    centre: float | None
    baseline_kind: BaselineKind
    limits_kind: LimitsKind
    baseline_n: int
    baseline_end: int | None
    n_useful: int
    n_off_centre: int
    longest_run: int | None
    longest_run_limit: int | None
    crossings: int | None
    crossings_limit: int | None
    mean_range: float | None
    sigma: float | None
    sigma_z: float | None
    lag1: float | None
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    formula: str
    phases: tuple[PhaseRecord, ...] = ()
    phase_of: tuple[int, ...] = ()
    targets: Numbers = ()
    trajectory: Numbers = ()
    lowers_1: Numbers = ()
    uppers_1: Numbers = ()
    lowers_2: Numbers = ()
    uppers_2: Numbers = ()
    observed: Numbers = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def has_limits(self) -> bool:
        """Say whether limits are drawn."""
        return self.limits_kind != "none"

    @property
    def recent(self) -> tuple[Signal, ...]:
        """Return the signals that touch the last three tested points of the last phase: what a wall or a huddle shows."""
        first = self._speaking_from
        last = [place for place, tested in enumerate(self.tested) if tested and place >= first][-RECENT:]
        return tuple(one for one in self.counted if last and one.end >= last[0])

    @property
    def counted(self) -> tuple[Signal, ...]:
        """Return the signals that points which count have a part in: what is left out of the chart is no news."""
        return tuple(one for one in self.signals if not one.points or any(self.included[at] for at in one.points))

    @property
    def _speaking_from(self) -> int:
        """Return where the last phase with a tested point begins."""
        if not self.phase_of:
            return 0
        last = max((at for at, tested in enumerate(self.tested) if tested), default=0)
        return self.phase_of.index(self.phase_of[last])

    @property
    def enough(self) -> bool:
        """Say whether there are points enough for an icon: 12, or 13 by the rules of Making Data Count."""
        return self.n_useful >= (ENOUGH_MDC if any(name.startswith("mdc") for name in self.spec.rules) else ENOUGH)

    @property
    def precedence(self) -> tuple[Verdict, ...]:
        """Return which verdict colours what several apply to, the first first."""
        return BETTER_FIRST if self.spec.precedence == "better_first" else PRECEDENCE

    @property
    def target(self) -> float | None:
        """Return the target in force at the last tested point; the one of the spec where it has no dates."""
        known = [one for one, tested in zip(self.targets, self.tested, strict=True) if tested] if self.targets else []
        return known[-1] if known else self.spec.target

    @property
    def point_marks(self) -> tuple[Mark, ...]:
        """Return one verdict for each point to colour it by, by precedence; empty where no rule marks it."""
        marks: list[Mark] = [""] * len(self.labels)
        for verdict in reversed(self.precedence):
            for signal in self.signals:
                if signal.verdict == verdict:
                    for place in signal.points:
                        marks[place] = verdict
        return tuple(marks)

    @property
    def variation(self) -> Verdict | Literal["none"]:
        """Sum the recent signals up in one word, by precedence; `none` without a signal or with too few points for one."""
        if not self.enough:
            return "none"
        verdicts = {signal.verdict for signal in self.recent}
        for verdict in self.precedence:
            if verdict in verdicts:
                return verdict
        return "none"

    @property
    def assurance(self) -> Literal["pass", "fail", "hit_or_miss"] | None:
        """Say whether the process will meet its target: always, never, or by luck; `None` where nobody can say.

        A target beyond the limits on the good side is always met. It is the latest target against the limits of the
        latest phase. Without limits there is no answer, save for a series that never varies, which is compared with the
        target itself.
        """
        target, direction = self.target, self.spec.direction
        if target is None or direction == "neither" or not self.enough:
            return None
        low, high = self._reach()
        if low is None or high is None:
            return None
        if direction == "up":
            return "pass" if target <= low else "fail" if target > high else "hit_or_miss"
        return "pass" if target >= high else "fail" if target < low else "hit_or_miss"

    def _reach(self) -> tuple[float | None, float | None]:
        if "constant_baseline" in self.reasons:
            return None, None  # limits that just began to move say nothing of what the process gives
        if "constant" in self.reasons:
            # The baseline never varied; where a later point does, nobody can say what the process gives.
            first = self._speaking_from
            known = [value for value, tested in zip(self.values[first:], self.tested[first:], strict=True) if tested]
            same = all(math.isclose(value or 0.0, self.centre or 0.0, rel_tol=1e-9) for value in known)
            return (self.centre, self.centre) if same else (None, None)
        for place in reversed(range(len(self.labels))):
            if self.tested[place]:
                return self.lowers[place], self.uppers[place]
        return None, None

    @property
    def points(self) -> tuple[Point, ...]:
        """Return the columns turned into one record a period."""
        nothing = (None,) * len(self.labels)
        rules: list[tuple[str, ...]] = [()] * len(self.labels)
        for signal in self.signals:
            for place in signal.points:
                rules[place] = (*rules[place], signal.rule)
        zeros = (0,) * len(self.labels)
        columns = zip(
            range(len(self.labels)),
            self.labels,
            self.values,
            self.numerators or nothing,
            self.denominators or nothing,
            self.centres,
            self.lowers,
            self.uppers,
            self.included,
            self.tested,
            self.hollow,
            self.point_marks,
            rules,
            self.phase_of or zeros,
            self.targets or nothing,
            self.trajectory or nothing,
            self.lowers_1 or nothing,
            self.uppers_1 or nothing,
            self.lowers_2 or nothing,
            self.uppers_2 or nothing,
            self.observed or nothing,
            strict=True,
        )
        return tuple(Point(*column) for column in columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole record as plain values: one list entry a period under `points`."""
        return {
            "spec": self.spec.to_dict(),
            "chart": self.chart,
            "centre": self.centre,
            "baseline_kind": self.baseline_kind,
            "limits_kind": self.limits_kind,
            "baseline_n": self.baseline_n,
            "baseline_end": self.baseline_end,
            "n_useful": self.n_useful,
            "n_off_centre": self.n_off_centre,
            "longest_run": self.longest_run,
            "longest_run_limit": self.longest_run_limit,
            "crossings": self.crossings,
            "crossings_limit": self.crossings_limit,
            "mean_range": self.mean_range,
            "sigma": self.sigma,
            "sigma_z": self.sigma_z,
            "lag1": self.lag1,
            "variation": self.variation,
            "assurance": self.assurance,
            "target": self.target,
            "reasons": list(self.reasons),
            "formula": self.formula,
            "phases": [asdict(one) | {"reasons": list(one.reasons)} for one in self.phases],
            "signals": [_signal(one) for one in self.signals],
            "recent": [_signal(one) for one in self.recent],
            "points": [asdict(one) | {"rules": list(one.rules)} for one in self.points],
        }

    def to_json(self) -> str:
        """Return the record as JSON, missing numbers as null."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __str__(self) -> str:
        found = [
            f"  {one.rule} {self.labels[one.start]} to {self.labels[one.end]}: {one.verdict}" for one in self.signals
        ]
        return "\n".join(
            [
                f"{self.chart} chart of {len(self)} periods, {self.n_useful} useful, limits {self.limits_kind}",
                f"  {self.formula}",
                *(found or ["  no signal"]),
            ]
        )


def _signal(one: Signal) -> dict[str, Any]:
    return asdict(one) | {"points": list(one.points)}
