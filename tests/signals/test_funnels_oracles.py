"""Funnels agree with the established tools, case by case (real data beside the project; nothing is copied here)."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from dataclasses import replace

import pytest

from knitwork.signals.funnels import FunnelSpec, funnel

pytestmark = pytest.mark.real_data

LEVELS = {"95": 0.95, "99": 0.998}

FUNNELPLOTR = {
    "funnelplotr-medpar-sr-shmi": ("provnum", "los", "prds", {"data_type": "SR", "limit": 99}),
    "funnelplotr-losmodel-sr": ("org", "death", "exp", {"data_type": "SR", "limit": 95}),
    "funnelplotr-test-six": ("group", "num", "denom", {"data_type": "SR", "limit": 95}),
    "funnelplotr-sr-zero-obs": ("unit", "obs", "exp", {"data_type": "SR", "limit": 99}),
    "funnelplotr-ae-pr-od": ("org_code", "breaches", "attendances", {"data_type": "PR", "limit": 99}),
    "funnelplotr-small-den-pr": ("unit", "num", "den", {"data_type": "PR", "limit": 95}),
    "funnelplotr-ae-rc-od": (
        "org_code", "breaches", "attendances", {"data_type": "RC", "limit": 95, "multiplier": 1000},
    ),
}  # fmt: skip
NO_ADJUSTMENT = "funnelplotr-medpar-sr-noadj"

QIKIT = {
    "qikit-funnel-oe-exact": ("unit", "obs", "exp", {"chart": "oe", "cl": 1.0}),
    "qikit-funnel-p-exact": ("org_code", "breaches", "attendances", {"chart": "p"}),
    "qikit-funnel-u-hai": ("hospital", "n", "days", {"chart": "u", "multiply": 10000}),
}

CONTROLCHARTS = {
    "controlcharts-funnel-pr-exact": ("org_code", "breaches", "attendances", {"chart_type": "PR", "od_adjust": "no"}),
    "controlcharts-funnel-rc": ("org_code", "breaches", "attendances", {"chart_type": "RC", "od_adjust": "no"}),
    "controlcharts-funnel-sr-od": ("unit", "obs", "exp", {"chart_type": "SR", "od_adjust": "auto"}),
}


def rows(shared, case, name):
    with (shared / "oracles" / "spc" / case / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tolerance(shared, case):
    entries = json.loads((shared / "oracles" / "spc" / "manifest.json").read_text(encoding="utf-8"))["entries"]
    return next(entry["rel_tol"] for entry in entries if entry["id"] == case)


def judged(shared, case, name, above, below, spec, *, digits=15):
    """Judge a case's units, rows of one unit summed."""
    sums = defaultdict(lambda: [[], []])
    for row in rows(shared, case, "input.csv"):
        sums[row[name]][0].append(float(row[above]))
        sums[row[name]][1].append(float(row[below]))
    below = [round(math.fsum(n), digits) for _, n in sums.values()]
    return funnel(list(sums), [math.fsum(x) for x, _ in sums.values()], below, spec)


def number(text):
    return None if text in ("", "NA", "-Inf", "Inf") else float(text)


class Compared:
    """Differences between our numbers and a tool's, each with its place."""

    def __init__(self, rel):
        self.rel, self.wrong, self.count = rel, [], 0

    def __call__(self, where, ours, theirs):
        self.count += 1
        same = ours is None and theirs is None
        if ours is not None and theirs is not None:
            same = math.isclose(ours, theirs, rel_tol=self.rel, abs_tol=1e-12)
        if not same:
            self.wrong.append((where, ours, theirs))


def limits_of(against, spec, level):
    at = spec.levels.index(level)
    return against.lowers[at], against.uppers[at]


def compare_with_funnelplotr(shared, case, record, *, skip=()):
    compared, spec = Compared(tolerance(shared, case)), record.spec
    expected = rows(shared, case, "expected.csv")
    assert len(expected) == len(record)
    for row in expected:
        unit = record[row["group"]]
        compared((unit.name, "Uzscore"), unit.z_raw, number(row["Uzscore"]))
        compared((unit.name, "Wuzscore"), unit.z_kept, number(row["Wuzscore"]))
        compared((unit.name, "trimmed"), float(unit.trimmed), float(row.get("truncated") or row.get("winsorised")))
        for short, level in LEVELS.items():
            for word, against in (("", unit.chance), ("OD", unit.spread)):
                for end, ours in zip(("LCL", "UCL"), limits_of(against, spec, level), strict=True):
                    place = (unit.name, f"{word}{short}{end}" if word else f"{end}{short}")
                    if place not in skip:
                        compared(place, ours, number(row[place[1]]))
        fell_back = record.tau2 == 0  # the tool then flags by the limits without adjustment
        flagged = unit.chance if fell_back else unit.spread
        compared((unit.name, "outlier"), float(bool(flagged.mark)), float(row["outlier"]))
    return compared


@pytest.mark.parametrize("case", [name for name in FUNNELPLOTR if name != "funnelplotr-small-den-pr"])
def test_every_number_of_funnelplotr_is_ours_too(shared, case):
    name, above, below, call = FUNNELPLOTR[case]
    spec = FunnelSpec.like("funnelplotr", **call)

    # It rounds the sums of denominators to two decimals for all that it computes but the ratio itself.
    record = judged(shared, case, name, above, below, spec, digits=2)
    compared = compare_with_funnelplotr(shared, case, record)
    whole = judged(shared, case, name, above, below, spec)
    for row in rows(shared, case, "expected.csv"):
        # its multiplier is for the limits alone
        compared((row["group"], "rr"), whole[row["group"]].value / spec.factor, float(row["rr"]))
    (summary,) = rows(shared, case, "summary.csv")
    compared("phi", record.phi, float(summary["phi"]))
    compared("tau2", record.tau2, float(summary["tau2"]))

    assert compared.count > 70
    assert compared.wrong == []


def test_limits_by_arcsine_stop_at_one_where_funnelplotr_turns_back(shared):
    # Past a right angle the sine falls again: with 2 cases its upper limit is less than 1, which no share can exceed.
    case = "funnelplotr-small-den-pr"
    name, above, below, call = FUNNELPLOTR[case]
    record = judged(shared, case, name, above, below, FunnelSpec.like("funnelplotr", **call))
    turned = {("u01", "UCL99"), ("u01", "OD99UCL")}

    compared = compare_with_funnelplotr(shared, case, record, skip=turned)
    (row,) = [row for row in rows(shared, case, "expected.csv") if row["group"] == "u01"]

    assert compared.wrong == []
    assert limits_of(record["u01"].chance, record.spec, 0.998)[1] == 1.0
    assert float(row["UCL99"]) == pytest.approx(math.sin(0.47915477443667 + 3.090232 / math.sqrt(8)) ** 2, rel=1e-9)


def test_without_adjustment_funnelplotr_gives_exact_limits_and_logarithmic_ones(shared):
    call = {"data_type": "SR", "limit": 95, "draw_adjusted": False, "multiplier": 100}
    spec = FunnelSpec.like("funnelplotr", **call)
    record = judged(shared, NO_ADJUSTMENT, "provnum", "los", "prds", spec, digits=2)
    by_log = judged(shared, NO_ADJUSTMENT, "provnum", "los", "prds", replace(spec, limits="log"), digits=2)
    compared = Compared(tolerance(shared, NO_ADJUSTMENT))

    for row in rows(shared, NO_ADJUSTMENT, "expected.csv"):
        for short, level in LEVELS.items():
            low, high = limits_of(record[row["group"]].chance, spec, level)
            compared((row["group"], "exact", level), low, float(row[f"LCL{short}"]))
            compared((row["group"], "exact", level), high, float(row[f"UCL{short}"]))
            low, high = limits_of(by_log[row["group"]].chance, spec, level)
            compared((row["group"], "log", level), low, float(row[f"OD{short}LCL"]))
            compared((row["group"], "log", level), high, float(row[f"OD{short}UCL"]))
        compared((row["group"], "z"), record[row["group"]].z_kept, number(row["Wuzscore"]))
        # the tool flags a ratio against limits times 100 by the ratio itself times 100
        compared(row["group"], float(bool(record[row["group"]].chance.mark)), float(row["outlier"]))

    assert compared.count == 54 * 10
    assert compared.wrong == []
    assert record.phi is None and record.tau2 is None


@pytest.mark.parametrize("case", QIKIT)
def test_every_number_of_qikit_is_ours_too(shared, case):
    name, above, below, call = QIKIT[case]
    spec = FunnelSpec.like("qikit", **call)

    record = judged(shared, case, name, above, below, spec)
    compared = Compared(tolerance(shared, case))
    expected = rows(shared, case, "expected.csv")
    for row in expected:
        unit = record[row["x"]]
        compared((unit.name, "y"), unit.value, float(row["y"]))
        compared((unit.name, "cl"), record.centre, float(row["cl"]))
        for word, level in (("", 0.998), ("_95", 0.95)):
            low, high = limits_of(unit.chance, spec, level)
            compared((unit.name, "lcl" + word), low, float(row["lcl" + word]))
            compared((unit.name, "ucl" + word), high, float(row["ucl" + word]))
        compared((unit.name, "ci"), unit.interval_lower, float(row["ci_95_lower"]))
        compared((unit.name, "ci"), unit.interval_upper, float(row["ci_95_upper"]))
        detectable = row.get("min_detectable") or row.get("min_detectable_oe")
        compared((unit.name, "min_detectable"), unit.min_detectable, float(detectable))
        compared((unit.name, "signal"), unit.chance.beyond == 0.998, row["sigma_signal"] == "True")
        compared((unit.name, "warn"), unit.chance.beyond == 0.95, row["warn_signal"] == "True")
    (summary,) = rows(shared, case, "summary.csv")
    compared("phi", record.phi, float(summary["dispersion_phi"]))
    compared("tau", math.sqrt(record.tau2), float(summary["dispersion_tau"]))
    compared("overdispersed", record.overdispersed, summary["overdispersed"] == "True")
    # it counts units in which not even a doubling of the value would be found
    small = sum(unit.min_detectable / record.centre > 2 for unit in record.units)
    compared("n_underpowered", small, int(summary["n_underpowered"]))

    assert compared.wrong == []


@pytest.mark.parametrize("case", CONTROLCHARTS)
def test_every_number_of_controlcharts_is_ours_too(shared, case):
    name, above, below, call = CONTROLCHARTS[case]
    spec = FunnelSpec.like("controlcharts", **call)

    record = judged(shared, case, name, above, below, spec)
    compared = Compared(tolerance(shared, case))
    for row in rows(shared, case, "expected.csv"):
        unit = record[row["group"]]
        compared((unit.name, "value"), unit.value, float(row["value"]))
        compared((unit.name, "target"), record.centre, float(row["target"]))
        compared((unit.name, "z"), unit.chance.z, number(row["z"]))
        for short, level in {"68": 0.68, **LEVELS}.items():
            # with no spread to add it falls back on the limits against chance
            low, high = limits_of(unit.spread if record.tau2 else unit.chance, spec, level)
            compared((unit.name, "ll" + short), low, float(row["ll" + short]))
            compared((unit.name, "ul" + short), high, float(row["ul" + short]))
        compared((unit.name, "three_sigma"), bool(unit.chance.mark), row["three_sigma"] != "none")
        compared((unit.name, "two_sigma"), (unit.chance.beyond or 0) >= 0.95, row["two_sigma"] != "none")

    assert compared.count > 200
    assert compared.wrong == []


def test_every_funnel_of_the_other_tools_is_compared(shared):
    entries = json.loads((shared / "oracles" / "spc" / "manifest.json").read_text(encoding="utf-8"))["entries"]
    # those of qicharts2 are p and u charts with units along the bottom
    theirs = {one["id"] for one in entries if "funnel" in one["id"] and one["tool"] != "qicharts2"}

    assert theirs == {*FUNNELPLOTR, NO_ADJUSTMENT, *QIKIT, *CONTROLCHARTS}
