"""The Anhøj rules: one unusually long run, or unusually few crossings of the centre line.

Both critical values grow with the number of useful points, so that about 5% of stable run charts of any length give a
false signal. The best box and the cut box choose the two values together (see `critical.py`).
"""

from __future__ import annotations

from knitwork.signals.rules.rule import Method, Rule
from knitwork.signals.rules.rule_set import RuleSet

SOURCE = "Anhøj & Olesen 2014, PLoS ONE 9(11): e113825, doi:10.1371/journal.pone.0113825"
BOXES = "Anhøj & Wentzel-Larsen 2020, PLoS ONE 15(5): e0233920, doi:10.1371/journal.pone.0233920"


def _pair(method: Method) -> tuple[Rule, ...]:
    return (
        Rule(name="longest_run", kind="longest_run", method=method),
        Rule(name="few_crossings", kind="few_crossings", method=method),
    )


ANHOEJ = RuleSet(name="anhoej", title="Anhøj runs rules", source=SOURCE, rules=_pair("anhoej"))
BEST_BOX = RuleSet(name="best_box", title="Anhøj runs rules, best box", source=BOXES, rules=_pair("best_box"))
CUT_BOX = RuleSet(name="cut_box", title="Anhøj runs rules, cut box", source=BOXES, rules=_pair("cut_box"))
