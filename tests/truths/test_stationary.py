"""Silent where nothing is: stationary copies of the demo's charts, and what is left when the planted truths are named."""

from __future__ import annotations

import sys
from math import sqrt

import pytest

from knitwork.demo.ledger import TRUTHS
from knitwork.web import present
from knitwork.web.source import from_home

from . import stationary

pytestmark = pytest.mark.slow

COPIES, SEED = 60, 2008
# The pages take the chance of counts from 20,000 simulated charts of each kind and length, and that of values from
# 400 other orders of each chart's own: either has an error of its own.
DRAWS = 20_000
ERRORS = 3
# A share of time adds up few and long times: far from a normal value, so that limits of three sigma may be passed more
# often than a simulation with normal values says. The pages reckon its chance from the chart's own values.
HEAVY_TAILED = "unaccounted_time_share"


@pytest.fixture
def charts(home):
    return stationary.charts_of(from_home())


def tolerance(tally):
    """Return how far a rate may lie from its chance: three errors of the copies and of the simulation together."""
    return ERRORS * sqrt(tally.error**2 + tally.error_of_chance(DRAWS) ** 2)


def said(*lines):
    """Write figures to the log of the test run, which `pytest -s` shows."""
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def figures(name, tally):
    return (
        f"{name:12} {tally.charts:4} charts, {tally.copies:6} copies: {tally.rate:6.2%} signal now, "
        f"{tally.chance:6.2%} expected, give or take {tolerance(tally):.2%}"
    )


def test_stationary_copies_signal_at_the_rate_that_the_pages_print(charts):
    tallies = stationary.judge_copies(charts, copies=COPIES, seed=SEED)
    said(*(figures(name, tally) for name, tally in tallies.items()))

    whole = tallies["all"]
    assert whole.charts > 400
    assert abs(whole.rate - whole.chance) <= tolerance(whole)


def test_no_kind_of_chart_signals_more_often_than_the_pages_say(charts):
    tallies = stationary.judge_copies(charts, copies=COPIES, seed=SEED)
    said(*(figures(name, tally) for name, tally in tallies.items()))

    # Counts are few and whole: that makes signals rarer than among the simulated charts.
    assert all(tally.rate <= tally.chance + tolerance(tally) for tally in tallies.values())
    assert all(tally.rate >= tally.chance / 3 for tally in tallies.values())


def test_the_share_of_time_between_units_signals_as_often_as_the_pages_say(charts):
    heavy = [c for c in charts if c.measure == HEAVY_TAILED]
    tally = stationary.judge_copies(heavy, copies=COPIES, seed=SEED)["all"]
    said(figures(HEAVY_TAILED, tally))

    assert abs(tally.rate - tally.chance) <= tolerance(tally)


def test_copies_keep_the_sizes_and_the_rate_of_their_chart(charts):
    import numpy as np

    chart = next(c for c in charts if (c.unit, c.measure) == ("RG-SURG", "discharge_before_noon"))
    copies = [stationary.copy_of(chart, np.random.default_rng([SEED, i])) for i in range(200)]
    rates = [sum(c.numerators[:-1]) / sum(c.denominators[:-1]) for c in copies]
    rate = sum(chart.series.numerators[:-1]) / sum(chart.series.denominators[:-1])

    assert all(c.denominators == chart.series.denominators for c in copies)
    assert sum(rates) / len(rates) == pytest.approx(rate, abs=0.005)
    assert len({c.numerators for c in copies}) == len(copies)


def test_what_signals_beside_the_planted_truths_is_about_what_chance_gives(charts):
    planted = {chart for truth in TRUTHS for chart in truth.also}
    planted |= {(u, t.measure) for t in TRUTHS if t.measure and t.expect != "silence" for u in t.units}
    others = [c for c in charts if (c.unit, c.measure) not in planted]
    signals = [c for c in others if c.evaluation.recent]
    expected = sum(present.chance_now(c.evaluation) for c in others)
    said(
        f"{len(charts)} charts, {sum(bool(c.evaluation.recent) for c in charts)} signal now; "
        f"{len(others)} follow no planted truth, {len(signals)} of these signal and {expected:.1f} were expected"
    )

    # Charts of one ward and its hospital go together, so twice the error of independent ones is allowed.
    assert len(signals) <= expected + 2 * 2 * sqrt(expected)
    assert len(planted) < len(charts) / 8
