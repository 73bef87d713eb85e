"""The settings of other funnel tools as definitions of ours, so that their numbers can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from knitwork.model.errors import BadDefinition
from knitwork.signals.funnels.spec import FunnelSpec


def like(tool: str, **call: Any) -> FunnelSpec:
    """Return the definition that asks for what `tool` computes when it is called with `call`.

    The names in `call` are the tool's own: for funnelplotr `data_type`, `sr_method`, `limit`, `trim_by`,
    `multiplier`, `draw_adjusted`; for qikit `chart`, `cl`, `multiply`; for controlcharts `chart_type`, `od_adjust`,
    `multiplier`.
    Settings that change only how the tool's picture looks are taken and do nothing.

    >>> like("funnelplotr", data_type="PR", limit=95).judged_at
    0.95
    """
    if tool not in TOOLS:
        raise BadDefinition(f"{tool!r} is not a tool whose funnels are known here: choose one of {', '.join(TOOLS)}")
    return TOOLS[tool](call)


def _chosen(call: dict[str, Any], name: str, default: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    value = call.get(name, default)
    if value not in known:
        raise BadDefinition(f"{name} is {value!r}: choose one of {', '.join(known)}")
    return known[value]


def _funnelplotr(call: dict[str, Any]) -> FunnelSpec:
    """FunnelPlotR 0.6: normal quantiles of six decimals; counts' limits on a half-width of 1 / (2 √n) in logarithms."""
    ratios = {
        "SHMI": {"transform": "log", "extremes": "truncate"},
        "CQC": {"transform": "sqrt", "extremes": "winsorise"},
    }
    kinds: dict[str, dict[str, Any]] = {
        "SR": {"kind": "ratio", "limits": "garwood"} | _chosen(call, "sr_method", "SHMI", ratios),
        "PR": {"kind": "proportion", "limits": "arcsine", "transform": "arcsine"},
        "RC": {"kind": "rate", "limits": "log_counts_half", "transform": "log_counts_half"},
    }
    return FunnelSpec(
        **_chosen(call, "data_type", "SR", kinds),
        judged_at=0.998 if call.get("limit", 99) == 99 else 0.95,
        overdispersion="additive" if call.get("draw_adjusted", True) else "none",
        trim=call.get("trim_by", 0.1),
        spread_floor="none",
        least_units=2,
        quantile_digits=6,
        factor=call.get("multiplier", 1.0),
    )


def _qikit(call: dict[str, Any]) -> FunnelSpec:
    """clinical-qikit 0.5: interpolated exact limits (Spiegelhalter 2005), spread on the scale of the values."""
    plain = {"p": {"kind": "proportion"}, "u": {"kind": "rate"}, "oe": {"kind": "ratio"}}
    wide = {f"{name[0]}p" if name != "oe" else "oep": one | {"spread_model": "mixture"} for name, one in plain.items()}
    kinds: dict[str, dict[str, Any]] = plain | wide
    factor = call.get("multiply", 1.0)
    centre = {} if call.get("cl") is None else {"centre": call["cl"] * factor}
    return FunnelSpec(
        **_chosen(call, "chart", "p", kinds),
        **centre,
        limits="exact_interpolated",
        transform="normal",
        spread_floor="none",
        least_units=2,
        factor=factor,
    )


def _controlcharts(call: dict[str, Any]) -> FunnelSpec:
    """PowerBI-Funnels and controlchartspy 0.1.3: three levels, per cent for proportions unless it is told otherwise.

    Its limits against the spread may lie inside those against chance. On `auto` it takes them only where a test finds
    more than chance makes: which of both answers that is, stands in the record.
    """
    kinds: dict[str, dict[str, Any]] = {
        "SR": {"kind": "ratio", "limits": "garwood", "transform": "sqrt"},
        "PR": {"kind": "proportion", "limits": "arcsine", "transform": "arcsine"},
        "RC": {"kind": "rate", "limits": "log_counts", "transform": "log_counts"},
    }
    chosen, factor = _chosen(call, "chart_type", "PR", kinds), call.get("multiplier", 1)
    return FunnelSpec(
        **chosen,
        levels=(0.68, 0.95, 0.998),
        overdispersion="none" if call.get("od_adjust", "no") == "no" else "additive",
        spread_floor="none",
        least_units=2,
        factor=100.0 if chosen["kind"] == "proportion" and factor == 1 else float(factor),
    )


TOOLS: dict[str, Callable[[dict[str, Any]], FunnelSpec]] = {
    "funnelplotr": _funnelplotr,
    "qikit": _qikit,
    "controlcharts": _controlcharts,
}
