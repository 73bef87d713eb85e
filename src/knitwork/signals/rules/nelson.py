"""The eight rules of Nelson."""

from __future__ import annotations

from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet
from knitwork.signals.rules.shewhart import BEYOND_LIMITS
from knitwork.signals.rules.western_electric import FOUR_OF_FIVE_BEYOND_1, TWO_OF_THREE_BEYOND_2

NELSON = RuleSet(
    name="nelson",
    title="Nelson rules 1 to 8",
    source="Nelson 1984, J. Qual. Technol. 16(4):237-239",
    rules=(
        BEYOND_LIMITS,
        Rule(name="shift_9", kind="run", length=9, ties="break"),
        Rule(name="trend_6", kind="trend", length=6, ties="break"),
        Rule(name="alternating_14", kind="alternating", length=14, ties="break"),
        TWO_OF_THREE_BEYOND_2,
        FOUR_OF_FIVE_BEYOND_1,
        Rule(name="within_1_of_15", kind="within", length=15, sigmas=1),
        Rule(name="outside_1_of_8", kind="outside", length=8, sigmas=1, both_sides=True),
    ),
)
