"""The rules of NHS England's Making Data Count: limits, seven on one side, seven in a trend, two of three near a limit.

Since November 2023 a point beyond the limits counts among the two of three; before it did not. All three points must
lie on one side of the centre, and only those near the limit are marked. Equal points neither add to a trend nor end it
in the guide; the package NHSRplotthedots ends it, and so do the rules before 2023 here.
"""

from __future__ import annotations

from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet
from knitwork.signals.rules.shewhart import BEYOND_LIMITS

SHIFT_7 = Rule(name="shift_7", kind="run", length=7, ties="break")

MDC_2023 = RuleSet(
    name="mdc_2023",
    title="Making Data Count, from November 2023",
    source="NHS England, Making Data Count; NHSRplotthedots issues 153 and 194",
    rules=(
        BEYOND_LIMITS,
        SHIFT_7,
        Rule(name="trend_7", kind="trend", length=7, ties="skip"),
        Rule(name="two_of_three", kind="zone", length=3, count=2, sigmas=2, marks="matching", same_side=True),
    ),
)

MDC_LEGACY = RuleSet(
    name="mdc_legacy",
    title="Making Data Count, before November 2023",
    source="NHS England, Making Data Count, as NHSRplotthedots 0.2.2 has it",
    rules=(
        BEYOND_LIMITS,
        SHIFT_7,
        Rule(name="trend_7_unequal", kind="trend", length=7, ties="break"),
        Rule(
            name="two_of_three_inside",
            kind="zone",
            length=3,
            count=2,
            sigmas=2,
            marks="matching",
            same_side=True,
            within_limits=True,
        ),
    ),
)
