"""The words of an evaluation: its formula with numbers, and what each reason means."""

from __future__ import annotations

from dataclasses import replace

from knitwork.signals.charts import CHARTS
from knitwork.signals.charts.kind import Worked
from knitwork.signals.rules.rule import Rule

REASONS: dict[str, str] = {
    "no_points": "There is no complete period with a value yet.",
    "too_few_points": "There are fewer than 12 points, too few for limits: a run chart is shown.",
    "trial_limits": "There are fewer than 20 points: the limits are on trial and move with each new point.",
    "baseline_short": "There are fewer points than the baseline asks for: the limits still move with each new point.",
    "constant": "All values are the same, so there is no variation to set limits from.",
    "constant_baseline": "The first points are all the same and later ones are not: the limits come from all and move.",
    "no_spread": "Neighbouring points do not differ enough to set limits from.",
    "missing_points": "Some periods have no value; they are left as gaps.",
    "zero_denominators": "Some periods have a denominator of zero and so no value; they are left as gaps.",
    "incomplete_last": "The last period is not over: its point is hollow and not tested.",
    "smoothed_points": "Averages are drawn, and neighbours resemble each other: only the limits judge them.",
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


def rule_words(rule: Rule) -> str:
    """Say when a rule fires.

    >>> rule_words(Rule(name="shift_8", kind="run", length=8))
    '8 points in a row lie on one side of the centre line'
    """
    n, least, out = rule.length, rule.least, f"{rule.sigmas:g} sigma"
    box = {"anhoej": "", "best_box": " (best box)", "cut_box": " (cut box)"}[rule.method]
    said = {
        "beyond": "a point lies beyond the limits" if rule.sigmas == 3 else f"a point lies more than {out} out",
        "run": f"{n} points in a row lie on one side of the centre line",
        "trend": f"{n} points in a row rise, or fall",
        "zone": f"{least} of {n} points in a row lie more than {out} out on one side",
        "within": f"{n} points in a row lie within {out} of the centre line",
        "outside": f"{n} points in a row lie more than {out} out, on either side",
        "alternating": f"{n} points in a row go up and down in turn",
        "longest_run": f"more points in a row lie on one side of the centre line than chance would put there{box}",
        "few_crossings": f"the line crosses the centre less often than chance would have it{box}",
        "few_runs": "there are fewer runs about the centre line than chance would make",
        "many_runs": "there are more runs about the centre line than chance would make",
    }[rule.kind]
    aside = []
    if rule.same_side:
        aside.append("all of them on that side of the centre line")
    if rule.both_sides:
        aside.append("some on each")
    if rule.within_limits:
        aside.append("none of those counted beyond the limits")
    if rule.kind == "trend" and rule.ties == "skip":
        aside.append("equal points passed over")
    return ", ".join([said, *aside])


def formula(chart: str, worked: Worked, *, centre: str, limited: bool, reasons: tuple[str, ...]) -> str:
    """Write out how centre and limits came about, with the numbers."""
    kind, spec = CHARTS[chart], worked.spec
    if chart != spec.chart:  # too few points: a run chart, whose centre is the median whatever the spec wants later
        worked = replace(worked, spec=replace(spec, chart="run", sigma="none", middle="median", limit_kind="sigma"))
    start = f"centre {centre}, " + ("fixed by hand" if spec.centre is not None else f"= {kind.centre_words(worked)}")
    start = start.replace(", =", " =")
    if limited:
        return f"{start}; limits = {kind.limits_words(worked)}"
    why = next((REASONS[code] for code in ("too_few_points", "constant", "no_spread") if code in reasons), "")
    return f"{start}; no limits: {why[0].lower()}{why[1:].rstrip('.')}" if why else start
