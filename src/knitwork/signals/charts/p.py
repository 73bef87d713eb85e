"""Charts of proportions: p, p' (Laney) where they vary from more than chance, and np, which draws the count itself.

The centre is the ratio of sums; one sigma is sqrt(centre (1 - centre) / n), n the period's own denominator.
Limits stay within 0 and 1. Source: Montgomery, section 7.2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knitwork.signals.charts.exact import binomial_lines
from knitwork.signals.charts.kind import (
    Baseline,
    ChartKind,
    Lines,
    Spread,
    Worked,
    plain_panel,
    ranges_words,
    symmetric,
)
from knitwork.signals.charts.laney import widen
from knitwork.signals.panel import Flags, Floats, Panel, total
from knitwork.signals.spec import Spec


def centre(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return all numerators over all denominators of the baseline."""
    numerator, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = total(numerator, baseline.points) / total(denominator, baseline.points)
    return ratio


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the binomial sigma of each point."""
    _, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        return Spread(sigma=np.sqrt((middle * (1 - middle))[:, None] / denominator))


def spread_prime(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:
    """Return the binomial sigma of each point, widened by sigma_z."""
    return widen(panel, baseline, middle, spread(panel, baseline, middle, spec).sigma, spec)


def lines(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas out, or the binomial quantiles as far out."""
    if spec.limit_kind == "sigma":
        return symmetric(panel, level, spread, spec, sigmas)
    _, denominator = panel.ratio_parts()
    low, high = binomial_lines(level, denominator, sigmas)
    return low / denominator, high / denominator


def plot_counts(panel: Panel, keep: Flags) -> Panel:  # noqa: ARG001  # same for all kinds
    """Return the counts themselves."""
    numerator, denominator = panel.ratio_parts()
    return replace(panel, value=np.where(denominator > 0, numerator, np.nan))


def level_of_counts(panel: Panel, middle: Floats, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return how many each period's denominator lets expect."""
    _, denominator = panel.ratio_parts()
    return middle[:, None] * denominator


def spread_of_counts(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the binomial sigma of each count."""
    _, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore"):
        return Spread(sigma=np.sqrt((middle * (1 - middle))[:, None] * denominator))


def lines_of_counts(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas out, never above all, or the binomial quantiles as far out."""
    _, denominator = panel.ratio_parts()
    if spec.limit_kind == "sigma":
        low, high = symmetric(panel, level, spread, spec, sigmas)
        return low, np.fmin(high, denominator)
    with np.errstate(invalid="ignore", divide="ignore"):
        return binomial_lines(level / denominator, denominator, sigmas)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw binomial counts of 200 at 30%."""
    numerator, denominator = rng.binomial(200, 0.3, shape).astype(float), np.full(shape, 200.0)
    return plain_panel(numerator / denominator, numerator, denominator)


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"{worked.numerator} of {worked.denominator} over {worked.baseline}"


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.limit_kind == "probability":
        return f"the binomial quantiles of the period's denominator as far out as {worked.spec.width:g} sigmas"
    return (
        f"centre ± {worked.spec.width:g} × √(centre × (1 − centre) ÷ the period's denominator), "
        "kept between none and all"
    )


def limits_words_counts(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.limit_kind == "probability":
        return limits_words(worked)
    return f"centre ± {worked.spec.width:g} × √(n × share × (1 − share)), n the period's denominator"


def limits_words_prime(worked: Worked) -> str:
    """Say where the limits came from, with sigma z."""
    return (
        f"centre ± {worked.spec.width:g} × {worked.sigma_z:.3g} × √(centre × (1 − centre) ÷ the period's denominator), "
        "kept between none and all; "
        f"{worked.sigma_z:.3g} is sigma z (Laney), {ranges_words(worked)}"
    )


P = ChartKind(
    name="p",
    title="Proportions (p)",
    reads="proportion",
    varying=True,
    floor=0.0,
    ceiling=1.0,
    centre=centre,
    spread=spread,
    lines=lines,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)

P_PRIME = ChartKind(
    name="p_prime",
    title="Proportions, widened for extra spread (p′)",
    reads="proportion",
    varying=True,
    floor=0.0,
    ceiling=1.0,
    centre=centre,
    spread=spread_prime,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words_prime,
)

NP = ChartKind(
    name="np",
    title="Counts out of a number (np)",
    reads="proportion",
    varying=True,
    floor=0.0,
    ceiling=np.inf,
    plot=plot_counts,
    centre=centre,
    level=level_of_counts,
    spread=spread_of_counts,
    lines=lines_of_counts,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words_counts,
)
