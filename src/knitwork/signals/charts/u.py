"""Charts of rates: u, and u' (Laney) where the rate varies from more than chance.

The centre is the ratio of sums; one sigma is sqrt(centre / n), n the period's own exposure. Limits never fall below 0.
Source: Montgomery, section 7.3.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.exact import poisson_lines
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
from knitwork.signals.panel import Floats, Panel, total
from knitwork.signals.spec import Spec


def centre(panel: Panel, baseline: Baseline, spec: Spec) -> Floats:  # noqa: ARG001  # same for all kinds
    """Return all events over all exposure of the baseline."""
    numerator, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = total(numerator, baseline.points) / total(denominator, baseline.points)
    return ratio


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the Poisson sigma of each point."""
    _, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        return Spread(sigma=np.sqrt(middle[:, None] / denominator))


def spread_prime(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:
    """Return the Poisson sigma of each point, widened by sigma_z."""
    return widen(panel, baseline, middle, spread(panel, baseline, middle, spec).sigma, spec)


def lines(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas out, or the Poisson quantiles as far out."""
    if spec.limit_kind == "sigma":
        return symmetric(panel, level, spread, spec, sigmas)
    _, denominator = panel.ratio_parts()
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = poisson_lines(level * denominator, sigmas)
        return low / denominator, high / denominator


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw Poisson counts of 25 for an exposure of 100."""
    numerator, denominator = rng.poisson(25, shape).astype(float), np.full(shape, 100.0)
    return plain_panel(numerator / denominator, numerator, denominator)


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"{worked.numerator} over {worked.denominator} in {worked.baseline}"


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.limit_kind == "probability":
        return f"the Poisson quantiles of the period's denominator as far out as {worked.spec.width:g} sigmas"
    return f"centre ± {worked.spec.width:g} × √(centre ÷ the period's denominator), never below 0"


def limits_words_prime(worked: Worked) -> str:
    """Say where the limits came from, with sigma z."""
    return (
        f"centre ± {worked.spec.width:g} × {worked.sigma_z:.3g} × √(centre ÷ the period's denominator), never below 0; "
        f"{worked.sigma_z:.3g} is sigma z (Laney), {ranges_words(worked)}"
    )


U = ChartKind(
    name="u",
    title="Rates (u)",
    reads="ratio",
    varying=True,
    floor=0.0,
    ceiling=np.inf,
    centre=centre,
    spread=spread,
    lines=lines,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)

U_PRIME = ChartKind(
    name="u_prime",
    title="Rates, widened for extra spread (u′)",
    reads="ratio",
    varying=True,
    floor=0.0,
    ceiling=np.inf,
    centre=centre,
    spread=spread_prime,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words_prime,
)
