"""A definition checks itself, says in a sentence what is wrong, and survives being stored."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from knitwork.model.errors import BadDefinition
from knitwork.signals import Series, Spec, evaluate
from knitwork.signals.charts import CHARTS
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.rules.rule import Rule
from knitwork.signals.spec import MIDDLES, SIGMAS, Chart, Phase, RuleSetName


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"chart": "pie"}, "chart is 'pie': choose one of run, xmr"),
        ({"direction": "sideways"}, "choose one of up, down, neither"),
        ({"rules": ("nelso",)}, "rules is 'nelso': choose one of shewhart, anhoej"),
        ({"rules": ("custom",)}, "list them in custom"),
        ({"sigma": "binomial"}, "sigma of a xmr chart is 'binomial'"),
        ({"chart": "p", "middle": "median"}, "middle of a p chart is 'median': choose one of ratio"),
        ({"limit_kind": "probability"}, "no distribution of its own"),
        ({"weight": 1.2}, "above 0 and at most 1"),
        ({"span": 1}, "2 to 100"),
        ({"spread": 0}, "give a number above 0, or leave it out"),
        ({"phases": ({"start": "2026-01-01"}, {"start": "2026-01-01"})}, "two phases start at 2026-01-01"),
        ({"phases": ({"begin": "2026-01-01"},)}, "a phase has no field 'begin'"),
        ({"phases": ({"start": "", "limits": 20},)}, "give the label of a period"),
        ({"phases": ({"start": "a", "limits": 1},)}, "2 or more"),
        ({"targets": (("2026-01-01", "90"),)}, "the targets from 2026-01-01 on is '90'"),
        ({"custom": ({"kind": "run"},)}, "a rule has no name"),
        ({"custom": ({"name": "x", "kind": "hop"},)}, "a rule's kind is 'hop'"),
        ({"rules": "anhoej"}, "give a list"),
        ({"limits": "some"}, "choose policy, all, or how many first points"),
        ({"limits": 1}, "2 or more"),
        ({"limits": True}, "choose policy"),
        ({"sigma": "sd"}, "choose one of mr_screened_once, mr"),
        ({"d2": 0}, "give a number above 0"),
        ({"factor": -100}, "give a number above 0"),
        ({"factor": float("nan")}, "give a number above 0"),
        ({"target": float("inf")}, "target is inf: give a number, or leave it out"),
        ({"centre": "high"}, "centre is 'high': give a number"),
        ({"sigma_z_floor": -1}, "give 1, or 0 for no floor"),
        ({"exclude": (-1,)}, "positions counted from 0"),
        ({"exclude": (1.5,)}, "positions counted from 0"),
        ({"unit": None}, "give a word"),
        ({"version": 3}, "only version 2 is known"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused_in_a_sentence(fields, sentence):
    with pytest.raises(BadDefinition) as refused:
        Spec(**fields)

    assert sentence in str(refused.value)


def test_a_definition_comes_back_from_json_as_it_was():
    spec = Spec(chart="u_prime", direction="down", limits=24, target=3.5, factor=1000, unit="per 1,000", exclude=(4, 2))

    assert Spec.from_json(spec.to_json()) == spec
    assert spec.exclude == (2, 4)


def test_every_option_is_stored_so_that_none_is_hidden():
    assert set(json.loads(Spec().to_json())) == set(Spec.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "not JSON"), ("[]", "a JSON object"), ('{"screened": true}', "a chart has no field 'screened'")],
)
def test_what_is_not_a_definition_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(BadDefinition, match=sentence):
        Spec.from_json(text)


def test_the_names_of_charts_and_rules_are_those_of_the_tables():
    assert list(CHARTS) == list(get_args(Chart))
    assert [*RULE_SETS, "custom"] == list(get_args(RuleSetName))
    assert list(SIGMAS) == list(MIDDLES) == list(CHARTS)


def test_a_definition_of_version_1_is_read_and_its_range_estimator_kept_where_the_chart_has_one():
    assert Spec.from_dict({"version": 1, "chart": "p", "sigma": "mr_screened_once"}) == Spec(chart="p")
    assert Spec.from_dict({"version": 1, "sigma": "mr"}) == Spec(sigma="mr")


def test_everything_a_definition_can_hold_comes_back_from_json():
    spec = Spec(
        chart="g",
        rules=("custom", "anhoej"),
        custom=(Rule(name="five", kind="run", length=5),),
        limit_kind="probability",
        targets=(("2026-01-01", 20), ("2026-06-01", 30)),
        trajectory=(("2026-01-01", 20), ("2027-01-01", 40)),
        phases=(Phase(start="2026-03-01", limits=12, reason="new bay", centre=18.5, spread=2.5),),
        exclude=(3, "2026-02-01"),
        precedence="better_first",
    )

    assert Spec.from_json(spec.to_json()) == spec


def test_no_lower_limit_lies_below_the_least_value_there_can_be():
    series = Series(values=[0, 3, 0, 4, 1, 0, 5, 0, 2, 0, 4, 1, 0, 3])

    free = evaluate(series, Spec(chart="xmr", limits="all"))
    floored = evaluate(series, Spec(chart="xmr", limits="all", floor=0))

    assert free.lowers[0] < 0
    assert floored.lowers[0] == 0
    assert floored.uppers == free.uppers
