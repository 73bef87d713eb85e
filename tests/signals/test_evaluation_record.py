"""What a chart, a tile and a sentence read from the record."""

from __future__ import annotations

import json

import pytest

from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.words import REASONS, rule_words

STEADY = [31, 28, 35, 30, 33, 29, 34, 27, 32, 30, 36, 28, 31, 33, 29, 30, 34, 32, 28, 31]


def test_only_signals_that_touch_the_last_three_tested_points_are_recent():
    early = evaluate(Series(values=[90, *STEADY]), Spec(direction="down", rules=("shewhart",), limits="all"))
    late = evaluate(
        Series(values=[*STEADY, 90, 31, None, 30, 12], incomplete_last=True),
        Spec(direction="down", rules=("shewhart",)),
    )

    assert early.signals and not early.recent
    assert early.variation == "none"
    assert [one.points for one in late.recent] == [(20,)]
    assert late.variation == "worse"


def test_harm_is_never_hidden_behind_good_news():
    ours = evaluate(Series(values=[*STEADY, 90, 2]), Spec(direction="down"))

    assert {one.verdict for one in ours.recent} == {"better", "worse"}
    assert ours.variation == "worse"
    assert ours.point_marks[-2:] == ("worse", "better")
    assert ours.points[-1].rules == ("beyond_limits",)


@pytest.mark.parametrize(("direction", "verdict"), [("up", "better"), ("down", "worse"), ("neither", "neither")])
def test_the_verdict_follows_the_wanted_direction(direction, verdict):
    ours = evaluate(Series(values=[*STEADY, 90]), Spec(direction=direction))

    assert ours.signals[-1].verdict == verdict


@pytest.mark.parametrize(
    ("direction", "target", "answer"),
    [
        ("down", 50, "pass"),
        ("down", 31, "hit_or_miss"),
        ("down", 10, "fail"),
        ("up", 10, "pass"),
        ("up", 31, "hit_or_miss"),
        ("up", 50, "fail"),
        ("neither", 31, None),
        ("up", None, None),
    ],
)
def test_assurance_says_whether_the_target_will_be_met(direction, target, answer):
    assert evaluate(Series(values=STEADY), Spec(direction=direction, target=target)).assurance == answer


def test_there_is_no_assurance_without_limits():
    assert evaluate(Series(values=STEADY[:8]), Spec(direction="down", target=50)).assurance is None


def test_neighbours_that_resemble_each_other_show_in_lag1():
    # r1 by hand: deviations -2 -1 0 1 2; products 2 + 0 + 0 + 2 = 4; squares 10
    assert evaluate(Series(values=[1, 2, 3, 4, 5]), Spec()).lag1 == pytest.approx(0.4)
    # a gap joins nothing: products 2 + 2 of deviations -2 -1 . 1 2 over squares 10
    assert evaluate(Series(values=[1, 2, None, 4, 5]), Spec()).lag1 == pytest.approx(0.4)


def test_the_json_record_has_everything_a_chart_needs():
    series = Series(
        labels=[f"2024-{month:02d}-01" for month in range(1, 13)],
        numerators=[12, 14, 9, 11, 13, 12, 10, 15, 12, 11, 30, 4],
        denominators=[80, 90, 85, 80, 88, 92, 81, 90, 86, 84, 83, 20],
        incomplete_last=True,
    )

    record = json.loads(evaluate(series, Spec(chart="p", direction="down", factor=100, unit="%")).to_json())

    assert record["limits_kind"] == "none" and record["chart"] == "run"
    assert record["spec"]["chart"] == "p"
    assert record["points"][-1]["hollow"] is True
    assert record["points"][0]["value"] == 15.0
    assert record["points"][0]["numerator"] == 12.0
    assert set(record["reasons"]) == {"too_few_points", "incomplete_last"}


def test_every_reason_and_rule_has_a_sentence():
    assert all(sentence.endswith(".") for sentence in REASONS.values())
    rules = [rule for kind in RULE_SETS.values() for rule in kind.rules]
    assert len({rule_words(rule) for rule in rules}) == len(set(rules))


def test_a_record_prints_as_plain_lines():
    ours = evaluate(Series(values=[*STEADY, 90]), Spec(direction="down"))

    assert str(ours).splitlines()[0] == "xmr chart of 21 periods, 21 useful, limits locked"
    assert str(ours).splitlines()[-1] == "  beyond_limits 21 to 21: worse"
    assert "no signal" in str(evaluate(Series(values=STEADY), Spec()))
