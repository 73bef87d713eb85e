"""Cases of controlcharts, the engine of PowerBI-SPC and PowerBI-Funnels: spc() and funnel()."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from conformance import defects
from conformance.calls import argument, bound, find
from conformance.case import Case, Row, has, number
from conformance.compare import Compared
from conformance.frame import Frame
from conformance.rows import periods
from conformance.tree import CannotRead
from conformance.units import LEVELS, judged, limits
from knitwork.signals import Evaluation, Series, Signal, Spec, evaluate
from knitwork.signals.funnels import Funnel, FunnelSpec
from knitwork.signals.rules.rule import Rule

# Chart, centre and sigma of each of its charts.
CHARTS: dict[str, dict[str, Any]] = {
    "run": {"chart": "run"},
    "i": {"chart": "xmr"},
    "i_m": {"chart": "xmr", "middle": "median"},
    "i_mm": {"chart": "xmr", "middle": "median", "sigma": "median_mr"},
    "mr": {"chart": "mr"},
    "p": {"chart": "p"},
    "pp": {"chart": "p_prime", "sigma_z_floor": 0},
    "u": {"chart": "u"},
    "up": {"chart": "u_prime", "sigma_z_floor": 0},
    "c": {"chart": "c"},
    "xbar": {"chart": "xbar", "sigma": "montgomery_s"},
    "s": {"chart": "s", "sigma": "montgomery_s"},
    "g": {"chart": "g"},
    "t": {"chart": "t"},
}
PER_CENT = frozenset({"p", "pp"})
LINES = {
    "ll99": "lower", "ul99": "upper", "ll95": "lower_2", "ul95": "upper_2", "ll68": "lower_1", "ul68": "upper_1",
}  # fmt: skip
DIRECTIONS: dict[str, Literal["up", "down", "neither"]] = {"increase": "up", "decrease": "down", "neutral": "neither"}
OF_RANGES = (
    "On a chart of moving ranges it puts its nearer lines at thirds of the limit, not at sigmas from the centre: these are "
    "not compared"
)
VERDICTS = {"better": "improvement", "worse": "deterioration"}


def check(case: Case) -> Compared:
    """Compare every number and flag of a case."""
    compared = Compared(case.rel_tol)
    call = find(case.statements, "spc", "funnel")
    given = bound(call, ("data", "keys", "numerators", "denominators", "xbar_sds"))
    frame = Frame(case.input)
    names = [argument(given, name) for name in ("keys", "numerators", "denominators", "xbar_sds")]
    names = [one[0] if isinstance(one, list) else one for one in names]
    if call.function == "funnel":
        _funnel(case, frame, names, argument(given, "funnel_settings") or {}, compared)
    else:
        settings, outliers = argument(given, "spc_settings") or {}, argument(given, "outlier_settings") or {}
        _spc(case, frame, names, settings, outliers, compared)
    return compared


def _funnel(case: Case, frame: Frame, names: list[Any], settings: dict[str, Any], compared: Compared) -> None:
    spec = FunnelSpec.like("controlcharts", **settings)
    record = judged(frame.texts(names[0]), frame[names[1]], frame[names[2]], spec)
    known = {unit.name for unit in record.units}
    # A unit without a denominator is left out there; here it is listed, and not judged.
    compared.same("units", "all", sum(not unit.why_not for unit in record.units), len(case.expected))
    wide = _adjusts(record, str(settings.get("od_adjust", "no")))
    for row in case.expected:
        if row["group"] not in known:
            compared.same("group", row["group"], "missing", "there")
            continue
        compared.row()
        unit = record[row["group"]]
        compared.number("value", unit.name, unit.value, row["value"])
        compared.number("target", unit.name, record.centre, row["target"])
        against = unit.spread if wide and unit.spread is not None else unit.chance
        if unit.chance is not None:
            z = number(row["z"])
            compared.number("z", unit.name, against.z if against else None, None if z is None or math.isinf(z) else z)
        for short, level in LEVELS.items():
            for name, ours in zip((f"ll{short}", f"ul{short}"), limits(against, spec, level), strict=True):
                # It leaves out a limit that would turn back as denominators grow.
                if number(row[name]) is not None or ours is None:
                    compared.number(name, unit.name, ours, row[name])
        beyond = (against.beyond if against else None) or 0
        for name, level in (("three_sigma", 0.998), ("two_sigma", 0.95)):
            if name in row:
                compared.same(name, unit.name, beyond >= level, row[name] != "none")


def _adjusts(record: Funnel, asked: str) -> bool:
    """Say whether limits rest on the spread between units: on "auto" only where a test finds more than chance makes."""
    if not record.tau2 or asked == "no":
        return False
    if asked == "yes":
        return True
    from scipy.stats import chi2

    return bool(record.n_judged * (record.phi or 0.0) > chi2.ppf(0.95, record.n_judged - 1))


def _rules(outliers: dict[str, Any]) -> dict[str, Rule]:
    """Return its rules as ours, by the name of its column; those that are off are left out."""
    shift, trend = int(outliers.get("shift_n", 7)), int(outliers.get("trend_n", 5))
    beyond = _sigmas(outliers, "astronomical", "3 Sigma")
    near = _sigmas(outliers, "two_in_three", "2 Sigma")
    whole: Any = "whole" if outliers.get("two_in_three_highlight_series") else "matching"
    # A point on the centre line, or one equal to that before, is passed over.
    every = {
        "astpoint": ("astronomical", Rule(name="astpoint", kind="zone", sigmas=beyond, marks="matching")),
        "shift": ("shift", Rule(name="shift", kind="run", length=shift, ties="skip")),
        "trend": ("trend", Rule(name="trend", kind="trend", length=trend, ties="skip")),
        "two_in_three": (
            "two_in_three",
            Rule(name="two_in_three", kind="zone", length=3, count=2, sigmas=near, marks=whole),
        ),
    }
    return {name: rule for name, (setting, rule) in every.items() if outliers.get(setting)}


def _sigmas(outliers: dict[str, Any], rule: str, usual: str) -> float:
    """Return how many sigmas out a rule looks, which it says as "2 Sigma"."""
    said = str(outliers.get(f"{rule}_limit", usual))
    number_, _, unit = said.partition(" ")
    if unit != "Sigma" or not number_.isdigit():
        if not outliers.get(rule):
            return float(usual[0])
        raise CannotRead(f"{rule}_limit = {said!r}")
    return float(number_)


def _spec(type_: str, settings: dict[str, Any], outliers: dict[str, Any]) -> Spec:
    if type_ not in CHARTS:
        raise CannotRead(f"the chart {type_!r} of spc()")
    first = settings.get("num_points_subset")
    if settings.get("split_on_click") or (first and settings.get("subset_points_from", "Start") != "Start"):
        raise CannotRead("points for the limits that are not the first ones")
    chosen, rules = dict(CHARTS[type_]), _rules(outliers)
    if settings.get("outliers_in_limits") and chosen["chart"] in ("xmr", "p_prime", "u_prime", "t", "mr"):
        chosen["sigma"] = chosen.get("sigma") or "mr"
    multiplier = float(settings.get("multiplier") or 1)
    return Spec(
        **chosen,
        direction=DIRECTIONS[str(outliers.get("improvement_direction", "increase"))],
        limits=int(first) if first else "all",
        factor=100.0 if type_ in PER_CENT and multiplier == 1 else multiplier,
        rules=("custom", "western_electric"),
        custom=tuple(rules.values()) or (Rule(name="astpoint", kind="beyond"),),
    )


def _spc(
    case: Case, frame: Frame, names: list[Any], settings: dict[str, Any], outliers: dict[str, Any], compared: Compared
) -> None:
    type_ = str(settings.get("chart_type", "i"))
    spec, series = _spec(type_, settings, outliers), _series(type_, frame, names, case.expected)
    if type_ == "i_mm" and not settings.get("outliers_in_limits"):
        spec = replace(spec, spread=_screened_median(series, spec))
    if len(series) < len(frame):
        compared.notes.append("It leaves out periods without a value, and so does the comparison; here they are gaps")
    ours = evaluate(series, spec)
    defects.of_controlcharts(type_, ours, case.expected, compared)
    defects.of_constant(ours, case.expected, compared, "target", "ul", "ll")
    ranges = type_ == "mr"
    points = ours.points[1:] if ranges else ours.points  # the first point has no moving range, and is left out there
    if ranges:
        compared.notes.append(OF_RANGES)
    compared.same("points", "all", len(points), len(case.expected))
    for point, row in zip(points, case.expected, strict=False):
        compared.row()
        for name, value in (("value", point.value), ("target", point.centre)):
            compared.number(name, point.label, value, row.get(name))
        for name, value in (("numerator", point.numerator), ("denominator", point.denominator)):
            if name in row and value is not None:
                compared.number(name, point.label, value, row[name])
        for name, line in LINES.items():
            if name in row and (not ranges or name.endswith("99")):
                compared.number(name, point.label, getattr(point, line), row[name])
    for name in ("astpoint", "shift", "trend", "two_in_three"):
        if has(case.expected, name) and (not ranges or name != "two_in_three"):
            only = str(outliers.get("process_flag_type", "both"))
            _flags(name, ours, points[0].position if points else 0, case.expected, compared, only)


def _screened_median(series: Series, spec: Spec) -> float | None:
    """Return sigma by its median moving range: those above 3.865 medians are left out first, which is none of ours."""
    values = [one for one in (series.values or ()) if one is not None]
    some = values[: spec.limits] if isinstance(spec.limits, int) else values
    ranges = [abs(after - before) for before, after in pairwise(some)]
    if not any(ranges):
        return None
    kept = [one for one in ranges if one < 3.865 * median(ranges)]
    return (median(kept or ranges) / 0.954 * spec.factor) or None


def _series(type_: str, frame: Frame, names: list[Any], theirs: list[Row]) -> Series:
    """Return the series without the periods that have no value: the tool leaves them out, and says so."""
    y, n = frame[names[1]], frame[names[2]] if names[2] else None
    if type_ in ("xbar", "s"):
        if n is None or (type_ == "xbar" and not names[3]):
            raise CannotRead("a chart of subgroups without their sizes or standard deviations")
        sds = y if type_ == "s" else frame[names[3]]
        return Series(labels=tuple(frame.texts(names[0])), values=tuple(y), sizes=tuple(n), sds=tuple(sds))
    wanted = [row.get("date", "") for row in theirs]
    parts = [
        one for one in periods(frame.texts(names[0]), y, n, wanted) if one.values and (n is None or one.denominator)
    ]
    labels = tuple(one.label for one in parts)
    if n is not None and type_ in ("p", "pp", "u", "up"):
        return Series(
            labels=labels,
            numerators=tuple(p.numerator for p in parts),
            denominators=tuple(p.denominator for p in parts),
        )
    if n is not None:
        return Series(
            labels=labels,
            values=tuple(
                p.numerator / p.denominator if p.numerator is not None and p.denominator else None for p in parts
            ),
        )
    return Series(labels=labels, values=tuple(p.numerator for p in parts))


def _flags(name: str, ours: Evaluation, first: int, theirs: list[Row], compared: Compared, only: str) -> None:
    """Compare one rule: whether it marks a point, and as what; it may have been asked to mark one kind `only`."""
    marked: dict[int, str] = {}
    for one in ours.signals:
        if one.rule == name:
            for at in _marked(one, ours):
                # Where a rise turns into a fall, it leaves the turning point to the first.
                marked.setdefault(at, VERDICTS.get(one.verdict) or f"neutral_{one.side}")
    for at, row in enumerate(theirs[: len(ours) - first], start=first):
        said = marked.get(at, "none")
        left_out = only != "both" and said in VERDICTS.values() and said != only
        compared.same(name, ours.labels[at], "none" if left_out else said, row[name])


def _marked(one: Signal, ours: Evaluation) -> Iterable[int]:
    """Return the points that it marks: in a run those on the centre line too, of a trend none before its first step."""
    if one.kind == "run":
        return range(one.start, one.end + 1)
    if one.kind != "trend":
        return one.points
    start, seen = one.start, ours.values
    while start < one.end and seen[start] == seen[start + 1]:
        start += 1
    return range(start, one.end + 1)
