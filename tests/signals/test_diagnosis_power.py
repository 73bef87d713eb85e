"""What a chart can find: against print, against simulations that know nothing of chains, and against sense."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.diagnosis import diagnose
from knitwork.signals.diagnosis.chain import chain_of, chance_within
from knitwork.signals.diagnosis.laws import Law
from knitwork.signals.rules import rules_of
from knitwork.signals.rules.critical import longest_run_limit

DRAWS = 20_000
ERROR = 3.5 * math.sqrt(0.8 * 0.2 / DRAWS)
BASELINE = [48, 53, 50, 46, 52, 49, 51, 54, 47, 50, 52, 48, 49, 53, 51, 47, 50, 52, 49, 51, 50, 48, 53, 47]


def normal_law():
    return Law("normal", 0.0, ((3.0, -3.0, 3.0),), 1.0)


def average_run_length(rules, shift):
    """Add up the chances that nothing has fired yet, on the side of the shift alone."""
    length = 0.0
    for count in range(120):
        chain = chain_of(rules, 1000, max(count, 20))
        length += 1 - float(chance_within(chain, normal_law().bands(np.array([shift]), 1, chain.lines), count)[0])
    return length


# Champ & Woodall 1987, Technometrics 29, table 1: average run lengths, where the other side no longer matters.
@pytest.mark.parametrize(
    ("rules", "shift", "length"),
    [
        (("shewhart",), 2.0, 6.30),
        (("shewhart",), 3.0, 2.00),
        (("western_electric",), 1.8, 3.68),
        (("western_electric",), 2.0, 3.13),
        (("western_electric",), 3.0, 1.67),
    ],
)
def test_average_run_lengths_are_those_in_print(rules, shift, length):
    assert average_run_length(rules_of(rules, ()), shift) == pytest.approx(length, abs=0.02)


def test_one_subgroup_of_five_shows_a_shift_of_two_sigmas_as_often_as_in_print():
    # Montgomery, section 6.2.6: the chance of not finding it at once is 0.0708, by a table whose z is rounded to -1.47.
    chain = chain_of(rules_of(("shewhart",), ()), 1000, 1)
    bands = normal_law().bands(np.array([2 * math.sqrt(5)]), 1, chain.lines)

    assert 1 - chance_within(chain, bands, 1)[0] == pytest.approx(0.0708, abs=4e-4)


def signals_within(draw, evaluation, count):
    """Say of each row of new points whether any lies beyond a limit, or a run is long, by walking along it."""
    centre, lower, upper = evaluation.centres[-1], evaluation.lowers[-1], evaluation.uppers[-1]
    longest = longest_run_limit(evaluation.n_off_centre + count)
    found = np.zeros(len(draw), dtype=bool)
    if lower is not None:
        found |= ((draw > upper + 1e-9) | (draw < lower - 1e-9)).any(axis=1)
    for side in (1, -1):
        run = np.zeros(len(draw), dtype=int)
        for column in np.sign(draw - centre).T * side:
            run = np.where(column > 0, run + 1, np.where(column < 0, 0, run))
            found |= run > longest
    return found


def case(chart):
    """Return a chart of this kind, and how its points fall once the centre has moved to `level`."""
    rng = np.random.default_rng(5)
    if chart in ("p", "np"):
        events = rng.binomial(200, 0.3, 30)
        record = evaluate(Series(numerators=events, denominators=[200] * 30), Spec(chart=chart))
        scale = 200 if chart == "p" else 1
        return record, lambda level, shape: rng.binomial(200, level * scale / 200, shape) / scale
    if chart == "u":
        record = evaluate(
            Series(numerators=rng.poisson(12, 30), denominators=[400] * 30), Spec(chart=chart, factor=1000)
        )
        return record, lambda level, shape: rng.poisson(level * 0.4, shape) / 0.4
    if chart == "c":
        record = evaluate(Series(values=rng.poisson(9, 30)), Spec(chart=chart))
        return record, rng.poisson
    if chart == "g":
        record = evaluate(Series(values=rng.geometric(0.05, 30) - 1), Spec(chart=chart))
        times = np.mean(record.values[: record.baseline_n]) / record.centre
        return record, lambda level, shape: rng.geometric(1 / (1 + level * times), shape) - 1
    if chart == "t":
        record = evaluate(Series(values=rng.exponential(20, 30)), Spec(chart=chart))
        times = np.mean(record.values[: record.baseline_n]) / record.centre
        return record, lambda level, shape: rng.exponential(level * times, shape)
    record = evaluate(Series(values=BASELINE), Spec(chart=chart))
    sigma = record.sigma if chart == "xmr" else np.abs(np.diff(BASELINE)).mean() / 1.128
    return record, lambda level, shape: rng.normal(level, sigma, shape)


@pytest.mark.parametrize("chart", ["run", "xmr", "p", "np", "u", "c", "g", "t"])
def test_the_smallest_shift_is_found_four_times_in_five_by_simulation(chart):
    record, draw = case(chart)
    power = diagnose(record).power
    tried = 0

    for one in power.detectable:
        for shift in (one.up, one.down and -one.down):
            if shift is not None:
                tried += 1
                found = signals_within(draw(power.centre + shift, (DRAWS, one.within)), record, one.within).mean()
                assert found == pytest.approx(0.8, abs=ERROR + 0.008), (one, shift)  # what the grid leaves open
    assert tried >= 2


@pytest.mark.parametrize(("chart", "setting"), [("ewma", {"weight": 0.2}), ("ma", {"span": 3})])
def test_the_smallest_shift_of_averages_is_found_four_times_in_five_by_simulation(chart, setting):
    rng = np.random.default_rng(6)
    record = evaluate(Series(values=BASELINE * 3), Spec(chart=chart, **setting))
    sigma = evaluate(Series(values=BASELINE * 3), Spec(chart="xmr")).sigma
    for one in diagnose(record).power.detectable:
        noise = rng.normal(0, sigma, (DRAWS, 80 + one.within))
        noise[:, 80:] += one.up
        walk = np.zeros((DRAWS, 80 + one.within))
        for at in range(1, walk.shape[1]):
            if chart == "ewma":
                walk[:, at] = 0.2 * noise[:, at] + 0.8 * walk[:, at - 1]
            else:
                walk[:, at] = noise[:, max(at - 2, 0) : at + 1].mean(axis=1)
        found = (walk[:, 80:] > record.uppers[-1] - record.centre).any(axis=1).mean()

        assert found == pytest.approx(0.8, abs=ERROR + 0.015)  # 8,000 walks on the other side


def test_with_a_history_before_it_the_shift_is_found_no_less_often():
    # The whole engine: 24 stable points and then twelve after the shift, with limits fixed as on the chart.
    rng = np.random.default_rng(7)
    record = evaluate(Series(values=BASELINE), Spec())
    shift = diagnose(record).power.detectable[1].up
    spec = Spec(centre=record.centre, spread=record.sigma)
    found = 0
    for _ in range(150):
        before = rng.normal(record.centre, record.sigma, 24)
        after = rng.normal(record.centre + shift, record.sigma, 12)
        judged = evaluate(Series(values=np.concatenate([before, after])), spec)
        found += any(one.side == "high" and one.end >= 24 for one in judged.signals)

    assert found / 150 > 0.8 - 3.5 * math.sqrt(0.16 / 150)


def test_more_points_and_more_rules_find_smaller_shifts():
    plain = diagnose(evaluate(Series(values=BASELINE), Spec(rules=("shewhart",)))).power.detectable
    more = diagnose(evaluate(Series(values=BASELINE), Spec(rules=("western_electric",)))).power.detectable

    assert plain[1].up < plain[0].up and more[1].up < more[0].up
    assert more[0].up < plain[0].up and more[1].up < plain[1].up


def test_larger_denominators_find_smaller_shifts():
    rng = np.random.default_rng(8)
    found = []
    for size in (50, 200, 800):
        events = rng.binomial(size, 0.3, 24)
        record = evaluate(Series(numerators=events, denominators=[size] * 24), Spec(chart="p"))
        found.append(diagnose(record).power.detectable[0].up)

    assert found[0] > found[1] > found[2]


def test_what_cannot_fall_further_cannot_be_found_falling():
    # One event a month expected: no month can lie below nought, and twelve are too few for a long run among 36.
    record = evaluate(
        Series(values=[1, 0, 2, 1, 1, 0, 2, 1, 1, 1] * 2 + [1, 0] * 4), Spec(chart="c", rules=("shewhart",))
    )

    assert [one.down for one in diagnose(record).power.detectable] == [None, None]
    assert all(one.up > 0 for one in diagnose(record).power.detectable)


def test_shifts_are_told_in_the_units_shown():
    plain = diagnose(evaluate(Series(values=BASELINE), Spec())).power.detectable[0].up
    hundred = diagnose(evaluate(Series(values=BASELINE), Spec(factor=100))).power.detectable[0].up

    assert hundred == pytest.approx(100 * plain)


def test_rules_that_the_reckoning_does_not_hold_are_named():
    found = diagnose(evaluate(Series(values=BASELINE), Spec(rules=("mdc_2023", "anhoej")))).power

    assert found.left_out == ("trend_7", "few_crossings")


def test_a_chart_of_the_spread_says_nothing_of_shifts():
    assert diagnose(evaluate(Series(values=BASELINE), Spec(chart="mr"))).power is None


def test_a_chart_without_rules_finds_nothing_and_says_nothing():
    assert diagnose(evaluate(Series(values=BASELINE), Spec(rules=()))).power is None


def test_the_table_of_the_docs_is_what_the_reckoning_gives():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "diagnosis.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_0-9 ]+)` \| (none|[0-9.]+) \| ([0-9.]+) \|$", page, re.M)
    values = [0, 1, 0, -1] * 6

    assert len(rows) == 7
    for sets, *shown in rows:
        # A centre of 0 and a sigma of 1: no point lies on the centre line, so 24 count in runs.
        spec = Spec(rules=tuple(sets.split()), centre=0.25, spread=1)
        found = diagnose(evaluate(Series(values=values), spec)).power.detectable
        assert ["none" if one.up is None else f"{one.up:.2f}" for one in found] == shown, sets
