"""The I' chart (Taylor): single values that rest on denominators of different sizes.

The centre is the ratio of sums; the limits widen where the denominator is small, as those of a p or u chart do, yet
take their sigma from the moving ranges, so that they hold for any kind of value. Each range is divided by
√(1/n + 1/n before), whose mean is sigma × √(2/π). Source: Taylor 2018, Normalized individuals (I_N) chart, variation.com.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, ChartKind, Spread, Worked, plain_panel, screened
from knitwork.signals.panel import Floats, Panel, total
from knitwork.signals.ranges import mean_range
from knitwork.signals.spec import Spec

# The median of the absolute value of a standard normal one: its upper quartile.
MEDIAN_ABSOLUTE = 0.6744897501960817


def centre(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return all numerators over all denominators of the baseline."""
    numerator, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = total(numerator, baseline.points) / total(denominator, baseline.points)
    return ratio


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return sigma of a single unit of the denominator over the root of each denominator."""
    _, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        line = denominator[:, baseline.keep]
        weight = np.sqrt(1 / line[:, 1:] + 1 / line[:, :-1])
        ranges = mean_range(panel.value, baseline.points, keep=baseline.keep, estimator=spec.sigma, weight=weight)
        one = ranges / MEDIAN_ABSOLUTE if spec.sigma == "median_mr" else ranges * np.sqrt(np.pi / 2)
        if spec.spread is not None:
            one = np.full(len(ranges), spec.spread / spec.factor)
        return Spread(sigma=one[:, None] / np.sqrt(denominator), mean_range=ranges, base=one)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw normal means of 50 to 150 values."""
    denominator = rng.integers(50, 151, shape).astype(float)
    value = rng.standard_normal(shape) / np.sqrt(denominator)
    return plain_panel(value, value * denominator, denominator)


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"{worked.numerator} over {worked.denominator} in {worked.baseline}"


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.spread is not None:
        return f"centre ± {worked.spec.width:g} × sigma {worked.sigma}, as published, ÷ √(the period's denominator)"
    return (
        f"centre ± {worked.spec.width:g} × sigma ÷ √(the period's denominator), sigma from the moving ranges, each "
        f"divided by √(1 ÷ its denominator + 1 ÷ the one before){screened(worked)}"
    )


I_PRIME = ChartKind(
    name="i_prime",
    title="Single values on different denominators (I′)",
    reads="ratio",
    varying=True,
    floor=-np.inf,
    ceiling=np.inf,
    centre=centre,
    spread=spread,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)
