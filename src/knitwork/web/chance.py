"""How many charts would signal though nothing changed: said beside those that do."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import get_args

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.signals import Evaluation, chance_of_signal
from knitwork.signals.spec import Chart


def about(points: int) -> int:
    """Return a length near `points`: the chance hardly changes from one length to the next, and each costs a page time.

    >>> about(7), about(23), about(35), about(730)
    (7, 24, 36, 60)
    """
    return points if points <= 20 else min(4 * round(points / 4), 60)


@cache
def chance_of_one(points: int, chart: Chart) -> float:
    """Return the chance that a stable chart signals in its last three points, to a percentage point or so."""
    return chance_of_signal(points, chart=chart, draws=1000).recent


def chance_now(evaluation: Evaluation) -> float:
    """Return the chance that a chart like this one signals now though nothing changed."""
    return chance_of_one(about(evaluation.n_useful), evaluation.spec.chart) if evaluation.spec.rules else 0.0


def warm() -> None:
    """Work the common chances out before the first page asks for them; takes a second or two."""
    for chart in get_args(Chart):
        for points in (20, 24, 36, 52, 60):
            chance_of_one(points, chart)


def by_chance(evaluations: Iterable[Evaluation]) -> str:
    """Say how many of these measures would signal though nothing changed."""
    expected = sum(map(chance_now, evaluations))
    if expected < 0.5:
        return _("By chance alone we expect fewer than 1 of them.")
    n = round(expected)
    return ngettext(
        "By chance alone we expect about %(n)s of them.", "By chance alone we expect about %(n)s of them.", n
    ) % {"n": n}
