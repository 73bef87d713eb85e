"""Our numbers are those of the established tools, case by case, and the runner sees where they are not."""

from __future__ import annotations

import csv
import json
import math
import random
import shutil
import statistics
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from conformance.case import Case, cases
from conformance.page import page
from conformance.run import TOOLS, outcome, report, run

from tests.conftest import SHARED

ROOT = Path(__file__).parents[2]
FOLDER = SHARED / "oracles" / "spc"
CASES = {case.id: case for case in cases(FOLDER)} if FOLDER.is_dir() else {}


@cache
def outcome_of(name):
    return outcome(CASES[name])


@pytest.mark.real_data
@pytest.mark.parametrize("name", CASES)
def test_a_case_agrees_or_differs_for_a_named_defect_of_the_other_tool(shared, name):
    found = outcome_of(name)

    assert found.verdict in ("agrees", "defect"), found.line
    assert found.points >= min(int(found.case.entry["n_expected"]), 1)


@pytest.mark.real_data
def test_nearly_all_cases_agree_and_each_tool_has_some(shared):
    outcomes = [outcome_of(name) for name in CASES]

    assert len(outcomes) >= 100
    assert {one.case.tool for one in outcomes} == set(TOOLS)
    assert sum(one.verdict == "agrees" for one in outcomes) >= 98
    # every row that a tool gave is a point that was compared
    assert sum(one.points for one in outcomes) >= sum(int(one.case.entry["n_expected"]) for one in outcomes)


@pytest.mark.real_data
def test_the_page_of_agreement_is_what_the_run_makes(shared):
    written = (ROOT / "docs" / "reference" / "agreement.md").read_text(encoding="utf-8")

    assert written == page([outcome_of(name) for name in CASES]), "write it anew: python -m conformance, with --page"


def a_copy(folder, names):
    """Copy some cases, with a manifest of their own."""
    for name in names:
        shutil.copytree(CASES[name].folder, folder / name)
    manifest = {"entries": [CASES[name].entry for name in names]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def change(path, row, column, new):
    """Change one cell of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows[row][column] = new(rows[row][column])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def a_bit_more(text):
    return repr(float(text) * (1 + 1e-6) + 1e-9)


def other(text):
    return {"TRUE": "FALSE", "FALSE": "TRUE", "False": "True", "True": "False"}[text]


# One planted error for each tool and each sort of number; columns of one table, never ids of cases.
ERRORS = [
    ("qicharts2", "i", "ucl", a_bit_more),
    ("qicharts2", "p", "lcl.95", a_bit_more),
    ("qicharts2", "run", "longest.run", a_bit_more),
    ("qicharts2", "run", "runs.signal", other),
    ("qicharts2", "c", "sigma.signal", other),
    ("qicharts2", "pareto", "p.cum", a_bit_more),
    ("qicharts2", "bernoulli-cusum", "cusum2", lambda _: "-1"),
    ("NHSRplotthedots", "xmr", "lpl", a_bit_more),
    ("NHSRplotthedots", "xmr", "close_to_limits", other),
    ("NHSRplotthedots", "xmr", "special_cause_type", lambda _: "7 Point Trend (Increasing)"),
    ("qcc", "xbar", "ucl", a_bit_more),
    ("qcc", "S", "wer4", other),
    ("qcc", "rules", "nel7", other),
    ("qcc", "ewma", "ewma", a_bit_more),
    ("qcc", "cusum", "signal_up", other),
    ("FunnelPlotR", "funnel", "OD95UCL", a_bit_more),
    ("FunnelPlotR", "funnel", "outlier", lambda text: str(1 - int(text))),
    ("autospc", "cp", "cl", a_bit_more),
    ("autospc", "pp", "excluded", other),
    ("runcharter", "run", "median", a_bit_more),
    ("vlad", "ra-cusum", "vlad", a_bit_more),
    ("controlchartspy", "u", "ul68", a_bit_more),
    ("controlchartspy", "i", "two_in_three", lambda _: "deterioration"),
    ("controlchartspy", "funnel-RC", "ll95", a_bit_more),
    ("clinical-qikit", "oe", "ucl", a_bit_more),
    ("qicharts2 + qcc", "constants", "c4", lambda text: repr(float(text) * 1.0001)),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("tool", "chart", "column", "new"), ERRORS)
def test_a_planted_error_is_seen_and_named(shared, tmp_path, tool, chart, column, new):
    name = next(case.id for case in CASES.values() if (case.tool, case.chart) == (tool, chart))
    a_copy(tmp_path, [name])
    change(tmp_path / name / "expected.csv", 0, column, new)

    (found,) = run(tmp_path)

    assert found.verdict == "differs"
    assert f"{column} at " in found.why
    assert report([found]) == f"{found.line}\nagree 0 of 1"


@pytest.mark.real_data
def test_an_error_beside_a_named_defect_is_no_defect(shared, tmp_path):
    name = next(name for name in CASES if outcome_of(name).verdict == "defect" and CASES[name].tool == "FunnelPlotR")
    a_copy(tmp_path, [name])
    change(tmp_path / name / "expected.csv", 5, "UCL99", a_bit_more)

    (found,) = run(tmp_path)

    assert found.verdict == "differs" and "UCL99" in found.why


@pytest.mark.real_data
def test_the_command_prints_a_line_for_each_that_differs_and_ends_with_the_count(shared, tmp_path):
    same = next(name for name in CASES if CASES[name].tool == "runcharter")
    defect = next(name for name in CASES if outcome_of(name).verdict == "defect")
    changed = next(name for name in CASES if CASES[name].chart == "ewma")
    a_copy(tmp_path, [same, defect, changed])
    change(tmp_path / changed / "expected.csv", 3, "ucl", a_bit_more)

    done = subprocess.run(
        [sys.executable, "-m", "conformance", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{defect}: differs: ") and "(signals.md " in lines[0]
    assert lines[1].startswith(f"{changed}: differs: ucl at 4: ")
    assert lines[2:] == ["1 differs for a named defect of the other tool", "agree 1 of 3"]


def a_case(folder, entry, rows, expected, summary=()):
    """Write a case of the form of the oracles."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("input.csv", rows), ("expected.csv", expected), ("summary.csv", summary)):
        if table:
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(table[0]))
                writer.writeheader()
                writer.writerows(table)
    return Case(folder, {"id": folder.name, "rel_tol": 1e-9} | entry)


def months(count):
    return [f"{2020 + at // 12}-{at % 12 + 1:02}-01" for at in range(count)]


def individuals(values, used, *, by=1.128, screen=True):
    """Return centre and half-width of single values, worked out in another way than ours."""
    base = [value for place, value in enumerate(values) if place in used]
    ranges = [abs(b - a) for a, b in pairwise(base) if a is not None and b is not None]
    kept = [one for one in ranges if not screen or one < 3.267 * statistics.fmean(ranges)]
    return statistics.fmean(one for one in base if one is not None), 3 * statistics.fmean(kept) / by


def test_a_case_of_qic_that_nobody_has_seen_is_read_from_its_call(tmp_path):
    chance = random.Random(5)
    values = [None if at == 9 else round(chance.gauss(50, 4), 1) for at in range(30)]
    values[4] = 90.0
    labels = months(30)
    centre, half = individuals(values, set(range(18)) - {4})
    expected = [
        {"x": label, "y": "" if value is None else value * 10, "cl": centre * 10, "lcl": (centre - half) * 10,
         "ucl": (centre + half) * 10, "include": str(at != 4).upper(), "runs.signal": "FALSE",
         "sigma.signal": str(value is not None and abs(value - centre) > half).upper()}
        for at, (label, value) in enumerate(zip(labels, values, strict=True))
    ]  # fmt: skip
    entry = {
        "tool": "qicharts2",
        "chart": "i",
        "call": "library(qicharts2)\nqic(when, stay, data = d, chart = 'i', freeze = 18,\n    exclude = c(5), multiply = 10)",
    }
    rows = [
        {"when": label, "stay": "NA" if value is None else value} for label, value in zip(labels, values, strict=True)
    ]
    chance.shuffle(rows)  # qic sorts them by time

    found = outcome(a_case(tmp_path / "seen-by-nobody", entry, rows, expected))

    assert found.verdict == "agrees", found.line
    assert found.points == 30


def test_a_target_that_moves_and_an_axis_from_nought_are_read_from_the_call(tmp_path):
    values = [2.0, 9.0, 1.0, 8.0, 3.0, 7.0, 2.0, 9.0, 1.0, 8.0]
    centre, half = individuals(values, set(range(10)), screen=False)
    assert centre < half
    expected = [
        {"x": at + 1, "y": value, "cl": centre, "lcl": 0, "lcl.95": 0, "ucl": centre + half, "ucl.95": centre + half * 2 / 3,
         "target": 5 if at < 4 else 6, "runs.signal": "FALSE", "sigma.signal": "FALSE"}
        for at, value in enumerate(values)
    ]  # fmt: skip
    rows = [{"n": at + 1, "wait": value, "goal": 5 if at < 4 else 6} for at, value in enumerate(values)]
    call = "options(qic.screenedmr = FALSE)\nqic(n, wait, target = goal, y.neg = FALSE, chart = 'i', data = d)"

    found = outcome(a_case(tmp_path / "waits", {"tool": "qicharts2", "chart": "i", "call": call}, rows, expected))

    assert found.verdict == "agrees", found.line
    assert found.points == 10


def test_a_case_of_rates_in_panels_and_months_is_read_from_its_call(tmp_path):
    chance = random.Random(6)
    rows = [
        {"day": f"2021-{month:02}-{day:02}", "place": place, "harm": chance.randrange(4), "beds": chance.randrange(5, 30)}
        for place in ("North", "South") for month in range(1, 13) for day in (3, 17)
    ]  # fmt: skip
    expected = []
    for place in ("North", "South"):
        sums = [
            [sum(row[name] for row in rows if row["place"] == place and row["day"][:7] == f"2021-{month:02}") for name in ("harm", "beds")]
            for month in range(1, 13)
        ]  # fmt: skip
        for part, first, after in ((1, 0, 5), (2, 5, 12)):
            centre = sum(y for y, _ in sums[first:after]) / sum(n for _, n in sums[first:after])
            for at in range(first, after):
                y, n = sums[at]
                half = 3 * math.sqrt(centre / n)
                expected.append(
                    {"x": f"2021-{at + 1:02}-01", "facet1": place, "facet2": "1", "part": part, "y": 1000 * y / n,
                     "cl": 1000 * centre, "lcl": 1000 * max(centre - half, 0), "ucl": 1000 * (centre + half),
                     "runs.signal": "FALSE", "sigma.signal": str(abs(y / n - centre) > half).upper()}
                )  # fmt: skip
    call = "qicharts2::qic(day, harm, n = beds, facets = ~place, chart = 'u', x.period = 'month', part = 5, multiply = 1e3, data = d)"

    found = outcome(a_case(tmp_path / "rates", {"tool": "qicharts2", "chart": "u", "call": call}, rows, expected))

    assert found.verdict == "agrees", found.line
    assert found.points == 24


def test_a_case_of_qcc_that_nobody_has_seen_is_read_from_its_call(tmp_path):
    chance = random.Random(7)
    rows = [
        {"bad": chance.randrange(12), "made": chance.randrange(80, 120), "first": str(at < 15).upper()}
        for at in range(22)
    ]
    centre = sum(row["bad"] for row in rows[:15]) / sum(row["made"] for row in rows[:15])
    expected = []
    for at, row in enumerate(rows):
        half = 2.5 * math.sqrt(centre * (1 - centre) / row["made"])
        share = row["bad"] / row["made"]
        expected.append(
            {"i": at + 1, "label": at + 1, "phase": "I" if at < 15 else "II", "statistic": share, "center": centre,
             "lcl": max(centre - half, 0), "ucl": min(centre + half, 1), "wer1": str(abs(share - centre) > half).upper()}
        )  # fmt: skip
    call = (
        "q <- with(d, qcc(bad[first], sizes = made[first], type = \"p\", nsigmas = 2.5,\n"
        "  newdata = bad[!first], newsizes = made[!first]))"
    )  # fmt: skip

    found = outcome(a_case(tmp_path / "shares", {"tool": "qcc", "chart": "p", "call": call}, rows, expected))

    assert found.verdict == "agrees", found.line
    assert found.points == 22


def test_a_case_of_making_data_count_with_two_rebases_is_read_from_its_call(tmp_path):
    chance = random.Random(8)
    # up and down in turn, so that no rule of several points fires
    swings = [(-1) ** at * (4 + chance.random()) for at in range(30)]
    labels, values = months(30), [100 + 30 * (at >= 10) - 50 * (at >= 20) + swing for at, swing in enumerate(swings)]
    expected = []
    for group, first in enumerate((0, 10, 20)):
        centre, half = individuals(values[first : first + 10], set(range(10)), by=3 / 2.66, screen=False)
        for at in range(first, first + 10):
            outside = abs(values[at] - centre) > half
            side = "Above UCL" if values[at] > centre else "Below LCL"
            expected.append(
                {"f": "no facet", "x": labels[at], "y": values[at], "rebase_group": group, "mean_col": centre,
                 "lpl": centre - half, "upl": centre + half, "outside_limits": str(outside).upper(), "target": 90,
                 "relative_to_mean": 1 if values[at] > centre else -1, "trajectory": "",
                 "close_to_limits": str(not outside and abs(values[at] - centre) > half * 2 / 3).upper(),
                 "special_cause_type": side if outside else "Common Cause", "special_cause_flag": str(outside).upper(),
                 "point_type": "special_cause_neutral_" + ("high" if values[at] > centre else "low") if outside else "common_cause"}
            )  # fmt: skip
    call = (
        "library(NHSRplotthedots)\nd |> ptd_spc(value_field = n, date_field = day, target = ptd_target(90),\n"
        "  improvement_direction = 'neutral', screen_outliers = FALSE,\n"
        f"  rebase = ptd_rebase(as.Date(c('{labels[10]}', '{labels[20]}'))))"
    )
    rows = [{"day": label, "n": value} for label, value in zip(labels, values, strict=True)]

    found = outcome(
        a_case(tmp_path / "rebased", {"tool": "NHSRplotthedots", "chart": "xmr", "call": call}, rows, expected)
    )

    assert found.verdict == "agrees", found.line
    assert found.points == 30


def test_a_cusum_of_subgroups_in_a_tool_named_otherwise_is_read_from_its_call(tmp_path):
    chance = random.Random(9)
    samples = [[round(chance.gauss(20 + (at > 7), 2), 2) for _ in range(4)] for at in range(12)]
    means = [statistics.fmean(sample) for sample in samples]
    centre = statistics.fmean(means[:8])
    sigma = statistics.fmean(max(sample) - min(sample) for sample in samples[:8]) / 2.059  # d2 of 4
    up, down, expected = 0.0, 0.0, []
    for at, mean in enumerate(means):
        z = (mean - centre) / (sigma / 2)
        up, down = max(0.0, up + z - 0.75), min(0.0, down + z + 0.75)
        expected.append(
            {
                "i": at + 1,
                "pos": up,
                "neg": down,
                "signal_up": str(up > 4).upper(),
                "signal_down": str(down < -4).upper(),
            }
        )
    rows = [{"value": value, "lot": lot + 1} for lot, sample in enumerate(samples) for value in sample]
    call = (
        "lots <- qccGroups(data = d, value, lot)\n"
        "cusum(lots[1:8, ], newdata = lots[9:12, ], decision.interval = 4, se.shift = 1.5)"
    )

    found = outcome(a_case(tmp_path / "lots", {"tool": "a handbook", "chart": "cusum", "call": call}, rows, expected))

    assert found.verdict == "agrees", found.line
    assert found.points == 12


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"tool": "abacus", "call": "f(x)"}, "the tool 'abacus' is not one of"),
        ({"tool": "qicharts2", "call": "plot(x)"}, "no call of qic"),
        ({"tool": "qicharts2", "call": "qic(x, y, chart = 'pie')"}, "the chart 'pie'"),
        ({"tool": "qicharts2", "call": "qic(x, absent)"}, "the input has no column absent"),
        ({"tool": "qcc", "call": "qcc(d$y, type = 'xbar.one', std.dev = 'XX')"}, "std.dev = 'XX'"),
        ({"tool": "NHSRplotthedots", "call": "ptd_spc(d"}, "nothing in the call reads"),
        ({"tool": "vlad", "call": "library(vlad)"}, "no llr_score()"),
    ],
)
def test_a_case_that_cannot_be_read_counts_as_a_difference_and_stops_nothing(tmp_path, entry, why):
    rows = [{"x": at, "y": at % 3} for at in range(5)]

    found = outcome(a_case(tmp_path / "odd", entry, rows, rows))

    assert found.verdict == "unread" and why in found.why
    assert report([found]) == f"odd: cannot read: {found.why}\nagree 0 of 1"


def test_a_folder_without_its_files_is_said(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "conformance", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    missing = outcome(Case(tmp_path / "gone", {"id": "gone", "tool": "qcc", "call": "qcc(d$y, type = 'c')"}))

    assert done.returncode == 2 and "is no list of cases" in done.stderr
    assert missing.verdict == "unread" and "cannot be opened" in missing.why
