"""What the reader of a funnel should know, and the formulas with their numbers."""

from __future__ import annotations

from typing import NamedTuple

from knitwork.signals.funnels.limits import normal_quantile
from knitwork.signals.funnels.scales import SCALES
from knitwork.signals.funnels.spec import FunnelSpec
from knitwork.signals.words import number, with_unit

REASONS = {
    "no_units": "No unit has a numerator and a denominator.",
    "one_unit": "One unit alone is its own average: there is nothing to hold it against; give a centre.",
    "no_events": "No unit has a single event, so nothing can be told apart.",
    "all_events": "In every unit every case counts, so nothing can be told apart.",
    "few_units": "There are too few units to tell the spread between them; read the list with its intervals.",
    "spread_not_asked": "The definition asks for no spread between units.",
    "spread_unknown": "The spread between units cannot be told from these numbers.",
    "no_spread": "The units do not differ by more than chance makes, so both answers are the same.",
    "no_spread_kept": "The units do not differ by more than chance makes; the other limits are approximations.",
    "few_expected": "In some units fewer than five events are expected, so the test of their spread is rough.",
    "underpowered": "Some units are too small for the limits to show even a large difference.",
    "zero_denominators": "Some units have a denominator of zero: they are listed and not judged.",
    "missing_units": "Some units have no numerator or no denominator: they are listed and not judged.",
}

LIMITS = {
    "exact": "the values whose own exact interval just reaches the centre ({law})",
    "exact_interpolated": "{law} quantiles around the centre, interpolated between whole counts",
    "garwood": "the exact Poisson interval around the number of events expected",
}


def centre_formula(spec: FunnelSpec, centre: float, *, numerator: float, denominator: float, units: int) -> str:
    """Say how the centre came about."""
    said = f"centre {with_unit(centre, spec.unit)}"
    if spec.centre != "pooled":
        return f"{said}, given"
    times = f" × {number(spec.factor)}" if spec.factor != 1 else ""
    return f"{said} = {number(numerator)} ÷ {number(denominator)}{times}, summed over {units} units"


class Example(NamedTuple):
    """The unit whose limits a formula shows, in the units shown."""

    name: str
    denominator: float
    lower: float
    upper: float


def chance_formula(spec: FunnelSpec, example: Example) -> str:
    """Say how the limits against chance came about, with those of one unit."""
    law = "binomial" if spec.kind == "proportion" else "Poisson"
    words = LIMITS.get(spec.limits, "").format(law=law)
    if not words:
        z = normal_quantile(spec.judged_at, spec.quantile_digits)
        words = f"centre ± {z:.2f} standard errors by {SCALES[spec.limits].words}"
    return f"limits of chance at {_percent(spec.judged_at)} = {words}; {_at(spec, example)}"


def spread_formula(spec: FunnelSpec, example: Example, *, phi: float, tau2: float, count: int) -> str:
    """Say how the spread and its limits came about, with those of one unit."""
    how = {
        "winsorise": f"with {_percent(spec.trim)} drawn in at each end",
        "truncate": f"with {_percent(spec.trim)} left out at each end",
        "keep": "none left out",
    }[spec.extremes]
    scale = SCALES[str(spec.transform)].words
    found = f"phi {number(phi)} = mean square of {count} z scores by {scale}, {how}"
    excess = count * phi - (count - 1)
    if spec.overdispersion == "multiplicative":
        added = f"standard errors times √phi = {number(max(phi, 1.0) ** 0.5)}"
    elif tau2 > 0:
        added = (
            f"tau² {number(tau2)} = ({count} × {number(phi)} − {count - 1}) ÷ {number(excess / tau2)}, {_widened(spec)}"
        )
    else:
        added = f"tau² 0, for {count} × {number(phi)} is no more than {count - 1}"
    return f"{found}; {added}; limits of the spread at {_percent(spec.judged_at)}, {_at(spec, example)}"


def _widened(spec: FunnelSpec) -> str:
    if spec.spread_model == "scale":
        return "added to each squared error"
    law = "beta and the counts binomial" if spec.kind == "proportion" else "gamma and the counts Poisson"
    return f"the variance of true values, which are {law}"


def _at(spec: FunnelSpec, example: Example) -> str:
    low, high = number(example.lower), with_unit(example.upper, spec.unit)
    return f"for {example.name} with {number(example.denominator)}: {low} to {high}"


def _percent(share: float) -> str:
    return f"{100 * share:.6g}%"
