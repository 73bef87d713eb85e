"""Cases of clinical-qikit: its funnels, and its charts over time where their columns are those of ours."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance import defects
from conformance.calls import bound, constant, find
from conformance.case import Case, Row, has, number, true
from conformance.compare import Compared
from conformance.frame import Frame
from conformance.rows import GATHER, Period, periods, start_of
from conformance.tree import CannotRead
from conformance.units import judged, limits
from knitwork.signals import Evaluation, Point, Series, Spec, evaluate
from knitwork.signals.funnels import FunnelSpec, Unit
from knitwork.signals.funnels.power import detectable
from knitwork.signals.spec import Phase

CHARTS = {
    "run": "run", "i": "xmr", "mr": "mr", "xbar": "xbar", "s": "s", "t": "t", "p": "p", "pp": "p_prime", "c": "c",
    "u": "u", "up": "u_prime", "g": "g",
}  # fmt: skip
# Its A3, B3, B4 and c4 are printed tables of three and four digits.
OF_FEW_DIGITS = 2e-3
RATIOS = frozenset({"p", "p_prime", "u", "u_prime"})


def check(case: Case) -> Compared:
    """Compare every number and flag of a case."""
    compared = Compared(case.rel_tol)
    given = bound(find(case.statements, "qic"), ("data", "x", "y", "n"))
    call = {name: constant(node) for name, node in given.items() if name != "data"}
    # Observed over expected it holds against the same limits whether the rows are units or periods.
    if call.get("funnel") or call.get("chart") in ("oe", "oep"):
        _funnel(case, call, compared)
    else:
        _over_time(case, call, compared)
    return compared


def _funnel(case: Case, call: dict[str, Any], compared: Compared) -> None:
    frame = Frame(case.input)
    if call.get("exclude") or call.get("limit_method") not in (None, "exact"):
        raise CannotRead("a funnel without some of its units, or with limits by an approximation of Byar")
    spec = FunnelSpec.like("qikit", **{name: call[name] for name in ("chart", "cl", "multiply") if name in call})
    if spec.kind == "ratio" and call.get("cl") is None:
        spec = replace(spec, centre="pooled")
    record = judged(frame.texts(call["x"]), frame[call["y"]], frame[call["n"]], spec)
    known = {unit.name for unit in record.units}
    compared.same("units", "all", len(record), len(case.expected))
    wide = spec.spread_model == "mixture"
    least = {unit.name: _least(unit, spec) if wide else unit.min_detectable for unit in record.units}
    for row in case.expected:
        if row["x"] not in known:
            compared.same("x", row["x"], "missing", "there")
            continue
        compared.row()
        unit = record[row["x"]]
        compared.number("y", unit.name, unit.value, row["y"])
        compared.number("cl", unit.name, record.centre, row["cl"])
        against = unit.spread if wide and unit.spread is not None else unit.chance
        for word, level in (("", 0.998), ("_95", 0.95)):
            for name, ours in zip((f"lcl{word}", f"ucl{word}"), limits(against, spec, level), strict=True):
                compared.number(name, unit.name, ours, row[name], rel_tol=_rounded(row[name], unit, spec))
        compared.number("ci_95_lower", unit.name, unit.interval_lower, row["ci_95_lower"])
        compared.number("ci_95_upper", unit.name, unit.interval_upper, row["ci_95_upper"])
        least_there = row.get("min_detectable") or row.get("min_detectable_oe")
        compared.number("min_detectable", unit.name, least[unit.name], least_there)
        beyond = against.beyond if against else None
        compared.same("sigma_signal", unit.name, beyond == 0.998, true(row["sigma_signal"]))
        compared.same("warn_signal", unit.name, beyond == 0.95, true(row["warn_signal"]))
    for row in case.summary[:1]:
        compared.number("dispersion_phi", "summary", record.phi, row["dispersion_phi"])
        tau = math.sqrt(record.tau2 or 0.0)
        compared.number("dispersion_tau", "summary", tau, row["dispersion_tau"])
        # It calls any spread between units overdispersion; ours asks a test whether chance explains it.
        compared.same("overdispersed", "summary", bool(record.tau2), true(row["overdispersed"]))
        # It counts the units of which not even a doubling would be found: of the centre, or of what is expected.
        centre = spec.factor if spec.kind == "ratio" else record.centre
        small = sum(_small(least[unit.name], centre) for unit in record.units if not unit.why_not)
        compared.number("n_underpowered", "summary", small, row["n_underpowered"])


def _least(unit: Unit, spec: FunnelSpec) -> float | None:
    """Return the true value that would be found against the spread, where ours tells the one against chance."""
    against = unit.spread or unit.chance
    if against is None or not unit.denominator:
        return None
    low, high = limits(against, spec, spec.judged_at)
    n = np.array([unit.denominator])
    down, up = (np.array([float(one or 0.0)]) * n / spec.factor for one in (low, high))
    found = detectable(down, up, n, spec.power_wanted, above=True, binomial=spec.kind == "proportion")[0]
    return float(found * spec.factor) if math.isfinite(found) else None


def _small(value: float | None, centre: float | None) -> bool:
    return value is None or (centre is not None and value / centre > 2)


def _rounded(theirs: str, unit: Unit, spec: FunnelSpec) -> float | None:
    """Return how far a limit may be off, as it rounds limits to 9 decimals on the scale of counts."""
    limit = number(theirs)
    return 1e-9 * spec.factor / (unit.denominator * abs(limit)) if limit and unit.denominator else None


def _over_time(case: Case, call: dict[str, Any], compared: Compared) -> None:
    chart = CHARTS.get(str(call.get("chart", "run")))
    if chart is None or not has(case.expected, "x", "y", "cl"):
        raise CannotRead(f"the chart {call.get('chart')!r} of qic()")
    facet = call.get("facets")
    if facet is None:
        _panel(chart, case.input, case.expected, case.summary[:1], call, compared)
        return
    for name in dict.fromkeys(row[facet] for row in case.input):
        some = [row for row in case.input if row[facet] == name]
        _panel(chart, some, [row for row in case.expected if row["facet"] == name], [], call, compared)


def _panel(
    chart: str, rows: list[Row], theirs: list[Row], summary: list[Row], call: dict[str, Any], compared: Compared
) -> None:
    frame = Frame(rows)
    y, n = list(frame[call["y"]]), list(frame[call["n"]]) if call.get("n") else None
    labels = [_start(label, call.get("x_period")) for label in frame.texts(call["x"])]
    wanted = [row["x"][:10] if call.get("x_period") else row["x"] for row in theirs]
    if call.get("x_period"):  # a period without a row is there, and empty
        empty = [label for label in wanted if label not in labels]
        labels, y, n = labels + empty, y + [None] * len(empty), n and n + [None] * len(empty)
    parts = periods(labels, y, n, wanted)
    series = _series(chart, parts, str(call.get("agg_fun", "mean")))
    ours = evaluate(series, _spec(chart, call, series))
    defects.of_constant(ours, theirs, compared, "cl", "ucl", "lcl")
    bridged = any(not part.values for part in parts) or bool(call.get("exclude"))
    defects.of_qikit(chart, ours, theirs, compared, gaps=bridged)
    _points(chart, ours, theirs, compared)
    for row in summary:
        _runs(ours, row, compared)


def _runs(ours: Evaluation, row: Row, compared: Compared) -> None:
    """Compare what is said of the runs; where no point lies off the centre it says 0 where ours says nothing."""
    useful, crossings = ours.n_off_centre, ours.crossings_limit
    said = {
        "n_useful": useful,
        "longest_run": ours.longest_run if useful else 0,
        "n_crossings": ours.crossings if useful else 0,
        "run_threshold": ours.longest_run_limit if useful else None,
        # It says how many are too few, ours how few are enough.
        "crossings_threshold": crossings - 1 if useful and crossings is not None else None,
    }
    for name, value in said.items():
        if name in row and not (value is None and not useful):
            compared.number(name, "summary", value, row[name])
    for name, kind in (("run_signal", "longest_run"), ("crossings_signal", "few_crossings")):
        if name in row:
            compared.same(name, "summary", any(one.kind == kind for one in ours.signals), true(row[name]))


def _start(label: str, period: str | None) -> str:
    """Return the label of a period; one of a week is its last day, a Sunday."""
    first = start_of(label, period)
    return str(dt.date.fromisoformat(first) + dt.timedelta(days=6)) if period == "week" else first


def _series(chart: str, parts: Sequence[Period], gather: str) -> Series:
    labels = tuple(one.label for one in parts)
    if chart in ("xbar", "s"):
        return Series.of_samples([one.values for one in parts], labels=labels)
    if chart in RATIOS:
        return Series(
            labels=labels,
            numerators=tuple(one.numerator for one in parts),
            denominators=tuple(one.denominator for one in parts),
        )
    return Series(labels=labels, values=tuple(GATHER[gather](one.values) for one in parts))


def _spec(chart: str, call: dict[str, Any], series: Series) -> Spec:
    part, exclude, centre = call.get("part") or [], call.get("exclude") or [], call.get("cl")
    if isinstance(part, str) or isinstance(exclude, str):
        raise CannotRead("part or exclude by a column")
    # Its part names the point, counted from 1, at which a phase begins; that of qicharts2 the last one before.
    points = {int(one) - 1 for one in (part if isinstance(part, list) else [part]) if 1 < int(one) <= len(series)}
    factor, alike = float(call.get("multiply") or 1), len(set(series.sizes or ()) - {0.0, 1.0}) == 1
    centre = None if centre is None else centre * factor
    left_out = exclude if isinstance(exclude, list) else [exclude]
    spec = Spec(
        chart=chart,  # type: ignore[arg-type]  # one of the table
        limits="all",
        sigma="montgomery_s" if alike else "",  # type: ignore[arg-type]  # the chart's own where sizes differ
        factor=factor,
        rules=("shewhart", "western_electric", "anhoej"),
        centre=centre,
        phases=tuple(Phase(start=series.labels[at], centre=centre) for at in sorted(points)),
        exclude=tuple(int(one) - 1 for one in left_out if 0 < int(one) <= len(series)),
    )
    if not call.get("freeze"):
        return spec
    loose, freeze = evaluate(series, spec), int(call["freeze"])
    frozen = sum(loose.tested[at] and loose.included[at] for at in range(min(freeze, len(series))))
    return replace(spec, limits=max(frozen, 2))


def _points(chart: str, ours: Evaluation, theirs: list[Row], compared: Compared) -> None:
    beyond = {at for one in ours.signals if one.rule == "beyond_limits" for at in one.points}
    points = ours.points[1:] if chart == "mr" else ours.points  # the first point has no moving range
    compared.same("points", "all", len(points), len(theirs))
    for point, row in zip(points, theirs, strict=False):
        compared.row()
        for name, value in (
            ("y", point.value), ("cl", point.centre), ("lcl", point.lower), ("ucl", point.upper),
            ("lcl_95", point.lower_2), ("ucl_95", point.upper_2),
        ):  # fmt: skip
            if name not in row or (chart == "mr" and name in ("lcl", "lcl_95", "ucl_95")):
                continue
            if chart in ("xbar", "s") and name not in ("y", "cl"):
                _half(name, point, value, row, compared)
            else:
                few = OF_FEW_DIGITS if chart == "s" and name == "cl" else None
                compared.number(name, point.label, value, row[name], rel_tol=few)
        # A point that is left out of the baseline is asked no rules there.
        fired = point.included and point.position in beyond
        compared.same("sigma_signal", point.label, fired, true(row["sigma_signal"]))


def _half(name: str, point: Point, ours: float | None, row: Row, compared: Compared) -> None:
    """Compare how far a limit of subgroups lies from the centre, whose constants it tabulates to few digits."""
    limit, centre = number(row[name]), number(row["cl"])
    if ours is None or limit is None or point.centre is None or centre is None:
        compared.number(name, point.label, ours, row[name])
    else:
        compared.number(name, point.label, ours - point.centre, limit - centre, rel_tol=OF_FEW_DIGITS)
