"""How many charts would signal though nothing changed: said beside those that do."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.signals import Evaluation, chance_in_any_order, expected_by_chance


def chance_now(evaluation: Evaluation) -> float:
    """Return the chance that a chart like this one, of just this length, signals now though nothing changed."""
    if not evaluation.spec.rules:
        return 0.0
    of_its_own = chance_in_any_order(evaluation)
    return expected_by_chance([evaluation]) if of_its_own is None else of_its_own


def by_chance(evaluations: Iterable[Evaluation]) -> str:
    """Say how many of these measures would signal though nothing changed."""
    expected = sum(map(chance_now, evaluations))
    if expected < 0.5:
        return _("By chance alone we expect fewer than 1 of them.")
    n = round(expected)
    return ngettext(
        "By chance alone we expect about %(n)s of them.", "By chance alone we expect about %(n)s of them.", n
    ) % {"n": n}
