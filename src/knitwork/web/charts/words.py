"""Rule sets and their rules in words."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knitwork.signals import Spec, chance_of_signal
from knitwork.signals.rules import RULE_SETS
from knitwork.signals.rules.rule import Rule

TITLES = {
    "shewhart": gettext_lazy("Points beyond three sigma limits"),
    "anhoej": gettext_lazy("Anhøj's rules of runs and crossings"),
    "best_box": gettext_lazy("Anhøj's rules, best box"),
    "cut_box": gettext_lazy("Anhøj's rules, cut box"),
    "mdc_2023": gettext_lazy("Making Data Count, since November 2023"),
    "mdc_legacy": gettext_lazy("Making Data Count, before November 2023"),
    "ihi_perla": gettext_lazy("Run chart rules of the IHI (Perla and colleagues)"),
    "western_electric": gettext_lazy("Western Electric rules 1 to 4"),
    "nelson": gettext_lazy("Nelson rules 1 to 8"),
    "custom": gettext_lazy("Rules of your own"),
}
# How many points the chance of a false signal is told for, and on how many charts it was tried.
POINTS, DRAWS = 36, 4_000


def title(name: str) -> str:
    """Return what a rule set is called."""
    return str(TITLES.get(name, name))


def rule_words(rule: Rule) -> str:
    """Say in a sentence what a rule looks for."""
    far = ngettext("%(n)s sigma", "%(n)s sigmas", 1 if rule.sigmas == 1 else 2) % {"n": f"{rule.sigmas:g}"}
    known = {"n": rule.length, "count": rule.least, "far": far}
    texts = {
        "beyond": _("A point more than %(far)s from the centre."),
        "run": _("%(n)s points in a row on one side of the centre."),
        "trend": _("%(n)s points in a row, each higher than the one before, or each lower."),
        "zone": _("%(count)s of %(n)s points in a row more than %(far)s out on one side."),
        "within": _("%(n)s points in a row within %(far)s of the centre."),
        "outside": _("%(n)s points in a row, none within %(far)s of the centre."),
        "alternating": _("%(n)s points in a row that go up and down in turn."),
        "longest_run": _("A run on one side of the centre that is longer than chance allows for so many points."),
        "few_crossings": _("The line crosses the centre less often than chance allows for so many points."),
        "few_runs": _("Fewer runs about the centre than chance allows for so many points."),
        "many_runs": _("More runs about the centre than chance allows for so many points."),
    }
    said = texts[rule.kind] % known
    if rule.ties == "skip" and rule.kind == "run":
        said += " " + _("A point on the centre is passed over.")
    if rule.ties == "skip" and rule.kind == "trend":
        said += " " + _("A point equal to the one before is passed over.")
    return said


def rules_words(name: str) -> list[str]:
    """Return the rules of a set, each in a sentence."""
    return [rule_words(rule) for rule in RULE_SETS[name].rules] if name in RULE_SETS else []


@lru_cache(maxsize=64)
def false_alarms(spec: Spec) -> float:
    """Return the chance that a stable chart of 36 points signals at all; about a tenth of a second, once."""
    return chance_of_signal(POINTS, spec=spec, draws=DRAWS).overall


def false_alarm_words(names: tuple[str, ...], custom: tuple[Rule, ...] = ()) -> str:
    """Say how often these sets signal where nothing happens."""
    spec = Spec(rules=names, custom=custom)  # type: ignore[arg-type]  # Spec checks the names
    n = round(100 * false_alarms(spec))
    text = _("On %(n)s of 100 charts of %(points)s points a rule fires though nothing happens.")
    return text % {"n": n, "points": POINTS}
