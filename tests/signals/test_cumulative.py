"""What the cumulative charts refuse, how their definitions are stored, and that their records are plain."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import numpy as np
import pytest

from knitwork.model.errors import BadDefinition
from knitwork.signals.cumulative import (
    BernoulliSpec,
    RiskAdjustedSpec,
    TabularSpec,
    bernoulli,
    bernoulli_cusum,
    cusum_spec_from_json,
    risk_adjusted,
    risk_adjusted_cusum,
    tabular,
    tabular_cusum,
    vlad,
    vlad_record,
)
from knitwork.signals.series import BadSeries

TABULAR = TabularSpec(centre=10, sigma=1)
BERNOULLI = BernoulliSpec(baseline=0.1)
SPECS = [
    TabularSpec(centre=10.25, sigma=0.1, k=0.75, h=4, head_start=2, direction="down", unit="min"),
    BernoulliSpec(baseline_cases=200, odds_ratio=1.5, limit=3, reset=False, direction="up"),
    RiskAdjustedSpec(odds_up=1.5, odds_down=0.75, limit_up=3, limit_down=2.5, reset=False),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.chart)
def test_definitions_come_back_from_json_as_they_went(spec):
    assert cusum_spec_from_json(spec.to_json()) == spec
    assert type(spec).from_json(spec.to_json()) == spec
    assert json.loads(spec.to_json())["version"] == 1


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.chart)
def test_definitions_cannot_be_changed(spec):
    with pytest.raises(AttributeError):
        spec.direction = "neither"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TabularSpec(centre=math.nan, sigma=1), "centre is nan: give a number such as 10"),
        (lambda: TabularSpec(centre=10, sigma=0), "sigma is 0: give a number above 0"),
        (lambda: TabularSpec(centre=10, sigma=math.inf), "sigma is inf"),
        (lambda: TabularSpec(centre=10, sigma=1, h=0), "h is 0: give a number above 0, such as 5"),
        (lambda: TabularSpec(centre=10, sigma=1, h=-5), "h is -5"),
        (lambda: TabularSpec(centre=10, sigma=1, k=-1), "k is -1: give half the shift"),
        (lambda: TabularSpec(centre=10, sigma=1, head_start=5), "head_start is 5: .* half of it, 2.5"),
        (lambda: TabularSpec(centre=10, sigma=1, direction="left"), "choose one of up, down, neither"),
        (lambda: TabularSpec(centre=10, sigma=1, version=2), "only version 1 is known here"),
        (lambda: TabularSpec(centre=True, sigma=1), "centre is True"),
        (lambda: tabular([1], centre=1, sigma=1, head_start=6), "head_start is 6"),
        (lambda: tabular([1], centre=1, sigma=1, h=0), "h is 0"),
        (lambda: bernoulli([1], baseline=0.1, odds_ratio=1), "odds_ratio is 1: give a number above 1"),
        (lambda: bernoulli([1], baseline=1), "baseline is 1"),
        (lambda: bernoulli([1], baseline=0.1, limit=0), "limit is 0"),
        (BernoulliSpec, "give either baseline"),
        (lambda: BernoulliSpec(baseline=0.1, baseline_cases=20), "give either baseline"),
        (lambda: BernoulliSpec(baseline=0), "baseline is 0: give a rate between 0 and 1"),
        (lambda: BernoulliSpec(baseline=1.0), "baseline is 1.0"),
        (lambda: BernoulliSpec(baseline_cases=0), "give how many first cases, such as 200"),
        (lambda: BernoulliSpec(baseline=0.1, odds_ratio=1), "odds_ratio is 1: give a number above 1"),
        (lambda: BernoulliSpec(baseline=0.1, odds_ratio=0.5), "odds_ratio is 0.5"),
        (lambda: BernoulliSpec(baseline=0.1, limit=0), "limit is 0: give a number above 0, such as 3.5"),
        (lambda: BernoulliSpec(baseline=0.1, limit="3"), "limit is '3'"),
        (lambda: BernoulliSpec(baseline=0.1, reset=1), "reset is 1: give true or false"),
        (lambda: RiskAdjustedSpec(odds_up=1), "odds_up is 1: give a number above 1"),
        (lambda: RiskAdjustedSpec(odds_down=1), "odds_down is 1: give a number between 0 and 1"),
        (lambda: RiskAdjustedSpec(limit_up=0), "limit_up is 0"),
        (lambda: RiskAdjustedSpec(limit_down=-4), "limit_down is -4"),
        (lambda: TabularSpec.from_json("{}"), "this chart has no centre: give it"),
        (lambda: TabularSpec.from_json('{"centre": 1, "sigma": 1, "colour": 2}'), "no field 'colour'"),
        (lambda: cusum_spec_from_json('{"chart": "pie"}'), "choose one of cusum, bernoulli_cusum, risk_adjusted"),
        (lambda: cusum_spec_from_json("{"), "not JSON"),
        (lambda: cusum_spec_from_json("[1]"), "a JSON object"),
    ],
)
def test_a_definition_that_cannot_be_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(BadDefinition, match=sentence):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: tabular_cusum([], TABULAR), "there are no values: give at least one"),
        (lambda: tabular_cusum([None, math.nan], TABULAR), "every row is missing"),
        (lambda: tabular_cusum([1, math.inf], TABULAR), "row 2 of the values is infinite"),
        (lambda: tabular_cusum([1, "2"], TABULAR), "row 2 of the values is '2': give a number"),
        (lambda: tabular_cusum("12", TABULAR), "the values are a piece of text"),
        (lambda: tabular_cusum([1, object()], TABULAR), "row 2 of the values is <object"),
        (lambda: tabular_cusum([[1, 2]], TABULAR), "call once for each row"),
        (lambda: tabular([[1, 2], [1]], centre=1, sigma=1), "not equally long"),
        (lambda: tabular([[1, 2], [1, -math.inf]], centre=1, sigma=1), "row 2, column 2 of the values is infinite"),
        (lambda: tabular([1, 2], centre=1, sigma=0), "not above 0"),
        (lambda: tabular([[1, 2], [3, 4]], centre=np.ones(3), sigma=1), "one for each row of the table"),
        (lambda: tabular_cusum([1, 1e300], TABULAR), "row 2 of the values lies too far from the centre"),
        (lambda: tabular([1e308], centre=0, sigma=1e-300), "row 1 of the values lies too far from the centre"),
        (lambda: tabular_cusum([1, 2], TABULAR, labels=["a"]), "there are 2 cases and 1 labels"),
        (lambda: tabular_cusum([1, 2], TABULAR, labels=["2026-02-01", "2026-01-01"]), "row 2 .* sort the rows"),
        (lambda: bernoulli_cusum([], BERNOULLI), "there are no outcomes"),
        (lambda: bernoulli_cusum([0, 1, 2], BERNOULLI), "row 3 of the outcomes is 2: give 1 where it happened"),
        (lambda: bernoulli_cusum([0, 0.5], BERNOULLI), "row 2 of the outcomes is 0.5"),
        (lambda: bernoulli_cusum([0, "yes"], BERNOULLI), "row 2 of the outcomes is 'yes'"),
        (lambda: bernoulli_cusum([0, 1], BernoulliSpec(baseline_cases=3)), "asks for 3 cases and 2 have an outcome"),
        (lambda: bernoulli_cusum([0, 0, 1], BernoulliSpec(baseline_cases=2)), "none of the first 2 cases"),
        (lambda: bernoulli_cusum([1, 1, 0], BernoulliSpec(baseline_cases=2)), "all of the first 2 cases"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1]), "there are 2 outcomes and 1 expected probabilities"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1, 1.0]), "row 2 has an expected probability of 1"),
        (lambda: risk_adjusted_cusum([0, 1], [0, 0.5]), "row 1 has an expected probability of 0"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1, 1.2]), "row 2 has an expected probability of 1.2"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1, None]), "row 2 has an outcome and no expected probability"),
        (lambda: risk_adjusted([[0, 1]], [[0.1, 0.0]], RiskAdjustedSpec()), "row 1, column 2 has an expected"),
        (lambda: vlad([0, 1], [0.1, math.inf]), "row 2 of the expected probabilities is infinite"),
        (lambda: vlad_record([0, 3], [0.1, 0.1]), "row 2 of the outcomes is 3"),
    ],
)
def test_what_cannot_be_charted_is_refused_with_its_row(make, sentence):
    with pytest.raises(BadSeries, match=sentence):
        make()


def test_numbers_of_any_kind_are_taken():
    given = [Decimal("11"), 12, np.float64(13.0), None, True]

    assert tabular_cusum(given, TABULAR).values == (11.0, 12.0, 13.0, None, 1.0)
    assert bernoulli_cusum([True, False, np.int64(1)], BERNOULLI).values == (1.0, 0.0, 1.0)
    assert tabular_cusum((value for value in (1.0, 2.0)), TABULAR).n == 2


@pytest.mark.parametrize(
    "record",
    [
        tabular_cusum([10.0, None, 19.0], TABULAR),
        bernoulli_cusum([1, None] * 9, BERNOULLI),
        risk_adjusted_cusum([1, 0, None], [0.1, 0.2, None]),
        vlad_record([1, 0, None], [0.1, 0.2, None]),
    ],
    ids=["cusum", "bernoulli", "risk-adjusted", "vlad"],
)
def test_records_are_plain_values_without_nan_or_minus_nought(record):
    text = record.to_json()

    assert json.loads(text) == record.to_dict()
    assert "NaN" not in text
    assert "-0.0," not in text
    assert len(record.to_dict()["labels"]) == len(record)
