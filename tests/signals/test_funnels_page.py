"""The page on funnels names everything there is, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from knitwork.signals.funnels import FunnelSpec, funnel
from knitwork.signals.funnels.like import TOOLS
from knitwork.signals.funnels.spec import Extremes, Kind, Limits, Overdispersion, Transform
from knitwork.signals.funnels.words import REASONS

PAGE = (Path(__file__).parents[2] / "docs/reference/funnels.md").read_text("utf-8")


def test_every_field_choice_reason_and_tool_is_on_the_page():
    names = [*FunnelSpec.__dataclass_fields__, *REASONS, *TOOLS]
    for choices in (Kind, Limits, Transform, Overdispersion, Extremes):
        names += get_args(choices)

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_reason_that_a_funnel_gives_has_its_sentence():
    units = [f"unit {at}" for at in range(12)]
    cases = [
        funnel([], [], [], FunnelSpec()),
        funnel(["A"], [1], [4], FunnelSpec()),
        funnel(["A", "B"], [0, 0], [4, 5], FunnelSpec()),
        funnel(["A", "B"], [4, 5], [4, 5], FunnelSpec()),
        funnel(["A", "B", "C", "D"], [1, 2, 0, None], [4, 5, 0, 6], FunnelSpec()),
        funnel(units, [10] * 12, [100] * 12, FunnelSpec()),
        funnel(units, [10] * 12, [100] * 12, FunnelSpec(spread_floor="none")),
        funnel(units, [10] * 12, [100] * 12, FunnelSpec(overdispersion="none")),
        funnel(units, [0, *[10] * 11], [10] * 12, FunnelSpec(kind="ratio", transform="log", extremes="keep")),
    ]

    assert {reason for record in cases for reason in record.reasons} == set(REASONS)


def test_the_example_on_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, object] = {}

    exec(code, names)

    record = names["record"]
    assert [unit.name for unit in record.flagged_chance] == ["H"]
    assert record["H"].chance.mark == "worse"


def test_the_power_on_the_page_is_that_of_the_code():
    rows = re.findall(r"\| (\d+) \| (\d+)% \| (\d+)% \|", PAGE)

    assert len(rows) == 5
    for expected, interpolated, exact in rows:
        for limits, told in (("exact_interpolated", interpolated), ("exact", exact)):
            spec = FunnelSpec(kind="ratio", limits=limits)
            unit = funnel(["A", "B"], [1, 1], [int(expected), 9], spec)["A"]
            assert 100 * unit.power == pytest.approx(int(told), abs=0.51)
