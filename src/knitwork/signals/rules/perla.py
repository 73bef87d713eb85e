"""The run chart rules of the Institute for Healthcare Improvement: shift, trend, too few or too many runs.

The fourth of that set, the astronomical point, is a matter of judgement; no rule here claims to find it.
"""

from __future__ import annotations

from knitwork.signals.rules.rule import Rule
from knitwork.signals.rules.rule_set import RuleSet

IHI_PERLA = RuleSet(
    name="ihi_perla",
    title="Run chart rules of Perla and colleagues (IHI)",
    source="Perla, Provost & Murray 2011, BMJ Qual Saf 20:46-51, doi:10.1136/bmjqs.2009.037895",
    rules=(
        Rule(name="shift_6", kind="run", length=6),
        Rule(name="trend_5", kind="trend", length=5),
        Rule(name="few_runs", kind="few_runs"),
        Rule(name="many_runs", kind="many_runs"),
    ),
)
