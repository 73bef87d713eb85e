"""What a funnel refuses, in one sentence that names the row; and its definition."""

from __future__ import annotations

import re

import pytest

from knitwork.model.errors import BadDefinition
from knitwork.signals.funnels import FunnelSpec, funnel
from knitwork.signals.series import BadSeries


@pytest.mark.parametrize(
    ("units", "above", "below", "sentence"),
    [
        (["A", "B"], [1, 5], [4, 4], r"row 2 \(B\) has a numerator above its denominator: .* choose the kind rate"),
        (["A", "B"], [1, -5], [4, 4], r"row 2 \(B\) has a numerator below 0: a count cannot be"),
        (["A", "B"], [1, 5], [4, -4], r"row 2 \(B\) has a denominator below 0"),
        (["A", "B", "A"], [1, 1, 1], [4, 4, 4], r"row 3 names A again, as row 1 does: add the two rows together"),
        (["A", " A"], [1, 1], [4, 4], "row 2 names A again, as row 1 does"),
        (["A", ""], [1, 1], [4, 4], "row 2 has no name: name the unit"),
        (["A", None], [1, 1], [4, 4], "row 2 has no name"),
        (["A", "B"], [1, "two"], [4, 4], "row 2 of the numerators is 'two': give a number"),
        (["A", "B"], [1, 1], [4, float("inf")], "row 2 of the denominators is infinite"),
        (["A", "B"], [1], [4, 4], "there are 2 units and 1 numerators: give one for each unit"),
        (["A", "B"], [1, 2], [4, 4, 4], "there are 2 units and 3 denominators"),
        ("AB", [1, 2], [4, 4], "the units are a piece of text: give a list of names"),
        (["A", "B"], "12", [4, 4], "the numerators are a piece of text"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_a_way_out(units, above, below, sentence):
    with pytest.raises(BadSeries, match=sentence) as caught:
        funnel(units, above, below, FunnelSpec())

    assert re.search("[:;] ", str(caught.value))


def test_a_highlighted_unit_that_is_not_there_is_refused():
    with pytest.raises(BadSeries, match="the highlighted unit 'C' is not among the units"):
        funnel(["A", "B"], [1, 2], [4, 4], FunnelSpec(highlight="C"))


def test_a_rate_may_have_more_events_than_its_exposure():
    assert funnel(["A", "B"], [9, 5], [4, 4], FunnelSpec(kind="rate")).n_judged == 2


def test_none_and_nan_are_missing_and_never_zero():
    record = funnel(["A", "B", "C", "D"], [1, None, 2, float("nan")], [4, 4, 5, None], FunnelSpec())

    assert {unit.name for unit in record.units if unit.why_not == "missing"} == {"B", "D"}
    assert record.centre == pytest.approx(3 / 9)
    assert "missing_units" in record.reasons


def test_columns_may_come_from_generators_and_arrays():
    np = pytest.importorskip("numpy")

    record = funnel(iter(["A", "B"]), np.array([1, 2]), (n for n in (5, 6)), FunnelSpec())

    assert [unit.numerator for unit in record.units] == [1.0, 2.0]


def test_a_definition_comes_back_from_json_as_it_was():
    spec = FunnelSpec(
        kind="ratio", limits="garwood", transform="log", extremes="truncate", levels=(0.998, 0.68, 0.95), factor=100,
        direction="down", highlight="A", quantile_digits=6,
    )  # fmt: skip

    assert FunnelSpec.from_json(spec.to_json()) == spec
    assert spec.levels == (0.68, 0.95, 0.998)
    assert FunnelSpec.from_dict({}) == FunnelSpec()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "mean"}, "kind is 'mean': choose one of proportion, rate, ratio"),
        ({"limits": "garwood"}, "limits is 'garwood' and the kind is proportion: choose one of arcsine, exact"),
        ({"transform": "log"}, "transform is 'log' and the kind is proportion: choose one of arcsine, normal"),
        ({"kind": "rate", "limits": "arcsine"}, "limits is 'arcsine' and the kind is rate"),
        ({"judged_at": 0.9}, r"judged_at is 0.9: choose one of the levels \[0.95, 0.998\]"),
        ({"levels": (95,)}, "levels is .*: give shares between 0 and 1"),
        ({"trim": 0.5}, "trim is 0.5: give the share at each end"),
        ({"least_units": 1}, "least_units is 1: give a whole number from 2"),
        ({"centre": 20}, "centre is 20: a proportion shown times 1 lies below that"),
        ({"centre": 0}, "centre is 0: give a number above 0"),
        ({"factor": 0}, "factor is 0: give a number above 0"),
        ({"power_ratio": 1}, "power_ratio is 1: give the ratio"),
        ({"interval_level": 95}, "interval_level is 95: give a share between 0 and 1"),
        ({"quantile_digits": 0}, "quantile_digits is 0"),
        ({"highlight": 3}, "highlight is 3: give the name of one unit"),
        ({"unit": 3}, "unit is 3: give a word"),
        ({"version": 2}, "version 2 and only version 1 is known here"),
        ({"colour": "red"}, "a funnel has no field 'colour': it knows kind, limits"),
    ],
)
def test_a_definition_that_cannot_be_is_refused_with_a_way_out(given, sentence):
    with pytest.raises(BadDefinition, match=sentence):
        FunnelSpec.from_dict(given)


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not JSON"), ("[]", "is a JSON object such as")])
def test_a_definition_that_is_not_one_is_refused(text, sentence):
    with pytest.raises(BadDefinition, match=sentence):
        FunnelSpec.from_json(text)


def test_an_unknown_tool_or_setting_is_refused():
    with pytest.raises(BadDefinition, match="'excel' is not a tool whose funnels are known here"):
        FunnelSpec.like("excel")
    with pytest.raises(BadDefinition, match="data_type is 'XX': choose one of SR, PR, RC"):
        FunnelSpec.like("funnelplotr", data_type="XX")


def test_no_estimator_of_a_definition_is_left_open():
    spec = FunnelSpec(kind="rate")

    assert (spec.transform, spec.centre) == ("sqrt", "pooled")
    assert [name for name, value in spec.to_dict().items() if value is None] == ["quantile_digits", "highlight"]
