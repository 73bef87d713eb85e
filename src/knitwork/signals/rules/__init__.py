"""The rule sets: one module a set, each a list of rules as data. This table names them."""

from __future__ import annotations

from knitwork.signals.rules.anhoej import ANHOEJ, BEST_BOX, CUT_BOX
from knitwork.signals.rules.making_data_count import MDC_2023, MDC_LEGACY
from knitwork.signals.rules.nelson import NELSON
from knitwork.signals.rules.perla import IHI_PERLA
from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet
from knitwork.signals.rules.shewhart import SHEWHART
from knitwork.signals.rules.western_electric import WESTERN_ELECTRIC

RULE_SETS: dict[str, RuleSet] = {
    one.name: one
    for one in (
        SHEWHART,
        ANHOEJ,
        BEST_BOX,
        CUT_BOX,
        MDC_2023,
        MDC_LEGACY,
        IHI_PERLA,
        WESTERN_ELECTRIC,
        NELSON,
    )
}


def rules_of(names: tuple[str, ...], custom: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules of these sets, each once, in the order of the sets; `custom` stands for one's own.

    >>> [rule.name for rule in rules_of(("shewhart", "mdc_legacy"), ())]
    ['beyond_limits', 'shift_7', 'trend_7_unequal', 'two_of_three_inside']
    """
    every = (rule for name in names for rule in (custom if name == "custom" else RULE_SETS[name].rules))
    return tuple(dict.fromkeys(every))
