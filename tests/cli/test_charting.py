"""`knitwork chart` on every chart there is, and on every file that makes none."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import get_args
from xml.etree import ElementTree

import pytest

from knitwork.cli.charting import Asked, evaluate_file
from knitwork.cli.charting_apart import APART
from knitwork.model.errors import BadDefinition, CannotDo
from knitwork.signals import Spec
from knitwork.signals.charts import CHARTS
from knitwork.signals.spec import Chart

MONTHS = [f"{2024 + at // 12}-{at % 12 + 1:02d}-01" for at in range(24)]
VALUES = [14, 12, 15, 11, 13, 14, 12, 16, 13, 11, 15, 12, 14, 13, 12, 15, 11, 14, 13, 16, 12, 14, 40, 13]

FILES = {
    "values": ["month,value", *(f"{m},{v}" for m, v in zip(MONTHS, VALUES, strict=True))],
    "ratio": ["month,numerator,denominator", *(f"{m},{v},80" for m, v in zip(MONTHS, VALUES, strict=True))],
    "subgroups": ["month,value", *(f"{m},{v + d}" for m, v in zip(MONTHS, VALUES, strict=True) for d in (-1, 0, 2))],
    "cases": ["case,outcome,expected", *(f"{at},{int(at % 9 == 0)},0.1{at % 7}" for at in range(1, 60))],
    "units": ["unit,events,total", *(f"Ward {at},{5 + at % 4},{60 + 9 * at}" for at in range(12)), "Ward X,60,90"],
    "reasons": ["reason,count", "Falls,12", "Drugs,30", "Other,3"],
}
SHAPES = {
    "ratio": "ratio", "proportion": "ratio", "subgroups": "subgroups", "cusum": "values", "bernoulli_cusum": "cases",
    "risk_adjusted_cusum": "cases", "vlad": "cases", "funnel": "units", "pareto": "reasons",
}  # fmt: skip


@pytest.fixture
def charted(tmp_path, capsys):
    def run(lines, *, how="csv", **asked):
        file = tmp_path / "waits.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        evaluate_file(file, Asked(**({"chart": "run", "direction": "down"} | asked)), how=how)
        return capsys.readouterr().out

    return run


def lines_for(chart):
    return FILES[SHAPES.get(CHARTS[chart].reads if chart in CHARTS else chart, "values")]


@pytest.mark.parametrize("chart", [*get_args(Chart), *APART])
def test_every_chart_comes_as_rows_as_a_record_and_as_a_picture(charted, chart):
    lines = lines_for(chart)

    rows = list(csv.DictReader(io.StringIO(charted(lines, chart=chart))))
    record = json.loads(charted(lines, chart=chart, how="json"))
    picture = ElementTree.fromstring(charted(lines, chart=chart, how="svg"))
    said = charted(lines, chart=chart, how="table")

    assert len(rows) == (24 if chart in CHARTS or chart == "cusum" else len(lines) - 1)
    assert record["spec"]["chart"] == chart if "spec" in record and "chart" in record["spec"] else record
    assert picture.tag.endswith("svg")
    assert record["formula"] in " ".join(said.split()) or chart in ("funnel",)


def test_the_month_that_stands_out_is_named_on_a_chart_of_counts(charted):
    rows = list(csv.DictReader(io.StringIO(charted(FILES["values"], chart="c"))))

    assert [row["period"] for row in rows if row["signal"]] == [MONTHS[22]]


def test_a_definition_in_a_file_takes_the_place_of_the_options(charted, tmp_path):
    spec = Spec(chart="xmr", sigma="median_mr", rules=("nelson",), exclude=(MONTHS[22],))
    (tmp_path / "spec.json").write_text(spec.to_json(), encoding="utf-8")

    record = json.loads(charted(FILES["values"], how="json", spec=tmp_path / "spec.json"))

    assert Spec.from_dict(record["spec"]).sigma == "median_mr"
    assert record["points"][22]["included"] is False


def test_phases_exclusions_and_targets_with_dates_go_together(charted):
    record = json.loads(
        charted(
            FILES["values"],
            chart="xmr",
            how="json",
            phase=(f"{MONTHS[12]}=all",),
            exclude=(MONTHS[22],),
            target_from=(f"{MONTHS[0]}=20", f"{MONTHS[12]}=15"),
            trajectory=(f"{MONTHS[12]}=14", "2026-12-01=10"),
        )
    )

    assert [phase["start"] for phase in record["phases"]] == [0, 12]
    assert record["target"] == 15
    assert record["points"][0]["trajectory"] is None and record["points"][23]["trajectory"] < 14
    assert record["points"][22]["included"] is False


BAD = {
    "no file": ([], {}, "has no rows under a header"),
    "only a header": (["month,value"], {}, "has no rows under a header"),
    "text": (["month,value", "2024-01-01,many"], {}, "line 2, column value: 'many' is not a number"),
    "infinite": (["month,value", "2024-01-01,3", "2024-02-01,inf"], {}, "row 2 of the values is infinite"),
    "a count below 0": (["month,value", "2024-01-01,-3"], {"chart": "c"}, "row 1 (2024-01-01) is below 0"),
    "more than all": (
        ["month,numerator,denominator", "2024-01-01,5,4"],
        {"chart": "p"},
        "row 1 (2024-01-01) has a numerator above its denominator",
    ),
    "unsorted": (["month,value", "2024-02-01,3", "2024-01-01,4"], {}, "row 2 (2024-01-01) comes after 2024-02-01"),
    "repeated": (["month,value", "2024-01-01,3", "2024-01-01,4"], {}, "row 2 has the date 2024-01-01 again"),
    "a phase outside": (
        FILES["values"],
        {"phase": ("2031-01-01",)},
        "a phase starts at 2031-01-01, outside the series",
    ),
    "two phases at once": (FILES["values"], {"phase": ("2024-03-01", "2024-03-01=all")}, "two phases start at 2024-03"),
    "an exclusion outside": (FILES["values"], {"exclude": ("2031-01-01",)}, "has no such period"),
    "a target of nothing": (FILES["values"], {"target_from": ("high",)}, "give a period and a number"),
    "no such rules": (FILES["values"], {"rules": "lucky"}, "choose one of shewhart"),
    "no such chart": (FILES["values"], {"chart": "pie"}, "choose one of run, xmr"),
    "no denominator": (FILES["values"], {"chart": "u"}, "needs a numerator and a denominator"),
    "two columns alike": (["month,value,value", "2024-01-01,3,4"], {}, "two columns called value"),
    "a wrong estimator": (FILES["values"], {"chart": "c", "sigma": "mr"}, "choose one of poisson"),
    "outcomes that are not": (["case,outcome", "1,0", "2,3"], {"chart": "bernoulli_cusum"}, "3"),
    "a unit twice": (["unit,events,total", "A,1,9", "A,2,9"], {"chart": "funnel"}, "names A again"),
    "no chances": (["case,outcome", "1,0", "2,1"], {"chart": "vlad"}, "no column with expected chances"),
    "sums without limits": (["month,value", "2024-01-01,3"], {"chart": "cusum"}, "give 12 points or more"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_chart_is_refused_in_one_sentence_that_says_where(charted, case):
    lines, asked, sentence = BAD[case]

    with pytest.raises((CannotDo, BadDefinition)) as refused:
        charted(lines, **asked)

    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


THIN = {
    "one point": (["month,value", "2024-01-01,3"], {}, "at least 12 are needed"),
    "only missing": (["month,value", "2024-01-01,", "2024-02-01,NA"], {}, "No values yet"),
    "a baseline longer than the series": (
        FILES["values"],
        {"chart": "xmr", "limits": "30"},
        "There are fewer points than the baseline asks for",
    ),
    "all the same": (["month,value", *(f"{m},100" for m in MONTHS)], {"chart": "xmr"}, "All values are the same"),
}


@pytest.mark.parametrize("case", THIN)
def test_what_is_too_thin_to_judge_is_shown_without_limits_and_said(charted, case):
    lines, asked, sentence = THIN[case]

    assert sentence in " ".join(charted(lines, how="table", **asked).split())
    assert "NaN" not in charted(lines, how="json", **asked)


MONTH_ENDS = [
    (dt.date(2024 + (at + 1) // 12, (at + 1) % 12 + 1, 1) - dt.timedelta(days=1)).isoformat() for at in range(24)
]
WRITTEN = {
    "the first of each month": MONTHS,
    "the same day of each month": [m[:8] + "15" for m in MONTHS],
    "the last of each month": MONTH_ENDS,
    "months": [m[:7] for m in MONTHS],
    "weeks": [f"2024-W{at:02d}" for at in range(41, 53)] + [f"2025-W{at:02d}" for at in range(1, 13)],
    "Mondays": [(dt.date(2024, 10, 7) + at * dt.timedelta(days=7)).isoformat() for at in range(24)],
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_period_without_a_row_is_a_gap_and_is_said_however_periods_are_written(charted, form):
    labels = WRITTEN[form]
    rows = [
        f"{label},{value}" for label, value in zip(labels, VALUES, strict=True) if label not in (labels[9], labels[14])
    ]

    record = json.loads(charted(["period,value", *rows], chart="xmr", how="json"))

    assert [point["label"] for point in record["points"]] == labels
    assert [at for at, point in enumerate(record["points"]) if point["value"] is None] == [9, 14]
    assert "missing_points" in record["reasons"]


def test_days_and_names_have_no_gaps(charted):
    days = ["2024-03-01", "2024-03-02", "2024-03-05", "2024-03-06"]

    for labels in (days, ["one", "two", "four"], ["2024-01", "2024-04", "2024-09"]):
        record = json.loads(charted(["period,value", *(f"{one},3" for one in labels)], chart="run", how="json"))
        assert [point["label"] for point in record["points"]] == labels


@pytest.mark.parametrize("chart", ["g", "t"])
def test_events_that_came_once_a_month_leave_no_gap_where_none_came(charted, chart):
    lines = [line for line in FILES["values"] if not line.startswith(MONTHS[9])]

    assert len(json.loads(charted(lines, chart=chart, how="json"))["points"]) == 23


def test_a_position_that_a_definition_leaves_out_is_that_of_the_row_in_the_file(charted, tmp_path):
    (tmp_path / "spec.json").write_text(Spec(chart="xmr", exclude=(2, 21)).to_json(), encoding="utf-8")
    lines = [line for line in FILES["values"] if not line.startswith(MONTHS[9])]

    record = json.loads(charted(lines, how="json", spec=tmp_path / "spec.json"))

    # Position 21 of the file is the month that stands out, at 22 with the month that has no row.
    assert [at for at, point in enumerate(record["points"]) if point["included"] is False and at != 9] == [2, 22]


def test_a_position_behind_the_last_row_is_refused_as_it_was_written(charted, tmp_path):
    (tmp_path / "spec.json").write_text(Spec(chart="xmr", exclude=(23,)).to_json(), encoding="utf-8")
    lines = [line for line in FILES["values"] if not line.startswith(MONTHS[9])]

    with pytest.raises(CannotDo, match="position 23 and the series has 23 periods"):
        charted(lines, how="json", spec=tmp_path / "spec.json")
