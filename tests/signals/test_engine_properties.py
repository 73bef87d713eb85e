"""What must hold on every chart, with every rule set, every estimator, phases and exclusions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from knitwork.signals import Series, Spec, evaluate, evaluate_many
from knitwork.signals.charts import CHARTS
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import EXACT, MIDDLES, SIGMAS, Phase

CUSTOM = (
    Rule(name="near_the_line", kind="zone", length=4, count=3, sigmas=1.5, marks="matching", same_side=True),
    Rule(name="three_up", kind="trend", length=4, marks="completing"),
    Rule(name="four_aside", kind="run", length=4, ties="break"),
)
WHOLE = {"few_crossings", "few_runs", "many_runs", "longest_run"}
COLUMNS = ("values", "numerators", "denominators", "sizes", "sds", "ranges")

charts = st.sampled_from(sorted(CHARTS))
seeds = st.integers(0, 2**32 - 1)
rule_sets = st.sampled_from([*sorted(RULE_SETS), "custom"])


@st.composite
def specs(draw, chart=None, **more):
    """Draw a definition of any chart: its estimators, limits, rules and width."""
    kind = draw(charts) if chart is None else chart
    rules = tuple(draw(st.sets(rule_sets, min_size=1, max_size=2)))
    return Spec(
        chart=kind,
        rules=rules,
        custom=CUSTOM,
        limits=draw(st.sampled_from(["policy", "all", 8, 24])),
        sigma=draw(st.sampled_from(SIGMAS[kind])),
        middle=draw(st.sampled_from(MIDDLES[kind])),
        limit_kind=draw(st.sampled_from(["sigma", "probability"])) if kind in EXACT else "sigma",
        width=draw(st.sampled_from([2.0, 3.0])),
        direction=draw(st.sampled_from(["up", "down", "neither"])),
        weight=draw(st.sampled_from([0.2, 0.5])),
        span=draw(st.sampled_from([2, 5])),
        **more,
    )


def series_of(chart, seed, n, *, gaps=0.08, base=10.0):
    """Make a series fit for a chart: shifts, drifts and gaps in it."""
    rng = np.random.default_rng(seed)
    level = base + np.repeat(rng.normal(0, 1.5, n // 6 + 1), 6)[:n] + np.cumsum(rng.normal(0, 0.2, n))
    there = rng.random(n) >= gaps

    def column(numbers):
        return [float(number) if here else None for number, here in zip(numbers, there, strict=True)]

    reads = CHARTS[chart].reads
    if reads == "subgroups":
        groups = [rng.normal(at, 1.5, rng.integers(2, 7)).round(3).tolist() for at in level]
        return Series.of_samples([group if here else [] for group, here in zip(groups, there, strict=True)])
    if reads == "proportion":
        sizes = rng.integers(30, 90, n)
        return Series(
            numerators=column(rng.binomial(sizes, np.clip(level / 40, 0.02, 0.9))), denominators=column(sizes)
        )
    if reads == "ratio":
        sizes = rng.integers(30, 90, n)
        return Series(numerators=column(rng.poisson(np.maximum(level, 1) * sizes / 20)), denominators=column(sizes))
    if reads == "counts":
        return Series(values=column(rng.poisson(np.maximum(level, 1))))
    if reads == "between":
        return Series(values=column(np.round(rng.exponential(np.maximum(level, 1)) + 1)))
    return Series(values=column(np.round((level + rng.normal(0, 1, n)) * 4) / 4))


def replaced(series, position, other):
    """Return a series whose period at a position is that of another."""
    columns = {}
    for name in COLUMNS:
        column = getattr(series, name)
        if column is not None:
            columns[name] = (*column[:position], getattr(other, name)[position], *column[position + 1 :])
    return replace(series, **columns)


def found(record):
    return [(one.rule, one.start, one.end, one.points, one.side) for one in record.signals]


def marked(record, but=()):
    """Return which rules mark which points, and which speak of the whole, but for some points."""
    points = {(one.rule, one.side, place) for one in record.signals for place in one.points if place not in but}
    return points, {(one.rule, one.start, one.end) for one in record.signals if one.kind in WHOLE}


def moved(series, *, by=0.0, times=1.0):
    """Return a series in another unit: all values times a factor, plus a shift."""

    def each(column, shift):
        return None if column is None else [None if v is None else v * times + shift for v in column]

    if series.denominators is not None:
        pairs = zip(series.numerators, series.denominators, strict=True)
        return replace(series, numerators=[None if a is None else a * times + by * b for a, b in pairs])
    return replace(series, values=each(series.values, by), sds=each(series.sds, 0), ranges=each(series.ranges, 0))


UNITS = ("run", "xmr", "mr", "ewma", "ma", "i_prime", "xbar", "s", "r")


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(UNITS), seeds, st.integers(12, 45))
def test_signals_do_not_change_when_all_values_are_shifted(data, chart, seed, n):
    spec, series = data.draw(specs(chart)), series_of(chart, seed, n)

    assert found(evaluate(series, spec)) == found(evaluate(moved(series, by=256), spec))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([*UNITS, "t"]), seeds, st.integers(12, 45), st.sampled_from([0.125, 8, 1024]))
def test_signals_do_not_change_with_the_unit_of_measurement(data, chart, seed, n, times):
    # probability limits of times are those of an exponential law, which has a scale and no other number
    spec, series = data.draw(specs(chart)), series_of(chart, seed, n)

    assert found(evaluate(series, spec)) == found(evaluate(moved(series, times=times), spec))


@settings(max_examples=60, deadline=None)
@given(st.data(), charts, seeds, st.integers(12, 45), st.sampled_from([100, 0.001, 60]))
def test_signals_do_not_change_with_the_unit_shown(data, chart, seed, n, factor):
    spec, series = data.draw(specs(chart)), series_of(chart, seed, n)

    plain, shown = evaluate(series, spec), evaluate(series, replace(spec, factor=factor))

    assert found(plain) == found(shown)
    if plain.centre is not None:
        assert shown.centre == pytest.approx(plain.centre * factor)


@settings(max_examples=60, deadline=None)
@given(
    st.data(),
    st.sampled_from(["p", "u", "np", "c", "p_prime", "u_prime"]),
    seeds,
    st.integers(12, 40),
    st.integers(2, 4),
)
def test_children_rolled_up_give_the_parent(data, chart, seed, n, many):
    spec = replace(data.draw(specs(chart)), limits="all", middle=MIDDLES[chart][0], rules=("nelson",))
    children = [series_of(chart, seed + child, n, gaps=0) for child in range(many)]
    if chart == "c":
        parent = Series(values=np.sum([child.values for child in children], axis=0).tolist())
    else:
        parent = Series(
            numerators=np.sum([child.numerators for child in children], axis=0).tolist(),
            denominators=np.sum([child.denominators for child in children], axis=0).tolist(),
        )

    whole, parts = evaluate(parent, spec), evaluate_many(children, spec)

    if chart in ("c", "np"):
        assert whole.values == pytest.approx(np.sum([one.values for one in parts], axis=0))
    else:
        weights = np.array([child.denominators for child in children])
        values = np.array([one.values for one in parts])
        assert whole.values == pytest.approx((weights * values).sum(axis=0) / weights.sum(axis=0))
    if chart == "c":
        assert whole.centre == pytest.approx(sum(one.centre for one in parts))
    elif chart != "np":
        sizes = np.array([sum(child.denominators) for child in children])
        centres = np.array([one.centre for one in parts])
        assert whole.centre == pytest.approx(float((sizes * centres).sum() / sizes.sum()))


def with_phases(spec, *starts):
    return replace(spec, phases=tuple(Phase(start=str(at + 1)) for at in starts))


@settings(max_examples=60, deadline=None)
@given(specs(), seeds, st.integers(4, 20), st.integers(4, 25), st.integers(0, 2))
def test_a_phase_knows_nothing_of_the_others(spec, seed, first, second, changed):
    n = first + second + 15
    spec, edges = with_phases(spec, first, first + second), (0, first, first + second, n)
    series = series_of(spec.chart, seed, n)
    other = series_of(spec.chart, seed + 1, n, base=30.0)
    altered = series
    for place in range(edges[changed], edges[changed + 1]):
        altered = replaced(altered, place, other)

    before, after = evaluate(series, spec), evaluate(altered, spec)

    for phase in {0, 1, 2} - {changed}:
        here = slice(edges[phase], edges[phase + 1])
        assert before.phases[phase] == after.phases[phase]
        for name in ("values", "centres", "lowers", "uppers", "lowers_1", "uppers_2", "tested"):
            # The lines between are not there at all where no phase has any.
            lines = [getattr(one, name) or (None,) * n for one in (before, after)]
            assert lines[0][here] == lines[1][here], name
        signals = [[one for one in record.signals if record.phase_of[one.start] == phase] for record in (before, after)]
        assert signals[0] == signals[1]


@settings(max_examples=60, deadline=None)
@given(specs(), seeds, st.integers(4, 20), st.integers(4, 25))
def test_no_rule_runs_across_a_boundary_and_each_phase_is_what_it_is_alone(spec, seed, first, second):
    n = first + second + 15
    series = series_of(spec.chart, seed, n)

    record = evaluate(series, with_phases(spec, first, first + second))

    assert record.phase_of == (0,) * first + (1,) * second + (2,) * 15
    for one in record.signals:
        assert {record.phase_of[place] for place in (one.start, one.end, *one.points)} == {record.phase_of[one.start]}
    for phase, (start, after) in enumerate(((0, first), (first, first + second), (first + second, n))):
        alone = evaluate(series.cut(start, after), spec)
        here = [
            (rule, a - start, b - start, tuple(place - start for place in points), side)
            for rule, a, b, points, side in found(record)
            if record.phase_of[a] == phase
        ]
        assert here == found(alone)
        assert record.phases[phase].centre == alone.centre
        assert record.uppers[start:after] == alone.uppers


@settings(max_examples=80, deadline=None)
@given(specs(), seeds, st.integers(26, 40), st.integers(1, 12), st.booleans())
def test_a_future_point_never_changes_a_locked_limit(spec, seed, past, future, phased):
    spec = replace(spec, limits=8 if spec.limits == "all" else spec.limits)
    if phased:
        spec = replace(with_phases(spec, 5, 12), limits=8)
    whole = series_of(spec.chart, seed, past + future)

    then, now = evaluate(whole.cut(0, past), spec), evaluate(whole, spec)

    assume(then.baseline_kind == "locked")
    assert now.centre == then.centre or CHARTS[spec.chart].level is not None
    assert (now.sigma, now.mean_range, now.sigma_z) == (then.sigma, then.mean_range, then.sigma_z)
    for name in ("values", "centres", "lowers", "uppers", "lowers_1", "uppers_1", "lowers_2", "uppers_2"):
        assert getattr(now, name)[:past] == getattr(then, name), name
    # what lay beyond a limit lies beyond it still
    beyond = [
        {(one.side, at) for one in record.signals if one.kind == "beyond" for at in one.points}
        for record in (then, now)
    ]
    assert beyond[0] == {(side, at) for side, at in beyond[1] if at < past}


@settings(max_examples=80, deadline=None)
@given(specs(), seeds, st.integers(12, 45), st.data())
def test_an_excluded_point_changes_nothing_but_its_own_marks(spec, seed, n, data):
    place = data.draw(st.integers(0, n - 1))
    spec = replace(spec, exclude=(place,))
    series = series_of(spec.chart, seed, n, gaps=0)
    other = replaced(series, place, series_of(spec.chart, seed + 1, n, gaps=0, base=30.0))

    one, two = evaluate(series, spec), evaluate(other, spec)

    assert marked(one, but=(place,)) == marked(two, but=(place,))
    assert (one.baseline_n, one.n_useful, one.sigma, one.lag1) == (two.baseline_n, two.n_useful, two.sigma, two.lag1)
    for name in ("values", "centres", "lowers", "uppers", "tested"):
        ours, theirs = ([v for at, v in enumerate(getattr(record, name)) if at != place] for record in (one, two))
        assert ours == theirs, name
    assert not one.included[place]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(specs(), seeds, st.integers(1, 45), st.booleans()), min_size=1, max_size=12))
def test_many_at_once_are_what_each_is_alone_to_the_last_bit(asked):
    series = [series_of(spec.chart, seed, n) for spec, seed, n, _ in asked]
    definitions = [
        with_phases(spec, n // 2) if phased and n > 3 else replace(spec, exclude=(str(n),) if n % 3 == 0 else ())
        for spec, _, n, phased in asked
    ]

    many = evaluate_many(series, definitions)

    assert list(many) == [evaluate(one, by) for one, by in zip(series, definitions, strict=True)]
    assert many.signalling == [bool(one.signals) for one in many]


@pytest.mark.parametrize("chart", sorted(CHARTS))
@pytest.mark.parametrize("rules", [*sorted(RULE_SETS), "custom"])
def test_every_chart_takes_every_rule_set_alone_or_beside_others(chart, rules):
    spec = Spec(chart=chart, rules=(rules,), custom=CUSTOM)
    some = [series_of(chart, seed, n) for seed, n in ((1, 11), (2, 30), (3, 45))]

    many = evaluate_many(some, spec)

    assert list(many) == [evaluate(one, spec) for one in some]
    for record in many:
        for one in record.signals:
            assert all(record.tested[place] and one.start <= place <= one.end for place in one.points)
            assert one.kind in WHOLE or one.points
