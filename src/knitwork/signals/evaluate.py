"""Evaluate series: one, or many thousands in one go, with the same result to the last bit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, overload

import numpy as np

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import Worked
from knitwork.signals.evaluation import RECENT, BaselineKind, Evaluation, LimitsKind, Signal, verdict_of
from knitwork.signals.judge import BASELINE_KINDS, Judgement, judge, rules_for
from knitwork.signals.panel import Floats, Panel, stack, total
from knitwork.signals.phases import join, part_spec, parts, placed, wanted
from knitwork.signals.rules.find import runs_limits
from knitwork.signals.rules.rule import Method
from knitwork.signals.series import BadSeries, Series
from knitwork.signals.spec import Chart, Spec
from knitwork.signals.step import step_of_run
from knitwork.signals.words import baseline_words, formula, number, with_unit

# Rows judged at a time: enough to forget the cost of a call, few enough to stay within tens of megabytes.
ROWS_AT_A_TIME = 2048

# Kinds of rules whose signals begin with a run on one side, and so can be dated by a step.
DATED = frozenset({"run", "longest_run"})
# Kinds of rules that look at lines nearer than the limits.
ZONED = frozenset({"zone", "within", "outside"})


def evaluate(series: Series, spec: Spec) -> Evaluation:
    """Judge one series as `spec` says.

    Raises `BadSeries` where the series does not fit the chart; the sentence names the row and what to do.

    >>> print(evaluate(Series(values=[5, 7, 6, 8, 6, 7, 5, 6, 7, 6, 8, 6, 19]), Spec(direction="down")))
    xmr chart of 13 periods, 13 useful, limits trial
      centre 7.38 = mean of the 13 points so far; limits = centre ± 2.66 × mean moving range 1.55, after ...
      beyond_limits 13 to 13: worse
    """
    return evaluate_many([series], spec)[0]


def evaluate_many(series: Sequence[Series], spec: Spec | Sequence[Spec]) -> Evaluations:
    """Judge many series at once, by one definition or by one for each, and return them in the same order.

    10,000 series of 36 points take well under a second. Each result equals that of `evaluate` exactly. Records are cut
    when they are asked for; what is asked for all at once (`signalling`) needs none.
    """
    specs = [spec] * len(series) if isinstance(spec, Spec) else list(spec)
    if len(specs) != len(series):
        raise BadSeries(f"there are {len(series)} series and {len(specs)} definitions: give one each, or one for all")
    evaluations = Evaluations(series)
    alike: defaultdict[tuple[Spec, bool, bool], list[int]] = defaultdict(list)
    # Hashing a definition takes longer than finding it again: most series of a call share a few.
    known: dict[int, Spec] = {}
    phased: list[int] = []
    for place, (one, by) in enumerate(zip(series, specs, strict=True)):
        at = known.setdefault(id(by), by)
        if at.phases or any(isinstance(left_out, str) for left_out in at.exclude):
            phased.append(place)
        else:
            alike[at, one.values is None, one.denominators is None].append(place)
    for (by, _, _), places in alike.items():
        places.sort(key=lambda place: len(series[place]))
        for first in range(0, len(places), ROWS_AT_A_TIME):
            some = places[first : first + ROWS_AT_A_TIME]
            evaluations.add(some, _Columns([series[place] for place in some], by))
    if phased:
        joined = _in_phases([series[place] for place in phased], [specs[place] for place in phased])
        for place, evaluation in zip(phased, joined, strict=True):
            evaluations.keep(place, evaluation)
    return evaluations


def _in_phases(series: Sequence[Series], specs: Sequence[Spec]) -> Iterator[Evaluation]:
    """Judge each phase of each series by itself, all of them at once, and join the records."""
    fitted = [placed(one, by) for one, by in zip(series, specs, strict=True)]
    cuts = [parts(one, by) for one, by in zip(series, fitted, strict=True)]
    asked = [
        (one.cut(first, after), part_spec(by, phase, first, after))
        for one, by, cut in zip(series, fitted, cuts, strict=True)
        for phase, first, after in cut
    ]
    judged = iter(evaluate_many([one for one, _ in asked], [by for _, by in asked]))
    for one, by, cut in zip(series, fitted, cuts, strict=True):
        yield join(one, by, cut, [next(judged) for _ in cut])


class Evaluations(Sequence[Evaluation]):
    """Evaluated series in the order they came: a sequence of records, each cut when it is first asked for.

    A class because the records of thousands of charts cost more than judging them, and most are never looked at.
    """

    def __init__(self, series: Sequence[Series]) -> None:
        self._where: list[tuple[_Columns, int] | None] = [None] * len(series)
        self._cut: dict[int, Evaluation] = {}

    def keep(self, place: int, evaluation: Evaluation) -> None:
        """Put a record in its place."""
        self._cut[place] = evaluation

    def add(self, places: Sequence[int], columns: _Columns) -> None:
        """Put judged series in their places."""
        for row, place in enumerate(places):
            self._where[place] = columns, row

    def __len__(self) -> int:
        return len(self._where)

    @overload
    def __getitem__(self, place: int) -> Evaluation: ...
    @overload
    def __getitem__(self, place: slice) -> list[Evaluation]: ...
    def __getitem__(self, place: int | slice) -> Evaluation | list[Evaluation]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        if at not in self._cut:
            columns, row = self._where[at]  # type: ignore[misc]  # what is not kept was added
            self._cut[at] = columns.evaluation(row)
        return self._cut[at]

    def __iter__(self) -> Iterator[Evaluation]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(other) == len(self)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]  # compared like a list, and like a list no key

    @property
    def signalling(self) -> list[bool]:
        """Say of each series whether any rule fired, without cutting a record."""
        return [
            bool(self._cut[place].signals) if where is None else bool(where[0].signalling[where[1]])
            for place, where in enumerate(self._where)
        ]


class _Columns:
    """Series of the same make judged by the same definition, from which records are cut row by row.

    A class because turning an array into Python numbers costs one pass, and is done once for all rows, when the first
    record is asked for.
    """

    def __init__(self, series: Sequence[Series], spec: Spec) -> None:
        whole = [place for place in spec.exclude if isinstance(place, int)]
        if whole and (short := min(series, key=len)) and len(short) <= whole[-1]:
            raise BadSeries(
                f"the definition leaves out position {whole[-1]} and the series has {len(short)} periods, "
                "counted from 0: leave out one that is there"
            )
        self.series, self.spec = series, spec
        self.panel = stack(series, CHARTS[spec.chart].reads)
        self.judgement = judge(self.panel, spec)
        self.signalling = self.judgement.signalling()

    def evaluation(self, row: int) -> Evaluation:
        """Cut one record."""
        return self.plain.evaluation(row, self.series[row], self.signals.get(row, ()))

    @cached_property
    def plain(self) -> _Plain:
        """Return the arrays as Python numbers."""
        return _Plain(self.panel, self.judgement, self.spec)

    @cached_property
    def signals(self) -> dict[int, tuple[Signal, ...]]:
        """Return the signals of each row that has any, in order of their first point."""
        order = {rule.name: place for place, rule in enumerate(rules_for(self.spec))}
        found: defaultdict[int, list[Signal]] = defaultdict(list)
        for row, one in self.judgement.findings():
            verdict = verdict_of(one.side, self.spec.direction)
            found[row].append(Signal(one.rule, one.start, one.end, one.points, one.side, verdict, kind=one.kind))
        return {row: tuple(sorted(some, key=lambda one: (one.start, order[one.rule]))) for row, some in found.items()}


class _Plain:
    """The arrays of a judged panel as plain Python numbers."""

    def __init__(self, panel: Panel, judgement: Judgement, spec: Spec) -> None:
        self.spec, self.judgement, kind = spec, judgement, CHARTS[spec.chart]
        self.one_sigma = not kind.varying
        factor = spec.factor
        runs = judgement.look.runs
        longest_limit, crossings_limit = runs_limits(runs, _method(spec))
        self.value = _plain(judgement.value * factor)
        differs = kind.plot is not None or kind.smooth is not None
        self.observed = _plain(panel.value * factor) if differs else None
        self.lower = _plain(judgement.lower * factor)
        self.upper = _plain(judgement.upper * factor)
        self.level = _plain(judgement.level * factor)
        self.centre = _plain((judgement.centre if kind.level is None else _last_level(judgement)) * factor)
        # sigma of times is one of their transformed scale, which no factor of display moves
        transformed = spec.middle == "transformed" and spec.limit_kind == "sigma"
        self.sigma = _plain(judgement.sigma * (1.0 if transformed else factor))
        self.stretched: list[bool] = judgement.stretched.tolist()
        self.mean_range = _plain(judgement.mean_range * (factor if self.one_sigma else 1))
        self.sigma_z = _plain(judgement.sigma_z)
        self.lag1 = _plain(judgement.lag1)
        self.tested: list[list[bool]] = judgement.look.tested.tolist()
        self.kinds: list[int] = judgement.baseline_kind.tolist()
        self.limited: list[bool] = judgement.limited.tolist()
        self.few: list[bool] = judgement.few.tolist()
        self.baseline_n: list[int] = judgement.baseline.sum(axis=1).tolist()
        last = judgement.baseline.shape[1] - 1 - judgement.baseline[:, ::-1].argmax(axis=1)
        self.baseline_end: list[int] = last.tolist()
        self.n_useful: list[int] = judgement.usable.sum(axis=1).tolist()
        self.off_centre: list[int] = runs.useful.tolist()
        self.longest: list[int] = runs.longest.tolist()
        self.longest_limit: list[int] = longest_limit.tolist()
        self.crossings: list[int] = runs.crossings.tolist()
        self.crossings_limit: list[int] = crossings_limit.tolist()
        self.reasons = _reasons(panel, judgement, spec)
        self._lines: dict[float, tuple[list[Any], list[Any]]] = {}
        numerator, denominator = _sums(panel, judgement)
        self.numerator, self.denominator = _plain(numerator), _plain(denominator)

    def evaluation(self, row: int, series: Series, signals: tuple[Signal, ...]) -> Evaluation:
        """Cut one record."""
        n, spec = len(series), self.spec
        few, off_centre = self.few[row], self.off_centre[row]
        chart: Chart = "run" if few else spec.chart
        baseline_kind = BASELINE_KINDS[self.kinds[row]]
        lower, upper, level = self.lower[row], self.upper[row], self.level[row]
        targets, trajectory = wanted(series, spec)
        reasons = self.reasons[row]
        return Evaluation(
            spec=spec,
            chart=chart,
            labels=series.labels,
            values=tuple(self.value[row][:n]),
            numerators=series.numerators,
            denominators=series.denominators,
            centres=(level[0],) * n if len(level) == 1 else tuple(level[:n]),
            lowers=(lower[0],) * n if len(lower) == 1 else tuple(lower[:n]),
            uppers=(upper[0],) * n if len(upper) == 1 else tuple(upper[:n]),
            included=tuple(place not in spec.exclude for place in range(n)) if spec.exclude else (True,) * n,
            tested=tuple(self.tested[row][:n]),
            hollow=(False,) * (n - 1) + (series.incomplete_last,) * (n > 0),
            centre=self.centre[row],
            baseline_kind=baseline_kind,
            limits_kind=self._limits_kind(row, baseline_kind),
            baseline_n=self.baseline_n[row],
            baseline_end=self.baseline_end[row] if self.baseline_n[row] else None,
            n_useful=self.n_useful[row],
            n_off_centre=off_centre,
            longest_run=self.longest[row] if off_centre else None,
            longest_run_limit=self.longest_limit[row] if off_centre else None,
            crossings=self.crossings[row] if off_centre else None,
            crossings_limit=self.crossings_limit[row] if off_centre else None,
            mean_range=self.mean_range[row],
            sigma=self.sigma[row],
            sigma_z=self.sigma_z[row],
            lag1=self.lag1[row],
            signals=self._dated(row, n, signals),
            reasons=reasons,
            formula=self._formula(row, chart, baseline_kind, reasons),
            targets=targets,
            trajectory=trajectory,
            **self._zones(row, n),
            observed=tuple(self.observed[row][:n]) if self.observed else (),
        )

    def _limits_kind(self, row: int, baseline_kind: BaselineKind) -> LimitsKind:
        if not self.limited[row] or baseline_kind == "few":
            return "none"
        return "trial" if self.stretched[row] else baseline_kind

    def _zones(self, row: int, n: int) -> dict[str, Any]:
        """Return the lines one and two sigmas out, where a rule of the spec looks at them."""
        names = {"lowers_1": (1.0, 0), "uppers_1": (1.0, 1), "lowers_2": (2.0, 0), "uppers_2": (2.0, 1)}
        if not self.looks_at_zones or not self.limited[row]:
            return {}
        lines = {sigmas: self.zone_lines(sigmas) for sigmas in (1.0, 2.0)}
        return {
            name: (column[0],) * n if len(column := lines[sigmas][end][row]) == 1 else tuple(column[:n])
            for name, (sigmas, end) in names.items()
        }

    @cached_property
    def looks_at_zones(self) -> bool:
        """Say whether any rule looks at lines nearer than the limits."""
        return any(rule.kind in ZONED for rule in rules_for(self.spec))

    def zone_lines(self, sigmas: float) -> tuple[list[Any], list[Any]]:
        """Return the lower and upper lines so many sigmas out, of all rows."""
        if sigmas not in self._lines:
            lower, upper = self.judgement.fences.at(sigmas)
            self._lines[sigmas] = _plain(lower * self.spec.factor), _plain(upper * self.spec.factor)
        return self._lines[sigmas]

    def _dated(self, row: int, n: int, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
        """Return the signals with an estimate of when the change came, for runs that touch the last tested points."""
        if not any(one.kind in DATED for one in signals):
            return signals
        tested = self.tested[row][:n]
        known = [value if on else None for value, on in zip(self.value[row][:n], tested, strict=True)]
        first_recent = [place for place, on in enumerate(tested) if on][-RECENT:][0]
        return tuple(
            replace(one, step=step_of_run(known, start=one.start, end=one.end, higher=one.side == "high"))
            if one.kind in DATED and one.end >= first_recent
            else one
            for one in signals
        )

    def _formula(self, row: int, chart: str, baseline_kind: str, reasons: tuple[str, ...]) -> str:
        if not self.n_useful[row]:
            return "no centre: there is no complete period with a value yet"
        unit = self.spec.unit
        worked = Worked(
            baseline=baseline_words(baseline_kind, self.baseline_n[row]),
            spec=self.spec,
            mean_range=with_unit(self.mean_range[row], unit if self.one_sigma else ""),
            sigma=with_unit(self.sigma[row], unit),
            sigma_z=self.sigma_z[row],
            numerator=number(self.numerator[row]),
            denominator=number(self.denominator[row]),
        )
        centre = with_unit(self.centre[row], unit)
        return formula(chart, worked, centre=centre, limited=self.limited[row], reasons=reasons)


def _method(spec: Spec) -> Method:
    """Return how long runs and few crossings are told: as the first rule of that kind does, or by Anhøj's."""
    return next((rule.method for rule in rules_for(spec) if rule.kind in ("longest_run", "few_crossings")), "anhoej")


def _last_level(judgement: Judgement) -> Floats:
    """Return the last of each centre line that differs from point to point."""
    there = judgement.look.tested & ~np.isnan(judgement.level)
    last = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    ends: Floats = np.where(there.any(axis=1), judgement.level[np.arange(len(last)), last], judgement.centre)
    return ends


def _plain(array: Floats) -> list[Any]:
    """Turn an array into lists of Python numbers, NaN into None."""
    plain = array.astype(object)
    plain[np.isnan(array)] = None
    listed: list[Any] = plain.tolist()
    return listed


def _sums(panel: Panel, judgement: Judgement) -> tuple[Floats, Floats]:
    """Return the baseline's sums of numerators and denominators, NaN where a panel has none."""
    nothing = np.full(len(panel.value), np.nan)
    if panel.numerator is None or panel.denominator is None:
        return nothing, nothing
    return total(panel.numerator, judgement.baseline), total(panel.denominator, judgement.baseline)


def _reasons(panel: Panel, judgement: Judgement, spec: Spec) -> list[tuple[str, ...]]:
    """Return for each row the codes of what a reader should know; `words.REASONS` says each in a sentence."""
    points = judgement.usable.sum(axis=1)
    kind = judgement.baseline_kind
    missing = (panel.present & ~panel.hollow & np.isnan(panel.value) & ~panel.zero_denominator).any(axis=1)
    on_trial = kind == BASELINE_KINDS.index("trial")
    limits_wanted = CHARTS[spec.chart].spread is not None
    flags = {
        "no_points": points == 0,
        "too_few_points": judgement.few & (points > 0),
        "trial_limits": on_trial & (points > 0) & (spec.limits == "policy"),
        "baseline_short": on_trial & (points > 0) & (spec.limits != "policy"),
        "constant": judgement.constant,
        "constant_baseline": judgement.stretched,
        "no_spread": ~judgement.limited & ~judgement.few & ~judgement.constant & (points > 0) & limits_wanted,
        "missing_points": missing,
        "zero_denominators": (panel.present & ~panel.hollow & panel.zero_denominator).any(axis=1),
        "incomplete_last": panel.hollow.any(axis=1),
        "excluded_points": np.full(len(points), bool(spec.exclude)),
        "smoothed_points": np.full(len(points), CHARTS[spec.chart].smooth is not None),
    }
    codes, table = list(flags), np.column_stack(list(flags.values()))
    kinds, where = np.unique(table, axis=0, return_inverse=True)
    said = [tuple(code for code, raised in zip(codes, flag, strict=True) if raised) for flag in kinds.tolist()]
    return [said[place] for place in where.ravel().tolist()]
