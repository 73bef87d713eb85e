"""Diagnose charts: what their points say of themselves, from the record alone."""

from __future__ import annotations

from collections.abc import Iterable

from knitwork.signals.diagnosis.baseline import baseline_step
from knitwork.signals.diagnosis.completeness import completeness
from knitwork.signals.diagnosis.dispersion import dispersion
from knitwork.signals.diagnosis.formula import worked
from knitwork.signals.diagnosis.neighbours import neighbours
from knitwork.signals.diagnosis.points import points_of
from knitwork.signals.diagnosis.power import power
from knitwork.signals.diagnosis.recommend import recommend
from knitwork.signals.diagnosis.record import Diagnosis, Neighbours, Seasonality, View
from knitwork.signals.diagnosis.seasons import seasonality
from knitwork.signals.evaluation import Evaluation


def diagnose(evaluation: Evaluation) -> Diagnosis:
    """Return what ails a chart, or that nothing does. Nothing of the chart is changed.

    >>> from knitwork.signals import Series, Spec, evaluate
    >>> deaths = Series(numerators=[3, 2, 4, 3] * 6, denominators=[60, 62, 58, 61] * 6)
    >>> diagnose(evaluate(deaths, Spec(chart="p"))).recommendation
    Recommendation(chart='g', why='rare_proportion', number=2.88...)
    """
    points = points_of(evaluation)
    found_dispersion = dispersion(evaluation, points)
    found_completeness = completeness(evaluation, points)
    found_neighbours = neighbours(points)
    found_seasonality = seasonality(evaluation, points)
    return Diagnosis(
        neighbours=found_neighbours,
        baseline=baseline_step(evaluation, points, found_neighbours),
        dispersion=found_dispersion,
        seasonality=found_seasonality,
        power=power(evaluation, points),
        completeness=found_completeness,
        worked=worked(evaluation, points),
        recommendation=recommend(evaluation, points, found_dispersion, found_completeness),
        offers=_offers(found_neighbours, found_seasonality),
    )


def diagnose_many(evaluations: Iterable[Evaluation]) -> list[Diagnosis]:
    """Return the diagnosis of each chart, in the same order; what charts share is reckoned once."""
    return [diagnose(one) for one in evaluations]


def _offers(alike: Neighbours | None, seasons: Seasonality | None) -> tuple[View, ...]:
    """Return the views that would help: by season where seasons are found, without neighbours where these are too alike."""
    offers: list[View] = []
    if seasons is not None and seasons.significant:
        offers.append("seasonal")
    if alike is not None and alike.like_a_trend:
        offers.append("residual")
    return tuple(offers)
