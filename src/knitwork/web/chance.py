"""How many charts would signal though nothing changed: said beside those that do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knitwork.signals import Evaluation, chance_in_any_order, chance_of_signal, expected_by_chance
from knitwork.signals.newness import chance_of_new
from knitwork.web.charts.decided import USUAL_RULES

# Beyond this many points the chance of a new signal is taken to stay.
MOST_POINTS = 60
# Rules that an organisation chose itself stand in no table: their chance is drawn at these lengths, once in the life of
# a program, and taken to change evenly between them. Drawing all would let the first page wait for half a minute.
LENGTHS = (8, 12, 16, 20, 24, 30, 36, 48, MOST_POINTS)
DRAWS = 4_000


def chance_now(evaluation: Evaluation) -> float:
    """Return the chance that a chart like this one, of just this length, signals now though nothing changed."""
    if not evaluation.spec.rules:
        return 0.0
    of_its_own = chance_in_any_order(evaluation)
    if of_its_own is not None:
        return of_its_own
    spec = evaluation.spec
    if spec.rules == USUAL_RULES:
        return expected_by_chance([evaluation])
    return _between(evaluation.n_useful, lambda n: chance_of_signal(n, spec=spec, draws=DRAWS).recent)


def chance_new_now(evaluation: Evaluation) -> float:
    """Return the chance that the last point of a chart like this one makes a signal though nothing changed."""
    spec = evaluation.spec
    if not spec.rules:
        return 0.0
    if spec.rules == USUAL_RULES:
        # Run lengths step with the number of points, so the chance jumps from one to the next: no rounding here.
        return chance_of_new(min(evaluation.n_useful, MOST_POINTS), chart=spec.chart)
    return _between(evaluation.n_useful, lambda n: chance_of_new(n, spec=spec))


def _between(points: int, drawn: Callable[[int], float]) -> float:
    """Return a chance at a number of points from those at the lengths on either side; none under the shortest."""
    at = bisect_left(LENGTHS, points)
    if at == len(LENGTHS):
        return drawn(LENGTHS[-1])
    if LENGTHS[at] == points:
        return drawn(points)
    if at == 0:
        return 0.0
    low, high = LENGTHS[at - 1], LENGTHS[at]
    share = (points - low) / (high - low)
    return drawn(low) * (1 - share) + drawn(high) * share


def by_chance(evaluations: Iterable[Evaluation]) -> str:
    """Say how many of these measures would signal though nothing changed."""
    expected = sum(map(chance_now, evaluations))
    if expected < 0.5:
        return _("By chance alone we expect fewer than 1 of them.")
    n = round(expected)
    return ngettext(
        "By chance alone we expect about %(n)s of them.", "By chance alone we expect about %(n)s of them.", n
    ) % {"n": n}
