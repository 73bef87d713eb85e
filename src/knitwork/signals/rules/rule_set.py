"""What every rule set consists of: a name, a title, where it comes from, and its rules as data."""

from __future__ import annotations

from dataclasses import dataclass

from knitwork.signals.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named set of rules. `source` says where it stands in print."""

    name: str
    title: str
    source: str
    rules: tuple[Rule, ...]
