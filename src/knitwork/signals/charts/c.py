"""Charts of counts where the opportunity is the same in every period: c, and c' (Laney) where they vary from more.

The centre is the mean count and one sigma its square root. Limits never fall below 0. Source: Montgomery, section 7.3.
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
    middle_of_baseline,
    middle_words,
    plain_panel,
    ranges_words,
    symmetric,
)
from knitwork.signals.charts.laney import widen
from knitwork.signals.panel import Floats, Panel
from knitwork.signals.spec import Spec


def spread(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:  # noqa: ARG001  # same for all kinds
    """Return the Poisson sigma."""
    with np.errstate(invalid="ignore"):
        return Spread(sigma=np.sqrt(middle)[:, None])


def spread_prime(panel: Panel, baseline: Baseline, middle: Floats, spec: Spec) -> Spread:
    """Return the Poisson sigma, widened by sigma_z."""
    return widen(panel, baseline, middle, spread(panel, baseline, middle, spec).sigma, spec)


def lines(panel: Panel, level: Floats, spread: Spread, spec: Spec, sigmas: float) -> Lines:
    """Return the lines so many sigmas out, or the Poisson quantiles as far out."""
    if spec.limit_kind == "sigma":
        return symmetric(panel, level, spread, spec, sigmas)
    return poisson_lines(level, sigmas)


def stable(rng: np.random.Generator, shape: tuple[int, int]) -> Panel:
    """Draw Poisson counts of 25."""
    return plain_panel(rng.poisson(25, shape).astype(float))


def limits_words(worked: Worked) -> str:
    """Say where the limits came from."""
    if worked.spec.limit_kind == "probability":
        return f"the Poisson quantiles as far out as {worked.spec.width:g} sigmas"
    return f"centre ± {worked.spec.width:g} × √centre, never below 0"


def limits_words_prime(worked: Worked) -> str:
    """Say where the limits came from, with sigma z."""
    return (
        f"centre ± {worked.spec.width:g} × {worked.sigma_z:.3g} × √centre, never below 0; "
        f"{worked.sigma_z:.3g} is sigma z (Laney), {ranges_words(worked)}"
    )


C = ChartKind(
    name="c",
    title="Counts (c)",
    reads="counts",
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread,
    lines=lines,
    stable=stable,
    centre_words=middle_words,
    limits_words=limits_words,
)

C_PRIME = ChartKind(
    name="c_prime",
    title="Counts, widened for extra spread (c′)",
    reads="counts",
    varying=False,
    floor=0.0,
    ceiling=np.inf,
    centre=middle_of_baseline,
    spread=spread_prime,
    stable=stable,
    centre_words=middle_words,
    limits_words=limits_words_prime,
)
