"""How often each rule set signals: on charts where nothing happens, and after a shift. Makes docs/reference/power.md.

`python -m bench.power` draws it all anew with the seeds below; a test draws some rows again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knitwork.signals.charts.kind import plain_panel
from knitwork.signals.judge import judge
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import Chart, Limits, Spec

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "power.md"
SEED = 20110120
CHARTS = 4_000
BASELINE = 20
SHIFTS = (0.5, 1.0, 1.5, 2.0, 3.0)
AFTER = (6, 12, 24)
LENGTHS = (12, 24, 36, 60)
LIMITS: tuple[Limits, ...] = ("all", "policy")

SIX_POINTS = (
    Rule(name="beyond_limits", kind="beyond", marks="matching"),
    Rule(name="shift_6", kind="run", length=6, ties="break"),
    Rule(name="trend_6", kind="trend", length=6),
    Rule(name="two_of_three", kind="zone", length=3, count=2, sigmas=2, marks="matching", same_side=True),
)
IHI_RUNS = (Rule(name="shift_6", kind="run", length=6), Rule(name="trend_5", kind="trend", length=5))
RUN_OF_EIGHT = (Rule(name="shift_8", kind="run", length=8), Rule(name="few_crossings", kind="few_crossings"))


def own(chart: Chart, rules: tuple[Rule, ...], limits: Limits) -> Spec:
    """Return a definition with rules of one's own."""
    return Spec(chart=chart, rules=("custom",), custom=rules, limits=limits)


def rows(limits: Limits) -> dict[str, Spec]:
    """Return what is compared: name and definition."""
    return {
        "3 sigma (`shewhart`)": Spec(rules=("shewhart",), limits=limits),
        "3 sigma and Anhøj (the usual)": Spec(limits=limits),
        "Anhøj, run chart (`anhoej`)": Spec(chart="run", rules=("anhoej",), limits=limits),
        "Best box, run chart (`best_box`)": Spec(chart="run", rules=("best_box",), limits=limits),
        "Cut box, run chart (`cut_box`)": Spec(chart="run", rules=("cut_box",), limits=limits),
        "IHI run chart rules (`ihi_perla`)": Spec(chart="run", rules=("ihi_perla",), limits=limits),
        "IHI shift 6 and trend 5 only": own("run", IHI_RUNS, limits),
        "Run of 8 or few crossings, run chart": own("run", RUN_OF_EIGHT, limits),
        "EWMA, weight 0.2, 3 sigma": Spec(chart="ewma", rules=("shewhart",), limits=limits),
        "Making Data Count, from November 2023 (`mdc_2023`)": Spec(rules=("mdc_2023",), limits=limits),
        "Making Data Count, before (`mdc_legacy`)": Spec(rules=("mdc_legacy",), limits=limits),
        "Making Data Count with 6 points": own("xmr", SIX_POINTS, limits),
        "Western Electric 1 to 4 (`western_electric`)": Spec(rules=("western_electric",), limits=limits),
        "Nelson 1 to 8 (`nelson`)": Spec(rules=("nelson",), limits=limits),
    }


Process = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]


def independent(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw independent normal values."""
    return rng.standard_normal(shape)


def autocorrelated(lag1: float) -> Process:
    """Return a process of which each value keeps a share of the one before, with a variance of 1."""

    def process(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
        values = rng.standard_normal(shape)
        for place in range(1, shape[1]):
            values[:, place] = lag1 * values[:, place - 1] + np.sqrt(1 - lag1**2) * values[:, place]
        return values

    return process


def seasonal(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw normal values on a wave of twelve periods whose amplitude is one sigma."""
    return rng.standard_normal(shape) + np.sin(2 * np.pi * np.arange(shape[1]) / 12)


def exponential(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw exponential values."""
    return rng.exponential(1.0, shape)


PROCESSES: dict[str, Process] = {
    "independent": independent,
    "AR(1) 0.3": autocorrelated(0.3),
    "AR(1) 0.6": autocorrelated(0.6),
    "seasonal, 1 SD": seasonal,
    "exponential": exponential,
}


def false_alarms(spec: Spec, process: Process, *, points: int, charts: int = CHARTS, seed: int = SEED) -> float:
    """Return the share of stable charts with at least one signal."""
    values = process(np.random.default_rng([seed, points]), (charts, points))
    return float(judge(plain_panel(values), spec).signalling().mean())


@cache
def noise(charts: int, points: int, seed: int) -> NDArray[np.float64]:
    """Draw the same stable charts for every rule set, so that they differ by their rules only."""
    return np.random.default_rng([seed, points, 1]).standard_normal((charts, points))


def power(spec: Spec, shift: float, *, after: int, charts: int = CHARTS, seed: int = SEED) -> float:
    """Return the share of charts with a signal that touches the points after a shift, when so many are there."""
    values = noise(charts, BASELINE + max(AFTER), seed)[:, : BASELINE + after].copy()
    values[:, BASELINE:] += shift
    return float(judge(plain_panel(values), spec).signalling(from_column=BASELINE).mean())


def percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"


def table(head: list[str], body: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *body]
    return ["| " + " | ".join(line) + " |" for line in lines]


def page(charts: int = CHARTS) -> str:
    """Return the page."""
    lines = [
        "# False signals and power of the rule sets",
        "",
        f"Made by `python -m bench.power`: {charts:,} charts a cell, drawn with a fixed seed.",
        "The code that judges real charts judges these.",
        "A share of 10% has a standard error of half a percentage point, one of 50% of 0.8.",
        "",
        "## On stable charts",
        "",
        "The share of charts of independent normal values with at least one signal anywhere.",
        "Centre and limits come from all points; in the second table, by the house rule, from the first 20.",
        "",
    ]
    for limits in LIMITS:
        body = [
            [name, *(percent(false_alarms(spec, independent, points=n, charts=charts)) for n in LENGTHS)]
            for name, spec in rows(limits).items()
        ]
        lines += [f"Limits `{limits}`:", "", *table(["rules", *(f"{n} points" for n in LENGTHS)], body), ""]
    lines += [
        "## On stable charts that are not independent or not normal",
        "",
        "36 points, limits from all of them. Values that drift, have seasons or long tails signal under most rules.",
        "",
        *table(
            ["rules", *PROCESSES],
            [
                [
                    name,
                    *(percent(false_alarms(spec, process, points=36, charts=charts)) for process in PROCESSES.values()),
                ]
                for name, spec in rows("all").items()
            ],
        ),
        "",
        "## After a shift",
        "",
        f"A locked baseline of {BASELINE} stable points, then a shift of so many sigmas that lasts.",
        "Each cell is the share of charts with a signal that touches the points after the shift, when 6, 12 and 24 of them are there.",
        "The column without a shift is what chance alone gives, and what a power has to be held against.",
        "",
    ]
    body = [
        [
            name,
            *(
                " / ".join(percent(power(spec, shift, after=n, charts=charts)) for n in AFTER)
                for shift in (0.0, *SHIFTS)
            ),
        ]
        for name, spec in rows(BASELINE).items()
    ]
    return "\n".join([*lines, *table(["rules", "no shift", *(f"{shift:g} sigma" for shift in SHIFTS)], body), ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
