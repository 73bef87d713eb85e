"""The rule sets: one module a set, all with the same parts. This table names them."""

from __future__ import annotations

from knitwork.signals.rules.anhoej import ANHOEJ
from knitwork.signals.rules.kind import RuleSet
from knitwork.signals.rules.shewhart import SHEWHART

RULE_SETS: dict[str, RuleSet] = {rule_set.name: rule_set for rule_set in (SHEWHART, ANHOEJ)}
