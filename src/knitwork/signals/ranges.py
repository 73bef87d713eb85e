"""Moving ranges: the gaps between neighbouring points, from which the limits of single values come.

Limits come from these gaps and not from the spread of all values: a shift half-way would widen a standard deviation
and so hide itself. A missing period is a gap that no range bridges. An excluded point is taken out of the line, and
its neighbours become each other's neighbours (as in qicharts2).
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.panel import Flags, Floats, mean, median
from knitwork.signals.spec import Estimator, Spec

# Upper limit of a moving range over its mean: D4 for n = 2 (Montgomery, Appendix VI).
# Ranges at or above 3.267 times the mean range (D4 for two values) are left out once and the mean is taken
# again, as qicharts2 and NHSRplotthedots do; Nelson (1982) proposed such a screening, with another factor.
SCREEN = 3.267

# The median range of two normal values, in sigmas: √2 times the upper quartile of a standard normal value, as printed
# tables round it (Wheeler & Chambers 1992, table A.1). The mean one, 1.128, would make limits 15% too narrow.
D4_MEDIAN = 0.954


def mean_range(
    value: Floats, baseline: Flags, *, keep: Flags, estimator: Estimator, weight: Floats | None = None
) -> Floats:
    """Return each row's mean (or median) moving range over its baseline, in the columns that `keep` leaves in the line.

    `weight` divides each range, one column for each pair of neighbours in the line.
    """
    line, used = value[:, keep], baseline[:, keep]
    with np.errstate(invalid="ignore"):  # a z score over no spread is infinite, and its row is judged without it
        ranges = np.abs(np.diff(line, axis=1))
    counted = used[:, 1:] & used[:, :-1]
    if ranges.shape[1] == 0:
        return np.full(len(value), np.nan)
    if weight is not None:
        ranges = ranges / weight
    if estimator == "median_mr":
        return median(ranges, counted)
    first = mean(ranges, counted)
    if estimator == "mr":
        return first
    with np.errstate(invalid="ignore"):
        below = ranges < SCREEN * first[:, None]
    return mean(ranges, counted & below)


def sigmas_of(ranges: Floats, spec: Spec) -> Floats:
    """Turn each row's mean (or median) moving range into a sigma."""
    return ranges / (D4_MEDIAN if spec.sigma == "median_mr" else spec.d2)
