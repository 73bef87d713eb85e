"""Every measure's hand-worked cases, through SQL and through the reference evaluator."""

import pytest

from knitwork.measures.catalogue import ORDER, catalogue, measure
from knitwork.model.errors import BadDefinition

from .measured import by_reference, by_sql, derive, registry_of, stays_of, world_of

CASES = [
    pytest.param(m, example, way, id=f"{m.id}-{i}-{way.__name__}")
    for m in catalogue()
    for i, example in enumerate(m.tests)
    for way in (by_sql, by_reference)
]


@pytest.mark.parametrize(("one", "example", "way"), CASES)
def test_the_numbers_are_those_worked_out_by_hand(one, example, way):
    derived = derive(stays_of(example), registry_of(example))
    beds = {("micro", unit): beds for unit, beds in example.capacity.items()}
    world = world_of(derived, as_of=example.as_of, capacity=beds)

    found = {
        key: cell
        for key, cell in way([one], derived, world).items()
        if key[1:4] == (example.level, example.unit, "all") and key[5] == example.stratum
    }

    if example.n == 0:
        assert found == {}, example.why
        return
    ((numerator, denominator, value, n),) = found.values()
    for wanted, have in ((example.num, numerator), (example.den, denominator), (example.n, n)):
        assert wanted is None or have == wanted, example.why
    if example.value is not None:
        assert value == pytest.approx(example.value, rel=1e-9), example.why


def test_there_are_twenty_four_in_the_order_of_the_reference():
    assert [m.id for m in catalogue()] == list(ORDER)
    assert len(ORDER) == 24


@pytest.mark.parametrize("one", catalogue(), ids=lambda m: m.id)
def test_each_is_worked_out_on_at_least_six_rows(one):
    assert max(len(example.stays) for example in one.tests) >= 6


def test_only_these_five_are_neither_better_up_nor_down():
    assert {m.id for m in catalogue() if m.direction == "neither"} == {
        "arrivals", "midnight_census", "transfers_per_visit", "handoffs_per_100_journeys", "weekend_discharge_share",
    }  # fmt: skip


def test_flow_belongs_to_no_quadrant_and_returns_are_clinical():
    clinical = {m.id for m in catalogue() if m.compass == "clinical"}

    assert clinical == {
        "bounce_back_2d",
        "icu_return_2d",
        "icu_return_72h",
        "return_7d",
        "readmission_30d",
        "ed_return_72h",
    }
    assert {m.compass for m in catalogue()} == {"clinical", "none"}


def test_a_changed_definition_has_another_identity():
    assert len({m.digest for m in catalogue()}) == 24
    assert measure("arrivals").identity.startswith("1.0.0+")


def test_an_unknown_measure_says_where_to_look():
    with pytest.raises(BadDefinition, match="knitwork measures"):
        measure("nonsense")
