"""The four zone rules of Western Electric."""

from __future__ import annotations

from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet
from knitwork.signals.rules.shewhart import BEYOND_LIMITS

TWO_OF_THREE_BEYOND_2 = Rule(name="two_of_three_beyond_2", kind="zone", length=3, count=2, sigmas=2, marks="matching")
FOUR_OF_FIVE_BEYOND_1 = Rule(name="four_of_five_beyond_1", kind="zone", length=5, count=4, sigmas=1, marks="matching")

WESTERN_ELECTRIC = RuleSet(
    name="western_electric",
    title="Western Electric rules 1 to 4",
    source="Western Electric 1956, Statistical Quality Control Handbook; Montgomery, section 5.3.4",
    rules=(
        BEYOND_LIMITS,
        TWO_OF_THREE_BEYOND_2,
        FOUR_OF_FIVE_BEYOND_1,
        Rule(name="shift_8", kind="run", length=8, ties="break"),
    ),
)
