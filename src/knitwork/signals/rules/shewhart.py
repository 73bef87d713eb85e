"""Shewhart's rule: a point beyond the three sigma limits. A point on the limit is inside."""

from __future__ import annotations

from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet

BEYOND_LIMITS = Rule(name="beyond_limits", kind="beyond", marks="matching")

SHEWHART = RuleSet(
    name="shewhart",
    title="Three sigma limits",
    source="Shewhart 1931, Economic Control of Quality of Manufactured Product",
    rules=(BEYOND_LIMITS,),
)
