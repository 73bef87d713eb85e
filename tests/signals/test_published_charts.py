"""Worked examples in print, with the numbers that are printed there."""

from __future__ import annotations

import csv

import pytest

from knitwork.signals import Series, Spec, evaluate


def test_flow_rate_example_of_nist_for_single_values():
    # NIST/SEMATECH e-Handbook 6.3.2.2, https://www.itl.nist.gov/div898/handbook/pmc/section3/pmc322.htm (public domain)
    flow = Series(values=[49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])

    ours = evaluate(flow, Spec(chart="xmr", limits="all"))

    assert ours.centre == pytest.approx(50.81, abs=5e-3)
    assert ours.mean_range == pytest.approx(1.8778, abs=5e-5)
    assert ours.uppers[0] == pytest.approx(55.8041, abs=5e-5)
    assert ours.lowers[0] == pytest.approx(45.8159, abs=5e-5)
    assert not ours.signals


def test_wafer_example_of_nist_for_counts():
    # NIST/SEMATECH e-Handbook 6.3.3.1, https://www.itl.nist.gov/div898/handbook/pmc/section3/pmc331.htm (public domain)
    wafers = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13]

    ours = evaluate(Series(values=wafers), Spec(chart="c", limits="all", direction="down"))

    assert (ours.centre, ours.lowers[0], ours.uppers[0]) == (16, 4, 28)
    # the page: "one point out of control, wafer 24"; wafer 3 lies on the limit and so inside
    assert [(one.rule, one.points, one.verdict) for one in ours.signals] == [("beyond_limits", (23,), "worse")]


def column(shared, case, name):
    with (shared / "oracles" / "spc" / case / "input.csv").open(newline="", encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


@pytest.mark.real_data
def test_mortgage_example_6_5_of_montgomery(shared):
    costs = Series(values=column(shared, "qicharts2-i-montgomery-6.5-freeze20", "cost"))

    ours = evaluate(costs, Spec(chart="xmr"))

    assert ours.limits_kind == "locked" and ours.baseline_n == 20
    assert ours.centre == pytest.approx(300.5, abs=0.05)
    assert ours.mean_range == pytest.approx(7.79, abs=0.005)
    assert ours.uppers[0] == pytest.approx(321.22, abs=0.05)
    assert ours.lowers[0] == pytest.approx(279.78, abs=0.05)


@pytest.mark.real_data
def test_orange_juice_example_7_1_of_montgomery(shared):
    case = "qicharts2-p-montgomery-7.1"
    cans = Series(
        numerators=column(shared, case, "count")[:30],
        denominators=column(shared, case, "size")[:30],
    )

    ours = evaluate(cans, Spec(chart="p", limits="all", exclude=(14, 22)))

    assert ours.centre == pytest.approx(0.2150, abs=5e-5)
    assert ours.uppers[0] == pytest.approx(0.3893, abs=5e-5)
    assert ours.lowers[0] == pytest.approx(0.0407, abs=5e-5)


@pytest.mark.real_data
def test_supply_chain_example_7_4_of_montgomery(shared):
    case = "qicharts2-u-montgomery-7.4"
    weeks = Series(numerators=column(shared, case, "count"), denominators=column(shared, case, "size"))

    ours = evaluate(weeks, Spec(chart="u", limits="all"))

    assert ours.centre == pytest.approx(0.0740, abs=5e-5)
    assert ours.uppers[0] == pytest.approx(0.1894, abs=5e-5)
    assert ours.lowers[0] == 0


@pytest.mark.real_data
def test_waits_of_mohammed_2008_are_flagged_by_p_and_quiet_on_p_prime(shared):
    # Mohammed, Worthington & Woodall 2008, Qual. Saf. Health Care 17:137-145
    case = "qicharts2-p-nhs-accidents"
    weeks = Series(numerators=column(shared, case, "r"), denominators=column(shared, case, "n"))

    plain, widened = (evaluate(weeks, Spec(chart=chart, limits="all")) for chart in ("p", "p_prime"))

    assert sum(one.rule == "beyond_limits" and len(one.points) for one in plain.signals) == 16
    assert not [one for one in widened.signals if one.rule == "beyond_limits"]
    assert widened.sigma_z > 1
