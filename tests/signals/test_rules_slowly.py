"""Every rule against the slow reference: on all rule sets and on rules made up, on ties, gaps and exclusions."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knitwork.signals import Series, Spec, evaluate, evaluate_many
from knitwork.signals.rules import RULE_SETS, rules_of
from knitwork.signals.rules.rule import SHORTEST, Rule
from tests.signals.slow_rules import KINDS, Spot, fired

# Few different values, so that many lie on the centre, on a line, or level with their neighbour.
coarse = st.integers(-4, 4).map(float)
fine = st.floats(-100, 100, allow_subnormal=False).map(lambda x: round(x, 3))
lists = st.one_of(
    st.lists(st.none() | coarse, max_size=45),
    st.lists(coarse, min_size=20, max_size=60),
    st.lists(fine, min_size=12, max_size=45),
)


@st.composite
def wandering(draw):
    """Draw a series with shifts, drifts and zigzags, so that long patterns come about too."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(3, 18))
        made = {
            "level": lambda n: rng.normal(0, 1, n),
            "shift": lambda n: rng.normal(rng.choice([-3, 3]), 1, n),
            "drift": lambda n: np.arange(n) * rng.choice([-0.5, 0.5]) + rng.normal(0, 0.05, n),
            "zigzag": lambda n: np.resize([2.0, -2.0], n) + rng.normal(0, 0.3, n),
            "calm": lambda n: rng.normal(0, 0.1, n),
            "far": lambda n: rng.choice([-2.0, 2.0], n) + rng.normal(0, 0.3, n),
        }[draw(st.sampled_from(["level", "shift", "drift", "zigzag", "calm", "far"]))](n)
        pieces += made.tolist()
    return [round(value, draw(st.sampled_from([0, 1, 6]))) if rng.random() > 0.05 else None for value in pieces]


kinds = st.sampled_from(sorted(KINDS))


@st.composite
def made_up_rules(draw):
    kind = draw(kinds)
    length = draw(st.integers(SHORTEST.get(kind, 1), 9))
    return Rule(
        name="made_up",
        kind=kind,
        length=length,
        count=draw(st.none() | st.integers(1, length)) if kind == "zone" else None,
        sigmas=draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0])),
        ties=draw(st.sampled_from(["skip", "break"])),
        marks=draw(st.sampled_from(["whole", "completing", "matching"] if kind == "zone" else ["whole", "completing"])),
        same_side=kind == "zone" and draw(st.booleans()),
        within_limits=kind == "zone" and draw(st.booleans()),
        both_sides=kind == "outside" and draw(st.booleans()),
        method=draw(st.sampled_from(["anhoej", "best_box", "cut_box"])),
    )


def spots_of(record):
    """Return what the reference looks at: value, centre and one sigma, each from the chart's own formula."""
    spots = []
    for point in record.points:
        sigma = None
        if point.upper is not None and record.chart == "p":
            sigma = sqrt(point.centre * (1 - point.centre) / point.denominator)
        elif point.upper is not None:
            sigma = record.sigma
        spots.append(Spot(point.value, point.centre, sigma, point.tested, point.tested and point.included))
    return spots


def found(record, rule):
    ours = [(one.side, one.start, one.end, one.points) for one in record.signals if one.rule == rule.name]
    return sorted(ours, key=lambda one: (one[1], one[2], str(one[0])))


def assert_the_same(record, rules):
    spots = spots_of(record)
    for rule in rules:
        assert found(record, rule) == fired(rule, spots), rule


def series_of(draw, values):
    return Series(values=values, incomplete_last=draw(st.booleans()) if values else False)


def exclusions(draw, values):
    return tuple(draw(st.sets(st.integers(0, max(len(values) - 1, 0)), max_size=3))) if values else ()


limits = st.sampled_from(["policy", "all", 5, 24])


@settings(max_examples=60, deadline=None)
@given(
    st.data(),
    st.one_of(lists, wandering()),
    st.sampled_from(sorted(RULE_SETS)),
    st.sampled_from(["xmr", "run"]),
    limits,
)
def test_every_rule_set_finds_what_the_slow_reference_finds(data, values, rule_set, chart, limits):
    spec = Spec(chart=chart, rules=(rule_set,), limits=limits, exclude=exclusions(data.draw, values))

    record = evaluate(series_of(data.draw, values), spec)

    assert_the_same(record, rules_of((rule_set,), ()))


@settings(max_examples=120, deadline=None)
@given(st.data(), st.one_of(lists, wandering()), made_up_rules(), st.sampled_from(["xmr", "run"]), limits)
def test_rules_made_up_find_what_the_slow_reference_finds(data, values, rule, chart, limits):
    spec = Spec(chart=chart, rules=("custom",), custom=(rule,), limits=limits, exclude=exclusions(data.draw, values))

    record = evaluate(series_of(data.draw, values), spec)

    assert_the_same(record, (rule,))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | st.tuples(st.integers(0, 12), st.integers(0, 40)), max_size=45),
    st.sampled_from(sorted(RULE_SETS)),
    limits,
)
def test_rules_on_proportions_with_lines_that_vary_find_what_the_slow_reference_finds(pairs, rule_set, limits):
    series = Series(
        numerators=[None if pair is None else min(pair) for pair in pairs],
        denominators=[None if pair is None else max(pair) for pair in pairs],
    )

    record = evaluate(series, Spec(chart="p", rules=(rule_set,), limits=limits))

    assert_the_same(record, rules_of((rule_set,), ()))


@pytest.mark.parametrize("rule_set", sorted(RULE_SETS))
def test_many_series_at_once_find_what_the_slow_reference_finds(rule_set):
    rng = np.random.default_rng(11)
    rows = [np.round(rng.normal(0, 1.5, n) + rng.choice([0, 0.1]) * np.arange(n), 1) for n in rng.integers(8, 60, 150)]

    records = evaluate_many([Series(values=row.tolist()) for row in rows], Spec(rules=(rule_set,)))

    assert sum(bool(record.signals) for record in records) > 20
    for record in records:
        assert_the_same(record, rules_of((rule_set,), ()))
