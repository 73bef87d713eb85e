"""Say how limits came about, step by step, and what they would be by other settings: why they differ from another tool's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from knitwork.draw.labels import number, value_text
from knitwork.draw.periods import Translate, as_written, gettext_noop
from knitwork.draw.record import shown_decimals
from knitwork.signals import Evaluation
from knitwork.signals.diagnosis.record import Setting, Step

STEPS: dict[str, str] = {
    "centre_fixed": gettext_noop("Centre, fixed by hand"),
    "centre_mean": gettext_noop("Centre: the mean of the points that set it"),
    "centre_median": gettext_noop("Centre: the median of the points that set it"),
    "centre_ratio": gettext_noop("Centre: all numerators over all denominators"),
    "centre_of_size": gettext_noop("Centre at the last point, for its denominator"),
    "centre_taken_back": gettext_noop("Centre: the mean of the transformed times, taken back"),
    "centre_xbar": gettext_noop("Centre: the mean of all single values"),
    "centre_s": gettext_noop("Centre: the standard deviation to expect at this size"),
    "centre_r": gettext_noop("Centre: the range to expect at this size"),
    "ranges_mean": gettext_noop("Mean moving range"),
    "ranges_median": gettext_noop("Median moving range"),
    "ranges_again": gettext_noop("Mean moving range of the rest"),
    "weighted_mean": gettext_noop("Mean moving range, each by its denominators"),
    "weighted_median": gettext_noop("Median moving range, each by its denominators"),
    "weighted_again": gettext_noop("Mean moving range of the rest, each by its denominators"),
    "z_ranges_mean": gettext_noop("Mean moving range of the z scores"),
    "z_ranges_median": gettext_noop("Median moving range of the z scores"),
    "z_ranges_again": gettext_noop("Mean moving range of the z scores of the rest"),
    "screened": gettext_noop("Ranges left out once, for they reach this"),
    "screened_none": gettext_noop("No range reaches this, so none is left out"),
    "sigma_fixed": gettext_noop("Sigma, as published"),
    "sigma_from_ranges": gettext_noop("Sigma: the moving range over its mean in sigmas"),
    "sigma_binomial": gettext_noop("Sigma by chance alone (binomial), at the last point"),
    "sigma_poisson": gettext_noop("Sigma by chance alone (Poisson), at the last point"),
    "sigma_geometric": gettext_noop("Sigma of cases between events (geometric)"),
    "sigma_of_one": gettext_noop("Sigma of one unit of the denominator"),
    "sigma_of_size": gettext_noop("Sigma at the last point, for its denominator"),
    "sigma_of_average": gettext_noop("Sigma of the average, at the last point"),
    "sigma_widened": gettext_noop("Sigma, widened by sigma z"),
    "sigma_pooled_s": gettext_noop("Sigma at the last point, from the pooled variance within subgroups"),
    "sigma_montgomery_s": gettext_noop("Sigma at the last point, from the standard deviations within subgroups"),
    "sigma_mean_range": gettext_noop("Sigma at the last point, from the ranges within subgroups"),
    "sigma_z": gettext_noop("Sigma z: how much more points differ than by chance"),
    "sigma_z_fixed": gettext_noop("Sigma z, as published"),
    "sigma_z_floor": gettext_noop("Sigma z, kept at its floor: limits are never narrower than chance"),
    "mean_of_cases": gettext_noop("Mean of the cases between events, about which the limits lie"),
    "mean_of_times": gettext_noop("Mean time between events"),
    "mean_transformed": gettext_noop("Mean of the times to the power 1 ÷ 3.6"),
    "upper_of_ranges": gettext_noop("Upper limit of the ranges"),
    "lower": gettext_noop("Lower limit at the last point"),
    "upper": gettext_noop("Upper limit at the last point"),
    "lower_kept": gettext_noop("Lower limit at the last point, kept at the least there can be"),
    "upper_kept": gettext_noop("Upper limit at the last point, kept at the most there can be"),
    "lower_exact": gettext_noop("Lower limit at the last point: the quantile of the chart's own distribution"),
    "upper_exact": gettext_noop("Upper limit at the last point: the quantile of the chart's own distribution"),
}
# Steps whose result is no number of the chart's own unit.
BARE = frozenset({
    "z_ranges_mean", "z_ranges_median", "z_ranges_again", "sigma_z", "sigma_z_fixed", "sigma_z_floor", "mean_transformed",
    "weighted_mean", "weighted_median", "weighted_again", "screened", "screened_none", "sigma_of_one", "sigma_from_ranges",
})  # fmt: skip

SETTINGS: dict[str, tuple[str, str]] = {
    "in_use": (gettext_noop("As this chart has it"), ""),
    "screened": (
        gettext_noop("Large moving ranges left out once"),
        gettext_noop("qicharts2 when attached, and NHSRplotthedots"),
    ),
    "unscreened": (
        gettext_noop("All moving ranges count"),
        gettext_noop("qicharts2 when not attached, qcc, Minitab and most books"),
    ),
    "median_ranges": (
        gettext_noop("The median moving range, over 0.954"),
        gettext_noop("Wheeler's median version; some tools divide by 1.128 and come out 15% too narrow"),
    ),
    "factor_2_66": (
        gettext_noop("2.66 mean moving ranges, where 3 ÷ 1.128 is 2.6596"),
        gettext_noop("Making Data Count"),
    ),
    "pooled_s": (gettext_noop("The pooled variance within subgroups"), ""),
    "montgomery_s": (
        gettext_noop("The standard deviations within subgroups, each over its c4"),
        gettext_noop("Montgomery, and qicharts2"),
    ),
    "mean_range": (gettext_noop("The ranges within subgroups, over d2"), gettext_noop("Montgomery")),
    "no_floor": (gettext_noop("Sigma z without a floor"), gettext_noop("qicharts2, and Laney in print")),
    "chance_alone": (gettext_noop("Limits by chance alone"), gettext_noop("A p, u or c chart")),
    "widened": (
        gettext_noop("Limits times the sigma z of the points that set them, never narrower"),
        gettext_noop("A p′, u′ or c′ chart"),
    ),
    "exact": (
        gettext_noop("Quantiles of the chart's own distribution"),
        gettext_noop("Tools that offer exact or probability limits"),
    ),
    "sigmas": (gettext_noop("Sigmas on either side"), gettext_noop("Most tools")),
    "centre_mean": (gettext_noop("The mean as the centre"), ""),
    "centre_median": (gettext_noop("The median as the centre"), ""),
    "all_points": (
        gettext_noop("All points set the limits"),
        gettext_noop("qicharts2, Making Data Count and qcc, unless told to freeze"),
    ),
    "first_20": (gettext_noop("The first 20 points set the limits, locked"), gettext_noop("The rule of this house")),
    "none_excluded": (gettext_noop("No point is left out"), ""),
    "one_phase": (gettext_noop("One phase from the first point to the last"), ""),
}


class Line(NamedTuple):
    """One step in words: what it is, how it is reckoned, and what comes of it."""

    name: str
    reckoned: str
    result: str


class Row(NamedTuple):
    """One setting in words: what is different, who does so, and what the limits would be at the last point."""

    name: str
    used_by: str
    centre: str
    lower: str
    upper: str
    beyond: int
    in_use: bool


def formula_lines(evaluation: Evaluation, steps: Sequence[Step], *, _: Translate = as_written) -> tuple[Line, ...]:
    """Write the worked formula out, one line a step."""
    return tuple(Line(_(STEPS[one.key]), as_the_reader_writes(one.reckoned), _result(evaluation, one)) for one in steps)


def settings_rows(evaluation: Evaluation, settings: Sequence[Setting], *, _: Translate = as_written) -> tuple[Row, ...]:
    """Write the limits by other settings out, one row a setting."""
    return tuple(
        Row(
            name=_(SETTINGS[one.key][0]),
            used_by=_(SETTINGS[one.key][1]) if SETTINGS[one.key][1] else "",
            centre=_with_one_more(evaluation, one.centre),
            lower=_with_one_more(evaluation, one.lower),
            upper=_with_one_more(evaluation, one.upper),
            beyond=one.beyond,
            in_use=one.in_use,
        )
        for one in settings
    )


def as_the_reader_writes(reckoned: str) -> str:
    """Return a reckoning with the marks of the reader's language for thousands and decimals."""
    written = number(1000.5, 1)
    thousands, decimal = written[1], written[-2]
    if (thousands, decimal) == (",", "."):
        return reckoned
    return reckoned.translate({ord(","): thousands, ord("."): decimal})


def _result(evaluation: Evaluation, one: Step) -> str:
    if one.result is None:
        return "–"
    if one.key in BARE:
        return number(one.result, 3)
    return _with_one_more(evaluation, one.result)


def _with_one_more(evaluation: Evaluation, value: float | None) -> str:
    """Return a value with one decimal more than the chart shows, so that settings that differ little are told apart."""
    return value_text(value, evaluation.spec.unit, shown_decimals(evaluation) + 1)
