"""Calls of the Python tools mean here what they mean there: each case is worked out by hand."""

from __future__ import annotations

import csv
from math import asin, sqrt

import pytest
from conformance.case import Case
from conformance.run import outcome

MONTHS = [f"2024-{month:02d}-01" for month in range(1, 13)]


@pytest.fixture
def case(tmp_path):
    def made(tool, call, given, expected, summary=()):
        for name, rows in (("input", given), ("expected", expected), ("summary", summary)):
            if rows:
                with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, list(rows[0]))
                    writer.writeheader()
                    writer.writerows(rows)
        return outcome(Case(tmp_path, {"id": "made", "tool": tool, "call": call}))

    return made


def by_month(**columns):
    return [
        {"month": month} | dict(zip(columns, row, strict=True))
        for month, *row in zip(MONTHS, *columns.values(), strict=False)
    ]


def flagged(name, values, centre, marks):
    rows = by_month(value=values, **{name: ["deterioration" if one else "none" for one in marks]})
    return [{"date": row.pop("month"), "target": centre} | row for row in rows]


def spc(settings, outliers):
    return (
        f"from controlchartspy import spc\nspc(data=d, keys='month', numerators='y', spc_settings={settings}, "
        f"outlier_settings={outliers}, return_objs='limits').limits"
    )


def test_a_call_without_any_settings_is_one_with_the_usual_ones(case):
    # mean 2, mean moving range 1.5, limits 2 ± 3 x 1.5 / 1.128
    expected = [
        {"date": month, "value": value, "target": 2, "ll99": 2 - 4.5 / 1.128, "ul99": 2 + 4.5 / 1.128}
        for month, value in zip(MONTHS, [1, 3, 2], strict=False)
    ]

    found = case("controlchartspy", spc({}, None), by_month(y=[1, 3, 2]), expected)

    assert (found.verdict, found.why) == ("agrees", "")


@pytest.mark.parametrize(
    ("name", "outliers", "values", "centre", "marks"),
    [
        # An equal value neither adds to a trend nor ends it, and none before its first step belongs to it.
        ("trend", {"trend": True, "trend_n": 3}, [1, 1, 2, 2, 3, 0], 1.5, [0, 1, 1, 1, 1, 0]),
        # A point on the centre line neither adds to a shift nor ends it, and is marked within one.
        ("shift", {"shift": True, "shift_n": 3}, [3, 3, 2, 3, 0, 1, 2], 2, [1, 1, 1, 1, 0, 0, 0]),
    ],
)
def test_ties_are_passed_over_and_marked_as_there(case, name, outliers, values, centre, marks):
    call = spc({"chart_type": "run"}, outliers | {"improvement_direction": "decrease"})

    found = case("controlchartspy", call, by_month(y=values), flagged(name, values, centre, marks))

    assert (found.verdict, found.why) == ("agrees", "")


def test_only_the_kind_of_change_that_is_asked_for_is_flagged(case):
    values = [3, 3, 3, 0, 0, 0, 2]
    outliers = {"shift": True, "shift_n": 3, "improvement_direction": "decrease", "process_flag_type": "deterioration"}
    expected = flagged("shift", values, 2, [1, 1, 1, 0, 0, 0, 0])

    found = case("controlchartspy", spc({"chart_type": "run"}, outliers), by_month(y=values), expected)

    assert (found.verdict, found.why) == ("agrees", "")


def test_another_limit_may_be_asked_of_single_points(case):
    # mean 2, mean moving range 2, two sigmas 2 x 2 / 1.128 = 3.546: 6 lies beyond, within three (5.319).
    values = [1, 2, 1, 2, 1, 6, 2, 2, 1, 2]
    outliers = {"astronomical": True, "astronomical_limit": "2 Sigma", "improvement_direction": "decrease"}
    expected = flagged("astpoint", values, 2, [value == 6 for value in values])

    found = case("controlchartspy", spc({"outliers_in_limits": True}, outliers), by_month(y=values), expected)

    assert (found.verdict, found.why) == ("agrees", "")


def test_a_funnel_is_adjusted_only_where_it_is_asked_and_shown_times_its_multiplier(case):
    call = (
        "from controlchartspy import funnel\nfunnel(data=d, keys='unit', numerators='x', denominators='n', "
        "funnel_settings={'chart_type': 'PR', 'multiplier': 1000}, return_objs='limits').limits"
    )
    given = [{"unit": name, "x": x, "n": 100} for name, x in (("A", 10), ("B", 40), ("C", 70))]
    z = {row["unit"]: (asin(sqrt(row["x"] / 100)) - asin(sqrt(0.4))) * 2 * sqrt(100) for row in given}
    expected = [
        {"group": row["unit"], "value": row["x"] * 10, "target": 400, "z": z[row["unit"]]}
        | {f"{side}l{level}": "" for side in "lu" for level in ("68", "95", "99")}
        for row in given
    ]

    found = case("controlchartspy", call, given, expected)

    assert (found.verdict, found.why) == ("agrees", "")


@pytest.mark.parametrize(
    ("arguments", "centre", "baseline"),
    [
        ("exclude=[4]", 2.0, [1, 3, 2]),
        ("exclude=4", 2.0, [1, 3, 2]),
        ("freeze=3", 2.0, [1, 3, 2]),
    ],
)
def test_points_that_qikit_leaves_out_of_the_baseline_are_left_out_here(case, arguments, centre, baseline):
    reach = 3 * 1.5 / 1.128  # the mean range of 1, 3 and 2
    given = by_month(y=[*baseline, 9])
    expected = [
        {"x": row["month"], "y": row["y"], "cl": centre, "ucl": centre + reach, "lcl": centre - reach}
        | {"sigma_signal": "freeze" in arguments and row["y"] == 9}
        for row in given
    ]

    found = case(
        "clinical-qikit", f"import qikit\nqic(data=d, x='month', y='y', chart='i', {arguments})", given, expected
    )

    assert (found.verdict, found.why) == ("agrees", "")


def test_days_are_put_in_periods_and_a_period_without_a_row_is_a_gap(case):
    given = [
        {"day": day, "y": y} for day, y in (("2024-01-03", 1), ("2024-01-20", 3), ("2024-03-01", 5), ("2024-03-09", 7))
    ]
    expected = [
        {"x": month, "y": y, "cl": 4, "sigma_signal": False}
        for month, y in (("2024-01-01", 2), ("2024-02-01", ""), ("2024-03-01", 6))
    ]

    call = "import qikit\nqic(data=d, x='day', y='y', chart='run', x_period='month', agg_fun='mean')"
    found = case("clinical-qikit", call, given, expected)

    assert (found.verdict, found.why) == ("agrees", "")


def test_a_case_of_which_only_the_length_is_compared_does_not_agree(case):
    rows = [{"i": at} for at in range(1, 6)]

    found = case("qcc", "cusum(d$i, center = 0, std.dev = 1)", rows, rows)

    assert found.verdict == "unread"


def test_a_case_of_another_length_differs(case):
    expected = [{"x": "2024-01-01", "y": 1, "cl": 2}]

    found = case("qicharts2", "qic(month, y)", by_month(y=[1, 2, 3]), expected)

    assert (found.verdict, found.why) == ("differs", "points at all: 3 here, 1 there")


@pytest.mark.parametrize("tool", ["qicharts2 0.8.1", "QICHARTS2", ""])
def test_a_tool_is_known_by_its_name_or_by_its_call(case, tool):
    expected = [{"x": month, "y": y, "cl": 2} for month, y in zip(MONTHS, [1, 2, 3], strict=False)]

    assert case(tool, "qic(month, y)", by_month(y=[1, 2, 3]), expected).verdict == "agrees"


def test_a_mark_of_the_order_of_bytes_belongs_to_no_column(tmp_path):
    for name in ("input", "expected"):
        (tmp_path / f"{name}.csv").write_text("x,y,cl\n1,4,5\n2,6,5\n", encoding="utf-8-sig")

    found = outcome(Case(tmp_path, {"tool": "qicharts2", "call": "", "params": {"args": "x, y"}, "rel_tol": None}))

    assert (found.verdict, found.why) == ("agrees", "")


def test_limits_on_the_centre_of_a_series_that_never_varies_are_named(case):
    rows = by_month(y=[7] * 12)
    expected = [
        {"f": "no facet", "x": row["month"], "y": 7, "mean_col": 7, "lpl": 7, "upl": 7, "rebase_group": 0}
        | {"outside_limits": False, "relative_to_mean": 0, "close_to_limits": False, "point_type": "common_cause"}
        | {"special_cause_type": "Common Cause", "special_cause_flag": False}
        for row in rows
    ]
    summary = [{"mean_col": 7, "lpl": 7, "upl": 7, "n": 12, "variation_type": "common_cause"}]

    found = case("NHSRplotthedots", "ptd_spc(d, y, month, screen_outliers = FALSE)", rows, expected, summary)

    assert (found.verdict, found.reasons) == ("defect", ("constant_limits",))
