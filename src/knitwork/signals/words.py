"""The words of an evaluation: its formula with numbers, and what each reason means."""

from __future__ import annotations

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import Worked

REASONS: dict[str, str] = {
    "no_points": "There is no complete period with a value yet.",
    "too_few_points": "There are fewer than 12 points, too few for limits: a run chart is shown.",
    "trial_limits": "There are fewer than 20 points: the limits are on trial and move with each new point.",
    "baseline_short": "There are fewer points than the baseline asks for: the limits still move with each new point.",
    "constant": "All values are the same, so there is no variation to set limits from.",
    "no_spread": "Neighbouring points do not differ enough to set limits from.",
    "missing_points": "Some periods have no value; they are left as gaps.",
    "zero_denominators": "Some periods have a denominator of zero and so no value; they are left as gaps.",
    "incomplete_last": "The last period is not over: its point is hollow and not tested.",
    "excluded_points": "Some points are shown and left out of centre, limits and runs.",
}


def number(value: float | None) -> str:
    """Write a number with three figures, thousands in whole.

    >>> number(14.2222), number(0.00312), number(12345.6), number(None)
    ('14.2', '0.00312', '12,346', 'unknown')
    """
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def with_unit(value: float | None, unit: str) -> str:
    """Write a number with its unit: a sign close to it, a word apart.

    >>> with_unit(14.2, "%"), with_unit(3.1, "min"), with_unit(3.1, "")
    ('14.2%', '3.1 min', '3.1')
    """
    return number(value) + (f" {unit}" if unit and unit[0].isalpha() else unit)


def baseline_words(baseline_kind: str, points: int) -> str:
    """Say which points set the centre.

    >>> baseline_words("locked", 20), baseline_words("trial", 15)
    ('the first 20 points', 'the 15 points so far')
    """
    if baseline_kind == "locked":
        return f"the first {points} points"
    if baseline_kind == "all":
        return f"all {points} points"
    return f"the {points} points so far" if points != 1 else "the one point so far"


def formula(chart: str, worked: Worked, *, centre: str, limited: bool, reasons: tuple[str, ...]) -> str:
    """Write out how centre and limits came about, with the numbers."""
    kind, spec = CHARTS[chart], worked.spec
    start = f"centre {centre}, " + ("fixed by hand" if spec.centre is not None else f"= {kind.centre_words(worked)}")
    start = start.replace(", =", " =")
    if limited:
        return f"{start}; limits = {kind.limits_words(worked)}"
    why = next((REASONS[code] for code in ("too_few_points", "constant", "no_spread") if code in reasons), "")
    return f"{start}; no limits: {why[0].lower()}{why[1:].rstrip('.')}" if why else start
