"""Cases of autospc: limits that are established anew at a stable shift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from conformance import defects
from conformance.calls import argument, bound, find
from conformance.case import Case, Row, number, true
from conformance.compare import Compared
from conformance.frame import column, table
from conformance.rows import as_label
from conformance.tree import CannotRead
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.spec import Phase
from knitwork.signals.suggest import every_suggestion, without_extremes

FORMALS = (
    "data",
    "x",
    "y",
    "n",
    "chart_type",
    "period_min",
    "baseline_length",
    "shift_rule_threshold",
    "max_exclusions",
)
CHARTS = {"XMR": "xmr", "MR": "mr", "C": "c", "C'": "c_prime", "P": "p", "P'": "p_prime"}
# Shares are shown per cent.
PER_CENT = frozenset({"p", "p_prime"})


@dataclass(frozen=True)
class Asked:
    """What a call of autospc() asks for."""

    spec: Spec
    series: Series
    shift: int
    enough: int
    extremes: int
    every_shift: bool


def check(case: Case) -> Compared:
    """Compare the periods that it chooses, what it leaves out, and the lines."""
    compared = Compared(case.rel_tol)
    ask = asked(case)
    compared.same("points", "all", len(ask.series), len(case.expected))
    if len(ask.series) != len(case.expected):
        return compared
    spec = _as_chosen(ask, case.expected) if ask.every_shift else _chosen(ask)
    if ask.every_shift:
        compared.notes.append(
            "Where autospc is told to establish limits at every shift, stable or not, which is never suggested here, the limits "
            "of the periods that it chose are compared"
        )
    else:
        _periods(ask, spec, case.expected, compared)
    ours = evaluate(ask.series, spec)
    defects.of_constant(ours, case.expected, compared, "cl", "ucl", "lcl")
    beyond = {at for one in ours.signals for at in one.points}
    for point, row in zip(ours.points, case.expected, strict=True):
        compared.row()
        for name, value in (("y", point.value), ("cl", point.centre), ("lcl", point.lower), ("ucl", point.upper)):
            compared.number(name, point.label, value, row[name])
        if "rule1" in row:
            compared.same("rule1", point.label, point.position in beyond, true(row["rule1"]))
        if not ask.every_shift:
            compared.same("excluded", point.label, not point.included, true(row["excluded"]))
    return compared


def asked(case: Case) -> Asked:
    """Read what autospc() was asked."""
    given = bound(find(case.statements, "autospc"), FORMALS)
    type_ = str(argument(given, "chart_type", "XMR")).replace("prime", "'")
    if type_ not in CHARTS:
        raise CannotRead(f"chart_type = {type_!r}")
    chart: Any = CHARTS[type_]
    enough = int(argument(given, "period_min", 21))
    frame = table(given, "data", case.input)
    labels = tuple(as_label(one) for one in column(given["x"], frame))
    y = tuple(column(given["y"], frame))
    ratio = chart in PER_CENT
    n = tuple(column(given["n"], frame)) if ratio else None
    series = Series(labels=labels, numerators=y, denominators=n) if ratio else Series(labels=labels, values=y)
    spec = Spec(
        chart=chart, limits=enough, sigma_z_floor=0, factor=100.0 if ratio else 1.0, rules=("shewhart",),
    )  # fmt: skip
    return Asked(
        spec=spec,
        series=series,
        shift=int(argument(given, "shift_rule_threshold", 8)),
        enough=enough,
        extremes=int(argument(given, "max_exclusions", 3)),
        every_shift=bool(argument(given, "establish_every_shift", False)),
    )


def _chosen(ask: Asked) -> Spec:
    """Return the definition with every phase that is suggested accepted when it was first."""
    spec = without_extremes(ask.series, ask.spec, most=ask.extremes)
    suggested = every_suggestion(ask.series, spec, shift=ask.shift, enough=ask.enough, extremes=ask.extremes)
    return suggested[-1].spec if suggested else spec


def _as_chosen(ask: Asked, theirs: list[Row]) -> Spec:
    """Return the definition with the periods that the tool chose."""
    excluded = tuple(at for at, row in enumerate(theirs) if true(row["excluded"]))
    phases = []
    for start in _starts(theirs):
        name = theirs[start]["plotPeriod"]
        used = sum(row["plotPeriod"] == name and at not in excluded for at, row in enumerate(theirs))
        phases.append(Phase(start=ask.series.labels[start], limits=max(used, 2)))
    return replace(ask.spec, phases=tuple(phases), exclude=excluded)


def _starts(theirs: list[Row]) -> list[int]:
    """Return where the tool's periods of calculation begin."""
    names: dict[str, int] = {}
    for at, row in enumerate(theirs):
        if row["periodType"] == "calculation":
            names.setdefault(row["plotPeriod"], at)
    return list(names.values())


def _periods(ask: Asked, spec: Spec, theirs: list[Row], compared: Compared) -> None:
    ours = {ask.series.position_of(phase.start) for phase in spec.phases} | {0}
    compared.same("periods", "all", str(sorted(one or 0 for one in ours)), str(sorted({*_starts(theirs), 0})))
    if number(theirs[0].get("periodStart")) is None:
        compared.notes.append("the periods of this version of autospc are not told point by point")
