"""Cases of clinical-qikit: its funnels, and its charts over time where their columns are those of ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance import defects
from conformance.calls import bound, constant, find
from conformance.case import Case, Row, has, true
from conformance.compare import Compared
from conformance.frame import Frame
from conformance.rows import GATHER, Period, periods
from conformance.tree import CannotRead
from conformance.units import judged, limits
from knitwork.signals import Evaluation, Series, Spec, evaluate
from knitwork.signals.funnels import FunnelSpec
from knitwork.signals.spec import Phase

CHARTS = {
    "run": "run", "i": "xmr", "mr": "mr", "xbar": "xbar", "s": "s", "t": "t", "p": "p", "pp": "p_prime", "c": "c",
    "u": "u", "up": "u_prime", "g": "g",
}  # fmt: skip
RATIOS = frozenset({"p", "p_prime", "u", "u_prime"})


def check(case: Case) -> Compared:
    """Compare every number and flag of a case."""
    compared = Compared(case.rel_tol)
    given = bound(find(case.statements, "qic"), ("data", "x", "y", "n"))
    call = {name: constant(node) for name, node in given.items() if name != "data"}
    if call.get("funnel"):
        _funnel(case, call, compared)
    else:
        _over_time(case, call, compared)
    return compared


def _funnel(case: Case, call: dict[str, Any], compared: Compared) -> None:
    frame = Frame(case.input)
    spec = FunnelSpec.like("qikit", **{name: call[name] for name in ("chart", "cl", "multiply") if name in call})
    if spec.kind == "ratio" and call.get("cl") is None:
        spec = replace(spec, centre="pooled")
    record = judged(frame.texts(call["x"]), frame[call["y"]], frame[call["n"]], spec)
    known = {unit.name for unit in record.units}
    compared.same("units", "all", len(record), len(case.expected))
    for row in case.expected:
        if row["x"] not in known:
            compared.same("x", row["x"], "missing", "there")
            continue
        compared.row()
        unit = record[row["x"]]
        compared.number("y", unit.name, unit.value, row["y"])
        compared.number("cl", unit.name, record.centre, row["cl"])
        for word, level in (("", 0.998), ("_95", 0.95)):
            for name, ours in zip((f"lcl{word}", f"ucl{word}"), limits(unit.chance, spec, level), strict=True):
                compared.number(name, unit.name, ours, row[name])
        compared.number("ci_95_lower", unit.name, unit.interval_lower, row["ci_95_lower"])
        compared.number("ci_95_upper", unit.name, unit.interval_upper, row["ci_95_upper"])
        detectable = row.get("min_detectable") or row.get("min_detectable_oe")
        compared.number("min_detectable", unit.name, unit.min_detectable, detectable)
        beyond = unit.chance.beyond if unit.chance else None
        compared.same("sigma_signal", unit.name, beyond == 0.998, true(row["sigma_signal"]))
        compared.same("warn_signal", unit.name, beyond == 0.95, true(row["warn_signal"]))
    for row in case.summary[:1]:
        compared.number("dispersion_phi", "summary", record.phi, row["dispersion_phi"])
        tau = None if record.tau2 is None else math.sqrt(record.tau2)
        compared.number("dispersion_tau", "summary", tau, row["dispersion_tau"])
        # It calls any spread between units overdispersion; ours asks a test whether chance explains it.
        compared.same("overdispersed", "summary", bool(record.tau2), true(row["overdispersed"]))
        # It counts the units of which not even a doubling would be found: of the centre, or of what is expected.
        centre = spec.factor if spec.kind == "ratio" else record.centre
        small = sum(_small(unit.min_detectable, centre) for unit in record.units)
        compared.number("n_underpowered", "summary", small, row["n_underpowered"])


def _small(detectable: float | None, centre: float | None) -> bool:
    return detectable is None or (centre is not None and detectable / centre > 2)


def _over_time(case: Case, call: dict[str, Any], compared: Compared) -> None:
    frame, chart = Frame(case.input), CHARTS.get(str(call.get("chart", "run")))
    if chart is None or not has(case.expected, "x", "y", "cl"):
        raise CannotRead(f"the chart {call.get('chart')!r} of qic()")
    y, n = frame[call["y"]], frame[call["n"]] if call.get("n") else None
    parts = periods(frame.texts(call["x"]), y, n, [row["x"] for row in case.expected])
    series = _series(chart, parts)
    ours = evaluate(series, _spec(chart, call, series))
    defects.of_constant(ours, case.expected, compared, "cl", "ucl", "lcl")
    defects.of_qikit(chart, ours, case.expected, compared, gaps=any(not part.values for part in parts))
    _points(chart, ours, case.expected, compared)
    for row in case.summary[:1]:
        for name, value in (
            ("n_useful", ours.n_off_centre), ("longest_run", ours.longest_run), ("n_crossings", ours.crossings),
            ("run_threshold", ours.longest_run_limit),
        ):  # fmt: skip
            compared.number(name, "summary", value, row[name])
        fired = any(one.kind == "longest_run" for one in ours.signals)
        compared.same("run_signal", "summary", fired, true(row["run_signal"]))


def _series(chart: str, parts: Sequence[Period]) -> Series:
    labels = tuple(one.label for one in parts)
    if chart in ("xbar", "s"):
        return Series.of_samples([one.values for one in parts], labels=labels)
    if chart in RATIOS:
        return Series(
            labels=labels,
            numerators=tuple(one.numerator for one in parts),
            denominators=tuple(one.denominator for one in parts),
        )
    gather = GATHER["sum" if chart == "c" else "mean"]
    return Series(labels=labels, values=tuple(gather(one.values) for one in parts))


def _spec(chart: str, call: dict[str, Any], series: Series) -> Spec:
    part, freeze, centre = call.get("part") or [], call.get("freeze"), call.get("cl")
    # Its part names the point, counted from 1, at which a phase begins; that of qicharts2 the last one before.
    points = {int(one) - 1 for one in (part if isinstance(part, list) else [part]) if 1 < int(one) <= len(series)}
    return Spec(
        chart=chart,  # type: ignore[arg-type]  # one of the table
        limits=int(freeze) if freeze else "all",
        factor=float(call.get("multiply") or 1),
        rules=("shewhart", "western_electric", "anhoej"),
        centre=centre,
        phases=tuple(Phase(start=series.labels[at], centre=centre) for at in sorted(points)),
    )


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
            if name in row and not (chart == "mr" and name in ("lcl", "lcl_95", "ucl_95")):
                compared.number(name, point.label, value, row[name])
        compared.same("sigma_signal", point.label, point.position in beyond, true(row["sigma_signal"]))
