"""Cases of FunnelPlotR: funnel_plot() of standardised ratios, proportions and ratios of counts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from conformance import defects
from conformance.calls import argument, bound, find
from conformance.case import Case, Row, number, true
from conformance.compare import Compared
from conformance.frame import column, table
from conformance.tree import CannotRead, Name, Node, Op
from conformance.units import LEVELS, judged, limits
from knitwork.signals.funnels import Funnel, FunnelSpec, Unit

FORMALS = (
    ".data", "numerator", "denominator", "group", "data_type", "limit", "label", "highlight", "draw_unadjusted",
    "draw_adjusted", "sr_method", "trim_by", "title", "multiplier",
)  # fmt: skip
SETTINGS = ("data_type", "sr_method", "limit", "trim_by", "multiplier", "draw_adjusted")
# It rounds the sums of denominators to two decimals for all that it computes but the ratio itself.
DIGITS = 2


def check(case: Case) -> Compared:
    """Compare every number and flag of a case."""
    compared = Compared(case.rel_tol)
    given = bound(find(case.statements, "funnel_plot"), FORMALS)
    call = {name: said for name in SETTINGS if (said := argument(given, name)) is not None}
    frame = table(given, ".data", case.input)
    if not {"numerator", "denominator", "group"} <= given.keys():
        raise CannotRead("funnel_plot() without numerator, denominator and group")
    group, above, below = (given[name] for name in ("group", "numerator", "denominator"))
    columns = (
        frame.texts(name) if (name := _named(group)) is not None else column(group, frame),
        column(above, frame),
        column(below, frame),
    )
    spec = FunnelSpec.like("funnelplotr", **call)
    record, whole = judged(*columns, spec, digits=DIGITS), judged(*columns, spec)
    # Without adjustment it puts limits on the scale of the adjusted ones in their columns.
    scale: Any = "sqrt" if spec.transform == "sqrt" else "log"
    by_scale = judged(*columns, replace(spec, limits=scale), digits=DIGITS) if _unadjusted(spec) else None
    compared.same("units", "all", len(record), len(case.expected))
    known = {unit.name for unit in record.units}
    for row in case.expected:
        if row["group"] not in known:
            compared.same("group", row["group"], "missing", "there")
            continue
        compared.row()
        _unit(record, whole, by_scale, row, compared)
    defects.of_funnelplotr(record, case.expected, compared)
    for row in case.summary[:1]:
        compared.number("phi", "summary", record.phi or 0.0, row["phi"])
        compared.number("tau2", "summary", record.tau2 or 0.0, row["tau2"])
        if "n_outliers" in row:
            compared.number(
                "n_outliers", "summary", sum(_flagged(record, unit) for unit in record.units), row["n_outliers"]
            )
    return compared


def _named(group: Node) -> str | None:
    """Return the column of the groups by name, so that its codes are read as they are written."""
    match group:
        case str(text) | Name(text) | Op("$", (Name(_), Name(text))):
            return text
    return None


def _unadjusted(spec: FunnelSpec) -> bool:
    return spec.overdispersion == "none" and spec.kind == "ratio"


def _flagged(record: Funnel, unit: Unit) -> bool:
    """Say whether a unit is flagged; with no spread found it falls back to the limits against chance."""
    against = unit.chance if record.spec.overdispersion == "none" or not record.tau2 else unit.spread
    return against is not None and bool(against.mark)


def _finite(text: str | None) -> float | None:
    value = number(text)
    return None if value is None or math.isinf(value) else value


def _unit(record: Funnel, whole: Funnel, by_scale: Funnel | None, row: Row, compared: Compared) -> None:
    unit, spec = record[row["group"]], record.spec
    value = whole[unit.name].value
    compared.number(
        "rr", unit.name, None if value is None else value / spec.factor, row["rr"]
    )  # its multiplier is for limits
    compared.number("numerator", unit.name, unit.numerator, row["numerator"])
    compared.number("denominator", unit.name, unit.denominator, row["denominator"])
    compared.number(
        "Uzscore",
        unit.name,
        unit.z_raw if spec.overdispersion != "none" else _finite(row["Uzscore"]),
        _finite(row["Uzscore"]),
    )
    compared.number("Wuzscore", unit.name, unit.z_kept, _finite(row["Wuzscore"]))
    trimmed = row.get("truncated") or row.get("winsorised")
    if trimmed is not None and spec.overdispersion != "none":
        compared.same("trimmed", unit.name, unit.trimmed, true(trimmed))
    adjusted: Any = by_scale[unit.name].chance if by_scale is not None else unit.spread
    for short, level in LEVELS.items():
        for names, against in (
            ((f"LCL{short}", f"UCL{short}"), unit.chance),
            ((f"OD{short}LCL", f"OD{short}UCL"), adjusted),
        ):
            for name, ours in zip(names, limits(against, spec, level), strict=True):
                if name in row and (against is not None or number(row[name]) is None):
                    compared.number(name, unit.name, ours, row[name])
    compared.same("outlier", unit.name, _flagged(record, unit), true(row["outlier"]))
