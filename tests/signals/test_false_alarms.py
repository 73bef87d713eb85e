"""False alarms and power: against the published table of another simulation, and the page against its maker."""

from __future__ import annotations

import re
from math import sqrt

import numpy as np
import pytest
from bench.power import AFTER, LENGTHS, PAGE, PROCESSES, SHIFTS, false_alarms, power, rows

from knitwork.signals import Series, Spec, evaluate_many

# signals.md 7.3: at least one signal on 36 points, 4,000 charts each, centre and screened moving ranges from all of them.
PUBLISHED = {
    "3 sigma (`shewhart`)": (13, 36, 76, 32, 71),
    "Anhøj, run chart (`anhoej`)": (3.8, 24, 68, 35, 4.0),
    "3 sigma and Anhøj (the usual)": (16, 48, 88, 52, 74),
    "Making Data Count, from November 2023 (`mdc_2023`)": (29, 66, 95, 69, 82),
    "Making Data Count with 6 points": (47, 78, 98, 86, 87),
    "IHI shift 6 and trend 5 only": (55, 79, 96, 86, 55),
    "Western Electric 1 to 4 (`western_electric`)": (27, 68, 96, 70, 79),
    "Nelson 1 to 8 (`nelson`)": (34, 69, 96, 73, 81),
    "Run of 8 or few crossings, run chart": (6.1, 30, 72, 38, 6.8),
}
PUBLISHED_CHARTS = 4_000
CELLS = [
    (name, process, shares[column] / 100)
    for name, shares in PUBLISHED.items()
    for column, process in enumerate(PROCESSES)
]


def room(share, charts, other_charts, *, errors=3.5):
    """Return the standard errors of two simulations together, and what printing to two figures leaves open."""
    floored = min(max(share, 0.02), 0.98)
    return errors * sqrt(floored * (1 - floored) * (1 / charts + 1 / other_charts)) + 0.005


@pytest.mark.parametrize(("name", "process", "published"), CELLS)
def test_false_alarms_are_those_of_the_published_table(name, process, published):
    share = false_alarms(rows("all")[name], PROCESSES[process], points=36, charts=1000, seed=4)

    assert share == pytest.approx(published, abs=room(published, 1000, PUBLISHED_CHARTS))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "process", "published"), CELLS)
def test_false_alarms_are_those_of_the_published_table_on_as_many_charts(name, process, published):
    share = false_alarms(rows("all")[name], PROCESSES[process], points=36, seed=5)

    assert share == pytest.approx(published, abs=room(published, 4000, PUBLISHED_CHARTS))


def test_a_rule_more_or_less_would_not_pass_for_the_published_one():
    mdc, six = (PUBLISHED[name][0] / 100 for name in list(PUBLISHED)[3:5])

    assert abs(mdc - six) > 2 * room(six, 1000, PUBLISHED_CHARTS)
    run_alone = false_alarms(Spec(rules=("shewhart",), limits="all"), PROCESSES["independent"], points=36, charts=1000)
    assert abs(run_alone - mdc) > room(mdc, 1000, PUBLISHED_CHARTS)


def test_the_share_is_that_of_whole_records():
    values = PROCESSES["AR(1) 0.3"](np.random.default_rng([4, 36]), (300, 36))
    spec = Spec(rules=("nelson",), limits="all")

    records = evaluate_many([Series(values=row) for row in values.tolist()], spec)

    drawn = false_alarms(spec, PROCESSES["AR(1) 0.3"], points=36, charts=300, seed=4)
    assert drawn == sum(bool(one.signals) for one in records) / 300


def test_a_known_mean_and_sigma_give_the_chance_of_the_normal_law():
    # 36 points beyond three sigmas of a known process: 1 - 0.9973^36.
    share = false_alarms(Spec(rules=("shewhart",), centre=0, spread=1), PROCESSES["independent"], points=36)

    assert share == pytest.approx(1 - 0.9973002**36, abs=3.5 * sqrt(0.093 * 0.907 / 4000))


def test_a_known_process_is_seen_to_shift_as_often_as_the_normal_law_says():
    # Montgomery, section 5.3.3: a shift of k sigmas puts a point beyond 3 sigmas with 1 - Phi(3 - k), and Phi(-3 - k).
    from scipy.stats import norm

    spec = Spec(rules=("shewhart",), centre=0, spread=1, limits=20)
    for shift in (1.0, 2.0, 3.0):
        beyond = norm.sf(3 - shift) + norm.sf(3 + shift)
        expected = 1 - (1 - beyond) ** 6
        assert power(spec, shift, after=6) == pytest.approx(expected, abs=3.5 * sqrt(expected * (1 - expected) / 4000))


def printed(heading):
    """Return the tables of the page under a heading: name of the row and cells."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [(line[0], line[1:]) for line in lines if line[0] not in ("rules", "---")]


def shares(cell):
    return [float(part) / 100 for part in re.findall(r"([\d.]+)%", cell)]


def test_the_page_has_every_rule_set_and_its_rows_are_made_again():
    stable, drifting, shifted = (
        printed(heading)
        for heading in ("On stable charts", "On stable charts that are not independent or not normal", "After a shift")
    )
    names = list(rows("all"))

    assert [name for name, _ in stable] == names * 2
    assert [name for name, _ in drifting] == [name for name, _ in shifted] == names
    for (name, cells), limits in ((stable[0], "all"), (stable[len(names) + 1], "policy")):
        for cell, points in zip(cells, LENGTHS, strict=True):
            drawn = false_alarms(rows(limits)[name], PROCESSES["independent"], points=points, charts=1000, seed=9)
            assert drawn == pytest.approx(shares(cell)[0], abs=room(drawn, 1000, 4000))
    name, cells = shifted[1]
    for cell, shift in zip(cells, (0.0, *SHIFTS), strict=True):
        for share, after in zip(shares(cell), AFTER, strict=True):
            drawn = power(rows(20)[name], shift, after=after, charts=1000, seed=9)
            assert drawn == pytest.approx(share, abs=room(drawn, 1000, 4000))


def test_power_grows_with_the_shift_and_with_the_points_after_it():
    for name, cells in printed("After a shift"):
        found = [shares(cell) for cell in cells]

        assert [by_shift[1] for by_shift in found[1:]] == sorted(by_shift[1] for by_shift in found[1:]), name
        assert found[-1][0] > found[0][0], name
        assert found[3][2] > found[3][0] - 0.02, name
