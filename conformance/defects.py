"""Where another tool is wrong, or decides otherwise on purpose of ours: named, with its place and the test of ours.

A difference may stand only for one of these. Each is told from the data or the parameters of a case, never from its
name, and covers only the columns that it can touch. The tests named stand in tests/conformance/test_defects.py; each states
the right value with its source.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.case import Row

if TYPE_CHECKING:
    from conformance.compare import Compared
    from conformance.qicharts2 import Asked
    from knitwork.signals import Evaluation


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect of another tool: what it does, where that is named, and which test of ours states the right value."""

    tool: str
    does: str
    place: str
    test: str


DEFECTS: dict[str, Defect] = {
    "events_without_exposure": Defect(
        "qicharts2",
        "it counts the events of a period without exposure in the centre and draws them at infinity",
        "signals.md 4.10 and 7.6",
        "test_events_of_a_period_without_exposure_do_not_count",
    ),
    "ip_ignores_freeze": Defect(
        "qicharts2",
        "its I' chart takes sigma from all points, frozen and excluded ones too",
        "signals.md 3.2",
        "test_an_i_prime_chart_takes_sigma_from_its_baseline_alone",
    ),
    "constant_assurance": Defect(
        "NHSRplotthedots",
        "a series that never varies has no limits there, and so no answer whether its target is met",
        "signals.md 3.5",
        "test_a_series_that_never_varies_is_held_against_its_target_itself",
    ),
    "g_without_limits": Defect(
        "qcc",
        "its g chart comes back without three sigma limits, and the zone rules then fail",
        "signals.md 3.8",
        "test_a_g_chart_has_three_sigma_limits_about_its_mean",
    ),
    "g_off_by_one": Defect(
        "qcc",
        "the quantiles of its g chart take p = 1 / mean for counts that start from 0, and are off by one",
        "signals.md 3.8",
        "test_the_quantiles_of_a_g_chart_are_those_of_counts_from_nought",
    ),
    "arcsine_turns_back": Defect(
        "FunnelPlotR",
        "its limits of proportions are arcsine approximations, which turn back below 1 past a right angle",
        "signals.md 3.9",
        "test_an_upper_limit_by_arcsine_stops_at_one",
    ),
    "median_range_by_mean_constant": Defect(
        "controlchartspy",
        "its i_mm chart divides the median moving range by 1.128, the constant of the mean one; the median one is 0.954",
        "signals.md 3.7",
        "test_a_median_moving_range_is_divided_by_its_own_constant",
    ),
    "time_of_nothing": Defect(
        "several",
        "it takes a time of nothing between two events as it stands, which its transform cannot use",
        "signals.md 7.2",
        "test_a_time_of_nothing_counts_as_half_a_unit",
    ),
    "constant_limits": Defect(
        "several",
        "the limits of single values that never vary lie on the centre line itself; here they are undefined",
        "signals.md 3.5",
        "test_a_series_that_never_varies_is_held_against_its_target_itself",
    ),
    "qikit_runs_rule": Defect(
        "clinical-qikit",
        "it calls a run long from floor(log2 n) + 3 points on; the published limit is round(log2 n) + 3",
        "signals.md 3.10 and 3.13",
        "test_the_longest_usual_run_is_the_published_one",
    ),
    "qikit_g_limits": Defect(
        "clinical-qikit",
        "its g chart has upper limits 8 to 25% too low",
        "signals.md 3.10",
        "test_a_g_chart_has_three_sigma_limits_about_its_mean",
    ),
    "qikit_p_above_one": Defect(
        "clinical-qikit",
        "its limits of proportions go beyond 1",
        "signals.md 3.10",
        "test_no_limit_of_a_proportion_lies_above_one",
    ),
    "qikit_gap_as_zero": Defect(
        "clinical-qikit",
        "it takes a period whose events are unknown as one without events",
        "signals.md 7.6, changing definitions, late data and gaps",
        "test_a_period_without_a_numerator_is_a_gap",
    ),
    "qikit_bridges_gaps": Defect(
        "clinical-qikit",
        "its moving ranges bridge gaps",
        "signals.md 3.10",
        "test_no_moving_range_bridges_a_missing_period",
    ),
}

_OF_QIKIT = frozenset(
    {"y", "cl", "ucl", "ucl_95", "lcl", "lcl_95", "sigma_signal", "n_useful", "longest_run", "n_crossings"}
    | {"run_threshold", "crossings_threshold", "run_signal", "crossings_signal"}
)
_OF_LIMITS = frozenset({"lcl", "ucl", "lcl.95", "ucl.95", "sigma.signal"})


def of_constant(ours: Evaluation, theirs: list[Row], compared: Compared, centre: str, upper: str, lower: str) -> None:
    """Name limits without any width, of a series that never varies; `upper` and `lower` begin the columns' names."""
    if "constant" not in ours.reasons or not theirs:
        return
    wide = [name for name in theirs[0] if name.startswith((upper, lower))]
    if all(row.get(name) and row[name] == row.get(centre) for row in theirs for name in wide):
        compared.excuse("constant_limits", wide)


def of_qicharts2(ask: Asked, raw: Iterable[tuple[str, Any, Any]], theirs: list[Row], compared: Compared) -> None:
    """Name what is wrong with qicharts2 in such a panel."""
    if ask.n is not None and any(n == 0 and (y or 0) > 0 for _, y, n in raw) and any(_infinite(row) for row in theirs):
        runs = {
            "n.useful",
            "longest.run",
            "longest.run.max",
            "n.crossings",
            "n.crossings.min",
            "runs.signal",
            "baseline",
        }
        compared.excuse("events_without_exposure", {"y", "cl", *_OF_LIMITS, *runs})
    if ask.spec.chart == "i_prime" and (ask.freeze is not None or ask.exclude):
        compared.excuse("ip_ignores_freeze", _OF_LIMITS)


def _infinite(row: Row) -> bool:
    try:
        return math.isinf(float(row.get("y") or "nan"))
    except ValueError:
        return False


def of_making_data_count(ours: Evaluation, rows: list[Row], compared: Compared, facet: str) -> None:
    """Name what NHSRplotthedots does with a series that never varies: it has no limits and calls the target hit or miss."""
    if "constant" not in ours.reasons:
        return
    places = [one.where for one in compared.differences if one.where.startswith(f"{facet} ")]
    if any(row.get("assurance_type") == "inconsistent" for row in rows):
        compared.excuse("constant_assurance", {"assurance_type"}, places)
    if all(row.get("lpl") and row["lpl"] == row.get("mean_col") == row.get("upl") for row in rows):
        compared.excuse("constant_limits", {"lpl", "upl"}, places)


def of_qcc(ask: Any, theirs: list[Row], compared: Compared) -> None:
    """Name what is wrong with the g chart of qcc."""
    if ask.type != "g":
        return
    empty = all(not (row.get("lcl") or "").strip("NA") and not (row.get("ucl") or "").strip("NA") for row in theirs)
    rules = {name for row in theirs[:1] for name in row if name[:3] in ("wer", "nel")}
    if empty:
        compared.excuse("g_without_limits", {"lcl", "ucl", "std.dev", *rules})
    elif ask.spec.limit_kind == "probability":
        compared.excuse("g_off_by_one", {"lcl", "ucl", "std.dev", *rules})


def of_funnelplotr(record: Any, theirs: list[Row], compared: Compared) -> None:
    """Name where the arcsine limits of FunnelPlotR turn back: past a right angle the sine falls again."""
    from statistics import NormalDist

    if record.spec.limits != "arcsine" or record.centre is None:
        return
    middle = math.asin(math.sqrt(record.centre / record.spec.factor))
    for short, level in (("95", 0.95), ("99", 0.998)):
        reach = NormalDist().inv_cdf(1 - (1 - level) / 2)
        for row in theirs:
            below = float(row["denominator"])
            chance = 1 / (4 * below)
            for name, variance in ((f"UCL{short}", chance), (f"OD{short}UCL", chance + (record.tau2 or 0.0))):
                if middle + reach * math.sqrt(variance) > math.pi / 2:
                    compared.excuse("arcsine_turns_back", {name}, [row["group"]])


def of_controlcharts(type_: str, ours: Evaluation, theirs: list[Row], compared: Compared) -> None:
    """Name what is wrong with a chart of controlcharts: medians of ranges by the constant of means, times of nothing."""
    lines = {"ll99", "ll95", "ll68", "ul68", "ul95", "ul99", "astpoint", "two_in_three"}
    if type_ == "i_mm" and ours.centre is not None and (upper := ours.uppers[0]) is not None:
        for middle in (upper - ours.centre, 3 * (ours.mean_range or 0.0) / 0.954):
            narrow = ours.centre + middle * 0.954 / 1.128
            if all(math.isclose(float(row.get("ul99") or 0), narrow, rel_tol=1e-8) for row in theirs):
                compared.excuse("median_range_by_mean_constant", lines)
    if type_ == "t" and 0 in (ours.observed or ()):
        compared.excuse("time_of_nothing", {*lines, "value", "target", "shift", "trend"})


def of_qikit(chart: str, ours: Evaluation, theirs: list[Row], compared: Compared, *, gaps: bool) -> None:
    """Name where clinical-qikit decides otherwise on a chart over time."""
    compared.excuse("qikit_runs_rule", {"run_threshold", "run_signal"})
    if chart == "g":
        compared.excuse("qikit_g_limits", {"ucl", "ucl_95", "lcl", "lcl_95", "sigma_signal"})
    if chart == "t" and 0 in [value and float(value) for value in (row.get("y") for row in theirs)]:
        compared.excuse("time_of_nothing", _OF_QIKIT)
    if chart in ("p", "p_prime"):
        above = [ours.labels[at] for at, row in enumerate(theirs[: len(ours)]) if float(row.get("ucl") or 0) > 1]
        compared.excuse("qikit_p_above_one", {"ucl", "ucl_95"}, above)
    if chart in ("p", "p_prime", "u", "u_prime"):
        missing = [at for at, value in enumerate(ours.values[: len(theirs)]) if value is None]
        if any(theirs[at].get("y") in ("0", "0.0") for at in missing):
            compared.excuse("qikit_gap_as_zero", _OF_QIKIT)
    if gaps and chart in ("xmr", "mr", "p_prime", "u_prime", "t"):
        compared.excuse("qikit_bridges_gaps", {"ucl", "ucl_95", "lcl", "lcl_95", "sigma_signal"})
