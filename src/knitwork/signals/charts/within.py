"""Sigma within subgroups, from their standard deviations or ranges: what the charts of subgroups rest on."""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, Worked
from knitwork.signals.constants import c4, d2
from knitwork.signals.panel import Floats, Panel, mean, total
from knitwork.signals.series import BadSeries
from knitwork.signals.spec import Spec


def standard_deviations(panel: Panel) -> Floats:
    """Return the standard deviation of each subgroup."""
    if panel.sd is None:
        raise BadSeries(
            "this chart needs the standard deviations of its subgroups: give sds beside the means and sizes, or make "
            "the series with Series.of_samples"
        )
    return panel.sd


def subgroup_ranges(panel: Panel) -> Floats:
    """Return the range of each subgroup."""
    if panel.spread is None:
        raise BadSeries(
            "this chart needs the ranges of its subgroups: give ranges beside the means and sizes, or make the series "
            "with Series.of_samples"
        )
    return panel.spread


def within_sigma(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:
    """Return sigma of a single value, one column a row, or one for each point by `montgomery_s`.

    `pooled_s`: the root of the pooled variance over c4 of its degrees of freedom plus one, which is exact.
    `montgomery_s`: the mean standard deviation where all subgroups are of a size, else the root of the pooled variance,
    over c4 of each subgroup's size (Montgomery, equations 6.27 to 6.31), as qicharts2 has it.
    `mean_range`: the mean of range over d2 (Montgomery, equation 6.6).
    """
    if spec.spread is not None:
        return np.full((len(panel.value), 1), spec.spread / spec.factor)
    size = panel.sizes()
    if spec.sigma == "mean_range":
        with np.errstate(invalid="ignore"):
            each = subgroup_ranges(panel) / d2(size)
        return mean(each, baseline.points & np.isfinite(each))[:, None]
    sd = standard_deviations(panel)
    known = baseline.points & (size > 1) & ~np.isnan(sd)
    freedom = np.where(known, size - 1, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = np.sqrt(total(freedom * np.nan_to_num(sd) ** 2, known) / total(freedom, known))
        if spec.sigma == "pooled_s":
            return (pooled / c4(total(freedom, known) + 1))[:, None]
        return average_s(panel, baseline)[:, None] / c4(size)


def average_s(panel: Panel, baseline: Baseline) -> Floats:
    """Return the mean standard deviation where all subgroups are of a size, else the root of the pooled variance."""
    size, sd = panel.sizes(), standard_deviations(panel)
    known = baseline.points & (size > 1) & ~np.isnan(sd)
    freedom = np.where(known, size - 1, 0.0)
    alike = np.where(known, size, -np.inf).max(axis=1) == np.where(known, size, np.inf).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = np.sqrt(total(freedom * np.nan_to_num(sd) ** 2, known) / total(freedom, known))
    return np.where(alike, mean(sd, known), pooled)


def sigma_words(worked: Worked) -> str:
    """Say where sigma came from."""
    if worked.spec.spread is not None:
        return f"sigma {worked.sigma}, as published"
    return {
        "pooled_s": "sigma the root of the pooled variance within the subgroups, over c4",
        "montgomery_s": "sigma from the standard deviations within the subgroups, over c4 of each size",
        "mean_range": "sigma from the ranges within the subgroups, over d2",
    }[worked.spec.sigma]
