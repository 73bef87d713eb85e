"""Charts of proportions: p, and p' (Laney) where the denominators are large and vary from more than chance.

The centre is the ratio of sums; one sigma is sqrt(centre (1 - centre) / n), n the period's own denominator.
Limits stay within 0 and 1. Source: Montgomery, section 7.2.
"""

from __future__ import annotations

import numpy as np

from knitwork.signals.charts.kind import Baseline, ChartKind, Spread, Worked, plain_panel, screened
from knitwork.signals.charts.laney import widen
from knitwork.signals.panel import Floats, Panel, total
from knitwork.signals.spec import Spec


def centre(panel: Panel, baseline: Baseline) -> Floats:
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


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw binomial counts of 200 at 30%."""
    numerator, denominator = rng.binomial(200, 0.3, shape).astype(float), np.full(shape, 200.0)
    return plain_panel(numerator / denominator, numerator, denominator)


def centre_words(worked: Worked) -> str:
    """Say where the centre came from."""
    return f"{worked.numerator} of {worked.denominator} over {worked.baseline}"


def limits_words(worked: Worked) -> str:  # noqa: ARG001  # same for all kinds
    """Say where the limits came from."""
    return "centre ± 3 × √(centre × (1 − centre) ÷ the period's denominator), kept between none and all"


def limits_words_prime(worked: Worked) -> str:
    """Say where the limits came from, with sigma z."""
    return (
        f"centre ± 3 × {worked.sigma_z:.3g} × √(centre × (1 − centre) ÷ the period's denominator), "
        "kept between none and all; "
        f"{worked.sigma_z:.3g} is sigma z (Laney), from the moving ranges{screened(worked)}"
    )


P = ChartKind(
    name="p",
    title="Proportions (p)",
    counts=False,
    ratio=True,
    proportion=True,
    varying=True,
    floor=0.0,
    ceiling=1.0,
    centre=centre,
    spread=spread,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words,
)

P_PRIME = ChartKind(
    name="p_prime",
    title="Proportions, widened for extra spread (p′)",
    counts=False,
    ratio=True,
    proportion=True,
    varying=True,
    floor=0.0,
    ceiling=1.0,
    centre=centre,
    spread=spread_prime,
    stable=stable,
    centre_words=centre_words,
    limits_words=limits_words_prime,
)
